"""How a curve looks: its hue by run and head, its line by part, its text; shared by plots, legends and lists."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from designer.plots.curves import CurveKey, Part, RunCurves
from designer.theme import Theme

SWATCH = 16
"""Length of the piece of line in legends and lists, in pixels."""
_FAINT = 110
"""Opacity (of 255) of earlier runs and of single steps."""
_LINES = {"training": Qt.PenStyle.SolidLine, "validation": Qt.PenStyle.CustomDashLine, "steps": Qt.PenStyle.SolidLine}
_DASHES = [5.0, 3.0]


def hue(theme: Theme, run: RunCurves, output: str) -> QColor:
    """Return the colour shared by the training and validation curves of one head in one run."""
    outputs = run.outputs
    place = outputs.index(output) if output in outputs else 0
    return QColor(theme.series[(run.index * max(1, len(outputs)) + place) % len(theme.series)])


def pen(theme: Theme, run: RunCurves, key: CurveKey, *, faint: bool) -> QPen:
    """Return the pen of a curve: solid for training, dashed for validation, thin and pale for steps and old runs."""
    colour = hue(theme, run, key.output)
    if faint or key.part == "steps":
        colour.setAlpha(_FAINT // 2 if faint and key.part == "steps" else _FAINT)
    made: QPen = pg.mkPen(colour, width=1)
    made.setStyle(_LINES[key.part])
    if key.part == "validation":
        made.setDashPattern(_DASHES)
    return made


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
    thicker.setWidthF(1.6)
    if made.style() is Qt.PenStyle.CustomDashLine:
        thicker.setDashPattern([each / 2 for each in _DASHES])
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
    return quantity in {"accuracy", "balanced_accuracy"}


def value_text(quantity: str, value: float, digits: int = 4) -> str:
    """Write a value of a quantity with that many significant digits, a share in per cent: ``97.8 %``."""
    return f"{value * 100:.{digits}g} %" if as_percent(quantity) else f"{value:.{digits}g}"


def shown(runs: Sequence[RunCurves], quantity: str) -> list[tuple[RunCurves, CurveKey]]:
    """Return the curves of a quantity that have points, the newest run's last, so that it is drawn on top.

    Single steps are shown of the newest run only: of all runs they would hide everything.
    """
    order = ("steps", "training", "validation")
    return [
        (run, key)
        for run in runs
        for key in sorted(run.series, key=lambda each: (order.index(each.part), each.output))
        if key.quantity == quantity and len(run.series[key]) and (key.part != "steps" or run is runs[-1])
    ]
