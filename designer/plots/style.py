"""How a curve looks: its hue by run and head, its line by part, its text; shared by plots, legends and lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from core.units import duration
from designer.plots.curves import RATE, Axis, CurveKey, Part, RunCurves
from designer.theme import Theme

SWATCH = 16
"""Length of the piece of line in legends and lists, in pixels."""
_FAINT = 110
"""Opacity (of 255) of earlier runs and of single steps."""
_DASHES = (5.0, 3.0)
_PATTERNS: tuple[tuple[float, ...], ...] = ((), (9.0, 4.0), (2.0, 3.0), (9.0, 3.0, 2.0, 3.0), (4.0, 2.0))
"""Of solid lines and dashes, what tells runs apart where colour cannot: in high contrast, and once colours repeat."""
_NEXT_HEAD = 3
"""How many colours further on the next head of a run has its own."""


def style_axes(plot: Any, colours: Theme, *, gap: int = 4, grid: int = 0) -> None:
    """Give the left and the lower axis of a plot the theme's colours, its numbers ``gap`` pixels from the ticks.

    ``grid`` is the opacity (of 255) of the lines across; 0: there are none.
    """
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(pg.mkPen(colours.border))
        axis.setTextPen(pg.mkPen(colours.text_muted))
        axis.setStyle(tickLength=-4, tickTextOffset=gap, maxTickLevel=1)
        axis.enableAutoSIPrefix(False)
        if grid:
            axis.setGrid(grid)


def hue(theme: Theme, run: RunCurves, output: str) -> QColor:
    """Return the colour shared by the training and validation curves of one head in one run.

    The first head (the total) has the run's own colour.
    """
    outputs = run.outputs
    place = outputs.index(output) if output in outputs else 0
    return QColor(theme.series[(run.index + _NEXT_HEAD * place) % len(theme.series)])


def pen(theme: Theme, run: RunCurves, key: CurveKey, *, faint: bool) -> QPen:
    """Return the pen of a curve: solid for training, dashed for validation, thin and pale for steps and old runs.

    In high contrast every run has dashes of its own, and validation a thicker line.
    """
    colour = hue(theme, run, key.output)
    if faint or key.part == "steps":
        colour.setAlpha(_FAINT // 2 if faint and key.part == "steps" else _FAINT)
    if key.quantity == RATE and not faint:
        colour.setAlpha(255)
    made: QPen = pg.mkPen(colour, width=1)
    pattern = _pattern(theme, run, key)
    if pattern:
        made.setDashPattern(pattern)
    if theme.name == "contrast" and key.part == "validation":
        made.setWidth(2)
    return made


def _pattern(theme: Theme, run: RunCurves, key: CurveKey) -> tuple[float, ...]:
    if theme.name == "contrast":
        return _PATTERNS[run.index % len(_PATTERNS)]
    lap = run.index // len(theme.series)
    if key.part == "validation":
        return _DASHES if not lap else (*_DASHES, 1.0, 3.0)
    return _PATTERNS[lap % len(_PATTERNS)]


def swatch(made: QPen) -> QIcon:
    """Return a short piece of the line as an icon."""
    pixmap = QPixmap(2 * (SWATCH + 2), 32)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_swatch(painter, made, QPointF(1, 8))
    painter.end()
    return QIcon(pixmap)


def draw_swatch(painter: QPainter, made: QPen, left: QPointF) -> None:
    """Draw the piece of line from its left end."""
    thicker = QPen(made)
    thicker.setWidthF(1.6 if made.width() < 2 else 2.6)
    if made.style() is Qt.PenStyle.CustomDashLine:
        thicker.setDashPattern([each / 2 for each in made.dashPattern()])
    painter.setPen(thicker)
    painter.drawLine(left, left + QPointF(SWATCH, 0))


def part_text(part: Part) -> str:
    """Return the name of a part as the user reads it."""
    texts = {
        "training": QCoreApplication.translate("Curves", "training"),
        "validation": QCoreApplication.translate("Curves", "validation"),
        "steps": QCoreApplication.translate("Curves", "each step"),
    }
    return texts[part]


def quantity_text(quantity: str) -> str:
    """Return the title of a quantity: "loss", or the metric's own title."""
    from core.training.metrics import metrics

    kind = metrics.find(quantity)
    return kind.title if kind is not None else quantity.replace("_", " ").capitalize()


def curve_text(key: CurveKey) -> str:
    """Return a curve's name within its plot: the part, with the head where it is not the total."""
    return f"{part_text(key.part)} · {key.output}" if key.output else part_text(key.part)


def falls(quantity: str) -> bool:
    """Return True for a quantity that training makes smaller."""
    from core.training.metrics import metrics

    kind = metrics.find(quantity)
    return kind is None or kind.better == "lower"


def as_percent(quantity: str) -> bool:
    """Return True for a metric that is a share of the samples, which people read in per cent."""
    from core.training.metrics import metrics

    kind = metrics.find(quantity)
    return kind is not None and kind.percent


def value_text(quantity: str, value: float, digits: int = 4) -> str:
    """Write a value of a quantity with that many significant digits, a share in per cent: ``97.8 %``."""
    return f"{value * 100:.{digits}g} %" if as_percent(quantity) else f"{value:.{digits}g}"


def axis_text(axis: Axis) -> str:
    """Return the name of what the x axis counts."""
    texts = {
        "epoch": QCoreApplication.translate("Curves", "epoch"),
        "step": QCoreApplication.translate("Curves", "step"),
        "samples": QCoreApplication.translate("Curves", "samples"),
        "time": QCoreApplication.translate("Curves", "time"),
    }
    return texts[axis]


def place_text(axis: Axis, place: float) -> str:
    """Write a position on an axis: ``epoch 3``, ``step 1,200``, ``2 min 3 s``."""
    if axis == "time":
        return duration(place)
    number = f"{place:.4g}" if axis == "epoch" and place < 1000 else f"{place:,.0f}"
    return f"{number} {axis_text(axis)}" if axis == "samples" else f"{axis_text(axis)} {number}"


def shown(runs: Sequence[RunCurves], quantity: str, *, all_steps: bool = False) -> list[tuple[RunCurves, CurveKey]]:
    """Return the curves of a quantity that have points, the newest run's last, so that it is drawn on top.

    Single steps are shown of the newest run only unless ``all_steps``: of all runs they may hide everything. The
    learning rate is known of steps only, and shown of all.
    """
    order = ("steps", "training", "validation")
    every = all_steps or quantity == RATE
    return [
        (run, key)
        for run in runs
        for key in sorted(run.series, key=lambda each: (order.index(each.part), each.output))
        if key.quantity == quantity and len(run.series[key]) and (every or key.part != "steps" or run is runs[-1])
    ]


def is_read(key: CurveKey) -> bool:
    """Return True for a curve whose values stand in legends; those of single steps are too noisy for that."""
    return key.part != "steps" or key.quantity == RATE
