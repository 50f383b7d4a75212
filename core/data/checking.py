"""Checks a project's fields against what was read: everything that does not fit is named at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.data.meaning import CELLS, meanings_for, role_problems
from core.data.preparing.date import seconds
from core.data.preprocessing import Columns
from core.data.source import Array, Lazy, RawData
from core.data.values import as_numbers, as_words, indices_of, missing
from core.errors import DataError, ModelError, did_you_mean
from core.graph.meanings import meanings
from core.graph.project import UNUSABLE, DataBinding, Field
from core.parameters import check_named


def check_fields(raw: RawData, binding: DataBinding, used: Mapping[str, Field], targets: tuple[str, ...]) -> None:
    """Raise DataError with all that is wrong with the fields that are used, and with the roles of all."""
    problems = list(role_problems(binding.fields))
    problems += [message for field in used.values() if (message := _misfit(raw, field, field.name in targets))]
    for name in targets:
        if name in raw.columns and used[name].meaning in ("category", "flag") and used[name].categories:
            strange = strangers(raw.columns[name].values, used[name])
            if strange:
                problems.append(
                    f"The target '{name}' has values that are not among its classes: {', '.join(strange[:3])}. "
                    "Read the data again to take them in."
                )
    if problems:
        raise DataError("The project's data fields do not fit what was read from its source.", problems=problems)


def _misfit(raw: RawData, field: Field, target: bool) -> str:
    """Return why a field does not fit the data, or an empty string."""
    column = raw.columns.get(field.name)
    if column is None:
        return f"There is no column '{field.name}' any more.{did_you_mean(field.name, raw.columns)}"
    if field.meaning in UNUSABLE:
        return f"'{field.name}' holds {field.meaning}s: it can be neither input nor target. Change its meaning."
    alike = field.meaning in CELLS and column.meaning in CELLS
    as_read = Field(field.name, column.meaning, shape=column.shape)
    if not alike and field.meaning not in (column.meaning, *meanings_for(as_read)):
        return f"'{field.name}' shall be {field.meaning}, but what was read is {column.meaning}. Read the data again."
    if not alike and field.shape != column.shape:
        return f"'{field.name}' has samples of shape {column.shape}; the project says {field.shape}."
    return _impossible(field, target)


def _impossible(field: Field, target: bool) -> str:
    """Return what is wrong with a field by itself, or an empty string."""
    kind = meanings[field.meaning]
    if field.meaning in ("category", "flag", "labels") and not field.categories:
        return f"The {field.meaning} '{field.name}' has no values listed. Read the data again."
    encodings = (*kind.encodings, *kind.target_encodings)
    if field.encoding not in encodings:
        listed = ", ".join(dict.fromkeys(encodings))
        return f"'{field.name}' has the encoding '{field.encoding}', which {field.meaning} does not have: {listed}."
    wrong = check_named(f"'{field.name}'", kind.options, field.options)
    if wrong:
        return " ".join(each.message for each in wrong)
    try:
        (kind.as_target if target else kind.as_input)(field)
    except ModelError as error:
        return error.message
    return ""


def strangers(values: Array | Lazy, field: Field) -> list[str]:
    """Return the different words of a column that are not among the field's categories."""
    if isinstance(values, Lazy):
        return []
    unknown = indices_of(values, field.categories) == -2
    return sorted({f"'{word}'" for word in as_words(values[unknown]).tolist()})


def stray_notes(columns: Columns, inputs: Mapping[str, Field]) -> list[str]:
    """Say which input cells hold something that their field's meaning cannot take."""
    notes = []
    for name, field in inputs.items():
        values = columns[name]
        if isinstance(values, Lazy):
            continue
        if field.meaning in ("number", "date") and values.dtype == object:
            read = as_numbers(values) if field.meaning == "number" else seconds(values)
            stray = np.isnan(read) & ~missing(values)
            if stray.any():
                count = int(stray.sum())
                cells = f"{count:,} {'cell' if count == 1 else 'cells'} such as '{values[int(stray.argmax())]}'"
                notes.append(f"'{name}': {cells} are no {field.meaning}s and count as missing.")
        elif field.meaning in ("category", "flag") and (strange := strangers(values, field)):
            notes.append(f"'{name}' has values that are not among its categories: {', '.join(strange[:3])}.")
    return notes
