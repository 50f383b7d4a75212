"""From raw columns to samples that can be used: checks fields against what was read, drops rows, divides, fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.checking import check_fields, stray_notes
from core.data.fitted import FittedField, fit, gaps
from core.data.preprocessing import Columns, Preprocessing
from core.data.rows import Facts, facts_of, row_weights
from core.data.source import Lazy, RawData
from core.data.splits import PARTS, Division, PartName, divide
from core.data.values import indices_of
from core.data.windows import Series, check_window
from core.errors import DataError
from core.graph.binding import INPUT_TARGET, NEXT_TARGET, entry_of
from core.graph.project import DataBinding, Field

MOST_FITTED = 2000
"""From so many training rows at most, values are learnt from that are read one by one."""
Mask = NDArray[np.bool_]
ClassCounts = Mapping[str, Mapping[PartName, tuple[int, ...]]]


@dataclass(frozen=True, eq=False)
class Arranged:
    """Samples divided and preprocessing fitted.

    The division's indices are rows of the source, with a window the rows that are predicted; ``dropped`` are rows that
    are left out. ``notes`` say why, and what else the user should know. ``series`` lays windows over rows (None:
    each row is a sample). ``weights`` has a number for every row of the source. ``class_counts`` tells for each target
    with classes, by name, how many samples of every part have each.
    """

    division: Division
    preprocessing: Preprocessing
    dropped: NDArray[np.int64]
    notes: tuple[str, ...]
    series: Series | None = None
    weights: NDArray[np.float32] | None = None
    class_counts: ClassCounts = attribute(default_factory=dict)

    def spans(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of the source that the inputs of samples are made of: ``(samples,)`` or windows."""
        ahead = self.preprocessing.window.horizon
        return rows if self.series is None else self.series.spans_ending(rows, ahead)


def arrange(
    raw: RawData, binding: DataBinding, inputs: Mapping[str, tuple[str, ...]], targets: Mapping[str, str]
) -> Arranged:
    """Prepare the fields that inputs and targets use.

    Args:
        raw: what the source holds.
        binding: the fields, the split and the window.
        inputs: names of fields (or their parts) by Input node.
        targets: name of a field by Output node, or ``input:NAME`` or ``next:FIELD``.

    Raises:
        DataError: fields do not fit the data (all are named), no row is left, or the split is not possible.
    """
    as_input, as_target = _used(binding, inputs, targets)
    used = {**as_input, **as_target}
    check_fields(raw, binding, used, tuple(as_target))
    if binding.window.length:
        check_window(binding.window)
    columns: Columns = {name: raw.columns[name].values for name in used}
    facts = facts_of(raw, binding)
    with_inputs, with_targets, notes = _usable_rows(raw.rows, columns, as_input, as_target, facts)
    notes += [*stray_notes(columns, as_input), *facts.notes]
    keep = with_inputs if binding.window.length else with_inputs & with_targets
    _check_some(keep, notes)
    classes, split_notes = _classes(columns, list(as_target.values()), np.flatnonzero(keep), binding)
    division = _divided(facts, keep, classes, binding)
    series = None
    if binding.window.length:
        before = division
        series, division = _windows(binding, facts, before, with_inputs, with_targets)
        notes += [*_gap_notes(facts), *_parts_without_window(binding, before, division)]
    counts = _class_counts(columns, as_target, division)
    fitted, fit_notes = _fit_all(raw, used, _training_rows(division, series, binding))
    preprocessing = Preprocessing(fitted, dict(inputs), dict(targets), binding.window)
    told = (*notes, *split_notes, *_absent_classes(as_target, counts), *fit_notes)
    weights = row_weights(raw, binding)
    return Arranged(division, preprocessing, np.flatnonzero(~keep), told, series, weights, counts)


