"""Layer scale, which PyTorch lacks: a learned factor for every feature of a residual branch."""

from __future__ import annotations

import torch
from torch import nn


class LayerScale(nn.Module):
    """Multiplies every feature by a factor of its own, which is learned and starts near zero: y = weight · x.

    Source: Touvron et al., "Going deeper with Image Transformers", 2021. Put it at the end of a residual branch, so
    that a deep network starts close to the identity.

    Args:
        features: how many features there are along ``dim``.
        init: value with which every factor starts; the paper takes 0.1, and 1e-5 or 1e-6 for deep networks.
        dim: dimension of the features: -1 for transformers, 1 for the channels of images.

    Shape: the input has ``features`` entries along ``dim`` and any other dimensions; the output has the same shape.
    """

    def __init__(self, features: int, init: float = 1e-5, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim
        self.weight = nn.Parameter(torch.full((features,), init))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scaled features."""
        shape = [1] * x.dim()
        shape[self.dim] = -1
        return x * self.weight.reshape(shape)

    def extra_repr(self) -> str:
        """Return the parameters as they are printed with the network."""
        return f"{self.weight.numel()}, dim={self.dim}"
