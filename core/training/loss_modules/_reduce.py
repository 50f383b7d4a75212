"""The three reductions of PyTorch's losses, for those of our own."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

Reduction = Literal["mean", "sum", "none"]


def reduced(values: Tensor, reduction: Reduction) -> Tensor:
    """Return values as they are, or their sum or mean of shape ()."""
    if reduction == "none":
        return values
    return values.sum() if reduction == "sum" else values.mean()
