"""The line above each plot: its title and, for every curve of the newest run, a piece of its line and its value."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.plots.style import SWATCH, draw_swatch

_SWATCH = SWATCH + 7.0
_GAP = 9.0


@dataclass(frozen=True)
class Entry:
    """One curve in the legend: its pen, its name, its value as text."""

    pen: QPen
    name: str
    value: str


class Legend(QWidget):
    """Paints title and entries on one line, without their names where room is short; the tool tip has everything."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.title = title
        self.entries: tuple[Entry, ...] = ()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these entries from now on."""
        if entries != self.entries:
            self.entries = entries
            text = "\n".join(f"{entry.name}: {entry.value}" for entry in entries)
            self.setToolTip(text)
            self.setAccessibleName(self.title)
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        """One line of text."""
        return QSize(200, self.fontMetrics().height() + theme.SPACE // 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint title, swatches, names and values from left to right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        x = self._text(painter, float(theme.SPACE), self.title, QColor(colours.text), bold=True) + _GAP
        metrics = QFontMetricsF(self.font())
        named = x + sum(_SWATCH + _GAP + metrics.horizontalAdvance(f"{e.name} {e.value}") for e in self.entries)
        for entry in self.entries:
            name = f"{entry.name} " if named <= self.width() + _GAP else ""
            if x + _SWATCH + metrics.horizontalAdvance(name + entry.value) > self.width():
                self._text(painter, x, "…", QColor(colours.text_muted))
                break
            draw_swatch(painter, entry.pen, QPointF(x, self.height() / 2))
            x = self._text(painter, x + _SWATCH, name, QColor(colours.text_muted))
            x = self._text(painter, x, entry.value, QColor(colours.text)) + _GAP
        painter.end()

    def _text(self, painter: QPainter, x: float, text: str, colour: QColor, *, bold: bool = False) -> float:
        font = theme.scaled_font(self.font(), 1.0, bold=bold)
        painter.setFont(font)
        painter.setPen(colour)
        width = QFontMetricsF(font).horizontalAdvance(text)
        area = QRectF(x, 0, max(0.0, min(width + 1, self.width() - x)), self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        return x + width
