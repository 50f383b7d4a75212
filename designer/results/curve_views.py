"""ROC and precision-recall curves with their areas, and calibration: how sure against how often right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from designer import theme
from designer.results.plotting import SmallPlot
from designer.widgets import ElidedLabel

if TYPE_CHECKING:
    from core.training.results.curves import Calibration, Curve

_NAMED = 12
"""Curves of more classes are all drawn in one pale colour, until one is chosen."""


class _CurvePlot(SmallPlot):
    """The ROC or the precision-recall curves of all classes; one that is chosen stands out."""

    def __init__(self, name: str, title: str, axes: tuple[str, str], *, recall: bool) -> None:
        self._recall = recall
        self._heading = title
        self.curves: tuple[Curve, ...] = ()
        self.chosen: int | None = None
        super().__init__(name, title, *axes)
        self.plot.setXRange(0, 1, padding=0.02)
        self.plot.setYRange(0, 1, padding=0.06)
        self.plot.setMouseEnabled(False, False)

    def show_curves(self, curves: Sequence[Curve], chosen: int | None) -> None:
        """Show the curves of all classes, or of one above the pale others."""
        self.curves, self.chosen = tuple(curves), chosen
        areas = [each.average_precision if self._recall else each.auroc for each in self.curves]
        area = areas[chosen] if chosen is not None else _mean(areas)
        what = self.tr("area") if chosen is not None or len(areas) == 1 else self.tr("mean area")
        text = self._heading if math.isnan(area) else f"{self._heading} · {what} {area:.4f}"
        self.title.setText(text)
        self.setAccessibleDescription(text)
        self.restyle()

    def draw(self) -> None:
        """Draw the curves, and what chance would give."""
        colours = theme.current()
        if not self._recall:
            self.line([0, 1], [0, 1], colours.text_muted, width=1, dashed=True)
        order = [place for place in range(len(self.curves)) if place != self.chosen]
        for place in (*order, *([] if self.chosen is None else [self.chosen])):
            x, y = self.curves[place].precision_recall if self._recall else self.curves[place].roc
            if self._recall:
                x, y = np.repeat(x, 2)[:-1], np.repeat(y, 2)[1:]
            many = len(self.curves) > _NAMED
            colour = colours.accent if many else colours.series[place % len(colours.series)]
            faint = (self.chosen is not None and place != self.chosen) or (many and place != self.chosen)
            self.line(x, y, colour, width=2 if place == self.chosen else 1.3, faint=faint)


class CurvesView(QWidget):
    """Both kinds of curves side by side, with a chooser of the class."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("class_curves")
        self.choice = QComboBox()
        self.choice.setObjectName("curve_class")
        self.choice.setAccessibleName(self.tr("Class"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(14)
        self.areas = ElidedLabel()
        self.roc = _CurvePlot(
            "roc", self.tr("ROC"), (self.tr("false positive rate"), self.tr("true positive rate")), recall=False
        )
        self.recall = _CurvePlot(
            "precision_recall", self.tr("Precision and recall"), (self.tr("recall"), self.tr("precision")), recall=True
        )
        top = QHBoxLayout()
        top.addWidget(self.choice)
        top.addWidget(self.areas, 1)
        row = QHBoxLayout()
        row.addWidget(self.roc)
        row.addWidget(self.recall)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(top)
        column.addLayout(row, 1)
        self.curves: tuple[Curve, ...] = ()
        self.choice.currentIndexChanged.connect(self._refresh)
        theme.switch.changed.connect(self._restyle)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Show other curves; the class that was chosen stays chosen where there is one of its name."""
        before = self.choice.currentText()
        self.curves = tuple(curves)
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItem(self.tr("All classes"))
            for curve in self.curves:
                self.choice.addItem(_swatch(self.choice.count() - 1, len(self.curves)), curve.name)
            self.choice.setCurrentIndex(max(self.choice.findText(before), 0))
            self.choice.setVisible(len(self.curves) > 1)
        self._refresh()

    def _restyle(self) -> None:
        self.show_curves(self.curves)

    def _refresh(self) -> None:
        place = self.choice.currentIndex() - 1
        chosen = place if 0 <= place < len(self.curves) else None
        self.roc.show_curves(self.curves, chosen)
        self.recall.show_curves(self.curves, chosen)
        one = self.curves[chosen] if chosen is not None else self.curves[0] if len(self.curves) == 1 else None
        text = ""
        if one is not None:
            text = self.tr("{0} samples of “{1}” · AUROC {2} · average precision {3}").format(
                f"{one.positives:g}", one.name, f"{one.auroc:.4f}", f"{one.average_precision:.4f}"
            )
        self.areas.setText(text)

    def csv_rows(self) -> list[list[str]]:
        """Return all points of all curves as they are written to a file."""
        rows = [["class", "curve", "x", "y"]]
        for curve in self.curves:
            for name, (x, y) in (("roc", curve.roc), ("precision-recall", curve.precision_recall)):
                rows += [[curve.name, name, repr(a), repr(b)] for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        return rows


class CalibrationView(SmallPlot):
    """How often the network was right among the answers it was as sure of; on the line both agree."""

    def __init__(self) -> None:
        self.calibration: Calibration | None = None
        super().__init__("calibration", "", "", "")
        self._names = (self.tr("probability of the answer"), self.tr("share that was right"))
        self.setAccessibleName(self.tr("Calibration"))
        self.plot.setXRange(0, 1, padding=0.02)
        self.plot.setYRange(0, 1, padding=0.06)
        self.plot.setMouseEnabled(False, False)

    def show_calibration(self, calibration: Calibration | None) -> None:
        """Show another network's."""
        self.calibration = calibration
        text = self.tr("Calibration")
        if calibration is not None and not math.isnan(calibration.error):
            text = self.tr("Calibration · expected error {0} · pale bars: share of the samples").format(
                f"{calibration.error:.4f}"
            )
        self.title.setText(text)
        self.setAccessibleDescription(text)
        self.restyle()

    def draw(self) -> None:
        """Draw the line, how many samples there are, and how often they were right."""
        found, colours = self.calibration, theme.current()
        self.line([0, 1], [0, 1], colours.text_muted, width=1, dashed=True)
        if found is None:
            return
        edges, counts = np.array(found.edges), np.array(found.counts)
        pale = QColor(colours.text_muted)
        pale.setAlpha(50)
        shares = counts / max(float(counts.sum()), 1.0)
        self.plot.addItem(pg.BarGraphItem(x0=edges[:-1], x1=edges[1:], height=shares, brush=pale, pen=None))
        there = counts > 0
        x, y = np.array(found.confidence)[there], np.array(found.accuracy)[there]
        self.line(x, y, colours.accent, width=2)
        self.plot.addItem(pg.ScatterPlotItem(x, y, size=7, pen=None, brush=pg.mkBrush(colours.accent)))

    def csv_rows(self) -> list[list[str]]:
        """Return the bins as they are written to a file."""
        rows = [["from", "to", "samples", "probability", "right"]]
        found = self.calibration
        if found is None:
            return rows
        bins: Any = zip(found.edges, found.edges[1:], found.counts, found.confidence, found.accuracy, strict=False)
        return rows + [[repr(each) for each in line] for line in bins]


def _mean(values: Sequence[float]) -> float:
    known = [each for each in values if not math.isnan(each)]
    return sum(known) / len(known) if known else math.nan


def _swatch(place: int, count: int) -> QIcon:
    if count > _NAMED:
        return QIcon()
    pixmap = QPixmap(12, 12)
    series = theme.current().series
    pixmap.fill(QColor(series[place % len(series)]))
    return QIcon(pixmap)
