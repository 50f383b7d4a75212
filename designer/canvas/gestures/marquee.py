"""Selecting by a box drawn on the empty canvas."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from designer.canvas.gestures.gesture import Gesture, Pointer


class MarqueeGesture(Gesture):
    """Selects what the box touches; Shift adds to the selection, Ctrl toggles. A click selects nothing."""

    def start(self, pointer: Pointer) -> None:
        """Put down the first corner."""
        self._corner = pointer.scene
        self._before = self.session.selection
        self._wires_before = self.scene.selected_wires
        adds = pointer.holds(Qt.KeyboardModifier.ShiftModifier) or pointer.holds(Qt.KeyboardModifier.ControlModifier)
        self._base = self._before if adds else frozenset()
        self._toggles = pointer.holds(Qt.KeyboardModifier.ControlModifier)
        accent = QColor(self.scene.style_now.theme.accent)
        pen = QPen(accent, 1)
        pen.setCosmetic(True)
        self._box = QGraphicsRectItem(QRectF(pointer.scene, pointer.scene))
        self._box.setPen(pen)
        accent.setAlpha(32)
        self._box.setBrush(accent)
        self._box.setZValue(30)
        self.scene.addItem(self._box)
        self.scene.select_wires(())
        self.session.select(self._base)

    def update(self, pointer: Pointer) -> None:
        """Stretch the box and select what it touches."""
        box = QRectF(self._corner, pointer.scene).normalized()
        self._box.setRect(box)
        touched = frozenset(name for name, item in self.scene.nodes.items() if item.scene_card().intersects(box))
        self.session.select(self._base ^ touched if self._toggles else self._base | touched)

    def finish(self, pointer: Pointer) -> None:
        """Keep the selection."""
        self.scene.removeItem(self._box)

    def cancel(self) -> None:
        """Select again what was selected."""
        self.scene.removeItem(self._box)
        self.session.select(self._before)
        self.scene.select_wires(self._wires_before)
