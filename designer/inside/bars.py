"""How long each layer takes, as bars: forward and backward one behind the other, the slowest the longest."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.canvas.style import style_of
from designer.inside.figures import seconds_text

_ROW, _PAD = 20, 6
_NAMES, _TIMES = 0.3, 150
_KEYS = ("forward_seconds", "backward_seconds")


class TimeBars(QWidget):
    """A key to the colours, then one row a layer; groups are left out: their time is that of what is inside.

    ``chosen`` gives a layer's path.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("time_bars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.rows: tuple[tuple[str, float, float], ...] = ()
        self.selected = ""

    def show_figures(self, figures: Mapping[str, Mapping[str, float]], selected: str) -> None:
        """Show the times of layers in their order."""
        groups = {path.rpartition("/")[0] for path in figures if "/" in path}
        groups |= {each.rpartition("/")[0] for each in groups}
        self.rows = tuple(
            (path, each.get(_KEYS[0], 0.0), each.get(_KEYS[1], 0.0))
            for path, each in figures.items()
            if path not in groups and any(key in each for key in _KEYS)
        )
        self.selected = selected
        self.setFixedHeight(_ROW * (len(self.rows) + 1))
        self.setAccessibleDescription(", ".join(f"{path}: {seconds_text(a + b)}" for path, a, b in self.rows))
        self.update()

    def sizeHint(self) -> QSize:
        """A row for each layer."""
        return QSize(300, _ROW * (len(self.rows) + 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows in view."""
        painter = QPainter(self)
        style, colours = style_of(), theme.current()
        painter.setFont(style.fonts["text"])
        metrics = painter.fontMetrics()
        names = min(self.width() * _NAMES, 160.0)
        room = max(20.0, self.width() - names - _TIMES - 3 * _PAD)
        most = max((a + b for _path, a, b in self.rows), default=0.0) or 1.0
        total = sum(a + b for _path, a, b in self.rows) or 1.0
        self._paint_key(painter, names + 2 * _PAD)
        for number, (path, forward, backward) in enumerate(self.rows, 1):
            line = QRectF(0, number * _ROW, self.width(), _ROW)
            if not line.intersects(QRectF(event.rect())):
                continue
            if path == self.selected:
                painter.fillRect(line, QColor(colours.border))
            painter.setPen(QColor(colours.text))
            text = metrics.elidedText(path, Qt.TextElideMode.ElideMiddle, round(names))
            painter.drawText(QRectF(_PAD, line.top(), names, _ROW), int(Qt.AlignmentFlag.AlignVCenter), text)
            left, width = names + 2 * _PAD, room * forward / most
            painter.fillRect(QRectF(left, line.top() + 4, width, _ROW - 8), QColor(colours.series[0]))
            bar = QRectF(left + width, line.top() + 4, room * backward / most, _ROW - 8)
            painter.fillRect(bar, QColor(colours.heat))
            painter.setPen(QColor(colours.text_muted))
            said = f"{seconds_text(forward + backward)} · {(forward + backward) / total * 100:.0f} %"
            place = QRectF(bar.right() + _PAD, line.top(), _TIMES, _ROW)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), said)
        painter.end()

    def _paint_key(self, painter: QPainter, left: float) -> None:
        colours = theme.current()
        for text, colour in ((self.tr("forward"), colours.series[0]), (self.tr("backward"), colours.heat)):
            painter.fillRect(QRectF(left, 5, 10, 10), QColor(colour))
            painter.setPen(QColor(colours.text_muted))
            painter.drawText(QRectF(left + 14, 0, 200, _ROW), int(Qt.AlignmentFlag.AlignVCenter), text)
            left += 14 + painter.fontMetrics().horizontalAdvance(text) + 2 * _PAD

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the layer of a row."""
        number = int(event.position().y() // _ROW) - 1
        if 0 <= number < len(self.rows):
            self.chosen.emit(self.rows[number][0])
