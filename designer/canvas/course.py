"""Where a wire runs that is led through points, and where on a wire a place lies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import hypot

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

_PULL = 0.38
"""How far the handles of the curve reach, as a share of the way to the next point."""
_SAMPLES = 24
_DOWN = QPointF(0, 1)


def through(start: QPointF, points: Sequence[QPointF], end: QPointF) -> QPainterPath:
    """Return the smooth curve from an output through points to an input; it leaves and arrives vertically."""
    path = QPainterPath(start)
    for _first, second, third, last in _pieces(start, points, end):
        path.cubicTo(second, third, last)
    return path


def _pieces(start: QPointF, points: Sequence[QPointF], end: QPointF) -> list[tuple[QPointF, QPointF, QPointF, QPointF]]:
    """Return the four points of each curve between two neighbouring knots."""
    knots = [start, *points, end]
    inner = [_direction(before, after) for before, after in zip(knots, knots[2:], strict=False)]
    ways = [_DOWN, *inner, _DOWN]
    pieces = []
    for number, (here, there) in enumerate(itertools.pairwise(knots)):
        reach = _PULL * hypot(there.x() - here.x(), there.y() - here.y())
        pieces.append((here, here + ways[number] * reach, there - ways[number + 1] * reach, there))
    return pieces


def _direction(before: QPointF, after: QPointF) -> QPointF:
    step = after - before
    length = hypot(step.x(), step.y())
    return step / length if length else _DOWN


def piece_at(start: QPointF, points: Sequence[QPointF], end: QPointF, place: QPointF) -> int:
    """Return between which knots a place lies: 0 before the first point, 1 behind it, and so on."""
    best, nearest = 0, float("inf")
    for number, (first, second, third, last) in enumerate(_pieces(start, points, end)):
        curve = QPainterPath(first)
        curve.cubicTo(second, third, last)
        for step in range(_SAMPLES + 1):
            away = curve.pointAtPercent(step / _SAMPLES) - place
            distance = hypot(away.x(), away.y())
            if distance < nearest:
                best, nearest = number, distance
    return best
