"""The canvas behind the network: its colour and the grid that nodes snap to."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from designer import theme
from designer.canvas.style import BLOCKS_BELOW, GRID

_STEPS = ((0.7, GRID), (0.35, 2 * GRID), (0.14, 5 * GRID))
"""From which zoom on the grid has which distance."""


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
        columns = range(int(rect.left() // step), int(rect.right() // step) + 2)
        rows = range(int(rect.top() // step), int(rect.bottom() // step) + 2)
        painter.drawPoints([QPointF(x * step, y * step) for y in rows for x in columns])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, zoom >= BLOCKS_BELOW)
