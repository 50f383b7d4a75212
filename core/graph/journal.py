"""The crash journal: what has not been saved, kept up to date beside the user's other files, never beside the project.

A journal is text. Its first line holds the whole project as its file would say it; every further line says which of
these lines of text differ since the line before, and the checksum of the result. So a journal gives back exactly what
a save at that moment would have written, up to the last line that was written whole. It is read like a project file:
nothing in it runs.

Beside the journal lies a lock, by which the journal of a process that still runs is told from one that was left.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.atomic import write_atomically
from core.errors import LayerwrightError, reason_of
from core.folders import state_folder
from core.graph.delta import Hunk, apply_hunks, hunks_between
from core.graph.files import LARGEST, checksum, project_to_text
from core.graph.project import Project
from core.lock import LockFile

log = logging.getLogger(__name__)
SUFFIX = ".journal"
VERSION = 1
EVERY = 1.0
"""Seconds from one line to the next while there are changes."""
_SHARE = 15
_SLOWEST = 2
"""A line that takes t seconds to make is followed by a pause of 15 t, from ``EVERY`` to twice that."""
_ROOM = 2**18
"""Bytes of lines after which a journal may be written anew; more where the project itself is larger."""
_ORPHAN = 60.0
"""Seconds after which a lock without a journal is taken for a left one."""


def journal_folder() -> Path:
    """Return the folder of this user's journals."""
    return state_folder() / "journals"


@dataclass(frozen=True)
class Unsaved:
    """A project with changes that are in no file.

    ``path`` is its file, and ``digest`` the checksum of what that file said when it was opened or saved (``""``: there
    is none); ``steps`` is how many undo steps lie between.
    """

    project: Project
    path: Path | None = None
    digest: str = ""
    steps: int = 0


@dataclass(frozen=True)
class Recovered:
    """What a journal gives back: the text of the project, its file, and when (seconds since 1970) it last changed."""

    journal: Path
    path: Path | None
    digest: str
    text: str
    steps: int
    at: float

    @property
    def name(self) -> str:
        """What the user knows the project by: the name of its file, else its own."""
        if self.path is not None:
            return self.path.stem
        content = json.loads(self.text)
        return str(content.get("name") or "") if isinstance(content, dict) else ""


class Slot:
    """A journal's file and the lock that belongs to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = LockFile(path.with_suffix(".lock"))

    def take(self) -> bool:
        """Lock the journal; False where the process that writes it still runs, or another has taken it over.

        Raises:
            OSError: there can be no lock.
        """
        return self._lock.take(f"{os.getpid()}\n")

    def leave(self) -> None:
        """Let go of the journal, which stays."""
        self._lock.release()

    def remove(self) -> None:
        """Remove the journal, if it was taken: what it holds is saved, or not wanted.

        Raises:
            OSError: it cannot be removed.
        """
        if self._lock.held:
            self.path.unlink(missing_ok=True)
            self._lock.release()


class Journal:
    """Writes what is noted into a journal, in a thread of its own, flushed to the disk, at most a second later.

    ``slot`` is a journal that was taken over: the first line of the new one replaces it in one step. ``failed`` is
    called from the thread with a message where a journal cannot be written, once until it can be written again.
    """

    def __init__(
        self, folder: Path, failed: Callable[[str], None], *, slot: Slot | None = None, every: float = EVERY
    ) -> None:
        self._slot = slot or Slot(folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(4).hex()}{SUFFIX}")
        self._failed = failed
        self._every = every
        self._writer = _Writer(self._slot)
        self._wanted: Unsaved | None = None
        self._noted = self._done = 0
        self._closing = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def path(self) -> Path:
        """The file, which exists while something is unsaved."""
        return self._slot.path

    def note(self, state: Unsaved | None) -> None:
        """Tell what is unsaved now, or None where all is saved and the journal shall go. Returns at once."""
        with self._wake:
            if self._closing or (state is None and self._wanted is None and self._thread is None):
                return
            self._wanted = state
            self._noted += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="layerwright-journal", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until what was noted is on the disk; False where that takes longer than ``timeout`` seconds."""
        with self._wake:
            return self._wake.wait_for(lambda: self._done == self._noted, timeout)

    def close(self) -> None:
        """End the thread and remove the journal: the project was saved, or is closed without saving as the user said.

        Where it cannot be removed, the user will be asked once more at the next start.
        """
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._attempt(None)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._done != self._noted)
                if self._closing:
                    return
                state, noted = self._wanted, self._noted
            started = time.monotonic()
            self._attempt(state)
            pause = min(max(self._every, _SHARE * (time.monotonic() - started)), _SLOWEST * self._every)
            with self._wake:
                self._done = noted
                self._wake.notify_all()
                self._wake.wait_for(self._is_urgent, pause)

    def _is_urgent(self) -> bool:
        """That all is saved is urgent: a crash then shall not offer what is in the file already."""
        return self._closing or (self._noted > self._done and self._wanted is None)

    def _attempt(self, state: Unsaved | None) -> None:
        try:
            if state is None:
                self._writer.remove()
            else:
                self._writer.write(state)
        # Whatever goes wrong with one state, the next one shall be written; the user is told.
        except Exception as error:
            if not self._writer.broken:
                log.warning("journal %s", self.path, exc_info=error)
                self._failed(error.message if isinstance(error, LayerwrightError) else reason_of(error))
            self._writer.give_up()


