"""Rotary positions, which PyTorch lacks: they tell attention how far apart two positions are."""

from __future__ import annotations

import torch
from torch import nn


class RotaryEmbedding(nn.Module):
    """Turns each pair of features by an angle that grows with the position.

    The product of a query and a key that were both turned depends only on how far apart they are. Nothing is learned
    and a sequence may have any length. Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position
    Embedding", 2021, equation 34.

    Args:
        base: Sets the slowest turn: the larger, the longer the sequences that are told apart.

    Shape:
        input: (..., T, E) with T positions of E features, E even; output: the same.
    """

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x`` with the features 2i and 2i+1 of position t turned by t / base^(2i/E)."""
        length, features = x.shape[-2], x.shape[-1]
        position = torch.arange(length, dtype=torch.float32, device=x.device).unsqueeze(1)
        exponent = torch.arange(0, features, 2, dtype=torch.float32, device=x.device) / features
        angle = position / self.base**exponent
        cosine, sine = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        first, second = x[..., 0::2], x[..., 1::2]
        return torch.stack([first * cosine - second * sine, first * sine + second * cosine], dim=-1).flatten(-2)
