"""What happened to runs while they trained, as thin lines across a plot that say in a tool tip what it was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from designer import theme
from designer.plots import style
from designer.plots.curves import Axis, Mark, RunCurves

_FLAG = 8.0
_NEAR = 5.0
"""Pixels within which a mark is said to be at a place."""


@dataclass(frozen=True)
class Placed:
    """A mark with where it is in the plot, and what it says."""

    x: float
    colour: QColor
    text: str


class Marks(pg.GraphicsObject):  # type: ignore[misc]
    """Draws a dashed line with a flag at its top for every mark; it takes no part in what the plot fits to."""

    def __init__(self) -> None:
        super().__init__()
        self.placed: tuple[Placed, ...] = ()
        self.setZValue(5)

    def show_runs(self, runs: Sequence[RunCurves], axis: Axis, *, log: bool) -> None:
        """Show the marks of these runs on an axis."""
        several = len(runs) > 1
        placed = [_placed(run, mark, axis, several) for run in runs for mark in run.marks]
        if log:
            placed = [Placed(math.log10(each.x), each.colour, each.text) for each in placed if each.x > 0]
        if tuple(placed) != self.placed:
            self.placed = tuple(placed)
            self.prepareGeometryChange()
            self.update()

    def near(self, x: float, pixel: float) -> tuple[Placed, ...]:
        """Return the marks within a few pixels of a place; ``pixel`` is how wide one is."""
        return tuple(each for each in self.placed if abs(each.x - x) <= _NEAR * pixel)

    def boundingRect(self) -> QRectF:
        """All that is shown: the lines reach from edge to edge."""
        return QRectF(self.viewRect()) if self.getViewBox() is not None else QRectF()

    def shape(self) -> QPainterPath:
        """Nothing that would catch the mouse."""
        return QPainterPath()

    def viewRangeChanged(self) -> None:
        """Follow the view."""
        self.prepareGeometryChange()
        self.update()

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: object = None) -> tuple[None, None]:
        """Marks do not make the plot wider."""
        return (None, None)

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the lines, then the flags in pixels."""
        if not self.placed:
            return
        shown = self.viewRect()
        matrix = painter.transform()
        painter.resetTransform()
        for each in self.placed:
            top, bottom = matrix.map(QPointF(each.x, shown.bottom())), matrix.map(QPointF(each.x, shown.top()))
            painter.setPen(pg.mkPen(each.colour, width=1, style=Qt.PenStyle.DashLine))
            painter.drawLine(top, bottom)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(each.colour)
            painter.drawPolygon(QPolygonF([top, top + QPointF(_FLAG, _FLAG / 2), top + QPointF(0, _FLAG)]))
        painter.setTransform(matrix)


def _placed(run: RunCurves, mark: Mark, axis: Axis, several: bool) -> Placed:
    x = run.place(mark.epoch, mark.step, axis)
    at = style.place_text(axis, x)
    text = f"{run.name} · {at}: {mark.text}" if several else f"{at}: {mark.text}"
    return Placed(x, style.hue(theme.current(), run, ""), text)
