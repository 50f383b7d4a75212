"""The sweep's folder: what is tried, the journal that all workers write, and the run of every trial.

sweep.json           which curve is made best, how many trials, when it began
project.layerwright  the project whose places are varied, with its search
journal.log          Optuna's journal: every trial, its values, its course, how it ended
NAME-0007/           the run of trial 7, an ordinary run folder
workers/             a lock for every worker that is at work, and what it said
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core.errors import SaveError, SearchError, did_you_mean
from core.graph.files import load_project, save_project
from core.graph.project import Project, Search
from core.search.dimensions import grid, search_problems
from core.search.pruners import pruner_kind
from core.search.samplers import GRID, sampler_kind
from core.training.runs import SWEEP, write_json

FORMAT = 1
_SETTINGS = {"metric": str, "higher": bool, "trials": int, "base": str | None, "device": str | None}


@dataclass(frozen=True)
class Sweep:
    """A sweep's folder that was opened. ``metric`` names the curve that is made best, ``higher`` its direction."""

    path: Path
    project: Project
    metric: str
    higher: bool
    trials: int
    base: Path | None = None
    device: str | None = None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def search(self) -> Search:
        """What is tried."""
        return self.project.search

    @property
    def journal(self) -> Path:
        """Optuna's journal."""
        return self.path / "journal.log"

    @property
    def workers(self) -> Path:
        """The folder of the workers' locks."""
        return self.path / "workers"

    def run_of(self, number: int) -> Path:
        """Return the run folder of a trial, which may not have come to be made."""
        return self.path / f"{self.name}-{number:04}"

    def is_better(self, value: float, than: float | None) -> bool:
        """Return whether one value of the curve is better than another (None: there is none yet)."""
        return than is None or (value > than if self.higher else value < than)

    def with_trials(self, trials: int) -> Sweep:
        """Return the sweep with another number of trials, which is kept.

        Raises:
            SaveError: it could not be written.
        """
        changed = replace(self, trials=trials)
        changed.write()
        return changed

    def write(self) -> None:
        """Write ``sweep.json``.

        Raises:
            SaveError: it could not be written.
        """
        write_json(
            self.path / SWEEP,
            {
                "format": FORMAT,
                "project": self.project.name,
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "metric": self.metric,
                "higher": self.higher,
                "trials": self.trials,
                "base": str(self.base.resolve()) if self.base else None,
                "device": self.device,
            },
        )


def make_sweep(folder: Path, project: Project, base: Path | None = None, device: str | None = None) -> Sweep:
    """Make the folder of a sweep of a project, as its ``search`` says.

    Raises:
        SearchError: the search cannot be run, or the folder holds something; ``problems`` says all that is wrong.
        SaveError: it cannot be written.
    """
    search = project.search
    kind = sampler_kind(search.sampler)
    pruner_kind(search.pruner)
    problems = [*search_problems(project), *filter(None, [kind.why_not])]
    if problems:
        raise SearchError("This sweep cannot be run.", problems=problems)
    metric, higher = watched_curve(project)
    trials = min(search.trials, len(grid(project))) if search.sampler == GRID else search.trials
    sweep = Sweep(folder, project, metric, higher, trials, base, device)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise SearchError(f"'{folder}' is not empty. Choose another folder, or go on with the sweep that is in it.")
        sweep.workers.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"The sweep's folder '{folder}' cannot be made: {error.strerror or error}.") from error
    save_project(project, folder / "project.layerwright")
    sweep.write()
    return sweep


def open_sweep(folder: Path) -> Sweep:
    """Open the folder of a sweep.

    Raises:
        SearchError: there is none, or it is damaged.
        ProjectError: its project is damaged.
    """
    path = folder / SWEEP
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SearchError(f"There is no sweep in '{folder}': it has no {SWEEP}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise SearchError(f"'{path}' cannot be read, the sweep is damaged: {error}") from error
    _require_whole(path, value)
    base = Path(value["base"]) if value["base"] else None
    project = load_project(folder / "project.layerwright")
    return Sweep(folder, project, value["metric"], value["higher"], value["trials"], base, value["device"])


def _require_whole(path: Path, value: object) -> None:
    if not isinstance(value, Mapping):
        raise SearchError(f"'{path}' is damaged: it should hold a JSON object.")
    if isinstance(value.get("format"), int) and value["format"] > FORMAT:
        raise SearchError(f"'{path}' was written by a newer Layerwright. Update Layerwright to open it.")
    wrong = [name for name, kinds in _SETTINGS.items() if not isinstance(value.get(name), kinds)]
    if wrong:
        raise SearchError(f"'{path}' is damaged: {', '.join(wrong)} cannot be what it says.")


def watched_curve(project: Project) -> tuple[str, bool]:
    """Return the curve that a search of the project makes best, and whether higher is better.

    Raises:
        SearchError: there is no such curve.
    """
    from core.training.check import check_project
    from core.training.monitor import available_curves, higher_is_better

    objectives = check_project(project).objectives
    known = available_curves(objectives, validation=project.data.split.validates)
    chosen = project.search.metric or project.training.monitor or known[0]
    if chosen not in known:
        listed = ", ".join(known)
        raise SearchError(
            f"There is no curve '{chosen}' to be made best (there are {listed}).{did_you_mean(chosen, known)}"
        )
    return chosen, higher_is_better(chosen, objectives)


def threads_of(workers: int) -> int:
    """Return how many threads of torch each of so many workers gets on this machine."""
    return max(1, (os.cpu_count() or 1) // max(1, workers))
