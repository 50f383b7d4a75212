"""A curve in a plot that is drawn from its pyramid, so that a hundred thousand points pan and zoom without a jerk."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from designer.plots.pyramid import Points, Pyramid

_ANTIALIASED = 1000
"""Curves that have up to this many points in view are drawn antialiased; longer ones would cost too much."""
_DOT = 5.0


class CurveItem(pg.GraphicsObject):  # type: ignore[misc]
    """A line through points; of a single point, a dot. On a logarithmic axis the points are where their logarithms are.

    Only as many points are drawn as the screen can show.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pen = QPen()
        self._raw: Points = (np.empty(0), np.empty(0))
        self._pyramid = Pyramid(*self._raw)
        self._bounds: tuple[tuple[float, float], tuple[float, float]] | None = None
        self._drawn: tuple[object, QPainterPath] = (None, QPainterPath())
        self._reach: float | None = None

    @property
    def points(self) -> Points:
        """What the curve goes through, in the units of the axes, each of shape ``(n,)``."""
        return self._raw

    @property
    def places(self) -> Points:
        """Where the points lie in the plot: their logarithms where an axis is logarithmic."""
        return self._pyramid.x, self._pyramid.y

    def set_points(
        self, x: NDArray[np.float64], y: NDArray[np.float64], *, log_x: bool = False, log_y: bool = False
    ) -> None:
        """Go through these points; those that a logarithmic axis cannot show are left out."""
        fits = np.ones(len(x), dtype=bool)
        if log_x:
            fits &= x > 0
        if log_y:
            fits &= y > 0
        if not fits.all():
            x, y = x[fits], y[fits]
        self._raw = x, y
        self._pyramid = Pyramid(np.log10(x) if log_x else x, np.log10(y) if log_y else y)
        px, py = self.places
        self._bounds = ((float(px[0]), float(px[-1])), (float(py.min()), float(py.max()))) if len(px) else None
        self._drawn = (None, QPainterPath())
        self.prepareGeometryChange()
        self.informViewBoundsChanged()
        self.update()

    def set_pen(self, pen: QPen) -> None:
        """Draw with another pen."""
        self.pen = pen
        self.update()

    def reach_to(self, place: float | None) -> None:
        """Have a plot that fits itself to the curve show this place on the x axis too."""
        if place != self._reach:
            self._reach = place
            self.informViewBoundsChanged()

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: object = None) -> tuple[float | None, float | None]:
        """Return the least and the greatest position on an axis (0: x, 1: y), for the plot that fits itself to them.

        A level curve gets room of the size of its value: with room of 1, a rate of 0.001 would seem to lie at 0.
        """
        if self._bounds is None:
            return None, None
        low, high = self._bounds[ax]
        if ax == 0 and self._reach is not None:
            return min(low, self._reach), max(high, self._reach)
        if ax == 1 and low == high and low:
            return low - abs(low) / 2, high + abs(high) / 2
        return low, high

    def pixelPadding(self) -> float:
        """Room around the curve for the width of its line."""
        return 2.0

    def boundingRect(self) -> QRectF:
        """Return the rectangle around all points."""
        if self._bounds is None:
            return QRectF()
        (left, right), (low, high) = self._bounds
        return QRectF(left, low, max(right - left, 1e-12), max(high - low, 1e-12))

    def shape(self) -> QPainterPath:
        """Nothing that the mouse could touch: the plot finds the points itself."""
        return QPainterPath()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint what the view shows."""
        box = self.getViewBox()
        if box is None or self._bounds is None:
            return
        (low, high), _y = box.viewRange()
        key = (low, high, box.width())
        if self._drawn[0] != key:
            self._drawn = key, pg.functions.arrayToQPath(*self._pyramid.visible(*key), finiteCheck=False)
        path = self._drawn[1]
        painter.setPen(self.pen)
        if len(self._pyramid.x) == 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_dot(painter)
            return
        few = path.elementCount() <= _ANTIALIASED and not self._pyramid.thins(*key)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, few)
        painter.drawPath(path)

    def _paint_dot(self, painter: QPainter) -> None:
        dot = QPen(self.pen.color(), _DOT, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        dot.setCosmetic(True)
        painter.setPen(dot)
        x, y = self.places
        painter.drawPoint(pg.Point(x[0], y[0]))
