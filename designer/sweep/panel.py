"""The sweep of a project: what is searched at the left; its trials as a table, as lines, and what mattered, beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import LayerwrightError
from core.search._optuna import MISSING, is_there
from core.search.table import TrialRow, best_of, project_of
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.session import Session
from designer.sweep.form import SweepForm
from designer.sweep.importance import ImportanceBars
from designer.sweep.model import TrialsModel, spots_of
from designer.sweep.parallel import ParallelPlot
from designer.sweep.runner import SweepRunner
from designer.sweep.view import TrialsView
from designer.theme import SPACE
from designer.widgets import ElidedLabel, IconButton, muted

_FORM_WIDTH = 290
_LOOK = 1500
"""Milliseconds between two looks at whether another process goes on with the sweep that is shown."""


class SweepPanel(QWidget):
    """Starts, stops and shows sweeps. Runs and projects of trials are asked for with signals."""

    run_requested = Signal(object)
    """The folder of a trial's run, to be seen in the curves."""
    project_requested = Signal(object)
    """A Project, to be opened as one that is in no file yet."""

    def __init__(self, session: Session, runner: SweepRunner) -> None:
        super().__init__()
        self.setObjectName("sweep_panel")
        self.setAccessibleName(self.tr("Sweep"))
        self._session, self.runner = session, runner
        self.form = SweepForm(session)
        self.model = TrialsModel()
        self.model.setParent(self)
        self.view = TrialsView(self.model)
        self.parallel = ParallelPlot()
        self.importance = ImportanceBars()
        self.sweeps = QuietComboBox()
        self.told = ElidedLabel("")
        self.tabs = QTabBar()
        self.pages = QStackedWidget()
        self.empty = muted()
        self.start = QPushButton(self.tr("Start sweep"))
        self.go_on = QPushButton(self.tr("Continue"))
        self.stop = QToolButton()
        self.open_best = IconButton("open", self.tr("Open the best trial as a project"))
        self.actions_by_name: dict[str, QAction] = {}
        self._looks = QTimer(self)
        self._looks.setInterval(_LOOK)
        self._looks.timeout.connect(runner.catch_up)
        self._make_actions()
        self._lay_out()
        self._connect()
        self._show_state()
        self._show_trials()

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        self._action("run", self.tr("Show its curves"), self._open_run, "Return")
        self._action("project", self.tr("Open as project"), self._open_project, "Ctrl+Return")
        self._action("all", self.tr("Show all trials"), self.parallel.clear_ranges, "Esc")
        self.actions_by_name["all"].setEnabled(False)

    def _action(self, name: str, text: str, do: object, key: str) -> None:
        action = QAction(text, self.view)
        action.setObjectName(f"trial_{name}")
        action.setShortcut(QKeySequence(key))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(do)
        self.view.addAction(action)
        self.actions_by_name[name] = action

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, SPACE // 2)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.form, 1)
        column.addLayout(self._start_row())
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._heading())
        self._add_pages()
        column.addWidget(self.pages, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_FORM_WIDTH, 900])
        splitter.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(splitter)

    def _start_row(self) -> QHBoxLayout:
        self.start.setObjectName("sweep_start")
        self.go_on.setObjectName("sweep_continue")
        self.stop.setObjectName("sweep_stop")
        self.stop.setText(self.tr("Stop"))
        self.stop.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        menu = QMenu(self.stop)
        menu.addAction(self.tr("Stop now: running trials are done again later")).triggered.connect(self._stop)
        menu.addAction(self.tr("Stop after the running trials")).triggered.connect(
            lambda: self.runner.stop(finish=True)
        )
        self.stop.setMenu(menu)
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, 0, SPACE, 0)
        for button in (self.start, self.go_on):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addWidget(self.stop)
        row.addStretch(1)
        return row

    def _heading(self) -> QHBoxLayout:
        self.tabs.setObjectName("sweep_tabs")
        self.tabs.setAccessibleName(self.tr("How the trials are shown"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for text in (self.tr("Trials"), self.tr("Parallel"), self.tr("Importance")):
            self.tabs.addTab(text)
        self.sweeps.setObjectName("sweep_choice")
        self.sweeps.setAccessibleName(self.tr("Sweep that is shown"))
        self.sweeps.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.sweeps.setMaximumWidth(230)
        self.told.setObjectName("sweep_told")
        self.open_best.setObjectName("open_best")
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, 3, SPACE, 3)
        row.setSpacing(SPACE)
        row.addWidget(self.tabs)
        row.addWidget(self.told, 1)
        row.addWidget(self.open_best)
        row.addWidget(self.sweeps)
        return row

    def _add_pages(self) -> None:
        scroll = QScrollArea()
        scroll.setWidget(self.importance)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self.empty.setObjectName("sweep_empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for page in (self.view, self.parallel, scroll, self.empty):
            self.pages.addWidget(page)

    def _connect(self) -> None:
        self.runner.state_changed.connect(lambda _state: self._show_state())
        self.runner.read.connect(self._show_trials)
        self._session.changed.connect(lambda _change: self._show_state())
        self.start.clicked.connect(lambda: self.runner.start(self.form.workers.value()))
        self.go_on.clicked.connect(self._go_on)
        self.stop.clicked.connect(self._stop)
        self.tabs.currentChanged.connect(lambda _tab: self._show_page())
        self.view.opened.connect(self._show_run)
        self.view.chosen_changed.connect(self._on_chosen)
        self.parallel.kept_changed.connect(self._on_kept)
        self.parallel.chosen.connect(self.view.choose)
        self.open_best.clicked.connect(self._open_best)
        self.sweeps.activated.connect(lambda row: self.runner.show(self.sweeps.itemData(row)))

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(420, 120)

    def close_jobs(self) -> None:
        """Interrupt the sweep and end all work in the background."""
        self._looks.stop()
        self.runner.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Show the newest sweep where none is shown."""
        super().showEvent(event)
        folders = self.runner.folders()
        if self.runner.sweep is None and folders and is_there():
            self.runner.show(folders[0])
        self.runner.catch_up()
        self._looks.start()
        self._show_state()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no more until it is shown again."""
        self._looks.stop()
        super().hideEvent(event)

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        runner, search = self.runner, self._session.project.search
        active = runner.active
        self.start.setVisible(not active)
        self.start.setEnabled(bool(search.dimensions) and is_there())
        self.start.setToolTip("" if is_there() else MISSING)
        self.go_on.setVisible(not active and runner.sweep is not None)
        self.go_on.setEnabled(runner.can_go_on or self._wants_more)
        if runner.sweep is not None:
            told = self.tr("Go on with the sweep that is shown, as it was begun, until it has {0} trials")
            self.go_on.setToolTip(told.format(max(search.trials, runner.sweep.trials)))
        self.stop.setVisible(active)
        self.stop.setEnabled(runner.state != "stopping")
        self.stop.setText(self.tr("Stopping…") if runner.state == "stopping" else self.tr("Stop"))
        self.sweeps.setEnabled(not active)
        self._list_sweeps()
        self._show_page()
        self._tell()

    @property
    def _wants_more(self) -> bool:
        """True where the project asks for more trials than the sweep that is shown has."""
        runner = self.runner
        wanted = self._session.project.search.trials
        return not runner.active and runner.sweep is not None and wanted > runner.done

    def _list_sweeps(self) -> None:
        folders = self.runner.folders()
        shown = [self.sweeps.itemData(row) for row in range(self.sweeps.count())]
        with Silenced(self.sweeps):
            if shown != folders:
                self.sweeps.clear()
                for folder in folders:
                    self.sweeps.addItem(folder.name, folder)
            sweep = self.runner.sweep
            self.sweeps.setCurrentIndex(folders.index(sweep.path) if sweep and sweep.path in folders else -1)
        self.sweeps.setVisible(len(folders) > 1)

    def _show_trials(self) -> None:
        runner = self.runner
        spots = spots_of(runner.sweep) if runner.sweep is not None else ()
        self.model.show_trials(runner.sweep, spots, runner.rows)
        self.view.fit_columns()
        self.parallel.show_trials(runner.sweep, spots, runner.rows)
        titles = {each.place: each.title for each in spots}
        self.importance.show_shares({titles.get(place, place): share for place, share in runner.importances.items()})
        self._show_state()

    def _show_page(self) -> None:
        """Show the chosen page, or why there is nothing on it."""
        text = self._why_empty()
        self.empty.setText(text)
        self.pages.setCurrentIndex(3 if text else self.tabs.currentIndex())
        self.tabs.setVisible(self.runner.sweep is not None)

    def _why_empty(self) -> str:
        runner = self.runner
        if not is_there():
            return MISSING
        if runner.state == "starting":
            return self.tr("Starting the workers…")
        if runner.sweep is None:
            return self.tr(
                "No sweep yet. A sweep trains many versions of this project, each with other values for what is "
                "searched, and finds the best. Each trial is an ordinary run."
            )
        if not runner.rows:
            return self.tr("Waiting for the first trial…") if runner.active else self.tr("This sweep has no trials.")
        if self.tabs.currentIndex() == 1 and not self.parallel.lines:
            return self.tr("No trial has come to a result yet.")
        if self.tabs.currentIndex() == 2 and not runner.importances:
            return self.tr("What matters can be told once four trials have been completed with different results.")
        return ""

    def _tell(self) -> None:
        """Say how far the sweep is, and which trial is the best so far."""
        runner, sweep = self.runner, self.runner.sweep
        best = best_of(sweep, runner.rows) if sweep is not None else None
        self.open_best.setVisible(best is not None)
        if sweep is None:
            self.told.setText("")
            return
        text = self.tr("{done} of {all}").format(done=runner.done, all=sweep.trials)
        if best is not None and best.value is not None:
            told = self.tr("best is trial {number}: {value}").format(number=best.number, value=f"{best.value:.5g}")
            text = f"{text} · {told}"
        if died := sum(each.died for each in runner.rows):
            text = f"{text} · {self.tr('workers that died: {0}').format(died)}"
        if (kept := self.parallel.kept) is not None:
            text = f"{text} · {self.tr('{0} within the ranges').format(len(kept))}"
        self.told.setText(text)
        self.told.setToolTip(f"{text} ({sweep.metric})")

    # --- deeds --------------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        sweep = self.runner.sweep
        if sweep is not None:
            wanted = self._session.project.search.trials
            self.runner.go_on(self.form.workers.value(), max(wanted, sweep.trials))

    def _stop(self) -> None:
        self.runner.stop()

    def _on_kept(self, numbers: frozenset[int] | None) -> None:
        """Show the trials within the ranges of the axes alone, and say so."""
        self.model.keep(numbers)
        self.actions_by_name["all"].setEnabled(numbers is not None)
        self._tell()

    def _on_chosen(self) -> None:
        row = self.view.chosen
        self.parallel.mark(row.number if row is not None else -1)
        self.actions_by_name["run"].setEnabled(row is not None and row.run is not None)
        self.actions_by_name["project"].setEnabled(row is not None)

    def _open_run(self) -> None:
        if self.view.chosen is not None:
            self._show_run(self.view.chosen)

    def _show_run(self, row: TrialRow) -> None:
        if row.run is None:
            self._session.told.emit(row.reason or self.tr("This trial has not begun to train."))
        else:
            self.run_requested.emit(row.run)

    def _open_project(self) -> None:
        if self.view.chosen is not None:
            self.open_trial(self.view.chosen)

    def _open_best(self) -> None:
        sweep = self.runner.sweep
        best = best_of(sweep, self.runner.rows) if sweep is not None else None
        if best is not None:
            self.open_trial(best)

    def open_trial(self, row: TrialRow) -> None:
        """Ask for the project of a trial to be opened, as a copy that is in no file yet."""
        sweep = self.runner.sweep
        if sweep is None:
            return
        from core.data.relocate import relocated

        try:
            project = project_of(sweep, row)
        except LayerwrightError as error:
            self._session.refused.emit(str(error))
            return
        name = self.tr("{0}, trial {1}").format(project.name, row.number)
        self.project_requested.emit(relocated(replace(project, name=name), sweep.base, Path.cwd()))
