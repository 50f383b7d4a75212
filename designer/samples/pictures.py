"""Pixels, classes and spectrograms as images that Qt can paint."""

from __future__ import annotations

from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, qRgba

from core.data.sample_forms import NOWHERE, Classes, Picture, Sound

_made: WeakKeyDictionary[Picture | Classes | Sound, QImage] = WeakKeyDictionary()
_GOLDEN = 0.61803398875
_HEAT = ((0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191))
"""From quiet to loud: dark violet to light yellow."""


def class_colour(index: int) -> QColor:
    """Return the colour of a class; neighbours differ as much as they can, the first is grey."""
    if index == 0:
        return QColor("#6b7280")
    return QColor.fromHsvF((0.58 + (index - 1) * _GOLDEN) % 1.0, 0.72, 0.92)


@lru_cache(maxsize=1)
def _class_table() -> list[int]:
    table = [QColor(class_colour(index)).rgba() for index in range(256)]
    table[NOWHERE] = qRgba(0, 0, 0, 0)
    return table


@lru_cache(maxsize=1)
def _overlay_table() -> list[int]:
    """As the classes, but the first one, which mostly is the background, lets the image through."""
    return [qRgba(0, 0, 0, 0), *_class_table()[1:]]


@lru_cache(maxsize=1)
def heat_table() -> list[int]:
    """Return colours for 0 … 255, dark to light."""
    places = np.linspace(0, len(_HEAT) - 1, 256)
    parts = [np.interp(places, np.arange(len(_HEAT)), [colour[at] for colour in _HEAT]) for at in range(3)]
    return [QColor(*(int(part[level]) for part in parts)).rgba() for level in range(256)]


def image_of(shown: Picture | Classes | Sound) -> QImage:
    """Return a picture, the colours of classes, or a spectrogram."""
    found = _made.get(shown)
    if found is None:
        found = _made[shown] = _image(shown)
    return found


def _image(shown: Picture | Classes | Sound) -> QImage:
    if isinstance(shown, Picture):
        return _from_pixels(shown.pixels)
    image = _indexed(shown.indices if isinstance(shown, Classes) else shown.spectrogram)
    image.setColorTable(_class_table() if isinstance(shown, Classes) else heat_table())
    return image


def _from_pixels(pixels: np.ndarray) -> QImage:
    if pixels.ndim == 2:
        image = _indexed(pixels)
        image.setColorTable([qRgba(level, level, level, 255) for level in range(256)])
        return image
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _indexed(levels: np.ndarray) -> QImage:
    height, width = levels.shape
    return QImage(levels.data, width, height, width, QImage.Format.Format_Indexed8).copy()


def inside(size: QSize, area: QRectF) -> QRectF:
    """Return the largest rectangle of an image's proportions in the middle of an area."""
    if size.isEmpty():
        return QRectF(area.center(), area.center())
    scale = min(area.width() / size.width(), area.height() / size.height())
    width, height = size.width() * scale, size.height() * scale
    return QRectF(area.center().x() - width / 2, area.center().y() - height / 2, width, height)


def paint_image(painter: QPainter, area: QRectF, shown: Picture | Classes) -> QRectF:
    """Paint an image as large as fits; return where it is. Pixels stay sharp where they are enlarged."""
    image = image_of(shown)
    place = inside(image.size(), area)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, place.width() < image.width())
    painter.drawImage(place, image)
    return place


def paint_overlay(painter: QPainter, area: QRectF, shown: Classes, opacity: float) -> None:
    """Paint classes over the image that is there."""
    image = image_of(shown).copy()
    image.setColorTable(_overlay_table())
    painter.save()
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(area, image)
    painter.restore()
