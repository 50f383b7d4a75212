"""The name of a parameter: bold where it was changed, marked where it was searched for, and a grip to drag a number."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QWidget

from designer.properties.section import NAME_WIDTH
from designer.widgets import ElidedLabel, bold

_PIXELS = 4
"""How far the mouse goes for one step."""
_FINER, _COARSER = 0.1, 10.0
_SLACK = 3
"""Pixels that a click may move without becoming a drag."""


class ParameterLabel(ElidedLabel):
    """A drag to the left or right says by how many steps; Shift goes finer, Ctrl coarser, Esc or a right click ends."""

    slide_began = Signal()
    slid = Signal(float)
    """How many steps from where the drag began; whole ones unless Shift was held."""
    slide_ended = Signal(bool)
    """False where the drag was given up."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setFixedWidth(NAME_WIDTH)
        self.slides = False
        self._search = ""
        self._pressed: float | None = None
        self._steps: float | None = None

    def let_slide(self) -> None:
        """Allow to drag."""
        self.slides = True
        self.setCursor(Qt.CursorShape.SplitHCursor)

    def mark_changed(self, changed: bool) -> None:
        """Show the name in bold, or no longer."""
        if self.font().bold() != changed:
            font = bold(self.font())
            font.setBold(changed)
            self.setFont(font)

    def mark_found(self, search: str) -> None:
        """Mark what was searched for in the name."""
        if search != self._search:
            self._search = search
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what was found, and the name above it."""
        start = self.text().lower().find(self._search.lower()) if self._search else -1
        if start >= 0:
            metrics = QFontMetricsF(self.font())
            left = metrics.horizontalAdvance(self.text()[:start])
            width = metrics.horizontalAdvance(self.text()[start : start + len(self._search)])
            colour = QColor(self.palette().color(QPalette.ColorRole.Highlight))
            colour.setAlphaF(0.35)
            painter = QPainter(self)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(
                QRectF(left - 1, (self.height() - metrics.height()) / 2, width + 2, metrics.height()), 2, 2
            )
            painter.end()
        super().paintEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin, or give up where the other button is pressed while dragging."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.globalPosition().x()
        elif self._steps is not None:
            self._end(kept=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say how far it went."""
        if not self.slides or self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        way = event.globalPosition().x() - self._pressed
        if self._steps is None:
            if abs(way) <= _SLACK:
                return
            self._steps = 0.0
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.slide_began.emit()
        self._pressed = event.globalPosition().x()
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        coarse = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._steps += way / _PIXELS * (_FINER if fine else _COARSER if coarse else 1.0)
        self.slid.emit(round(self._steps, 1) if fine else float(round(self._steps)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag; a click goes to the field."""
        if event.button() is not Qt.MouseButton.LeftButton or self._pressed is None:
            return
        if self._steps is not None:
            self._end(kept=True)
        else:
            self._pressed = None
            self._focus_field()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up on Esc."""
        if event.key() == Qt.Key.Key_Escape and self._steps is not None:
            self._end(kept=False)
        else:
            super().keyPressEvent(event)

    def _end(self, *, kept: bool) -> None:
        self._pressed = self._steps = None
        self.slide_ended.emit(kept)
        self._focus_field()

    def _focus_field(self) -> None:
        field = self.buddy()
        if isinstance(field, QWidget):
            field.setFocus(Qt.FocusReason.MouseFocusReason)
