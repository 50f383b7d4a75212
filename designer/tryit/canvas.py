"""A sheet to draw on with the mouse or a pen; what is drawn is brought to where drawings lie in the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.data.augment_strip import as_image
from designer.results.painting import fitted
from designer.tryit.opening import DrawingFacts, box_of

_SIDE = 256
"""Pixels of the longer side of the sheet, whatever it is shown at."""
_PEN, _FINEST = 0.1, 1.2
"""Width of the pen as a share of the side, and at least so many pixels of the network's picture."""
_ERASER = 2.2


class Sheet(QWidget):
    """Draws in ink on a plain ground. ``changed`` comes with every stroke of the pen."""

    changed = Signal()

    def __init__(self, frame: tuple[int, int], facts: DrawingFacts) -> None:
        super().__init__()
        self.setObjectName("sheet")
        self.setAccessibleName(self.tr("Draw here"))
        self.setToolTip(self.tr("Draw with the left mouse button, erase with the right one"))
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(84, 84)
        self.frame, self.facts = frame, facts
        self.erasing = False
        self.fit = True
        self.given: Any = None
        """A picture that was put on the sheet instead of drawn, uint8 (height, width)."""
        height, width = frame
        scale = _SIDE / max(height, width)
        self._image = QImage(round(width * scale), round(height * scale), QImage.Format.Format_Grayscale8)
        self._image.fill(0)
        self._last: QPointF | None = None

    @property
    def blank(self) -> bool:
        """True while nothing is drawn."""
        return self.given is None and not bool(self._ink().any())

    def clear(self) -> None:
        """Take away all that was drawn."""
        self.given = None
        self._image.fill(0)
        self.update()
        self.changed.emit()

    def put(self, picture: NDArray[np.uint8]) -> None:
        """Put a picture on the sheet, which drawing replaces."""
        self._image.fill(0)
        self.given = picture
        self.update()

    def pixels(self) -> NDArray[np.float32]:
        """Return what was drawn as the data would have it, brightness 0..1, (1, height, width)."""
        ink = self._placed() if self.fit else self._scaled(self._image, *self.frame)
        facts = self.facts
        return (facts.background + (facts.ink - facts.background) * ink)[None].astype(np.float32)

    def _ink(self) -> NDArray[np.uint8]:
        return as_pixels(self._image)

    def _scaled(self, image: QImage, height: int, width: int) -> NDArray[np.float64]:
        aspect, way = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        return as_pixels(image.scaled(width, height, aspect, way)).astype(np.float64) / 255

    def _placed(self) -> NDArray[np.float64]:
        """Return the drawing, as large and where drawings are in the data."""
        height, width = self.frame
        whole = np.zeros((height, width))
        ink = self._ink()
        if not ink.any():
            return whole
        top, bottom, left, right = box_of(ink > 0)
        cut = self._image.copy(QRect(left, top, right - left, bottom - top))
        scale = self.facts.extent * max(height, width) / max(bottom - top, right - left)
        tall = min(max(round((bottom - top) * scale), 1), height)
        wide = min(max(round((right - left) * scale), 1), width)
        down = round(self.facts.centre[0] * height - tall / 2)
        across = round(self.facts.centre[1] * width - wide / 2)
        down, across = min(max(down, 0), height - tall), min(max(across, 0), width - wide)
        whole[down : down + tall, across : across + wide] = self._scaled(cut, tall, wide)
        return whole

    # --- drawing ------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """A square that a digit is drawn into with ease."""
        return QSize(150, 150)

    def area(self) -> QRectF:
        """Return where the sheet is painted."""
        return fitted(QRectF(self.rect()).adjusted(1, 1, -1, -1), self._image)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            if self.given is not None:
                self.given = None
                self._image.fill(0)
            self._last = self._on_sheet(event.position())
            self._stroke(self._last, event.buttons())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a stroke."""
        if self._last is not None:
            self._stroke(self._on_sheet(event.position()), event.buttons())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """End a stroke."""
        self._last = None

    def _on_sheet(self, place: QPointF) -> QPointF:
        area = self.area()
        scale = self._image.width() / max(area.width(), 1)
        return (place - area.topLeft()) * scale

    def _stroke(self, to: QPointF, buttons: Qt.MouseButton) -> None:
        erase = self.erasing or bool(buttons & Qt.MouseButton.RightButton)
        side = max(self.frame)
        width = _SIDE * max(_PEN, _FINEST / side) * (_ERASER if erase else 1)
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(0, 0, 0) if erase else QColor(255, 255, 255)
        cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, cap, join))
        assert self._last is not None
        painter.drawLine(self._last, to + QPointF(0.01, 0))
        painter.end()
        self._last = to
        self.update()
        self.changed.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the sheet in the brightness that the data has."""
        painter = QPainter(self)
        area = self.area()
        if self.given is not None:
            image = as_image(self.given)
            painter.drawImage(area, image)
        else:
            shades = self.facts.background + (self.facts.ink - self.facts.background) * (self._ink() / 255.0)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(area, as_image(np.clip(shades * 255, 0, 255).astype(np.uint8)))
            if self.blank:
                light = self.facts.background < 0.5
                painter.setPen(QColor("#9aa4b2" if light else "#4c5563"))
                painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), self.tr("Draw here"))
        painter.setPen(QColor(theme.current().border))
        painter.drawRect(area)
        painter.end()


def as_pixels(image: QImage) -> NDArray[np.uint8]:
    """Return the brightness (height, width) of an image, 0..255."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), dtype=np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].copy()
