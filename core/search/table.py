"""The trials of a sweep as a table, read from its journal: for whoever watches, while workers go on or afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import SearchError
from core.graph.project import Project
from core.kinds import Value
from core.search._optuna import optuna
from core.search.applying import apply
from core.search.folder import Sweep
from core.search.study import AGAIN, BEGUN, DIED, GOES_ON, REASON, RUN, Outcome, Trials, outcome_of, values_of


@dataclass(frozen=True)
class TrialRow:
    """One trial. ``value`` is the best that its curve came to (None: none yet), ``seconds`` the time it took so far.

    ``epochs`` are those it has trained. ``run`` is its run folder, None where it never began to train. ``died``
    tells that its worker did.
    """

    number: int
    outcome: Outcome
    values: Mapping[str, Value] = field(default_factory=dict)
    value: float | None = None
    epochs: int = 0
    seconds: float = 0.0
    reason: str = ""
    run: Path | None = None
    died: bool = False


class Table:
    """Reads a sweep's trials; what was read before is not read again."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._trials = Trials(sweep)

    def rows(self) -> tuple[TrialRow, ...]:
        """Return all trials that were begun, in their order."""
        trials = self._trials.all()
        again = {each.user_attrs[AGAIN]: each for each in trials if AGAIN in each.user_attrs}
        found = [self._row(each, again.get(each.number)) for each in trials]
        return tuple(each for each in found if each.outcome != "waiting")

    def _row(self, trial: Any, again: Any | None) -> TrialRow:
        """Return a trial as a row; ``again`` is the one that took its place."""
        outcome = outcome_of(trial)
        reported = list(trial.intermediate_values.values())
        value = trial.value if outcome == "completed" else None
        if value is None and reported:
            value = max(reported) if self.sweep.higher else min(reported)
        begun, ended = trial.datetime_start, trial.datetime_complete or datetime.now()
        seconds = max(0.0, (ended - begun).total_seconds()) if begun else 0.0
        name = trial.user_attrs.get(RUN)
        run = self.sweep.path / name if name else None
        reason = " ".join(filter(None, (str(trial.user_attrs.get(REASON, "")), _course(trial, outcome, again))))
        values = values_of(self.sweep.project, trial.params)
        died = DIED in trial.user_attrs
        return TrialRow(trial.number, outcome, values, value, len(reported), seconds, reason, run, died)

    def importances(self) -> dict[str, float]:
        """Return how much of the spread of results each place explains (they add up to 1), the largest first.

        By fANOVA (Hutter, Hoos and Leyton-Brown 2014), with fixed trees. Empty where fewer than four trials have
        completed, or all came to the same.
        """
        completed = [each for each in self._trials.all() if outcome_of(each) == "completed"]
        if len(completed) < _LEAST_FOR_IMPORTANCE or len({each.value for each in completed}) < 2:
            return {}
        module = optuna().importance
        evaluator = module.FanovaImportanceEvaluator(n_trees=32, seed=0)
        found = module.get_param_importances(self._trials.study, evaluator=evaluator)
        return {str(place): float(share) for place, share in found.items()}


def _course(trial: Any, outcome: Outcome, again: Any | None) -> str:
    """Say of a trial that was interrupted, and of the one in its place, where training goes on."""
    if outcome == "interrupted":
        if again is None or outcome_of(again) == "waiting":
            return GOES_ON
        return f"It went on in trial {again.number}, {_from_where(again)}."
    before = trial.user_attrs.get(AGAIN)
    return "" if before is None else f"Trial {before}, which was interrupted, {_from_where(trial)}."


def _from_where(trial: Any) -> str:
    known = trial.user_attrs
    return "from its last checkpoint" if BEGUN in known and known.get(RUN) == known[BEGUN] else "from the start"


_LEAST_FOR_IMPORTANCE = 4


def ranked(sweep: Sweep, rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Return the completed trials, the best first."""
    done = [each for each in rows if each.outcome == "completed" and each.value is not None]
    sign = -1 if sweep.higher else 1
    return sorted(done, key=lambda each: (sign * (each.value or 0.0), each.number))


def best_of(sweep: Sweep, rows: Sequence[TrialRow]) -> TrialRow | None:
    """Return the completed trial with the best value, the first of several; None where none has completed."""
    return next(iter(ranked(sweep, rows)), None)


def done_count(rows: Sequence[TrialRow]) -> int:
    """Return how many trials have ended for good."""
    return sum(each.outcome not in ("running", "interrupted") for each in rows)


def project_of(sweep: Sweep, row: TrialRow) -> Project:
    """Return the project that a trial trained, as an ordinary one.

    Raises:
        SearchError: its values fit no project.
    """
    return apply(sweep.project, row.values)


def row_numbered(rows: Sequence[TrialRow], number: int) -> TrialRow:
    """Return one trial.

    Raises:
        SearchError: there is none of that number.
    """
    found = next((each for each in rows if each.number == number), None)
    if found is None:
        raise SearchError(f"There is no trial {number}: the sweep has {len(rows)}.")
    return found
