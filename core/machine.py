"""What the machine has."""

from __future__ import annotations

import os


def physical_memory() -> int:
    """Return the size of the main memory in bytes; 0 where the system has no way to ask."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
