"""Divides rows into training, validation and test: from a seed alone, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from core import units
from core.errors import DataError
from core.graph.project import Split, SplitMethod

T = TypeVar("T")
Indices = NDArray[np.int64]
PartName = Literal["training", "validation", "test"]
PARTS: tuple[PartName, ...] = ("training", "validation", "test")
_WORDS: dict[str, PartName] = {
    **dict.fromkeys(("training", "train", "fit", "learn"), "training"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "evaluation", "eval", "holdout"), "test"),
}
MOST_FOLDS = 1000


@dataclass(frozen=True, eq=False)
class Division:
    """Which rows belong to which part: ascending indices, each row in exactly one part."""

    training: Indices
    validation: Indices
    test: Indices

    def part(self, name: PartName) -> Indices:
        """Return one part's rows."""
        return {"training": self.training, "validation": self.validation, "test": self.test}[name]


@dataclass(frozen=True, eq=False)
class Traits:
    """What is known of every row that is to be divided, an entry a row; None where the data does not have it.

    ``classes`` and ``groups`` are indices, ``times`` any numbers that rise with time, ``words`` the names of parts.
    ``ordered`` says that neighbours in time belong together: instead of single rows, groups or stretches are taken.
    """

    classes: Indices | None = None
    groups: Indices | None = None
    times: NDArray[np.float64] | None = None
    words: NDArray[np.object_] | None = None
    ordered: bool = False


def part_of(word: str) -> PartName | None:
    """Return the part that a word names, such as ``val`` or ``Test``; None where it names none."""
    return _WORDS.get(word.strip().lower())


def divide(count: int, split: Split, classes: Indices | None = None, traits: Traits | None = None) -> Division:
    """Divide ``count`` rows.

    "stratified" gives every class its share of each part by largest remainder, and at least one row of every class is
    for training; without classes rows are drawn at random. "k-fold" keeps the shares of classes where there are some,
    and groups together where there are some.

    Args:
        count: how many rows there are.
        split: the method, its shares and its seed.
        classes: the same as ``Traits(classes)``.
        traits: what the method needs to know of the rows.

    Raises:
        DataError: the shares are impossible, a part that should have rows gets none, or the data lacks what the method
            goes by.
    """
    traits = traits or Traits(classes)
    if split.method == "column":
        return _by_column(_needed(traits.words, "column", "split"), split, traits.classes)
    check_shares(split)
    if traits.ordered and split.method in ("random", "stratified"):
        split = replace(split, method="time" if traits.groups is None else "group")
    if split.method == "k-fold":
        division = _folds(count, split, traits)
        _check_parts(count, split, division, (1 - split.test, 1.0, split.test))
        return division
    if split.method == "group":
        division = _by_group(_needed(traits.groups, "group", "group"), split)
    elif split.method == "time":
        division = _by_time(_needed(traits.times, "time", "time"), split)
    else:
        division = _at_random(count, split, traits.classes if split.method == "stratified" else None)
    _check_parts(count, split, division, (1 - split.validation - split.test, split.validation, split.test))
    return division


def _needed(values: T | None, method: str, role: str) -> T:
    if values is None:
        raise DataError(
            f"A split by {method} needs a field with the role '{role}', but none has it. Give a field that role, or "
            "choose another split."
        )
    return values


def _drawn(count: int, seed: int) -> NDArray[np.float64]:
    """Return a random number for each row. Ordering by them instead of permuting: PCG64's doubles never change."""
    return np.random.Generator(np.random.PCG64(seed)).random(count)


def _parted(part: Indices) -> Division:
    """Return the division that gives each row the part of that number: 0 training, 1 validation, 2 test."""
    return Division(*(np.flatnonzero(part == number) for number in range(3)))


def _at_random(count: int, split: Split, classes: Indices | None) -> Division:
    strata = classes if classes is not None else np.zeros(count, dtype=np.int64)
    _, members, sizes = np.unique(strata, return_inverse=True, return_counts=True)
    free = sizes - 1
    validation = _apportion(split.validation, sizes, free)
    test = _apportion(split.test, sizes, free - validation)
    order = np.lexsort((_drawn(count, split.seed), members))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else np.zeros(0, dtype=np.int64)
    place = np.arange(count) - np.repeat(starts, sizes)
    first, second = np.repeat(validation, sizes), np.repeat(validation + test, sizes)
    return Division(
        np.sort(order[place >= second]),
        np.sort(order[place < first]),
        np.sort(order[(place >= first) & (place < second)]),
    )


def _by_group(groups: Indices, split: Split) -> Division:
    """Give whole groups, the largest first, to the part that lacks most rows; equal groups in random order.

    A part that then has none gets the smallest group of a part with several.
    """
    _, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.lexsort((_drawn(len(sizes), split.seed), -sizes))
    lacking = np.array([1 - split.validation - split.test, split.validation, split.test]) * len(groups)
    part = np.zeros(len(sizes), dtype=np.int64)
    for group in order.tolist():
        part[group] = lacking.argmax()
        lacking[part[group]] -= sizes[group]
    for number in (1, 2):
        spare = [group for group in order.tolist() if (part == part[group]).sum() > 1]
        if (split.validation, split.test)[number - 1] > 0 and spare and not (part == number).any():
            part[spare[-1]] = number
    return _parted(part[members])


