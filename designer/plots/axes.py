"""The axes of a plot: times and large counts are written with their units, powers of ten sparsely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from core.units import count
from designer.plots.curves import Axis

_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


class _LogAxis(pg.AxisItem):  # type: ignore[misc]
    """On a logarithmic axis only 1, 2 and 5 of each power of ten are written: more would overlap."""

    picture: Any

    def paint(self, p: QPainter, opt: object, widget: object) -> None:
        """Draw line, ticks and texts. Not through a QPicture, as pyqtgraph does: playing one takes half a frame."""
        if self.picture is None:
            self.picture = self.generateDrawSpecs(p)
        if self.picture is not None:
            p.save()
            self.drawPicture(p, *self.picture)
            p.restore()

    def drawPicture(self, p: QPainter, axisSpec: Any, tickSpecs: Any, textSpecs: Any) -> None:
        """Draw line, ticks and texts; lines as filled rectangles, which is ten times as fast for pale ones."""
        p.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for pen, start, end in (axisSpec, *tickSpecs):
            across, down = end.x() - start.x(), end.y() - start.y()
            p.fillRect(QRectF(start.x(), start.y(), across or 1.0, down or 1.0).normalized(), pen.color())
        p.setPen(self.textPen())
        for rect, flags, text in textSpecs:
            p.drawText(rect, int(flags), text)

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the texts of ticks at ``10 ** value``; empty ones stay unlabelled."""
        numbers = [10.0**value * scale for value in values]
        digits = [round(10.0 ** (math.log10(number) % 1.0), 3) for number in numbers]
        shown = [digit in (1.0, 2.0, 5.0, 10.0) for digit in digits]
        return [self.text(number) if each else "" for number, each in zip(numbers, shown, strict=True)]

    def text(self, number: float) -> str:
        """Return the text of one tick."""
        return f"{number:.4g}"


class ValueAxis(_LogAxis):
    """The y axis."""


class PlaceAxis(_LogAxis):
    """The x axis; ``counts`` says what."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.counts: Axis = "epoch"

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the texts of ticks: times in one unit, samples and steps shortened to 10 k."""
        if self.logMode or self.counts == "epoch" or not values:
            texts: list[str] = super().tickStrings(values, scale, spacing)
            return texts
        if self.counts != "time":
            return [self.text(value) for value in values]
        farthest = max(abs(value) for value in values)
        size, unit = next((each for each in _UNITS if farthest >= 2 * each[0]), _UNITS[-1])
        return [f"{round(value / size, 6):g} {unit}" if value else "0" for value in values]

    def text(self, number: float) -> str:
        """Return the text of one tick."""
        if self.counts == "time":
            size, unit = next((each for each in _UNITS if number >= 2 * each[0]), _UNITS[-1])
            return f"{number / size:.3g} {unit}"
        return f"{number:.4g}" if self.counts == "epoch" else count(number)
