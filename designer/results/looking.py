"""The work behind the results: opens a run with its data, looks at a part of it, and reads single samples again."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.reading import read
from core.data.source import Array
from core.data.splits import PartName
from core.errors import DataError
from core.loading import imports
from core.training.runs import Run, Which
from designer.results.showing import Shown, shown_of, taken

if TYPE_CHECKING:
    from core.data.arrange import Arranged
    from core.data.preprocessing import Preprocessing
    from core.graph.project import Project
    from core.training.results.outcome import Outcome
    from core.training.results.trained import Trained
    from core.training.session import Session


@dataclass(frozen=True)
class Request:
    """What is looked at: a run's folder, which of its weights, and a part of its data."""

    run: Path
    which: Which = "best"
    split: PartName = "validation"


class SampleRows:
    """Reads samples again from the source, by their rows."""

    def __init__(self, project: Project, base: Path | None, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing
        self.raw = read(project.data.source, project.data.options, base)
        self._arranged: Arranged | None = None
        if preprocessing.window.length:
            with imports:
                from core.data.arrange import arrange

            self._arranged = arrange(self.raw, project.data, preprocessing.inputs, preprocessing.targets)

    def columns(self, row: int) -> dict[str, Array]:
        """Return the raw values that a sample's inputs are made of: one row, or those of its window.

        Raises:
            DataError: a value cannot be read.
        """
        rows = np.array([row], dtype=np.int64)
        if self._arranged is not None:
            rows = self._arranged.spans(rows)[0]
        return {name: taken(self.raw.columns[name].values, rows) for name in self.preprocessing.needed}

    def shown(self, row: int) -> tuple[Shown, ...]:
        """Return what enters the network of a sample, as it is painted."""
        return shown_of(self.preprocessing, self.columns(row))

    def value(self, row: int, column: str) -> Any:
        """Return a raw value of a row, such as that of the target; None where there is no such column."""
        if column not in self.raw.columns:
            return None
        return taken(self.raw.columns[column].values, np.array([row], dtype=np.int64))[0]


@dataclass(frozen=True, eq=False)
class Looked:
    """What was found, with all that is needed to look closer. ``lock`` is held by whoever uses the network."""

    request: Request
    stamp: int
    session: Session
    trained: Trained
    outcome: Outcome
    samples: SampleRows
    lock: threading.Lock = field(default_factory=threading.Lock)


def look(request: Request, before: Looked | None = None) -> Looked:
    """Return what is right and wrong; the data and the network of an earlier look are used again where they are those.

    Raises:
        LayerwrightError: the run, its data or its weights cannot be read.
        Cancelled: whoever watches the progress wants no more of it.
    """
    with imports:
        from core.training.results.examining import examine
        from core.training.results.trained import open_measured, trained_of

    run = Run.open(request.run)
    stamp = run.weights(request.which).stat().st_mtime_ns
    same = before is not None and (before.request.run, before.request.which, before.stamp) == (
        request.run,
        request.which,
        stamp,
    )
    if same and before is not None:
        with before.lock:
            outcome = examine(before.session, request.split)
        return Looked(request, stamp, before.session, before.trained, outcome, before.samples, before.lock)
    session = open_measured(run, request.which)
    outcome = examine(session, request.split)
    trained = trained_of(session)
    return Looked(request, stamp, session, trained, outcome, SampleRows(run.project(), run.base, trained.preprocessing))


def shown_rows(samples: SampleRows, rows: Iterable[int]) -> dict[int, tuple[Shown, ...]]:
    """Return what enters the network of some samples; of one that cannot be read, why."""
    found: dict[int, tuple[Shown, ...]] = {}
    for row in rows:
        try:
            found[row] = samples.shown(row)
        except DataError as error:
            found[row] = (Shown("", "nothing", error.message),)
    return found
