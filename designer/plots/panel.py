"""The curves of training: a plot for every quantity, growing while a run goes on, with other runs over or behind it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.training.events import Event, Failed, Finished, RunStarted
from designer import theme
from designer.plots import style
from designer.plots.choice import CurveChoice
from designer.plots.controls import CurveControls
from designer.plots.curves import CurveKey, RunCurves, quantities
from designer.plots.exporting import save_csv, save_png, save_svg
from designer.plots.loading import Read, RunLoader
from designer.plots.plot import QuantityPlot, View
from designer.plots.slots import Slots
from designer.widgets import muted

if TYPE_CHECKING:
    from designer.training.runner import TrainingRunner

_REPAINT_MS = 200
"""Shortest time between two repaints of the plots: more would cost training more than it shows."""
_TURN_MS = 17
"""From one plot to the next."""


class CurvesPanel(QWidget):
    """Shows the curves of the runs of this session and of runs that are read from their folders."""

    shown_changed = Signal()
    """Other runs are shown now, or their colours have changed."""

    def __init__(self, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves_panel")
        self.setAccessibleName(self.tr("Curves"))
        self.runs: list[RunCurves] = []
        self._runner = runner
        self._live: RunCurves | None = None
        self._plots: dict[str, QuantityPlot] = {}
        self._slots = Slots()
        self._stale = False
        self.controls = CurveControls(self)
        self.choice = CurveChoice(self)
        self.loader = RunLoader(self)
        self._stack = QStackedWidget(self)
        self._canvas = QWidget(self)
        self._row = QHBoxLayout(self._canvas)
        self._build()
        self._waiting = 0
        """Plots whose turn is still to come."""
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(_REPAINT_MS)
        self._repaint.timeout.connect(self._refresh_in_turns)
        self._connect()

    def _connect(self) -> None:
        self._runner.event_received.connect(self._on_event)
        self._runner.drained.connect(self._on_drained)
        self.loader.loaded.connect(self._on_loaded)
        self.controls.view_changed.connect(self._on_view_changed)
        self.controls.reset_requested.connect(self.reset_view)
        self.controls.list_toggled.connect(self.choice.setVisible)
        self.controls.load_requested.connect(self.load_run)
        self.controls.export_requested.connect(self._on_export_requested)
        self.choice.choice_changed.connect(self._on_choice_changed)
        theme.switch.changed.connect(self.shown_changed)

    def _build(self) -> None:
        empty = muted(
            self.tr("Curves appear here when training starts. To see those of earlier runs, tick them under Runs.")
        )
        empty.setObjectName("curves_empty")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACE // 2)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._canvas)
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

    # --- which runs ---------------------------------------------------------------------------------------------------

    def load_run(self, folder: Path) -> None:
        """Add the curves of a run folder, or what is new in it; where it cannot be read, say why."""
        known = self._find(folder)
        if known is not None and self.choice.hides_run(known):
            self.choice.set_run(known, visible=True)
        if known is None or not (known.live or known.complete):
            self.loader.ask([folder])

    def show_runs(self, folders: Iterable[Path]) -> None:
        """Show the curves of runs beside those there are."""
        for folder in folders:
            self.load_run(folder)

    def hide_runs(self, folders: Iterable[Path]) -> None:
        """Show the curves of these runs no longer; one that is training is kept up to date all the same."""
        for folder in folders:
            self.loader.forget(folder)
            run = self._find(folder)
            if run is self._live and run is not None:
                self.choice.set_run(run, visible=False)
            elif run is not None:
                self.choice.forget_run(run)
                self.runs.remove(run)
        self._refresh()
        self.shown_changed.emit()

    def colour_of(self, folder: Path) -> QColor | None:
        """Return the colour of a run's curves; None where they are not shown."""
        run = self._find(folder)
        if run is None or self.choice.hides_run(run):
            return None
        return style.hue(theme.current(), run, run.outputs[0] if run.outputs else "")

    def catch_up(self) -> None:
        """Read what has been added to runs that others are training."""
        self.loader.ask(Path(run.path) for run in self.runs if not (run.live or run.complete))

    def _find(self, folder: Path) -> RunCurves | None:
        return next((run for run in self.runs if run.path == str(folder)), None)

    def _new(self, path: str) -> RunCurves:
        index = self._slots.take(path, [run.index for run in self.runs])
        return RunCurves(Path(path).name, index, path=path)

    def _on_loaded(self, read: Read) -> None:
        if read.problem:
            self._runner.session.refused.emit(read.problem)
            self.shown_changed.emit()
            return
        run = self._find(read.path)
        if run is not None and run.live:
            return
        if run is None or read.start == 0:
            made = self._new(str(read.path)) if run is None else RunCurves(run.name, run.index, path=run.path)
            at = len(self.runs) if run is None else self.runs.index(run)
            if run is None and self._live in self.runs:
                at = self.runs.index(self._live)
            self.runs[at : at + (run is not None)] = [made]
            run = made
        for event in read.events:
            self._take(run, event)
        if not read.events and read.start:
            return
        self._refresh()
        self.shown_changed.emit()

    # --- what is shown ------------------------------------------------------------------------------------------------

    def reset_view(self) -> None:
        """Show all curves whole."""
        for plot in self._plots.values():
            plot.reset()

    def _take(self, run: RunCurves, event: object) -> bool:
        if isinstance(event, Finished):
            run.note = _note(event)
        elif isinstance(event, Failed):
            run.note = self.tr("failed")
        return run.take(event)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._begin(str(self._runner.run or event.run))
        if self._live is None:
            return
        self._stale = self._take(self._live, event) or self._stale
        if isinstance(event, Finished | Failed):
            self._live = None
            self._stale = True

    def _begin(self, path: str) -> None:
        """Follow the run that has started: a new one, or one that goes on."""
        known = self._find(Path(path))
        if known is not None:
            self.runs.remove(known)
            self._live = known
        else:
            self._live = self._new(path)
        self._live.live = True
        self.runs.append(self._live)
        self._stale = True
        self.shown_changed.emit()

    def _on_drained(self) -> None:
        if self._stale and self.isVisible() and not self._repaint.isActive():
            self._repaint.start()

    def _on_view_changed(self) -> None:
        view = self.view
        changed = any((plot.view.axis, plot.view.log_x) != (view.axis, view.log_x) for plot in self._plots.values())
        self._refresh()
        if changed:
            self.reset_view()

    def _on_choice_changed(self) -> None:
        self._refresh()
        self.shown_changed.emit()

    def _refresh(self) -> None:
        self._stale = False
        found = quantities(self.runs)
        self._stack.setCurrentIndex(1 if found else 0)
        self.controls.set_filled(bool(found))
        self.choice.show_runs(self.runs)
        for gone in set(self._plots) - set(found):
            self._plots[gone].hide()
        for at, quantity in enumerate(found):
            self._refresh_plot(quantity)
            if self._row.indexOf(self._plots[quantity]) != at:  # a metric came after the learning rate
                self._row.insertWidget(at, self._plots[quantity], 1)

    def _refresh_in_turns(self) -> None:
        """Bring the plots up to date while training goes on, one in a tick of its own: the window stays fluent."""
        found = quantities(self.runs)
        if set(found) != self._plots.keys():
            self._refresh()
            return
        self._stale = False
        self.choice.show_runs(self.runs)
        self._waiting = len(found)
        for at, quantity in enumerate(found, 1):
            QTimer.singleShot(at * _TURN_MS, self, partial(self._take_turn, quantity))

    def _take_turn(self, quantity: str) -> None:
        self._waiting -= 1
        if quantity in self._plots:
            self._refresh_plot(quantity)

    @property
    def is_current(self) -> bool:
        """True where all that is known has been drawn."""
        return not (self._stale or self._waiting)

    def _refresh_plot(self, quantity: str) -> None:
        if quantity not in self._plots:
            self._add_plot(quantity)
        listed = style.shown(self.runs, quantity, all_steps=self.choice.all_steps)
        curves = [(run, key) for run, key in listed if self.choice.shows(run, key)]
        drawn = [run for run in self.runs if not self.choice.hides_run(run)]
        newest = drawn[-1] if drawn else None
        hidden = [(run, key) for run, key in listed if run is newest and self.choice.hides(key)]
        plot = self._plots[quantity]
        plot.setVisible(bool(curves))
        if curves:
            plot.refresh(curves, newest, self.view, hidden=hidden, faint=newest is self._live)

    def _add_plot(self, quantity: str) -> None:
        plot = QuantityPlot(quantity)
        plot.pointed.connect(self._on_pointed)
        plot.zoomed.connect(lambda low, high: self._on_zoomed(plot, low, high))
        plot.reset_requested.connect(self.reset_view)
        plot.toggled.connect(self._on_toggled)
        self._plots[quantity] = plot
        self._row.addWidget(plot, 1)

    def _on_toggled(self, key: CurveKey) -> None:
        self.choice.set_curve(key, visible=self.choice.hides(key))

    def _on_pointed(self, position: float | None) -> None:
        for plot in self._plots.values():
            plot.point_at(position)

    def _on_zoomed(self, zoomed: QuantityPlot, low: float, high: float) -> None:
        for plot in self._plots.values():
            if plot is not zoomed:
                plot.set_x_range(low, high)

    def _on_export_requested(self, kind: str, path: Path) -> None:
        self._runner.session.save(path, lambda: self.export(kind, path))

    def export(self, kind: str, path: Path) -> None:
        """Write every point ("csv"), or the plots as they are shown ("png", "svg").

        Raises:
            SaveError: the file could not be written.
        """
        if kind == "csv":
            save_csv(self.runs, path)
        elif kind == "png":
            save_png(self._canvas, path)
        else:
            save_svg(self._canvas, [plot for plot in self._plots.values() if not plot.isHidden()], path)

    def close_jobs(self) -> None:
        """Stop reading runs."""
        self.loader.close()

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
