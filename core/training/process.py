"""The same loop in a process of its own: a layer that crashes ends that process, not the window.

The child is told what to do by one line of JSON on its standard input and then obeys commands, one a line; it answers
with events, one a line. It ends in good order where its input ends, so that nothing goes on when the parent is gone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import torch

import core
from core.errors import LayerwrightError, TrainingError
from core.graph.files import project_from_text, project_to_text
from core.training.control import Control
from core.training.events import Failed, event_from_json
from core.training.job import Job
from core.training.recorder import Emit, note_failure
from core.training.summary import Summary, summary_from_json

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from core.training.child import main; main()"
_LAST_LINES = 100
_MOST_CHARACTERS = 10_000


_LAST_WORDS = 3.0
"""Seconds to wait for the end of what a process that has ended said: one that it started itself may hold the pipe."""


def train_isolated(job: Job, emit: Emit, control: Control) -> Summary:
    """Train in a process of its own; otherwise as ``core.training.loop.train``, with the same events and results.

    Raises:
        TrainingError: it could not start or go on, or its process died. ``Failed`` was emitted, once, with the same
            message. After a death the run can be resumed from its last checkpoint.
    """
    child = _Child(job)
    try:
        return child.follow(emit, control)
    finally:
        child.close(control)


class _Child:
    """A training process and what it said."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._failed: Failed | None = None
        self._summary: Summary | None = None
        root = str(Path(core.__file__).resolve().parents[1])
        # -P: a folder that happens to hold a core.py is not looked into. Trained as the parent would: the environment,
        # and with it the trust in Python layers, is inherited.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-X", "faulthandler", "-c", _START, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._input = self._process.stdin
        self._reader = threading.Thread(
            target=self._read_errors, args=(self._process.stderr,), name="layerwright-child-errors", daemon=True
        )
        self._reader.start()

    def follow(self, emit: Emit, control: Control) -> Summary:
        self._send(job_to_json(self._job))
        control.forward(lambda command: self._send(command.to_json()))
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith(b"\n"):  # else it was killed as it wrote
                self._take(line, emit)
        code = self._process.wait()
        self._reader.join(_LAST_WORDS)
        if self._failed is not None:
            raise TrainingError(self._failed.message, node=self._failed.node or None)
        if self._summary is not None:
            return self._summary
        death = Failed(_obituary(code, self._job), details="".join(self._said)[-_MOST_CHARACTERS:], cause="died")
        with suppress(LayerwrightError, OSError):  # told all the same
            note_failure(self._job.run, death)
        emit(death)
        raise TrainingError(death.message)

    def _take(self, line: bytes, emit: Emit) -> None:
        value = json.loads(line)
        if "summary" in value:
            self._summary = summary_from_json(value["summary"])
            return
        event = event_from_json(value)
        if isinstance(event, Failed):
            self._failed = event
        emit(event)

    def _send(self, value: Mapping[str, Any]) -> None:
        # Written past Python's buffer, in which a signal handler that asks for a stop could get stuck.
        data = json.dumps(value).encode() + b"\n"
        with suppress(BrokenPipeError):  # the process is gone, which its silence tells
            while data:
                data = data[os.write(self._input.fileno(), data) :]

    def _read_errors(self, stream: IO[bytes]) -> None:
        for line in stream:
            text = line.decode(errors="replace")
            self._said.append(text)
            if sys.stderr is not None:
                sys.stderr.write(text)

    def close(self, control: Control) -> None:
        """Leave no process and no open file behind."""
        control.forward(None)
        with suppress(BrokenPipeError):
            self._input.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(_LAST_WORDS)
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()


def job_to_json(job: Job) -> dict[str, Any]:
    """Return a job as what JSON can hold. The number of threads is this process's, so that the bits are the same."""
    threads = job.threads if job.threads is not None or job.resume else torch.get_num_threads()
    return {
        "project": project_to_text(job.project),
        "run": str(job.run.absolute()),
        "base": str(job.base.absolute()) if job.base else None,
        "device": job.device,
        "epochs": job.epochs,
        "resume": job.resume,
        "threads": threads,
        "checkpoint_seconds": job.checkpoint_seconds,
        "start_from": str(job.start_from.absolute()) if job.start_from else None,
    }


def job_from_json(value: Mapping[str, Any]) -> Job:
    """Return the job that ``job_to_json`` described.

    Raises:
        ProjectError: its project is damaged.
    """
    project = project_from_text(value["project"], "the project of this training")
    given: dict[str, Any] = {name: Path(value[name]) if value[name] else None for name in ("base", "start_from")}
    given |= {name: value[name] for name in ("device", "epochs", "resume", "threads", "checkpoint_seconds")}
    return Job(project, Path(value["run"]), **given)


_CRASHES = {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP"}
_WINDOWS_CRASH = 0xC0000000
"""Exit codes from here on are faults (an access violation is 0xC0000005)."""


def _obituary(code: int, job: Job) -> str:
    """Say in plain words how a process ended that had not finished, and what is left of its work."""
    name = _signal_name(code)
    if name in _CRASHES or code >= _WINDOWS_CRASH:
        how = f"crashed ({name or hex(code)}). Usually a Python layer or a library it uses is to blame"
    elif name == "SIGKILL":
        how = "was killed from outside. Systems do that when memory runs out: a smaller batch size needs less"
    else:
        how = f"ended without a word ({name or f'exit status {code}'})"
    saved = (job.run / "checkpoints" / "last.state.pt").is_file()
    rest = (
        "What was learned up to the last checkpoint is kept: resume the run to go on from there."
        if saved
        else "It had not saved anything yet: start a new run."
    )
    return f"The process that trained {how}. {rest}"


def _signal_name(code: int) -> str:
    if code >= 0:
        return ""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
