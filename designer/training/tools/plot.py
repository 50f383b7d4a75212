"""The plot of a trial: a loss over steps or over rates, the raw values faint, and a marker that can be moved."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent

from designer import theme
from designer.plots.axes import PlaceAxis, ValueAxis
from designer.plots.box import PlotBox
from designer.plots.item import CurveItem
from designer.plots.style import style_axes

_FAINT = 90
_HEADROOM = 0.25
_DECADE_STEP = 0.05
"""By how many powers of ten an arrow key moves the marker."""


class TrialPlot(pg.PlotWidget):  # type: ignore[misc]
    """Draws a trial. ``marked`` gives the x of the marker after the user has moved it, by mouse or arrow keys."""

    marked = Signal(float)

    def __init__(self, name: str, below: str, *, log_x: bool = False) -> None:
        self._box = PlotBox(enableMenu=False)
        axes = {"left": ValueAxis("left"), "bottom": PlaceAxis()}
        super().__init__(enableMenu=False, viewBox=self._box, axisItems=axes)
        # The menu that pyqtgraph makes all the same has no owner, and would outlive the plot.
        self.plotItem.ctrlMenu.setParent(self, Qt.WindowType.Popup)
        self.setAccessibleName(name)
        self.setObjectName("trial_plot")
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumHeight(180)
        self.hideButtons()
        self.setMouseEnabled(x=False, y=False)
        self._log_x = log_x
        self._below = below
        self.setLogMode(x=log_x, y=False)
        self.raw, self.curve = CurveItem(), CurveItem()
        self.marker = pg.InfiniteLine(angle=90, movable=True, label="", labelOpts={"position": 0.9})
        self.marker.hide()
        for item in (self.raw, self.curve):
            self.addItem(item)
        self.addItem(self.marker, ignoreBounds=True)
        self.marker.sigPositionChanged.connect(self._show_label)
        self.marker.sigDragged.connect(lambda _line: self.marked.emit(self.mark))
        theme.switch.changed.connect(self._restyle)
        self._restyle()

    def show_losses(self, places: Sequence[float], losses: Sequence[float], smooth: Sequence[float]) -> None:
        """Draw these; the axis shows how the loss falls, and not how far it explodes afterwards."""
        x = np.asarray(places, dtype=np.float64)
        self.raw.set_points(x, np.asarray(losses, dtype=np.float64), log_x=self._log_x)
        self.curve.set_points(x, np.asarray(smooth, dtype=np.float64), log_x=self._log_x)
        finite = [each for each in smooth if math.isfinite(each)]
        if len(finite) < 2:
            return
        low, high = min(finite), max(finite[: max(2, len(finite) // 2)])
        room = max(high - low, 1e-9) * _HEADROOM
        self._box.setYRange(low - room, high + room, padding=0)
        ends = (math.log10(x[0]), math.log10(x[-1])) if self._log_x else (x[0], x[-1])
        self._box.setXRange(*ends, padding=0.02)
        self.marker.setBounds(ends)

    @property
    def mark(self) -> float:
        """Where the marker is."""
        place = float(self.marker.value())
        return 10.0**place if self._log_x else place

    def set_mark(self, place: float | None) -> None:
        """Put the marker somewhere, or take it away."""
        self.marker.setVisible(place is not None)
        if place is not None:
            self.marker.setValue(math.log10(place) if self._log_x else place)
            self._show_label()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move the marker by Left and Right."""
        steps = {Qt.Key.Key_Left: -_DECADE_STEP, Qt.Key.Key_Right: _DECADE_STEP}
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self.marker.isVisible():
            event.ignore()
            return
        self.marker.setValue(self.marker.value() + step)
        self.marked.emit(self.mark)

    def _show_label(self, _line: object = None) -> None:
        self.marker.label.setFormat(f"{self.mark:.2g}")

    def _restyle(self) -> None:
        colours = theme.current()
        self.setBackground(colours.surface)
        style_axes(self, colours, grid=40)
        self.setLabel("bottom", self._below, color=colours.text_muted)
        self.setLabel("left", self.tr("loss"), color=colours.text_muted)
        faint = QColor(colours.series[0])
        faint.setAlpha(_FAINT)
        self.raw.set_pen(pg.mkPen(faint, width=1))
        self.curve.set_pen(pg.mkPen(colours.series[0], width=2))
        self.marker.setPen(pg.mkPen(colours.success, width=2))
        self.marker.setHoverPen(pg.mkPen(colours.success, width=4))
        self.marker.label.setColor(QColor(colours.success))
