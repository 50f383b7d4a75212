"""The text that a new Python layer starts from."""

from __future__ import annotations

CLASS_NAME = "MyLayer"
TEMPLATE = '''import torch
from torch import Tensor, nn


class {name}(nn.Module):
    """Scales every feature by a number that is learned.

    Args:
        in_features: Size of the last dimension; filled in from what arrives.
        start: The number that every feature is scaled by at first.
    """

    def __init__(self, in_features: int, start: float = 1.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((in_features,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale
'''
