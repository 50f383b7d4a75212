"""The runs of a folder as a list to be searched and sorted, kept up to date without reading all of it anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import LayerwrightError, TrainingError
from core.lock import is_locked
from core.training.run_labels import FILE, Labels, read_labels
from core.training.runs import Run, RunListing, listing, run_folders

_READ = ("run.json", "summary.json", FILE)
LOG = "metrics.jsonl"


@dataclass(frozen=True)
class RunEntry:
    """A run in the list: how it went, its settings (``run.json``; empty where it is damaged), what was said of it."""

    listing: RunListing
    settings: dict[str, Any]
    labels: Labels

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.listing.path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.listing.name

    def value(self, column: str) -> str | float | None:
        """Return what stands in a column: one of ``COLUMNS``, or a measured value such as ``loss`` (None: none)."""
        reader = COLUMNS.get(column)
        if reader is not None:
            return reader(self)
        summary = self.listing.summary
        return summary.best.get(column) if summary else None

    @property
    def words(self) -> str:
        """All that a search looks through, in lower case."""
        listing, labels = self.listing, self.labels
        said = (listing.name, listing.project, listing.status, listing.created, *labels.tags, labels.note)
        settings = (str(self.settings.get(key, "")) for key in ("optimizer", "device", "schedule"))
        outputs = self.settings.get("outputs")
        losses = (str(each.get("loss", "")) for each in outputs.values()) if isinstance(outputs, dict) else ()
        return " ".join((*said, *settings, *losses, listing.problem)).lower()


def _summary(name: str) -> Callable[[RunEntry], str | float | None]:
    return lambda run: getattr(run.listing.summary, name) if run.listing.summary else None


def _setting(name: str) -> Callable[[RunEntry], str | float | None]:
    return lambda run: run.settings.get(name)


COLUMNS: dict[str, Callable[[RunEntry], str | float | None]] = {
    "starred": lambda run: float(run.labels.starred),
    "name": lambda run: run.name,
    "project": lambda run: run.listing.project,
    "created": lambda run: run.listing.created,
    "status": lambda run: run.listing.status,
    "tags": lambda run: ", ".join(run.labels.tags),
    "note": lambda run: run.labels.note,
    "epochs": _summary("epochs"),
    "best_epoch": _summary("best_epoch"),
    "seconds": _summary("seconds"),
    "optimizer": _setting("optimizer"),
    "learning_rate": _setting("learning_rate"),
    "batch_size": _setting("batch_size"),
    "seed": _setting("seed"),
    "device": _setting("device"),
}
"""What may be shown of every run; measured values stand beside it under their own names."""


class RunIndex:
    """The runs of a folder. ``refresh`` reads again what has changed on disk since the last time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[Path, tuple[tuple[object, ...], RunEntry]] = {}

    def refresh(self) -> tuple[RunEntry, ...]:
        """Return all runs, the newest first; damaged ones too, with what is wrong."""
        found: dict[Path, tuple[tuple[object, ...], RunEntry]] = {}
        for folder in run_folders(self.root):
            stamp = _stamp(folder)
            known = self._known.get(folder)
            found[folder] = known if known and known[0] == stamp else (stamp, _entry(folder))
        self._known = found
        entries = [entry for _stamp, entry in found.values()]
        return tuple(sorted(entries, key=lambda each: (each.listing.created, each.name), reverse=True))


def _stamp(folder: Path) -> tuple[object, ...]:
    """Return what differs once a file of the run was written, or whoever trained it has gone."""
    stamps: list[object] = []
    for name in _READ:
        try:
            status = (folder / name).stat()
        except OSError:
            stamps.append(None)  # it is not there, or cannot be read: the entry says so
        else:
            stamps.append((status.st_mtime_ns, status.st_size))
    return (*stamps, is_locked(folder / LOG) if (folder / LOG).exists() else False)


def _entry(folder: Path) -> RunEntry:
    found = listing(folder)
    settings: dict[str, Any] = {}
    labels, problem = Labels(), found.problem
    try:
        labels = read_labels(folder)
        if not problem:
            settings = dict(Run.open(folder).settings)
    except LayerwrightError as error:
        problem = problem or str(error)
    return RunEntry(replace(found, problem=problem), settings, labels)


def search(runs: Iterable[RunEntry], text: str) -> tuple[RunEntry, ...]:
    """Return the runs that hold every word of a text, anywhere; a word after ``-`` must not be there.

    ``tag:name`` asks for that tag, ``is:completed`` for a status, ``is:starred`` for a star.
    """
    words = text.lower().split()
    return tuple(run for run in runs if all(_fits(run, word) for word in words))


def _fits(run: RunEntry, word: str) -> bool:
    if word.startswith("-") and len(word) > 1:
        return not _fits(run, word[1:])
    if word.startswith("tag:"):
        return any(word[4:] in tag.lower() for tag in run.labels.tags)
    if word == "is:starred":
        return run.labels.starred
    if word.startswith("is:"):
        return run.listing.status.startswith(word[3:])
    return word in run.words


def in_order(runs: Iterable[RunEntry], column: str, *, descending: bool = False) -> tuple[RunEntry, ...]:
    """Return runs sorted by a column; those without a value come last either way."""
    runs = tuple(runs)
    known = [run for run in runs if _is_known(run.value(column))]
    rest = [run for run in runs if not _is_known(run.value(column))]
    words = any(isinstance(run.value(column), str) for run in known)
    ordered = sorted(known, key=lambda run: str(run.value(column)).lower() if words else run.value(column) or 0.0)
    return (*(reversed(ordered) if descending else ordered), *rest)


def _is_known(value: str | float | None) -> bool:
    return value is not None and value == value and value != ""


def measured(runs: Iterable[RunEntry]) -> tuple[str, ...]:
    """Return the names of all values that some of the runs measured, the total loss first."""
    names = dict.fromkeys(name for run in runs if run.listing.summary for name in run.listing.summary.best)
    return tuple(sorted(names, key=lambda name: (name != "loss", name)))


def delete_run(path: Path) -> None:
    """Delete a run with everything in its folder.

    Raises:
        TrainingError: it is no run, is being trained, or the system refuses.
    """
    if not (path / "run.json").is_file() and not (path / "summary.json").is_file():
        raise TrainingError(f"'{path}' is no run folder: it is left alone.")
    if (path / LOG).exists() and is_locked(path / LOG):
        raise TrainingError(f"'{path.name}' is being trained. Stop it first.")
    going = path.with_name(f".{path.name}.deleted")
    try:
        # Renamed first: a run is there as a whole or not at all, even where deleting is interrupted.
        path.rename(going)
        shutil.rmtree(going)
    except OSError as error:
        raise TrainingError(f"'{path.name}' cannot be deleted: {error.strerror or error}.") from error
