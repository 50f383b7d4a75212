"""The values of a field's options, with the defaults filled in; and what several meanings have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.errors import ModelError
from core.graph.meanings._kind import Sample
from core.graph.project import Field
from core.kinds import Parameter

OPEN = "T"
"""Stands for a length that differs from batch to batch."""

LENGTH = Parameter(
    "length",
    "int",
    0,
    "Every sample gets this length: longer ones are cut, shorter ones padded; 0: as long as the longest of a batch.",
    minimum=0,
)


def values(field: Field, parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return the options of a field by name: what was set, else the default."""
    return {each.name: field.options.get(each.name, each.default) for each in parameters}


def sizes_known(field: Field, noun: str, option: str) -> tuple[int, ...]:
    """Return the field's shape; raise ModelError where a size differs between samples or makes no sense."""
    if any(size < 0 for size in field.shape):
        raise ModelError(f"'{field.name}' has the impossible shape {field.shape}. Read the data again.")
    if 0 in field.shape:
        raise ModelError(f"'{field.name}' holds {noun} of different sizes. {option}")
    return field.shape


def with_classes(field: Field) -> int:
    """Return the number of categories; raise ModelError where none is listed."""
    if not field.categories:
        raise ModelError(f"The {field.meaning} '{field.name}' has no values. Read the data again.")
    return len(field.categories)


def no_target(field: Field) -> Sample:
    """Raise ModelError: a field of this meaning cannot be predicted."""
    raise ModelError(
        f"'{field.name}' holds {field.meaning}s, which cannot be predicted. Choose another target, or change what the "
        "field means in the data panel."
    )
