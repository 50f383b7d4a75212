"""Runs training in a background thread and tells the window about it, at a pace that leaves the window free.

The loop itself knows nothing of threads or Qt (``core.training.loop``): its events go into a queue, which a timer
drains while training runs. The thread is joined before the runner is gone.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, QStandardPaths, QTimer, Signal

from core.errors import LayerwrightError
from core.training.control import Control
from core.training.events import Event, Failed, Finished, Paused, Resumed, RunStarted
from core.training.job import Job, threads_beside_a_window
from designer.session import Session

State = Literal["idle", "starting", "running", "paused", "stopping", "finished", "failed"]
ACTIVE: frozenset[State] = frozenset({"starting", "running", "paused", "stopping"})
"""The states in which a run is under way."""

_DRAINS_PER_SECOND = 15
log = logging.getLogger(__name__)


def default_runs_root(session: Session) -> Path:
    """Return where runs go: ``runs`` beside the project file, or in the user's data folder before it is saved."""
    if session.base is not None:
        return session.base / "runs"
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    return Path(folder) / "runs"


class _Ended:
    """The last thing in the queue: the thread has nothing more to say."""


class TrainingRunner(QObject):
    """Starts, pauses, continues and stops the training of a session's project.

    ``start`` waits for the check of the newest edit before it begins, and refuses (through ``session.refused``) while
    something keeps the project from being trained.
    """

    event_received = Signal(object)
    """Every event of the loop, in order (see ``core.training.events``)."""
    drained = Signal()
    """After one or more events: the moment to repaint."""
    state_changed = Signal(str)
    failed = Signal(str, str)
    """What went wrong, in words, and the node it belongs to ("" for none)."""

    def __init__(self, session: Session, parent: QObject | None = None, *, runs_root: Path | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.state: State = "idle"
        self.run: Path | None = None
        """The folder of the current or last run."""
        self.result: Finished | Failed | None = None
        """How the last run ended."""
        self._runs_root = runs_root
        self._queue: queue.SimpleQueue[Event | _Ended] = queue.SimpleQueue()
        self._control = Control()
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // _DRAINS_PER_SECOND)
        self._timer.timeout.connect(self._drain)
        session.report_changed.connect(self._on_report_changed)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    @property
    def active(self) -> bool:
        """True while a run is under way, paused or ending."""
        return self.state in ACTIVE

    @property
    def runs_root(self) -> Path:
        """The folder that new runs go into."""
        return self._runs_root or default_runs_root(self.session)

    def reasons(self) -> tuple[str, ...]:
        """Return why the project cannot be trained as it is; empty where it can or where the check has not answered."""
        report = self.session.report
        if report is None or not self.session.report_is_current:
            return ()
        return tuple(problem.sentence for problem in report.blockers)

    def start(self) -> bool:
        """Begin a new run; return False where one is under way or the project cannot be trained."""
        if self.active:
            return False
        if self.reasons():
            self._refuse()
            return False
        self._set_state("starting")
        if self.session.report_is_current:
            self._launch()
        return True

    def pause(self) -> None:
        """Make a running training wait; it says ``Paused`` when it does."""
        if self.state == "running":
            self._control.pause()

    def resume(self) -> None:
        """Let a paused training go on."""
        if self.state in ("paused", "running"):
            self._control.resume()

    def stop(self) -> None:
        """End training soon; the best and the last weights are kept."""
        if self.state == "starting" and self._thread is None:
            self._set_state("idle")
        elif self.active:
            self._control.stop()
            self._set_state("stopping")

    def set_learning_rate(self, rate: float) -> None:
        """Change the learning rate of the running training."""
        self._control.set_learning_rate(rate)

    def close(self) -> None:
        """Stop training, wait for its end and tell the last of it; safe to call again."""
        if self.state == "starting" and self._thread is None:
            self._set_state("idle")
        if self._thread is not None:
            self._control.stop()
            self._thread.join()
            self._drain()
        self._timer.stop()

    def _refuse(self) -> None:
        reasons = self.reasons()
        shown = reasons[:3]
        rest = len(reasons) - len(shown)
        lines = [*shown, self.tr("and {0} more").format(rest)] if rest else shown
        self.session.refused.emit(self.tr("Training cannot start yet.") + "\n" + "\n".join(lines))

    def _on_report_changed(self, _report: object) -> None:
        if self.state == "starting" and self._thread is None:
            if self.reasons():
                self._set_state("idle")
                self._refuse()
            else:
                self._launch()

    def _launch(self) -> None:
        from core.training.runs import new_run_folder

        project = self.session.project
        self.run = new_run_folder(self.runs_root, project.name)
        self.result = None
        self._control = Control()
        self._queue = queue.SimpleQueue()
        job = Job(project, self.run, self.session.base, threads=threads_beside_a_window())
        self._thread = threading.Thread(
            target=_train, args=(job, self._queue, self._control), name="layerwright-training", daemon=True
        )
        self._thread.start()
        self._timer.start()

    def _drain(self) -> None:
        """Hand on what has come, for at most a part of a frame's time, so that the window stays responsive."""
        until = time.perf_counter() + 0.008
        taken = False
        closing = self._thread is not None and not self._thread.is_alive()
        while closing or time.perf_counter() < until:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            taken = True
            if isinstance(item, _Ended):
                self._on_ended()
                break
            self._take(item)
        if taken:
            self.drained.emit()

    def _take(self, event: Event) -> None:
        if isinstance(event, Finished | Failed):
            self.result = event
        self.event_received.emit(event)
        if isinstance(event, RunStarted) and self.state == "starting":
            self._set_state("running")
        elif isinstance(event, Paused) and self.state == "running":
            self._set_state("paused")
        elif isinstance(event, Resumed) and self.state == "paused":
            self._set_state("running")

    def _on_ended(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._timer.stop()
        if isinstance(self.result, Failed):
            if self.result.details:
                log.error("training failed: %s\n%s", self.result.message, self.result.details)
            self._set_state("failed")
            self.failed.emit(self.result.message, self.result.node)
        else:
            self._set_state("finished")

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _train(job: Job, events: queue.SimpleQueue[Event | _Ended], control: Control) -> None:
    """Run the loop in its thread. However it ends, the queue tells it: nothing escapes into the thread's own hook."""
    told = threading.Event()

    def emit(event: Event) -> None:
        if isinstance(event, Failed):
            told.set()
        events.put(event)

    try:
        from core.training.loop import train

        train(job, emit, control)
    # The loop has told of its own failures; what comes before it starts (a library that is missing) is told here.
    except Exception as error:
        if not told.is_set():
            events.put(_failure(error))
    finally:
        events.put(_Ended())


def _failure(error: Exception) -> Failed:
    import traceback

    if isinstance(error, LayerwrightError):
        return Failed(str(error), error.node or "")
    return Failed(f"{type(error).__name__}: {error}", details="".join(traceback.format_exception(error)))