def _used(
    binding: DataBinding, inputs: Mapping[str, tuple[str, ...]], targets: Mapping[str, str]
) -> tuple[dict[str, Field], dict[str, Field]]:
    """Return the fields that the inputs are made of, and those that the targets are, by name."""
    entries = (entry_of(binding.fields, name) for names in inputs.values() for name in names)
    as_input = {entry.field.name: entry.field for entry in entries if entry is not None}
    as_target = {}
    for name in targets.values():
        found = binding.field(name)
        if found is None and name.startswith(NEXT_TARGET):
            found = binding.field(name.removeprefix(NEXT_TARGET))
        if found is not None:
            as_target[found.name] = found
        elif not name.startswith(INPUT_TARGET):
            raise DataError(f"There is no data field '{name}' that an Output could predict.")
    return as_input, as_target


def _usable_rows(
    count: int, columns: Columns, inputs: Mapping[str, Field], targets: Mapping[str, Field], facts: Facts
) -> tuple[Mask, Mask, list[str]]:
    """Return masks of the rows with all inputs and of those with all targets, and what is left out for which reason."""
    with_inputs, with_targets = ~facts.unplaced, np.ones(count, dtype=np.bool_)
    reasons = list(facts.reasons)
    for name, field in {**inputs, **targets}.items():
        values = columns[name]
        if isinstance(values, Lazy) or not (name in targets or field.missing == "drop row"):
            continue
        empty = gaps(field, values)
        if name in targets:
            with_targets &= ~empty
        if name in inputs and field.missing == "drop row":
            with_inputs &= ~empty
        if empty.any():
            reasons.append(f"{'the target ' if name in targets else ''}'{name}' is missing in {int(empty.sum()):,}")
    dropped = count - int((with_inputs & with_targets).sum())
    notes = [f"{dropped:,} of {units.plural(count, 'row')} left out: {', '.join(reasons)}."] if dropped else []
    return with_inputs, with_targets, notes


def _check_some(keep: Mask, notes: list[str]) -> None:
    if not keep.any():
        raise DataError(
            f"None of the {units.plural(len(keep), 'row')} can be used: in each a value is missing whose field drops "
            "such rows. Fill missing values instead.",
            problems=notes,
        )


def _classes(
    columns: Columns, targets: list[Field], kept: NDArray[np.int64], binding: DataBinding
) -> tuple[NDArray[np.int64] | None, list[str]]:
    """Return the class of every kept row by the first target that has classes, and what to say about it."""
    split = binding.split.method
    if binding.window.length:
        by_time = split in ("stratified", "random") and not binding.with_role("group")
        return None, ["Windows follow one another in time, so that the split is by time."] if by_time else []
    if split not in ("stratified", "k-fold"):
        return None, []
    target = next((field for field in targets if field.meaning in ("category", "flag")), None)
    if target is None:
        plain = "The split is random: no target has classes that could be kept in proportion."
        return None, [plain] if split == "stratified" else []
    values = columns[target.name]
    classes = indices_of(values.take(kept) if isinstance(values, Lazy) else values[kept], target.categories)
    counts = np.bincount(classes, minlength=len(target.categories)).tolist()
    single = [word for word, count in zip(target.categories, counts, strict=True) if count == 1]
    if not single or split == "k-fold":
        return classes, []
    return classes, [f"Classes of '{target.name}' with one row only are for training: {', '.join(single[:5])}."]


def _divided(facts: Facts, keep: Mask, classes: NDArray[np.int64] | None, binding: DataBinding) -> Division:
    kept = np.flatnonzero(keep)
    traits = replace(facts.traits(kept), classes=classes, ordered=bool(binding.window.length))
    within = divide(len(kept), binding.split, traits=traits)
    return Division(kept[within.training], kept[within.validation], kept[within.test])


def _windows(
    binding: DataBinding, facts: Facts, division: Division, with_inputs: Mask, with_targets: Mask
) -> tuple[Series, Division]:
    """Lay windows over the rows of each part; return them and the rows that they predict, divided."""
    part = np.full(len(with_inputs), -1, dtype=np.int64)
    for number, name in enumerate(PARTS):
        part[division.part(name)] = number
    ahead = binding.window.horizon
    order, stretch = facts.in_time(), np.zeros(len(part), dtype=np.int64)
    stretch[order] = np.cumsum(facts.gaps_in_time()[order])
    borders = (stretch * (int(facts.group_numbers().max(initial=0)) + 1) + facts.group_numbers()) * (
        len(PARTS) + 1
    ) + part
    series = Series.over(binding.window, order, with_inputs, with_targets, borders, ahead=ahead)
    rows = series.target_rows(ahead)
    sorted_rows = [np.sort(rows[part[rows] == number]) for number in range(len(PARTS))]
    if not len(sorted_rows[0]):
        raise DataError(
            f"No window of {units.plural(binding.window.length, 'row')} fits into the training part without reaching "
            "over a gap, a group's border or into another part. Choose shorter windows."
        )
    return series, Division(*sorted_rows)


