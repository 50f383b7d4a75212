"""Writes a run's events to its log and passes them on to whoever watches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

from core.atomic import write_atomically
from core.training.events import Event, Failed, Finished, Progress
from core.training.runs import read_events

Emit = Callable[[Event], None]


class Recorder:
    """A context manager around ``metrics.jsonl``. Every event but progress is a line, flushed at once."""

    def __init__(self, path: Path, emit: Emit) -> None:
        self._path = path
        self._emit = emit
        self._file: TextIO | None = None

    def __enter__(self) -> Recorder:
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __call__(self, event: Event) -> None:
        """Log an event and pass it on."""
        self.log(event)
        self._emit(event)

    def log(self, event: Event) -> None:
        """Log an event without passing it on."""
        if self._file is not None and not isinstance(event, Progress):
            self._file.write(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
            self._file.flush()


def forget_after(path: Path, epoch: int, step: int) -> None:
    """Cut a log back to a checkpoint (``epoch`` epochs and ``step`` steps done): what came later happens again."""
    kept = []
    for event in read_events(path) if path.exists() else ():
        later = getattr(event, "step", 0) > step or getattr(event, "epoch", 0) > epoch + 1
        if not later and not isinstance(event, Finished | Failed):
            kept.append(json.dumps(event.to_json(), ensure_ascii=False) + "\n")
    write_atomically(path, "".join(kept).encode())
