"""A lock on a file that the operating system keeps: it ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
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


class LockFile:
    """A file that exists to be locked. What it says is for people: who holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    @property
    def held(self) -> bool:
        """True from a successful ``take`` to ``release``."""
        return self._file is not None

    def take(self, text: str = "") -> bool:
        """Make and lock the file and write ``text`` into it; False where somebody else holds it.

        Raises:
            OSError: it cannot be made.
        """
        for _ in range(_ATTEMPTS):
            if self.held:
                return True
            file = self.path.open("a+b")
            if not lock(file):
                file.close()
                return False
            if _is_at(file, self.path):  # else its last holder has removed it in between
                self._file = file
                file.truncate(0)
                file.write(text.encode())
                file.flush()
            else:
                file.close()
        return self.held

    def release(self) -> None:
        """Remove the file and let go of it."""
        file, self._file = self._file, None
        if file is None:
            return
        if os.name == "posix":
            self.path.unlink(missing_ok=True)
            file.close()
            return
        file.close()
        try:
            self.path.unlink(missing_ok=True)
        except PermissionError:
            return  # the next holder has it open already


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


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
