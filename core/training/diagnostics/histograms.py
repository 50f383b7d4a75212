"""Histograms that stay comparable over time: equal bins over ±2ᵏ, so that ranges nest and bins merge without error."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

BINS = 64
Counts = npt.NDArray[np.uint16]
_MOST_VALUES = 16_384
"""As many values of a tensor are counted, evenly spaced: a bin's share is then known to better than half a percent."""
_SPREAD = 4.0
"""The range reaches this many root mean squares at least: all but 0.01 % of a normal distribution lie within."""
_EXPONENTS = (-60, 60)


def values_of(tensors: Sequence[Tensor]) -> Tensor:
    """Return evenly spaced values (float32, 1-D) of some tensors together, as a copy: at most about 16,384."""
    stride = math.ceil(sum(each.numel() for each in tensors) / _MOST_VALUES) or 1
    parts = [_flat(each)[::stride] for each in tensors]
    return torch.cat(parts).float() if len(parts) > 1 else parts[0].float().clone()


def _flat(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    return (torch.view_as_real(tensor) if tensor.is_complex() else tensor).reshape(-1)


def histogram(values: Tensor) -> tuple[Counts, float]:
    """Return 64 counts (uint16) over −reach … reach, and the reach, a power of two.

    Values beyond are counted in the outermost bins, those that are not finite nowhere.
    """
    values = values.cpu()
    squares = float(values.square().mean()) if len(values) else 0.0
    if not math.isfinite(squares):
        values = values[values.isfinite()].double()
        squares = float(values.square().mean()) if len(values) else 0.0
    reach = 1.0
    if squares > 0:
        exponent = math.ceil(math.log2(_SPREAD * math.sqrt(squares)))
        reach = 2.0 ** min(max(exponent, _EXPONENTS[0]), _EXPONENTS[1])
    counts = torch.histc(values.clamp(-reach, reach), BINS, -reach, reach)
    return counts.numpy().astype(np.uint16), reach


def widened(counts: npt.NDArray[np.integer], reach: float, wanted: float) -> npt.NDArray[np.int64]:
    """Return the histogram over ±``wanted``, a power of two that is at least ``reach``: neighbouring bins are merged.

    Raises:
        ValueError: ``wanted`` is smaller than ``reach``.
    """
    if wanted < reach:
        raise ValueError(f"a histogram over ±{reach:g} cannot be shown over ±{wanted:g}: its bins would have to be cut")
    found = counts.astype(np.int64)
    while reach < wanted:
        inner = found.reshape(-1, 2).sum(axis=1)
        found = np.pad(inner, BINS // 4)
        reach *= 2
    return found
