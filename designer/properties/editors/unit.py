"""The unit of a number, grey at the right end of its field: it is read with the value and is no part of the text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QLineEdit

_GAP = 6
"""Pixels between the value and its unit, and between the unit and the end of the field."""
_FRAME = 4
"""Pixels that a line edit keeps free at both ends of its text together."""


class UnitLabel(QLabel):
    """Lies on a field. It gives way to a text that needs the room."""

    def __init__(self, line: QLineEdit, unit: str) -> None:
        super().__init__(unit, line)
        self._line = line
        self.setObjectName("unit")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        line.textChanged.connect(self.settle)
        line.installEventFilter(self)
        self.settle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the end of the field, in its font."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.FontChange):
            self.settle()
        return super().eventFilter(watched, event)

    def settle(self) -> None:
        """Take the place at the end, where text and unit both fit."""
        line, metrics = self._line, self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + 2 * _GAP
        text = metrics.horizontalAdvance(line.text() or line.placeholderText()) + _FRAME
        fits = text + width <= line.width()
        line.setTextMargins(0, 0, width - _GAP if fits else 0, 0)
        self.setGeometry(line.width() - width + _GAP, 0, width - _GAP, line.height())
        self.setVisible(fits)
