"""The study behind a sweep: which trial comes next, how each ends, and what a worker that died has left behind.

All workers share Optuna's journal in the sweep's folder. What the journal calls failed or pruned is told more precisely
by ``OUTCOME``, an attribute of every trial that has ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Literal

from core.errors import SearchError
from core.graph.project import Dimension, Project
from core.kinds import Value
from core.lock import is_locked, lock
from core.search._optuna import optuna
from core.search.dimensions import grid, grid_values
from core.search.folder import Sweep
from core.search.places import spot
from core.search.pruners import pruner_kind
from core.search.samplers import GRID, make_sampler

Outcome = Literal["waiting", "running", "completed", "pruned", "impossible", "failed", "interrupted"]
"""How a trial stands. "impossible": its values make no network that can be trained. "interrupted": it was stopped, or
its worker died; another trial takes its place when the sweep goes on, or at once."""
OUTCOME, REASON, WORKER, RUN = "outcome", "reason", "worker", "run"
AGAIN = "again_for"
"""Of a trial: the number of the one that was interrupted, whose values it tries."""
BEGUN = "begun_run"
"""Of such a trial: the folder of the run that was interrupted, if there is one. It goes on with it where it can."""
DIED = "worker_died"
"""Of a trial: it was not stopped, its worker died at it."""
GOES_ON = "It goes on with the sweep: from its last checkpoint, else from the start."
_MOST_DEATHS = 2
"""So many workers may die at a trial and at those in whose place it is; then it has failed."""
_POINT = "grid_point"
_PAUSE = 0.005


class JournalLock:
    """Optuna's lock on its journal, kept by the operating system: it ends with the process that holds it.

    What a process that was killed wrote of a line is cut off before the next is appended.
    """

    def __init__(self, journal: Path, suffix: str = ".lock") -> None:
        self._journal = journal
        self._path = journal.with_name(journal.name + suffix)
        self._file: BinaryIO | None = None

    def acquire(self) -> bool:
        """Wait until nobody else has it."""
        file = self._path.open("a+b")
        while not lock(file):
            time.sleep(_PAUSE)
        self._file = file
        self._cut_half_line()
        return True

    def release(self) -> None:
        """Let others have it."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def __enter__(self) -> JournalLock:
        self.acquire()
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()

    def _cut_half_line(self) -> None:
        if not self._journal.exists() or not self._journal.stat().st_size:
            return
        with self._journal.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.seek(0)
                whole = file.read()
                file.truncate(whole.rfind(b"\n") + 1)


