"""Linking: a wire drawn from a port to another, to a node's body, or to the empty canvas, where the palette opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QGraphicsPathItem

from core.errors import LinkError
from core.graph.edits import Connect, Disconnect, Edit
from core.graph.order import downstream, upstream
from core.graph.project import End
from core.graph.rules import check_link
from designer.canvas.compose import Spot
from designer.canvas.face import PortFace
from designer.canvas.fitting import best_input, first_output, free_inputs, misfit, port_of
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.routing import straight, together
from designer.canvas.wire_item import direct

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

SNAP = 20
"""How near (in pixels) the pointer must come to a port for the wire to jump to it."""


class LinkGesture(Gesture):
    """From an output it seeks an input, from a free input an output; from a taken input it detaches what is there."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view: CanvasView, port: PortFace) -> None:
        super().__init__(view)
        links = self.session.view.graph.links
        self._detached = port.end if port.side == "input" and port.end in links else None
        self.source = links[port.end] if self._detached else port.end if port.side == "output" else None
        self.target = None if self.source else port.end
        self._found: End | None = None
        self._best: dict[str, End | None] = {}

    def start(self, pointer: Pointer) -> None:
        """Show the wire and let the ports that cannot take it step back."""
        self._preview = QGraphicsPathItem()
        self._preview.setPen(self.scene.style_now.wires["preview"])
        self._preview.setZValue(20)
        self.scene.addItem(self._preview)
        if self._detached:
            self.scene.wires[self._detached].setVisible(False)
        self._spec = self.scene.spec_of(self.source) if self.source else None
        graph = self.session.view.graph
        if self.source:
            blocked = upstream(graph, [self.source.node])
        else:
            assert self.target is not None
            blocked = downstream(graph, [self.target.node])
        for name, item in self.scene.nodes.items():
            ends = (port.end for port in item.face.ports if name in blocked or not self._may_take(port))
            item.set_look(faded=frozenset(ends) - {self.source, self.target})

    def _may_take(self, port: PortFace) -> bool:
        if self.source:
            return port.side == "input" and not misfit(port.port, self._spec)
        assert self.target is not None
        wanted = port_of(self.session.view, self.target)
        return port.side == "output" and not misfit(wanted, self.scene.spec_of(port.end))

    def update(self, pointer: Pointer) -> None:
        """Follow the pointer, jump to a port that is near, and say why a port cannot take the wire."""
        found, why = self._look_for(pointer)
        self._mark(None if why and found is None else found)
        self.view.tip.show_at(pointer.view, why, wrong=found is None) if why else self.view.tip.hide()
        place = self.scene.nodes[found.node].port_place(found) if found else pointer.scene
        fixed = self.source or self.target
        assert fixed is not None
        anchor = self.scene.nodes[fixed.node].port_place(fixed)
        self._preview.setPath(direct(anchor, place) if self.source else direct(place, anchor))

    def _look_for(self, pointer: Pointer) -> tuple[End | None, str]:
        """Return the port to link to, if any, and what speaks against it."""
        end = self._nearest(pointer.scene)
        if end is None:
            return None, ""
        source, target = self.source or end, self.target or end
        project = self.session.view
        try:
            check_link(project, source, target)
        except LinkError as error:
            return None, str(error)
        return end, misfit(port_of(project, target), self.scene.spec_of(source)) or self._foreseen(end, target)

    def _foreseen(self, end: End, target: End) -> str:
        """Return what the check would say about the node once the link is made, where it does not say so now."""
        edit = self._edit(end)
        if edit is None:
            return ""
        return self.view.wiring.new_trouble(edit, target.node)

    def _nearest(self, place: QPointF) -> End | None:
        port = self.scene.port_at(place, SNAP / self.view.zoom, "input" if self.source else "output")
        if port:
            return port.end
        item = self.scene.node_at(place)
        fixed = self.source or self.target
        if item is None or fixed is None or item.name == fixed.node:
            return None
        project = self.session.view
        return self._best_input(item.name) if self.source else first_output(project, item.name)

    def _best_input(self, node: str) -> End | None:
        """Return the input that a wire dropped on a node takes: of several that are free, one that the check is for."""
        if node not in self._best:
            project = self.session.view
            free = free_inputs(project, node, self._spec)
            good = (end for end in free if not self._foreseen(end, end)) if len(free) > 1 else ()
            self._best[node] = next(iter(good), None) or best_input(project, node, self._spec)
        return self._best[node]

    def _mark(self, end: End | None) -> None:
        if end == self._found:
            return
        for name in {each.node for each in (self._found, end) if each} & self.scene.nodes.keys():
            self.scene.nodes[name].set_look(hot=end if end and end.node == name else None)
        self._found = end

    def finish(self, pointer: Pointer) -> None:
        """Link; on the empty canvas offer what could stand there, or leave a detached wire off."""
        self.update(pointer)
        found = self._found
        empty = self._nearest(pointer.scene) is None and self.scene.node_at(pointer.scene) is None
        self._clean_up()
        edit = self._edit(found) if found else None
        if edit:
            self.session.apply_here(edit)
        elif found is None and self._detached:
            if empty and self.session.apply_here(Disconnect(frozenset((self._detached,)))):
                told = self.view.tr("{port} is not linked any more.").format(port=self._detached)
                self.session.told.emit(told)
        elif found is None and empty:
            at = (pointer.scene.x(), pointer.scene.y())
            self.view.open_palette(pointer.view, Spot(at, (self.source,) if self.source else (), self.target))

    def _edit(self, found: End) -> Edit | None:
        links = self.session.view.graph.links
        source, target = self.source or found, self.target or found
        if links.get(target) == source:
            return None
        graph = self.session.view.graph
        edits: list[Edit] = [Disconnect(frozenset((self._detached,)))] if self._detached else []
        edits += [Connect(source, target), *straight(graph, {target} - {self._detached}, "Connect")]
        return together(edits, "Re-plug" if self._detached else "Connect")

    def click(self, pointer: Pointer) -> None:
        """Only a drag links: the nearest port may be another node's."""
        self.cancel()

    def cancel(self) -> None:
        """Leave the links as they are."""
        self._clean_up()

    def _clean_up(self) -> None:
        self._mark(None)
        self.scene.removeItem(self._preview)
        if self._detached and self._detached in self.scene.wires:
            self.scene.wires[self._detached].setVisible(True)
        for item in self.scene.nodes.values():
            item.set_look(faded=False, hot=None)
        self.view.tip.hide()
