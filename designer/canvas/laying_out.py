"""Laying out the network: small ones at once, large ones beside the work, so that the window never stands still."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.graph.edits import Edit, MoveNodes, Within
from core.graph.layout import Position, layered_layout
from core.graph.project import Graph, Project
from designer.canvas.compose import Boxes, links_of, snapped
from designer.canvas.drawn.following import Following
from designer.canvas.routing import straight, together
from designer.jobs import Lane, Progress

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

AT_ONCE = 1000
"""More nodes than this are laid out in a thread of their own."""


@dataclass(frozen=True)
class _Begun:
    """From where a layout in a thread began: what was there then, and the group that was looked at."""

    project: Project
    group: str


class LayingOut(QObject):
    """The layout command of one canvas. The answer is dropped where the project has changed meanwhile."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._session = view.session
        self._scene = view.canvas
        self._lane = Lane(self, "layout")
        self._begun: _Begun | None = None
        self._lane.progressed.connect(self._show)
        self._session.changed.connect(self._on_changed)

    @property
    def busy(self) -> bool:
        """True while a network is being laid out."""
        return self._lane.busy

    def run(self) -> None:
        """Lay out the selection (two or more nodes) or everything; the uppermost node stays where it is."""
        graph, boxes, label = self._session.view.graph, self._scene.boxes(), self.tr("Lay out")
        selection = self._session.selection
        names = selection if len(selection) > 1 else frozenset(graph.nodes)
        self.cancel()
        if not names:
            return
        if len(names) <= AT_ONCE:
            edit = _edit(graph, names, boxes, label)
            if edit is not None:
                self._session.apply_here(edit)
            return

        def work(progress: Progress) -> Edit | None:
            def step(fraction: float) -> None:
                progress.check()
                progress.report(fraction)

            return _edit(graph, names, boxes, label, step)

        self._begun = _Begun(self._session.project, self._session.group)
        self._lane.submit(work, self._finish, self._fail)
        self._show(0.0)

    def cancel(self) -> bool:
        """End the layout that is under way and leave everything as it is; False where there is none."""
        if not self._lane.busy:
            return False
        self._lane.cancel()
        self._end()
        return True

    def _show(self, fraction: float, _text: str = "") -> None:
        text = self.tr("Laying out… {percent} %  (Esc stops it)").format(percent=int(fraction * 100))
        self._session.working.emit(text)

    def _end(self) -> None:
        self._begun = None
        self._session.working.emit("")

    def _on_changed(self, _change: object) -> None:
        if self.cancel():
            self._session.told.emit(self.tr("The network was changed, so its layout was stopped. Lay it out again."))

    def _finish(self, edit: Edit | None) -> None:
        begun = self._begun
        self._end()
        if begun is not None and edit is not None and self._session.project is begun.project:
            self._session.document.end_merge()
            self._session.apply(Within(begun.group, edit) if begun.group else edit)

    def _fail(self, error: Exception) -> None:
        self._end()
        raise error


def _edit(
    graph: Graph,
    names: Collection[str],
    boxes: Boxes,
    label: str,
    step: Callable[[float], object] | None = None,
) -> Edit | None:
    """Return the edit that lays nodes out; frames, notes and wires follow. No Qt: it may run in any thread."""
    part = Graph(
        {name: node for name, node in graph.nodes.items() if name in names},
        {t: s for t, s in graph.links.items() if t.node in names and s.node in names},
    )
    sizes = {name: (boxes[name].width, boxes[name].height) for name in names}
    moved = _moved(layered_layout(part, sizes, step), names, boxes)
    following = Following(graph, boxes, moved)
    drawn = following.edits()
    wires = straight(graph, links_of(graph, names), label)
    return together((MoveNodes(following.after, label), *wires, *drawn), label)


def _moved(places: Mapping[str, Position], names: Collection[str], boxes: Boxes) -> dict[str, Position]:
    """Return the places moved so that the uppermost node stays where it is."""
    anchor = min(names, key=lambda name: (boxes[name].y, boxes[name].x, name))
    dx, dy = snapped(boxes[anchor].x - places[anchor][0]), snapped(boxes[anchor].y - places[anchor][1])
    return {name: (x + dx, y + dy) for name, (x, y) in places.items()}
