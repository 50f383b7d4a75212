"""One worker of a sweep: takes trial after trial, trains each as an ordinary run, and keeps how it ended.

It is a process of its own (``core.search.sweep`` starts it), which trains many trials, so that PyTorch is loaded once.
The first line of its standard input says which sweep; every further line is an order: "finish" ends it after the trial
that it is at, "stop" at once, and so does the end of the input. It tells of every trial in a line of JSON.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import LayerwrightError, SearchError, TrainingError
from core.graph.project import Project
from core.lock import LockFile
from core.search.applying import apply
from core.search.folder import Sweep, open_sweep
from core.search.study import BEGUN, RUN, Outcome, Trials, values_of
from core.training.control import Control
from core.training.events import EpochEnded, Event, Failed, RunStarted
from core.training.summary import Summary

_ALIKE = 3
"""So many trials in a row that fail for the same reason, without one that was trained, end the sweep."""

Tell = Callable[[Mapping[str, Any]], None]


class Orders:
    """What a worker was told, for the trial that it is at and for those that would follow. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: Control | None = None
        self.ending = False
        """No further trial is to be begun."""
        self.stopped = False
        """The trial that is trained is to end, too."""

    def give(self, order: str) -> None:
        """Take an order: "finish" or "stop"."""
        with self._lock:
            self.ending = True
            self.stopped = self.stopped or order == "stop"
            if self.stopped and self._control is not None:
                self._control.stop()

    def follow(self, control: Control) -> None:
        """Have this training stopped where that is asked for, or was."""
        with self._lock:
            self._control = control
            if self.stopped:
                control.stop()


def work(sweep: Sweep, name: str, orders: Orders, tell: Tell, threads: int | None = None) -> None:
    """Train trials until there are enough, or the orders say otherwise.

    Raises:
        LayerwrightError: the sweep cannot go on: a full disk, no data, trials that all fail alike.
    """
    held = LockFile(sweep.workers / f"{name}.lock")
    if not held.take(str(os.getpid())):
        raise SearchError(f"There is a worker '{name}' already.")
    try:
        _take_trials(sweep, name, orders, tell, threads)
    finally:
        held.release()


def _take_trials(sweep: Sweep, name: str, orders: Orders, tell: Tell, threads: int | None) -> None:
    trials = Trials(sweep)
    alike: list[str] = []
    while not orders.ending:
        trial = trials.take(name)
        if trial is None:
            return
        tell({"trial": trial.number, "outcome": "running"})
        run = _TrialRun(sweep, trial, orders, threads)
        try:
            outcome, reason = run.go()
        except BaseException as error:
            trials.end(trial, "interrupted", reason=str(error))
            raise
        value = run.best if outcome == "completed" else None
        trials.end(trial, outcome, value, reason)
        tell({"trial": trial.number, "outcome": outcome, "value": value, "reason": reason})
        alike = [*alike, reason][-_ALIKE:] if outcome == "failed" and run.best is None else []
        if len(alike) == _ALIKE and len(set(alike)) == 1:
            raise SearchError(f"{_ALIKE} trials in a row failed alike, so the sweep has ended: {reason}")


