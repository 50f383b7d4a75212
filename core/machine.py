"""What the machine has, and what its devices are called."""

from __future__ import annotations

import os

DEVICES = {"auto": "Automatic", "cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU", "xpu": "Intel GPU"}
"""What people read for the devices that a project may ask for."""


def device_title(device: str) -> str:
    """Return what people read for a device: ``cuda`` → ``CUDA GPU``; one that is not known stays as it is."""
    return DEVICES.get(device, device)


def physical_memory() -> int:
    """Return the size of the main memory in bytes; 0 where the system has no way to ask."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
