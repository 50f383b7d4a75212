"""One open project in the designer: its document, its selection, and the latest answer of the check.

The check runs in a thread of its own, always on the newest project; an answer that a later edit has overtaken is
dropped. That thread is also the one that loads torch, so that the window never waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from core.errors import EditError
from core.graph.change import Change
from core.graph.document import Document
from core.graph.edits import Edit
from core.graph.project import Project

if TYPE_CHECKING:
    from core.training.check import CheckReport


class Session(QObject):
    """What all views of one project share. Views read ``document`` and ``report`` and ask for edits with ``apply``."""

    changed = Signal(object)
    """A Change, after every change of the document."""
    history_changed = Signal()
    """What can be undone, redone or saved may have changed."""
    selection_changed = Signal(object)
    """The frozenset of selected node names."""
    report_changed = Signal(object)
    """The new CheckReport."""
    refused = Signal(str)
    """An edit was refused; the text says why."""
    reveal_requested = Signal(object)
    """A node name to be brought into view (a problem was clicked)."""
    _checked = Signal(int, object)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.selection: frozenset[str] = frozenset()
        self.report: CheckReport | None = None
        self.report_is_current = False
        self._disconnect = (
            document.changed.connect(self._on_document_changed),
            document.history_changed.connect(lambda _none: self.history_changed.emit()),
        )
        self._checker = _Checker(self._checked.emit)
        self._checked.connect(self._on_checked, Qt.ConnectionType.QueuedConnection)
        self._checker.submit(document.project)

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self.document.project

    @property
    def base(self) -> Path | None:
        """The folder against which relative paths in the project are read."""
        return self.document.path.parent if self.document.path else None

    def apply(self, edit: Edit) -> bool:
        """Apply an edit; where it is refused, emit ``refused`` with the reason and return False."""
        try:
            self.document.apply(edit)
        except EditError as error:
            self.refused.emit(str(error))
            return False
        return True

    def select(self, names: Iterable[str]) -> None:
        """Select exactly these nodes (names that do not exist are left out)."""
        selection = frozenset(names) & frozenset(self.project.graph.nodes)
        if selection != self.selection:
            self.selection = selection
            self.selection_changed.emit(selection)

    def reveal(self, name: str) -> None:
        """Select a node and have it brought into view."""
        self.select([name])
        self.reveal_requested.emit(name)

    def close(self) -> None:
        """End the check's thread and stop listening; the session is of no use afterwards."""
        for disconnect in self._disconnect:
            disconnect()
        self._checker.close()

    def _on_document_changed(self, change: Change) -> None:
        gone = {name for name, (_old, new) in change.nodes.items() if new is None}
        if not change.only_positions:
            self.report_is_current = False
            self._checker.submit(self.project)
        self.changed.emit(change)
        if gone & self.selection:
            self.select((self.selection - gone) | _renamed(change))

    def _on_checked(self, generation: int, report: CheckReport) -> None:
        if generation == self._checker.generation:
            self.report = report
            self.report_is_current = True
            self.report_changed.emit(report)


def _renamed(change: Change) -> frozenset[str]:
    """Return the new name where a change renames a node, so that the selection can follow."""
    old = [before for before, after in change.nodes.values() if before and after is None]
    new = [after for before, after in change.nodes.values() if after and before is None]
    if len(old) == len(new) == 1 and replace(old[0], name=new[0].name) == new[0]:
        return frozenset((new[0].name,))
    return frozenset()


class _Checker:
    """A thread that checks the newest project it was given and skips those in between."""

    def __init__(self, answer: Callable[[int, object], None]) -> None:
        self.generation = 0
        self._answer = answer
        self._project: Project | None = None
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="layerwright-check", daemon=True)
        self._thread.start()

    def submit(self, project: Project) -> None:
        with self._wake:
            self.generation += 1
            self._project = project
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        from core.training.check import check_project

        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._project is not None)
                if self._closing:
                    return
                project, generation, self._project = self._project, self.generation, None
            assert project is not None
            self._answer(generation, check_project(project))
