"""The line above each plot: its title and, for every curve of the newest run, a piece of its line and its value."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.plots.curves import CurveKey
from designer.plots.style import SWATCH, draw_swatch

_SWATCH = SWATCH + 7.0
_GAP = 9.0
_HIDDEN = 0.45


@dataclass(frozen=True)
class Entry:
    """One curve in the legend: which it is, its pen, its name, its value as text; ``hidden``: it is not drawn now."""

    key: CurveKey
    pen: QPen
    name: str
    value: str
    hidden: bool = False


class Legend(QWidget):
    """Paints title and entries on one line, without their names where room is short; the tool tip has everything.

    ``toggled`` gives the key of a curve whose entry was clicked.
    """

    toggled = Signal(object)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.title = title
        self.entries: tuple[Entry, ...] = ()
        self._places: dict[CurveKey, QRectF] = {}

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these entries from now on."""
        if entries != self.entries:
            self.entries = entries
            text = "\n".join(f"{entry.name}: {entry.value}" for entry in entries)
            self.setToolTip(text + "\n" + self.tr("A click hides or shows a curve.") if text else "")
            self.setAccessibleName(self.title)
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        """One line of text."""
        return QSize(200, self.fontMetrics().height() + theme.SPACE // 2)

    def entry_at(self, place: QPointF) -> CurveKey | None:
        """Return the curve whose entry is painted at a place."""
        return next((key for key, area in self._places.items() if area.contains(place)), None)

    def place_of(self, key: CurveKey) -> QRectF:
        """Return where a curve's entry was painted; empty where there was no room for it."""
        return self._places.get(key, QRectF())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what can be clicked."""
        found = self.entry_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hide or show the curve whose entry is there."""
        found = self.entry_at(event.position())
        if found is not None and event.button() is Qt.MouseButton.LeftButton:
            self.toggled.emit(found)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw title, swatches, names and values from left to right."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        self._places = {}
        x = self._text(painter, float(theme.SPACE), self.title, QColor(colours.text), bold=True) + _GAP
        metrics = QFontMetricsF(self.font())
        named = x + sum(_SWATCH + _GAP + metrics.horizontalAdvance(f"{e.name} {e.value}") for e in self.entries)
        fitting = self._fitting(x)
        for entry in fitting:
            name = f"{entry.name} " if named <= self.width() + _GAP else ""
            start = x
            painter.setOpacity(_HIDDEN if entry.hidden else 1.0)
            draw_swatch(painter, entry.pen, QPointF(x, self.height() / 2))
            x = self._text(painter, x + _SWATCH, name, QColor(colours.text_muted), struck=entry.hidden)
            x = self._text(painter, x, entry.value, QColor(colours.text), struck=entry.hidden) + _GAP
            painter.setOpacity(1.0)
            self._places[entry.key] = QRectF(start - 2, 0, x - start, self.height())
        if len(fitting) < len(self.entries):
            self._text(painter, x, "…", QColor(colours.text_muted))

    def _fitting(self, left: float) -> list[Entry]:
        """Return the entries that there is room for without their names: those of validation go first."""
        metrics = QFontMetricsF(self.font())
        room = self.width() - left
        kept: list[Entry] = []
        for entry in sorted(self.entries, key=lambda each: each.key.part != "validation"):
            room -= _SWATCH + metrics.horizontalAdvance(entry.value)
            if room < 0:
                break
            room -= _GAP
            kept.append(entry)
        return [entry for entry in self.entries if entry in kept]

    def _text(
        self, painter: QPainter, x: float, text: str, colour: QColor, *, bold: bool = False, struck: bool = False
    ) -> float:
        font = theme.scaled_font(self.font(), 1.0, bold=bold)
        font.setStrikeOut(struck)
        painter.setFont(font)
        painter.setPen(colour)
        width = QFontMetricsF(font).horizontalAdvance(text)
        area = QRectF(x, 0, max(0.0, min(width + 1, self.width() - x)), self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        return x + width
