"""From raw columns to rows that can be used: checks fields against what was read, drops rows, divides, fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.prepare import FittedField, Preprocessing, fit
from core.data.source import Array, RawData
from core.data.splits import Division, divide
from core.data.values import as_numbers, as_words, indices_of, missing
from core.errors import DataError, did_you_mean
from core.graph.project import UNUSABLE, DataBinding, Field


@dataclass(frozen=True, eq=False)
class Arranged:
    """Rows divided and preprocessing fitted.

    The division's indices are rows of the source; ``dropped`` are those that are in no part. ``notes`` say why, and
    what else the user should know.
    """

    division: Division
    preprocessing: Preprocessing
    dropped: NDArray[np.int64]
    notes: tuple[str, ...]


def arrange(
    raw: RawData, binding: DataBinding, inputs: Mapping[str, tuple[str, ...]], targets: Mapping[str, str]
) -> Arranged:
    """Prepare the fields that inputs and targets use.

    Args:
        raw: what the source holds.
        binding: the fields and the split.
        inputs: names of fields by Input node.
        targets: name of a field by Output node.

    Raises:
        DataError: fields do not fit the data (all are named), no row is left, or the split is not possible.
    """
    as_input = dict.fromkeys(name for names in inputs.values() for name in names)
    as_target = dict.fromkeys(targets.values())
    used = {name: field for name in {**as_input, **as_target} if (field := binding.field(name)) is not None}
    _check_fields(raw, used, tuple(as_target))
    columns = {name: raw.columns[name].values for name in used}
    keep, notes = _usable_rows(columns, used, as_target)
    notes += _stray_notes(columns, {name: used[name] for name in as_input})
    kept = np.flatnonzero(keep)
    if not len(kept):
        raise DataError(
            f"None of the {units.plural(raw.rows, 'row')} can be used: in each a value is missing whose field drops "
            "such rows. Fill missing values instead.",
            problems=notes,
        )
    classes, split_notes = _classes(columns, [used[name] for name in as_target], kept, binding)
    within = divide(len(kept), binding.split, classes)
    division = Division(kept[within.training], kept[within.validation], kept[within.test])
    fitted = _fit_all(columns, used, division)
    preprocessing = Preprocessing(fitted, dict(inputs), dict(targets))
    return Arranged(division, preprocessing, np.flatnonzero(~keep), (*notes, *split_notes))


def _check_fields(raw: RawData, used: Mapping[str, Field], targets: tuple[str, ...]) -> None:
    problems = [message for field in used.values() if (message := _misfit(raw, field))]
    for name in targets:
        if name in raw.columns and used[name].meaning in ("category", "flag") and used[name].categories:
            strange = _strangers(raw.columns[name].values, used[name])
            if strange:
                problems.append(
                    f"The target '{name}' has values that are not among its classes: {', '.join(strange[:3])}. "
                    "Read the data again to take them in."
                )
    if problems:
        raise DataError("The project's data fields do not fit what was read from its source.", problems=problems)


def _misfit(raw: RawData, field: Field) -> str:
    """Return why a field does not fit the data, or an empty string."""
    column = raw.columns.get(field.name)
    if column is None:
        return f"There is no column '{field.name}' any more.{did_you_mean(field.name, raw.columns)}"
    if field.meaning in UNUSABLE:
        return f"'{field.name}' holds {field.meaning}s: it can be neither input nor target. Change its meaning."
    if (field.meaning == "image") != (column.values.ndim > 1):
        return f"'{field.name}' shall be {field.meaning}, but what was read is {column.meaning}. Read the data again."
    if field.meaning == "image" and field.shape != column.shape:
        return f"'{field.name}' has samples of shape {column.shape}; the project says {field.shape}."
    if field.meaning in ("category", "flag") and not field.categories:
        return f"The {field.meaning} '{field.name}' has no values listed. Read the data again."
    return ""


def _strangers(values: Array, field: Field) -> list[str]:
    """Return the different words of a column that are not among the field's categories."""
    unknown = indices_of(values, field.categories) == -2
    return sorted({f"'{word}'" for word in as_words(values[unknown]).tolist()})


def _usable_rows(
    columns: Mapping[str, Array], used: Mapping[str, Field], targets: Mapping[str, None]
) -> tuple[NDArray[np.bool_], list[str]]:
    """Return a mask of the rows to keep: the target is there, and so is every field that drops rows otherwise."""
    count = len(next(iter(columns.values()))) if columns else 0
    keep = np.ones(count, dtype=np.bool_)
    reasons = []
    for name, field in used.items():
        if name in targets or field.missing == "drop row":
            unfitted = FittedField(name, field.meaning, categories=field.categories)
            gaps = unfitted.gaps(columns[name])
            keep &= ~gaps
            if gaps.any():
                role = "the target " if name in targets else ""
                reasons.append(f"{role}'{name}' is missing in {int(gaps.sum()):,}")
    dropped = count - int(keep.sum())
    if not dropped:
        return keep, []
    return keep, [f"{dropped:,} of {units.plural(count, 'row')} left out: {', '.join(reasons)}."]


def _stray_notes(columns: Mapping[str, Array], inputs: Mapping[str, Field]) -> list[str]:
    """Say which input cells hold something that their field's meaning cannot take."""
    notes = []
    for name, field in inputs.items():
        values = columns[name]
        if field.meaning == "number" and values.dtype == object:
            stray = np.isnan(as_numbers(values)) & ~missing(values)
            if stray.any():
                cells = f"{units.plural(int(stray.sum()), 'cell')} such as '{values[int(stray.argmax())]}'"
                notes.append(f"'{name}': {cells} are no numbers and count as missing.")
        elif field.meaning in ("category", "flag") and (strange := _strangers(values, field)):
            notes.append(f"'{name}' has values that are not among its categories: {', '.join(strange[:3])}.")
    return notes


def _classes(
    columns: Mapping[str, Array], targets: list[Field], kept: NDArray[np.int64], binding: DataBinding
) -> tuple[NDArray[np.int64] | None, list[str]]:
    """Return the class of every kept row by the first target that has classes, and what to say about it."""
    if binding.split.method != "stratified":
        return None, []
    target = next((field for field in targets if field.meaning in ("category", "flag")), None)
    if target is None:
        return None, ["The split is random: no target has classes that could be kept in proportion."]
    classes = indices_of(columns[target.name][kept], target.categories)
    counts = np.bincount(classes, minlength=len(target.categories)).tolist()
    single = [word for word, count in zip(target.categories, counts, strict=True) if count == 1]
    if not single:
        return classes, []
    return classes, [f"Classes of '{target.name}' with one row only are for training: {', '.join(single[:5])}."]


def _fit_all(columns: Mapping[str, Array], used: Mapping[str, Field], division: Division) -> dict[str, FittedField]:
    fitted, problems = {}, []
    for name, field in used.items():
        try:
            fitted[name] = fit(field, columns[name][division.training])
        except DataError as error:
            problems.append(error.message)
    if problems:
        raise DataError("Some fields cannot be prepared.", problems=problems)
    return fitted
