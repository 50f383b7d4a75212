"""What happens to a project's file while it is open: it changes, it goes, or another window opens it as well."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from core.folders import state_folder
from core.graph.files import checksum
from core.lock import LockFile, is_locked

State = Literal["same", "changed", "gone"]
_Look = tuple[int, int, int]


def digest_of(path: Path) -> str:
    """Return the checksum of what a file says; empty where it cannot be read."""
    try:
        return checksum(path.read_bytes())
    except (OSError, ValueError):
        return ""


class FileState:
    """Whether a file still says what was read from it or written to it. Reads it only where time or size differ."""

    def __init__(self, path: Path, digest: str) -> None:
        self.path = path
        self.digest = digest
        """The checksum of what is known of the file."""
        self._seen: _Look | None = None

    def look(self) -> State:
        """Return how the file is now, against what is known of it."""
        look = _look(self.path)
        if look is None:
            return "gone" if self.digest else "same"
        if look != self._seen:
            if digest_of(self.path) != self.digest:
                return "changed"
            self._seen = look
        return "same"

    def accept(self, digest: str) -> None:
        """Take this for known from now on (empty: that there is no file)."""
        self.digest = digest
        self._seen = None


def _look(path: Path) -> _Look | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class OpenMark:
    """Says to other processes, and other windows of this one, that a project file is open here."""

    def __init__(self, path: Path) -> None:
        self._lock = LockFile(_mark_path(path))

    def set(self) -> bool:
        """Set the mark; False where another has it. Where marks cannot be kept, nobody is warned."""
        try:
            self._lock.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._lock.take(f"{os.getpid()}\n")
        except OSError:
            return True

    def remove(self) -> None:
        """Take the mark away."""
        self._lock.release()


def is_open_elsewhere(path: Path) -> bool:
    """Return whether a process, or another window of this one, has the file open. Marks of dead processes do not count.

    Ask only for files that are not open here.
    """
    try:
        return is_locked(_mark_path(path))
    except OSError:
        return False


def _mark_path(path: Path) -> Path:
    key = os.path.normcase(os.path.realpath(path))
    return state_folder() / "open" / f"{blake2b(os.fsencode(key), digest_size=16).hexdigest()}.lock"
