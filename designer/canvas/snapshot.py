"""The live picture beside a pinned node: its place is kept free from the moment the node is pinned.

It hangs at the card's right side, or at the left where another node stands on the right. The card itself stays as it
is: ports and wires do not move when a node is pinned, and what lies below stays free, as networks run downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QImage, QPainter

from designer.canvas.style import NO_TEXT_BELOW, Style
from designer.theme import RADIUS

WIDTH, HEIGHT = 108.0, 76.0
"""Less high than the distance of nodes that are laid out, so that those of neighbours do not lie on one another."""
_PAD, _GAP = 3.0, 6.0
_MOST_CELL = 48.0
"""Of a stretched image a pixel becomes at most so large."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What is shown beside a pinned node: an image, or words where there is none yet.

    An image of no proportions of its own (values over time, a strip) is ``stretched`` to the room there is.
    """

    image: QImage | None = None
    words: str = ""
    stretched: bool = False


def snapshot_rect(width: float, *, left: bool = False) -> QRectF:
    """Return where the picture of a card of this width is, in the node's coordinates."""
    return QRectF(-_GAP - WIDTH if left else width + _GAP, 0, WIDTH, HEIGHT)


def paint_snapshot(painter: QPainter, place: QRectF, shown: Snapshot, style: Style, zoom: float) -> None:
    """Paint it; far out without words. Pixels stay sharp where they are enlarged."""
    painter.setPen(style.border)
    inner, reach = (place.right(), _GAP) if place.right() < 0 else (place.left(), -_GAP)
    painter.drawLine(QPointF(inner + reach, 12), QPointF(inner, 12))
    painter.setBrush(style.body)
    painter.drawRoundedRect(place, RADIUS, RADIUS)
    room = place.adjusted(_PAD, _PAD, -_PAD, -_PAD)
    if shown.image is not None:
        size = QSizeF(shown.image.size())
        paint_pixels(painter, shown.image, fitted(size, room, stretched=shown.stretched), zoom)
    elif zoom >= NO_TEXT_BELOW:
        painter.setPen(style.muted)
        painter.setFont(style.fonts["chip"])
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(flags), shown.words)


def paint_pixels(painter: QPainter, image: QImage, place: QRectF, zoom: float = 1.0) -> None:
    """Paint an image: smoothly where it shrinks, every pixel a sharp rectangle where it grows."""
    smooth = painter.testRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    shrinks = place.width() * zoom < image.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
    painter.drawImage(place, image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)


def fitted(size: QSizeF, room: QRectF, *, stretched: bool = False) -> QRectF:
    """Return the largest place of a size's proportions in a room, or all the room for what is ``stretched``."""
    width, height = max(size.width(), 1.0), max(size.height(), 1.0)
    scale = min(room.width() / width, room.height() / height)
    shown = QSizeF(width * scale, height * scale)
    if stretched:
        shown = QSizeF(min(room.width(), width * _MOST_CELL), min(room.height(), height * _MOST_CELL))
    return QRectF(room.center() - QPointF(shown.width() / 2, shown.height() / 2), shown)
