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
class Confused(_Event):
    """Which class was taken for which over the validation part: counts (true class, predicted class) of an Output.

    They are whole numbers of samples (of masks pixels, of texts tokens), or sums of their weights.
    """

    epoch: int
    output: str
    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "counts", tuple(map(tuple, self.counts)))


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
class Changed(_Event):
    """Something was changed while training: a mark on the curves.

    ``what`` is the command's name (see ``core.training.control``), ``value`` what it was given, ``text`` a line for
    people. It counts from the step after ``step``; ``epoch`` counts from 1.
    """

    what: str
    value: float | str | None
    text: str
    epoch: int
    step: int


@dataclass(frozen=True)
class Message(_Event):
    """Something worth knowing that does not end training. ``topic`` says for programs what it is about."""

    text: str
    severity: Literal["info", "warning"] = "info"
    topic: str = ""


@dataclass(frozen=True)
class Diagnosed(_Event):
    """What was seen inside the network at a step: figures by node, and those of the whole.

    ``step`` counts the steps taken, ``epoch`` from 1. Nodes go by their paths; ``core.training.diagnostics`` says what
    the figures are and which of them a node has.
    """

    step: int
    epoch: int
    nodes: Mapping[str, Mapping[str, float]]
    whole: Values


@dataclass(frozen=True)
class Pictured(_Event):
    """An array that shows something of a node; see ``core.training.diagnostics.pictures``. It is not logged.

    ``data`` is base64 of an array of this ``shape`` and ``dtype`` ("uint8", "uint16"). ``low`` and ``high`` are the
    ends of a histogram's range, or the values that 0 and 255 stand for.
    """

    step: int
    epoch: int
    node: str
    kind: str
    shape: list[int]
    dtype: str
    data: str = field(repr=False)
    low: float
    high: float


@dataclass(frozen=True)
class Finished(_Event):
    """Training is over. ``epochs`` are those completed; ``best`` the validation values of ``best_epoch`` (0: none).

    "early": there was no improvement for as many epochs as the project's patience says.
    """

    reason: Literal["completed", "early", "stopped"]
    epochs: int
    best_epoch: int
    best: Values
    seconds: float


@dataclass(frozen=True)
class Failed(_Event):
    """Training could not start or go on. ``details`` is the traceback, for the log.

    ``offer`` are training settings that would help, such as half the batch size with twice the accumulation. ``cause``
    says for programs what it was: values that are not finite, too little memory, a file that could not be written, a
    process that died; or anything else.
    """

    message: str
    node: str = ""
    details: str = field(default="", repr=False)
    offer: Mapping[str, Any] = field(default_factory=dict)
    cause: Literal["", "not-finite", "memory", "disk", "died"] = ""


Event = (
    RunStarted
    | StepEnded
    | EpochEnded
    | Confused
    | Progress
    | CheckpointSaved
    | Paused
    | Resumed
    | Changed
    | Message
    | Diagnosed
    | Pictured
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
        Confused,
        Progress,
        CheckpointSaved,
        Paused,
        Resumed,
        Changed,
        Message,
        Diagnosed,
        Pictured,
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
