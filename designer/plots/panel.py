"""The curves of training: a plot for every quantity, growing while a run goes on, with earlier runs behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.atomic import write_atomically
from core.errors import LayerwrightError, SaveError
from core.training.events import Failed, Finished, RunStarted
from designer import theme
from designer.plots import style
from designer.plots.choice import CurveChoice
from designer.plots.controls import CurveControls
from designer.plots.curves import RunCurves, csv_lines, quantities
from designer.plots.plot import QuantityPlot, View
from designer.widgets import muted

if TYPE_CHECKING:
    from designer.training.runner import TrainingRunner

_REPAINT_MS = 100
"""Shortest time between two repaints of the plots: more would cost training more than it shows."""


class CurvesPanel(QWidget):
    """Shows the curves of the runs of this session and of runs loaded from their folders."""

    def __init__(self, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves_panel")
        self.setAccessibleName(self.tr("Curves"))
        self.runs: list[RunCurves] = []
        self._runner = runner
        self._live: RunCurves | None = None
        self._plots: dict[str, QuantityPlot] = {}
        self._stale = False
        self.controls = CurveControls(self)
        self.choice = CurveChoice(self)
        self._stack = QStackedWidget(self)
        self._canvas = QWidget(self)
        self._row = QHBoxLayout(self._canvas)
        self._build()
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(_REPAINT_MS)
        self._repaint.timeout.connect(self._refresh)
        runner.event_received.connect(self._on_event)
        runner.drained.connect(self._on_drained)
        self.controls.view_changed.connect(self._on_view_changed)
        self.controls.reset_requested.connect(self.reset_view)
        self.controls.load_requested.connect(self.load_run)
        self.controls.csv_requested.connect(self._on_csv_requested)
        self.controls.png_requested.connect(self._on_png_requested)
        self.choice.choice_changed.connect(self._refresh)

    def _build(self) -> None:
        empty = muted(self.tr("Curves appear here when training starts."))
        empty.setObjectName("curves_empty")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        plots = self._canvas
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACE // 2)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(plots)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self.choice)
        split.addWidget(scroll)
        split.setStretchFactor(1, 1)
        split.setSizes([156, 844])
        self._stack.addWidget(empty)
        self._stack.addWidget(split)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.controls)
        layout.addWidget(self._stack, 1)
        self.controls.set_filled(False)

    def sizeHint(self) -> QSize:
        """Room for one row of plots."""
        return QSize(900, 240)

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(360, 196)

    @property
    def view(self) -> View:
        """How the curves are shown."""
        return self.controls.view

    @property
    def plots(self) -> dict[str, QuantityPlot]:
        """The plots there are, by quantity."""
        return self._plots

    def load_run(self, folder: Path) -> bool:
        """Add the curves of a run folder; where it cannot be read, say why and return False."""
        from core.training.runs import Run

        try:
            run = Run.open(folder)
            events = run.events()
        except LayerwrightError as error:
            self._runner.session.refused.emit(str(error))
            return False
        curves = RunCurves(run.name, self._next_index())
        for event in events:
            curves.take(event)
            if isinstance(event, Finished):
                curves.note = _note(event)
        at = self.runs.index(self._live) if self._live in self.runs else len(self.runs)
        self.runs.insert(at if self._runner.active else len(self.runs), curves)
        self._refresh()
        return True

    def reset_view(self) -> None:
        """Show all curves whole."""
        for plot in self._plots.values():
            plot.reset()

    def export_csv(self, path: Path) -> None:
        """Write every point of every run as a table.

        Raises:
            SaveError: the file could not be written.
        """
        write_atomically(path, ("\n".join(csv_lines(self.runs)) + "\n").encode())

    def export_png(self, path: Path) -> None:
        """Write the plots as they are shown, at twice the resolution.

        Raises:
            SaveError: the file could not be written.
        """
        plots = self._canvas
        picture = QPixmap(plots.size() * 2)
        picture.setDevicePixelRatio(2.0)
        picture.fill(theme.current().surface)
        plots.render(picture)
        if not picture.save(str(path), "PNG"):
            raise SaveError(f"'{path}' could not be written as a PNG picture. Choose another folder or name.")

    def _next_index(self) -> int:
        return max((run.index for run in self.runs), default=-1) + 1

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            number = sum(run.live for run in self.runs) + 1
            self._live = RunCurves(self.tr("Run {0}").format(number), self._next_index(), live=True)
            self.runs.append(self._live)
            self._stale = True
        if self._live is None:
            return
        self._stale = self._live.take(event) or self._stale
        if isinstance(event, Finished):
            self._live.note = _note(event)
        elif isinstance(event, Failed):
            self._live.note = self.tr("failed")
        if isinstance(event, Finished | Failed):
            self._live = None

    def _on_drained(self) -> None:
        if self._stale and self.isVisible() and not self._repaint.isActive():
            self._repaint.start()

    def _on_view_changed(self) -> None:
        axis_changed = any(plot.axis != self.view.axis for plot in self._plots.values())
        self._refresh()
        if axis_changed:
            self.reset_view()

    def _refresh(self) -> None:
        self._stale = False
        found = quantities(self.runs)
        self._stack.setCurrentIndex(1 if found else 0)
        self.controls.set_filled(bool(found))
        self.choice.show_runs(self.runs)
        for quantity in found:
            if quantity not in self._plots:
                self._add_plot(quantity)
            curves = [(run, key) for run, key in style.shown(self.runs, quantity) if self.choice.shows(run, key)]
            plot = self._plots[quantity]
            plot.setVisible(bool(curves))
            if curves:
                plot.refresh(curves, self.runs[-1], self.view)

    def _add_plot(self, quantity: str) -> None:
        plot = QuantityPlot(quantity)
        plot.pointed.connect(self._on_pointed)
        plot.zoomed.connect(lambda low, high: self._on_zoomed(plot, low, high))
        plot.reset_requested.connect(self.reset_view)
        self._plots[quantity] = plot
        self._row.addWidget(plot, 1)

    def _on_pointed(self, position: float | None) -> None:
        for plot in self._plots.values():
            plot.point_at(position)

    def _on_zoomed(self, zoomed: QuantityPlot, low: float, high: float) -> None:
        for plot in self._plots.values():
            if plot is not zoomed:
                plot.set_x_range(low, high)

    def _on_csv_requested(self, path: Path) -> None:
        self._export(lambda: self.export_csv(path))

    def _on_png_requested(self, path: Path) -> None:
        self._export(lambda: self.export_png(path))

    def _export(self, write: Callable[[], None]) -> None:
        try:
            write()
        except SaveError as error:
            self._runner.session.refused.emit(str(error))

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while the panel was hidden."""
        super().showEvent(event)
        if self._stale:
            self._refresh()


def _note(event: Finished) -> str:
    """Return the best validation value that says most: a metric before the loss."""
    names = sorted(event.best, key=lambda name: (name.endswith("loss"), name))
    if not names:
        return ""
    return style.value_text(names[0].rpartition("/")[2], event.best[names[0]], digits=3)
