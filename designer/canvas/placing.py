"""Putting nodes in order by keys and menus: aligned, distributed, straightened, a step further. Each is one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from core.graph.layout import Position
from core.graph.project import End
from designer.canvas.arrange import Axis, Edge, aligned, distributed, straightened
from designer.canvas.compose import Box
from designer.canvas.drawn.places import carried as what_moves
from designer.canvas.drawn.places import move_edit
from designer.canvas.routing import carried

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

EDGES: tuple[Edge, ...] = ("left", "centre", "right", "top", "middle", "bottom")
_AXES: tuple[Axis, ...] = ("across", "down")


class Placing:
    """The commands of one canvas that move nodes."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self.commands: Mapping[str, Callable[[], object]] = {
            **{f"align_{edge}": partial(self.align, edge) for edge in EDGES},
            **{f"distribute_{axis}": partial(self.distribute, axis) for axis in _AXES},
            "straighten": self.straighten,
        }
        """By the ids of their rows in the table of keys."""

    def _selected(self, least: int) -> dict[str, Box]:
        """Return the boxes of the selected nodes; tell the user, and return none, where there are too few."""
        names = sorted(self._view.session.selection & self._view.canvas.nodes.keys())
        if len(names) >= least:
            return {name: self._view.canvas.box(name) for name in names}
        if least == 2:
            text = self._view.tr("Select two or more nodes to align them.")
        else:
            text = self._view.tr("Select three or more nodes to put equal distances between them.")
        self._view.session.told.emit(text)
        return {}

    def _move(self, places: Mapping[str, Position], label: str) -> None:
        nodes = self._view.session.view.graph.nodes
        moved = {name: place for name, place in places.items() if nodes[name].position != place}
        if moved:
            self._view.session.apply_here(carried(self._view.session.view.graph, moved, label))

    def align(self, edge: Edge) -> None:
        """Put an edge of the selected nodes, or their centres, in one line."""
        boxes = self._selected(2)
        if boxes:
            self._move(aligned(boxes, edge), self._view.tr("Align"))

    def distribute(self, axis: Axis) -> None:
        """Make the distances between the selected nodes equal."""
        boxes = self._selected(3)
        if boxes:
            self._move(distributed(boxes, axis), self._view.tr("Distribute"))

    def straighten(self) -> None:
        """Put the selected nodes below each other where wires link them; a single one below what feeds it."""
        canvas, names = self._view.canvas, self._view.session.selection
        if not names:
            self._view.session.told.emit(self._view.tr("Select the nodes whose wires shall run straight."))
            return

        def port_at(end: End) -> float:
            return canvas.nodes[end.node].port_place(end).x()

        places = straightened(self._view.session.view.graph, names, canvas.boxes(), port_at)
        self._move(places, self._view.tr("Straighten"))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selection by a step; steps of the same selection that follow each other are one undo step."""
        session = self._view.session
        nodes, names = session.view.graph.nodes, sorted(session.selection)
        if session.drawn:
            content = what_moves(session.view.graph, names, session.drawn, self._view.canvas.boxes())
            key = f"nudge {' '.join([*names, *sorted(session.drawn)])}"
            session.apply_here(move_edit(session.view.graph, content, dx, dy, self._view.tr("Move"), key))
            return
        places = {name: (nodes[name].position[0] + dx, nodes[name].position[1] + dy) for name in names}
        if places:
            key = f"nudge {' '.join(names)}"
            session.apply_here(carried(session.view.graph, places, self._view.tr("Move"), key))