class _TrialRun:
    """One trial: its project, its run, what its curve came to."""

    def __init__(self, sweep: Sweep, trial: Any, orders: Orders, threads: int | None) -> None:
        self._sweep, self._trial, self._orders, self._threads = sweep, trial, orders, threads
        self._control = Control()
        self._epochs = 0
        self._pruned = False
        self._failed: Failed | None = None
        self.best: float | None = None
        """The best that the curve came to."""

    def go(self) -> tuple[Outcome, str]:
        """Train it; return how it ended, and why where that has to be said.

        Raises:
            LayerwrightError: no other trial would get further: the disk is full.
        """
        from core.training.session import ready_report

        try:
            project = _as_run(
                self._sweep, apply(self._sweep.project, values_of(self._sweep.project, self._trial.params))
            )
            ready_report(project)
        except LayerwrightError as error:
            return "impossible", " ".join(error.problems[:2]) or error.message
        self._orders.follow(self._control)
        return self._trained(project)

    def _trained(self, project: Project) -> tuple[Outcome, str]:
        try:
            summary = self._train(project)
        except TrainingError as error:
            if self._is_disk:
                raise
            return "failed", str(error)
        return self._ended(summary)

    def _train(self, project: Project) -> Summary:
        """Go on with the run that was interrupted; where there is none, or it cannot go on, begin one."""
        from core.training.job import Job
        from core.training.loop import train

        sweep = self._sweep
        job = Job(project, sweep.run_of(self._trial.number), sweep.base, sweep.device, threads=self._threads)
        if (begun := self._begun_run()) is not None:
            try:
                more = replace(job, run=begun, epochs=project.training.epochs, resume=True)
                return train(more, self._take, self._control)
            except TrainingError:
                if self._epochs or self._is_disk:
                    raise
                self._failed = None  # it had not gone on yet: its data or its folder has changed
        return train(job, self._take, self._control)

    @property
    def _is_disk(self) -> bool:
        return self._failed is not None and self._failed.cause == "disk"

    def _begun_run(self) -> Path | None:
        """Return the run of the interrupted trial in whose place this one is, if it has a checkpoint."""
        name = self._trial.user_attrs.get(BEGUN)
        run = self._sweep.path / name if name else None
        return run if run is not None and (run / "checkpoints" / "last.state.pt").is_file() else None

    def _ended(self, summary: Summary) -> tuple[Outcome, str]:
        sweep = self._sweep
        if self._orders.stopped and summary.status == "stopped":
            return "interrupted", "It was stopped."
        if self._pruned and summary.status == "stopped":
            return "pruned", f"It was worse than others after {summary.epochs} of {self._epochs} epochs."
        if self.best is None or not math.isfinite(self.best):
            return "failed", f"'{sweep.metric}' did not become a number."
        return "completed", ""

    def _take(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._begin(event)
        elif isinstance(event, Failed):
            self._failed = event
        elif isinstance(event, EpochEnded):
            self._judge(event)

    def _begin(self, event: RunStarted) -> None:
        from core.training.run_labels import Labels, write_labels
        from core.training.runs import Run

        self._epochs = event.epochs
        run = Path(event.run)
        self._trial.set_user_attr(RUN, run.name)
        if run.name == self._trial.user_attrs.get(BEGUN):
            for each in Run.open(run).epochs():
                self._measure(each)
            return
        drawn = ", ".join(f"{place} = {value}" for place, value in self._trial.params.items())
        write_labels(run, Labels(("sweep", self._sweep.name), f"Trial {self._trial.number}: {drawn}"))

    def _judge(self, event: EpochEnded) -> None:
        """Report an epoch, and end the training where it is not worth going on."""
        self._measure(event)
        if event.epoch < self._epochs and self._trial.should_prune():
            self._pruned = True
            self._control.stop()

    def _measure(self, event: EpochEnded) -> None:
        part, _, name = self._sweep.metric.partition("/")
        values = event.training if part == "training" else event.validation
        value = values.get(name, math.nan)
        if self._sweep.is_better(value, self.best):
            self.best = value
        self._trial.report(value, event.epoch)


def _as_run(sweep: Sweep, project: Project) -> Project:
    """Return the project as its run trains it: what is best is decided by the sweep's curve; nobody looks inside."""
    training = replace(project.training, monitor=sweep.metric, diagnostics=False, process=False)
    return replace(project, training=training)


# --- the process ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Work at the sweep that the first line of standard input names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which gives orders
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(value: Mapping[str, Any]) -> None:
        try:
            answers.write(json.dumps(value) + "\n")
            answers.flush()
        except BrokenPipeError:
            orders.give("stop")

    orders = Orders()
    status = _run(_lines(0), orders, tell)
    sys.stderr.flush()
    os._exit(status)  # all is written: to take PyTorch apart would keep whoever pressed Stop waiting


def _run(lines: Iterator[str], orders: Orders, tell: Tell) -> int:
    first = json.loads(next(lines))
    threading.Thread(target=_obey, args=(lines, orders), name="orders", daemon=True).start()
    try:
        work(open_sweep(Path(first["sweep"])), first["name"], orders, tell, first["threads"])
    except LayerwrightError as error:
        tell({"error": str(error)})
        return 1
    return 0


def _lines(descriptor: int) -> Iterator[str]:
    """Yield lines as they come. A thread that waits in a buffered reader would keep Python from ending in peace."""
    rest = b""
    while data := os.read(descriptor, 1 << 12):
        *lines, rest = (rest + data).split(b"\n")
        yield from (each.decode() for each in lines)


def _obey(lines: Iterator[str], orders: Orders) -> None:
    for line in lines:
        orders.give(line)
    orders.give("stop")
