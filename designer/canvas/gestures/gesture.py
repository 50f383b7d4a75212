"""What every gesture is: it starts, follows the pointer, and is either finished or cancelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is, in the scene and in pixels of the viewport, and which modifier keys are held."""

    scene: QPointF
    view: QPoint
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier

    def holds(self, modifier: Qt.KeyboardModifier) -> bool:
        """True where a modifier key is held."""
        return bool(self.modifiers & modifier)


class Gesture:
    """One press-drag-release. Only ``finish`` may change the document, by one edit; ``cancel`` leaves no trace."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, view: CanvasView) -> None:
        self.view = view
        self.scene = view.canvas
        self.session = view.session
        self._nodes_before, self._drawn_before = view.session.selection, view.session.drawn
        self._wires_before, self._points_before = view.canvas.selected_wires, view.canvas.points.selected

    def start(self, pointer: Pointer) -> None:
        """The button went down."""

    def update(self, pointer: Pointer) -> None:
        """The pointer moved."""

    def finish(self, pointer: Pointer) -> None:
        """The button went up."""

    def click(self, pointer: Pointer) -> None:
        """The button went up where it went down."""
        self.finish(pointer)

    def cancel(self) -> None:
        """Esc, or the window lost the pointer: as if nothing had been."""

    def select_again(self) -> None:
        """Select what was selected before the button went down."""
        self.session.select(self._nodes_before, self._drawn_before)
        self.scene.select_wires(self._wires_before, self._points_before)
