"""Where tensors live while training: choosing a device, and saying clearly when there is none of that sort."""

from __future__ import annotations

import torch

from core.errors import TrainingError
from core.machine import device_title


def available_devices() -> tuple[str, ...]:
    """Return the devices of this machine, the fastest first."""
    found = (
        ("cuda", torch.cuda.is_available()),
        ("xpu", torch.xpu.is_available()),
        ("mps", torch.backends.mps.is_available()),
        ("cpu", True),
    )
    return tuple(name for name, is_there in found if is_there)


def pick_device(wanted: str) -> torch.device:
    """Return the device asked for; "auto" is the fastest there is.

    Raises:
        TrainingError: this machine has no such device.
    """
    devices = available_devices()
    if wanted == "auto":
        return torch.device(devices[0])
    if wanted not in devices:
        if wanted not in ("cuda", "mps", "xpu"):
            raise TrainingError(f"There is no device '{wanted}': choose auto, cpu, cuda, mps or xpu.")
        raise TrainingError(
            f"The project asks for the device '{wanted}', and PyTorch finds no {device_title(wanted)} here. "
            f"Choose auto or {' or '.join(devices)}."
        )
    return torch.device(wanted)
