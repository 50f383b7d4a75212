"""Running a network on the side, in the middle of its training, without a trace."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from core.training.network import Network
from core.training.randomness import random_state, set_random_state


@contextmanager
def undisturbed(network: Network) -> Iterator[None]:
    """Put back, at the end of the block, buffers, modes and the random states of torch, NumPy and Python.

    What a Python layer keeps in plain attributes cannot be put back.
    """
    buffers = [(each, each.detach().clone()) for each in network.module.buffers()]
    modes = [(each, each.training) for each in network.module.modules()]
    torch_state, python_state, numpy_state = random_state(network.device), random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        set_random_state(torch_state)
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        for module, training in modes:
            module.training = training
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
