"""The learning rate over a training: drawn before it and followed in it by the same code, torch's own schedulers.

A scheduler steers an optimizer of one weight that is never trained; its rate, times each group's factor, is that of the
real optimizer. So a curve that is drawn is the rate that is used, to the last bit, and the state is a few numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from core.graph.project import TrainingSettings
from core.kinds import Value
from core.training.schedules import schedules
from core.training.schedules._kind import Plan, ScheduleKind

_STEERED = ("lr", "momentum")
_NOTE = "The rate follows what is measured: it falls each time the monitored value no longer gets better."


class Schedule:
    """Follows a plan step by step, and sets the learning rate of ``optimizer`` (None: of nothing, for a preview).

    Call ``step_batch`` after every step of the optimizer and ``step_epoch`` after every epoch, validation included.
    Beyond the end of the plan the rate stays; ``set_epochs`` makes a longer plan.
    """

    def __init__(
        self, kind: ScheduleKind, options: Mapping[str, Value], plan: Plan, optimizer: Optimizer | None
    ) -> None:
        """Start the plan; ``options`` are what differs from the kind's defaults."""
        self.kind = kind
        self._options = {each.name: each.default for each in kind.options} | dict(options)
        self._plan = replace(plan, unit=kind.unit(self._options))
        self._optimizer = optimizer
        self._cycles_momentum = bool(self._options.get("cycle_momentum", False))
        self._steps = self._epochs_done = self._taken = 0
        self._wanted = self._at = 1.0
        self._build()
        self._apply()

    def _build(self) -> None:
        weight = torch.nn.Parameter(torch.zeros(1, device="cpu"))
        steered = SGD([weight], lr=self._plan.rate, momentum=0.9)
        options = {name: value for name, value in self._options.items() if name != "count"}
        self._scheduler: Any = self.kind.make(steered, options, self._plan)
        self._steered: dict[str, Any] = steered.param_groups[0]
        self._taken = 0
        steered.step()  # without gradients nothing moves, and torch knows that the order of calls is right

    # --- following ----------------------------------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """The learning rate of the next step, before the groups' factors."""
        return self._wanted * (float(self._steered["lr"]) / self._at)

    @property
    def epochs(self) -> int:
        """For how many epochs the plan is made."""
        return self._plan.epochs

    def step_batch(self) -> None:
        """Go on by one step of the optimizer."""
        self._steps += 1
        if self._plan.unit == "steps" and not self.kind.watches:
            self._advance()

    def step_epoch(self, monitored: float | None = None) -> None:
        """Go on by one epoch; ``monitored`` is the value that decides what is best (None: there is none)."""
        self._epochs_done += 1
        if self.kind.watches:
            if monitored is not None:
                self._scheduler.step(monitored)
                self._apply()
        elif self._plan.unit == "epochs":
            self._advance()

    def _advance(self) -> None:
        if self._taken + 1 < self._plan.total:
            self._taken += 1
            self._scheduler.step()
            self._apply()

    def _apply(self) -> None:
        if self._optimizer is None:
            return
        rate = self.rate
        for group in self._optimizer.param_groups:
            own = rate * group.get("learning_rate_factor", 1.0)
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(own)
            else:
                group["lr"] = own
            if self._cycles_momentum:
                momentum = self._steered["momentum"]
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                elif "momentum" in group:
                    group["momentum"] = momentum

    # --- changes while training ---------------------------------------------------------------------------------------

    def set_rate(self, rate: float) -> None:
        """Make ``rate`` the learning rate from now on; the rest of the plan is scaled alike."""
        now = float(self._steered["lr"])
        self._wanted, self._at = rate, now if now > 0 else self._plan.rate
        self._apply()

    def set_epochs(self, epochs: int) -> None:
        """Plan for another number of epochs: from now on the rate is that of a plan with this length from the start.

        What follows a measured value, or does not depend on the length, goes on as it was.
        """
        if epochs == self._plan.epochs:
            return
        self._plan = replace(self._plan, epochs=epochs)
        if self.kind.watches:
            return
        self._build()
        position = self._steps if self._plan.unit == "steps" else self._epochs_done
        for _ in range(min(position, self._plan.total - 1)):
            self._taken += 1
            self._scheduler.step()
        self._apply()

    # --- state --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on to the bit, as numbers, texts and plain containers."""
        return {
            "steps": self._steps,
            "epochs_done": self._epochs_done,
            "taken": self._taken,
            "epochs": self._plan.epochs,
            "wanted": self._wanted,
            "at": self._at,
            "steered": {name: float(self._steered[name]) for name in _STEERED},
            "scheduler": _state_of(self._scheduler),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state of the same schedule, and set the optimizer's rate."""
        self._plan = replace(self._plan, epochs=state["epochs"])
        self._build()
        self._steps, self._epochs_done, self._taken = state["steps"], state["epochs_done"], state["taken"]
        self._wanted, self._at = state["wanted"], state["at"]
        self._steered.update(state["steered"])
        _restore(self._scheduler, state["scheduler"])
        self._apply()


def make_schedule(
    settings: TrainingSettings,
    optimizer: Optimizer | None,
    steps_per_epoch: int,
    epochs: int,
    *,
    higher_is_better: bool = False,
) -> Schedule:
    """Return the schedule that the settings name, at its start, and set the optimizer's rate to its first.

    ``steps_per_epoch`` counts steps of the optimizer: batches divided by ``accumulate``, rounded up.
    ``higher_is_better`` is the direction of the monitored value.

    Raises:
        UnknownKindError: there is no such schedule.
        TrainingError: its formula has no value.
    """
    plan = Plan(settings.learning_rate, max(1, steps_per_epoch), epochs, higher_is_better=higher_is_better)
    return Schedule(schedules[settings.schedule], settings.schedule_options, plan, optimizer)


def preview(settings: TrainingSettings, steps_per_epoch: int, epochs: int) -> NDArray[np.float64]:
    """Return the learning rate of every step of a training, shape (epochs · steps_per_epoch,); see ``preview_note``.

    Raises:
        UnknownKindError, TrainingError: as ``make_schedule``.
    """
    schedule = make_schedule(settings, None, steps_per_epoch, epochs)
    rates = np.empty((max(0, epochs), max(0, steps_per_epoch)))
    for epoch in rates:
        if schedule.kind.counts == "epochs":
            epoch[:] = schedule.rate
        else:
            for step in range(len(epoch)):
                epoch[step] = schedule.rate
                schedule.step_batch()
        schedule.step_epoch()
    return rates.reshape(-1)


def preview_note(settings: TrainingSettings) -> str:
    """Return what is to be said beside the drawn curve: an empty string where it is exact."""
    kind = schedules.find(settings.schedule)
    return _NOTE if kind is not None and kind.watches else ""


def _state_of(scheduler: LRScheduler) -> dict[str, Any]:
    """Return a scheduler's numbers and texts, with those of the schedulers inside it."""
    state = {name: value for name, value in vars(scheduler).items() if _is_plain(value)}
    inner = getattr(scheduler, "_schedulers", None)
    return state if inner is None else {**state, "_schedulers": [_state_of(each) for each in inner]}


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _restore(scheduler: LRScheduler, state: Mapping[str, Any]) -> None:
    for name, value in state.items():
        if name == "_schedulers":
            for each, inner in zip(vars(scheduler)[name], value, strict=True):
                _restore(each, inner)
        else:
            setattr(scheduler, name, value)
