"""Dates: the year scaled, month, day of the week and hour as sine and cosine; or seconds, scaled."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State
from core.data.preparing._scaling import chosen, scaled, unscaled
from core.data.source import Array
from core.errors import DataError
from core.graph.meanings.date import parts_of
from core.graph.project import Field

_DAY = 86_400
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(.*)")


def seconds_of(cell: object) -> float:
    """Return the seconds from 1970 to a date written by ISO 8601 or as day.month.year; NaN where it is none.

    A time without a zone counts as Greenwich's.
    """
    text = str(cell).strip() if cell is not None else ""
    if found := _DAY_FIRST.fullmatch(text):
        text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}{found[4]}"
    elif found := _YEAR_FIRST.fullmatch(text):
        text = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}{found[4]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return float("nan")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def seconds(values: Array) -> NDArray[np.float64]:
    """Return the seconds since 1970 of every cell, NaN where it holds no date."""
    known = {cell: seconds_of(cell) for cell in dict.fromkeys(values.tolist())}
    return np.array([known[cell] for cell in values.tolist()], dtype=np.float64)


def _fit(field: Field, values: Array, _rate: int) -> State:
    moments = seconds(values)
    moments = moments[~np.isnan(moments)]
    if not len(moments):
        raise DataError(f"'{field.name}' has no date in the training rows.")
    measured = moments if field.encoding == "timestamp" else _years(moments)
    statistics = (np.array([each]) for each in (measured.mean(), measured.std(), measured.min(), measured.max()))
    (offset,), (scale,) = chosen("standardise", *statistics)
    different, counts = np.unique(moments, return_counts=True)
    fill = different[counts.argmax()] if field.missing == "most frequent" else np.median(moments)
    return {"fill": float(fill), "offset": offset, "scale": scale}


def _years(moments: NDArray[np.float64]) -> NDArray[np.float64]:
    return moments.astype("datetime64[s]").astype("datetime64[Y]").astype(np.float64) + 1970


def _encode(field: Field, state: State, values: Array) -> Array:
    moments = seconds(values)
    moments[np.isnan(moments)] = state["fill"]
    if field.encoding == "timestamp":
        return scaled(moments, state)[:, None]
    columns = [each for part in parts_of(field) for each in _part(part, moments, state)]
    return np.stack(columns, axis=1).astype(np.float32)


def _part(part: str, moments: NDArray[np.float64], state: State) -> list[Array]:
    if part == "year":
        return [scaled(_years(moments), state)]
    if part == "month":
        turn = moments.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 / 12
    elif part == "weekday":
        turn = (np.floor(moments / _DAY) + 3) % 7 / 7  # 1 January 1970 was a Thursday; Monday is 0
    else:
        turn = moments % _DAY / _DAY
    return [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]


def _decode(field: Field, state: State, encoded: Array) -> Array:
    """Return ISO texts of time stamps; parts do not hold a whole date and stay what they are but for the year."""
    if field.encoding == "timestamp":
        moments = np.rint(unscaled(encoded, state).reshape(-1)).astype("datetime64[s]")
        return np.array([str(each) for each in moments], dtype=object)
    decoded = encoded.astype(np.float64)
    if parts_of(field)[:1] == ("year",):
        decoded[:, 0] = unscaled(encoded[:, 0], state)
    return decoded


def _gaps(_field: Field, values: Array) -> NDArray[np.bool_]:
    return np.isnan(seconds(values))


KINDS = (Preparation("date", _fit, _encode, _decode, gaps=_gaps),)
