"""Reads the curves of runs from their folders, in a job, and what has been added to them since when asked again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import LayerwrightError, TrainingError
from core.training.events import Event, event_from_json
from core.training.run_index import LOG
from core.training.runs import Run
from designer.jobs import Lane, Progress


@dataclass(frozen=True)
class Read:
    """What was read of a run: events from the byte ``start`` of its log up to the byte ``end``, or why not."""

    path: Path
    events: tuple[Event, ...] = ()
    start: int = 0
    end: int = 0
    problem: str = ""


def read_new(path: Path, start: int) -> Read:
    """Read the events that were written to a run's log from the byte ``start`` on, as far as lines are whole.

    A log that has become shorter (the run was resumed from a checkpoint) is read from its beginning.
    """
    try:
        if start == 0:
            Run.open(path)
        with (path / LOG).open("rb") as file:
            size = file.seek(0, 2)
            start = start if start <= size else 0
            file.seek(start)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        events = tuple(event_from_json(json.loads(line)) for line in whole.splitlines())
    except LayerwrightError as error:
        return Read(path, problem=str(error))
    except OSError as error:
        return Read(path, problem=str(TrainingError(f"'{path / LOG}' cannot be read: {error.strerror or error}.")))
    except (ValueError, AttributeError, RecursionError) as error:
        return Read(path, problem=str(TrainingError(f"'{path / LOG}' is damaged: {error}")))
    return Read(path, events, start, start + len(whole))


class RunLoader(QObject):
    """Reads runs one after another, off the window's thread. ``loaded`` gives a Read for each."""

    loaded = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lane = Lane(self, "curves")
        self._ends: dict[Path, int] = {}
        self._waiting: list[Path] = []

    def ask(self, paths: Iterable[Path]) -> None:
        """Read what is new in these runs; one that is asked for already is not asked for twice."""
        self._waiting += [path for path in paths if path not in self._waiting]
        self._next()

    def forget(self, path: Path) -> None:
        """Read a run from its beginning the next time."""
        self._ends.pop(path, None)
        self._waiting = [each for each in self._waiting if each != path]

    def close(self) -> None:
        """Stop reading."""
        self._lane.close()

    def _next(self) -> None:
        if self._lane.busy or not self._waiting:
            return
        wanted, self._waiting = [(path, self._ends.get(path, 0)) for path in self._waiting], []

        def work(progress: Progress) -> list[Read]:
            found = []
            for path, start in wanted:
                progress.check()
                found.append(read_new(path, start))
            return found

        self._lane.submit(work, self._on_read, self._on_failed)

    def _on_read(self, found: Sequence[Read]) -> None:
        for each in found:
            if not each.problem:
                self._ends[each.path] = each.end
            self.loaded.emit(each)
        self._next()

    def _on_failed(self, error: Exception) -> None:
        raise error
