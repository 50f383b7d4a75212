"""Bars of counts: a distribution, the values of a field, and classes stacked by the part that their samples are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from designer import theme

_ROW = 18
_NAME_SHARE = 0.34
"""Share of the width that names may take."""
_MOST_ROWS = 12


class Distribution(QWidget):
    """A small histogram, or the counts of categories."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.counts: tuple[int, ...] = ()

    def sizeHint(self) -> QSize:
        """Small enough to stand beside two lines of text."""
        return QSize(88, 36)

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """Show these counts as columns."""
        self.counts = counts
        self.setVisible(bool(counts))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint one column per count on a base line."""
        painter = QPainter(self)
        colours = theme.current()
        most = max(self.counts, default=0) or 1
        width = self.width() / max(1, len(self.counts))
        for place, count in enumerate(self.counts):
            height = (self.height() - 2) * count / most
            gap = 1.0 if width > 3 else 0.0
            column = QRectF(place * width, self.height() - 1 - height, width - gap, height)
            painter.fillRect(column, QColor(colours.accent))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(colours.border))
        painter.end()


def part_colours() -> tuple[QColor, ...]:
    """Return the colours of training, validation and test."""
    series = theme.current().series
    return QColor(series[0]), QColor(series[1]), QColor(series[2])


def paint_parts(painter: QPainter, area: QRectF, counts: Sequence[int], whole: int) -> None:
    """Paint counts as segments of a bar that would be ``whole`` long."""
    x = area.left()
    for count, colour in zip(counts, part_colours(), strict=False):
        width = area.width() * count / whole if whole else 0.0
        painter.fillRect(QRectF(x, area.top(), width, area.height()), colour)
        x += width


@dataclass(frozen=True)
class BarRow:
    """One bar: its name, the lengths of its segments, and what stands behind it. ``lacking`` is why it is marked."""

    name: str
    counts: tuple[int, ...]
    text: str
    tip: str = ""
    lacking: str = ""


class Bars(QWidget):
    """A bar per row, the first twelve; segments have the colours of the parts. The rest is counted in a last line."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[BarRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_rows(self, rows: Sequence[BarRow]) -> None:
        """Show these rows."""
        self.rows = tuple(rows)
        self.setVisible(bool(rows))
        self.setAccessibleDescription("; ".join(f"{row.name}: {row.tip or row.text}" for row in self._shown))
        self.updateGeometry()
        self.update()

    @property
    def _shown(self) -> tuple[BarRow, ...]:
        """The first rows, and whatever is marked, up to twelve."""
        if len(self.rows) <= _MOST_ROWS:
            return self.rows
        marked = [row for row in self.rows if row.lacking][: _MOST_ROWS // 2]
        first = [row for row in self.rows if row not in marked][: _MOST_ROWS - len(marked)]
        return tuple(row for row in self.rows if row in marked or row in first)

    def sizeHint(self) -> QSize:
        """As high as the rows need."""
        lines = len(self._shown) + (len(self.rows) > _MOST_ROWS)
        return QSize(100, max(1, lines) * _ROW)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint names, bars and numbers."""
        painter = QPainter(self)
        painter.setFont(theme.scaled_font(self.font(), 0.92))
        most = max((sum(row.counts) for row in self.rows), default=0)
        tail = max((painter.fontMetrics().horizontalAdvance(row.text) for row in self._shown), default=0)
        names = max((painter.fontMetrics().horizontalAdvance(row.name) for row in self._shown), default=0)
        name_width = min(names + theme.SPACE + 2, self.width() * _NAME_SHARE)
        for place, row in enumerate(self._shown):
            area = QRectF(0, place * _ROW, self.width(), _ROW)
            self._paint_row(painter, area, row, most, (name_width, tail + theme.SPACE))
        if len(self.rows) > _MOST_ROWS:
            painter.setPen(QColor(theme.current().text_muted))
            area = QRectF(0, len(self._shown) * _ROW, self.width(), _ROW)
            more = self.tr("and {0:,} more").format(len(self.rows) - len(self._shown))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), more)
        painter.end()

    def _paint_row(self, painter: QPainter, area: QRectF, row: BarRow, most: int, sides: tuple[float, float]) -> None:
        colours = theme.current()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(QColor(colours.warning if row.lacking else colours.text))
        room = int(sides[0]) - theme.SPACE
        shown = painter.fontMetrics().elidedText(row.name, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(area, middle, shown)
        paint_parts(painter, area.adjusted(sides[0], 5, -sides[1], -5), row.counts, most)
        painter.setPen(QColor(colours.warning if row.lacking else colours.text_muted))
        painter.drawText(area, middle | int(Qt.AlignmentFlag.AlignRight), row.text)

    def event(self, event: QEvent) -> bool:
        """Tell all about the row under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(event.pos()), self)
            return True
        return super().event(event)

    def tip_at(self, place: QPoint) -> str:
        """Return what is told of the row at a place."""
        at = place.y() // _ROW
        if not 0 <= at < len(self._shown):
            return ""
        row = self._shown[at]
        return "\n".join(line for line in (f"{row.name}: {row.tip or row.text}", row.lacking) if line)
