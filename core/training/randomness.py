"""Torch's random state of a device, as tensors that a checkpoint can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def random_state(device: torch.device) -> dict[str, Any]:
    """Return the random state of the CPU and of the device."""
    state: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state_all()
    elif device.type == "xpu":
        state["xpu"] = torch.xpu.get_rng_state_all()
    elif device.type == "mps":
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_random_state(state: Mapping[str, Any]) -> None:
    """Put a stored random state back, as far as this machine has its devices; one GPU may take the place of more."""
    torch.set_rng_state(state["cpu"])
    if state.get("cuda") and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"][: torch.cuda.device_count()])
    if state.get("xpu") and torch.xpu.is_available():
        torch.xpu.set_rng_state_all(state["xpu"][: torch.xpu.device_count()])
    if state.get("mps") is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
