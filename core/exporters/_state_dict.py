"""A state dict as the content of a ``.pt`` file, and back."""

from __future__ import annotations

import io
from collections.abc import Mapping

import torch
from torch import Tensor


def to_state_dict(weights: Mapping[str, Tensor]) -> bytes:
    """Return the content of a file for ``torch.load``."""
    buffer = io.BytesIO()
    torch.save(dict(weights), buffer)
    return buffer.getvalue()


def from_state_dict(content: bytes) -> dict[str, Tensor]:
    """Return the weights in the content of a file; nothing in it is executed."""
    weights: dict[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return weights
