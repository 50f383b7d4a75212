"""Smoothing of noisy curves, by the formula that TensorBoard uses, so that the slider feels familiar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 64


def smooth(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the debiased exponential moving average of finite ``values`` (shape ``(n,)``).

    ``weight`` is in [0, 1): 0 leaves the values as they are. The formula, as in TensorBoard:
    ``last = last * w + (1 - w) * y; shown = last / (1 - w ** n)``.
    """
    if weight <= 0 or values.size < 2:
        return values
    counts = np.arange(1, values.size + 1, dtype=np.float64)
    smoothed: NDArray[np.float64] = _averages(values, weight)[: values.size] / (1 - weight**counts)
    return smoothed


def _averages(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the moving average before debiasing, padded to whole blocks: a product per block instead of a loop."""
    blocks = np.pad(values, (0, -values.size % _BLOCK)).reshape(-1, _BLOCK)
    place = np.arange(_BLOCK)
    age = place[:, None] - place
    kernel = np.where(age >= 0, (1 - weight) * weight ** np.maximum(age, 0.0), 0.0)
    inside = blocks @ kernel.T
    carried = np.empty(len(blocks))
    last = 0.0
    for number, end in enumerate(inside[:, -1].tolist()):
        carried[number] = last
        last = last * weight**_BLOCK + end
    averages: NDArray[np.float64] = (inside + np.outer(carried, weight ** (place + 1.0))).ravel()
    return averages
