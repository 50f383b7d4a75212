"""A few samples before and after augmentation, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme

if TYPE_CHECKING:
    from core.data.augment_preview import BeforeAfter

_HEIGHTS = {"picture": 68, "curve": 44, "text": 22}
_GAP = 4
_MOST_POINTS = 400
_LONG = 12
"""Texts with more letters stand below one another."""
Pixels = NDArray[np.uint8]


class Strip(QWidget):
    """Paints a BeforeAfter: samples side by side, as they are above, as the network gets them below."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: BeforeAfter | None = None
        self._images: dict[tuple[int, int], QImage] = {}
        self.setObjectName("augment_strip")
        self.setAccessibleName(self.tr("Samples before and after augmentation"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_samples(self, shown: BeforeAfter | None) -> None:
        """Show other samples."""
        self.shown = shown
        self._images = {}
        if shown is not None and shown.form == "picture":
            for line, samples in enumerate((shown.before, shown.after)):
                self._images |= {(line, place): as_image(np.asarray(each)) for place, each in enumerate(samples)}
        if shown is not None and shown.form == "text":
            self.setToolTip("\n".join(f"{a}\n→ {b}" for a, b in zip(shown.before, shown.after, strict=True)))
        else:
            self.setToolTip("")
        self.updateGeometry()
        self.update()

    @property
    def _stacked(self) -> bool:
        """True where samples are long texts, which need the whole width."""
        shown = self.shown
        return shown is not None and any(isinstance(each, str) and len(each) > _LONG for each in shown.before)

    def sizeHint(self) -> QSize:
        """Two lines of samples; of long texts two lines for each."""
        if self.shown is None:
            return QSize(200, 0)
        height = _HEIGHTS[self.shown.form]
        return QSize(200, len(self.shown.before) * (2 * height + _GAP) if self._stacked else 2 * height + _GAP)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the samples, each line with its name."""
        if self.shown is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.scaled_font(self.font(), 0.92))
        names = self.tr("before"), self.tr("after")
        left = max(painter.fontMetrics().horizontalAdvance(name) for name in names) + theme.SPACE
        height = _HEIGHTS[self.shown.form]
        stacked = self._stacked
        count = 1 if stacked else max(1, len(self.shown.before))
        width = (self.width() - left - _GAP * (count - 1)) / count
        for line, (name, samples) in enumerate(zip(names, (self.shown.before, self.shown.after), strict=True)):
            for place, sample in enumerate(samples):
                top = place * (2 * height + _GAP) + line * height if stacked else line * (height + _GAP)
                if stacked or place == 0:
                    painter.setPen(QColor(theme.current().text_muted))
                    painter.drawText(QRectF(0, top, left, height), int(Qt.AlignmentFlag.AlignVCenter), name)
                area = QRectF(left if stacked else left + place * (width + _GAP), top, width, height)
                self._paint(painter, area, (line, place), sample)
        painter.end()

    def _paint(self, painter: QPainter, area: QRectF, key: tuple[int, int], sample: Any) -> None:
        colours = theme.current()
        if key in self._images:
            image = self._images[key]
            scale = min(area.width() / image.width(), area.height() / image.height())
            size = QRectF(0, 0, image.width() * scale, image.height() * scale)
            size.moveCenter(area.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 3)
            painter.drawImage(size, image)
            return
        painter.fillRect(area, QColor(colours.surface))
        if isinstance(sample, str):
            changed = key[0] == 1 and self.shown is not None and self.shown.before[key[1]] != sample
            painter.setPen(QColor(colours.accent if changed else colours.text))
            inside = area.adjusted(4, 0, -4, 0)
            text = painter.fontMetrics().elidedText(sample, Qt.TextElideMode.ElideRight, int(inside.width()))
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter), text)
        else:
            self._paint_curve(painter, area.adjusted(1, 2, -1, -2), key[1], np.asarray(sample))

    def _paint_curve(self, painter: QPainter, area: QRectF, place: int, points: NDArray[np.float64]) -> None:
        """Paint a curve on the scale of what it was before."""
        assert self.shown is not None
        both = [np.asarray(samples[place], dtype=np.float64) for samples in (self.shown.before, self.shown.after)]
        values = np.concatenate([each[np.isfinite(each)] for each in both])
        if not len(values) or not len(points):
            return
        low, high = float(values.min()), float(values.max())
        span = (high - low) or 1.0
        places = np.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).astype(np.int64)
        line = QPolygonF()
        for at, value in zip(places.tolist(), points[places].tolist(), strict=True):
            if np.isfinite(value):
                x = area.left() + area.width() * at / max(len(points) - 1, 1)
                line.append(QPointF(x, area.bottom() - area.height() * (value - low) / span))
        painter.setPen(QPen(QColor(theme.current().accent), 1.0))
        painter.drawPolyline(line)


def as_image(pixels: Pixels) -> QImage:
    """Return an image of bytes ``(height, width)`` or ``(height, width, 3)``."""
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    form = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), width, height, pixels.strides[0], form).copy()
