"""Writes a run's events to its log and passes them on to whoever watches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from core.errors import SaveError, TrainingError, reason_of
from core.lock import lock
from core.training.events import Event, Failed, Pictured, Progress

Emit = Callable[[Event], None]


class Recorder:
    """A context manager around ``metrics.jsonl``. Every event but progress and pictures is a line, flushed at once.

    The log is locked meanwhile: this is how a run that is being trained is told from one that was killed. What such a
    one wrote of a line is cut off.
    """

    def __init__(self, path: Path, emit: Emit) -> None:
        self._path = path
        self._emit = emit
        self._file: BinaryIO | None = None

    def __enter__(self) -> Recorder:
        file = self._path.open("a+b", buffering=0)
        if not lock(file):
            file.close()
            raise TrainingError(f"The run '{self._path.parent}' is being trained already, here or in another process.")
        self._file = file
        written = self._path.read_bytes()
        if written and not written.endswith(b"\n"):
            file.truncate(written.rfind(b"\n") + 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __call__(self, event: Event) -> None:
        """Log an event and pass it on."""
        if self._file is not None and not isinstance(event, Progress | Pictured):
            self._append(self._file, json.dumps(event.to_json(), ensure_ascii=False).encode() + b"\n")
        self._emit(event)

    def _append(self, file: BinaryIO, line: bytes) -> None:
        before = self.size
        try:
            while line:
                line = line[file.write(line) :]
        except OSError as error:
            file.truncate(before)  # no half line is left behind
            reason = reason_of(error)
            raise SaveError(f"The log '{self._path}' could not be written: {reason}. What it held is kept.") from error

    @property
    def size(self) -> int:
        """Bytes in the log."""
        return self._path.stat().st_size

    def cut(self, size: int) -> None:
        """Cut the log back to the size that it had at a checkpoint: what came later happens again."""
        if self._file is not None:
            kept = self._path.read_bytes()[:size]
            self._file.truncate(kept.rfind(b"\n") + 1)


def note_failure(run: Path, failed: Failed) -> None:
    """Add to the log of a run why it ended, where the process that trained it could not.

    Raises:
        TrainingError: it is being trained.
        SaveError: the log cannot be written.
    """
    if (run / "run.json").is_file():
        with Recorder(run / "metrics.jsonl", lambda _event: None) as record:
            record(failed)
