"""Pictures of layers as images: colours by value, and where in a sheet of tiles a value stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from designer.samples.pictures import heat_table

if TYPE_CHECKING:
    from core.training.diagnostics.pictures import Picture

_BELOW, _ZERO, _ABOVE = "#2b6cd4", "#f4f4f2", "#d1571b"
_COLOURED = 3
MOST_TILES = 64
"""As many tiles a sheet shows (``core.training.diagnostics.pictures``)."""


def colours_of(picture: Picture) -> list[int]:
    """Return what 0 … 255 look like; nothing for a picture that has colours of its own."""
    if picture.values.ndim == _COLOURED:
        return []
    return _diverging(picture.low, picture.high) if picture.kind == "filters" else heat_table()


def image_of(picture: Picture, sheet: Sheet | None = None) -> QImage:
    """Return a picture as an image of its own size; what lies between the tiles of a sheet can be seen through.

    Filters are blue below and orange above 0, which is white; everything else goes from dark to light.
    """
    values = np.ascontiguousarray(picture.values)
    height, width = values.shape[:2]
    if values.ndim == _COLOURED:
        image = QImage(values.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    else:
        image = QImage(values.data, width, height, width, QImage.Format.Format_Indexed8).copy()
        image.setColorTable(colours_of(picture))
    if sheet is None or sheet.count < 2:
        return image
    kept = np.ascontiguousarray(np.where(sheet.mask(width, height), 255, 0).astype(np.uint8))
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    image.setAlphaChannel(QImage(kept.data, width, height, width, QImage.Format.Format_Grayscale8).copy())
    return image


def is_stretched(picture: Picture, sheet: Sheet | None) -> bool:
    """Return True for values over time and strips, which have no proportions of their own."""
    return picture.kind == "map" and sheet is None


@lru_cache(maxsize=64)
def _diverging(low: float, high: float) -> list[int]:
    """Return colours for 0 … 255, which stand for low … high; equally far from 0 is equally strong."""
    reach = max(abs(low), abs(high)) or 1.0
    table = []
    for level in range(256):
        share = (low + (high - low) * level / 255) / reach
        end, zero = QColor(_BELOW if share < 0 else _ABOVE), QColor(_ZERO)
        parts = zip(zero.getRgb()[:3], end.getRgb()[:3], strict=True)  # type: ignore[index]  # a tuple of four
        table.append(QColor(*(round(a + (b - a) * abs(share)) for a, b in parts)).rgba())
    return table


@dataclass(frozen=True)
class Sheet:
    """How tiles lie in a picture: ``columns`` beside each other, a pixel apart; only ``count`` of them are used."""

    count: int
    columns: int
    width: int
    height: int

    def mask(self, width: int, height: int) -> NDArray[np.bool_]:
        """Return (height, width) where tiles are."""
        rows, columns = np.arange(height), np.arange(width)
        tiles = (rows // (self.height + 1))[:, None] * self.columns + columns // (self.width + 1)
        inside = (rows % (self.height + 1) < self.height)[:, None] & (columns % (self.width + 1) < self.width)
        return np.asarray(inside & (tiles < self.count))

    def at(self, x: int, y: int) -> tuple[int, int, int] | None:
        """Return the tile at a pixel, and row and column in it; None between tiles and behind the last."""
        column, left = divmod(x, self.width + 1)
        row, top = divmod(y, self.height + 1)
        tile = row * self.columns + column
        if left == self.width or top == self.height or column >= self.columns or tile >= self.count:
            return None
        return tile, top, left


def sheet_of(picture: Picture, count: int) -> Sheet | None:
    """Return how ``count`` tiles lie in a picture; None where it cannot have so many."""
    count = min(count, MOST_TILES)
    if count < 1:
        return None
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    height, width = picture.values.shape[:2]
    if (width + 1) % columns or (height + 1) % rows:
        return None
    return Sheet(count, columns, (width + 1) // columns - 1, (height + 1) // rows - 1)


def value_at(picture: Picture, x: int, y: int) -> float:
    """Return the value at a pixel, as exact as a byte is (of a coloured picture the mean of its three)."""
    return picture.low + (picture.high - picture.low) * float(np.mean(picture.values[y, x])) / 255


def scores_of(picture: Picture, count: int) -> NDArray[np.float64]:
    """Return the values (float64) of a strip's first ``count`` cells."""
    flat = picture.values.reshape(-1)[:count].astype(np.float64)
    return picture.low + (picture.high - picture.low) * flat / 255
