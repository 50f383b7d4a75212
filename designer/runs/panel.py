"""The runs of a project as a list: found, compared, described, shown in the curves, gone on with, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QLineEdit, QMenu, QStackedWidget, QVBoxLayout, QWidget

from core.training.run_index import RunEntry, RunIndex
from designer.files import choose_new
from designer.jobs import Lane
from designer.plots.panel import CurvesPanel
from designer.runs.compare import CompareDialog
from designer.runs.deeds import Deeds, heading
from designer.runs.model import RunsModel
from designer.runs.on_canvas import CanvasDifference
from designer.runs.view import RunsView
from designer.session import Session
from designer.settings import Settings
from designer.theme import SPACE
from designer.widgets import IconButton, muted

if TYPE_CHECKING:
    from core.graph.project import Project
    from designer.canvas.view import CanvasView
    from designer.training.runner import TrainingRunner

_EVERY, _EVERY_LIVE = 2500, 1000
"""Milliseconds between two looks at the folder, and while something is being trained."""


class RunsPanel(QWidget):
    """Lists the runs beside the project. What goes on with a run is asked for with signals, which give its folder."""

    resume_requested = Signal(object)
    train_more_requested = Signal(object, int)
    """How many epochs more."""
    project_requested = Signal(object)
    """A Project, to be opened as one that is in no file yet."""
    curves_requested = Signal()
    """The curves are to be seen."""
    results_requested = Signal(object)
    inside_requested = Signal(object)

    def __init__(
        self,
        session: Session,
        runner: TrainingRunner,
        curves: CurvesPanel,
        canvas: Callable[[], CanvasView],
        settings: Settings,
    ) -> None:
        super().__init__()
        self.setObjectName("runs_panel")
        self.setAccessibleName(self.tr("Runs"))
        self._session, self._runner, self.curves, self._canvas = session, runner, curves, canvas
        self.model = RunsModel(curves.colour_of)
        self.model.setParent(self)
        self.view = RunsView(self.model, settings)
        self.deeds = Deeds(session, self)
        self.difference: CanvasDifference | None = None
        self._index = RunIndex(runner.runs_root)
        self._lane = Lane(self, "runs")
        self._again = False
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self.refresh)
        self.search = QLineEdit()
        self._count = muted(wrap=False)
        self._stack = QStackedWidget()
        self.empty = muted()
        self.actions_by_name: dict[str, QAction] = {}
        self._make_actions()
        self._lay_out()
        self._connect()
        self._show_state()

    def _connect(self) -> None:
        self.model.labels_edited.connect(self.deeds.keep_labels)
        self.model.curves_toggled.connect(self._on_curves_toggled)
        self.model.modelReset.connect(self._show_state)
        self.curves.shown_changed.connect(self.model.colours_changed)
        self.view.chosen_changed.connect(self._show_state)
        self.deeds.done.connect(self.refresh)
        self.deeds.opened.connect(self.project_requested)
        self.search.textChanged.connect(self._on_search)
        self._runner.state_changed.connect(self._on_state_changed)

    def _lay_out(self) -> None:
        self.search.setObjectName("run_search")
        self.search.setPlaceholderText(self.tr("Search: words, -word, tag:…, is:failed"))
        self.search.setAccessibleName(self.tr("Search runs"))
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip(
            self.tr(
                "All words must be there: in the name, tags, note, optimizer, loss…\n"
                "-word: must not be there\ntag:word: has that tag\nis:completed, is:failed, is:starred"
            )
        )
        self.search.setMaximumWidth(320)
        row = QHBoxLayout()
        row.setContentsMargins(SPACE, 3, SPACE, 3)
        row.setSpacing(SPACE // 2)
        row.addWidget(self.search, 1)
        row.addWidget(self._count)
        row.addStretch(1)
        for name, picture in (("compare", "table"), ("curves", "chart"), ("export", "export")):
            row.addWidget(self._button(name, picture))
        columns = IconButton("more", self.tr("Choose the columns"))
        columns.setObjectName("choose_columns")
        columns.clicked.connect(lambda: self._popup(columns, self.view.columns_menu()))
        row.addWidget(columns)
        self.empty.setObjectName("runs_empty")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._stack, 1)

    def _button(self, name: str, picture: str) -> IconButton:
        action = self.actions_by_name[name]
        button = IconButton(picture, action.toolTip())
        button.setObjectName(f"runs_{name}")
        button.clicked.connect(action.trigger)
        action.enabledChanged.connect(button.setEnabled)
        button.setEnabled(action.isEnabled())
        return button

    def _popup(self, below: QWidget, menu: QMenu) -> None:
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))

    def minimumSizeHint(self) -> QSize:
        """Leave the room to the canvas."""
        return QSize(300, 120)

    # --- actions ------------------------------------------------------------------------------------------------------

    def _make_actions(self) -> None:
        self._action("curves", self.tr("Show or hide curves"), self._toggle_curves, "Space")
        self._action("compare", self.tr("Compare the selected runs…"), self.compare, "C")
        self._action("difference", self.tr("Difference on the canvas"), self.show_difference, "D")
        self._action("results", self.tr("Show results"), lambda: self.results_requested.emit(self._one), "R")
        self._action("inside", self.tr("See inside"), lambda: self.inside_requested.emit(self._one), "I")
        self._line()
        self._action("open", self.tr("Open its project in a new tab"), self._open, "Ctrl+Return")
        self._action("use", self.tr("Use its training settings here"), self._use)
        self._line()
        self._action("resume", self.tr("Resume training"), self._resume)
        self._action("more", self.tr("Train more epochs…"), self._ask_more)
        self._line()
        self._action("star", self.tr("Star"), self.view.toggle_star, "S")
        self._action("tags", self.tr("Edit tags"), lambda: self._edit("tags"), "T")
        self._action("note", self.tr("Edit note"), lambda: self._edit("note"), "F2")
        self._line()
        self._action("copy", self.tr("Copy path"), lambda: self.deeds.copy_paths(self.view.chosen), "Ctrl+C")
        self._action("folder", self.tr("Open folder"), lambda: self.deeds.open_folder(self.view.chosen[0]))
        self._action("export", self.tr("Save the list as CSV…"), self._ask_export)
        self._line()
        self._action("delete", self.tr("Delete…"), self._delete, "Del")

    def _action(self, name: str, text: str, run: Callable[[], object], key: str = "") -> None:
        action = QAction(text, self.view)
        action.setObjectName(f"run_{name}")
        action.triggered.connect(lambda _checked=False: run())
        if key:
            action.setShortcut(QKeySequence(key))
        self.actions_by_name[name] = action
        self.view.add_actions([action])

    @property
    def _one(self) -> Path:
        """The folder of the selected run."""
        return self.view.chosen[0].path

    def _line(self) -> None:
        line = QAction(self.view)
        line.setSeparator(True)
        self.view.addAction(line)

    def _show_state(self) -> None:
        """Enable what can be done with the selected runs; say how many there are."""
        chosen = self.view.chosen
        whole = [run for run in chosen if not run.listing.problem]
        statuses = {run.listing.status for run in chosen}
        one = len(whole) == 1 and len(chosen) == 1
        able = {
            "curves": bool(whole),
            "compare": len(whole) > 1,
            "difference": one,
            "results": one,
            "inside": one,
            "open": one,
            "use": one,
            "resume": one and bool(statuses & {"interrupted", "stopped", "failed"}) and not self._runner.active,
            "more": one and bool(statuses & {"completed", "stopped"}) and not self._runner.active,
            "star": bool(chosen),
            "tags": len(chosen) == 1,
            "note": len(chosen) == 1,
            "copy": bool(chosen),
            "folder": len(chosen) == 1,
            "export": bool(self.model.rows),
            "delete": bool(chosen) and statuses != {"running"},
        }
        for name, enabled in able.items():
            self.actions_by_name[name].setEnabled(enabled)
        self._count.setText(heading(self.model.all, len(self.model.rows)) if self.model.all else "")
        self._stack.setCurrentIndex(1 if self.model.rows else 0)
        self.empty.setText(self._why_empty())

    def _why_empty(self) -> str:
        if self.model.all:
            return self.tr(
                "No run fits “{text}”. Words look through names, tags and notes; tag:… and is:… too."
            ).format(text=self.model.text)
        return self.tr("No runs yet: each training is kept here, with its settings, curves and weights.")

    # --- deeds --------------------------------------------------------------------------------------------------------

    def _on_curves_toggled(self, path: Path, shown: bool) -> None:
        if shown:
            self.curves.show_runs([path])
        else:
            self.curves.hide_runs([path])

    def _toggle_curves(self) -> None:
        paths = [run.path for run in self.view.chosen if not run.listing.problem]
        shown = not all(map(self.model.is_shown, paths))
        self.model.toggle_curves(paths, shown=shown)
        if shown:
            self.curves_requested.emit()

    def compare(self) -> CompareDialog:
        """Open what differs between the selected runs, in a window that may stay open."""
        dialog = CompareDialog([run.path for run in self.view.chosen if not run.listing.problem], self._session, self)
        dialog.difference_requested.connect(self.show_difference_of)
        dialog.show()
        return dialog

    def show_difference(self) -> None:
        """Show on the canvas how the network differs from that of the selected run."""
        self.show_difference_of(self.view.chosen[0].path)

    def show_difference_of(self, path: Path) -> None:
        """Show on the canvas how the network differs from that of a run, until Esc is pressed there."""

        def show(project: Project) -> None:
            self.leave_difference()
            made = self.difference = CanvasDifference(self._canvas(), project, path.name)
            made.destroyed.connect(lambda: self._forget(made))  # a view may be closed before the difference is left

        self.deeds.read(path, show)

    def leave_difference(self) -> None:
        """Show the canvas as it is."""
        if self.difference is not None:
            self.difference.leave()
            self.difference = None

    def _forget(self, gone: CanvasDifference) -> None:
        if self.difference is gone:
            self.difference = None

    def _open(self) -> None:
        self.deeds.open_project(self.view.chosen[0].path)

    def _use(self) -> None:
        self.deeds.use_settings(self.view.chosen[0].path)

    def _resume(self) -> None:
        self._go_on_with(self.view.chosen[0])
        self.resume_requested.emit(self.view.chosen[0].path)

    def _ask_more(self) -> None:
        run = self.view.chosen[0]
        title, label = self.tr("Train more epochs"), self.tr("How many more epochs for {run}?").format(run=run.name)
        number, agreed = QInputDialog.getInt(self, title, label, 10, 1, 1_000_000)
        if agreed:
            self._go_on_with(run)
            self.train_more_requested.emit(run.path, number)

    def _go_on_with(self, run: RunEntry) -> None:
        """Have the curves so far read, so that what comes is drawn behind them."""
        self.curves.show_runs([run.path])

    def _edit(self, column: str) -> None:
        self.view.edit_cell(self.model.row_of(self.view.chosen[0].path), column)

    def _ask_export(self) -> None:
        path = choose_new(self, self.tr("Save the list"), Path("runs.csv"), ["CSV (*.csv)"], suffix=".csv")
        if path is not None:
            self.deeds.save_list(self.model.rows, self.view.shown_columns(), path)

    def _delete(self) -> None:
        runs = self.view.chosen
        if self.deeds.ask_delete(runs):
            self.curves.hide_runs([run.path for run in runs if run.listing.status != "running"])

    # --- keeping up ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look at the folder again, off the window's thread; runs that others train are followed too."""
        if self._lane.busy:
            self._again = True
            return
        if self._index.root != self._runner.runs_root:
            self._index = RunIndex(self._runner.runs_root)
        index = self._index
        self._lane.submit(lambda _progress: index.refresh(), self._on_found, self._on_failed)

    def _on_found(self, runs: tuple[RunEntry, ...]) -> None:
        if not self.view.is_editing:
            self.model.show_runs(runs)
            self._show_state()
        if any(run.listing.status == "running" for run in runs):
            self.curves.catch_up()
        if self._again:
            self._again = False
            self.refresh()

    def _on_failed(self, error: Exception) -> None:
        self._timer.stop()
        raise error

    def _on_search(self, text: str) -> None:
        self.model.search(text)
        self._show_state()

    def _on_state_changed(self, _state: str) -> None:
        self._timer.setInterval(_EVERY_LIVE if self._runner.active else _EVERY)
        self._show_state()
        if self.isVisible():
            self.refresh()

    def close_jobs(self) -> None:
        """End all work in the background."""
        self._timer.stop()
        self.leave_difference()
        self._lane.close()
        self.deeds.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Keep up while the list can be seen."""
        super().showEvent(event)
        self._timer.start()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while nobody looks."""
        super().hideEvent(event)
        self._timer.stop()
