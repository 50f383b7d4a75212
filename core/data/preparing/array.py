"""Arrays of one shape: scaled as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State, no_gaps
from core.data.preparing._scaling import pieces, scaled, scaling, unscaled
from core.data.source import Array
from core.graph.project import Field


def _fit(field: Field, values: Array, _rate: int) -> State:
    (mean,), _ = scaling("standardise", pieces(values), field.name)
    (offset,), (scale,) = scaling(field.encoding, pieces(values), field.name)
    return {"fill": mean if field.missing == "mean" else 0.0, "offset": offset, "scale": scale}


def _encode(field: Field, state: State, values: Array) -> Array:
    if values.dtype == object:
        empty = np.full(field.shape, np.nan, dtype=np.float32)
        values = np.stack([empty if each is None else each for each in values])
    encoded = scaled(values, state)
    filled = float(scaled(np.array([state["fill"]]), state)[0])
    return np.nan_to_num(encoded, copy=False, nan=filled)


def _decode(_field: Field, state: State, encoded: Array) -> Array:
    return unscaled(encoded, state)


def _gaps(field: Field, values: Array) -> NDArray[np.bool_]:
    if values.dtype == object or values.dtype.kind != "f":
        return no_gaps(field, values)
    return np.asarray(np.isnan(values.reshape(len(values), -1)).any(axis=1))


KINDS = (Preparation("array", _fit, _encode, _decode, gaps=_gaps),)
