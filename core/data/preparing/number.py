"""Numbers of a table: filled, clipped, through a logarithm, then scaled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.preparing._kind import Preparation, State
from core.data.preparing._scaling import chosen, scaled, unscaled
from core.data.source import Array
from core.data.values import as_numbers
from core.errors import DataError
from core.graph.meanings._options import values as options_of
from core.graph.meanings.number import OPTIONS
from core.graph.project import Field

Numbers = NDArray[np.float64]
_QUANTILES = 1000


def _fit(field: Field, values: Array, _rate: int) -> State:
    numbers = as_numbers(values)
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        raise DataError(f"'{field.name}' has no number in the training rows.")
    options = options_of(field, OPTIONS)
    low, high = options["clip_low"], options["clip_high"]
    if low >= high:
        raise DataError(f"'{field.name}' is clipped below {low:g} % and above {high:g} %: the first must be less.")
    state: State = {
        "fill": options["constant"] if field.missing == "constant" else _fill(field.missing, numbers),
        "low": float(np.percentile(numbers, low)) if low > 0 else None,
        "high": float(np.percentile(numbers, high)) if high < 100 else None,
        "least": float(numbers.min()),
    }
    if options["log"] == "log1p" and numbers.min() <= -1:
        raise DataError(
            f"'{field.name}' has {numbers.min():g} in the training rows, of which log(1 + x) is not defined: choose "
            "signed log, which takes all numbers."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        state = {**state, **_scale(field, _shaped(field, state, numbers))}
        ends = _encode_target(field, state, np.array([numbers.min(), numbers.max(), state["fill"]]))
    if not np.isfinite([*ends.flat, state["scale"]]).all():
        largest = np.abs(numbers).max()
        raise DataError(f"'{field.name}' has values up to {largest:g}, too large to compute with: choose signed log.")
    return state


def _fill(method: str, numbers: Numbers) -> float:
    if method == "median":
        return float(np.median(numbers))
    if method == "most frequent":
        different, counts = np.unique(numbers, return_counts=True)
        return float(different[counts.argmax()])
    return float(numbers.mean())


def _scale(field: Field, numbers: Numbers) -> State:
    if field.encoding == "quantile":
        shares = np.linspace(0, 1, min(_QUANTILES, len(numbers)))
        return {"offset": 0.0, "scale": 1.0, "quantiles": np.quantile(numbers, shares).tolist()}
    if field.encoding == "robust":
        first, middle, third = np.percentile(numbers, [25, 50, 75]).tolist()
        return {"offset": middle, "scale": third - first or 1.0}
    statistics = (np.array([each]) for each in (numbers.mean(), numbers.std(), numbers.min(), numbers.max()))
    (offset,), (scale,) = chosen(field.encoding, *statistics)
    return {"offset": offset, "scale": scale}


def _shaped(field: Field, state: State, numbers: Numbers) -> Numbers:
    """Return the numbers clipped and through the logarithm."""
    if state["low"] is not None or state["high"] is not None:
        numbers = np.clip(numbers, state["low"], state["high"])
    log = options_of(field, OPTIONS)["log"]
    if log == "log1p":
        return np.log1p(np.maximum(numbers, min(state["least"], 0.0)))
    return np.sign(numbers) * np.log1p(np.abs(numbers)) if log == "signed log" else numbers


def _encode_target(field: Field, state: State, values: Array) -> Array:
    numbers = as_numbers(values)
    numbers[np.isnan(numbers)] = state["fill"]
    shaped = _shaped(field, state, numbers)
    if field.encoding != "quantile":
        return scaled(shaped, state)[:, None]
    return _ranks(shaped, np.array(state["quantiles"])).astype(np.float32)[:, None]


def _ranks(numbers: Numbers, quantiles: Numbers) -> Numbers:
    """Return the share of training rows below each number; of equal ones, the middle of their range."""
    shares = np.linspace(0, 1, len(quantiles))
    upper = np.interp(numbers, quantiles, shares)
    lower = -np.interp(-numbers, -quantiles[::-1], -shares[::-1])
    middle: Numbers = (upper + lower) / 2
    return middle


def _encode(field: Field, state: State, values: Array) -> Array:
    encoded = _encode_target(field, state, values)
    if not options_of(field, OPTIONS)["indicator"]:
        return encoded
    return np.concatenate([encoded, np.isnan(as_numbers(values)).astype(np.float32)[:, None]], axis=1)


def _decode(field: Field, state: State, encoded: Array) -> Array:
    if options_of(field, OPTIONS)["indicator"] and encoded.ndim == 2 and encoded.shape[1] == 2:
        encoded = encoded[:, :1]
    if field.encoding == "quantile":
        quantiles = np.array(state["quantiles"])
        numbers: Array = np.interp(encoded.astype(np.float64), np.linspace(0, 1, len(quantiles)), quantiles)
    else:
        numbers = unscaled(encoded, state)
    log = options_of(field, OPTIONS)["log"]
    if log == "log1p":
        return np.expm1(numbers)
    return np.sign(numbers) * np.expm1(np.abs(numbers)) if log == "signed log" else numbers


def _gaps(_field: Field, values: Array) -> NDArray[np.bool_]:
    return np.isnan(as_numbers(values))


KINDS = (Preparation("number", _fit, _encode, _decode, _encode_target, _gaps),)
