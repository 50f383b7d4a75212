"""The canvas behind the network: its colour and the grid that nodes snap to."""

from __future__ import annotations

from functools import lru_cache
from math import floor

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from designer import theme
from designer.canvas.style import BLOCKS_BELOW, GRID

_STEPS = ((0.7, GRID), (0.35, 2 * GRID), (0.14, 5 * GRID))
"""From which zoom on the grid has which distance."""
_FEW = 8


def _whole(count: int) -> int:
    """Return the next multiple, so that few grids serve all sizes of what is to be painted."""
    return _FEW * -(-count // _FEW)


@lru_cache(maxsize=64)
def _grid(columns: int, rows: int, step: float) -> QPolygonF:
    """Return the points of a grid that begins at (0, 0)."""
    return QPolygonF([QPointF(x * step, y * step) for y in range(rows) for x in range(columns)])


def draw_backdrop(painter: QPainter, rect: QRectF, zoom: float) -> None:
    """Fill a part of the scene and draw the grid, coarser further out; leave antialiasing as the items want it."""
    colours = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(rect, QColor(colours.canvas))
    step = next((step for nearest, step in _STEPS if zoom >= nearest), 0.0)
    if step:
        colour = QColor(colours.grid)
        pen = QPen(colour.darker(108) if colours.name == "light" else colour.lighter(125), 2)
        pen.setCosmetic(True)
        painter.setPen(pen)
        left, top = floor(rect.left() / step), floor(rect.top() / step)
        columns, rows = floor(rect.right() / step) - left + 2, floor(rect.bottom() / step) - top + 2
        painter.translate(left * step, top * step)
        painter.drawPoints(_grid(_whole(columns), _whole(rows), step))
        painter.translate(-left * step, -top * step)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= BLOCKS_BELOW)
