"""What can be done about wires by menus and keys: points that lead them, and what stands in the middle of one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF

from core.graph.edits import Edit
from core.graph.project import End
from designer.canvas.compose import Spot, snapped
from designer.canvas.foresight import Foresight
from designer.canvas.gestures.stroke import piece_of
from designer.canvas.routing import Spot as RoutePoint
from designer.canvas.routing import straight, together, with_point, without_points

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class Wiring:
    """The commands of one canvas that are about its wires."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self.foresight = Foresight(view.session)

    def new_trouble(self, edit: Edit, name: str) -> str:
        """Return what the check would say against a node's inputs after an edit, where it does not say so now."""
        now = {problem.message for problem in self._view.canvas.problems_at(name)}
        trouble = self.foresight.trouble(edit, name)
        return next((each.message for each in trouble if not each.parameter and each.message not in now), "")

    def show_insertion(self, place: QPoint, name: str, edit: Edit) -> None:
        """Say beside the pointer what a node gives once the edit has put it into a wire, or what does not fit."""
        shapes, trouble = self.foresight.output(edit, name), self.foresight.trouble(edit, name)
        if trouble and not shapes:
            self._view.tip.show_at(place, trouble[0].message, wrong=True)
            return
        text = self._view.tr("Insert {name}: gives {shapes}") if shapes else self._view.tr("Insert {name}")
        self._view.tip.show_at(place, text.format(name=name, shapes=shapes), wrong=False, plain=True)

    def add_point(self, target: End, place: QPointF) -> None:
        """Lead a wire through a place on it, and select the point."""
        view = self._view
        graph, canvas = view.session.view.graph, view.canvas
        index = piece_of(canvas.wires[target], graph.routes.get(target, ()), place)
        edit = with_point(graph, target, index, (place.x(), place.y()), view.tr("Add point"))
        if view.session.apply_here(edit):
            canvas.select_wires((), {(target, index)})

    def remove_points(self, points: Collection[RoutePoint]) -> None:
        """Take points away."""
        label = self._view.tr("Delete point")
        edit = together(without_points(self._view.session.view.graph, points, label), label)
        if edit:
            self._view.session.apply_here(edit)

    def has_points(self, target: End) -> bool:
        """True where a wire is led through points."""
        return target in self._view.session.view.graph.routes

    def clear(self, target: End) -> None:
        """Take all points of a wire away."""
        label = self._view.tr("Delete points")
        edit = together(straight(self._view.session.view.graph, [target], label), label)
        if edit:
            self._view.session.apply_here(edit)

    def chosen(self) -> tuple[QPoint, Spot] | None:
        """Return where a node goes that is put into the one selected wire, and the pixel there; else None."""
        canvas = self._view.canvas
        if self._view.session.selection or len(canvas.selected_wires) != 1:
            return None
        (target,) = canvas.selected_wires
        middle = canvas.wires[target].path().pointAtPercent(0.5)
        return self._view.mapFromScene(middle), Spot((snapped(middle.x()), middle.y()), wire=target)
