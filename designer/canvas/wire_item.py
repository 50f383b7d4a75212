"""Wires: how they run, and the item that shows one (painted by Qt alone, without a Python call)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from core.graph.project import End, Point
from designer.canvas.course import through

_BEND, _LEAST_BEND = 0.5, 18.0
_LANE = 14.0
_ENTRY = 46.0
_SAMPLES = 16
STEM = 26.0
"""How far a wire runs straight down first: past the shape that is written at the output."""
LONG = 110.0
"""A wire higher than this (scene units) may have nodes in its way."""


class WireItem(QGraphicsPathItem):
    """A link as drawn, from an output down to an input."""

    def __init__(self, source: End, target: End) -> None:
        super().__init__()
        self.source = source
        self.target = target
        self.setZValue(0)

    def set_ends(
        self, start: QPointF, end: QPointF, obstacles: Sequence[QRectF] = (), points: Sequence[Point] = ()
    ) -> None:
        """Run between two places, through points where there are any, else around the cards in the way."""
        if points:
            self.setPath(through(start, [QPointF(x, y) for x, y in points], end))
        else:
            self.setPath(route(start, end, obstacles))

    def set_pen(self, pen: QPen) -> None:
        """Take a pen and lie above the other wires where it is not the ordinary one."""
        self.setPen(pen)
        self.setZValue(0.5 if pen.widthF() > 2 or pen.style() is not Qt.PenStyle.SolidLine else 0)


def direct(start: QPointF, end: QPointF) -> QPainterPath:
    """Return the curve between an output and an input with nothing in the way; it leaves and arrives vertically."""
    path = QPainterPath(start)
    stem, bend = _turn(start, end)
    x, y, end_x, end_y = start.x(), start.y() + stem, end.x(), end.y()
    if stem:
        path.lineTo(x, y)
    path.cubicTo(x, y + bend, end_x, end_y - bend, end_x, end_y)
    return path


def _turn(start: QPointF, end: QPointF) -> tuple[float, float]:
    """Return how far a wire runs straight down first, and how far the curve's handles reach."""
    drop = end.y() - start.y()
    if drop < 0:
        return 0.0, min(max(-drop * _BEND, _LEAST_BEND), 90.0) + 30.0
    stem = STEM if drop > 2 * STEM else 0.0
    return stem, max((drop - stem) * _BEND, _LEAST_BEND)


def route(start: QPointF, end: QPointF, obstacles: Sequence[QRectF] = ()) -> QPainterPath:
    """Return the path of a wire; where cards are in its way it takes the nearest free lane beside them."""
    if not obstacles or end.y() - start.y() < LONG or not _hits(start, end, obstacles):
        return direct(start, end)
    upper, lower = start.y() + _ENTRY, end.y() - _ENTRY
    lane = _free_lane(start, end, upper, lower, obstacles)
    if lane is None:
        return direct(start, end)
    around = QPainterPath(start)
    bend = QPointF(0, _ENTRY * 0.6)
    entry, leave = QPointF(lane, upper), QPointF(lane, lower)
    around.lineTo(start + QPointF(0, STEM / 2))
    around.cubicTo(start + bend, entry - bend, entry)
    around.lineTo(leave)
    around.cubicTo(leave + bend, end - bend, end)
    return around


def _hits(start: QPointF, end: QPointF, obstacles: Sequence[QRectF]) -> bool:
    """True where the direct curve runs through one of the rectangles."""
    stem, bend = _turn(start, end)
    left, top, right, bottom = start.x(), start.y() + stem, end.x(), end.y()
    points = []
    for step in range(_SAMPLES + 1):
        t = step / _SAMPLES
        u = 1 - t
        x = left + (right - left) * t * t * (3 - 2 * t)
        y = u * u * u * top + 3 * u * u * t * (top + bend) + 3 * u * t * t * (bottom - bend) + t * t * t * bottom
        points.append((x, y))
    return any(rect.contains(x, y) for rect in obstacles for x, y in points)


def _free_lane(start: QPointF, end: QPointF, upper: float, lower: float, obstacles: Sequence[QRectF]) -> float | None:
    blocks = [rect for rect in obstacles if rect.bottom() > upper and rect.top() < lower]
    candidates = [start.x(), end.x()]
    for rect in blocks:
        candidates += (rect.left() - _LANE, rect.right() + _LANE)
    free = [x for x in candidates if not any(rect.left() - 6 < x < rect.right() + 6 for rect in blocks)]
    return min(free, key=lambda x: (abs(x - start.x()) + abs(x - end.x()), -x), default=None)
