"""The main window: the tabs with the start page and the open projects, and the commands that act on the current one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QCloseEvent, QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from core.graph.document import Document
from core.graph.project import Project
from core.graph.templates import templates
from designer import actions, files, motion, theme
from designer.command_palette.box import CommandPalette
from designer.failures import log_path
from designer.help import AboutDialog
from designer.importing.commands import import_network
from designer.incoming import incoming, sorted_out, take
from designer.keys.dialog import KeysDialog
from designer.keys.keymap import keymap
from designer.keys.overlay import KeysOverlay
from designer.menu_bar import make_menus, tool_bar_actions
from designer.projects import Projects
from designer.properties.section import Fold
from designer.settings import Settings
from designer.start.page import StartPage
from designer.start.tour import Tour
from designer.status import StatusBar
from designer.tabs import Tabs

if TYPE_CHECKING:
    from core.training.events import Failed
    from designer.canvas.view import CanvasView
    from designer.definitions import Definitions
    from designer.training.runner import TrainingRunner
    from designer.workspace import Workspace

_TOUR_PROJECT = "digits"
_TOUR_DELAY = 500
"""Milliseconds after the first project is shown until the tour begins."""


class Window(QMainWindow):
    """Holds the open projects in tabs. ``workspace`` is that of the current tab, None while the start page is shown."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("window")
        self.settings = settings
        self.actions_by_id: dict[str, QAction] = make_menus(self)
        self.tour: Tour | None = None
        self.tour_waits = False
        """True where the tour is to begin by itself with the first project."""
        self.start = StartPage(settings)
        self.tabs: Tabs = Tabs()
        self.projects = Projects(self)
        self.setCentralWidget(self.tabs)
        self.setAcceptDrops(True)
        self.setMinimumSize(964, 500)  # narrower, the docks would lie on one another
        self._followed: Workspace | None = None
        keymap.use(settings)
        Fold.use(settings)
        actions.give_icons(self.actions_by_id)
        self._take_keys()
        keymap.changed.connect(self._take_keys)
        self.command_palette: CommandPalette = CommandPalette(self, settings)
        self.keys_overlay: KeysOverlay = KeysOverlay(self)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)
        self._connect()
        self._restore_geometry()
        self.show_start()

    @property
    def workspace(self) -> Workspace | None:
        """The workspace of the current tab; None where that is the start page."""
        return self.projects.on_page(self.tabs.current)

    @property
    def canvas(self) -> CanvasView:
        """The canvas that is worked on in the current project; commands that need one are disabled without."""
        return self._open_workspace.canvas

    @property
    def definitions(self) -> Definitions:
        """The commands about what the current project defines itself."""
        return self._open_workspace.definitions

    @property
    def runner(self) -> TrainingRunner:
        """The runner of the current project."""
        return self._open_workspace.runner

    @property
    def _open_workspace(self) -> Workspace:
        workspace = self.workspace
        assert workspace is not None
        return workspace

    # --- opening, saving, closing -------------------------------------------------------------------------------------

    def new_project(self) -> None:
        """Start with an empty canvas, in a new tab."""
        self.projects.show(Document())

    def open_template(self, project: Project) -> None:
        """Open a template as a copy that is in no file yet."""
        self.projects.open_template(project)

    def open_dialog(self) -> None:
        """Ask for a file and open it."""
        path = files.choose_to_open(self, self._folder())
        if path is not None:
            self.open_file(path)

    def open_file(self, path: Path) -> None:
        """Open a file as what it is: a project, or a network, weights or data of others."""
        found = sorted_out([path])
        if found and not found.projects:
            take(self, found)
        else:
            self.open_path(path)

    def open_path(self, path: Path) -> bool:
        """Open a project file in a tab, or go to the tab it is open in; where it cannot be read, say why."""
        return self.projects.open_path(path)

    def save(self) -> bool:
        """Save the current project to its file, or ask for one; False where it was not saved."""
        return self.workspace is not None and self.projects.save(self.workspace)

    def save_as(self) -> bool:
        """Ask for a file and save the current project to it; False where it was not saved."""
        return self.workspace is not None and self.projects.save_as(self.workspace)

    def show_start(self) -> None:
        """Go to the start page, which has a tab of its own."""
        if self.start in self.tabs.pages:
            self.tabs.show_page(self.start)
        else:
            self.tabs.add(self.start, self.tr("Start"), at=0)

    def close_tab(self) -> None:
        """Close the current tab, after asking about what is unsaved in it."""
        if self.tabs.current is not None:
            self.projects.close(self.tabs.current)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved changes and running training, one project after the other; then end everything cleanly."""
        if not self.projects.close_all():
            event.ignore()
            return
        self.settings.set_layout("window", self.saveGeometry())
        self.settings.sync()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept projects and tables."""
        if incoming(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped, once the drag has ended: a question must not keep the other program waiting."""
        dropped = incoming(event.mimeData())
        if dropped:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, lambda: take(self, dropped))

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

    def split(self, orientation: Qt.Orientation) -> None:
        """Open another view of the current project beside the canvas (horizontal) or below it."""
        if self.workspace is not None:
            self.workspace.panes.split(orientation)

    def close_view(self) -> None:
        """Close the view that is worked on; the last one stays."""
        if self.workspace is not None:
            self.workspace.panes.close_pane(self.workspace.panes.current)
            self.refresh()

    def next_view(self) -> None:
        """Go to the next view of the current project."""
        if self.workspace is not None:
            self.workspace.panes.focus_next()

    def set_theme(self, choice: str) -> None:
        """Use a theme (see ``theme.CHOICES``) from now on."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.settings.theme = choice
        theme.switch.apply(application, choice)

    def set_motion(self, choice: str) -> None:
        """Let things move by themselves or not (see ``motion.CHOICES``) from now on."""
        self.settings.motion = choice
        motion.switch.apply(choice)
        self.refresh()

    def toggle_dock(self, name: str) -> None:
        """Show or hide a dock, by its name in ``docks.DOCKS``."""
        if self.workspace is not None:
            dock = self.workspace.docks[name]
            dock.setVisible(not dock.isVisible())
            if dock.isVisible():
                dock.raise_()

    def reset_layout(self) -> None:
        """Put every dock where it was at first."""
        if self.workspace is not None:
            self.workspace.reset_layout()

    def focus_library(self) -> None:
        """Show the library and put the cursor into its search field."""
        if self.workspace is not None:
            self.workspace.show_panel(self.workspace.library)
            self.workspace.library.focus_search()

    def show_outline(self) -> None:
        """Show the outline and give it the keyboard."""
        if self.workspace is not None:
            self.workspace.show_panel(self.workspace.outline)
            self.workspace.outline.setFocus()

    def show_data(self) -> None:
        """Show where the samples come from and give that panel the keyboard."""
        if self.workspace is not None:
            self._focus_panel(self.workspace, self.workspace.data)

    def show_training(self) -> None:
        """Show how the network is trained and give that panel the keyboard."""
        if self.workspace is not None:
            self._focus_panel(self.workspace, self.workspace.training)

    def _focus_panel(self, workspace: Workspace, panel: QWidget) -> None:
        workspace.show_panel(panel)
        each = panel.nextInFocusChain()
        while each is not None and panel.isAncestorOf(each):
            if each.focusPolicy() & Qt.FocusPolicy.TabFocus and each.isVisibleTo(panel):
                each.setFocus(Qt.FocusReason.ShortcutFocusReason)
                return
            each = each.nextInFocusChain()

    def show_find(self) -> None:
        """Open the find bar over the canvas."""
        if self.workspace is not None:
            self.workspace.panes.current.find_bar.open()

    def walk_found(self, step: int) -> None:
        """Go to the next (1) or the previous (-1) node that was found."""
        if self.workspace is not None:
            self.workspace.panes.current.find_bar.walk(step)

    def toggle_minimap(self) -> None:
        """Show or hide the overview of the network."""
        if self.workspace is not None:
            self.workspace.panes.current.minimap.toggle()

    def show_problems(self) -> None:
        """Show the list of problems."""
        if self.workspace is not None:
            self.workspace.show_panel(self.workspace.problems)
            self.workspace.problems.setFocus()

    def show_history(self) -> None:
        """Show the undo history."""
        if self.workspace is not None:
            self.workspace.show_panel(self.workspace.history)
            self.workspace.history.setFocus()

    def show_cost(self) -> None:
        """Show what the network costs, node by node."""
        if self.workspace is not None:
            self.workspace.show_panel(self.workspace.costs)
            self.workspace.costs.view.setFocus()

    def show_inside(self) -> None:
        """Bring what is seen inside the network to the front."""
        if self.workspace is not None:
            self.workspace.show_panel(self.workspace.inside)
            self.workspace.inside.setFocus()

    def set_heat(self, measure: str) -> None:
        """Colour the nodes by a measure (see ``HeatMap``), or no longer ("")."""
        if self.workspace is not None:
            self.workspace.show_heat(measure)
        self.refresh()

    def train(self) -> None:
        """Start training."""
        self.runner.start()

    def show_export(self) -> None:
        """Show the export dialog."""
        from designer.export.dialog import ExportDialog

        workspace = self._open_workspace
        dialog = ExportDialog(workspace.session, workspace.runner.runs_root, self)
        dialog.exec()
        dialog.deleteLater()

    def show_shortcuts(self) -> None:
        """Show all commands with their keys, which can be changed there."""
        self.keys_overlay.hide()
        dialog = KeysDialog(self)
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

    def show_tour(self) -> None:
        """Begin the tour; where no project is open, with an example."""
        self.tour_waits = False
        if self.tour is not None:
            return
        if self.workspace is None:
            template = next((each for each in templates() if each.id == _TOUR_PROJECT), None)
            if template is None:
                self.new_project()
            else:
                self.open_template(template.load())
        self.tour = Tour(self._open_workspace, self)
        self.tour.ended.connect(self._on_tour_ended)

    def refresh(self, _what: object = None) -> None:
        """Bring title and menus up to date."""
        for command in actions.COMMANDS:
            self.actions_by_id[command.id].setEnabled(command.when(self))
        workspace = self.workspace
        document = workspace.session.document if workspace is not None else None
        for name, verb, label in (
            ("undo", self.tr("Undo"), document.undo_label if document else None),
            ("redo", self.tr("Redo"), document.redo_label if document else None),
        ):
            text = f"{verb} {label}" if label else verb
            self.actions_by_id[name].setText(text.replace(verb, f"&{verb}", 1))
            self.actions_by_id[name].setToolTip(text)
        heat = workspace.heat.measure if workspace is not None else ""
        for chosen in (f"theme_{theme.switch.choice}", f"motion_{motion.switch.choice}", f"heat_{heat or 'off'}"):
            self.actions_by_id[chosen].setChecked(True)
        name = self.projects.name_of(workspace) if workspace is not None else ""
        self.setWindowTitle(self.tr("{name}[*] – Layerwright").format(name=name) if name else "Layerwright")
        self.setWindowModified(document is not None and document.is_modified)

    # --- the current tab ----------------------------------------------------------------------------------------------

    def _on_opened(self, workspace: Workspace) -> None:
        """Connect a new project; what only concerns the one that is shown waits for ``_on_tab``."""
        workspace.canvas_added.connect(self._add_canvas_actions)
        for canvas in workspace.canvases:
            self._add_canvas_actions(canvas)
        session = workspace.session
        for signal in (session.history_changed, session.selection_changed, session.drawn_changed, session.view_changed):
            signal.connect(lambda _what=None: self.refresh() if workspace is self._followed else None)
        workspace.runner.state_changed.connect(lambda _state: self.refresh())
        workspace.panes.current_changed.connect(self.refresh)
        for said in (session.refused, session.told):
            said.connect(lambda text: self.status.say(text) if workspace is self._followed else None)
        workspace.training_failed.connect(lambda failed: self._on_training_failed(workspace, failed))

    def _add_canvas_actions(self, canvas: CanvasView) -> None:
        for command in actions.COMMANDS:
            if command.canvas:
                canvas.addAction(self.actions_by_id[command.id])

    def _on_tab(self) -> None:
        workspace = self.workspace
        if workspace is not self._followed:
            if self.tour is not None:
                self.tour.finish()
            self._followed = workspace
            self.status.follow(workspace)
        self.refresh()
        if workspace is not None and self.tour_waits:
            QTimer.singleShot(_TOUR_DELAY, self, self._begin_waiting_tour)

    def _on_leaving(self, page: QWidget) -> None:
        for workspace in self.projects.open_ones:
            if workspace is page:
                workspace.put_away()

    def _begin_waiting_tour(self) -> None:
        if self.tour_waits and self.workspace is not None and QApplication.activeModalWidget() is None:
            self.show_tour()

    def _on_tour_ended(self) -> None:
        self.tour = None
        self.settings.tour_done = True
        if self.workspace is not None:
            self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_training_failed(self, workspace: Workspace, failed: Failed) -> None:
        """Go to the project whose training failed; its own bar says why, and what can be done."""
        self.tabs.show_page(workspace)
        where = self.tr("Training failed at “{node}”.") if failed.node else self.tr("Training failed.")
        self.status.say(where.format(node=failed.node))

    def _on_theme(self) -> None:
        actions.give_icons(self.actions_by_id)
        self.refresh()

    def _on_saved(self, path: Path) -> None:
        self.status.say(self.tr("Saved to {path}").format(path=path))

    # --- building -----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.start.new_requested.connect(self.new_project)
        self.start.open_requested.connect(self.open_dialog)
        self.start.import_requested.connect(lambda: import_network(self))
        self.start.recent_requested.connect(self.open_path)
        self.start.template_requested.connect(self.open_template)
        self.projects.opened.connect(self._on_opened)
        self.projects.saved.connect(self._on_saved)
        self.tabs.current_changed.connect(self._on_tab)
        self.tabs.leaving.connect(self._on_leaving)
        self.tabs.close_requested.connect(self.projects.close)
        theme.switch.changed.connect(self._on_theme)

    def _take_keys(self) -> None:
        """Give every command the keys that the user has chosen for it."""
        for name, action in self.actions_by_id.items():
            action.setShortcuts(keymap.sequences(name))

    def tool_bar_actions(self) -> list[QAction | None]:
        """Return what is on the tool bar of a workspace; None stands for a line."""
        return tool_bar_actions(self.actions_by_id)

    def _restore_geometry(self) -> None:
        geometry = self.settings.layout("window")
        if geometry is not None and self.restoreGeometry(geometry):
            return
        available = self.screen().availableGeometry()
        size = QSize(1366, 820).boundedTo(available.size() - QSize(16, 40))
        self.resize(size)
        self.move(available.center() - self.rect().center())
