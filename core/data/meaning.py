"""What follows from a column's meaning: its categories, and how it becomes numbers unless the user says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.data.source import Array, Column
from core.data.values import as_numbers, as_words, category_order, missing
from core.errors import DataError
from core.graph.project import UNUSABLE, Encoding, Field, Meaning, Missing, Role

CHOSEN = "chosen by you"
MOST_CHOSEN_CATEGORIES = 1000

ENCODINGS: Mapping[Meaning, tuple[Encoding, ...]] = {
    "number": ("standardise", "min-max", "none"),
    "category": ("one-hot", "index"),
    "flag": ("none",),
    "image": ("none", "standardise", "min-max"),
    "text": ("none",),
    "identifier": ("none",),
    "date": ("none",),
}
"""The encodings that a meaning can have; the first is the usual one."""

MISSING: Mapping[Meaning, tuple[Missing, ...]] = {
    "number": ("mean", "median", "most frequent", "drop row"),
    "category": ("most frequent", "drop row"),
    "flag": ("most frequent", "drop row"),
    "image": ("drop row",),
    "text": ("drop row",),
    "identifier": ("drop row",),
    "date": ("drop row",),
}
"""What can be done about a missing value of a meaning; the first is the usual one."""


def field_of(name: str, column: Column) -> Field:
    """Return a column as a field with the usual encoding for its meaning and suggested role."""
    return _usual(
        Field(
            name,
            column.meaning,
            column.role,
            column.shape,
            column.categories,
            reason=column.reason,
        )
    )


def with_role(field: Field, role: Role) -> Field:
    """Return the field in another role, encoded as is usual there; raise DataError where it cannot have that role."""
    if role != "ignore" and field.meaning in UNUSABLE:
        raise DataError(
            f"'{field.name}' holds {field.meaning}s and cannot be an {'input' if role == 'input' else 'output'}. "
            "Change its meaning to number or category first."
        )
    changed = replace(field, role=role)
    return _usual(changed) if role != field.role and "target" in (role, field.role) else changed


def with_meaning(field: Field, meaning: Meaning, values: Column | Array) -> Field:
    """Return the field with a meaning that the user chose; categories, encoding and missing start anew.

    Args:
        field: the field as it is.
        meaning: what its column shall mean.
        values: the column as read, or its values.

    Raises:
        DataError: the column's values cannot mean that.
    """
    cells = values.values if isinstance(values, Column) else values
    image = cells.ndim > 1
    if image != (meaning == "image"):
        what = "images" if image else "cells of a table"
        raise DataError(f"'{field.name}' holds {what}: it cannot mean {meaning}.")
    categories: tuple[str, ...] = ()
    if meaning == "number":
        _check_numbers(field.name, cells)
    elif meaning in ("category", "flag"):
        categories = _categories(field.name, meaning, cells)
    role: Role = "ignore" if meaning in UNUSABLE else field.role
    if field.role == "ignore" and field.meaning in UNUSABLE and meaning not in UNUSABLE:
        role = "input"
    return _usual(replace(field, meaning=meaning, role=role, categories=categories, reason=CHOSEN))


def _usual(field: Field) -> Field:
    if field.role == "target":
        encoding: Encoding = "index" if field.meaning == "category" else ENCODINGS[field.meaning][0]
        return replace(field, encoding=encoding, missing="drop row")
    return replace(field, encoding=ENCODINGS[field.meaning][0], missing=MISSING[field.meaning][0])


def _check_numbers(name: str, cells: Array) -> None:
    if np.isnan(as_numbers(cells)).all():
        present = [word for word in as_words(cells).tolist() if word is not None]
        shown = f" such as '{present[0]}'" if present else ""
        raise DataError(f"'{name}' cannot mean number: none of its {len(cells):,} cells is one{shown}.")


def _categories(name: str, meaning: Meaning, cells: Array) -> tuple[str, ...]:
    words = as_words(cells)
    categories = category_order(set(words[~missing(words)].tolist()))
    if meaning == "flag" and len(categories) != 2:
        raise DataError(f"'{name}' cannot mean flag: a flag has 2 different values, this has {len(categories):,}.")
    if not 1 <= len(categories) <= MOST_CHOSEN_CATEGORIES:
        raise DataError(
            f"'{name}' cannot mean category: it has {len(categories):,} different values, "
            f"a category has 1 to {MOST_CHOSEN_CATEGORIES:,}."
        )
    return categories
