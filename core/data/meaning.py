"""What follows from a column's meaning and role: its categories, and how it becomes numbers unless the user chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.data.preparing.date import seconds
from core.data.preparing.labels import labels_of
from core.data.source import Array, Column, Lazy
from core.data.values import as_numbers, as_words, category_order, missing
from core.errors import DataError
from core.graph.meanings import meanings
from core.graph.project import UNUSABLE, Encoding, Field, Meaning, Missing, Role
from core.kinds import Value

CHOSEN = "chosen by you"
MOST_CHOSEN_CATEGORIES = 1000
USUAL_SIZE = 128
"""Height and width that images of different sizes get unless the user chooses."""
_LARGEST_USUAL_SIZE = 256

ENCODINGS: Mapping[Meaning, tuple[Encoding, ...]] = {kind.id: kind.encodings for kind in meanings}  # type: ignore[misc]
"""The encodings that a meaning can have as an input; the first is the usual one."""
MISSING: Mapping[Meaning, tuple[Missing, ...]] = {kind.id: kind.missing for kind in meanings}  # type: ignore[misc]
"""What can be done about a missing value of a meaning; the first is the usual one."""
ROLES: Mapping[Meaning, tuple[Role, ...]] = {kind.id: kind.roles for kind in meanings}  # type: ignore[misc]
"""The roles that a field of a meaning can have."""
CELLS: tuple[Meaning, ...] = ("number", "category", "flag", "labels", "date", "text", "identifier")
"""Meanings of a table's cells: each can be taken for another, as far as its values allow."""
_ONLY_ONE: tuple[Role, ...] = ("weight", "group", "time", "split")


def meanings_for(field: Field) -> tuple[Meaning, ...]:
    """Return the meanings that a field could be given, by the form that its values have."""
    if field.meaning in CELLS:
        return CELLS
    if field.meaning == "array" or (field.meaning in ("image", "sequence") and field.reason == CHOSEN):
        known = field.shape and 0 not in field.shape
        return (
            *(("array",) if known else ()),
            *(("image",) if len(field.shape) == 3 else ()),
            *(("sequence",) if len(field.shape) in (1, 2) else ()),
        )
    return (field.meaning,)


def field_of(name: str, column: Column) -> Field:
    """Return a column as a field with the usual encoding for its meaning and suggested role."""
    found = Field(name, column.meaning, column.role, column.shape, column.categories, reason=column.reason)
    usual = _usual(replace(found, options={**_needed_options(column), **column.options}))
    return replace(usual, encoding=column.encoding) if column.encoding else usual


def _needed_options(column: Column) -> dict[str, Value]:
    """Return the options without which a column could not be used: a size for images that differ in theirs."""
    if column.meaning == "audio" and column.rate:
        return {"rate": column.rate}
    if column.meaning not in ("image", "mask") or 0 not in column.shape:
        return {}
    size = _usual_size(column)
    options: dict[str, Value] = {"height": size, "width": size}
    if column.meaning == "image" and column.shape[0] == 0:
        options["channels"] = "3"
    return options


def _usual_size(column: Column) -> int:
    """Return the middle of the images' smaller sides, where they are at hand, as a multiple of 8."""
    if isinstance(column.values, Lazy) or not len(column.values):
        return USUAL_SIZE
    sides = [min(each.shape[-2:]) for each in column.values if each is not None]
    return max(8, min(_LARGEST_USUAL_SIZE, round(float(np.median(sides)) / 8) * 8)) if sides else USUAL_SIZE


def with_role(field: Field, role: Role) -> Field:
    """Return the field in another role, encoded as is usual there; raise DataError where it cannot have that role."""
    if role not in ROLES[field.meaning]:
        raise DataError(_why_not(field, role))
    changed = replace(field, role=role)
    fits = field.encoding in ENCODINGS[field.meaning] and field.missing in MISSING[field.meaning]
    if role in ("input", "target") and not fits:
        return _usual(changed)
    return _usual(changed) if role != field.role and "target" in (role, field.role) else changed


def _why_not(field: Field, role: Role) -> str:
    """Return why a field cannot have a role, and what to do."""
    if field.meaning in UNUSABLE and role in ("input", "target"):
        return (
            f"'{field.name}' holds {field.meaning}s and cannot be an {'input' if role == 'input' else 'output'}. "
            "Change its meaning to number or category first."
        )
    fit = [meaning for meaning, roles in ROLES.items() if role in roles]
    listed = fit[0] if len(fit) == 1 else f"{', '.join(fit[:-1])} or {fit[-1]}"
    return f"'{field.name}' is {field.meaning} and cannot have the role {role}: only {listed} can. Change its meaning."


