"""Paints what enters a network: pictures, curves, texts and cells, with what an answer rests on laid over them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from designer import theme
from designer.data.augment_strip import as_image
from designer.results.showing import Shown

_MOST_POINTS = 600
_SHARP = 3.0
"""Pictures that are enlarged more than this many times show their pixels as squares."""
_OPAQUE = 205
"""Opacity (of 255) of what counts most."""
_LINE = 1.35
MASK_OPACITY = 130


@dataclass(frozen=True, eq=False)
class Heat:
    """How much each part of what is painted counts for an answer, in -1..1; ``tokens`` are those of a text."""

    values: NDArray[np.float64]
    columns: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Any, columns: tuple[str, ...] = (), tokens: tuple[str, ...] = ()) -> Heat:
        """Return attributions on a scale on which the strongest is 1."""
        numbers = np.nan_to_num(np.asarray(values, dtype=np.float64))
        most = float(np.abs(numbers).max()) if numbers.size else 0.0
        return cls(numbers / most if most else numbers, columns, tokens)


def heat_colour(value: float, opacity: int = _OPAQUE) -> QColor:
    """Return the colour of a share in -1..1: what speaks for an answer is warm, what speaks against it cool."""
    colours = theme.current()
    colour = QColor(colours.heat if value >= 0 else colours.accent)
    colour.setAlpha(round(opacity * min(abs(value), 1.0)))
    return colour


def heat_image(values: NDArray[np.float64]) -> QImage:
    """Return a transparent image (height, width) of how much each place counts."""
    colours = theme.current()
    pixels = np.zeros((*values.shape, 4), dtype=np.uint8)
    for sign, name in ((1, colours.heat), (-1, colours.accent)):
        colour = QColor(name)
        there = values * sign > 0
        pixels[there, :3] = (colour.red(), colour.green(), colour.blue())
    pixels[..., 3] = np.clip(np.abs(values) ** 0.8 * _OPAQUE, 0, 255).astype(np.uint8)
    height, width = values.shape
    return QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_RGBA8888).copy()


def class_colour(index: int) -> QColor:
    """Return the colour of a class in a mask; the first, usually the background, is left clear."""
    if index <= 0:
        return QColor(Qt.GlobalColor.transparent)
    series = theme.current().series
    return QColor(series[(index - 1) % len(series)])


def mask_image(mask: NDArray[np.int64]) -> QImage:
    """Return a transparent image of a mask (height, width): each class in its colour."""
    pixels = np.zeros((*mask.shape, 4), dtype=np.uint8)
    for index in np.unique(mask):
        if index > 0:
            colour = class_colour(int(index))
            pixels[mask == index] = (colour.red(), colour.green(), colour.blue(), MASK_OPACITY)
    height, width = mask.shape
    return QImage(pixels.tobytes(), width, height, width * 4, QImage.Format.Format_RGBA8888).copy()


def fitted(area: QRectF, image: QImage) -> QRectF:
    """Return where an image lies that fills an area as far as its proportions allow."""
    scale = min(area.width() / max(image.width(), 1), area.height() / max(image.height(), 1))
    size = QRectF(0, 0, image.width() * scale, image.height() * scale)
    size.moveCenter(area.center())
    return size


def paint_shown(
    painter: QPainter,
    area: QRectF,
    shown: Shown,
    heat: Heat | None = None,
    mask: NDArray[np.int64] | None = None,
) -> None:
    """Paint what enters at an Input into an area."""
    painter.save()
    painter.setClipRect(area)
    if shown.form == "picture":
        _picture(painter, area, shown, heat, mask)
    elif shown.form == "curve":
        _curve(painter, area, np.asarray(shown.content), heat)
    elif shown.form == "series":
        _series(painter, area, shown, heat)
    elif shown.form == "cells":
        _cells(painter, area, shown.content, heat)
    elif shown.form == "text" and heat is not None and heat.tokens:
        _tokens(painter, area, heat)
    else:
        role = theme.current().error if shown.form == "nothing" else theme.current().text
        painter.setPen(QColor(role))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        painter.drawText(area.adjusted(2, 0, -2, 0), int(flags), str(shown.content))
    painter.restore()


def _picture(painter: QPainter, area: QRectF, shown: Shown, heat: Heat | None, mask: NDArray[np.int64] | None) -> None:
    image = as_image(shown.content)
    where = fitted(area, image)
    enlarged = where.width() / max(image.width(), 1)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, enlarged < _SHARP)
    painter.drawImage(where, image)
    if mask is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(where, mask_image(mask))
    if heat is not None and heat.values.size:
        # What Grad-CAM says of a spectrogram is of its frames alone.
        values = heat.values if heat.values.ndim == 2 else np.atleast_2d(heat.values.reshape(-1))
        painter.fillRect(where, _veil())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, enlarged < _SHARP)
        painter.drawImage(where, heat_image(values))


def _veil() -> QColor:
    veil = QColor(theme.current().surface)
    veil.setAlpha(70)
    return veil


def _places(count: int) -> NDArray[np.int64]:
    return np.linspace(0, count - 1, min(count, _MOST_POINTS)).astype(np.int64)


def _line(area: QRectF, points: NDArray[np.float64]) -> QPolygonF:
    finite = points[np.isfinite(points)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = (high - low) or 1.0
    inside = area.adjusted(1, 3, -1, -3)
    line = QPolygonF()
    for at, value in zip(
        *(each.tolist() for each in (_places(len(points)), points[_places(len(points))])), strict=True
    ):
        if math.isfinite(value):
            x = inside.left() + inside.width() * at / max(len(points) - 1, 1)
            line.append(QPointF(x, inside.bottom() - inside.height() * (value - low) / span))
    return line


def _curve(painter: QPainter, area: QRectF, points: NDArray[np.float64], heat: Heat | None) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not len(points):
        return
    if heat is not None:
        _columns_of_heat(painter, area, heat.values)
    painter.setPen(QPen(QColor(theme.current().text if heat is not None else theme.current().accent), 1.0))
    painter.drawPolyline(_line(area, points))


def _columns_of_heat(painter: QPainter, area: QRectF, values: NDArray[np.float64]) -> None:
    """Colour an area from left to right."""
    flat = values.reshape(-1)
    if not flat.size:
        return
    row = np.atleast_2d(flat)
    if row.shape[1] > _MOST_POINTS:
        starts = np.linspace(0, row.shape[1], _MOST_POINTS, endpoint=False).astype(np.int64)
        row = np.maximum.reduceat(row, starts, axis=1) + np.minimum(np.minimum.reduceat(row, starts, axis=1), 0)
    painter.drawImage(area, heat_image(row))


def _series(painter: QPainter, area: QRectF, shown: Shown, heat: Heat | None) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if heat is not None and heat.values.ndim == 2:
        _columns_of_heat(painter, area, heat.values.sum(axis=1))
    series = theme.current().series
    for place in range(shown.content.shape[1]):
        painter.setPen(QPen(QColor(series[place % len(series)]), 1.2))
        painter.drawPolyline(_line(area, shown.content[:, place]))
    if area.height() > 60 and len(shown.columns) <= len(series):
        metrics = QFontMetricsF(painter.font())
        x = area.left() + 3
        for place, name in enumerate(shown.columns):
            painter.setPen(QColor(series[place % len(series)]))
            painter.drawText(QPointF(x, area.top() + metrics.ascent()), name)
            x += metrics.horizontalAdvance(name) + theme.SPACE


def _cells(painter: QPainter, area: QRectF, cells: tuple[tuple[str, str], ...], heat: Heat | None) -> None:
    """Paint names and values below one another; what does not fit is counted."""
    metrics = QFontMetricsF(painter.font())
    height = metrics.lineSpacing() * (_LINE if area.height() > 100 else 1.0)
    room = max(int(area.height() // height), 1)
    shares = dict(zip(heat.columns, heat.values.reshape(-1).tolist(), strict=False)) if heat is not None else {}
    listed = cells if not shares else tuple(sorted(cells, key=lambda each: -abs(shares.get(each[0], 0.0))))
    half = area.width() * 0.55
    for place, (name, text) in enumerate(listed[:room]):
        line = QRectF(area.left() + 2, area.top() + place * height, area.width() - 4, height)
        if place == room - 1 and len(listed) > room:
            painter.setPen(QColor(theme.current().text_muted))
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), f"… {len(listed) - place}")
            return
        if name in shares:
            bar = QRectF(line.left(), line.top() + 1, line.width() * abs(shares[name]), height - 2)
            painter.fillRect(bar, heat_colour(math.copysign(0.55, shares[name])))
        painter.setPen(QColor(theme.current().text_muted if not shares else theme.current().text))
        label = metrics.elidedText(name, Qt.TextElideMode.ElideRight, half - 4)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), label)
        painter.setPen(QColor(theme.current().text))
        value = metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width() - half)
        painter.drawText(
            line.adjusted(half, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), value
        )


def _tokens(painter: QPainter, area: QRectF, heat: Heat) -> None:
    """Paint the tokens of a text, each on the colour of what it counts."""
    metrics = QFontMetricsF(painter.font())
    x, y, height = area.left() + 2, area.top(), metrics.lineSpacing() * _LINE
    gap = 0.0 if all(len(token) <= 1 for token in heat.tokens if token) else metrics.horizontalAdvance(" ")
    for token, share in zip(heat.tokens, heat.values.reshape(-1).tolist(), strict=False):
        if not token:
            continue
        width = metrics.horizontalAdvance(token) + 2
        if x + width > area.right() and x > area.left() + 2:
            x, y = area.left() + 2, y + height
        box = QRectF(x, y, width, height - 1)
        painter.fillRect(box, heat_colour(share, 150))
        painter.setPen(QColor(theme.current().text))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), token)
        x += width + gap
