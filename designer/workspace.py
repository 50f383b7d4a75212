"""The workspace of one open project: its canvases in the middle, the panels as docks around them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QTabWidget, QToolBar, QVBoxLayout, QWidget

from core.training.events import RunStarted
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
from designer.library.panel import LibraryPanel
from designer.outline.panel import OutlinePanel
from designer.panes import Pane, Panes
from designer.plots.panel import CurvesPanel
from designer.problems.panel import ProblemsPanel
from designer.properties.panel import PropertiesPanel
from designer.safety.bar import FileBar
from designer.safety.keeper import Keeper, Opening
from designer.session import Session
from designer.settings import Settings
from designer.training.bar import TrainBar
from designer.training.panel import TrainingPanel
from designer.training.runner import TrainingRunner

_LAYOUT = "workspace"
_LAYOUT_VERSION = 2


class Workspace(QMainWindow):
    """All views of one project. It owns them, the runner and the session, and ends them in ``shut_down``.

    The panels show what the canvas that was worked on last shows; ``canvas``, ``breadcrumbs``, ``definitions`` and
    ``heat`` are those of that canvas.
    """

    training_failed = Signal(str, str)
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
        self.panes = Panes(session, settings.folder, settings.blocks)
        self.announcer = Announcer(session, self._canvas, self)
        self.library: LibraryPanel = LibraryPanel(session, settings.blocks)
        self.outline: OutlinePanel = OutlinePanel(session, self._canvas)
        self.properties = PropertiesPanel(session)
        self.panes.watch_costs(self.properties.cost)
        self.data = DataPanel(session)
        self.training = TrainingPanel(session, self.runner)
        self.problems = ProblemsPanel(session)
        self.curves = CurvesPanel(self.runner)
        self.costs = CostPanel(session, self.properties.cost)
        self.history = HistoryPanel(session)
        self.keeper = Keeper(session, opening or Opening(), self)
        self.inspector: QTabWidget = self._make_inspector()
        self.results: QTabWidget = self._make_results()
        self.setCentralWidget(self._make_centre())
        self._add_tool_bar(tools)
        self.docks = add_docks(self)
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
                if isinstance(inside, QTabWidget):
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
        self.runner.close()
        self.properties.close_jobs()
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
        column.addWidget(self.panes, 1)
        return centre

    def _make_inspector(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setObjectName("inspector_tabs")
        tabs.setDocumentMode(True)
        tabs.addTab(self.properties, self.tr("Properties"))
        tabs.addTab(self.data, self.tr("Data"))
        tabs.addTab(self.training, self.tr("Training"))
        tabs.addTab(self.history, self.tr("History"))
        return tabs

    def _make_results(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setObjectName("results_tabs")
        tabs.setMinimumHeight(150)
        tabs.setDocumentMode(True)
        tabs.addTab(self.problems, self.tr("Problems"))
        tabs.addTab(self.curves, self.tr("Curves"))
        tabs.addTab(self.costs, self.tr("Cost"))
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
        self.train_bar = TrainBar(self.runner)
        self.train_bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(self.train_bar)
        self.addToolBar(bar)

    def _connect(self) -> None:
        self.library.add_requested.connect(self._on_add_requested)
        self.library.block_requested.connect(lambda path: self.definitions.add_block(path))
        self.problems.count_changed.connect(self._on_problem_count)
        self.runner.event_received.connect(self._on_training_event)
        self.runner.failed.connect(self.training_failed)
        self.panes.added.connect(self._on_pane)
        for pane in self.panes.panes:
            self._on_pane(pane)
        motion.switch.changed.connect(self._follow_motion)

    def _on_pane(self, pane: Pane) -> None:
        pane.canvas.blocks_changed.connect(self.library.refresh)
        pane.canvas.block_dropped.connect(pane.definitions.add_block)
        pane.canvas.edit_requested.connect(self._on_edit_requested)
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
        self.results.setTabText(self.results.indexOf(self.problems), title)

    def _on_training_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            self.show_panel(self.curves)