class _Writer:
    """The journal's file as its thread sees it."""

    def __init__(self, slot: Slot) -> None:
        self.broken = False
        self._slot = slot
        self._file: BinaryIO | None = None
        self._about: tuple[Path | None, str] | None = None
        self._lines: list[str] = []
        self._steps = 0
        self._room = 0

    def write(self, state: Unsaved) -> None:
        text = project_to_text(state.project)
        lines = text.split("\n")
        record = {"at": round(time.time(), 3), "steps": state.steps, "sum": checksum(text.encode())}
        if self._file is None or self._about != (state.path, state.digest) or self._room <= 0:
            self._begin(state, text, record)
        elif lines != self._lines or state.steps != self._steps:
            written = _line({**record, "hunks": hunks_between(self._lines, lines)})
            self._file.write(written)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._room -= len(written)
        self._lines, self._steps = lines, state.steps
        self.broken = False

    def remove(self) -> None:
        self._close()
        self._slot.remove()
        self.broken = False

    def give_up(self) -> None:
        """Begin anew at the next write: after a failed one the last line may be torn."""
        self._close()
        self.broken = True

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _begin(self, state: Unsaved, text: str, record: dict[str, object]) -> None:
        self._close()
        self._slot.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._slot.take():
            raise OSError("another process has this journal")
        path = str(state.path) if state.path is not None else None
        head = {"layerwright_journal": VERSION, "path": path, "digest": state.digest, **record, "text": text}
        content = _line(head)
        write_atomically(self._slot.path, content)
        self._file = self._slot.path.open("ab")
        self._about = state.path, state.digest
        self._room = max(_ROOM, len(content))


def _line(record: dict[str, object]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def read_journal(path: Path) -> Recovered | None:
    """Return the newest state that a journal holds whole; None where it holds none.

    A line that is torn or damaged ends the journal: what is before it counts.
    """
    try:
        with path.open("rb") as file:
            content = file.read(4 * LARGEST)
    except OSError as error:
        log.warning("journal %s: %s", path, reason_of(error))
        return None
    first, *rest = content.split(b"\n")
    found = _first(path, first)
    if found is None:
        return None
    lines = found.text.split("\n")
    for line in rest:
        record = _record(line)
        if record is None:
            break
        steps, at, total, hunks = record
        try:
            lines = apply_hunks(lines, hunks)
        except ValueError:
            break
        text = "\n".join(lines)
        if checksum(text.encode()) != total:
            break
        found = Recovered(path, found.path, found.digest, text, steps, at)
    return found


def _parsed(line: bytes) -> dict[str, object] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _first(journal: Path, line: bytes) -> Recovered | None:
    match _parsed(line):
        case {
            "layerwright_journal": 1,
            "path": str() | None as path,
            "digest": str(digest),
            "at": float() | int() as at,
            "steps": int(steps),
            "sum": str(total),
            "text": str(text),
        } if _encodable(text) and checksum(text.encode()) == total:
            return Recovered(journal, Path(path) if path is not None else None, digest, text, steps, float(at))
    return None


def _record(line: bytes) -> tuple[int, float, str, list[Hunk]] | None:
    match _parsed(line):
        case {"at": float() | int() as at, "steps": int(steps), "sum": str(total), "hunks": list(hunks)}:
            made = [_hunk(each) for each in hunks]
            return None if None in made else (steps, float(at), total, [each for each in made if each is not None])
    return None


def _hunk(value: object) -> Hunk | None:
    match value:
        case [int(start), int(count), list(lines)] if all(isinstance(each, str) and _encodable(each) for each in lines):
            return start, count, [str(each) for each in lines]
    return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def left_journals(folder: Path) -> tuple[Recovered, ...]:
    """Return what processes that are no more have left unsaved, the newest first.

    A journal of exactly what its file says is removed: the process ended just after saving.
    """
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        slot = Slot(path)
        try:
            if not slot.take():
                continue
        except OSError as error:
            log.warning("journal %s: %s", path, reason_of(error))
            continue
        recovered = read_journal(path)
        if recovered is not None and _is_saved(recovered):
            slot.remove()
            continue
        slot.leave()
        if recovered is not None:
            found.append(recovered)
    _clear_locks(folder)
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def _is_saved(recovered: Recovered) -> bool:
    try:
        return recovered.path is not None and recovered.path.read_bytes() == recovered.text.encode()
    except OSError:
        return False


def _clear_locks(folder: Path) -> None:
    for path in folder.glob("*.lock"):
        try:
            if not path.with_suffix(SUFFIX).exists() and time.time() - path.stat().st_mtime > _ORPHAN:
                lock = LockFile(path)
                if lock.take():
                    lock.release()
        except OSError as error:
            log.warning("lock %s: %s", path, reason_of(error))
