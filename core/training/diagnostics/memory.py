"""How much memory training takes: of the process, and of the device."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch


def memory(device: torch.device) -> dict[str, float]:
    """Return ``memory`` (the process's resident set) and ``device_memory`` (allocated), in bytes, as far as known."""
    found: dict[str, float] = {}
    resident = _resident()
    if resident:
        found["memory"] = float(resident)
    if device.type == "cuda":
        found["device_memory"] = float(torch.cuda.memory_allocated(device))
    elif device.type == "xpu":
        found["device_memory"] = float(torch.xpu.memory_allocated(device))
    elif device.type == "mps":
        found["device_memory"] = float(torch.mps.current_allocated_memory())
    return found


def _resident() -> int:
    """Return the resident set in bytes; on macOS the largest it has been; 0 on Windows, where asking needs more."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0
