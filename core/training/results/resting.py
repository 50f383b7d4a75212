"""A network that answers without learning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from core.training.network import Network


@contextmanager
def at_rest(network: Network, *, gradients: bool = False) -> Iterator[None]:
    """Let a network answer and not learn inside the block; afterwards it is as it was."""
    training = network.module.training
    network.module.eval()
    try:
        if gradients:
            yield
        else:
            with torch.inference_mode():
                yield
    finally:
        if training:
            network.train()
