"""Masks: the class of every pixel, resized without mixing classes."""

from __future__ import annotations

import numpy as np

from core.data.preparing._kind import IGNORE, Preparation, State
from core.data.preparing._pictures import sized
from core.data.source import Array
from core.errors import DataError
from core.graph.meanings._options import values as options_of
from core.graph.meanings.mask import OPTIONS
from core.graph.project import Field

_NOWHERE = 255
"""The class in a source's mask that counts nowhere."""


def _fit(_field: Field, _values: Array, _rate: int) -> State:
    return {}


def _planes(field: Field, values: Array) -> Array:
    """Return the classes as float32 ``(rows, 1, height, width)``, padded with 255."""
    return sized(
        values,
        options_of(field, OPTIONS),
        field.shape,
        lambda masks: masks[:, None].astype(np.float32),
        fill=_NOWHERE,
        nearest=True,
    )


def _encode(field: Field, _state: State, values: Array) -> Array:
    planes = _planes(field, values)
    return np.where(planes == _NOWHERE, np.float32(0), planes)


def _encode_target(field: Field, _state: State, values: Array) -> Array:
    classes = _planes(field, values)[:, 0].astype(np.int64)
    classes[classes == _NOWHERE] = IGNORE
    if (strange := classes[classes >= len(field.categories)]).size:
        raise DataError(
            f"'{field.name}' has a pixel of class {int(strange[0])}, but only {len(field.categories)} classes. "
            "Read the data again."
        )
    return classes


def _decode(_field: Field, _state: State, encoded: Array) -> Array:
    """Return class indices, 255 where nothing counts: integers ``(rows, height, width)``."""
    planes = encoded[:, 0] if encoded.ndim == 4 else encoded
    return np.where(planes < 0, _NOWHERE, planes).astype(np.int64)


KINDS = (Preparation("mask", _fit, _encode, _decode, _encode_target),)
