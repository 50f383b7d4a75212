"""What the designer shows of a data set at a glance: facts about every field, and how the rows are divided.

Facts depend on the data and on what a field means, not on the split: they are kept for as long as the data is, so that
a change of the split costs nothing but the division.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from core.data.arrange import Arranged, arrange
from core.data.checking import check_fields
from core.data.fitted import gaps
from core.data.meaning import CELLS
from core.data.preparing._pictures import as_floats
from core.data.preparing.date import seconds
from core.data.preparing.labels import labels_of
from core.data.reading import read
from core.data.source import Array, Column, Lazy, RawData
from core.data.splits import PARTS, PartName
from core.data.values import as_numbers, as_words, indices_of, missing
from core.errors import DataError
from core.graph.project import DataBinding, Field, Split, Window
from core.progress import report

_BINS = 20
_SAMPLED = 48
"""So many rows are looked at of what is read row by row, such as the images of a folder."""
Measure = Literal["", "value", "date", "letters", "brightness", "seconds", "steps"]
"""What the figures are about: the values themselves, dates as seconds since 1970, or how long or bright samples are."""


@dataclass(frozen=True)
class Histogram:
    """How numbers are distributed: one more edge than there are counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class FieldFacts:
    """Facts about one field, over ``looked_at`` of ``rows`` rows.

    ``distinct`` is 0 where it is not counted. ``counts`` (value and how often) are there for categories, flags, labels
    and, in pixels, masks. ``problem`` says why there are no figures.
    """

    rows: int
    looked_at: int
    missing: int = 0
    distinct: int = 0
    measure: Measure = ""
    least: float | None = None
    mean: float | None = None
    most: float | None = None
    histogram: Histogram | None = None
    counts: tuple[tuple[str, int], ...] = ()
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Preview:
    """A data set at a glance.

    ``class_counts`` counts the classes of the target ``classes_of`` in every part. ``notes`` tell what reading had to
    decide, ``split_notes`` what came of dividing. ``problem`` says why fields cannot be prepared, ``split_problem`` why
    the rows cannot be divided though the fields are in order.
    """

    rows: int
    facts: Mapping[str, FieldFacts]
    split_counts: Mapping[PartName, int]
    class_counts: Mapping[PartName, Mapping[str, int]]
    classes_of: str
    dropped: int
    notes: tuple[str, ...]
    split_notes: tuple[str, ...] = ()
    problem: str = ""
    split_problem: str = ""


_lock = threading.Lock()
_known: WeakKeyDictionary[RawData, dict[tuple[object, ...], FieldFacts]] = WeakKeyDictionary()


def preview(binding: DataBinding, base: Path | None = None) -> Preview:
    """Look at a binding's data; it reports how far it is through ``core.progress``.

    Raises:
        DataError: the data cannot be read. (Fields or a split that do not fit it are told in the answer.)
        Cancelled: whoever watches the progress wants no more of it.
    """
    raw = read(binding.source, binding.options, base)
    shown = [field for field in binding.fields if field.name in raw.columns]
    facts = {}
    for place, field in enumerate(shown):
        report(place, len(shown), f"looking at '{field.name}'")
        facts[field.name] = facts_of(raw, field)
    arranged, problem, split_problem = _arranged(raw, binding)
    classes_of, class_counts = _class_counts(binding, arranged)
    return Preview(
        rows=raw.rows,
        facts=facts,
        split_counts={name: len(arranged.division.part(name)) for name in PARTS} if arranged else {},
        class_counts=class_counts,
        classes_of=classes_of,
        dropped=len(arranged.dropped) if arranged else 0,
        notes=raw.notes,
        split_notes=arranged.notes if arranged else (),
        problem=problem,
        split_problem=split_problem,
    )


# --- the division -----------------------------------------------------------------------------------------------------


def _arranged(raw: RawData, binding: DataBinding) -> tuple[Arranged | None, str, str]:
    """Return the divided rows, or what is wrong with the fields, or with the split alone."""
    if not binding.with_role("input") and not binding.with_role("target"):
        return None, "No field is an input or the target: nothing would be learnt. Give fields these roles.", ""
    try:
        return _divided(raw, binding), "", ""
    except DataError as error:
        told = str(error)
    plain = replace(binding, split=Split("random", 0.0, 0.0), window=Window())
    try:
        _divided(raw, plain)
    except DataError as error:
        return None, str(error), ""
    return None, "", told


def _divided(raw: RawData, binding: DataBinding) -> Arranged:
    """Divide and fit; what is read row by row is checked but not read, for the division needs none of it."""
    inputs, targets = binding.with_role("input"), binding.with_role("target")
    check_fields(raw, binding, {field.name: field for field in (*inputs, *targets)}, tuple(f.name for f in targets))
    held = {name for name, column in raw.columns.items() if not isinstance(column.values, Lazy)}
    return arrange(
        raw,
        binding,
        {field.name: (field.name,) for field in inputs if field.name in held},
        {field.name: field.name for field in targets if field.name in held},
    )


def _class_counts(binding: DataBinding, arranged: Arranged | None) -> tuple[str, dict[PartName, Mapping[str, int]]]:
    """Return the first target with classes, and how many samples of each class every part has."""
    counted = arranged.class_counts if arranged else {}
    for field in binding.with_role("target"):
        if field.name in counted:
            by_part = counted[field.name]
            return field.name, {
                part: dict(zip(field.categories, by_part[part], strict=False)) for part in PARTS if part in by_part
            }
    return "", {}


# --- facts ------------------------------------------------------------------------------------------------------------


