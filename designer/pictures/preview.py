"""Shows a picture as it will be, as large as there is room; transparent grounds are chequered."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from designer import theme
from designer.theme import SPACE

_CHEQUER = 8


class Preview(QWidget):
    """An image in the middle, or words where there is none."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.words = ""
        self.setObjectName("picture_preview")
        self.setAccessibleName(self.tr("Preview"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(280, 280)

    def sizeHint(self) -> QSize:
        """Ask for room to recognise something."""
        return QSize(520, 520)

    def show_image(self, image: QImage) -> None:
        """Show an image whose pixels are those of the screen."""
        self.image, self.words = image, ""
        self.update()

    def show_words(self, words: str) -> None:
        """Show words instead of an image."""
        self.image, self.words = None, words
        self.update()

    def room(self) -> tuple[float, float]:
        """Return how many pixels of the screen are free for an image."""
        ratio = self.devicePixelRatioF()
        return (self.width() - 2 * SPACE) * ratio, (self.height() - 2 * SPACE) * ratio

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that there is another room."""
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image in its frame."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().surface))
        if self.image is None:
            painter.setPen(QColor(theme.current().text_muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(SPACE, SPACE, -SPACE, -SPACE), int(flags), self.words)
            return
        size = self.image.size() / self.devicePixelRatioF()
        corner = QPointF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2)
        place = QRectF(corner, size)
        _chequer(painter, place)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self.image)
        painter.setPen(QColor(theme.current().border))
        painter.drawRect(place.adjusted(-1, -1, 0, 0))


def _chequer(painter: QPainter, place: QRectF) -> None:
    painter.save()
    painter.setClipRect(place)
    painter.fillRect(place, QColor("#ffffff"))
    for row in range(int(place.height() // _CHEQUER) + 1):
        for column in range(row % 2, int(place.width() // _CHEQUER) + 1, 2):
            corner = place.topLeft() + QPointF(column * _CHEQUER, row * _CHEQUER)
            painter.fillRect(QRectF(corner.x(), corner.y(), _CHEQUER, _CHEQUER), QColor("#e4e6ea"))
    painter.restore()
