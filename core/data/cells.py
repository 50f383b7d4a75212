"""Columns of polars as arrays of Python objects in which equal values are one object: long tables repeat themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.source import Array

if TYPE_CHECKING:
    import polars as pl


def held_once(words: pl.Series, unique: pl.Series, change: Callable[[str], Any] | None = None) -> Array:
    """Return the cells as objects ``(rows,)``, None where missing, with one object for all equal cells.

    Args:
        words: cells as text.
        unique: all different ones, without null, in any order.
        change: what each of them becomes; None: it stays the text.
    """
    import polars as pl

    if change is None and 2 * len(unique) > len(words):
        return words.to_numpy()
    objects = np.empty(len(unique) + 1, dtype=object)
    objects[:-1] = unique.to_list() if change is None else None
    if change is not None:
        for index, word in enumerate(unique.to_list()):
            objects[index] = change(word)
    codes = words.cast(pl.Enum(unique)).to_physical().fill_null(len(unique)).to_numpy()
    cells: Array = objects[codes]
    return cells
