"""What fields with a role of their own say of the rows: group, time, part and weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.preparing.date import seconds
from core.data.source import Array, Lazy, RawData
from core.data.splits import Traits
from core.data.values import as_numbers, as_words, missing
from core.errors import DataError
from core.graph.project import DataBinding, Field, Role

_ABOUT = 0.25
"""How far a step may be from the median and still be a usual one: months differ by a tenth."""
_REGULAR = 0.9
_JUMP = 1.9


@dataclass(frozen=True, eq=False)
class Facts:
    """What the split goes by, for every row of the source; None where no field has that role.

    ``unplaced`` are rows that cannot be used because it is missing, as ``reasons`` say; ``notes`` are for the user.
    """

    count: int
    groups: NDArray[np.int64] | None
    times: NDArray[np.float64] | None
    words: Array | None
    unplaced: NDArray[np.bool_]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    windowed: bool

    def traits(self, rows: NDArray[np.int64]) -> Traits:
        """Return what the split needs to know of some rows; with windows, time goes by their order at least."""
        times = np.arange(self.count, dtype=np.float64) if self.times is None and self.windowed else self.times
        return Traits(
            groups=None if self.groups is None else self.groups[rows],
            times=None if times is None else times[rows],
            words=None if self.words is None else self.words[rows],
        )

    def group_numbers(self) -> NDArray[np.int64]:
        """Return a number for every row's group, 0 where there are none."""
        return np.zeros(self.count, dtype=np.int64) if self.groups is None else self.groups

    def in_time(self) -> NDArray[np.int64]:
        """Return the usable rows, group by group, in order of time (else as they are)."""
        times = np.zeros(self.count) if self.times is None else np.nan_to_num(self.times)
        order: NDArray[np.int64] = np.lexsort((times, self.group_numbers()))
        return order[~self.unplaced[order]]

    def gaps_in_time(self) -> NDArray[np.bool_]:
        """Return the rows before which time jumps: by more than ``_JUMP`` of the usual step to the row before it.

        There are none where steps have no usual length: where fewer than ``_REGULAR`` are about as long as the median.
        """
        found = np.zeros(self.count, dtype=np.bool_)
        if self.times is None:
            return found
        order = self.in_time()
        steps = np.diff(self.times[order])
        inside = np.diff(self.group_numbers()[order]) == 0
        usual = float(np.median(steps[inside])) if inside.any() else 0.0
        if usual > 0 and np.mean(np.abs(steps[inside] / usual - 1) < _ABOUT) >= _REGULAR:
            found[order[1:][inside & (steps > _JUMP * usual)]] = True
        return found


def facts_of(raw: RawData, binding: DataBinding) -> Facts:
    """Return what the split and the windows need; a role that neither uses is not looked at.

    Raises:
        DataError: a field with such a role is not in the data.
    """
    method, windowed = binding.split.method, bool(binding.window.length)
    unplaced = np.zeros(raw.rows, dtype=np.bool_)
    reasons, notes = [], []
    groups = times = words = None
    if method in ("group", "k-fold") or windowed:
        groups, note = _groups(raw, binding)
        notes += note
    if (method == "time" or windowed) and (found := _values(raw, binding, "time")):
        field, values = found
        times = seconds(as_words(values)) if field.meaning == "date" else as_numbers(values)
        unplaced |= np.isnan(times)
        reasons += [f"the time '{field.name}' is missing in {int(np.isnan(times).sum()):,}"] if unplaced.any() else []
    if method == "column" and (found := _values(raw, binding, "split")):
        words = as_words(found[1])
        without = missing(words)
        unplaced |= without
        reasons += [f"the part '{found[0].name}' is missing in {int(without.sum()):,}"] if without.any() else []
    weights = _values(raw, binding, "weight")
    if weights is not None:
        empty = np.isnan(as_numbers(weights[1]))
        unplaced |= empty
        reasons += [f"the weight '{weights[0].name}' is missing in {int(empty.sum()):,}"] if empty.any() else []
    return Facts(raw.rows, groups, times, words, unplaced, tuple(reasons), tuple(notes), windowed)


def row_weights(raw: RawData, binding: DataBinding) -> NDArray[np.float32] | None:
    """Return how much each row counts by the field with the role "weight", or None where there is none.

    Raises:
        DataError: a weight is negative (its row is named), or all are 0.
    """
    found = _values(raw, binding, "weight")
    if found is None:
        return None
    weights = np.nan_to_num(as_numbers(found[1]))
    if (weights < 0).any():
        row = int((weights < 0).argmax())
        raise DataError(
            f"The weight '{found[0].name}' is {weights[row]:g} in row {row + 1}: a weight is 0 or more. Correct it, or "
            "give the field another role."
        )
    if not weights.any():
        raise DataError(f"The weight '{found[0].name}' is 0 in every row: nothing would count.")
    return weights.astype(np.float32)


def _values(raw: RawData, binding: DataBinding, role: Role) -> tuple[Field, Array] | None:
    """Return the field with a role and its values; None where there is none."""
    field = next(iter(binding.with_role(role)), None)
    if field is None:
        return None
    column = raw.columns.get(field.name)
    if column is None:
        raise DataError(f"The {role} '{field.name}' is not in the data any more. Read the data again.")
    return field, column.values.take(np.arange(raw.rows)) if isinstance(column.values, Lazy) else column.values


def _groups(raw: RawData, binding: DataBinding) -> tuple[NDArray[np.int64] | None, list[str]]:
    found = _values(raw, binding, "group")
    if found is None:
        return None, []
    words = as_words(found[1])
    empty = missing(words)
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words[~empty].tolist()))}
    groups = np.array([numbers.get(word, -1) for word in words.tolist()], dtype=np.int64)
    if not empty.any():
        return groups, []
    groups[empty] = len(numbers) + np.arange(int(empty.sum()))
    which = "is a group of its own" if int(empty.sum()) == 1 else "are groups of their own"
    return groups, [f"{units.plural(int(empty.sum()), 'row')} without '{found[0].name}' {which}."]
