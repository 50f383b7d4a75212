"""Moving all wires of an output to another output at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem

from core.errors import LinkError
from core.graph.edits import Connect
from core.graph.order import downstream
from core.graph.project import End
from core.graph.rules import check_link
from designer.canvas.fitting import first_output, misfit, port_of
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.gestures.link import SNAP
from designer.canvas.routing import together
from designer.canvas.wire_item import direct

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class BundleGesture(Gesture):
    """Ctrl and a drag from an output that feeds something."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView, source: End) -> None:
        super().__init__(view)
        self.source = source
        links = self.session.view.graph.links
        self._targets = [target for target, feeding in sorted(links.items()) if feeding == source]
        self._found: End | None = None

    def start(self, pointer: Pointer) -> None:
        """Take the wires off their output, and let the outputs that cannot feed them step back."""
        self._preview = QGraphicsPathItem()
        self._preview.setPen(self.scene.style_now.wires["preview"])
        self._preview.setZValue(20)
        self.scene.addItem(self._preview)
        for target in self._targets:
            self.scene.wires[target].setVisible(False)
        blocked = downstream(self.session.view.graph, {target.node for target in self._targets})
        for name, item in self.scene.nodes.items():
            ends = (
                port.end
                for port in item.face.ports
                if port.side == "input" or name in blocked or self._misfit(port.end)
            )
            item.set_look(faded=frozenset(ends) - {self.source, *self._targets})

    def _misfit(self, source: End) -> str:
        project, spec = self.session.view, self.scene.spec_of(source)
        whys = (misfit(port_of(project, target), spec) for target in self._targets)
        return next(filter(None, whys), "")

    def update(self, pointer: Pointer) -> None:
        """Follow the pointer, jump to an output that is near, and say why one cannot feed what hangs on the wires."""
        found, why = self._look_for(pointer)
        self._mark(found)
        self.view.tip.show_at(pointer.view, why, wrong=found is None) if why else self.view.tip.hide()
        start = self.scene.nodes[found.node].port_place(found) if found else pointer.scene
        path = QPainterPath()
        for target in self._targets:
            path.addPath(direct(start, self.scene.nodes[target.node].port_place(target)))
        self._preview.setPath(path)

    def _look_for(self, pointer: Pointer) -> tuple[End | None, str]:
        """Return the output that the wires would go to, if any, and what speaks against it."""
        project = self.session.view
        port = self.scene.port_at(pointer.scene, SNAP / self.view.zoom, "output")
        item = None if port else self.scene.node_at(pointer.scene)
        end = port.end if port else first_output(project, item.name) if item else None
        if end is None or end == self.source:
            return end, ""
        for target in self._targets:
            try:
                check_link(project, end, target)
            except LinkError as error:
                return None, str(error)
        return end, self._misfit(end)

    def _mark(self, end: End | None) -> None:
        if end != self._found:
            for name in {each.node for each in (self._found, end) if each}:
                self.scene.nodes[name].set_look(hot=end if end and end.node == name else None)
            self._found = end

    def finish(self, pointer: Pointer) -> None:
        """Move the wires; anywhere but on an output they go back to where they were."""
        self.update(pointer)
        found = self._found
        self._clean_up()
        label = self.view.tr("Move wires")
        if found and found != self.source:
            edit = together([Connect(found, target, label) for target in self._targets], label)
            if edit:
                self.session.apply_here(edit)

    def click(self, pointer: Pointer) -> None:
        """Only a drag links: the nearest port may be another node's."""
        self.cancel()

    def cancel(self) -> None:
        """Leave the links as they are."""
        self._clean_up()

    def _clean_up(self) -> None:
        self._mark(None)
        self.scene.removeItem(self._preview)
        for target in self._targets:
            if target in self.scene.wires:
                self.scene.wires[target].setVisible(True)
        for item in self.scene.nodes.values():
            item.set_look(faded=False, hot=None)
        self.view.tip.hide()
