"""Categories: a one among zeros, or an index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State
from core.data.source import Array
from core.data.values import indices_of
from core.errors import DataError
from core.graph.meanings._options import values as options_of
from core.graph.meanings.category import OPTIONS, OWN, input_classes
from core.graph.project import Field

_UNKNOWN = -2
_MISSING = -1


def fit_words(field: Field, values: Array) -> NDArray[np.int64]:
    """Return how many training rows each category has; raise DataError where none has one."""
    indices = indices_of(values, field.categories)
    counts = np.bincount(indices[indices >= 0], minlength=len(field.categories))
    if not counts.any():
        raise DataError(f"'{field.name}' has no value of its {len(field.categories)} categories in training rows.")
    return counts.astype(np.int64)


def _fit(field: Field, values: Array, _rate: int) -> State:
    counts = fit_words(field, values)
    rare = np.flatnonzero(counts < options_of(field, OPTIONS)["rare"])
    return {"fill": int(counts.argmax()), "rare": rare.tolist() if len(rare) < len(counts) else []}


def _encode(field: Field, state: State, values: Array) -> Array:
    indices = indices_of(values, field.categories)
    indices[np.isin(indices, state["rare"])] = _UNKNOWN
    unknown = options_of(field, OPTIONS)["unknown"]
    for what, way in ((_MISSING, field.missing), (_UNKNOWN, unknown)):
        if way == OWN:
            indices[indices == what] = len(field.categories)
        elif way != "zeros" or field.encoding == "index":
            indices[indices == what] = state["fill"]
    if field.encoding == "index":
        return indices[:, None]
    one_hot: Array = (indices[:, None] == np.arange(input_classes(field))).astype(np.float32)
    return one_hot


def encode_target(field: Field, state: State, values: Array) -> Array:
    """Return the class index of every row, int64 ``(rows,)``; what is no class counts as the most frequent."""
    indices = indices_of(values, field.categories)
    indices[indices < 0] = state["fill"]
    return indices


def decode(field: Field, _state: State, encoded: Array) -> Array:
    """Return the words of class indices, or of one-hot rows; None where there is none."""
    words = np.array([*field.categories, None], dtype=object)
    if encoded.dtype.kind == "f" and encoded.ndim > 1 and encoded.shape[-1] > 1:
        encoded = np.where(encoded.any(axis=-1), encoded.argmax(axis=-1), len(words) - 1)
    return words[np.clip(encoded.astype(np.int64), 0, len(words) - 1)]


def gaps(field: Field, values: Array) -> NDArray[np.bool_]:
    """Return a mask of the cells without a word."""
    empty: NDArray[np.bool_] = indices_of(values, field.categories) == _MISSING
    return empty


KINDS = (Preparation("category", _fit, _encode, decode, encode_target, gaps),)
