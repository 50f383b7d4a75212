"""Labels: a one for every word that applies."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State
from core.data.source import Array
from core.graph.project import Field

_BETWEEN = re.compile(r"\s*[,;|]\s*")


def labels_of(cell: object) -> tuple[str, ...]:
    """Return the words of a cell: a tuple as it is, a text cut at commas, semicolons and bars."""
    if isinstance(cell, str):
        return tuple(word for word in _BETWEEN.split(cell.strip()) if word)
    return tuple(str(word) for word in cell) if isinstance(cell, tuple | list) else ()


def _fit(_field: Field, _values: Array, _rate: int) -> State:
    return {}


def _encode(field: Field, _state: State, values: Array) -> Array:
    places = {word: index for index, word in enumerate(field.categories)}
    encoded = np.zeros((len(values), len(places)), dtype=np.float32)
    for row, cell in enumerate(values):
        encoded[row, [places[word] for word in labels_of(cell) if word in places]] = 1
    return encoded


def _decode(field: Field, _state: State, encoded: Array) -> Array:
    words = np.empty(len(encoded), dtype=object)
    words[:] = [tuple(word for word, on in zip(field.categories, row > 0.5, strict=True) if on) for row in encoded]
    return words


def _gaps(_field: Field, values: Array) -> NDArray[np.bool_]:
    missing = (cell is None or (isinstance(cell, str) and not cell.strip()) for cell in values)
    return np.fromiter(missing, dtype=np.bool_, count=len(values))


KINDS = (Preparation("labels", _fit, _encode, _decode, gaps=_gaps),)
