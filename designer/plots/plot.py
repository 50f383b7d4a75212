"""One plot: every curve of one quantity, with a crosshair that reads them all, best epochs and marks of changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QToolTip, QVBoxLayout, QWidget

from designer import theme
from designer.plots import style
from designer.plots.axes import PlaceAxis, ValueAxis
from designer.plots.box import PlotBox
from designer.plots.curves import Axis, CurveKey, RunCurves, nearest
from designer.plots.item import CurveItem
from designer.plots.legend import Entry, Legend
from designer.plots.marks import Marks
from designer.plots.readout import Readout
from designer.plots.smoothing import smooth
from designer.plots.style import style_axes

_ROOMY = 170
_LOW = 90
"""Heights of a plot, in pixels, from which on it has room for the name of its axis, and for the word "best"."""

Shown = Sequence[tuple[RunCurves, CurveKey]]


@dataclass(frozen=True)
class View:
    """How all plots show their curves; with ``follow`` a stretch that was zoomed into moves along with a live run."""

    axis: Axis = "epoch"
    log: bool = False
    smoothing: float = 0.0
    log_x: bool = False
    follow: bool = False


class QuantityPlot(QWidget):
    """Draws one quantity. ``pointed`` gives the position under the mouse (or None), ``zoomed`` a range set by hand.

    ``toggled`` gives the key of a curve that is to be hidden or shown.
    """

    pointed = Signal(object)
    zoomed = Signal(float, float)
    reset_requested = Signal()
    toggled = Signal(object)

    def __init__(self, quantity: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.quantity = quantity
        self.setObjectName(f"plot_{quantity}")
        self.setMinimumWidth(200)
        self._items: dict[tuple[int, CurveKey], CurveItem] = {}
        self._looks: dict[tuple[int, CurveKey], object] = {}
        self._curves: Shown = ()
        self._hidden: Shown = ()
        self._view = View()
        self._newest: RunCurves | None = None
        self._faint = False
        self._at: float | None = None
        self._end: float | None = None
        self._legend = Legend(style.quantity_text(quantity), self)
        self._box = PlotBox(enableMenu=False)
        self._places = PlaceAxis()
        axes = {"left": ValueAxis("left"), "bottom": self._places}
        self._plot = pg.PlotWidget(self, enableMenu=False, viewBox=self._box, axisItems=axes)
        self._marks = Marks()
        place = 0.92 if style.falls(quantity) else 0.1
        self._crosshair = pg.InfiniteLine(angle=90, movable=False)
        self._best = pg.InfiniteLine(angle=90, movable=False, label=self.tr("best"), labelOpts={"position": place})
        self._dots = pg.ScatterPlotItem(size=8, symbol="star")
        self._values = Readout(self._plot)
        self._set_up()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._legend)
        layout.addWidget(self._plot, 1)
        theme.switch.changed.connect(self._restyle)
        self._restyle()

    def _set_up(self) -> None:
        self._plot.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        # The menu that pyqtgraph makes all the same has no owner, and would outlive the plot.
        self._plot.plotItem.ctrlMenu.setParent(self, Qt.WindowType.Popup)
        self._plot.hideButtons()
        self._plot.setAccessibleName(self.tr("Plot of {0}").format(self._legend.title))
        self._plot.viewport().installEventFilter(self)
        self._plot.installEventFilter(self)
        self._box.sigRangeChangedManually.connect(self._on_zoomed)
        self._box.reset_requested.connect(self.reset_requested)
        self._plot.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self._legend.toggled.connect(self.toggled)
        for line in (self._crosshair, self._best):
            line.setVisible(False)
            self._plot.addItem(line, ignoreBounds=True)
        for item in (self._marks, self._dots):
            self._plot.addItem(item, ignoreBounds=True)
        self._dots.setZValue(6)

    @property
    def drawn(self) -> dict[tuple[int, CurveKey], CurveItem]:
        """What is drawn: the curves by run index and key."""
        return self._items

    @property
    def legend(self) -> Legend:
        """The line above the plot."""
        return self._legend

    @property
    def marks(self) -> Marks:
        """The marks of what was changed while training."""
        return self._marks

    @property
    def view(self) -> View:
        """How the curves are shown."""
        return self._view

    @property
    def axis(self) -> Axis:
        """What the x axis counts."""
        return self._view.axis

    @property
    def readout(self) -> str:
        """The text at the crosshair; empty while there is none."""
        return "" if self._values.isHidden() else self._values.text()

    def refresh(
        self, curves: Shown, newest: RunCurves | None, view: View, *, hidden: Shown = (), faint: bool = True
    ) -> None:
        """Draw exactly these curves; where ``faint``, those of runs other than ``newest`` step back.

        ``hidden`` are curves of the newest run that are not drawn but stay in the legend.
        """
        if view != self._view:
            other_axis = (view.axis, view.log_x) != (self._view.axis, self._view.log_x)
            self._view = view
            self._places.counts = view.axis
            self._plot.setLogMode(x=view.log_x, y=view.log)
            self._end = None if other_axis else self._end
            self._label_axes()
        wanted = {(run.index, key) for run, key in curves}
        for gone in set(self._items) - wanted:
            self._plot.removeItem(self._items.pop(gone))
            self._looks.pop(gone, None)
        self._curves, self._hidden, self._newest, self._faint = tuple(curves), tuple(hidden), newest, faint
        for run, key in curves:
            self._draw(run, key)
        runs = list({id(run): run for run, _key in curves}.values())
        self._marks.show_runs(runs, view.axis, log=view.log_x)
        self._mark_best(runs)
        self._follow()
        self.point_at(self._at)

    def _draw(self, run: RunCurves, key: CurveKey) -> None:
        item = self._items.get((run.index, key))
        if item is None:
            item = self._items[run.index, key] = CurveItem()
            self._plot.addItem(item)
        faint = self._faint and run is not self._newest
        shape = (id(run), len(run.series[key]), self._view)
        if self._looks.get((run.index, key)) != shape:
            self._looks[run.index, key] = shape
            values = smooth(run.series[key].values, self._view.smoothing)
            item.set_points(run.x(key, self._view.axis), values, log_x=self._view.log_x, log_y=self._view.log)
        item.set_pen(style.pen(theme.current(), run, key, faint=faint))
        item.setZValue((0 if faint else 2) + (key.part != "steps"))

    def _mark_best(self, runs: Sequence[RunCurves]) -> None:
        newest = self._newest
        self._best.setVisible(newest in runs and newest is not None and newest.best_epoch is not None)
        if newest is not None and newest.best_epoch is not None:
            place = self._best_place(newest)
            self._best.setVisible(self._best.isVisible() and place is not None)
            if place is not None:
                self._best.setValue(place)
        dots = []
        for run, key in self._curves:
            place = self._best_place(run)
            self._items[run.index, key].reach_to(place)
            if key.part == "validation" and place is not None and len(self._items[run.index, key].places[0]):
                x, y = self._items[run.index, key].places
                at = nearest(x, place)
                brush = style.hue(theme.current(), run, key.output)
                dots.append({"pos": (x[at], y[at]), "brush": brush, "pen": pg.mkPen(theme.current().surface)})
        self._dots.setData(dots)

    def _best_place(self, run: RunCurves) -> float | None:
        if run.best_epoch is None:
            return None
        return self._in_plot(run.place(run.best_epoch, run.best_epoch * run.steps_per_epoch, self._view.axis))

    def _in_plot(self, place: float) -> float | None:
        """Return where a place on the axis lies in the plot; None where a logarithmic axis cannot show it."""
        if not self._view.log_x:
            return place
        return math.log10(place) if place > 0 else None

    def _follow(self) -> None:
        """Move a stretch that was zoomed into along with the newest run's end."""
        ends = [self._items[run.index, key].places[0] for run, key in self._curves if run is self._newest]
        end = max((float(x[-1]) for x in ends if len(x)), default=None)
        before, self._end = self._end, end
        if self._view.follow and end is not None and not self._box.autoRangeEnabled()[0] and before != end:
            low, high = self.x_range
            self.set_x_range(end - (high - low), end)

    def draw(self, painter: QPainter) -> None:
        """Draw all that is shown as lines and text, in the widget's own coordinates."""
        painter.save()
        painter.translate(self._legend.pos())
        self._legend.draw(painter)
        painter.restore()
        place = self._plot.geometry()
        self._plot.render(painter, QRectF(place), self._plot.viewport().rect())

    def reset(self) -> None:
        """Show everything again."""
        self._plot.enableAutoRange()

    def set_x_range(self, low: float, high: float) -> None:
        """Show this stretch of the x axis."""
        self._plot.setXRange(low, high, padding=0)

    @property
    def x_range(self) -> tuple[float, float]:
        """The stretch of the x axis that is shown (exponents of ten on a logarithmic axis)."""
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
        inside = self._in_plot(at)
        if inside is not None:
            self._crosshair.setValue(inside)
        self._crosshair.setVisible(True)
        lines = [(run, key, self._value_at(run, key, at)) for run, key in self._curves if style.is_read(key)]
        area = self._box.mapRectToScene(self._box.rect())
        self._values.show_lines(self.quantity, style.place_text(self.axis, at), lines, self._notes(position), area)
        self._values.stand_beside(self._box.mapViewToScene(QPointF(inside or 0.0, 0)).x(), area, self._plot.width())
        self._values.show()
        self._show_legend(at)

    def tip_at(self, position: float) -> str:
        """Return what was changed at an x position, for a tool tip; empty where nothing was."""
        return "\n".join(self._notes(position))

    def _notes(self, position: float) -> list[str]:
        inside = self._in_plot(position)
        pixel = self._box.viewPixelSize()[0]
        return [] if inside is None else [each.text for each in self._marks.near(inside, pixel)]

    def _snapped(self, position: float) -> float:
        """Return the x of the nearest point of the newest run's best-sampled epoch curve, else of any curve."""
        whole = [(run, key) for run, key in self._curves if key.part != "steps"] or self._curves
        run, key = whole[-1]
        x, _values = self._items[run.index, key].points
        return float(x[nearest(x, position)]) if len(x) else position

    def _value_at(self, run: RunCurves, key: CurveKey, at: float) -> float:
        x, values = self._items[run.index, key].points
        return float(values[nearest(x, at)]) if len(x) else math.nan

    def _show_legend(self, at: float | None) -> None:
        entries = []
        off = {key for _run, key in self._hidden}
        for run, key in sorted((*self._curves, *self._hidden), key=lambda each: (each[1].part, each[1].output)):
            if run is self._newest and style.is_read(key):
                hidden = key in off
                value = float(run.series[key].values[-1]) if at is None or hidden else self._value_at(run, key, at)
                made = style.pen(theme.current(), run, key, faint=False)
                text = style.value_text(self.quantity, value, digits=3)
                entries.append(Entry(key, made, style.curve_text(key), text, hidden))
        self._legend.show_entries(tuple(entries))

    def _label_axes(self) -> None:
        colour = theme.current().text_muted
        self._plot.setLabel("bottom", style.axis_text(self.axis), color=colour)
        self._places.showLabel(self._plot.height() >= _ROOMY)
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
        style_axes(self._plot, colours, grid=40)
        self._crosshair.setPen(pg.mkPen(colours.text_muted))
        dotted = pg.mkPen(colours.success, style=Qt.PenStyle.DotLine)
        self._best.setPen(dotted)
        self._best.label.setColor(QColor(colours.success))
        self._values.restyle()
        self._label_axes()
        self.refresh(self._curves, self._newest, self._view, hidden=self._hidden, faint=self._faint)

    def _on_zoomed(self, _mask: object) -> None:
        self.zoomed.emit(*self.x_range)

    def _on_mouse_moved(self, position: QPointF) -> None:
        inside = bool(self._curves) and self._box.sceneBoundingRect().contains(position)
        if not inside:
            self.pointed.emit(None)
            return
        x = float(self._box.mapSceneToView(position).x())
        self.pointed.emit(10.0**x if self._view.log_x else x)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the name of the x axis where height is short: the button above tells it too."""
        super().resizeEvent(event)
        self._label_axes()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Hide the crosshair when the mouse leaves, show all at a double click, take the keys, say what flags mean."""
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(None)
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.reset_requested.emit()
            return True
        elif isinstance(event, QHelpEvent):
            inside = self._box.mapSceneToView(QPointF(self._plot.mapToScene(event.pos()))).x()
            QToolTip.showText(event.globalPos(), self.tip_at(10.0**inside if self._view.log_x else inside), self._plot)
            return True
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._plot:
            return self._box.press(event)
        return False