def role_problems(fields: tuple[Field, ...]) -> tuple[str, ...]:
    """Return what is wrong with the roles that only one field of a data set can have, a line each."""
    special = [field for field in fields if field.role in _ONLY_ONE]
    problems = [_why_not(field, field.role) for field in special if field.role not in ROLES[field.meaning]]
    for role in _ONLY_ONE:
        names = [f"'{field.name}'" for field in fields if field.role == role]
        if len(names) > 1:
            problems.append(f"{' and '.join(names)} have the role {role}: only one field can.")
    return tuple(problems)


def with_meaning(field: Field, meaning: Meaning, values: Column | Array) -> Field:
    """Return the field with a meaning that the user chose; categories, encoding, missing and options start anew.

    Args:
        field: the field as it is.
        meaning: what its column shall mean.
        values: the column as read, or its values.

    Raises:
        DataError: the column's values cannot mean that.
    """
    column = values if isinstance(values, Column) else Column(values, field.meaning)
    cells = not isinstance(column.values, Lazy) and column.values.ndim == 1 and field.meaning in CELLS
    known = CELLS if cells else meanings_for(replace(field, meaning=column.meaning, shape=column.shape))
    if meaning not in known:
        what = "cells of a table" if cells else f"{column.meaning}s"
        can = f" It can mean {', '.join(known)}." if len(known) > 1 else ""
        raise DataError(f"'{field.name}' holds {what}: it cannot mean {meaning}.{can}")
    categories: tuple[str, ...] = column.categories if column.meaning == meaning else ()
    if cells and not isinstance(column.values, Lazy):
        categories = _checked(field.name, meaning, column.values)
    role: Role = field.role
    if role not in ROLES[meaning]:
        role = "ignore"
    elif role == "ignore" and field.meaning in UNUSABLE and meaning not in UNUSABLE:
        role = "input"
    options = _needed_options(replace(column, meaning=meaning))
    kept = field.augment if meaning == field.meaning else {}
    changed = replace(
        field, meaning=meaning, role=role, categories=categories, reason=CHOSEN, options=options, augment=kept
    )
    return _usual(changed)


def _usual(field: Field) -> Field:
    kind = meanings[field.meaning]
    if field.role == "target":
        return replace(field, encoding=_usual_target(field), missing="drop row")
    return replace(field, encoding=kind.encodings[0], missing=kind.missing[0])


def _usual_target(field: Field) -> Encoding:
    return meanings[field.meaning].target_encodings[0]


def _checked(name: str, meaning: Meaning, cells: Array) -> tuple[str, ...]:
    """Return the categories of cells that shall mean something; raise DataError where they cannot."""
    if meaning in ("category", "flag"):
        return _categories(name, meaning, cells)
    if meaning == "labels":
        words = {word for cell in cells.tolist() for word in labels_of(cell)}
        return _counted(name, meaning, category_order(words))
    if meaning == "number" and np.isnan(as_numbers(cells)).all():
        raise DataError(f"'{name}' cannot mean number: none of its {len(cells):,} cells is one{_such_as(cells)}.")
    if meaning == "date" and np.isnan(seconds(as_words(cells))).all():
        raise DataError(
            f"'{name}' cannot mean date: none of its {len(cells):,} cells is one{_such_as(cells)}. Write dates as "
            "2024-01-31 or 31.1.2024."
        )
    return ()


def _such_as(cells: Array) -> str:
    present = [word for word in as_words(cells).tolist() if word is not None]
    return f" such as '{present[0]}'" if present else ""


def _categories(name: str, meaning: Meaning, cells: Array) -> tuple[str, ...]:
    words = as_words(cells)
    categories = category_order(set(words[~missing(words)].tolist()))
    if meaning == "flag" and len(categories) != 2:
        raise DataError(f"'{name}' cannot mean flag: a flag has 2 different values, this has {len(categories):,}.")
    return _counted(name, meaning, categories)


def _counted(name: str, meaning: Meaning, categories: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(categories) <= MOST_CHOSEN_CATEGORIES:
        raise DataError(
            f"'{name}' cannot mean {meaning}: it has {len(categories):,} different values, "
            f"a {'set of labels' if meaning == 'labels' else 'category'} has 1 to {MOST_CHOSEN_CATEGORIES:,}."
        )
    return categories
