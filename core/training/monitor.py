"""Which curve decides what is best, when training has stopped getting better, and what the plateau schedule follows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import TrainingError, did_you_mean
from core.graph.edits import SetTraining
from core.graph.project import OUTPUT, Project, TrainingSettings
from core.model.problems import Fix, Problem
from core.training.objective import OutputObjective

TRAINING, VALIDATION = "training", "validation"
_LOSS = "loss"


def available_curves(objectives: Sequence[OutputObjective], *, validation: bool = True) -> tuple[str, ...]:
    """Return the curves that a training has, such as "validation/loss" and "training/digit/accuracy".

    ``validation`` says whether there is a validation part; its curves come first.
    """
    names = [_LOSS]
    for each in objectives:
        names += [f"{each.output}/{_LOSS}", *(f"{each.output}/{metric.id}" for metric in each.metrics)]
    parts = (VALIDATION, TRAINING) if validation else (TRAINING,)
    return tuple(f"{part}/{name}" for part in parts for name in names)


def higher_is_better(curve: str, objectives: Sequence[OutputObjective]) -> bool:
    """Return a curve's direction: that of its metric; a loss shall fall."""
    _part, _, name = curve.partition("/")
    return any(
        metric.better == "higher" and name == f"{each.output}/{metric.id}"
        for each in objectives
        for metric in each.metrics
    )


class Monitor:
    """Keeps the best value of the curve that decides, and counts epochs without an improvement.

    ``best`` takes every value that is better than all before; the patience is renewed only by one that is better by
    more than ``min_delta`` than the one that renewed it before. NaN is never better.
    """

    def __init__(self, settings: TrainingSettings, objectives: Sequence[OutputObjective]) -> None:
        self.higher_is_better = higher_is_better(settings.monitor, objectives)
        self.best = self.current = self._reference = -math.inf if self.higher_is_better else math.inf
        self.best_epoch = 0
        self.waited = 0
        self._chosen = settings.monitor
        self._patience = settings.patience
        self._min_delta = settings.min_delta

    def curve(self, *, validation: bool) -> str:
        """Return the curve that decides; where none was chosen, it is the loss of validation if there is one."""
        return self._chosen or f"{VALIDATION if validation else TRAINING}/{_LOSS}"

    def update(self, epoch: int, training: Mapping[str, float], validation: Mapping[str, float]) -> bool:
        """Take an epoch's values; return whether it is the best so far. ``current`` is then the value that decides.

        Raises:
            TrainingError: the chosen curve does not exist in this training.
        """
        curve = self.curve(validation=bool(validation))
        part, _, name = curve.partition("/")
        values = {TRAINING: training, VALIDATION: validation}.get(part, {})
        if name not in values:
            known = [f"{TRAINING}/{each}" for each in training] + [f"{VALIDATION}/{each}" for each in validation]
            raise TrainingError(f"There is no curve '{curve}' to be monitored.{did_you_mean(curve, known)}")
        self.current = values[name]
        if self._beats(self.current, self._reference, self._min_delta):
            self._reference, self.waited = self.current, 0
        else:
            self.waited += 1
        if not self._beats(self.current, self.best, 0.0):
            return False
        self.best, self.best_epoch = self.current, epoch
        return True

    def _beats(self, value: float, other: float, margin: float) -> bool:
        return value > other + margin if self.higher_is_better else value < other - margin

    @property
    def exhausted(self) -> bool:
        """True once so many epochs went by without an improvement that training is to end."""
        return 0 < self._patience <= self.waited

    def forgive(self) -> None:
        """Count epochs without an improvement from here on anew, as when a finished run goes on."""
        self.waited = 0

    def state(self) -> dict[str, Any]:
        """Return what it takes to go on, as plain values."""
        return {
            "best": self.best,
            "best_epoch": self.best_epoch,
            "current": self.current,
            "reference": self._reference,
            "waited": self.waited,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state."""
        self.best, self.best_epoch, self.current = state["best"], state["best_epoch"], state["current"]
        self._reference, self.waited = state["reference"], state["waited"]


def monitor_problems(project: Project, objectives: Sequence[OutputObjective]) -> Iterator[Problem]:
    """Yield what is wrong with the chosen curve; nothing as long as an output has no objective yet."""
    chosen = project.training.monitor
    if not chosen or len(objectives) < len(project.graph.of_kind(OUTPUT)) or not objectives:
        return
    known = available_curves(objectives, validation=project.data.split.validates)
    if chosen in known:
        return
    automatic = Fix("Monitor the loss", SetTraining(replace(project.training, monitor="")))
    if chosen in available_curves(objectives):
        message = f"'{chosen}' is monitored, but the split has no part for validation: give it a share."
        other = chosen.replace(VALIDATION, TRAINING, 1)
    else:
        message = f"There is no curve '{chosen}' to be monitored.{did_you_mean(chosen, known)}"
        other = _nearest(chosen, known)
    fixes = [automatic]
    if other:
        fixes.insert(0, Fix(f"Monitor '{other}'", SetTraining(replace(project.training, monitor=other))))
    yield Problem("error", message, parameter="monitor", fixes=tuple(fixes))


def _nearest(chosen: str, known: Sequence[str]) -> str:
    """Return the first curve whose last word is the same, else an empty string."""
    last = chosen.rpartition("/")[2]
    return next((each for each in known if each.rpartition("/")[2] == last), "")
