"""What is read or worked out away from the window: a run's record, one sample, and pictures of a run that has ended."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.errors import DataError, TrainingError
from core.graph.binding import target_field
from core.graph.project import OUTPUT, Project
from core.training.events import Diagnosed, RunStarted
from core.training.runs import Run
from designer.inside.images import scores_of
from designer.inside.record import Record

if TYPE_CHECKING:
    from core.data.fitted import FittedField
    from core.data.sample_batch import SampleRow
    from core.training.diagnostics.pictures import Picture
    from core.training.diagnostics.store import Look
    from core.training.session import Session

Part = Literal["training", "validation"]
_LEAST_LOGIT, _MOST_LOGIT = 0.0, 1.0
"""Scores outside of these are no probabilities yet."""


@dataclass(frozen=True, eq=False)
class OldRun:
    """A run as its folder has it."""

    record: Record
    project: Project
    started: RunStarted | None


def read_run(path: Path) -> OldRun:
    """Read all that was kept of what was seen inside a run.

    Raises:
        TrainingError: the run is damaged.
    """
    run = Run.open(path)
    record = Record(path)
    started = None
    for event in run.events():
        if isinstance(event, RunStarted):
            started = event
        elif isinstance(event, Diagnosed):
            record.take(event)
    record.add_looks(read_looks(path))
    record.settle()
    return OldRun(record, run.project(), started)


def read_looks(path: Path) -> tuple[Look, ...]:
    """Read the histograms and pictures of a run; nothing where there are none yet.

    Raises:
        TrainingError: the file is damaged.
    """
    from core.training.diagnostics.store import read_diagnostics

    return read_diagnostics(Run.open(path))


class Afterwards:
    """Makes pictures with the last weights of a run that has ended; keeps the network and the data of one run.

    A job that is no longer wanted may still be at work when the next one begins: they take turns.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._path: Path | None = None
        self._session: Session | None = None

    def pictures(self, path: Path, base: Path | None, nodes: Sequence[str], part: Part, index: int) -> list[Picture]:
        """Return pictures of the nodes (by their paths, as far as there are such) for one sample.

        Raises:
            TrainingError: the run has no weights, or there is no such sample.
            DataError: the data cannot be read.
        """
        with self._turn:
            return self._pictures(path, base, nodes, part, index)

    def _pictures(self, path: Path, base: Path | None, nodes: Sequence[str], part: Part, index: int) -> list[Picture]:
        import torch

        from core.training.diagnostics.places import places_of
        from core.training.diagnostics.sample import pictures
        from core.training.results.trained import open_measured

        if self._path != path or self._session is None:
            self._session = open_measured(Run.open(path), "last", base)
            self._path = path
        session = self._session
        samples = session.validation if part == "validation" else session.training
        if samples is None or index >= samples.count:
            raise TrainingError(f"There is no sample {index + 1:,} in the {part} part.")
        batch = samples.take(torch.tensor([index]))
        return pictures(session.network, places_of(session.project, session.network), nodes, batch.inputs)

    def forget(self) -> None:
        """Let network and data go."""
        self._path = self._session = None


# --- the sample ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ShownSample:
    """A sample that pictures are made of; ``targets`` are by Output, with what makes numbers of them, if known."""

    part: Part
    index: int
    count: int
    row: SampleRow | None
    inputs: tuple[str, ...] = ()
    """Names of the fields that the network reads."""
    targets: Mapping[str, tuple[str, FittedField | None]] = field(default_factory=dict)
    problem: str = ""


def read_sample(project: Project, base: Path | None, part: Part, index: int) -> ShownSample:
    """Read one sample of a project's data; what is wrong with the data is told in the answer."""
    from core.data.sample_arrangement import arranged
    from core.data.samples import samples

    try:
        page = samples(project, base, part, index, 1)
        made = arranged(project, base)
    except DataError as error:
        return ShownSample(part, index, 0, None, problem=error.message)
    targets: dict[str, tuple[str, FittedField | None]] = {}
    for name, node in project.graph.nodes.items():
        target = target_field(project, node) if node.kind == OUTPUT else None
        if target is not None:
            known = project.data.field(target.name) is not None
            targets[name] = target.name, made.fitted(target.name) if known else None
    inputs = tuple(each.name for each in made.fields if made.pipeline.use(each.name) == "input")
    return ShownSample(part, index, page.count, page.rows[0] if page.rows else None, inputs, targets)


@dataclass(frozen=True)
class Said:
    """What the network says of the sample: ``text`` in the target's terms; empty where only a picture can say it."""

    text: str
    share: float | None = None
    """How sure it is (0 to 1), where its scores tell."""


def said_by(picture: Picture, fitted: FittedField | None) -> Said:
    """Return what the scores in a picture mean for a target; a byte is how exact they are."""
    if fitted is None:
        return Said("")
    classes = fitted.classes
    if classes and fitted.field.meaning in ("category", "flag"):
        return _class_of(picture, classes)
    if fitted.field.meaning == "number" and picture.values.size == 1:
        number = float(np.asarray(fitted.decode(np.array([[picture.low]]))).reshape(-1)[0])
        return Said(f"{number:.4g}")
    return Said("")


def _class_of(picture: Picture, classes: Sequence[str]) -> Said:
    if picture.values.size == 1 and len(classes) == 2:
        yes = picture.low
        if not _LEAST_LOGIT <= yes <= _MOST_LOGIT:
            yes = 1 / (1 + float(np.exp(-yes)))
        return Said(classes[int(yes > 0.5)], max(yes, 1 - yes))
    if picture.values.ndim != 2 or picture.values.size < len(classes):
        return Said("")
    scores = scores_of(picture, len(classes))
    best = int(scores.argmax())
    if scores.min() < _LEAST_LOGIT or scores.max() > _MOST_LOGIT:
        scores = np.exp(scores - scores.max())
    total = float(scores.sum())
    return Said(classes[best], float(scores[best]) / total if total else None)
