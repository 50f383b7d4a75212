"""Learned positions: PyTorch has attention, but nothing that tells it where in a sequence a value stands."""

from __future__ import annotations

import torch
from torch import nn


class LearnedPositionalEncoding(nn.Module):
    """Adds a learned vector to every position of a sequence.

    Source: Gehring et al., "Convolutional Sequence to Sequence Learning", 2017; the small start (standard deviation
    0.02) is that of Devlin et al., "BERT", 2019.

    Args:
        embed_dim: How many features every position has.
        max_length: The length of the longest sequence: how many positions are learned.

    Shape:
        input: (..., T, embed_dim) with T at most max_length; output: the same.
    """

    def __init__(self, embed_dim: int, max_length: int = 512) -> None:
        super().__init__()
        self.positions = nn.Embedding(max_length, embed_dim)
        nn.init.normal_(self.positions.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``x`` with its positions added; raise IndexError where it is longer than max_length."""
        positions: torch.Tensor = self.positions(torch.arange(x.shape[-2], device=x.device))
        return x + positions
