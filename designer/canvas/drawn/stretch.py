"""Resizing a frame or note by an edge or a corner."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from core.graph.edits import Edit, SetFrames, SetNotes
from designer.canvas.compose import snapped
from designer.canvas.drawn.items import DrawnItem
from designer.canvas.drawn.places import LEAST_FRAME, LEAST_NOTE
from designer.canvas.gestures.gesture import Gesture, Pointer

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView

_SHAPES = {
    frozenset({"left"}): Qt.CursorShape.SizeHorCursor,
    frozenset({"right"}): Qt.CursorShape.SizeHorCursor,
    frozenset({"top"}): Qt.CursorShape.SizeVerCursor,
    frozenset({"bottom"}): Qt.CursorShape.SizeVerCursor,
    frozenset({"left", "top"}): Qt.CursorShape.SizeFDiagCursor,
    frozenset({"right", "bottom"}): Qt.CursorShape.SizeFDiagCursor,
    frozenset({"right", "top"}): Qt.CursorShape.SizeBDiagCursor,
    frozenset({"left", "bottom"}): Qt.CursorShape.SizeBDiagCursor,
}


def cursor_of(edges: frozenset[str]) -> Qt.CursorShape:
    """Return the pointer's shape over edges."""
    return _SHAPES.get(edges, Qt.CursorShape.ArrowCursor)


class StretchGesture(Gesture):
    """The edges that were taken hold of follow the pointer, on the grid unless Alt is held."""

    def __init__(self, view: CanvasView, item: DrawnItem, edges: frozenset[str]) -> None:
        super().__init__(view)
        self._item = item
        self._edges = edges
        self.cursor = cursor_of(edges)

    def start(self, pointer: Pointer) -> None:
        """Select what is resized."""
        self._from = pointer.scene
        self._before = self._item.scene_rect()
        if self._item.name not in self.session.drawn:
            self.scene.select_wires(())
            self.session.select((), [self._item.name])

    def update(self, pointer: Pointer) -> None:
        """Show the size that it would get."""
        if pointer.scene == self._from:
            self._item.set_rect(self._before)
            return
        snap = not pointer.holds(Qt.KeyboardModifier.AltModifier)
        least = LEAST_FRAME if self._item in self.scene.drawn.frames.values() else LEAST_NOTE
        self._item.set_rect(_stretched(self._before, self._edges, pointer.scene - self._from, least, snap=snap))

    def finish(self, pointer: Pointer) -> None:
        """Make the new size one edit."""
        self.update(pointer)
        rect = self._item.scene_rect()
        if rect != self._before:
            self.session.apply_here(self._edit(rect))

    def _edit(self, rect: QRectF) -> Edit:
        graph, name = self.session.view.graph, self._item.name
        position, size = (round(rect.x(), 1), round(rect.y(), 1)), (round(rect.width(), 1), round(rect.height(), 1))
        if name in graph.frames:
            return SetFrames((replace(graph.frames[name], position=position, size=size),), "Resize frame")
        return SetNotes((replace(graph.notes[name], position=position, size=size),), "Resize note")

    def cancel(self) -> None:
        """Give it its size back."""
        self._item.set_rect(self._before)
        self.select_again()


def _stretched(
    rect: QRectF, edges: Collection[str], step: QPointF, least: tuple[float, float], *, snap: bool
) -> QRectF:
    """Return a rectangle whose edges have moved by a step; the others stay, however small it becomes."""

    def moved(value: float, by: float) -> float:
        return snapped(value + by) if snap else value + by

    found = QRectF(rect)
    if "left" in edges:
        found.setLeft(min(moved(rect.left(), step.x()), rect.right() - least[0]))
    if "right" in edges:
        found.setRight(max(moved(rect.right(), step.x()), rect.left() + least[0]))
    if "top" in edges:
        found.setTop(min(moved(rect.top(), step.y()), rect.bottom() - least[1]))
    if "bottom" in edges:
        found.setBottom(max(moved(rect.bottom(), step.y()), rect.top() + least[1]))
    return found
