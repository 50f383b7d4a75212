"""PyTorch's Gaussian loss without its look at the variances, which would make a GPU wait at every step."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from core.training.loss_modules._reduce import Reduction, reduced


class GaussianLoss(nn.Module):
    """``½ (log v + (z - y)² / v)``, v being at least ``eps``, as in ``torch.nn.GaussianNLLLoss``.

    From Nix and Weigend: Estimating the mean and variance of the target probability distribution (1994). Inputs,
    targets and variances are of one shape; variances are above 0.

    Args:
        full: Add the constant ½ log 2π, which changes no gradient.
        eps: The smallest variance.
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.full = full
        self.eps = eps
        self.reduction: Reduction = reduction

    def forward(self, input: Tensor, target: Tensor, variance: Tensor) -> Tensor:
        """Return the loss, of shape () or, unreduced, that of the targets."""
        variance = variance + (variance.clamp(min=self.eps) - variance).detach()
        values = 0.5 * (torch.log(variance) + (input - target) ** 2 / variance)
        if self.full:
            values = values + 0.5 * math.log(2 * math.pi)
        return reduced(values, self.reduction)
