"""Sinusoidal positions: PyTorch has attention, but nothing that tells it where in a sequence a value stands."""

from __future__ import annotations

import torch
from torch import nn


class PositionalEncoding(nn.Module):
    """Adds sines and cosines of falling frequency to a sequence, a pattern of its own for every position.

    Feature 2i gets sin(t / base^(2i/E)) and feature 2i+1 the cosine of the same. Nothing is learned and a sequence may
    have any length. Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.5.

    Args:
        base: Sets the lowest frequency: the larger, the longer the sequences that are told apart.

    Shape:
        input: (..., T, E) with T positions of E features; output: the same.
    """

    def __init__(self, base: float = 10000.0) -> None:
        super().__init__()
        self.base = base

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x`` with its positions added."""
        length, features = x.shape[-2], x.shape[-1]
        position = torch.arange(length, dtype=torch.float32, device=x.device).unsqueeze(1)
        exponent = torch.arange(0, features, 2, dtype=torch.float32, device=x.device) / features
        angle = position / self.base**exponent
        pattern = torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)
        return x + pattern[:, :features].to(x.dtype)
