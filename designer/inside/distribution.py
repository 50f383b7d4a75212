"""How values of a layer are distributed over time: a strip, dark where most lie, and the histogram of one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.canvas.style import mixed, style_of

if TYPE_CHECKING:
    from core.training.diagnostics.pictures import Picture

_MOST_COLUMNS = 600
_AXIS, _BARS, _PAD = 52, 0.3, 6.0
_LEVELS = 256


class Distribution(QWidget):
    """Shows the histograms of one kind; ``position`` is which of them is shown in full, the last one by default."""

    picked = Signal(int)
    """The place of a histogram that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("distribution")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.steps: tuple[int, ...] = ()
        self.position = 0
        self.reach = 1.0
        self.shares: NDArray[np.float64] = np.zeros((0, 1))
        """Of every histogram (down) the share of each bin (across), over ±``reach``."""
        self._image: QImage | None = None
        self._made_for = ""

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(180, 60)

    def show_histograms(self, found: Mapping[int, Picture], position: int) -> None:
        """Show histograms by step, and that at a place of them in full (-1: the last)."""
        from core.training.diagnostics.histograms import widened

        self.steps = tuple(sorted(found))
        self.reach = max((picture.high for picture in found.values()), default=1.0)
        counts = [widened(found[step].values, found[step].high, self.reach) for step in self.steps]
        self.shares = np.array([each / max(1, each.sum()) for each in counts]) if counts else np.zeros((0, 1))
        self._cut_to_values()
        self.position = position if 0 <= position < len(self.steps) else len(self.steps) - 1
        self._image = None
        self._describe()
        self.update()

    def _cut_to_values(self) -> None:
        """Leave out, on both sides alike, the bins that hold nothing at any step."""
        used = np.flatnonzero(self.shares.any(axis=0))
        bins = self.shares.shape[1]
        if len(used):
            kept = int(max(bins // 2 - used[0], used[-1] + 1 - bins // 2, 1))
            self.shares = self.shares[:, bins // 2 - kept : bins // 2 + kept]
            self.reach *= kept / (bins // 2)

    def set_position(self, position: int) -> None:
        """Show another histogram in full."""
        if self.steps:
            self.position = max(0, min(position, len(self.steps) - 1))
            self._describe()
            self.update()

    def _describe(self) -> None:
        if not self.steps:
            self.setAccessibleDescription("")
            return
        bins = self.shares.shape[1]
        at = int(self.shares[self.position].argmax())
        middle = (2 * (at + 0.5) / bins - 1) * self.reach
        self.setAccessibleDescription(
            self.tr("Step {step}: most values are about {value}, all within ±{reach}.").format(
                step=f"{self.steps[self.position]:,}", value=f"{middle:.3g}", reach=f"{self.reach:g}"
            )
        )

    # --- painting -----------------------------------------------------------------------------------------------------

    def _areas(self) -> tuple[QRectF, QRectF]:
        """Return where the strip and the bars are."""
        height = self.height() - 2 * _PAD - self.fontMetrics().height()
        room = self.width() - _AXIS - 3 * _PAD
        strip = QRectF(_AXIS, _PAD, room * (1 - _BARS), height)
        return strip, QRectF(strip.right() + 2 * _PAD, _PAD, room * _BARS, height)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint strip, bars and axes."""
        painter = QPainter(self)
        if self.steps:
            strip, bars = self._areas()
            painter.drawImage(strip, self._strip())
            painter.setPen(QPen(QColor(theme.current().border), 1))
            painter.drawRect(strip)
            self._paint_marker(painter, strip)
            self._paint_bars(painter, bars)
            self._paint_axis(painter, strip, bars)
        painter.end()

    def _strip(self) -> QImage:
        """Return a column of pixels a look; values from the largest at the top."""
        colours = theme.current()
        if self._image is None or self._made_for != colours.name:
            count = len(self.steps)
            chosen = np.linspace(0, count - 1, min(count, _MOST_COLUMNS)).round().astype(int)
            shares = self.shares[chosen]
            # The square root shows thin tails beside a high peak.
            levels = np.sqrt(shares / np.maximum(shares.max(axis=1, keepdims=True), 1e-12))
            pixels = np.ascontiguousarray((levels.T[::-1] * (_LEVELS - 1)).astype(np.uint8))
            height, width = pixels.shape
            image = QImage(pixels.data, width, height, width, QImage.Format.Format_Indexed8).copy()
            steps = (each / (_LEVELS - 1) for each in range(_LEVELS))
            image.setColorTable([mixed(colours.surface, colours.accent, each).rgb() for each in steps])
            self._image, self._made_for = image, colours.name
        return self._image

    def _paint_marker(self, painter: QPainter, strip: QRectF) -> None:
        x = strip.left() + strip.width() * (self.position + 0.5) / len(self.steps)
        painter.setPen(QPen(QColor(theme.current().text), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, strip.top()), QPointF(x, strip.bottom()))

    def _paint_bars(self, painter: QPainter, place: QRectF) -> None:
        shares = self.shares[self.position][::-1]
        most = float(shares.max()) or 1.0
        height = place.height() / len(shares)
        colour = QColor(theme.current().accent)
        for number, share in enumerate(shares):
            width = place.width() * float(share) / most
            painter.fillRect(QRectF(place.left(), place.top() + number * height, width, max(1.0, height - 0.5)), colour)

    def _paint_axis(self, painter: QPainter, strip: QRectF, bars: QRectF) -> None:
        style = style_of()
        painter.setFont(style.fonts["chip"])
        painter.setPen(QColor(theme.current().text_muted))
        height = self.fontMetrics().height()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value, y in ((self.reach, strip.top()), (0.0, strip.center().y()), (-self.reach, strip.bottom())):
            top = min(max(y - height / 2, 0.0), self.height() - height)
            painter.drawText(QRectF(0, top, _AXIS - 4, height), int(right), f"{value:.3g}")
        below = QRectF(strip.left(), strip.bottom() + 1, strip.width(), height)
        first, last = f"{self.steps[0]:,}", f"{self.steps[-1]:,}"
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), self.tr("step {first}").format(first=first))
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), last)
        shown = self.tr("at step {step}").format(step=f"{self.steps[self.position]:,}")
        painter.drawText(QRectF(bars.left(), below.top(), bars.width(), height), int(Qt.AlignmentFlag.AlignLeft), shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show the histogram of the step that was clicked."""
        self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag."""
        self._pick(event)

    def _pick(self, event: QMouseEvent) -> None:
        strip, _bars = self._areas()
        if self.steps and strip.contains(event.position()):
            share = (event.position().x() - strip.left()) / strip.width()
            self.picked.emit(int(share * len(self.steps)))
