"""Colours a node by its share of what the network costs. Length and figure say the same as the colour."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter

from designer.canvas.face import Face
from designer.canvas.style import PORT_RADIUS, Style

STEPS = 16
_PAD, _INSET = 6.0, 8.0
_BAR = 3.0


@lru_cache(maxsize=16)
def scale(cold: str, hot: str) -> tuple[QBrush, ...]:
    """Return brushes from one colour to another in steps that look alike, as OKLab measures them."""
    start, end = _oklab(QColor(cold)), _oklab(QColor(hot))
    shares = (step / (STEPS - 1) for step in range(STEPS))
    return tuple(QBrush(_colour([a + (b - a) * share for a, b in zip(start, end, strict=True)])) for share in shares)


def card_brush(heat: float | None, style: Style) -> QBrush:
    """Return the ground of a card; ``heat`` is its share of the largest (0 to 1), or None where it is not coloured."""
    return style.body if heat is None else _step(scale(style.theme.raised, style.theme.heat_card), heat)


def block_brush(heat: float, style: Style) -> QBrush:
    """Return the brush of a node that is so small that it has no text: the colours may be strong."""
    return _step(scale(style.theme.border, style.theme.heat), heat)


def _step(brushes: tuple[QBrush, ...], heat: float) -> QBrush:
    return brushes[round(max(0.0, min(1.0, heat)) * (STEPS - 1))]


def paint_bar(painter: QPainter, face: Face, heat: float, style: Style, left: float) -> None:
    """Draw the share as a bar along the lower edge of a card."""
    painter.fillRect(
        QRectF(left, face.height - _BAR - 1, (face.width - 2 * left) * heat, _BAR), QColor(style.theme.heat)
    )


def paint_figure(painter: QPainter, face: Face, text: str, style: Style, *, stale: bool) -> None:
    """Write the figure on the edge of a card."""
    place = figure_place(face, text, style)
    painter.setPen(style.border)
    painter.setBrush(style.canvas)
    painter.drawRoundedRect(place, place.height() / 2, place.height() / 2)
    painter.setPen(style.stale if stale else style.text)
    style.draw(painter, text, "chip", place.x() + _PAD, place.y() + 1)


def figure_place(face: Face, text: str, style: Style) -> QRectF:
    """Return where the figure is written: at the right end of the lower edge, or of the upper one where a port is."""
    width, height = style.width(text, "chip") + 2 * _PAD, style.metrics["chip"].height() + 2
    left = face.width - _INSET - width

    def taken(centres: list[QPointF]) -> bool:
        return any(left - PORT_RADIUS <= centre.x() <= left + width + PORT_RADIUS for centre in centres)

    above = taken([port.centre for port in face.outputs]) and not taken([port.centre for port in face.inputs])
    return QRectF(left, (0.0 if above else face.height) - height / 2, width, height)


# OKLab as Björn Ottosson defines it: https://bottosson.github.io/posts/oklab/

_TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)

_Matrix = tuple[tuple[float, float, float], ...]


def _times(matrix: _Matrix, vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _oklab(colour: QColor) -> list[float]:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return _times(_TO_LAB, [each ** (1 / 3) for each in _times(_TO_CONES, linear)])


def _colour(lab: list[float]) -> QColor:
    linear = _times(_FROM_CONES, [each**3 for each in _times(_FROM_LAB, lab)])
    parts = [12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in linear]
    return QColor.fromRgbF(*(min(1.0, max(0.0, part)) for part in parts))


def paint_scale(painter: QPainter, place: QRectF, style: Style) -> None:
    """Draw all colours side by side, from none to the most, as cards have them."""
    width = place.width() / STEPS
    painter.setPen(Qt.PenStyle.NoPen)
    for step in range(STEPS):
        part = QRectF(place.x() + step * width, place.y(), width + 0.5, place.height())
        painter.fillRect(part, card_brush(step / (STEPS - 1), style))
