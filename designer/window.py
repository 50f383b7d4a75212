"""The main window: the start page or the workspace of the open project, and what opens, saves and closes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QSize, Qt, QUrl
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QStackedWidget

from core import units
from core.errors import LayerwrightError, ProjectError, SaveError
from core.graph.document import Document
from core.graph.files import SUFFIX, load_project, save_project
from core.graph.project import Project
from designer import actions, files, theme
from designer.failures import log_path
from designer.help import AboutDialog, ShortcutsDialog
from designer.properties.cost import training_line
from designer.session import Session
from designer.settings import Settings
from designer.start.page import StartPage
from designer.widgets import muted

if TYPE_CHECKING:
    from designer.canvas.view import CanvasView
    from designer.definitions import Definitions
    from designer.training.runner import TrainingRunner
    from designer.workspace import Workspace

_MESSAGE_MS = 8000


class Window(QMainWindow):
    """Holds at most one project. ``workspace`` is None while the start page is all there is."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("window")
        self.settings = settings
        self.workspace: Workspace | None = None
        self.actions_by_id: dict[str, QAction] = {}
        self.start = StartPage(settings)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.start)
        self.setCentralWidget(self.stack)
        self.setAcceptDrops(True)
        self.setMinimumSize(800, 500)
        self.size_label = muted(wrap=False)
        self.size_label.setObjectName("size_label")
        self.statusBar().addPermanentWidget(self.size_label)
        self.statusBar().setSizeGripEnabled(False)
        self._make_menus()
        self.start.new_requested.connect(self.new_project)
        self.start.open_requested.connect(self.open_dialog)
        self.start.recent_requested.connect(self._on_recent_requested)
        self.start.template_requested.connect(self.open_template)
        theme.switch.changed.connect(self.refresh)
        self._restore_geometry()
        self.refresh()

    @property
    def canvas(self) -> CanvasView:
        """The canvas of the open project; commands that need one are disabled without."""
        assert self.workspace is not None
        return self.workspace.canvas

    @property
    def definitions(self) -> Definitions:
        """The commands about what the open project defines itself."""
        assert self.workspace is not None
        return self.workspace.definitions

    @property
    def runner(self) -> TrainingRunner:
        """The runner of the open project."""
        assert self.workspace is not None
        return self.workspace.runner

    # --- opening, saving, closing -------------------------------------------------------------------------------------

    def new_project(self) -> None:
        """Start with an empty canvas, after asking about what is open."""
        if self._may_leave():
            self._show(Document())

    def open_template(self, project: Project) -> None:
        """Open a template as a copy that is in no file yet."""
        if self._may_leave():
            document = Document(project)
            document.mark_unsaved()
            self._show(document)

    def open_dialog(self) -> None:
        """Ask for a file and open it."""
        path = files.choose_to_open(self, self._folder())
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> bool:
        """Open a project file. Where it cannot be read, say why and keep what is open."""
        try:
            project = load_project(path)
        except ProjectError as error:
            advice = self.tr("Nothing was changed: the file is as it was, and what was open still is.")
            files.show_error(self, self.tr("The project cannot be opened"), error, advice)
            self.start.refresh_recent()
            return False
        if not self._may_leave():
            return False
        self._show(Document(project, path.resolve()))
        self.settings.add_recent(path, project.name)
        return True

    def save(self) -> bool:
        """Save to the project's file, or ask for one; False where it was not saved."""
        if self.workspace is None:
            return False
        path = self.workspace.session.document.path
        return self._save_to(path) if path is not None else self.save_as()

    def save_as(self) -> bool:
        """Ask for a file and save to it; False where it was not saved."""
        if self.workspace is None:
            return False
        document = self.workspace.session.document
        path = files.choose_to_save(self, document.path or self._folder() / _file_name(document.project.name))
        return path is not None and self._save_to(path)

    def show_start(self) -> None:
        """Go to the start page, after asking about what is open."""
        if self._may_leave():
            self._discard_workspace()
            self.stack.setCurrentWidget(self.start)
            self.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes and running training; then end everything cleanly."""
        if not self._may_leave():
            event.ignore()
            return
        self.settings.set_layout("window", self.saveGeometry())
        self._discard_workspace()
        self.settings.sync()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a project file."""
        if _dropped_project(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the dropped project file."""
        path = _dropped_project(event)
        if path is not None:
            event.acceptProposedAction()
            self.open_path(path)

    def _save_to(self, path: Path) -> bool:
        assert self.workspace is not None
        document = self.workspace.session.document
        try:
            save_project(document.project, path)
        except SaveError as error:
            advice = self.tr("Your changes are still here. Save them to another place with File, Save as.")
            files.show_error(self, self.tr("The project was not saved"), error, advice)
            return False
        document.mark_saved(path.resolve())
        self.settings.add_recent(path, document.project.name)
        self.statusBar().showMessage(self.tr("Saved to {path}").format(path=path), _MESSAGE_MS)
        return True

    def _may_leave(self) -> bool:
        """Return True where the open project may be closed: nothing runs, and nothing unsaved would be lost."""
        if self.workspace is None:
            return True
        if self.workspace.runner.active and not files.ask_stop_training(self):
            return False
        document = self.workspace.session.document
        untouched = document.path is None and document.undo_label is None and document.redo_label is None
        if document.is_modified and not untouched:
            answer = files.ask_unsaved(self, self._name())
            if answer is files.Answer.CANCEL or (answer is files.Answer.SAVE and not self.save()):
                return False
        return True

    def _show(self, document: Document) -> None:
        from designer.workspace import Workspace

        workspace = Workspace(Session(document), self.settings, self._tool_bar_actions())
        self._discard_workspace()
        self.workspace = workspace
        for command in actions.COMMANDS:
            if command.canvas:
                workspace.canvas.addAction(self.actions_by_id[command.id])
        session = workspace.session
        session.history_changed.connect(self.refresh)
        session.selection_changed.connect(self.refresh)
        session.view_changed.connect(self.refresh)
        session.refused.connect(self._say)
        session.told.connect(self._say)
        workspace.runner.state_changed.connect(self.refresh)
        workspace.training_failed.connect(self._on_training_failed)
        workspace.properties.cost.changed.connect(self._on_cost_changed)
        workspace.properties.cost.went_stale.connect(self._on_cost_changed)
        self.size_label.clear()
        self.stack.addWidget(workspace)
        self.stack.setCurrentWidget(workspace)
        workspace.canvas.setFocus()
        self.refresh()

    def _discard_workspace(self) -> None:
        workspace, self.workspace = self.workspace, None
        if workspace is not None:
            workspace.session.history_changed.disconnect(self.refresh)
            workspace.session.selection_changed.disconnect(self.refresh)
            workspace.session.view_changed.disconnect(self.refresh)
            workspace.shut_down()
            self.stack.removeWidget(workspace)
            workspace.hide()
            workspace.deleteLater()

    def _on_recent_requested(self, path: Path) -> None:
        self.open_path(path)

    def _folder(self) -> Path:
        path = self.workspace.session.document.path if self.workspace is not None else None
        return path.parent if path is not None else self.settings.folder

    # --- commands -----------------------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the last step back."""
        if self.workspace is not None:
            self.workspace.session.document.undo()

    def redo(self) -> None:
        """Do the last undone step again."""
        if self.workspace is not None:
            self.workspace.session.document.redo()

    def zoom(self, factor: float) -> None:
        """Show the canvas larger (above 1) or smaller."""
        self.canvas.zoom_by(factor)

    def set_theme(self, choice: str) -> None:
        """Use the theme "system", "light" or "dark" from now on."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.settings.theme = choice
        theme.switch.apply(application, choice)

    def toggle_dock(self, name: str) -> None:
        """Show or hide a dock: "library", "inspector" or "results"."""
        if self.workspace is not None:
            dock = self.workspace.docks[name]
            dock.setVisible(not dock.isVisible())

    def focus_library(self) -> None:
        """Show the library and put the cursor into its search field."""
        if self.workspace is not None:
            self.workspace.docks["library"].show()
            self.workspace.library.focus_search()

    def show_problems(self) -> None:
        """Show the list of problems."""
        if self.workspace is not None:
            self.workspace.docks["results"].show()
            self.workspace.results.setCurrentWidget(self.workspace.problems)
            self.workspace.problems.setFocus()

    def show_cost(self) -> None:
        """Show what the network costs, node by node."""
        if self.workspace is not None:
            self.workspace.docks["results"].show()
            self.workspace.results.setCurrentWidget(self.workspace.costs)
            self.workspace.costs.view.setFocus()

    def set_heat(self, measure: str) -> None:
        """Colour the nodes by "parameters", "multiply_adds" or "memory", or no longer ("")."""
        if self.workspace is not None:
            self.workspace.heat.show_measure(measure)
        self.refresh()

    def train(self) -> None:
        """Start training."""
        self.runner.start()

    def show_export(self) -> None:
        """Show the export dialog."""
        from designer.export.dialog import ExportDialog

        assert self.workspace is not None
        dialog = ExportDialog(self.workspace.session, self.workspace.runner.runs_root, self)
        dialog.exec()
        dialog.deleteLater()

    def show_shortcuts(self) -> None:
        """Show all commands with their keys."""
        dialog = ShortcutsDialog(self)
        dialog.exec()
        dialog.deleteLater()

    def show_about(self) -> None:
        """Show name, version and licence."""
        dialog = AboutDialog(self)
        dialog.exec()
        dialog.deleteLater()

    def show_log(self) -> None:
        """Open the log file with the system's viewer."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path())))

    def refresh(self, _what: object = None) -> None:
        """Bring title, menus and icons up to date."""
        for command in actions.COMMANDS:
            actions.refresh_action(self.actions_by_id[command.id], command, self)
        document = self.workspace.session.document if self.workspace is not None else None
        for name, verb, label in (
            ("undo", self.tr("Undo"), document.undo_label if document else None),
            ("redo", self.tr("Redo"), document.redo_label if document else None),
        ):
            text = f"{verb} {label}" if label else verb
            self.actions_by_id[name].setText(text.replace(verb, f"&{verb}", 1))
            self.actions_by_id[name].setToolTip(text)
        self.actions_by_id[f"theme_{theme.switch.choice}"].setChecked(True)
        heat = self.workspace.heat.measure if self.workspace is not None else ""
        self.actions_by_id[f"heat_{heat or 'off'}"].setChecked(True)
        self.statusBar().setVisible(document is not None)
        title = self.tr("{name}[*] – Layerwright").format(name=self._name()) if document else "Layerwright"
        self.setWindowTitle(title)
        self.setWindowModified(document is not None and document.is_modified)

    # --- building -----------------------------------------------------------------------------------------------------

    def _name(self) -> str:
        assert self.workspace is not None
        document = self.workspace.session.document
        return document.path.name if document.path is not None else document.project.name or self.tr("Untitled")

    def _make_menus(self) -> None:
        menus: dict[str, QMenu] = {}
        for name in actions.MENUS:
            menus[name] = self.menuBar().addMenu(QCoreApplication.translate("Actions", name))
        groups: dict[str, QActionGroup] = {}
        for command in actions.COMMANDS:
            action = actions.make_action(command, self)
            self.actions_by_id[command.id] = action
            if command.separated:
                menus[command.menu].addSeparator()
            menus[command.menu].addAction(action)
            if command.canvas:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if command.group:
                groups.setdefault(command.group, QActionGroup(self)).addAction(action)

    def _tool_bar_actions(self) -> list[QAction | None]:
        shown: list[QAction | None] = []
        menu = ""
        for command in actions.COMMANDS:
            if command.tool_bar:
                if shown and command.menu != menu:
                    shown.append(None)
                menu = command.menu
                shown.append(self.actions_by_id[command.id])
        return shown

    def _restore_geometry(self) -> None:
        geometry = self.settings.layout("window")
        if geometry is not None and self.restoreGeometry(geometry):
            return
        available = self.screen().availableGeometry()
        size = QSize(1366, 820).boundedTo(available.size() - QSize(16, 40))
        self.resize(size)
        self.move(available.center() - self.rect().center())

    def _on_cost_changed(self) -> None:
        cost = self.workspace.properties.cost if self.workspace is not None else None
        if cost is None or cost.report is None:
            self.size_label.clear()
            return
        text = self.tr("{parameters} parameters  ·  {flops} FLOPs per sample").format(
            parameters=units.count(cost.report.parameters), flops=units.count(cost.report.flops)
        )
        if cost.budget is not None:
            text += self.tr("  ·  training takes {need}").format(need=training_line(cost.budget))
        self.size_label.setText(f"{text}  ")
        self.size_label.setEnabled(not cost.is_stale)

    def _say(self, text: str) -> None:
        self.statusBar().showMessage(text.replace("\n", "  "), _MESSAGE_MS)

    def _on_training_failed(self, message: str, node: str) -> None:
        if node and self.workspace is not None:
            self.workspace.session.reveal(node)
        where = self.tr("Training failed at “{node}”.").format(node=node) if node else self.tr("Training failed.")
        error = LayerwrightError(f"{where}\n\n{message}")
        advice = self.tr("Nothing in the project was changed. What was trained until then is kept in the run's folder.")
        files.show_error(self, self.tr("Training failed"), error, advice)


def _file_name(name: str) -> str:
    plain = re.sub(r"[^\w\- ]+", "", name).strip().replace(" ", "-").lower()
    return (plain or "untitled") + SUFFIX


def _dropped_project(event: QDropEvent) -> Path | None:
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.suffix == SUFFIX:
            return path
    return None
