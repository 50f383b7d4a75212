"""What all views of one open project share: the document, the places that are looked at, and the check.

The check runs in a thread of its own, always on the newest project; an answer that a later edit has overtaken is
dropped. That thread is also the one that loads torch, so that the window never waits for it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from core.graph.change import Change
from core.graph.document import Document
from core.graph.project import Project
from core.loading import imports

if TYPE_CHECKING:
    from core.training.check import CheckReport
    from designer.place import Place


class Opened(QObject):
    """One open project. Sessions look at it through places; it tells them in order what a change means to each."""

    changed = Signal(object)
    """A Change, after every change of the document."""
    history_changed = Signal()
    report_changed = Signal(object)
    """The new CheckReport."""
    _checked = Signal(int, object)

    def __init__(self, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self.document = document
        self.places: list[Place] = []
        self.report: CheckReport | None = None
        self.report_is_current = False
        self._disconnect = (
            document.changed.connect(self._on_document_changed),
            document.history_changed.connect(lambda _none: self.history_changed.emit()),
        )
        self._checker = _Checker(self._checked.emit)
        self._checked.connect(self._on_checked, Qt.ConnectionType.QueuedConnection)
        self._checker.submit(document.project, self.base)

    @property
    def base(self) -> Path | None:
        """The folder against which relative paths in the project are read."""
        return self.document.path.parent if self.document.path else None

    def check_again(self) -> None:
        """Check the project as it is once more: something outside of it has changed."""
        self.report_is_current = False
        self._checker.submit(self.document.project, self.base)

    def close(self) -> None:
        """End the check's thread and stop listening."""
        for disconnect in self._disconnect:
            disconnect()
        self._checker.close()

    def _on_document_changed(self, change: Change) -> None:
        if not change.only_positions:
            self.check_again()
        followed = [(place, place.follow(change)) for place in self.places]
        self.changed.emit(change)
        for place, here in followed:
            place.tell(here)

    def _on_checked(self, generation: int, report: CheckReport) -> None:
        if generation == self._checker.generation:
            self.report = report
            self.report_is_current = True
            self.report_changed.emit(report)


class _Checker:
    """A thread that checks the newest project it was given and skips those in between."""

    def __init__(self, answer: Callable[[int, object], None]) -> None:
        self.generation = 0
        self._answer = answer
        self._wanted: tuple[Project, Path | None] | None = None
        self._closing = False
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="layerwright-check", daemon=True)
        self._thread.start()

    def submit(self, project: Project, base: Path | None) -> None:
        with self._wake:
            self.generation += 1
            self._wanted = project, base
            self._wake.notify()

    def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        with imports:
            from core.training.warm import check_project, warm_up

            warm_up()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._wanted is not None)
                if self._closing:
                    return
                wanted, generation, self._wanted = self._wanted, self.generation, None
            assert wanted is not None
            try:
                report = check_project(*wanted)
            except Exception:  # one project that the check trips over must not end the checks of all that follow
                threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), threading.current_thread())))
            else:
                self._answer(generation, report)
