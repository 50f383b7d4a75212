"""Identifiers: nothing is made of them."""

from __future__ import annotations

from core.data.preparing._kind import Preparation, State
from core.data.source import Array
from core.errors import DataError
from core.graph.project import Field


def _refuse(field: Field, _values: Array, _rate: int) -> State:
    raise DataError(f"'{field.name}' holds identifiers: it can be neither input nor target. Change its meaning.")


def _same(_field: Field, _state: State, values: Array) -> Array:
    return values


KINDS = (Preparation("identifier", _refuse, _same, _same),)
