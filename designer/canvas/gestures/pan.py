"""Panning: the canvas follows the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from designer.canvas.gestures.gesture import Gesture, Pointer


class PanGesture(Gesture):
    """Middle button, or the left one while Space is held."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def start(self, pointer: Pointer) -> None:
        """Remember where the canvas was taken hold of."""
        self._first = self._last = pointer.view

    def update(self, pointer: Pointer) -> None:
        """Move the view by as much as the pointer moved."""
        self._pan(pointer.view - self._last)
        self._last = pointer.view

    def cancel(self) -> None:
        """Go back to where the view was."""
        self._pan(self._first - self._last)

    def _pan(self, step: QPoint) -> None:
        self.view.navigator.pan(step.x(), step.y())
