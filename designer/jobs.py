"""Background jobs: long work runs in a thread, reports progress, can be cancelled, and stale answers are dropped.

Plain threads, not QThread: a QThread that is still running when its window goes ends the process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

T = TypeVar("T")
log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Raised inside a job at ``Progress.check`` after the job was cancelled or superseded."""


class Progress:
    """What the work is handed: it reports how far it is and asks whether it is still wanted."""

    def __init__(self, report: Callable[[float, str], None]) -> None:
        self._report = report
        self._cancel = threading.Event()

    @property
    def cancelled(self) -> bool:
        """True once nobody wants the answer any more."""
        return self._cancel.is_set()

    def cancel(self) -> None:
        """Ask the work to end soon."""
        self._cancel.set()

    def check(self) -> None:
        """Raise Cancelled where the job was cancelled."""
        if self.cancelled:
            raise Cancelled

    def report(self, fraction: float, text: str = "") -> None:
        """Say how far the work is (0 to 1) and what it is doing."""
        self._report(fraction, text)


class _Threads:
    """The running threads of a lane, free of Qt, so that it can be shut even while the lane is being destroyed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.closed = False
        self.running: dict[threading.Thread, Progress] = {}

    def close(self) -> None:
        with self.lock:
            self.closed = True
            running = dict(self.running)
        for progress in running.values():
            progress.cancel()
        for thread in running:
            thread.join()

    def send(self, emit: Callable[[], None]) -> None:
        """Emit towards the GUI thread unless the lane has been closed."""
        with self.lock:
            if not self.closed:
                emit()


class Lane(QObject):
    """Runs one job at a time for one purpose: a new job cancels the one before, whose answer is dropped.

    The threads are cancelled and joined when the lane is closed, its parent destroyed or the application quits.
    """

    busy_changed = Signal(bool)
    progressed = Signal(float, str)
    """Fraction (0 to 1) and text of the current job."""
    _answered = Signal(int, object, object)
    _reported = Signal(int, float, str)

    def __init__(self, parent: QObject, name: str) -> None:
        super().__init__(parent)
        self.generation = 0
        self.busy = False
        self._name = name
        self._threads = _Threads()
        self._current: Progress | None = None
        self._done: Callable[[Any], None] = _ignore
        self._failed: Callable[[Exception], None] = _ignore
        self._answered.connect(self._on_answered, Qt.ConnectionType.QueuedConnection)
        self._reported.connect(self._on_reported, Qt.ConnectionType.QueuedConnection)
        parent.destroyed.connect(self._threads.close)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    def submit(
        self, work: Callable[[Progress], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        """Run ``work`` in a thread, then call ``done`` with its result or ``failed`` with what it raised, here."""
        if self._threads.closed:
            return
        self.cancel()
        generation = self.generation
        progress = Progress(lambda fraction, text: self._report(generation, fraction, text))
        self._current, self._done, self._failed = progress, cast("Callable[[Any], None]", done), failed
        thread = threading.Thread(
            target=self._run, args=(generation, work, progress), name=f"layerwright-{self._name}", daemon=True
        )
        with self._threads.lock:
            self._threads.running[thread] = progress
        self._set_busy(True)
        thread.start()

    def cancel(self) -> None:
        """Drop the current job: neither of its callbacks will be called."""
        self.generation += 1
        if self._current is not None:
            self._current.cancel()
            self._current = None
        self._set_busy(False)

    def close(self) -> None:
        """Cancel what runs and wait for its end; later jobs are ignored."""
        self.generation += 1
        self._threads.close()

    def _run(self, generation: int, work: Callable[[Progress], object], progress: Progress) -> None:
        result: object = None
        failure: Exception | None = None
        try:
            result = work(progress)
        except Cancelled:
            log.debug("job %s was cancelled", self._name)
        # Whatever the work raises is the answer; the thread that asked shows it.
        except Exception as error:
            failure = error
        self._threads.send(lambda: self._answered.emit(generation, result, failure))
        with self._threads.lock:
            self._threads.running.pop(threading.current_thread(), None)

    def _report(self, generation: int, fraction: float, text: str) -> None:
        self._threads.send(lambda: self._reported.emit(generation, fraction, text))

    def _on_reported(self, generation: int, fraction: float, text: str) -> None:
        if generation == self.generation:
            self.progressed.emit(fraction, text)

    def _on_answered(self, generation: int, result: object, failure: Exception | None) -> None:
        if generation != self.generation:
            return
        self._current = None
        self._set_busy(False)
        if failure is None:
            self._done(result)
        else:
            self._failed(failure)

    def _set_busy(self, busy: bool) -> None:
        if busy != self.busy:
            self.busy = busy
            self.busy_changed.emit(busy)


def _ignore(_value: object) -> None:
    """Stand in for a callback before the first job."""
