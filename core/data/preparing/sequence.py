"""Sequences: scaled as a whole, padded to one length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State
from core.data.preparing._padding import lengths_or_mask, padded
from core.data.preparing._scaling import pieces, scaled, scaling, unscaled
from core.data.source import Array
from core.graph.meanings._options import values as options_of
from core.graph.meanings.sequence import OPTIONS
from core.graph.project import Field


def _length(field: Field) -> int:
    return int(options_of(field, OPTIONS)["length"] or field.shape[0])


def _fit(field: Field, values: Array, _rate: int) -> State:
    (offset,), (scale,) = scaling(field.encoding, pieces(values), field.name)
    return {"offset": offset, "scale": scale}


def _rows(field: Field, values: Array) -> list[Array]:
    nothing = np.zeros((0, *field.shape[1:]), dtype=np.float32)
    return [nothing if each is None else np.asarray(each) for each in values]


def _encode(field: Field, state: State, values: Array) -> Array:
    rows = [np.nan_to_num(scaled(each, state)) for each in _rows(field, values)]
    return padded(rows, _length(field), 0, "float32", field.shape[1:])


def _encode_target(field: Field, state: State, values: Array) -> Array:
    rows = [scaled(each, state) for each in _rows(field, values)]
    return padded(rows, _length(field), np.nan, "float32", field.shape[1:])


def _decode(_field: Field, state: State, encoded: Array) -> Array:
    return unscaled(encoded, state)


def _part(field: Field, _state: State, values: Array, part: str) -> Array:
    lengths = np.array([len(each) for each in _rows(field, values)], dtype=np.int64)
    return lengths_or_mask(lengths, _length(field), part)


def _gaps(_field: Field, values: Array) -> NDArray[np.bool_]:
    return np.fromiter((each is None or not len(each) for each in values), dtype=np.bool_, count=len(values))


KINDS = (Preparation("sequence", _fit, _encode, _decode, _encode_target, _gaps, _part, pad_target=float("nan")),)
