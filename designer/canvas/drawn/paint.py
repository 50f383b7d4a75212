"""Paints frames: the same code draws the canvas and the thumbnails. Behind everything, and named at every zoom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from core.graph.project import Frame
from designer.canvas.drawn.places import TITLE, box_of
from designer.canvas.style import Style, mixed
from designer.theme import RADIUS, Theme

_LEAST_TITLE = 17.0
"""Pixels that a title needs to be read; where a bar has less, the title stands above the frame at its full size."""
_TAB = 19.0
_LEAST_TAB = 56.0
_SIDE = 9.0


@dataclass(frozen=True)
class Shades:
    """What a colour looks like on large areas: quiet enough for nodes to be read on it."""

    ground: QColor
    bar: QColor
    edge: QColor
    mark: QColor


@lru_cache(maxsize=64)
def _shades(mark: str, canvas: str, raised: str) -> Shades:
    ground = QColor(mark)
    ground.setAlphaF(0.10)
    return Shades(ground, mixed(mark, canvas, 0.74), mixed(mark, canvas, 0.35), mixed(mark, raised, 0.84))


def shades(theme: Theme, colour: str) -> Shades:
    """Return the shades of a mark ("" is grey)."""
    return _shades(theme.mark(colour or "grey").name(), theme.canvas, theme.raised)


def frame_rect(frame: Frame) -> QRectF:
    """Return where a frame is in the scene."""
    box = box_of(frame)
    return QRectF(box.x, box.y, box.width, box.height)


def title_rect(rect: QRectF, title: str, style: Style, zoom: float) -> QRectF:
    """Return where a frame's title stands: in a bar along its upper edge, or above it where the bar is too small."""
    if zoom * TITLE >= _LEAST_TITLE:
        return QRectF(rect.left(), rect.top(), rect.width(), TITLE)
    width = min(style.width(title, "name") + 2 * _SIDE, max(rect.width() * zoom, _LEAST_TAB))
    return QRectF(rect.left(), rect.top() - _TAB / zoom, width / zoom, _TAB / zoom)


def paint_frame(
    painter: QPainter, rect: QRectF, frame: Frame, title: str, style: Style, zoom: float, *, selected: bool = False
) -> None:
    """Paint a frame whose place is ``rect``, in the painter's coordinates."""
    look = shades(style.theme, frame.colour)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(style.theme.accent) if selected else look.edge, 2.0 if selected else 1.0)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setBrush(look.ground)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    place = title_rect(rect, title, style, zoom)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.bar)
    if place.bottom() > rect.top() + 1:
        inset = 1 / zoom
        painter.drawRoundedRect(place.adjusted(inset, inset, -inset, 0), RADIUS - 1, RADIUS - 1)
        painter.drawRect(place.adjusted(inset, RADIUS, -inset, 0))
        _write(painter, title, place, style)
    elif title:
        painter.drawRect(place)
        painter.save()
        painter.translate(place.topLeft())
        painter.scale(1 / zoom, 1 / zoom)
        _write(painter, title, QRectF(QPointF(), place.size() * zoom), style)
        painter.restore()


def _write(painter: QPainter, title: str, place: QRectF, style: Style) -> None:
    shown = style.elided(title, "name", place.width() - 2 * _SIDE + 2)
    painter.setPen(style.text)
    top = place.top() + (place.height() - style.metrics["name"].height()) / 2
    style.draw(painter, shown, "name", place.left() + _SIDE, top)


def paint_grips(painter: QPainter, rect: QRectF, style: Style, zoom: float) -> None:
    """Paint the corners by which what is selected is resized."""
    size = 7 / zoom
    pen = QPen(QColor(style.theme.accent), 1.5)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.setBrush(QBrush(style.body))
    for corner in (rect.topLeft(), rect.topRight(), rect.bottomLeft(), rect.bottomRight()):
        painter.drawRect(QRectF(corner.x() - size / 2, corner.y() - size / 2, size, size))
