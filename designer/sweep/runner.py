"""Runs the sweep of a session's project by worker processes, and reads its table at a pace that leaves the window free.

A thread starts the workers and waits for them (``core.search.sweep``); the journal that they write is read in another.
"""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from core.errors import LayerwrightError
from core.search.folder import Sweep, make_sweep, open_sweep
from core.search.sweep import SweepRun, TrialTold
from core.search.table import Table, TrialRow, done_count
from core.training.runs import SWEEP
from designer.jobs import Lane
from designer.session import Session

State = Literal["idle", "starting", "running", "stopping"]
_EVERY = 700
"""Milliseconds between two looks at the journal while workers write it."""
_WORD = "-sweep-"
log = logging.getLogger(__name__)


class SweepRunner(QObject):
    """One sweep at a time. ``sweep`` is the one that is looked at, ``rows`` its trials, as they were last read."""

    state_changed = Signal(str)
    read = Signal()
    """The table was read anew."""

    def __init__(self, session: Session, runs_root: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.state: State = "idle"
        self.sweep: Sweep | None = None
        self.rows: tuple[TrialRow, ...] = ()
        self.importances: dict[str, float] = {}
        self._root = runs_root
        self._run: SweepRun | None = None
        self._order = ""
        self._thread: threading.Thread | None = None
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._table: Table | None = None
        self._again = False
        self._stamp = (0, 0)
        self._lane = Lane(self, "sweep-table")
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY)
        self._timer.timeout.connect(self._follow)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    @property
    def active(self) -> bool:
        """True while workers are there."""
        return self.state != "idle"

    @property
    def done(self) -> int:
        """How many trials have ended."""
        return done_count(self.rows)

    @property
    def can_go_on(self) -> bool:
        """True where the sweep that is looked at has trials left."""
        return not self.active and self.sweep is not None and self.done < self.sweep.trials

    def folders(self) -> list[Path]:
        """Return the folders of the project's sweeps, the newest first."""
        return sorted((each.parent for each in self._root().glob(f"*/{SWEEP}")), reverse=True)

    # --- beginning and ending -----------------------------------------------------------------------------------------

    def start(self, workers: int) -> None:
        """Begin a new sweep of the project as it is now."""
        project, base = self.session.project, self.session.base
        word = "".join(letter if letter.isalnum() else "-" for letter in project.name.lower()).strip("-") or "project"
        folder = self._root() / f"{datetime.now():%Y-%m-%d-%H%M%S}{_WORD}{word}"
        self._launch(lambda: make_sweep(folder, project, base), workers)

    def go_on(self, workers: int, trials: int | None = None) -> None:
        """Go on with the sweep that is looked at, as it was begun; ``trials`` is how many it shall have in all."""
        if self.sweep is None:
            return
        folder = self.sweep.path

        def work() -> Sweep:
            sweep = open_sweep(folder)
            return sweep if trials is None or trials == sweep.trials else sweep.with_trials(trials)

        self._launch(work, workers)

    def _launch(self, make: Callable[[], Sweep], workers: int) -> None:
        if self.active:
            return
        self._order = ""
        self._set_state("starting")
        self._thread = threading.Thread(target=self._work, args=(make, workers), name="layerwright-sweep", daemon=True)
        self._thread.start()
        self._timer.start()

    def _work(self, make: Callable[[], Sweep], workers: int) -> None:
        """Run the sweep in its thread; however that ends, the queue tells it."""
        failure = ""
        try:
            sweep = make()
            run = self._run = SweepRun(sweep, workers)
            self._said.put(sweep)
            if not self._order:
                run.run(_log_deaths)
        except LayerwrightError as error:
            failure = str(error)
        # Nothing may escape into the thread's own hook: the window says what it was.
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
            log.error("the sweep failed\n%s", traceback.format_exc())
        self._run = None
        self._said.put(failure)

    def stop(self, *, finish: bool = False) -> None:
        """End soon: what is being trained is interrupted, or with ``finish`` trained to its end."""
        if not self.active:
            return
        self._order = "finish" if finish else "stop"
        run = self._run
        if run is not None:
            (run.finish if finish else run.stop)()
        self._set_state("stopping")

    def close(self) -> None:
        """Interrupt the sweep and wait for its end; safe to call again."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._timer.stop()
        self._lane.close()

    # --- following ----------------------------------------------------------------------------------------------------

    def show(self, folder: Path) -> None:
        """Look at another sweep."""
        if self.active:
            return
        try:
            self._look_at(open_sweep(folder))
        except LayerwrightError as error:
            self.session.refused.emit(str(error))

    def _look_at(self, sweep: Sweep) -> None:
        self.sweep, self._table = sweep, None
        self.rows, self.importances = (), {}
        self.refresh()

    def refresh(self) -> None:
        """Read the table again, off the window's thread."""
        if self.sweep is None:
            return
        if self._lane.busy:
            self._again = True
            return
        self._again = False
        self._stamp = _stamp(self.sweep)
        sweep, table, before = self.sweep, self._table, (self.rows, self.importances)

        def work(_progress: object) -> tuple[Table, tuple[TrialRow, ...], dict[str, float]]:
            reader = table or Table(sweep)
            rows = reader.rows()
            same = _completed(rows) == _completed(before[0]) and table is not None
            return reader, rows, before[1] if same else reader.importances()

        self._lane.submit(work, self._on_read, self._on_failed)

    def catch_up(self) -> None:
        """Read the table again where another process has gone on with the sweep that is looked at."""
        if not self.active and self.sweep is not None and _stamp(self.sweep) != self._stamp:
            self.refresh()

    def _on_read(self, found: tuple[Table, tuple[TrialRow, ...], dict[str, float]]) -> None:
        self._table, self.rows, self.importances = found
        if self._again:
            self.refresh()
        self.read.emit()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self.session.refused.emit(str(error))

    def _follow(self) -> None:
        while not self._said.empty():
            said = self._said.get_nowait()
            if isinstance(said, Sweep):
                self._look_at(said)
                if self.state == "starting":
                    self._set_state("running")
            else:
                self._on_ended(said)
        self.refresh()

    def _on_ended(self, failure: str) -> None:
        self._timer.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._set_state("idle")
        if failure:
            self.session.refused.emit(failure)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def _log_deaths(told: TrialTold) -> None:
    if told.died:
        log.warning("sweep, trial %d: %s", told.number, told.reason)


def _stamp(sweep: Sweep) -> tuple[int, int]:
    """Return what changes whenever something is written to a sweep's journal."""
    try:
        state = sweep.journal.stat()
    except OSError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


def _completed(rows: tuple[TrialRow, ...]) -> int:
    return sum(each.outcome == "completed" for each in rows)
