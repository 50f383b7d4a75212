"""What is right and wrong of a trained network's answers on a part of its data, ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.source import Array
from core.data.splits import PartName
from core.training.kinds import TargetType
from core.training.results.curves import Calibration, Curve

Rows = NDArray[np.int64]
"""Rows of the source, by which a sample is found again (with windows: the row that is predicted)."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often each class (first axis) was taken for which (second axis): samples; of masks pixels, of texts tokens.

    ``cells`` has the rows that are in a cell, at most some hundreds; of masks and texts those in which it occurs.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.int64]
    cells: Mapping[tuple[int, int], Rows]

    def rows_at(self, true: int, predicted: int) -> Rows:
        """Return rows of class ``true`` that were taken for ``predicted``."""
        return self.cells.get((true, predicted), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class ClassLine:
    """What is said of one class or label. ``samples`` is how many there are of it (of masks: pixels)."""

    name: str
    samples: float
    precision: float
    recall: float
    f1: float
    iou: float


@dataclass(frozen=True, eq=False)
class Points:
    """Numbers in the target's units: what is true, and what was predicted, ``(count,)`` each.

    Where a sample has many values, or there are millions, ``thinned`` is set and these are some that lie evenly.
    """

    rows: Rows
    truth: NDArray[np.float64]
    predicted: NDArray[np.float64]
    thinned: bool = False

    @property
    def residuals(self) -> NDArray[np.float64]:
        """The predicted numbers less the true ones."""
        return self.predicted - self.truth


@dataclass(frozen=True)
class Wrong:
    """A sample and what was made of it, in the terms of the target; ``probability`` is that of the predicted class."""

    row: int
    loss: float
    truth: Any
    predicted: Any
    probability: float | None = None


@dataclass(frozen=True)
class Pair:
    """A text and what was read of it. ``edits`` insertions, deletions and replacements of tokens make one the other."""

    row: int
    truth: str
    predicted: str
    edits: int
    length: int


@dataclass(frozen=True)
class Texts:
    """How far texts are from the right ones: ``edits`` over all, of ``tokens`` in the right ones; some ``pairs``."""

    pairs: tuple[Pair, ...]
    edits: int
    tokens: int
    exact: int

    @property
    def rate(self) -> float:
        """Edits for each token of the right texts; NaN where they are empty."""
        return self.edits / self.tokens if self.tokens else float("nan")


@dataclass(frozen=True, eq=False)
class OutputOutcome:
    """What is right and wrong of one output; what does not apply to its target is None or empty.

    ``losses`` are float64 ``(samples,)``, of the source's ``rows``; ``worst`` are those with the highest, the worst
    first. ``notes`` say what was left out.
    """

    output: str
    target: str
    type: TargetType
    classes: tuple[str, ...]
    rows: Rows
    losses: NDArray[np.float64]
    worst: tuple[Wrong, ...]
    confusion: Confusion | None = None
    lines: tuple[ClassLine, ...] = ()
    curves: tuple[Curve, ...] = ()
    calibration: Calibration | None = None
    points: Points | None = None
    texts: Texts | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is right and wrong on a part of the data, by Output."""

    split: PartName
    samples: int
    outputs: Mapping[str, OutputOutcome] = field(default_factory=dict)


def plain(value: Any) -> Any:
    """Return a value of an answer as what JSON can hold: words, numbers, lists."""
    if isinstance(value, np.ndarray):
        array: Array = value
        return array.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, tuple) else value
