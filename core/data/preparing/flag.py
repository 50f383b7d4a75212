"""Flags: 0 or 1."""

from __future__ import annotations

import numpy as np

from core.data.preparing._kind import Preparation, State
from core.data.preparing.category import decode, encode_target, fit_words, gaps
from core.data.source import Array
from core.graph.project import Field


def _fit(field: Field, values: Array, _rate: int) -> State:
    return {"fill": int(fit_words(field, values).argmax())}


def _encode(field: Field, state: State, values: Array) -> Array:
    return encode_target(field, state, values)[:, None].astype(np.float32)


KINDS = (Preparation("flag", _fit, _encode, decode, encode_target, gaps),)