class Trials:
    """The trials of a sweep as one process sees them."""

    def __init__(self, sweep: Sweep) -> None:
        """Open the study of a sweep, or begin it.

        Raises:
            SearchError: Optuna is not installed, or the journal is damaged.
        """
        self.sweep = sweep
        module = optuna()
        backend = module.storages.journal.JournalFileBackend(str(sweep.journal), lock_obj=JournalLock(sweep.journal))
        try:
            self.study = self._open(module, module.storages.JournalStorage(backend))
        except (ValueError, KeyError) as error:
            raise SearchError(f"The journal '{sweep.journal}' is damaged: {error}") from error
        self._choosing = JournalLock(sweep.journal, ".choosing")

    def _open(self, module: Any, storage: Any) -> Any:
        search = self.sweep.search
        parts = {
            "study_name": "sweep",
            "storage": storage,
            "sampler": make_sampler(search.sampler, search.seed),
            "pruner": pruner_kind(search.pruner).make(self.sweep.project.training.epochs),
        }
        if storage.get_all_studies():
            return module.load_study(**parts)  # to look must write nothing
        direction = "maximize" if self.sweep.higher else "minimize"
        return module.create_study(**parts, direction=direction, load_if_exists=True)

    def all(self) -> Sequence[Any]:
        """Return all trials as Optuna has them."""
        found: Sequence[Any] = self.study.get_trials(deepcopy=False)
        return found

    def take(self, worker: str) -> Any | None:
        """Return the next trial, its values drawn; None where there are enough."""
        with self._choosing:
            trials = self.all()
            started = [each for each in trials if outcome_of(each) not in ("waiting", "interrupted")]
            if len(started) >= self.sweep.trials:
                return None
            if self.sweep.search.sampler == GRID and not self._queue_point(trials):
                return None
            trial = self.study.ask(distributions(self.sweep.project))
            trial.set_user_attr(WORKER, worker)
            return trial

    @cached_property
    def _points(self) -> list[tuple[Value, ...]]:
        return grid(self.sweep.project)

    def _queue_point(self, trials: Sequence[Any]) -> bool:
        """Put the next combination of the grid into the queue; False where none is left."""
        if any(outcome_of(each) == "waiting" for each in trials):
            return True
        points = self._points
        index = 1 + max((int(each.user_attrs.get(_POINT, -1)) for each in trials), default=-1)
        if index >= len(points):
            return False
        dimensions = self.sweep.search.dimensions
        drawn = {
            each.place: _drawn(self.sweep.project, each, value)
            for each, value in zip(dimensions, points[index], strict=True)
        }
        self.study.enqueue_trial(drawn, user_attrs={_POINT: index})
        return True

    def end(self, trial: Any, outcome: Outcome, value: float | None = None, reason: str = "") -> None:
        """Keep how a trial ended; ``trial`` is one that was taken here."""
        trial.set_user_attr(OUTCOME, outcome)
        if reason:
            trial.set_user_attr(REASON, reason)
        if outcome == "completed":
            self.study.tell(trial, value)
        else:
            self.study.tell(trial, state=_state(outcome))

    def bury(self, reason: str, worker: str = "", *, died: bool = False) -> list[tuple[int, Outcome, str]]:
        """End the running trials of workers that are no more (or of one of them) as interrupted.

        Where a worker ``died`` at its trial, another goes on with it at once; at the second death it has failed.

        Returns:
            Of each its number, how it ended and why.
        """
        with self._choosing:
            trials = self.all()
            lost = [each for each in trials if outcome_of(each) == "running" and self._is_lost(each, worker)]
            return [(each.number, *self._bury(each, trials, reason, died=died)) for each in lost]

    def _bury(self, trial: Any, trials: Sequence[Any], reason: str, *, died: bool) -> tuple[Outcome, str]:
        failed = died and 1 + _deaths(trial, trials) >= _MOST_DEATHS
        outcome: Outcome = "failed" if failed else "interrupted"
        if failed:
            reason += " It is the second that died at this trial, which therefore is not tried again."
        kept = {OUTCOME: outcome, REASON: reason, **({DIED: True} if died else {})}
        for name, value in kept.items():
            self.study._storage.set_trial_user_attr(trial._trial_id, name, value)
        self.study.tell(trial.number, state=_state(outcome))
        if died and not failed:
            self._queue_again(trial)
        return outcome, reason

    def _is_lost(self, trial: Any, worker: str) -> bool:
        own = trial.user_attrs.get(WORKER, "")
        if worker:
            return own in (worker, "")  # one without a worker was being drawn, which only one does at a time
        return not own or not is_locked(self.sweep.workers / f"{own}.lock")

    def queue_interrupted(self) -> int:
        """Have interrupted trials gone on with, as new ones of their values; return how many there are."""
        with self._choosing:
            trials = self.all()
            done = {each.user_attrs.get(AGAIN) for each in trials}
            lost = [each for each in trials if outcome_of(each) == "interrupted" and each.number not in done]
            for each in lost:
                self._queue_again(each)
        return len(lost)

    def _queue_again(self, trial: Any) -> None:
        known = trial.user_attrs
        more = {_POINT: known[_POINT]} if _POINT in known else {}
        if begun := known.get(RUN, known.get(BEGUN)):
            more[BEGUN] = begun
        self.study.enqueue_trial(trial.params, user_attrs={AGAIN: trial.number, **more})


def _deaths(trial: Any, trials: Sequence[Any]) -> int:
    """Return how many workers have died at a trial and at those in whose place it is."""
    found = 0
    before: Any | None = trial
    while before is not None:
        found += DIED in before.user_attrs
        number = before.user_attrs.get(AGAIN)
        before = None if number is None else trials[number]
    return found


def _state(outcome: Outcome) -> Any:
    """Return what Optuna calls a trial that has ended without a value: one that has failed was a bad one, too."""
    states = optuna().trial.TrialState
    return states.FAIL if outcome == "interrupted" else states.PRUNED


def outcome_of(trial: Any) -> Outcome:
    """Return how one of Optuna's trials stands."""
    known: Mapping[str, Outcome] = {"WAITING": "waiting", "RUNNING": "running", "COMPLETE": "completed"}
    state = trial.state.name
    if state in known:
        return known[state]
    found: Outcome = trial.user_attrs.get(OUTCOME, "failed")
    return found


# --- values -----------------------------------------------------------------------------------------------------------


def distributions(project: Project) -> dict[str, Any]:
    """Return what Optuna draws from, by place. Choices go by their texts, for Optuna knows no tuples."""
    module = optuna().distributions
    found: dict[str, Any] = {}
    for each in project.search.dimensions:
        where = spot(project, each.place)
        if each.choices:
            found[each.place] = module.CategoricalDistribution(tuple(map(where.text, each.choices)))
            continue
        low, high = each.low, each.high
        if each.step:
            high = grid_values(where, each)[-1]  # the last step that the range holds
        if where.draws == "int":
            step = int(each.step) or 1
            found[each.place] = module.IntDistribution(int(low), int(high), log=each.log, step=step)
        else:
            found[each.place] = module.FloatDistribution(
                float(low), float(high), log=each.log, step=float(each.step) or None
            )
    return found


def _drawn(project: Project, dimension: Dimension, value: Value) -> Any:
    return spot(project, dimension.place).text(value) if dimension.choices else value


def values_of(project: Project, drawn: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values that were drawn, by place: those of choices in place of their texts."""
    found: dict[str, Value] = {}
    for each in project.search.dimensions:
        if each.place not in drawn:
            continue
        value = drawn[each.place]
        if each.choices:
            where = spot(project, each.place)
            value = next((one for one in each.choices if where.text(one) == value), value)
        found[each.place] = value
    return found
