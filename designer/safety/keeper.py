"""Guards one open project: its unsaved changes go to a journal, and what others do to its file is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QFileSystemWatcher, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from core.errors import sentence
from core.graph.comparison import compare
from core.graph.edits import ReplaceProject
from core.graph.files import load_project
from core.graph.journal import Journal, Slot, Unsaved, journal_folder
from core.graph.on_disk import FileState, OpenMark, State, digest_of, is_open_elsewhere
from designer.session import Session

_CALM_MS = 150
"""Milliseconds without news after which a file that changes is looked at: most programs write in several steps."""


@dataclass(frozen=True)
class Opening:
    """How a project came to be open.

    ``digest`` is the checksum of its file then; ``slot`` is the journal that it was recovered from. What is
    ``read_only`` is open in another window too and can only be saved under another name.
    """

    digest: str = ""
    read_only: bool = False
    slot: Slot | None = None


class Keeper(QObject):
    """Follows a session from when it is shown until ``close``, which takes the journal away."""

    state_changed = Signal(str)
    """How the file is now: "same", "changed" or "gone"."""
    _failed = Signal(str)

    def __init__(self, session: Session, opening: Opening, workspace: QWidget) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        self.session = session
        self.read_only = opening.read_only
        self.state: State = "same"
        self.journal = Journal(journal_folder(), self._failed.emit, slot=opening.slot)
        self._file: FileState | None = None
        self._mark: OpenMark | None = None
        self._watcher = QFileSystemWatcher(self)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MS)
        self._calm.timeout.connect(self.look)
        self._watcher.fileChanged.connect(self._calm.start)
        self._watcher.directoryChanged.connect(self._calm.start)
        self._failed.connect(self._on_failed)
        session.history_changed.connect(self._note)
        workspace.installEventFilter(self)
        path = session.document.path
        if path is not None:
            self._follow(path, opening.digest or digest_of(path))
        self._note()
        self.look()

    def holds(self, path: Path) -> bool:
        """Return whether this is the file of the open project."""
        return self._file is not None and self._file.path == path.resolve()

    def look(self) -> State:
        """See how the file is now, and say so where that is news."""
        if self._file is not None:
            self._watch(self._file.path)
            self._set_state(self._file.look())
            if not self.read_only and self._mark is not None:
                self._mark.set()
        return self.state

    def in_the_way(self, path: Path) -> str:
        """Return why a file is better not written to without asking: "changed", "open" elsewhere, or nothing ("")."""
        if self.holds(path) and self.look() == "changed":
            return "changed"
        return "open" if (self.read_only or not self.holds(path)) and is_open_elsewhere(path) else ""

    def saved(self, path: Path, digest: str) -> None:
        """Take note of what was written to a file (``digest`` is its checksum), before the document is told."""
        path = path.resolve()
        self.read_only = False
        if self._file is None or self._file.path != path:
            self._follow(path, digest)
        else:
            self._file.accept(digest)
        self.look()

    def differences(self) -> tuple[str, ...]:
        """Return what the file has that the open project has not, and the other way round.

        Raises:
            ProjectError: the file cannot be read.
        """
        assert self._file is not None
        return compare(self.session.project, load_project(self._file.path))

    def reload(self) -> None:
        """Take over what the file says, as a step that can be undone.

        Raises:
            ProjectError: the file cannot be read; nothing was changed.
        """
        assert self._file is not None
        digest = digest_of(self._file.path)
        project = load_project(self._file.path)
        self.session.document.end_merge()
        self.session.apply(ReplaceProject(project, self.tr("Reload the file")))
        self.session.document.mark_saved(self._file.path)
        self._file.accept(digest)
        self.look()

    def keep_mine(self) -> None:
        """Know the file as it is now and keep what is open, which counts as not saved."""
        assert self._file is not None
        self._file.accept(digest_of(self._file.path))
        self.session.document.mark_unsaved()
        self.look()

    def close(self) -> None:
        """Stop: the project was saved, or is left without saving as the user said."""
        self.session.history_changed.disconnect(self._note)
        self._calm.stop()
        self._watcher.blockSignals(True)
        self.journal.close()
        if self._mark is not None:
            self._mark.remove()
        self._workspace.removeEventFilter(self)
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look at the file when the user comes back to the window, or to this project in it."""
        if event.type() in (QEvent.Type.WindowActivate, QEvent.Type.Show):
            self._calm.start()
        return super().eventFilter(watched, event)

    def _follow(self, path: Path, digest: str) -> None:
        if self._mark is not None:
            self._mark.remove()
        self._mark = OpenMark(path)
        self._file = FileState(path, digest)
        known = [*self._watcher.files(), *self._watcher.directories()]
        if known:
            self._watcher.removePaths(known)

    def _watch(self, path: Path) -> None:
        """Watch file and folder (again): who replaces a file takes the watch away with the old one."""
        known = {*self._watcher.files(), *self._watcher.directories()}
        wanted = [str(each) for each in (path, path.parent) if str(each) not in known and each.exists()]
        if wanted:
            self._watcher.addPaths(wanted)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _note(self) -> None:
        document = self.session.document
        untouched = document.path is None and document.step_count == 0
        if untouched or not document.is_modified:
            self.journal.note(None)
            return
        saved = document.saved_position
        steps = abs(document.position - saved) if saved is not None else document.position
        digest = self._file.digest if self._file is not None else ""
        self.journal.note(Unsaved(document.project, document.path, digest, max(steps, 1)))

    def _on_failed(self, reason: str) -> None:
        text = self.tr("Should Layerwright end unexpectedly, your changes could not be recovered: {reason} Save often.")
        self.session.told.emit(text.format(reason=sentence(reason)))