def facts_of(raw: RawData, field: Field) -> FieldFacts:
    """Return facts about a field; found out once for the data as it was read.

    Raises:
        KeyError: the data has no such column.
    """
    key = (field.name, field.meaning, field.categories)
    with _lock:
        known = _known.setdefault(raw, {})
        if key in known:
            return known[key]
    column = raw.columns[field.name]
    try:
        found = _facts(column, field, raw.rows)
    except DataError as error:
        found = FieldFacts(raw.rows, 0, problem=str(error))
    with _lock:
        known[key] = found
    return found


def _facts(column: Column, field: Field, rows: int) -> FieldFacts:
    cells = column.meaning in CELLS and not isinstance(column.values, Lazy)
    looked_at = np.arange(rows)
    if not cells and rows > _SAMPLED:
        looked_at = np.linspace(0, rows - 1, _SAMPLED).astype(np.int64)
    values = column.take(looked_at)
    plain = FieldFacts(rows, len(looked_at))
    if not cells:
        return _MEASURED[field.meaning](plain, field, column, values)
    if field.meaning == "number":
        return _of_cells(_with_figures(plain, "value", as_numbers(values)), field, values)
    if field.meaning == "date":
        return _of_cells(_with_figures(plain, "date", seconds(as_words(values))), field, values)
    if field.meaning == "labels":
        return _labels(plain, field, values)
    if field.meaning == "text":
        lengths = np.array([np.nan if cell is None else len(cell) for cell in as_words(values)], dtype=np.float64)
        return _of_cells(_with_figures(plain, "letters", lengths), field, values)
    if not field.categories:
        return _of_cells(plain, field, values)
    indices = indices_of(values, field.categories)
    counts = np.bincount(indices[indices >= 0], minlength=len(field.categories)).tolist()
    return replace(_of_cells(plain, field, values), counts=tuple(zip(field.categories, counts, strict=True)))


def _of_cells(facts: FieldFacts, field: Field, values: Array) -> FieldFacts:
    there = values[~missing(values)]
    distinct = len(np.unique(there)) if values.dtype != object else len(set(there.tolist()))
    return replace(facts, missing=int(gaps(field, values).sum()), distinct=distinct)


def _labels(facts: FieldFacts, field: Field, values: Array) -> FieldFacts:
    sets = [labels_of(cell) for cell in values]
    counts = dict.fromkeys(field.categories, 0)
    for each in sets:
        for word in each:
            counts[word] = counts.get(word, 0) + 1
    return replace(facts, missing=int(gaps(field, values).sum()), distinct=len(counts), counts=tuple(counts.items()))


def _with_figures(facts: FieldFacts, measure: Measure, numbers: NDArray[np.float64]) -> FieldFacts:
    """Return the facts with least, mean, most and histogram of numbers (NaN: missing)."""
    present = numbers[np.isfinite(numbers)]
    if not len(present):
        return facts
    least, most = float(present.min()), float(present.max())
    # Numbers whose range is next to nothing beside their size cannot be told apart by edges.
    if most - least <= _BINS * np.spacing(max(abs(least), abs(most))):
        histogram = Histogram((least, most), (len(present),))
    else:
        counts, edges = np.histogram(present, bins=_BINS)
        histogram = Histogram(tuple(edges.tolist()), tuple(counts.tolist()))
    return replace(
        facts,
        measure=measure,
        least=least,
        mean=float(present.mean()),
        most=most,
        histogram=histogram,
    )


def _pixels(facts: FieldFacts, _field: Field, _column: Column, values: Array) -> FieldFacts:
    present = [as_floats(each) for each in values if each is not None]
    means = np.concatenate([each.reshape(-1)[:: max(1, each.size // 4096)] for each in present]) if present else None
    facts = replace(facts, missing=len(values) - len(present))
    return facts if means is None else _with_figures(facts, "brightness", means.astype(np.float64))


def _mask(facts: FieldFacts, field: Field, _column: Column, values: Array) -> FieldFacts:
    counts = np.zeros(max(len(field.categories), 1), dtype=np.int64)
    present = [np.asarray(each) for each in values if each is not None]
    for each in present:
        inside = each[(each >= 0) & (each < len(counts))].astype(np.int64)
        counts += np.bincount(inside.reshape(-1), minlength=len(counts))
    counted = tuple(zip(field.categories, counts.tolist(), strict=False))
    return replace(facts, missing=len(values) - len(present), counts=counted)


def _audio(facts: FieldFacts, _field: Field, column: Column, values: Array) -> FieldFacts:
    lengths = _lengths(values, -1) / max(column.rate, 1)
    facts = replace(facts, missing=int(np.isnan(lengths).sum()))
    return _with_figures(facts, "seconds", lengths)


def _steps(facts: FieldFacts, _field: Field, _column: Column, values: Array) -> FieldFacts:
    lengths = _lengths(values, 0)
    return _with_figures(replace(facts, missing=int(np.isnan(lengths).sum())), "steps", lengths)


def _lengths(values: Array, axis: int) -> NDArray[np.float64]:
    return np.array([np.nan if each is None else each.shape[axis] for each in values], dtype=np.float64)


def _numbers(facts: FieldFacts, _field: Field, _column: Column, values: Array) -> FieldFacts:
    if values.dtype == object:
        return facts
    return _with_figures(facts, "value", values.astype(np.float64).reshape(-1))


_MEASURED: Mapping[str, Callable[[FieldFacts, Field, Column, Array], FieldFacts]] = {
    "image": _pixels,
    "mask": _mask,
    "audio": _audio,
    "sequence": _steps,
    "array": _numbers,
    **dict.fromkeys(CELLS, lambda facts, _field, _column, _values: facts),
}
