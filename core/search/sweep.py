"""Running a sweep: workers as processes, started, watched, stopped; what stopped or died goes on."""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import core
from core.errors import SearchError
from core.search.folder import Sweep, threads_of
from core.search.study import GOES_ON, Outcome, Trials

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from core.search.worker import main; main()"
_LAST_LINES = 2000
_LOOK = 0.5
"""Seconds between two looks at whether somebody pressed Ctrl-C, on systems where waiting hears no signals."""


@dataclass(frozen=True)
class TrialTold:
    """A trial began ("running") or ended. ``value`` is None but for one that was completed.

    ``died`` tells that its worker did. Another goes on with a trial that is interrupted by that.
    """

    number: int
    outcome: Outcome
    value: float | None = None
    reason: str = ""
    died: bool = False


Tell = Callable[[TrialTold], None]


class SweepRun:
    """The workers of a sweep, from ``run`` to its return. ``stop`` and ``finish`` may be called from any thread."""

    def __init__(self, sweep: Sweep, workers: int = 1) -> None:
        if workers < 1:
            raise SearchError(f"A sweep needs at least one worker, not {workers}.")
        self.sweep = sweep
        self.count = workers
        self._workers: list[_Worker] = []
        self._said: queue.SimpleQueue[tuple[_Worker, Any]] = queue.SimpleQueue()
        self._order = ""

    @property
    def stopping(self) -> bool:
        """True once somebody asked for the end."""
        return bool(self._order)

    def stop(self) -> None:
        """End soon: trials that are being trained are interrupted, and go on when the sweep does."""
        self._give("stop")

    def finish(self) -> None:
        """End once the trials that are being trained have ended."""
        self._give("finish")

    def _give(self, order: str) -> None:
        self._order = order
        for worker in list(self._workers):
            worker.order(order)

    def run(self, tell: Tell = lambda _told: None) -> None:
        """Train trials until there are enough, or somebody stopped it. What was interrupted before goes on.

        Raises:
            SearchError: the sweep cannot go on; trials that have ended are kept.
        """
        trials = Trials(self.sweep)
        trials.bury("Its worker was gone.")
        trials.queue_interrupted()
        error = ""
        try:
            for _ in range(self.count):
                self._begin_worker()
            while self._workers:
                try:
                    worker, said = self._said.get(timeout=_LOOK)
                except queue.Empty:
                    continue
                error = self._take(worker, said, tell, trials) or error
                if error and not self._order:
                    self.stop()
        finally:
            self._end_all(trials)
        if error:
            raise SearchError(error)

    def _begin_worker(self) -> None:
        if not self._order:
            worker = _Worker(self.sweep, threads_of(self.count), self._said)
            self._workers.append(worker)
            if self._order:
                worker.order(self._order)

    def _take(self, worker: _Worker, said: Any, tell: Tell, trials: Trials) -> str:
        """Take what a worker said, or that it is gone (None); return why the sweep has to end, if it has."""
        if said is None:
            return self._take_leave(worker, tell, trials)
        if "error" in said:
            worker.explained = True
            return str(said["error"])
        worker.began = True
        tell(TrialTold(said["trial"], said["outcome"], said.get("value"), said.get("reason", "")))
        return ""

    def _take_leave(self, worker: _Worker, tell: Tell, trials: Trials) -> str:
        """See to what a worker has left: another takes the place of one that died, unless it never came to a trial."""
        self._workers.remove(worker)
        code = worker.close()
        if code == 0 or worker.explained:
            return ""
        died, ended = self._order != "stop", _obituary(code)
        lost = trials.bury(f"Its worker {ended}", worker.name, died=died)
        for number, outcome, reason in lost:
            text = f"{reason} {GOES_ON}" if outcome == "interrupted" else reason
            tell(TrialTold(number, outcome, None, text, died))
        if not lost and not worker.began:
            return "" if self._order else f"A worker {ended}\n{worker.last_words()}".strip()
        self._begin_worker()
        return ""

    def _end_all(self, trials: Trials) -> None:
        """Leave no process behind, whatever happened."""
        for worker in self._workers:
            worker.kill()
            trials.bury("It was stopped.", worker.name)
        self._workers.clear()


class _Worker:
    """A worker's process."""

    def __init__(self, sweep: Sweep, threads: int, said: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        self.name = f"worker-{secrets.token_hex(4)}"
        self.began = False
        """It has come to a trial."""
        self.explained = False
        self._lock = sweep.workers / f"{self.name}.lock"
        self._log = sweep.workers / f"{self.name}.log"
        sweep.workers.mkdir(exist_ok=True)
        root = str(Path(core.__file__).resolve().parents[1])
        with self._log.open("wb") as log:
            # -P: a folder that happens to hold a core.py is not looked into.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-X", "faulthandler", "-c", _START, root],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self.order(json.dumps({"sweep": str(sweep.path.absolute()), "name": self.name, "threads": threads}))
        assert self._process.stdout is not None
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout, said), name=f"layerwright-{self.name}", daemon=True
        )
        self._reader.start()

    def order(self, line: str) -> None:
        """Say something to it; one that is gone hears nothing."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            # Past Python's buffer, in which a signal handler that asks for a stop could get stuck.
            os.write(self._process.stdin.fileno(), line.encode() + b"\n")

    def _read(self, stream: IO[bytes], said: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        for line in stream:
            if line.endswith(b"\n"):  # else it was killed as it wrote
                said.put((self, json.loads(line)))
        said.put((self, None))

    def close(self) -> int:
        """Wait for its end, clear up, and return its exit status."""
        code = self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
        self._lock.unlink(missing_ok=True)
        if code == 0 or not self._log.stat().st_size:
            self._log.unlink(missing_ok=True)
        return code

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self.close()

    def last_words(self) -> str:
        """Return the end of what it wrote to its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-_LAST_LINES:] if self._log.exists() else ""


def _obituary(code: int) -> str:
    """Say in plain words how a worker ended that had not finished."""
    name = ""
    with suppress(ValueError):
        name = signal.Signals(-code).name if code < 0 else ""
    if name == "SIGKILL":
        return "was killed from outside. Systems do that when memory runs out: search smaller networks or batches."
    if name:
        return f"crashed ({name}). Usually a Python layer or a library it uses is to blame."
    return f"ended without a word (exit status {code})."
