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
        adds = pointer.holds(Qt.KeyboardModifier.ShiftModifier) or pointer.holds(Qt.KeyboardModifier.ControlModifier)
        self._base = self._nodes_before if adds else frozenset()
        self._drawn_base = self._drawn_before if adds else frozenset()
        self._points_base = self._points_before if adds else frozenset()
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
        self.scene.select_wires((), self._points_base)
        self.session.select(self._base, self._drawn_base)

    def update(self, pointer: Pointer) -> None:
        """Stretch the box and select what it touches."""
        box = QRectF(self._corner, pointer.scene).normalized()
        self._box.setRect(box)
        touched = frozenset(name for name, item in self.scene.nodes.items() if item.scene_card().intersects(box))
        drawn = self.scene.drawn.touched(box)
        points = self.scene.points.inside(box)
        self.scene.points.select(self._points_base ^ points if self._toggles else self._points_base | points)
        if self._toggles:
            self.session.select(self._base ^ touched, self._drawn_base ^ drawn)
        else:
            self.session.select(self._base | touched, self._drawn_base | drawn)

    def finish(self, pointer: Pointer) -> None:
        """Keep the selection."""
        self.scene.removeItem(self._box)

    def cancel(self) -> None:
        """Select again what was selected."""
        self.scene.removeItem(self._box)
        self.select_again()
