"""Rows of different lengths as one block, filled up behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.data.source import Array


def padded(rows: Sequence[Array], length: int, fill: float, dtype: str, tail: tuple[int, ...] = ()) -> Array:
    """Return rows ``(steps, *tail)`` as ``(rows, length, *tail)``, cut or filled up; ``length`` 0: that of the longest.

    There is one step at least, so that a network always has something to read.
    """
    length = length or max((len(each) for each in rows), default=0) or 1
    block = np.full((len(rows), length, *tail), fill, dtype=dtype)
    for row, each in enumerate(rows):
        block[row, : len(each)] = each[:length]
    return block


def lengths_or_mask(lengths: Array, length: int, part: str) -> Array:
    """Return the lengths (int64), or which steps have a value (bool ``(rows, steps)``); ``length`` as in ``padded``.

    A row without any step counts as one of padding: attention over nothing is no number, and no recurrent layer takes
    a length of 0.
    """
    capped = np.maximum(np.minimum(lengths, length) if length else lengths, 1)
    if part == "length":
        return capped.astype(np.int64)
    steps = length or max(int(lengths.max(initial=0)), 1)
    mask: Array = np.arange(steps) < capped[:, None]
    return mask
