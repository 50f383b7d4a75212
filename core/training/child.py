"""The other side of ``core.training.process``: reads a job, trains, writes events; one line of JSON each."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from core.errors import LayerwrightError
from core.training.control import Control, command_from_json
from core.training.events import Event, Failed


def main() -> None:
    """Train what the first line of standard input says. What layers print goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which asks for a stop in good order
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    status = _run(_lines(0), _Answers(answers))
    sys.stderr.flush()
    # All is written: to take PyTorch apart piece by piece would keep whoever pressed Stop waiting for seconds.
    os._exit(status)


def _lines(descriptor: int) -> Iterator[bytes]:
    """Yield lines as they come. A thread that waits in a buffered reader would keep Python from ending in peace."""
    rest = b""
    while data := os.read(descriptor, 1 << 16):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


class _Answers:
    """Writes lines to the parent, as long as it listens."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.control = Control()
        self.failed = False

    def __call__(self, event: Event) -> None:
        self.failed = self.failed or isinstance(event, Failed)
        self.write(event.to_json())

    def write(self, value: Mapping[str, Any]) -> None:
        try:
            self._stream.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
            self._stream.flush()
        except BrokenPipeError:
            self.control.stop()


def _run(orders: Iterator[bytes], answers: _Answers) -> int:
    try:
        from core.training.loop import train
        from core.training.process import job_from_json

        job = job_from_json(json.loads(next(orders)))
        threading.Thread(target=_obey, args=(orders, answers.control), name="orders", daemon=True).start()
        summary = train(job, answers, answers.control)
    # Whatever it is, the parent shall hear of it in words: a library that is missing, a project that is damaged.
    except Exception as error:
        if not answers.failed:
            message = str(error) if isinstance(error, LayerwrightError) else f"{type(error).__name__}: {error}"
            answers(Failed(message, details=traceback.format_exc()))
        return 1
    answers.write({"summary": summary.to_json()})
    return 0


def _obey(orders: Iterator[bytes], control: Control) -> None:
    for line in orders:
        control.give(command_from_json(json.loads(line)))
    control.stop()
