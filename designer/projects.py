"""Opening, saving and closing projects, each in a tab of the window: nothing is lost without being asked about."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.data.relocate import relocated
from core.errors import LayerwrightError, ProjectError, SaveError
from core.graph.document import Document
from core.graph.files import SUFFIX, save_project
from core.graph.journal import Recovered
from core.graph.project import Project
from core.training.events import Finished, Progress
from designer import files
from designer.importing.keeping import put_beside
from designer.safety import guard
from designer.safety.asking import Choice
from designer.safety.keeper import Opening
from designer.session import Session

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from designer.window import Window
    from designer.workspace import Workspace


class Projects(QObject):
    """The open projects of one window. ``open_ones`` are their workspaces, in the order of the tabs."""

    opened = Signal(object)
    """A new Workspace, before it is shown."""
    saved = Signal(object)
    """The path that was written."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        self._tabs = window.tabs
        self._workspaces: list[Workspace] = []
        self._shares: dict[Workspace, float] = {}
        window.start.recovery.recover_requested.connect(self.recover)

    @property
    def open_ones(self) -> tuple[Workspace, ...]:
        """The workspaces of all open projects."""
        return tuple(each for page in self._tabs.pages for each in self._workspaces if each is page)

    def on_page(self, page: QWidget | None) -> Workspace | None:
        """Return the workspace that is this page of the tabs; None where it is none."""
        return next((each for each in self._workspaces if each is page), None)

    # --- opening ------------------------------------------------------------------------------------------------------

    def open_path(self, path: Path) -> bool:
        """Go to the tab of a file, or open it in a new one. Where it cannot be read, say why."""
        path = path.resolve()
        found = self.of_file(path)
        if found is not None:
            self._tabs.show_page(found)
            return True
        try:
            plan = guard.plan_to_open(self._window, path)
        except ProjectError as error:
            advice = self.tr("Nothing was changed: the file is as it was, and what was open still is.")
            files.show_error(self._window, self.tr("The project cannot be opened"), error, advice)
            self._window.start.refresh_recent()
            return False
        return self._carry_out(plan)

    def recover(self, found: Recovered) -> bool:
        """Open what was left unsaved when the program ended; False where that was cancelled or cannot be."""
        try:
            plan = guard.plan_to_recover(self._window, found)
        except ProjectError as error:
            files.show_error(self._window, self.tr("The unsaved work cannot be recovered"), error)
            self._window.start.recovery.refresh()
            return False
        return self._carry_out(plan)

    def _carry_out(self, plan: guard.Plan | None) -> bool:
        if plan is None:
            return False
        self.show(plan.document, plan.opening)
        if plan.document.path is not None:
            self._window.settings.add_recent(plan.document.path, plan.document.project.name)
        return True

    def open_template(self, project: Project) -> None:
        """Open a template as a copy that is in no file yet."""
        document = Document(project)
        document.mark_unsaved()
        self.show(document)

    def show(self, document: Document, opening: Opening | None = None) -> Workspace:
        """Open a document in a new tab."""
        from designer.workspace import Workspace

        workspace = Workspace(Session(document), self._window.settings, self._window.tool_bar_actions(), opening)
        session, runner = workspace.session, workspace.runner
        session.history_changed.connect(lambda: self.describe(workspace))
        session.changed.connect(lambda _change: self.describe(workspace))
        runner.event_received.connect(lambda event: self._on_event(workspace, event))
        runner.state_changed.connect(lambda _state: self._on_state(workspace))
        workspace.runs.project_requested.connect(self.open_template)
        workspace.sweep.project_requested.connect(self.open_template)
        self.opened.emit(workspace)
        self._workspaces.append(workspace)
        self._tabs.add(workspace, self.name_of(workspace))
        self.describe(workspace)
        workspace.canvas.setFocus()
        return workspace

    def of_file(self, path: Path) -> Workspace | None:
        """Return the workspace in which a file is open."""
        return next((each for each in self.open_ones if each.session.document.path == path), None)

    # --- tabs ---------------------------------------------------------------------------------------------------------

    def name_of(self, workspace: Workspace) -> str:
        """Return what a project is called: its file, its name, or that it has none."""
        document = workspace.session.document
        name = document.path.name if document.path is not None else document.project.name or self.tr("Untitled")
        return self.tr("{name} (read-only)").format(name=name) if workspace.keeper.read_only else name

    def describe(self, workspace: Workspace) -> None:
        """Bring a project's tab up to date."""
        if workspace not in self._tabs.pages:
            return
        document = workspace.session.document
        tip = str(document.path) if document.path is not None else self.tr("Not saved to a file yet")
        share = self._shares.get(workspace)
        self._tabs.describe(workspace, self.name_of(workspace), tip, unsaved=document.is_modified, share=share)

    def _on_event(self, workspace: Workspace, event: object) -> None:
        if isinstance(event, Progress | Finished):
            share = event.step / max(1, event.steps) if isinstance(event, Progress) else 1.0
            if int(share * 100) != int(self._shares.get(workspace, -1.0) * 100):
                self._shares[workspace] = share
                self.describe(workspace)

    def _on_state(self, workspace: Workspace) -> None:
        if workspace.runner.active:
            self._shares.setdefault(workspace, 0.0)
        else:
            self._shares.pop(workspace, None)
        self.describe(workspace)

    # --- saving -------------------------------------------------------------------------------------------------------

    def save(self, workspace: Workspace) -> bool:
        """Save to the project's file, or ask for one; False where it was not saved."""
        path = workspace.session.document.path
        if path is None or workspace.keeper.read_only:
            return self.save_as(workspace)
        return self._save_to(workspace, path)

    def save_as(self, workspace: Workspace) -> bool:
        """Ask for a file and save to it; False where it was not saved."""
        document = workspace.session.document
        suggestion = document.path or self._window.settings.folder / _file_name(document.project.name)
        path = files.choose_to_save(self._window, suggestion)
        if path is None:
            return False
        if self.of_file(path.resolve()) not in (None, workspace):
            error = LayerwrightError(self.tr("“{name}” is open in another tab.").format(name=path.name))
            advice = self.tr("Save under another name, or close that tab first.")
            files.show_error(self._window, self.tr("The project was not saved"), error, advice)
            return False
        return self._save_to(workspace, path)

    def _save_to(self, workspace: Workspace, path: Path) -> bool:
        document = workspace.session.document
        choice = guard.ask_to_write(self._window, workspace.keeper, path)
        if choice is not Choice.FIRST:
            return choice is Choice.SECOND and self.save_as(workspace)
        old, new = workspace.session.base, path.resolve().parent
        beside: Callable[[Project], Project] | None = None

        def moved(project: Project) -> Project:
            found = relocated(project, old, new)
            return beside(found) if beside is not None else found

        try:
            beside = put_beside(document.project, path.resolve())
            digest = save_project(moved(document.project), path)
        except SaveError as error:
            advice = self.tr("Your changes are still here. Save them to another place with File, Save as.")
            files.show_error(self._window, self.tr("The project was not saved"), error, advice)
            return False
        workspace.keeper.saved(path, digest)
        document.mark_saved(path.resolve(), None if old == new and beside is None else moved)
        self.describe(workspace)
        self._window.settings.add_recent(path, document.project.name)
        self.saved.emit(path)
        return True

    # --- closing ------------------------------------------------------------------------------------------------------

    def close(self, page: QWidget) -> bool:
        """Close a tab, after asking about what runs or is unsaved in it; False where the user wants it kept."""
        workspace = self.on_page(page)
        if workspace is None:
            if len(self._tabs.pages) > 1:
                self._tabs.remove(page)
            return True
        if not self._may_close(workspace):
            return False
        self._end(workspace)
        if not self._tabs.pages:
            self._window.show_start()
        return True

    def close_all(self) -> bool:
        """Close every project, asking about each in turn; where the user cancels once, all of them stay."""
        if not all(self._may_close(each) for each in self.open_ones):
            return False
        for workspace in self.open_ones:
            self._end(workspace)
        return True

    def _may_close(self, workspace: Workspace) -> bool:
        """Return True where a project may be closed: nothing runs, and nothing unsaved would be lost."""
        document = workspace.session.document
        untouched = document.path is None and document.undo_label is None and document.redo_label is None
        unsaved = document.is_modified and not untouched
        sweeps, source = workspace.sweep.runner, workspace.source
        if unsaved or workspace.runner.active or sweeps.active or source.unapplied:
            self._tabs.show_page(workspace)
        if workspace.runner.active and not files.ask_stop_training(self._window):
            return False
        trials = sweeps.sweep.trials if sweeps.sweep is not None else document.project.search.trials
        if sweeps.active and not files.ask_stop_sweep(self._window, sweeps.done, trials):
            return False
        if source.unapplied:
            workspace.show_panel(source)
            if not files.ask_leave_source(self._window):
                return False
        if unsaved:
            answer = files.ask_unsaved(self._window, self.name_of(workspace))
            if answer is files.Answer.CANCEL or (answer is files.Answer.SAVE and not self.save(workspace)):
                return False
        return True

    def _end(self, workspace: Workspace) -> None:
        workspace.shut_down()
        self._shares.pop(workspace, None)
        self._tabs.remove(workspace)
        self._workspaces.remove(workspace)
        workspace.deleteLater()


def _file_name(name: str) -> str:
    plain = re.sub(r"[^\w\- ]+", "", name).strip().replace(" ", "-").lower()
    return (plain or "untitled") + SUFFIX
