"""Offset and scale of many numbers, gathered piece by piece so that no copy of all of them is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import State
from core.data.source import Array
from core.errors import DataError

Numbers = NDArray[np.float64]
CHUNK = 1024
"""Rows that are looked at together."""


def scaling(encoding: str, pieces: Iterable[Array], name: str) -> tuple[list[float], list[float]]:
    """Return offset and scale for each column of pieces ``(numbers, columns)``; NaN is left out.

    A value x becomes (x - offset) / scale. The standard deviation is that of the whole population (divided by n),
    merged from those of the pieces by Chan, Golub and LeVeque (1979). A constant column keeps the scale 1.

    Raises:
        DataError: there is no number at all.
    """
    count: Numbers = np.zeros(1)
    mean: Numbers = np.zeros(1)
    squares: Numbers = np.zeros(1)
    low: Numbers = np.full(1, np.inf)
    high: Numbers = np.full(1, -np.inf)
    for piece in pieces:
        there = np.isfinite(piece)
        own = there.sum(axis=0).astype(np.float64)
        numbers = np.where(there, piece, 0.0).astype(np.float64)
        its_mean = numbers.sum(axis=0) / np.maximum(own, 1)
        its_squares = (np.where(there, numbers - its_mean, 0.0) ** 2).sum(axis=0)
        total = np.maximum(count + own, 1)
        squares = squares + its_squares + (its_mean - mean) ** 2 * count * own / total
        mean = mean + (its_mean - mean) * own / total
        count = count + own
        low = np.minimum(low, np.where(there, piece, np.inf).min(axis=0, initial=np.inf))
        high = np.maximum(high, np.where(there, piece, -np.inf).max(axis=0, initial=-np.inf))
    if not count.all():
        raise DataError(f"'{name}' has no number in the training rows.")
    return chosen(encoding, mean, np.sqrt(squares / count), low, high)


def chosen(
    encoding: str, mean: Numbers, deviation: Numbers, low: Numbers, high: Numbers
) -> tuple[list[float], list[float]]:
    """Return offset and scale that an encoding makes of these statistics."""
    if encoding == "standardise":
        offset, scale = mean, deviation
    elif encoding == "min-max":
        offset, scale = low, high - low
    elif encoding == "max-abs":
        offset, scale = np.zeros_like(low), np.maximum(np.abs(low), np.abs(high))
    else:
        return [0.0] * len(mean), [1.0] * len(mean)
    constant = scale <= 1e-12 * np.maximum(np.abs(offset), 1e-300)
    return offset.tolist(), np.where(constant, 1.0, scale).tolist()


def pieces(values: Array) -> Iterator[Array]:
    """Yield the numbers of rows that each are an array, flat, some rows at a time: ``(numbers, 1)``."""
    for start in range(0, len(values), CHUNK):
        rows = [
            np.asarray(each, dtype=np.float64).ravel() for each in values[start : start + CHUNK] if each is not None
        ]
        if rows:
            yield np.concatenate(rows)[:, None]


def scaled(values: Array, state: State) -> Array:
    """Return (values - offset) / scale as float32, infinite beyond its range; offset and scale are one number each."""
    with np.errstate(over="ignore"):
        if state["offset"] == 0 and state["scale"] == 1:
            return values.astype(np.float32)
        numbers: Array = (values.astype(np.float64) - state["offset"]) / state["scale"]
        return numbers.astype(np.float32)


def unscaled(encoded: Array, state: State) -> Array:
    """Return encoded values in their own units, float64."""
    result: Array = encoded.astype(np.float64) * state["scale"] + state["offset"]
    return result
