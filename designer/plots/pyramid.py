"""A curve at every zoom: the least and the greatest value of each block of points, in blocks that double in size.

Drawing a curve then costs what the screen is wide, however many points it has, and no peak is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
_PER_PIXEL = 2.0
"""Points for each pixel up to which they are drawn as they are."""


class Pyramid:
    """Points ``x`` and ``y`` (shape ``(n,)``, x rising, all finite) and their levels, made as they are asked for."""

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self.x, self.y = x, y
        self._levels: list[Points] = [(y, y)]

    def visible(self, low: float, high: float, width: float) -> Points:
        """Return what to draw of the stretch from ``low`` to ``high`` where it is ``width`` pixels wide.

        One point on either side belongs to it, so that lines run on beyond the edges. Where there are many points, each
        block becomes a line from its least to its greatest value at its middle.
        """
        first, last = self._stretch(low, high)
        per_pixel = (last - first) / max(1.0, width)
        if per_pixel <= _PER_PIXEL:
            return self.x[first:last], self.y[first:last]
        level = int(np.ceil(np.log2(per_pixel)))
        size = 1 << level
        least, most = self._level(level)
        start, stop = first // size, -(-last // size)
        places = np.minimum(np.arange(start, stop) * size + size // 2, len(self.x) - 1)
        x = np.repeat(self.x[places], 2)
        y = np.empty(2 * (stop - start))
        # Up in one block and down in the next: the line between two blocks is then no longer than it must be.
        up = (np.arange(stop - start) % 2).astype(bool)
        y[0::2] = np.where(up, most[start:stop], least[start:stop])
        y[1::2] = np.where(up, least[start:stop], most[start:stop])
        return x, y

    def thins(self, low: float, high: float, width: float) -> bool:
        """Return True where ``visible`` draws blocks in place of single points."""
        first, last = self._stretch(low, high)
        return (last - first) / max(1.0, width) > _PER_PIXEL

    def _stretch(self, low: float, high: float) -> tuple[int, int]:
        first = max(0, int(np.searchsorted(self.x, low)) - 1)
        return first, min(len(self.x), int(np.searchsorted(self.x, high, side="right")) + 1)

    def _level(self, level: int) -> Points:
        while len(self._levels) <= level:
            least, most = self._levels[-1]
            if len(least) % 2:
                least, most = np.append(least, least[-1]), np.append(most, most[-1])
            self._levels.append((least.reshape(-1, 2).min(axis=1), most.reshape(-1, 2).max(axis=1)))
        return self._levels[level]
