"""What training tells whoever watches: frozen events that survive JSON, whether through a queue, a pipe or a file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Values = Mapping[str, float]
"""Numbers by name: ``loss`` is the weighted total, ``<output>/loss`` and ``<output>/<metric>`` belong to an output."""


@dataclass(frozen=True)
class _Event:
    def to_json(self) -> dict[str, Any]:
        """Return the event as what JSON can hold; ``event`` names its type."""
        values = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        plain = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
        return {"event": _name(type(self)), **plain}


@dataclass(frozen=True)
class RunStarted(_Event):
    """Training begins, or goes on after a resume. ``run`` is the run folder, ``parameters`` the number of weights."""

    run: str
    epochs: int
    steps_per_epoch: int
    device: str
    parameters: int
    training_samples: int
    validation_samples: int


@dataclass(frozen=True)
class StepEnded(_Event):
    """Losses, averaged over the samples since the last such event of this epoch; at most ten a second.

    ``step`` counts from the start of the run, ``epoch`` from 1.
    """

    step: int
    epoch: int
    values: Values
    learning_rate: float


@dataclass(frozen=True)
class EpochEnded(_Event):
    """Losses and metrics over all samples of an epoch. ``training`` is measured while the weights change."""

    epoch: int
    step: int
    training: Values
    validation: Values
    seconds: float
    samples_per_second: float


@dataclass(frozen=True)
class Progress(_Event):
    """How far training is; at most ten a second."""

    epoch: int
    epochs: int
    step: int
    steps: int
    samples_per_second: float
    seconds_left: float


@dataclass(frozen=True)
class CheckpointSaved(_Event):
    """Weights are on disk; ``epoch`` is the number of finished epochs that they have seen."""

    which: Literal["last", "best"]
    epoch: int


@dataclass(frozen=True)
class Paused(_Event):
    """Training waits."""

    epoch: int
    step: int


@dataclass(frozen=True)
class Resumed(_Event):
    """Training goes on after a pause."""

    epoch: int
    step: int


@dataclass(frozen=True)
class LearningRateChanged(_Event):
    """The learning rate was changed while training."""

    learning_rate: float
    epoch: int
    step: int


@dataclass(frozen=True)
class Finished(_Event):
    """Training is over. ``epochs`` are those completed; ``best`` the validation values of ``best_epoch`` (0: none)."""

    reason: Literal["completed", "stopped"]
    epochs: int
    best_epoch: int
    best: Values
    seconds: float


@dataclass(frozen=True)
class Failed(_Event):
    """Training could not start or go on. ``details`` is the traceback, for the log."""

    message: str
    node: str = ""
    details: str = field(default="", repr=False)


Event = (
    RunStarted
    | StepEnded
    | EpochEnded
    | Progress
    | CheckpointSaved
    | Paused
    | Resumed
    | LearningRateChanged
    | Finished
    | Failed
)


def _name(event: type) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", event.__name__).lower()


_TYPES: dict[str, type[Any]] = {
    _name(each): each
    for each in (
        RunStarted,
        StepEnded,
        EpochEnded,
        Progress,
        CheckpointSaved,
        Paused,
        Resumed,
        LearningRateChanged,
        Finished,
        Failed,
    )
}


def event_from_json(value: Mapping[str, Any]) -> Event:
    """Return the event that ``to_json`` described.

    Raises:
        ValueError: it describes none.
    """
    found = _TYPES.get(str(value.get("event")))
    if found is None:
        raise ValueError(f"there is no event '{value.get('event')}'")
    try:
        event: Event = found(**{name: each for name, each in value.items() if name != "event"})
    except TypeError as error:
        raise ValueError(f"this is no '{value['event']}' event: {error}") from error
    return event
