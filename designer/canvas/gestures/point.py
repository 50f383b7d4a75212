"""Moving the points that lead a wire: the selected ones follow the pointer and become one undo step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from core.graph.edits import SetRoute
from core.graph.project import End, Point
from designer.canvas.compose import snapped
from designer.canvas.gestures.gesture import Gesture, Pointer
from designer.canvas.routing import Spot, tidy, together

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


class PointGesture(Gesture):
    """Selects on the press (Shift adds, Ctrl toggles), moves on the drag, on the grid unless Alt is held."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, view: CanvasView, grabbed: Spot) -> None:
        super().__init__(view)
        self._grabbed = grabbed
        self._moved: dict[End, tuple[Point, ...]] = {}

    def start(self, pointer: Pointer) -> None:
        """Select the point under the pointer, unless it belongs to the selection already."""
        self._from = pointer
        points = self.scene.points
        if pointer.holds(Qt.KeyboardModifier.ControlModifier):
            chosen = points.selected ^ {self._grabbed}
        elif pointer.holds(Qt.KeyboardModifier.ShiftModifier) or self._grabbed in points.selected:
            chosen = points.selected | {self._grabbed}
        else:
            self.session.select(())
            chosen = frozenset((self._grabbed,))
        self.scene.select_wires((), chosen)

    def update(self, pointer: Pointer) -> None:
        """Move the selected points."""
        away = (pointer.view - self._from.view).manhattanLength()
        chosen = self.scene.points.selected
        if self._grabbed not in chosen or (not self._moved and away < QApplication.startDragDistance()):
            return
        routes = self.session.view.graph.routes
        x, y = routes[self._grabbed[0]][self._grabbed[1]]
        step = pointer.scene - self._from.scene
        dx, dy = step.x(), step.y()
        if not pointer.holds(Qt.KeyboardModifier.AltModifier):
            dx, dy = snapped(x + dx) - x, snapped(y + dy) - y
        self._moved = {
            target: tuple(
                tidy((px + dx, py + dy)) if (target, index) in chosen else (px, py)
                for index, (px, py) in enumerate(routes[target])
            )
            for target in {target for target, _index in chosen}
        }
        self.scene.points.preview(self._moved)

    def finish(self, pointer: Pointer) -> None:
        """Make the move one edit."""
        moved = self._moved
        self.scene.points.preview({})
        routes, label = self.session.view.graph.routes, self.view.tr("Move point")
        changed = [target for target in sorted(moved) if routes.get(target) and routes[target] != moved[target]]
        edit = together([SetRoute(target, moved[target], label) for target in changed], label)
        if edit:
            self.session.apply_here(edit)

    def cancel(self) -> None:
        """Put everything back."""
        self.scene.points.preview({})
        self.select_again()