def _by_time(times: NDArray[np.float64], split: Split) -> Division:
    """Take the latest rows for testing and those before for validation; rows of one moment stay together."""
    count = len(times)
    order = np.argsort(times, kind="stable")
    sorted_times = times[order]
    part = np.zeros(count, dtype=np.int64)
    for number, share in ((1, split.validation + split.test), (2, split.test)):
        start = count - round(share * count)
        if share > 0 and start < count:
            part[order[np.searchsorted(sorted_times, sorted_times[start]) :]] = number
    return _parted(part)


def _by_column(words: NDArray[np.object_], split: Split, classes: Indices | None) -> Division:
    """Divide rows as their column says; where that knows no validation, it gets its share of those for training."""
    known = [part_of(str(word)) for word in words.tolist()]
    strange = sorted({str(word) for word, part in zip(words.tolist(), known, strict=True) if part is None})
    if strange:
        listed = ", ".join(f"'{each}'" for each in strange[:5])
        raise DataError(
            f"The split column has {listed}. It may say training (or train), validation (or valid, val, dev) and test."
        )
    part = np.array([PARTS.index(each) for each in known if each is not None], dtype=np.int64)
    division = _parted(part)
    if not len(division.training):
        raise DataError("The split column says training nowhere: there is nothing to learn from.")
    if len(division.validation) or not split.validation:
        return division
    rows, share = division.training, replace(split, test=0.0)
    check_shares(share)
    drawn = _at_random(len(rows), share, None if classes is None else classes[rows])
    return Division(rows[drawn.training], rows[drawn.validation], division.test)


def _folds(count: int, split: Split, traits: Traits) -> Division:
    """Take the share for testing away, and divide the rest into folds of equal size."""
    if not (2 <= split.folds <= MOST_FOLDS and 0 <= split.fold < split.folds):
        raise DataError(
            f"Fold {split.fold} of {split.folds} is not possible: there are from 2 to {MOST_FOLDS:,} folds, counted "
            "from 0."
        )
    stretches = traits.ordered and traits.groups is None
    method: SplitMethod = "time" if stretches else "stratified" if traits.groups is None else "group"
    apart = Split(method, 0.0, split.test, split.seed)
    first = divide(count, apart, traits=traits) if split.test else None
    rest = first.training if first else np.arange(count)
    classes = traits.classes[rest] if traits.classes is not None else np.zeros(len(rest), dtype=np.int64)
    if traits.groups is not None:
        fold = _group_folds(traits.groups[rest], classes, split)
    elif stretches:
        fold = np.empty(len(rest), dtype=np.int64)
        order = np.argsort(_needed(traits.times, "stretches of time", "time")[rest], kind="stable")
        fold[order] = np.arange(len(rest)) * split.folds // max(len(rest), 1)
    else:
        fold = np.empty(len(rest), dtype=np.int64)
        fold[np.lexsort((_drawn(len(rest), split.seed), classes))] = np.arange(len(rest)) % split.folds
    held = fold == split.fold
    return Division(rest[~held], rest[held], first.test if first else np.zeros(0, dtype=np.int64))


def _group_folds(groups: Indices, classes: Indices, split: Split) -> Indices:
    """Return the fold of every row: whole groups, largest first, each where the classes are then spread most evenly."""
    _, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _, kinds = np.unique(classes, return_inverse=True)
    counts = np.zeros((len(sizes), int(kinds.max(initial=0)) + 1))
    np.add.at(counts, (members, kinds), 1)
    share = counts / np.maximum(counts.sum(axis=0), 1)
    filled = np.zeros((split.folds, counts.shape[1]))
    fold = np.zeros(len(sizes), dtype=np.int64)
    for group in np.lexsort((_drawn(len(sizes), split.seed), -sizes)).tolist():
        # Adding a to one of several sums raises the sum of their squares by 2·sum·a + a²: least where sum·a is least.
        fold[group] = (filled @ share[group]).argmin()
        filled[fold[group]] += share[group]
    return fold[members]


def check_shares(split: Split) -> None:
    """Raise DataError where the shares of a split are not 0 to 1 or leave nothing for training."""
    shares = (("validation", split.validation), ("test", split.test))
    problems = [
        f"The {name} share must be from 0 to less than 1, not {share:g}."
        for name, share in shares
        if not 0 <= share < 1
    ]
    if not problems and split.method != "k-fold" and split.validation + split.test >= 1 - 1e-9:
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


def _check_parts(count: int, split: Split, division: Division, shares: Sequence[float]) -> None:
    whole = {"group": "groups", "k-fold": "rows or groups", "time": "moments"}.get(split.method, "")
    problems = [
        f"{name} gets no row: {share:.4g} of {units.plural(count, 'row')} is less than one that can be spared."
        if not whole
        else f"{name} gets no row: there are too few {whole} of {units.plural(count, 'row')}."
        for name, share in zip(PARTS, shares, strict=True)
        if share > 0 and not len(division.part(name))
    ]
    if problems:
        raise DataError(
            f"The split leaves a part empty: of {units.plural(count, 'row')} there is nothing to spare for it. "
            "Take more rows, a larger share, or set the share to 0.",
            problems=problems,
        )
