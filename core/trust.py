"""Which Python sources may run on this machine: those whose text the user has looked at and trusted.

A source is known by the SHA-256 of its text, so that every change asks anew. The list is one file in the user's data
folder, never in a project: who sends a project cannot send the trust with it. Nothing that comes with Layerwright
needs an entry.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

from core.atomic import write_atomically
from core.errors import SaveError, reason_of
from core.folders import data_folder

_FILE = "trusted.json"
_KEY = "sources"


def trust(source: str) -> None:
    """Let a source run from now on, on this machine.

    Raises:
        SaveError: the list could not be written; the source is trusted until the program ends.
    """
    with _lock:
        stored = _stored()
        _memory.session.add(_hash(source))
        _memory.changes += 1
        _write(stored | {_hash(source)})


def forget(source: str) -> None:
    """Take the trust back; a source that was never trusted stays as it is.

    Raises:
        SaveError: the list could not be written; the next start of the program will trust the source again.
    """
    with _lock:
        stored = _stored()
        _memory.session.discard(_hash(source))
        _memory.changes += 1
        if _hash(source) in stored:
            _memory.stored = stored - {_hash(source)}
            _write(_memory.stored)


def is_trusted(source: str) -> bool:
    """Return whether a source may run. A list that is missing or damaged trusts nothing."""
    with _lock:
        found = _hash(source)
        return found in _memory.session or found in _stored()


def changes() -> int:
    """Return a number that is another one after every change of what is trusted: a key for what follows from it."""
    with _lock:
        _stored()
        return _memory.changes


def list_path() -> Path:
    """Return the file of the list, in the folder in which the designer keeps its own."""
    return data_folder() / _FILE


@dataclass
class _Memory:
    """What was last read (with the state of the file then), and what was trusted since the start."""

    stamp: tuple[str, int, int] | None = None
    stored: frozenset[str] = frozenset()
    session: set[str] = field(default_factory=set)
    changes: int = 0


_memory = _Memory()
_lock = threading.RLock()


def _hash(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _stored() -> frozenset[str]:
    """Return the hashes in the file, read again only where the file has changed."""
    stamp = _stamp(list_path())
    if stamp != _memory.stamp:
        found = _read(list_path())
        _memory.changes += found != _memory.stored
        _memory.stamp, _memory.stored = stamp, found
    return _memory.stored


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        state = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), state.st_mtime_ns, state.st_size


def _read(path: Path) -> frozenset[str]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return frozenset()
    hashes = content.get(_KEY) if isinstance(content, dict) else None
    return frozenset(each for each in hashes if isinstance(each, str)) if isinstance(hashes, list) else frozenset()


def _write(hashes: frozenset[str]) -> None:
    path = list_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"'{path.parent}' could not be made: {reason_of(error)}.") from error
    write_atomically(path, (json.dumps({_KEY: sorted(hashes)}, indent=1) + "\n").encode())
