"""A lock on a file that the operating system keeps: it ends with the process that holds it, however that ends."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import BinaryIO

_ATTEMPTS = 20
_PAUSE = 0.02
"""Seconds between attempts: whoever asks whether a file is locked holds it for a moment."""


def lock(file: BinaryIO) -> bool:
    """Lock an open file until it is closed; False where it is locked already, in this process or another.

    A file system that has no locks lets everybody have it.
    """
    for _ in range(_ATTEMPTS):
        if _try_lock(file):
            return True
        time.sleep(_PAUSE)
    return False


def is_locked(path: Path) -> bool:
    """Say whether somebody has a file locked; True where the file system cannot tell, False where there is no file."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            return not _try(file)
        except OSError:
            return True


def _try_lock(file: BinaryIO) -> bool:
    try:
        return _try(file)
    except OSError:
        return True


if sys.platform == "win32":
    import msvcrt

    _FAR = 2**30
    # Windows keeps others from reading what is locked: a byte far behind the end of the file disturbs nobody.

    def _try(file: BinaryIO) -> bool:
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
