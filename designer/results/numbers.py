"""Predicted numbers against true ones, with the residuals as a histogram; a click on a point shows its sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from designer import theme
from designer.results.plotting import SmallPlot
from designer.results.showing import cell_text

if TYPE_CHECKING:
    from core.training.results.outcome import Points

MOST_DRAWN = 4000
_NEAR = 12.0
"""Pixels around a point in which the mouse finds it."""
_BINS = 31


class Scatter(SmallPlot):
    """One dot a sample, and the line on which all would lie that are right. ``chosen`` gives a place in the points."""

    chosen = Signal(int)

    def __init__(self) -> None:
        self.points: Points | None = None
        self.at: int | None = None
        self._drawn = np.zeros(0, dtype=np.int64)
        self._order = np.zeros(0, dtype=np.int64)
        super().__init__("scatter", "", "", "")
        self.title.setText(self.tr("Prediction against truth"))
        self._names = (self.tr("truth"), self.tr("prediction"))
        self.setAccessibleName(self.tr("Prediction against truth"))
        self.plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.plot.viewport().installEventFilter(self)
        self.plot.viewport().setMouseTracking(True)
        self.plot.installEventFilter(self)
        self.restyle()

    def show_points(self, points: Points | None) -> None:
        """Show other points; of very many, some that lie evenly."""
        self.points, self.at = points, None
        count = 0 if points is None else len(points.truth)
        self._drawn = np.unique(np.linspace(0, max(count - 1, 0), min(count, MOST_DRAWN)).astype(np.int64))
        self._order = (
            self._drawn if points is None else self._drawn[np.argsort(points.truth[self._drawn], kind="stable")]
        )
        self.restyle()
        self.plot.enableAutoRange()

    def draw(self) -> None:
        """Draw the line and the dots."""
        points, colours = self.points, theme.current()
        if points is None or not len(self._drawn):
            return
        truth, said = points.truth[self._drawn], points.predicted[self._drawn]
        both = np.concatenate((truth, said))
        finite = both[np.isfinite(both)]
        if finite.size:
            ends = [float(finite.min()), float(finite.max())]
            self.line(ends, ends, colours.text_muted, width=1, dashed=True)
        shade = QColor(colours.accent)
        shade.setAlpha(190 if len(truth) < 500 else 110)
        self.plot.addItem(pg.ScatterPlotItem(truth, said, size=6, pen=None, brush=pg.mkBrush(shade)))
        if self.at is not None:
            pen = pg.mkPen(colours.text, width=2)
            place = ([points.truth[self.at]], [points.predicted[self.at]])
            self.plot.addItem(pg.ScatterPlotItem(*place, size=12, pen=pen, brush=None))

    def choose(self, place: int) -> None:
        """Choose a point, so that its sample is shown."""
        self.at = place
        self.restyle()
        self.setAccessibleDescription(self.said(place))
        self.chosen.emit(place)

    def said(self, place: int) -> str:
        """Return what a point means, in a few words."""
        assert self.points is not None
        truth, predicted = float(self.points.truth[place]), float(self.points.predicted[place])
        lines = (
            self.tr("row {0}").format(int(self.points.rows[place]) + 1),
            self.tr("truth {0}").format(cell_text(truth)),
            self.tr("prediction {0}").format(cell_text(predicted)),
            self.tr("residual {0}").format(f"{predicted - truth:+.4g}"),
        )
        return "\n".join(lines)

    def place_of(self, place: int) -> QPointF:
        """Return where a point is drawn, in the viewport's pixels."""
        assert self.points is not None
        there = QPointF(float(self.points.truth[place]), float(self.points.predicted[place]))
        return QPointF(self.plot.mapFromScene(self.box.mapViewToScene(there)))

    def _near(self, at: QPointF) -> int | None:
        points = self.points
        if points is None or not len(self._drawn):
            return None
        view = self.box.mapSceneToView(self.plot.mapToScene(at.toPoint()))
        width, height = (max(float(each), 1e-30) for each in self.box.viewPixelSize())
        across = (points.truth[self._drawn] - view.x()) / width
        up = (points.predicted[self._drawn] - view.y()) / height
        distance = np.nan_to_num(across**2 + up**2, nan=np.inf)
        nearest = int(np.argmin(distance))
        return int(self._drawn[nearest]) if distance[nearest] <= _NEAR**2 else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tell of the point under the mouse, choose it at a click, and go from point to point with the arrows."""
        if isinstance(event, QMouseEvent) and watched is self.plot.viewport():
            near = self._near(event.position())
            if event.type() == QEvent.Type.MouseMove and not event.buttons():
                self.say("" if near is None else self.said(near), event.position().x(), event.position().y())
            elif event.type() == QEvent.Type.MouseButtonPress and near is not None:
                self.choose(near)
        elif event.type() == QEvent.Type.Leave:
            self.say("")
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.plot:
            return self._step({Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0))
        return False

    def _step(self, step: int) -> bool:
        if not step or not len(self._order):
            return False
        if self.at is None:
            self.choose(int(self._order[0]))
            return True
        before = int(np.flatnonzero(self._order == self.at)[0])
        self.choose(int(self._order[min(max(before + step, 0), len(self._order) - 1)]))
        return True


class Residuals(SmallPlot):
    """How far predictions lie from the truth."""

    def __init__(self) -> None:
        self._values = np.zeros(0)
        super().__init__("residuals", "", "", "")
        self._names = (self.tr("prediction − truth"), self.tr("samples"))
        self.setAccessibleName(self.tr("Residuals"))
        self.plot.setMouseEnabled(False, False)

    def show_points(self, points: Points | None) -> None:
        """Show the residuals of other points."""
        values = np.zeros(0) if points is None else points.residuals
        self._values = values[np.isfinite(values)]
        text = self.tr("Residuals")
        if self._values.size:
            mean, spread = float(self._values.mean()), float(self._values.std())
            text = self.tr("Residuals · mean {0} · deviation {1}").format(f"{mean:+.3g}", f"{spread:.3g}")
        self.title.setText(text)
        self.setAccessibleDescription(text)
        self.restyle()
        self.plot.enableAutoRange()

    def draw(self) -> None:
        """Draw the histogram."""
        if not self._values.size:
            return
        colours = theme.current()
        # The axis begins or ends at 0: bins over the values alone could be too thin to be seen.
        reach = min(float(self._values.min()), 0.0), max(float(self._values.max()), 0.0)
        counts, edges = np.histogram(self._values, bins=_BINS, range=reach)
        fill = QColor(colours.accent)
        fill.setAlpha(150)
        self.plot.addItem(
            pg.BarGraphItem(x0=edges[:-1], x1=edges[1:], height=counts, brush=fill, pen=pg.mkPen(colours.surface))
        )
        self.plot.addItem(pg.InfiniteLine(0, pen=pg.mkPen(colours.text_muted, style=Qt.PenStyle.DashLine)))


class NumbersView(QWidget):
    """Both pictures side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.scatter, self.residuals = Scatter(), Residuals()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.scatter, 3)
        row.addWidget(self.residuals, 2)

    def show_points(self, points: Points | None) -> None:
        """Show other numbers."""
        self.scatter.show_points(points)
        self.residuals.show_points(points)

    def csv_rows(self) -> list[list[str]]:
        """Return all points as they are written to a file."""
        points = self.scatter.points
        rows = [["row", "truth", "prediction"]]
        if points is None:
            return rows
        values: Any = zip(points.rows.tolist(), points.truth.tolist(), points.predicted.tolist(), strict=True)
        return rows + [[str(row + 1), repr(truth), repr(said)] for row, truth, said in values]