def _parts_without_window(binding: DataBinding, rows: Division, predicted: Division) -> list[str]:
    """Say which parts have rows, but not enough in a row for a window and what it predicts."""
    needed = binding.window.length + binding.window.horizon
    return [
        f"The {name} part has no sample: its {units.plural(len(rows.part(name)), 'row')} are too few in a row "
        f"for the {needed:,} that a window and what it predicts take. Give it a larger "
        "share, or choose shorter windows."
        for name in PARTS
        if len(rows.part(name)) and not len(predicted.part(name))
    ]


def _gap_notes(facts: Facts) -> list[str]:
    found = np.flatnonzero(facts.gaps_in_time())
    if not len(found):
        return []
    first = int(facts.in_time()[np.isin(facts.in_time(), found)][0])
    return [
        f"Time has {units.plural(len(found), 'gap')}, the first before row {first + 1:,}: no window reaches over one."
    ]


def _training_rows(division: Division, series: Series | None, binding: DataBinding) -> NDArray[np.int64]:
    """Return the rows that something may be learnt from: those of training samples, with all rows of their windows."""
    if series is None:
        return division.training
    return np.union1d(series.spans_ending(division.training, binding.window.horizon), division.training)


def _fit_all(
    raw: RawData, used: Mapping[str, Field], training: NDArray[np.int64]
) -> tuple[dict[str, FittedField], list[str]]:
    fitted, notes, problems = {}, [], []
    for name, field in used.items():
        column, rows = raw.columns[name], training
        if isinstance(column.values, Lazy) and len(training) > MOST_FITTED:
            drawn = np.random.Generator(np.random.PCG64(0)).random(len(training))
            rows = np.sort(training[np.argsort(drawn, kind="stable")[:MOST_FITTED]])
            notes.append(f"What '{name}' needs was learnt from {MOST_FITTED:,} of its {len(training):,} training rows.")
        try:
            fitted[name] = fit(field, column.take(rows), column.rate)
        except DataError as error:
            problems.append(error.message)
    if problems:
        raise DataError("Some fields cannot be prepared.", problems=problems)
    return fitted, notes


def _class_counts(columns: Columns, targets: Mapping[str, Field], division: Division) -> ClassCounts:
    counts: dict[str, Mapping[PartName, tuple[int, ...]]] = {}
    for name, field in targets.items():
        values = columns[name]
        if field.meaning in ("category", "flag") and not isinstance(values, Lazy):
            classes, least = indices_of(values, field.categories), len(field.categories)
            rows = {part: classes[division.part(part)] for part in PARTS}
            counted = {part: np.bincount(own[own >= 0], minlength=least) for part, own in rows.items()}
            counts[name] = {part: tuple(each.tolist()) for part, each in counted.items()}
    return counts


def _absent_classes(targets: Mapping[str, Field], counts: ClassCounts) -> list[str]:
    """Say which classes a part has no sample of, though there are some."""
    notes = []
    for name, by_part in counts.items():
        whole = np.sum([by_part[part] for part in PARTS], axis=0)
        for part in PARTS:
            absent = np.flatnonzero((np.array(by_part[part]) == 0) & (whole > 0)).tolist()
            if absent and any(by_part[part]):
                words = ", ".join(f"'{targets[name].categories[each]}'" for each in absent[:5])
                more = f" and {len(absent) - 5:,} more" if len(absent) > 5 else ""
                notes.append(f"The {part} part has no sample of '{name}' {words}{more}.")
    return notes
