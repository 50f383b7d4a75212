"""What it takes to prepare a meaning: four functions on raw values, and a state that is plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.source import Array
from core.graph.project import Field

State = Mapping[str, Any]
"""What was learnt from the training rows: numbers, texts and lists of them, so that it travels as JSON."""
Encode = Callable[[Field, State, Array], Array]
IGNORE = -100
"""The class index in a target where nothing counts."""


def no_gaps(_field: Field, values: Array) -> NDArray[np.bool_]:
    """Return a mask of the rows that hold nothing at all: None among objects."""
    if values.dtype != object:
        return np.zeros(len(values), dtype=np.bool_)
    return np.fromiter((each is None for each in values), dtype=np.bool_, count=len(values))


@dataclass(frozen=True)
class Preparation:
    """How values of one meaning (its ``id``) become numbers; raw values have the form that ``Column`` says.

    ``fit`` learns from the training rows' values (and, of sounds, their samples per second); it raises DataError where
    they do not suffice. ``encode`` gives an input, ``encode_target`` a target (the same where it is None), ``decode``
    brings either back: numbers in their units, images in 0..1, words, texts. ``gaps`` marks values that are missing.
    ``part`` gives "length" (int64 ``(rows,)``) or "mask" (bool ``(rows, steps)``) of an open-length field.
    ``pad`` is what an input of open length is filled up with, ``pad_target`` the same for targets.
    """

    id: str
    fit: Callable[[Field, Array, int], State]
    encode: Encode
    decode: Encode
    encode_target: Encode | None = None
    gaps: Callable[[Field, Array], NDArray[np.bool_]] = no_gaps
    part: Callable[[Field, State, Array, str], Array] | None = None
    pad: float = 0
    pad_target: float = 0
