"""Divides rows into training, validation and test: from a seed alone, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core import units
from core.errors import DataError
from core.graph.project import Split

Indices = NDArray[np.int64]
PartName = Literal["training", "validation", "test"]
PARTS: tuple[PartName, ...] = ("training", "validation", "test")


@dataclass(frozen=True, eq=False)
class Division:
    """Which rows belong to which part: ascending indices, each row in exactly one part."""

    training: Indices
    validation: Indices
    test: Indices

    def part(self, name: PartName) -> Indices:
        """Return one part's rows."""
        return {"training": self.training, "validation": self.validation, "test": self.test}[name]


def divide(count: int, split: Split, classes: NDArray[np.int64] | None = None) -> Division:
    """Divide ``count`` rows.

    With ``classes`` (one class index per row) and the method "stratified", every class gets its share of each part by
    largest remainder, and at least one row of every class is for training. Otherwise rows are drawn at random.

    Raises:
        DataError: the shares are impossible, or a part that should have rows gets none.
    """
    check_shares(split)
    stratified = split.method == "stratified" and classes is not None
    groups = classes if stratified and classes is not None else np.zeros(count, dtype=np.int64)
    _, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    free = sizes - 1
    validation = _apportion(split.validation, sizes, free)
    test = _apportion(split.test, sizes, free - validation)
    # Ordering by random numbers instead of permuting: PCG64's doubles are the same on every platform.
    order = np.lexsort((np.random.Generator(np.random.PCG64(split.seed)).random(count), members))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else np.zeros(0, dtype=np.int64)
    place = np.arange(count) - np.repeat(starts, sizes)
    first, second = np.repeat(validation, sizes), np.repeat(validation + test, sizes)
    division = Division(
        np.sort(order[place >= second]),
        np.sort(order[place < first]),
        np.sort(order[(place >= first) & (place < second)]),
    )
    _check_parts(count, split, division)
    return division


def check_shares(split: Split) -> None:
    """Raise DataError where the shares of a split are not 0 to 1 or leave nothing for training."""
    problems = [
        f"The {name} share must be from 0 to less than 1, not {share:g}."
        for name, share in (("validation", split.validation), ("test", split.test))
        if not 0 <= share < 1
    ]
    if not problems and split.validation + split.test >= 1 - 1e-9:
        problems.append(f"Validation {split.validation:g} and test {split.test:g} leave nothing for training.")
    if split.seed < 0:
        problems.append(f"The seed must be at least 0, not {split.seed}.")
    if problems:
        raise DataError("The split is not possible.", problems=problems)


def _apportion(share: float, sizes: Indices, free: Indices) -> Indices:
    """Give each class its part of ``share`` of all rows, by largest remainder; no class gives more than is ``free``."""
    quotas = share * sizes
    seats: Indices = np.minimum(np.floor(quotas + 1e-9).astype(np.int64), free)
    left = round(share * int(sizes.sum())) - int(seats.sum())
    for index in np.argsort(-(quotas - seats), kind="stable").tolist():
        if left > 0 and seats[index] < free[index]:
            seats[index] += 1
            left -= 1
    return seats


def _check_parts(count: int, split: Split, division: Division) -> None:
    wanted: Sequence[tuple[PartName, float]] = (
        ("training", 1 - split.validation - split.test),
        ("validation", split.validation),
        ("test", split.test),
    )
    problems = [
        f"{name} gets no row: {share:.4g} of {units.plural(count, 'row')} is less than one that can be spared."
        for name, share in wanted
        if share > 0 and not len(division.part(name))
    ]
    if problems:
        raise DataError(
            f"The split leaves a part empty: there are only {units.plural(count, 'row')}. "
            "Take more rows, a larger share, or set the share to 0.",
            problems=problems,
        )
