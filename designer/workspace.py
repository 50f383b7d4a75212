"""The workspace of one open project: library, canvas, inspector and results as docks around each other."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QSizePolicy, QTabWidget, QToolBar, QVBoxLayout, QWidget

from core.training.events import RunStarted
from designer.canvas.breadcrumbs import Breadcrumbs
from designer.canvas.heat_map import HeatMap
from designer.canvas.view import CanvasView
from designer.costs.panel import CostPanel
from designer.data.panel import DataPanel
from designer.definitions import Definitions
from designer.library.panel import LibraryPanel
from designer.plots.panel import CurvesPanel
from designer.problems.panel import ProblemsPanel
from designer.properties.panel import PropertiesPanel
from designer.session import Session
from designer.settings import Settings
from designer.training.bar import TrainBar
from designer.training.panel import TrainingPanel
from designer.training.runner import TrainingRunner

_LAYOUT_VERSION = 1
INSPECTOR_WIDTH = 340
"""Least width of the inspector, in pixels: what the properties' editors need."""


class Workspace(QMainWindow):
    """All views of one session. It owns them, the runner and the session, and ends them in ``shut_down``."""

    training_failed = Signal(str, str)

    def __init__(self, session: Session, settings: Settings, tools: list[QAction | None]) -> None:
        super().__init__()
        self.setObjectName("workspace")
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockOptions(QMainWindow.DockOption.AllowTabbedDocks | QMainWindow.DockOption.AnimatedDocks)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.session = session
        session.setParent(self)
        self._settings = settings
        self.runner = TrainingRunner(session, self)
        self.breadcrumbs = Breadcrumbs(session)
        self.canvas = CanvasView(session)
        self.canvas.structure.blocks = settings.blocks
        self.definitions = Definitions(self.canvas, settings.folder)
        self.library = LibraryPanel(session, settings.blocks)
        self.properties = PropertiesPanel(session)
        self.data = DataPanel(session)
        self.training = TrainingPanel(session, self.runner)
        self.problems = ProblemsPanel(session)
        self.curves = CurvesPanel(self.runner)
        self.costs = CostPanel(session, self.properties.cost)
        self.heat = HeatMap(self.canvas, self.properties.cost)
        self.inspector = self._make_inspector()
        self.results = self._make_results()
        self.setCentralWidget(self._make_centre())
        self._add_tool_bar(tools)
        self.docks = self._add_docks()
        self._connect()
        self._laid_out = False

    def showEvent(self, event: QShowEvent) -> None:
        """Lay the docks out as they were, or for the first time, now that the size is known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            state = self._settings.layout("workspace")
            if state is None or not self.restoreState(state, _LAYOUT_VERSION):
                self._share_out()

    def save_layout(self) -> None:
        """Remember where the docks are."""
        if not self._laid_out:
            return
        self._settings.set_layout("workspace", self.saveState(_LAYOUT_VERSION))

    def shut_down(self) -> None:
        """End training, the check and all work in the background, and wait until they have ended."""
        self.save_layout()
        self.runner.close()
        self.properties.close_jobs()
        self.session.close()

    def _make_centre(self) -> QWidget:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.breadcrumbs)
        column.addWidget(self.canvas, 1)
        return centre

    def _make_inspector(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setObjectName("inspector_tabs")
        tabs.setDocumentMode(True)
        tabs.addTab(self.properties, self.tr("Properties"))
        tabs.addTab(self.data, self.tr("Data"))
        tabs.addTab(self.training, self.tr("Training"))
        return tabs

    def _make_results(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setObjectName("results_tabs")
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

    def _add_docks(self) -> dict[str, QDockWidget]:
        area = Qt.DockWidgetArea
        docks = {
            "library": self._dock("library", self.tr("Library"), self.library, area.LeftDockWidgetArea),
            "inspector": self._dock("inspector", self.tr("Inspector"), self.inspector, area.RightDockWidgetArea),
            "results": self._dock("results", self.tr("Results"), self.results, area.BottomDockWidgetArea),
        }
        docks["library"].setMinimumWidth(190)
        docks["inspector"].setMinimumWidth(INSPECTOR_WIDTH)
        for corner, place in (
            (Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, area.RightDockWidgetArea),
        ):
            self.setCorner(corner, place)
        return docks

    def _share_out(self) -> None:
        """Give the docks their first sizes: Qt does that only for a window that has its own size already."""
        docks, room = self.docks, self.size()
        widths = [max(236, room.width() // 7), max(INSPECTOR_WIDTH, room.width() // 5)]
        self.resizeDocks([docks["library"], docks["inspector"]], widths, Qt.Orientation.Horizontal)
        self.resizeDocks([docks["results"]], [max(170, room.height() // 5)], Qt.Orientation.Vertical)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(f"dock_{name}")
        dock.setAccessibleName(title)
        dock.setWidget(widget)
        dock.setTitleBarWidget(QWidget(dock))
        self.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        self.library.add_requested.connect(self._on_add_requested)
        self.library.block_requested.connect(self.definitions.add_block)
        self.canvas.blocks_changed.connect(self.library.refresh)
        self.canvas.block_dropped.connect(self.definitions.add_block)
        self.canvas.edit_requested.connect(self._on_edit_requested)
        self.problems.count_changed.connect(self._on_problem_count)
        self.runner.event_received.connect(self._on_training_event)
        self.runner.failed.connect(self.training_failed)

    def _on_add_requested(self, kind: str) -> None:
        self.canvas.add_kind(kind)

    def _on_edit_requested(self, node: str) -> None:
        if self.definitions.edit_code(node):
            return
        self.docks["inspector"].show()
        self.inspector.setCurrentWidget(self.properties)
        self.properties.focus_first()

    def _on_problem_count(self, count: int) -> None:
        title = self.tr("Problems ({count})").format(count=count) if count else self.tr("Problems")
        self.results.setTabText(self.results.indexOf(self.problems), title)

    def _on_training_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            self.docks["results"].show()
            self.results.setCurrentWidget(self.curves)
