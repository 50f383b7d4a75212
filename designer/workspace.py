"""The workspace of one open project: its canvases in the middle, the panels as docks around them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSizePolicy, QToolBar, QVBoxLayout, QWidget

from core.errors import TrainingError
from core.training.events import RunStarted
from core.training.runs import Run
from designer import motion
from designer.canvas.announcer import Announcer
from designer.canvas.breadcrumbs import Breadcrumbs
from designer.canvas.heat_map import HeatMap
from designer.canvas.view import CanvasView
from designer.costs.panel import CostPanel
from designer.data.panel import DataPanel
from designer.definitions import Definitions
from designer.docks import add_docks, share_out
from designer.history.panel import HistoryPanel
from designer.inside.on_canvas import InsideOnCanvas
from designer.inside.panel import InsidePanel
from designer.inside.watcher import InsideWatcher
from designer.library.panel import LibraryPanel
from designer.outline.panel import OutlinePanel
from designer.panel_tabs import PanelTabs
from designer.panes import Pane, Panes
from designer.plots.panel import CurvesPanel
from designer.problems.panel import ProblemsPanel
from designer.properties.panel import PropertiesPanel
from designer.results.panel import ResultsPanel
from designer.runs.panel import RunsPanel
from designer.safety.bar import FileBar
from designer.safety.keeper import Keeper, Opening
from designer.samples.panel import SamplesPanel
from designer.session import Session
from designer.settings import Settings
from designer.source.panel import SourcePanel
from designer.sweep.panel import SweepPanel
from designer.sweep.runner import SweepRunner
from designer.training.bar import TrainBar
from designer.training.freezing import offer_freezing
from designer.training.notice import NoticeBar
from designer.training.notices import Notices
from designer.training.panel import TrainingPanel
from designer.training.runner import TrainingRunner
from designer.tryit.panel import TryPanel

_LAYOUT = "workspace"
_LAYOUT_VERSION = 2


class Workspace(QMainWindow):
    """All views of one project. It owns them, the runner and the session, and ends them in ``shut_down``.

    The panels show what the canvas that was worked on last shows; ``canvas``, ``breadcrumbs``, ``definitions`` and
    ``heat`` are those of that canvas.
    """

    training_failed = Signal(object)
    """A Failed."""
    canvas_added = Signal(object)
    """A CanvasView: another view of the project was opened."""

    def __init__(
        self, session: Session, settings: Settings, tools: list[QAction | None], opening: Opening | None = None
    ) -> None:
        super().__init__()
        self.setObjectName("workspace")
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.session = session
        session.setParent(self)
        self._settings = settings
        self.runner = TrainingRunner(session, self)
        self.notice = NoticeBar()
        self.notices = Notices(self.runner, self.notice)
        self.panes: Panes = Panes(session, settings.folder, settings.blocks)
        self.announcer = Announcer(session, self._canvas, self)
        self.library: LibraryPanel = LibraryPanel(session, settings.blocks)
        self.outline: OutlinePanel = OutlinePanel(session, self._canvas)
        self.properties = PropertiesPanel(session)
        self.panes.watch_costs(self.properties.cost)
        self.data = DataPanel(session)
        self.training = TrainingPanel(session, self.runner)
        self.problems = ProblemsPanel(session)
        self.curves = CurvesPanel(self.runner)
        self.runs: RunsPanel = RunsPanel(session, self.runner, self.curves, self._canvas, settings)
        sweeps = SweepRunner(session, lambda: self.runner.runs_root, self)
        self.sweep: SweepPanel = SweepPanel(session, sweeps)
        self.watcher = InsideWatcher(session, self.runner, settings)
        self.inside: InsidePanel = InsidePanel(self.watcher)
        self.costs = CostPanel(session, self.properties.cost)
        self.outcome: ResultsPanel = ResultsPanel(self.runner)
        self.trial: TryPanel = TryPanel(self.runner)
        self.samples = SamplesPanel(session)
        self.history = HistoryPanel(session)
        self.source: SourcePanel = SourcePanel(session)
        self.keeper = Keeper(session, opening or Opening(), self)
        self.inspector: PanelTabs = self._make_inspector()
        self.results: PanelTabs = self._make_results()
        self.setCentralWidget(self._make_centre())
        self._add_tool_bar(tools)
        self.docks: dict[str, QDockWidget] = add_docks(self)
        self._first_state = self.saveState(_LAYOUT_VERSION)
        self._connect()
        self._laid_out = False
        self._follow_motion()

    @property
    def canvas(self) -> CanvasView:
        """The canvas that is worked on."""
        return self.panes.current.canvas

    def _canvas(self) -> CanvasView:
        return self.canvas

    @property
    def canvases(self) -> tuple[CanvasView, ...]:
        """All canvases."""
        return tuple(pane.canvas for pane in self.panes.panes)

    @property
    def breadcrumbs(self) -> Breadcrumbs:
        """The breadcrumbs of the canvas that is worked on."""
        return self.panes.current.breadcrumbs

    @property
    def definitions(self) -> Definitions:
        """The commands about definitions that act on the canvas that is worked on."""
        return self.panes.current.definitions

    @property
    def heat(self) -> HeatMap:
        """The cost colours of the canvas that is worked on."""
        heat = self.panes.current.heat
        assert heat is not None
        return heat

    def show_heat(self, measure: str) -> None:
        """Colour the nodes of every canvas by a measure, or no longer ("")."""
        for pane in self.panes.panes:
            if pane.heat is not None:
                pane.heat.show_measure(measure)

    def show_panel(self, panel: QWidget) -> None:
        """Bring a panel to the front, in whatever dock or tab it is."""
        for dock in self.docks.values():
            inside = dock.widget()
            if inside is panel or inside.isAncestorOf(panel):
                dock.show()
                dock.raise_()
                if isinstance(inside, PanelTabs):
                    inside.setCurrentWidget(panel)

    # --- layout -------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Lay the docks out as the user left them, in this or another project; the first time, by the size."""
        super().showEvent(event)
        if event.spontaneous():
            return
        state = self._settings.layout(_LAYOUT)
        known = state is not None and (
            (self._laid_out and state == self.saveState(_LAYOUT_VERSION)) or self.restoreState(state, _LAYOUT_VERSION)
        )
        if not known and not self._laid_out:
            share_out(self, self.docks)
        self._laid_out = True

    def put_away(self) -> None:
        """Remember the layout; another page is about to be shown, so docks that float must not stay behind."""
        self.save_layout()
        for dock in self.docks.values():
            if dock.isFloating():
                dock.hide()

    def save_layout(self) -> None:
        """Remember where the docks are."""
        if self._laid_out and self.isVisible():
            self._settings.set_layout(_LAYOUT, self.saveState(_LAYOUT_VERSION))

    def reset_layout(self) -> None:
        """Put every dock where it was at first."""
        self.restoreState(self._first_state, _LAYOUT_VERSION)
        share_out(self, self.docks)
        self.save_layout()

    def shut_down(self) -> None:
        """End training, the check and all work in the background, and wait until they have ended."""
        self.save_layout()
        self.keeper.close()
        self.notices.close_jobs()
        self.runner.close()
        self.runs.close_jobs()
        self.sweep.close_jobs()
        self.outcome.close_jobs()
        self.trial.close_jobs()
        self.curves.close_jobs()
        self.watcher.close_jobs()
        self.properties.close_jobs()
        self.training.close_jobs()
        self.samples.close_jobs()
        self.source.close_jobs()
        self.session.close()

    def _follow_motion(self) -> None:
        options = QMainWindow.DockOption
        animated = QMainWindow.DockOption(0) if motion.switch.reduced else options.AnimatedDocks
        self.setDockOptions(options.AllowTabbedDocks | options.AllowNestedDocks | animated)

    # --- parts --------------------------------------------------------------------------------------------------------

    def _make_centre(self) -> QWidget:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(FileBar(self.keeper))
        column.addWidget(self.notice)
        column.addWidget(self.panes, 1)
        return centre

    def _make_inspector(self) -> PanelTabs:
        tabs = PanelTabs()
        tabs.setObjectName("inspector_tabs")
        tabs.add(self.properties, self.tr("Properties"))
        tabs.add(self.data, self.tr("Data"))
        tabs.add(self.training, self.tr("Training"))
        tabs.add(self.history, self.tr("History"))
        return tabs

    def _make_results(self) -> PanelTabs:
        tabs = PanelTabs()
        tabs.setObjectName("results_tabs")
        tabs.setMinimumHeight(150)
        tabs.add(self.problems, self.tr("Problems"))
        tabs.add(self.samples, self.tr("Samples"))
        tabs.add(self.curves, self.tr("Curves"))
        tabs.add(self.inside, self.tr("Inside"))
        tabs.add(self.outcome, self.tr("Results"))
        tabs.add(self.trial, self.tr("Try it"))
        tabs.add(self.runs, self.tr("Runs"))
        tabs.add(self.sweep, self.tr("Sweep"))
        tabs.add(self.costs, self.tr("Cost"))
        return tabs

    def _add_tool_bar(self, tools: list[QAction | None]) -> None:
        bar = QToolBar(self.tr("Tool bar"))
        bar.setObjectName("tool_bar")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        for action in tools:
            if action is None:
                bar.addSeparator()
            else:
                bar.addAction(action)
        bar.addSeparator()
        self.train_bar: TrainBar = TrainBar(self.runner)
        self.train_bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(self.train_bar)
        self.addToolBar(bar)

    def _connect(self) -> None:
        self.library.add_requested.connect(self._on_add_requested)
        self.library.block_requested.connect(lambda path: self.definitions.add_block(path))
        self.samples.data_wanted.connect(lambda: self.show_panel(self.data))
        self.data.samples_wanted.connect(lambda: self.show_panel(self.samples))
        self.problems.count_changed.connect(self._on_problem_count)
        self.runner.event_received.connect(self._on_training_event)
        self.runner.failed.connect(self.training_failed)
        self.runs.curves_requested.connect(lambda: self.show_panel(self.curves))
        self.sweep.run_requested.connect(self._on_curves_of)
        self.runs.resume_requested.connect(self.runner.resume)
        self.runs.train_more_requested.connect(self._on_train_more)
        self.runs.results_requested.connect(self._on_results_of)
        self.runs.inside_requested.connect(self._on_inside_of)
        self.panes.added.connect(self._on_pane)
        for pane in self.panes.panes:
            self._on_pane(pane)
        motion.switch.changed.connect(self._follow_motion)

    def _on_pane(self, pane: Pane) -> None:
        pane.canvas.blocks_changed.connect(self.library.refresh)
        seen = InsideOnCanvas(pane.canvas, self.watcher)
        if pane.heat is not None:
            seen.colour(pane.heat)
        pane.canvas.block_dropped.connect(pane.definitions.add_block)
        pane.canvas.edit_requested.connect(self._on_edit_requested)
        pane.canvas.node_menu_made.connect(partial(offer_freezing, self.runner, pane.canvas))
        pane.minimap.setVisible(self._settings.minimap)
        pane.minimap.shown_changed.connect(self._on_minimap_shown)
        self.canvas_added.emit(pane.canvas)

    def _on_minimap_shown(self, shown: bool) -> None:
        self._settings.minimap = shown
        for pane in self.panes.panes:
            pane.minimap.setVisible(shown)

    def _on_add_requested(self, kind: str) -> None:
        self.canvas.add_kind(kind)

    def _on_edit_requested(self, node: str) -> None:
        if self.definitions.edit_code(node):
            return
        self.show_panel(self.properties)
        self.properties.focus_first()

    def _on_problem_count(self, count: int) -> None:
        title = self.tr("Problems ({count})").format(count=count) if count else self.tr("Problems")
        self.results.name(self.problems, title)

    def _on_train_more(self, run: Path, epochs: int) -> None:
        try:
            done = Run.open(run).summary().epochs
        except TrainingError as error:
            self.session.refused.emit(str(error))
            return
        self.runner.resume(run, done + epochs)

    def _on_curves_of(self, run: Path) -> None:
        self.curves.show_runs([run])
        self.show_panel(self.curves)

    def _on_results_of(self, run: Path) -> None:
        self.show_panel(self.outcome)
        self.outcome.heading.run.choose(run)

    def _on_inside_of(self, run: Path) -> None:
        self.show_panel(self.inside)
        self.watcher.show_run(run)

    def _on_training_event(self, event: object) -> None:
        if isinstance(event, RunStarted) and not self.inside.isVisible():
            self.show_panel(self.curves)
