"""The run folder: everything a training run leaves behind, readable without the application.

run.json             settings, seed, versions, data hash
project.layerwright  the project as it was trained
model.py             the network as source
metrics.jsonl        the events of the run, one a line
splits.npz           which rows trained, validated and tested
preprocessing.json   how columns became numbers
checkpoints/         {last,best}.safetensors, and last.state.pt to resume from
summary.json         how it ended
diagnostics/         histograms and pictures of the network's inside (see core.training.diagnostics)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from core.atomic import write_atomically
from core.errors import LayerwrightError, TrainingError
from core.graph.files import load_project
from core.graph.groups import without_weights
from core.graph.project import Project
from core.lock import is_locked
from core.training.events import EpochEnded, Event, event_from_json
from core.training.summary import Summary, summary_from_json

FORMAT = 1
SWEEP = "sweep.json"
"""What tells a folder of trials, each a run (``core.search.folder``)."""
Which = Literal["best", "last"]

_SETTINGS = {"epochs": int, "device": str, "threads": int | None, "base": str | None}
"""What is read from ``run.json`` when a run goes on, and its types."""


def new_run_folder(root: Path, name: str) -> Path:
    """Return a folder in ``root`` that does not exist yet, named after the time and the project; it is not made."""
    word = re.sub(r"[^\w-]+", "-", name).strip("-").lower() or "run"
    stem = f"{datetime.now():%Y-%m-%d-%H%M%S}-{word}"
    folder, number = root / stem, 2
    while folder.exists():
        folder, number = root / f"{stem}-{number}", number + 1
    return folder


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a readable JSON file, whole or not at all.

    Raises:
        SaveError: it could not be written.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    write_atomically(path, (text + "\n").encode())


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainingError(f"'{path.parent}' is not a whole run folder: it has no {path.name}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise TrainingError(f"'{path}' cannot be read, the run is damaged: {error}") from error
    if not isinstance(value, dict):
        raise TrainingError(f"'{path}' is damaged: it should hold a JSON object.")
    return value


@dataclass(frozen=True)
class Run:
    """A run folder that was opened. ``settings`` is the content of ``run.json``."""

    path: Path
    settings: Mapping[str, Any]

    @classmethod
    def open(cls, path: Path) -> Run:
        """Open a run folder.

        Raises:
            TrainingError: there is none, it is damaged, or a newer version wrote it.
        """
        if not path.is_dir():
            raise TrainingError(f"There is no run folder '{path}'.")
        settings = _read_json(path / "run.json")
        if not isinstance(settings.get("format"), int) or not isinstance(settings.get("project"), str):
            raise TrainingError(f"'{path / 'run.json'}' is damaged: it does not say which format or project it is.")
        if settings["format"] > FORMAT:
            raise TrainingError(
                f"The run '{path}' was written by a newer Layerwright (format {settings['format']}, "
                f"this one reads up to {FORMAT}). Update Layerwright to open it."
            )
        wrong = [name for name, kinds in _SETTINGS.items() if not isinstance(settings.get(name), kinds)]
        if wrong:
            raise TrainingError(f"'{path / 'run.json'}' is damaged: {', '.join(wrong)} cannot be what it says.")
        return cls(path, settings)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def base(self) -> Path | None:
        """The folder that file names in the project are relative to."""
        return Path(self.settings["base"]) if self.settings.get("base") else None

    def project(self) -> Project:
        """Return the project as it was trained; it starts from no file, for the run has weights of its own.

        Raises:
            ProjectError: the file is missing or damaged.
        """
        return without_weights(load_project(self.path / "project.layerwright"))

    def summary(self) -> Summary:
        """Return how the run ended, or how far it is: "running" as long as a process trains it, else "interrupted".

        Raises:
            TrainingError: the file is missing or damaged.
        """
        path = self.path / "summary.json"
        try:
            summary = summary_from_json(_read_json(path))
        except TypeError as error:
            raise TrainingError(f"'{path}' is damaged: {error}") from error
        if summary.status == "running" and not is_locked(self.path / "metrics.jsonl"):
            return replace(summary, status="interrupted")
        return summary

    def events(self) -> tuple[Event, ...]:
        """Return the events of the run; a last line that was cut off by a crash is left out.

        Raises:
            TrainingError: the file is missing, or damaged elsewhere than at its end.
        """
        return read_events(self.path / "metrics.jsonl")

    def epochs(self) -> tuple[EpochEnded, ...]:
        """Return the curve: one event for every finished epoch."""
        return tuple(event for event in self.events() if isinstance(event, EpochEnded))

    def preprocessing(self) -> dict[str, Any]:
        """Return how columns became numbers.

        Raises:
            TrainingError: the file is missing or damaged.
        """
        return _read_json(self.path / "preprocessing.json")

    def weights(self, which: Which = "best") -> Path:
        """Return the file of the best or the last weights.

        Raises:
            TrainingError: the run has not saved them yet.
        """
        path = self.path / "checkpoints" / f"{which}.safetensors"
        if not path.is_file():
            raise TrainingError(f"The run '{self.path}' has no {which} weights: it ended before its first checkpoint.")
        return path


def read_events(path: Path) -> tuple[Event, ...]:
    """Read a ``metrics.jsonl``; see ``Run.events``."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise TrainingError(f"'{path.parent}' is not a whole run folder: it has no {path.name}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"'{path}' cannot be read: {error}") from error
    events = []
    # What follows the last line break is empty, or a line that was not written to its end.
    for number, line in enumerate(lines[:-1], 1):
        try:
            events.append(event_from_json(json.loads(line)))
        except (ValueError, AttributeError, RecursionError) as error:
            raise TrainingError(f"'{path}' is damaged in line {number}: {error}") from error
    return tuple(events)


@dataclass(frozen=True)
class RunListing:
    """A line of the run list. ``problem`` says why a damaged run cannot be opened; its other values are then empty."""

    path: Path
    project: str = ""
    created: str = ""
    summary: Summary | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def status(self) -> str:
        """How the run ended, or "damaged"."""
        return self.summary.status if self.summary else "damaged"


def run_folders(root: Path) -> list[Path]:
    """Return the folders in ``root`` that are runs, damaged ones too, and those of the trials of sweeps in it."""
    if not root.is_dir():
        return []
    inside = [root, *(each.parent for each in root.glob(f"*/{SWEEP}"))]
    found = [each for folder in inside for each in folder.iterdir()]
    return [each for each in found if (each / "run.json").exists() or (each / "summary.json").exists()]


def list_runs(root: Path) -> tuple[RunListing, ...]:
    """Return the runs in a folder, the newest first; damaged ones are listed too, with what is wrong."""
    listed = [listing(folder) for folder in run_folders(root)]
    return tuple(sorted(listed, key=lambda each: (each.created, each.name), reverse=True))


def listing(folder: Path) -> RunListing:
    """Return a run folder's line of the list."""
    try:
        run = Run.open(folder)
        summary = run.summary()
    except LayerwrightError as error:
        return RunListing(folder, problem=str(error))
    return RunListing(folder, run.settings["project"], str(run.settings.get("created", "")), summary)
