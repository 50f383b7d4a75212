"""Cells of tables as numbers; part of what exported folders hold as ``preprocess.py``, so it needs numpy alone.

How a single cell is read is taken from where the application reads it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.data.preparing.date import seconds_of
from core.data.values import number_text, parse_number, word_of

Field = dict[str, Any]
Cells = Sequence[Any]
Array = np.ndarray[Any, np.dtype[Any]]

_DAY = 86_400
MISSING, UNKNOWN = -1, -2


class Unreadable(Exception):
    """A value that cannot be used; the message says which and why."""


def indices_of(cells: Cells, categories: Sequence[str]) -> Array:
    """Return each cell's index among the categories: -1 where missing, -2 where it is none of them."""
    known: dict[str | None, int] = {word: index for index, word in enumerate(categories)}
    known[None] = MISSING

    def index(cell: object) -> int:
        word = word_of(cell)
        if word not in known and word is not None and not math.isnan(parse_number(word)):
            word = number_text(parse_number(word))  # 3.0 in a file stands for the category 3
        return known.get(word, UNKNOWN)

    return np.array([index(cell) for cell in cells], dtype=np.int64)


def lacks_all(cell: object) -> bool:
    """Return whether there is nothing."""
    return cell is None


def lacks_number(cell: object) -> bool:
    """Return whether a cell holds no number."""
    return math.isnan(parse_number(cell))


def lacks_word(cell: object) -> bool:
    """Return whether a cell holds no word."""
    return word_of(cell) is None


def lacks_date(cell: object) -> bool:
    """Return whether a cell holds no date."""
    return math.isnan(seconds_of(cell))


def scaled(values: Array, state: Field) -> Array:
    """Return values without the offset, in parts of the scale."""
    if state["offset"] == 0 and state["scale"] == 1:
        return values.astype(np.float32)
    return np.asarray(((values.astype(np.float64) - state["offset"]) / state["scale"]).astype(np.float32))


# --- numbers, categories, flags, dates --------------------------------------------------------------------------------


def encode_number(field: Field, cells: Cells) -> Array:
    """Fill gaps, clip, take the logarithm, scale: (rows, 1), or (rows, 2) with an indicator of gaps."""
    state, options = field["state"], field["options"]
    numbers = np.array([parse_number(cell) for cell in cells], dtype=np.float64)
    gaps = np.isnan(numbers)
    numbers[gaps] = state["fill"]
    if state["low"] is not None or state["high"] is not None:
        numbers = np.clip(numbers, state["low"], state["high"])
    log = options.get("log", "none")
    if log == "log1p":
        numbers = np.log1p(np.maximum(numbers, min(state["least"], 0.0)))
    elif log == "signed log":
        numbers = np.sign(numbers) * np.log1p(np.abs(numbers))
    if field["encoding"] == "quantile":
        encoded = _ranks(numbers, np.array(state["quantiles"])).astype(np.float32)
    else:
        encoded = scaled(numbers, state)
    columns = [encoded, gaps.astype(np.float32)] if options.get("indicator", False) else [encoded]
    return np.stack(columns, axis=1)


def _ranks(numbers: Array, quantiles: Array) -> Array:
    """Return the share of training rows below each number; of equal ones, the middle of their range."""
    shares = np.linspace(0, 1, len(quantiles))
    upper = np.interp(numbers, quantiles, shares)
    lower = -np.interp(-numbers, -quantiles[::-1], -shares[::-1])
    return np.asarray((upper + lower) / 2)


def encode_category(field: Field, cells: Cells) -> Array:
    """Return one-hot rows, or indices (rows, 1)."""
    categories, state = field["categories"], field["state"]
    indices = indices_of(cells, categories)
    indices[np.isin(indices, state["rare"])] = UNKNOWN
    unknown, own = field["options"].get("unknown", "zeros"), "own category"
    for what, way in ((MISSING, field["missing"]), (UNKNOWN, unknown)):
        if way == own:
            indices[indices == what] = len(categories)
        elif way != "zeros" or field["encoding"] == "index":
            indices[indices == what] = state["fill"]
    if field["encoding"] == "index":
        return indices[:, None]
    count = len(categories) + (own in (unknown, field["missing"]))
    one_hot: Array = (indices[:, None] == np.arange(count)).astype(np.float32)
    return one_hot


def encode_flag(field: Field, cells: Cells) -> Array:
    """Return 0 or 1."""
    indices = indices_of(cells, field["categories"])
    indices[indices < 0] = field["state"]["fill"]
    return indices[:, None].astype(np.float32)


def encode_date(field: Field, cells: Cells) -> Array:
    """Return the year scaled, and month, day of the week and time of day as sine and cosine; or scaled seconds."""
    state, options = field["state"], field["options"]
    moments = np.array([seconds_of(cell) for cell in cells], dtype=np.float64)
    moments[np.isnan(moments)] = state["fill"]
    if field["encoding"] == "timestamp":
        return scaled(moments, state)[:, None]
    whole = moments.astype("datetime64[s]")
    columns: list[Array] = []
    if options.get("year", True):
        columns.append(scaled(whole.astype("datetime64[Y]").astype(np.float64) + 1970, state))
    turns = {
        "month": whole.astype("datetime64[M]").astype(np.int64) % 12 / 12,
        "weekday": (np.floor(moments / _DAY) + 3) % 7 / 7,
        "hour": moments % _DAY / _DAY,
    }
    for name, turn in turns.items():
        if options.get(name, True):
            columns += [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]
    return np.stack(columns, axis=1).astype(np.float32)
