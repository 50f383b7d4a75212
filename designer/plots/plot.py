"""One plot: every curve of one quantity, with a crosshair that reads them all and the mark of the best epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from designer import theme
from designer.plots import style
from designer.plots.curves import Axis, CurveKey, RunCurves
from designer.plots.legend import Entry, Legend
from designer.plots.smoothing import smooth

_ROOMY = 170
_LOW = 90
"""Heights of a plot, in pixels, from which on it has room for the name of its axis, and for the word "best"."""
_ANTIALIASED = 2000
"""Curves up to this many points are drawn antialiased; longer ones would cost too much."""


@dataclass(frozen=True)
class View:
    """How all plots show their curves."""

    axis: Axis = "epoch"
    log: bool = False
    smoothing: float = 0.0


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """The y axis. On a logarithmic one only 1, 2 and 5 of each power of ten are written: more would overlap."""

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the texts of ticks at ``10 ** value``; empty ones stay unlabelled."""
        texts = []
        for value in values:
            number = 10.0**value * scale
            digit = round(10.0 ** (math.log10(number) % 1.0), 3)
            texts.append(f"{number:.4g}" if digit in (1.0, 2.0, 5.0, 10.0) else "")
        return texts


class QuantityPlot(QWidget):
    """Draws one quantity. ``pointed`` gives the position under the mouse (or None), ``zoomed`` a range set by hand."""

    pointed = Signal(object)
    zoomed = Signal(float, float)
    reset_requested = Signal()

    def __init__(self, quantity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.quantity = quantity
        self.setObjectName(f"plot_{quantity}")
        self.setMinimumWidth(230)
        self._items: dict[tuple[int, CurveKey], pg.PlotDataItem] = {}
        self._drawn: dict[tuple[int, CurveKey], object] = {}
        self._shown: dict[tuple[int, CurveKey], NDArray[np.float64]] = {}
        self._curves: list[tuple[RunCurves, CurveKey]] = []
        self._view = View()
        self._newest: RunCurves | None = None
        self._at: float | None = None
        self._legend = Legend(style.quantity_text(quantity), self)
        self._plot = pg.PlotWidget(self, enableMenu=False, axisItems={"left": ValueAxis("left")})
        self._plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        # The menu that pyqtgraph makes all the same has no owner, and would outlive the plot.
        self._plot.plotItem.ctrlMenu.setParent(self, Qt.WindowType.Popup)
        self._plot.hideButtons()
        self._plot.setAccessibleName(self.tr("Plot of {0}").format(self._legend.title))
        self._plot.viewport().installEventFilter(self)
        self._plot.plotItem.vb.sigRangeChangedManually.connect(self._on_zoomed)
        self._plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        place = 0.92 if style.falls(quantity) else 0.1
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._best = pg.InfiniteLine(angle=90, movable=False, label=self.tr("best"), labelOpts={"position": place})
        for line in (self._crosshair, self._best):
            line.setVisible(False)
            self._plot.addItem(line, ignoreBounds=True)
        self._values = QLabel(self._plot)
        self._values.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._values.setAutoFillBackground(True)
        self._values.setMargin(theme.SPACE // 2)
        self._values.setFont(theme.scaled_font(self.font(), 0.9))
        self._values.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._plot, 1)
        theme.switch.changed.connect(self._restyle)
        self._restyle()

    @property
    def drawn(self) -> dict[tuple[int, CurveKey], pg.PlotDataItem]:
        """What is drawn: the plot items by run index and curve."""
        return self._items

    @property
    def axis(self) -> Axis:
        """What the x axis counts."""
        return self._view.axis

    @property
    def readout(self) -> str:
        """The text at the crosshair; empty while there is none."""
        return "" if self._values.isHidden() else self._values.text()

    def refresh(self, curves: Sequence[tuple[RunCurves, CurveKey]], newest: RunCurves | None, view: View) -> None:
        """Draw exactly these curves; those of runs other than ``newest`` are faint."""
        if view != self._view:
            self._plot.setLogMode(y=view.log)
            self._view = view
            self._label_axes()
        wanted = {(run.index, key) for run, key in curves}
        for gone in set(self._items) - wanted:
            self._plot.removeItem(self._items.pop(gone))
            self._drawn.pop(gone, None)
        self._curves = list(curves)
        self._newest = newest
        for run, key in curves:
            self._draw(run, key, faint=run is not newest)
        self._mark_best()
        self.point_at(self._at)

    def _draw(self, run: RunCurves, key: CurveKey, *, faint: bool) -> None:
        item = self._items.get((run.index, key))
        if item is None:
            item = pg.PlotDataItem(skipFiniteCheck=True)
            item.setClipToView(True)
            item.setDownsampling(auto=True, method="peak")
            self._items[run.index, key] = item
            self._plot.addItem(item)
        series = run.series[key]
        looks = (len(series), self._view, faint, theme.current().name, run.outputs)
        if self._drawn.get((run.index, key)) == looks:
            return
        self._drawn[run.index, key] = looks
        x, y = series.x(self._view.axis), smooth(series.values, self._view.smoothing)
        self._shown[run.index, key] = y
        if self._view.log:
            x, y = x[y > 0], y[y > 0]
        made = style.pen(theme.current(), run, key, faint=faint)
        item.opts["antialias"] = len(x) <= _ANTIALIASED
        item.setZValue((0 if faint else 2) + (key.part != "steps"))
        symbol = "o" if len(x) == 1 else None
        item.setData(x, y, pen=made, symbol=symbol, symbolSize=5, symbolBrush=made.color(), symbolPen=None)

    def _mark_best(self) -> None:
        newest = self._newest
        best = newest.best_epoch if newest is not None else None
        if newest is not None and best is not None and any(run is newest for run, _key in self._curves):
            self._best.setValue(best if self._view.axis == "epoch" else best * newest.steps_per_epoch)
            self._best.setVisible(True)
        else:
            self._best.setVisible(False)

    def reset(self) -> None:
        """Show everything again."""
        self._plot.enableAutoRange()

    def set_x_range(self, low: float, high: float) -> None:
        """Show this stretch of the x axis."""
        self._plot.setXRange(low, high, padding=0)

    @property
    def x_range(self) -> tuple[float, float]:
        """The stretch of the x axis that is shown."""
        low, high = self._plot.viewRange()[0]
        return float(low), float(high)

    def point_at(self, position: float | None) -> None:
        """Put the crosshair at this x position and show the values of all curves there; None hides it."""
        self._at = position
        if position is None or not self._curves:
            self._crosshair.setVisible(False)
            self._values.hide()
            self._show_legend(None)
            return
        at = self._snapped(position)
        self._crosshair.setValue(at)
        self._crosshair.setVisible(True)
        self._values.setText(self._table(at))
        self._values.adjustSize()
        self._place_values(at)
        self._values.show()
        self._show_legend(at)

    def _snapped(self, position: float) -> float:
        """Return the x of the nearest point of the newest run's best-sampled epoch curve, else of any curve."""
        whole = [(run, key) for run, key in self._curves if key.part != "steps"] or self._curves
        run, key = whole[-1]
        series = run.series[key]
        return float(series.x(self._view.axis)[series.nearest(position, self._view.axis)])

    def _table(self, at: float) -> str:
        unit = self.tr("epoch {0:.4g}") if self._view.axis == "epoch" else self.tr("step {0:,.0f}")
        muted = theme.current().text_muted
        rows = []
        several = len({run.index for run, _key in self._curves}) > 1
        room = max(1, (self._plot.height() - 40) // self.fontMetrics().lineSpacing() - 1)
        for run, key in [each for each in self._curves if each[1].part != "steps"][: -room - 1 : -1]:
            colour = style.hue(theme.current(), run, key.output).name()
            name = f"{run.name} · {style.curve_text(key)}" if several else style.curve_text(key)
            mark = "╌" if key.part == "validation" else "─"
            value = style.value_text(self.quantity, self._value_at(run, key, at))
            rows.append(
                f'<tr><td style="color:{colour}"><b>{mark}</b></td><td>&nbsp;{name}&nbsp;&nbsp;</td>'
                f'<td align="right">{value}</td></tr>'
            )
        return f'<span style="color:{muted}">{unit.format(at)}</span><table>{"".join(rows)}</table>'

    def _value_at(self, run: RunCurves, key: CurveKey, at: float) -> float:
        values = self._shown[run.index, key]
        return float(values[min(run.series[key].nearest(at, self._view.axis), len(values) - 1)])

    def _place_values(self, at: float) -> None:
        box = self._plot.plotItem.vb
        area = box.mapRectToScene(box.rect())
        x = box.mapViewToScene(QPointF(at, 0)).x()
        right = x < area.center().x()
        left = x + 8 if right else x - 8 - self._values.width()
        most = self._plot.width() - self._values.width()
        self._values.move(int(max(0, min(left, most))), int(area.top()) + 4)

    def _show_legend(self, at: float | None) -> None:
        entries = []
        for run, key in self._curves:
            if run is self._newest and key.part != "steps":
                value = self._value_at(run, key, at) if at is not None else float(run.series[key].values[-1])
                made = style.pen(theme.current(), run, key, faint=False)
                entries.append(Entry(made, style.curve_text(key), style.value_text(self.quantity, value, digits=3)))
        self._legend.show_entries(tuple(entries))

    def _label_axes(self) -> None:
        colour = theme.current().text_muted
        name = self.tr("epoch") if self._view.axis == "epoch" else self.tr("step")
        self._plot.setLabel("bottom", name, color=colour)
        self._plot.getAxis("bottom").showLabel(self._plot.height() >= _ROOMY)
        self._best.label.setVisible(self._plot.height() >= _LOW)
        axis = self._plot.getAxis("left")
        if style.as_percent(self.quantity) and not self._view.log:
            axis.setScale(100)
            self._plot.setLabel("left", "%", color=colour)
        else:
            axis.setScale(1)
            self._plot.setLabel("left", self.tr("log") if self._view.log else "", color=colour)
            axis.showLabel(self._view.log)

    def _restyle(self) -> None:
        colours = theme.current()
        self._plot.setBackground(colours.surface)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.border))
            axis.setTextPen(pg.mkPen(colours.text_muted))
            axis.setStyle(tickLength=-4, tickTextOffset=4)
            axis.enableAutoSIPrefix(False)
            axis.setGrid(40)
        self._crosshair.setPen(pg.mkPen(colours.text_muted))
        dotted = pg.mkPen(colours.success, style=Qt.PenStyle.DotLine)
        self._best.setPen(dotted)
        self._best.label.setColor(QColor(colours.success))
        self._values.setStyleSheet(
            f"background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.border};"
        )
        self._label_axes()
        for run, key in self._curves:
            self._draw(run, key, faint=run is not self._newest)
        self.point_at(self._at)

    def _on_zoomed(self, _mask: object) -> None:
        self.zoomed.emit(*self.x_range)

    def _on_mouse_moved(self, position: QPointF) -> None:
        box = self._plot.plotItem.vb
        inside = bool(self._curves) and box.sceneBoundingRect().contains(position)
        self.pointed.emit(float(box.mapSceneToView(position).x()) if inside else None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the name of the x axis where height is short: the button above tells it too."""
        super().resizeEvent(event)
        self._label_axes()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Hide the crosshair when the mouse leaves and show everything at a double click."""
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.reset_requested.emit()
            return True
        return False
