"""Cells as numbers and as words: raw columns hold one or the other, and a field may be read as either."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data.source import Array
from core.graph.names import natural_key

T = TypeVar("T")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
SIGNS = "%$€£¥"
"""What may stand before or behind a number and says of what it is."""


def as_array(values: Sequence[Any] | Array) -> Array:
    """Return cells as an array: numbers as they are, everything else as objects, one a row."""
    if isinstance(values, np.ndarray):
        return values if values.dtype.kind in "fiub" else values.astype(object)
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths, such as sounds
        array = np.empty(0, dtype=object)
    if array.dtype.kind in "fiub":
        return array
    cells = np.empty(len(values), dtype=object)
    for row, cell in enumerate(values):
        cells[row] = cell
    return cells


def number_text(number: float) -> str:
    """Write a number as a person would: ``3.0`` → ``3``, ``0.5`` → ``0.5``."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(float(number))


def _with_point(text: str) -> str:
    """Return a number that holds commas with a point alone; what is written in no known way stays as it is.

    A single comma is the decimal one; several, or one with a point behind it, divide thousands.
    """
    if text.count(",") == 1 and "." not in text[text.index(",") :]:
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def parse_number(cell: object) -> float:
    """Return the finite number that a cell holds (with a point or a decimal comma), or NaN where it holds none.

    A sign for per cent or money before or behind it is left out.
    """
    if isinstance(cell, str):
        text = cell.strip().strip(SIGNS).strip()
        if "_" in text:
            return math.nan
        if "," in text:
            text = _with_point(text)
        try:
            number = float(text)
        except ValueError:
            return math.nan
    elif isinstance(cell, int | float | np.number):
        number = float(cell)
    else:
        return math.nan
    return number if math.isfinite(number) else math.nan


def as_numbers(values: Array) -> NDArray[np.float64]:
    """Return one float64 per cell, NaN where it is missing or no finite number."""
    if values.dtype == object:
        return np.array(_mapped(values, parse_number), dtype=np.float64)
    numbers = values.astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def as_words(values: Array) -> Array:
    """Return one str per cell, None where it is missing."""
    words = np.empty(len(values), dtype=object)
    words[:] = _mapped(values, word_of)
    return words


def word_of(cell: object) -> str | None:
    """Return a cell's word, None where it is missing."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return number_text(cell) if isinstance(cell, float) else str(cell).strip() or None


def _mapped(values: Array, function: Callable[[object], T]) -> list[T]:
    """Apply a function to every cell, calling it once for each different one: columns repeat themselves."""
    cells = (values if values.dtype == object else values.astype(np.float64)).tolist()
    table = {cell: function(cell) for cell in dict.fromkeys(cells)}
    return [table[cell] for cell in cells]


def missing(values: Array) -> NDArray[np.bool_]:
    """Return a mask of the cells that hold nothing."""
    if values.dtype == object:
        return np.array(_mapped(values, lambda cell: word_of(cell) is None), dtype=np.bool_)
    if values.dtype.kind == "f" and values.ndim == 1:
        return np.isnan(values)
    return np.zeros(len(values), dtype=np.bool_)


def category_order(words: Iterable[str]) -> tuple[str, ...]:
    """Sort categories: as numbers where all are numbers, else in natural order (``grade2`` before ``grade10``)."""
    words = tuple(words)
    if words and not any(math.isnan(parse_number(word)) for word in words):
        return tuple(sorted(words, key=lambda word: (parse_number(word), word)))
    return tuple(sorted(words, key=lambda word: (natural_key(word.lower()), word)))


def indices_of(values: Array, categories: Sequence[str]) -> NDArray[np.int64]:
    """Return the index of every cell's word among the categories: -1 where missing, -2 where not among them."""
    known: dict[str | None, int] = {word: index for index, word in enumerate(categories)}
    known[None] = -1
    return np.array(_mapped(values, lambda cell: known.get(word_of(cell), -2)), dtype=np.int64)
