"""How the open network differs from a run's, painted over the canvas: signs and line styles say the same as colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGraphicsItem

from core.graph.kinds import kind_of
from core.graph.project import End, Project
from core.training.run_comparison import GraphDifference, graph_difference
from designer import theme
from designer.canvas.face import Circumstances, Face, make_face
from designer.canvas.style import style_of
from designer.runs.legend import DifferenceLegend
from designer.runs.marks import Ghost, NodeMark, WireMark

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SETTLE = 120
"""Milliseconds after an edit until the marks follow: typing must not wait for them."""


class CanvasDifference(QObject):
    """Marks what the open network has that a run's had not, what it lacks, and what is different, until ``leave``."""

    left = Signal()

    def __init__(self, view: CanvasView, run: Project, name: str) -> None:
        super().__init__(view)
        self._view, self._run = view, run
        self.found: GraphDifference = graph_difference(run, view.session.project)
        self._then: Project = run
        self._items: list[QGraphicsItem] = []
        self.legend = DifferenceLegend(view, name)
        self._timer = QTimer(self, singleShot=True, interval=_SETTLE)
        self._timer.timeout.connect(self.refresh)
        self._active = True
        view.session.changed.connect(self._on_changed)
        view.session.view_changed.connect(self.refresh)
        theme.switch.changed.connect(self._timer.start)
        view.canvas.changed.connect(self._follow)
        view.installEventFilter(self)
        self.legend.close_requested.connect(self.leave)
        self.refresh()
        view.setFocus()

    @property
    def is_active(self) -> bool:
        """True until it was left."""
        return self._active

    def refresh(self) -> None:
        """Paint the difference as it is now."""
        if not self._active:
            return
        self._clear()
        group = self._view.session.group
        known = not group or group in self._run.groups
        self._then = self._run.inside(group) if group and known else self._run if known else Project()
        self.found = graph_difference(self._then, self._view.session.view)
        self.legend.show_difference(self.found, unknown="" if known else group)
        scene = self._view.canvas
        for name, fate in self.found.nodes.items():
            if fate != "removed" and name in scene.nodes:
                self._add(NodeMark(scene.nodes[name], fate))
        ghosts = self._add_ghosts()
        self._add_wires(ghosts)

    def _add_ghosts(self) -> dict[str, Ghost]:
        """Draw the nodes that only the run had, at their old places."""
        ghosts: dict[str, Ghost] = {}
        for name, fate in self.found.nodes.items():
            if fate == "removed":
                ghost = ghosts[name] = Ghost(self._old_face(name))
                self._add(ghost)
        return ghosts

    def _old_face(self, name: str) -> Face:
        then = self._then
        node = then.graph.nodes[name]
        inputs = {end.port for end in then.graph.links if end.node == name}
        outputs = {end.port for end in then.graph.links.values() if end.node == name}
        return make_face(node, kind_of(then, node), inputs, outputs, style_of(), Circumstances())

    def _add_wires(self, ghosts: Mapping[str, Ghost]) -> None:
        now, then = self._view.session.view.graph.links, self._then.graph.links
        fates = self.found.links
        for end, source in {**then, **now}.items():
            fate = fates.get(str(end))
            if fate in ("added", "changed") and end in now:
                self._wire(now[end], end, fate, ghosts)
            if fate in ("removed", "changed") and end in then:
                self._wire(then[end], end, "removed", ghosts)
            elif fate is None and end.node in ghosts:
                self._wire(source, end, "removed", ghosts)

    def _wire(self, source: End, target: End, fate: str, ghosts: Mapping[str, Ghost]) -> None:
        start, end = self._place(source, ghosts), self._place(target, ghosts)
        if start is not None and end is not None:
            wire = self._view.canvas.wires.get(target) if fate != "removed" else None
            self._add(WireMark(start, end, fate, wire))

    def _place(self, end: End, ghosts: Mapping[str, Ghost]) -> QPointF | None:
        if end.node in ghosts:
            return ghosts[end.node].port_place(end)
        item = self._view.canvas.nodes.get(end.node)
        return item.port_place(end) if item is not None else None

    def _clear(self) -> None:
        for item in self._items:
            if item.scene() is not None:  # a scene that shows another graph has let go of everything
                item.scene().removeItem(item)
        self._items.clear()

    def _add(self, item: QGraphicsItem) -> None:
        self._view.canvas.addItem(item)
        self._items.append(item)

    def _follow(self, _areas: object = None) -> None:
        """Move with nodes that are being dragged."""
        for item in self._items:
            if isinstance(item, NodeMark):
                item.follow()

    def _on_changed(self, _change: object) -> None:
        self._timer.start()

    def leave(self) -> None:
        """Take everything away again."""
        if not self._active:
            return
        self._active = False
        self._timer.stop()
        self._clear()
        self._view.removeEventFilter(self)
        self._view.canvas.changed.disconnect(self._follow)
        self._view.session.changed.disconnect(self._on_changed)
        self._view.session.view_changed.disconnect(self.refresh)
        self.legend.hide()
        self.legend.deleteLater()
        self.left.emit()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves, unless something is being dragged; the legend keeps its corner."""
        if event.type() is QEvent.Type.Resize:
            self.legend.settle()
        if not isinstance(event, QKeyEvent) or event.type() is not QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if event.key() == Qt.Key.Key_Escape and not self._view.mouse.busy:
            self.leave()
            return True
        return super().eventFilter(watched, event)
