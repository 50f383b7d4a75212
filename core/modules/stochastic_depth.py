"""Stochastic depth, which PyTorch lacks: whole branches of a residual network are left out at random in training."""

from __future__ import annotations

import torch
from torch import nn


class StochasticDepth(nn.Module):
    """Sets a branch to zero at random while training, and otherwise divides it by 1 - p, which keeps its mean.

    Source: Huang et al., "Deep Networks with Stochastic Depth", 2016; there the branch is multiplied by 1 - p in
    prediction instead, which comes to the same. Put it at the end of a residual branch, before the branch is added to
    what bypasses it.

    Args:
        p: probability with which the branch is left out, from 0 to 1.
        mode: "row" decides for every sample by itself, "batch" for the whole batch at once.

    Shape: the input has any shape, samples along dimension 0; the output has the same.
    """

    def __init__(self, p: float = 0.1, mode: str = "row") -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p must be from 0 to 1, not {p}")
        if mode not in ("row", "batch"):
            raise ValueError(f"mode must be 'row' or 'batch', not {mode!r}")
        self.p = p
        self.mode = mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the branch, or zeros in its place."""
        if not self.training or self.p == 0:
            return x
        shape = [1] * x.dim()
        if shape and self.mode == "row":
            shape[0] = x.shape[0]
        kept = torch.rand(shape, device=x.device) >= self.p
        return x * kept * (1 / (1 - self.p) if self.p < 1 else 0.0)

    def extra_repr(self) -> str:
        """Return the parameters as they are printed with the network."""
        return f"p={self.p}, mode={self.mode!r}"
