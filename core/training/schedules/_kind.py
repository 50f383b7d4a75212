"""What a schedule of the learning rate is: a declaration from which form, check, preview and training follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.kinds import Parameter, Value
from core.parameters import ParameterProblem

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

Unit = Literal["steps", "epochs"]


@dataclass(frozen=True)
class Plan:
    """How long training is: optimizer steps in an epoch, epochs, and which of them the schedule counts.

    ``rate`` is the learning rate of the settings.
    """

    rate: float
    steps_per_epoch: int
    epochs: int
    unit: Unit = "epochs"
    higher_is_better: bool = False

    @property
    def total(self) -> int:
        """Steps or epochs of the whole training, at least 1."""
        return max(1, self.epochs * (self.steps_per_epoch if self.unit == "steps" else 1))

    def share(self, share: float, least: int = 0) -> int:
        """Return how many steps or epochs a share of the training is, rounded."""
        return max(least, round(share * self.total))


Make = Callable[["Optimizer", Mapping[str, Any], Plan], "LRScheduler"]
"""Makes torch's scheduler for an optimizer of one group, from all options and the plan."""


@dataclass(frozen=True)
class ScheduleKind:
    """A schedule, declared once.

    ``torch_classes`` are those of ``torch.optim.lr_scheduler`` that it is made of. ``counts`` says whether its options
    count steps or epochs and when it moves; "" lets the user choose by the option ``count`` (``by_choice``).
    ``common`` marks those that are offered first. ``watches`` marks one that follows a measured value, and so cannot
    be drawn beforehand. ``check`` says what is wrong with options that fit one by one.
    """

    id: str
    title: str
    help: str
    make: Make
    options: tuple[Parameter, ...] = ()
    torch_classes: tuple[str, ...] = ()
    counts: Unit | Literal[""] = ""
    common: bool = False
    watches: bool = False
    check: Callable[[Mapping[str, Value], Plan], list[ParameterProblem]] | None = None

    def unit(self, options: Mapping[str, Value]) -> Unit:
        """Return what the schedule counts with these options."""
        if self.counts:
            return self.counts
        return "steps" if options["count"] == "steps" else "epochs"


LENGTH = "epochs or steps"
"""The unit of what is counted as the option ``count`` says."""


def by_choice(default: Unit) -> Parameter:
    """Return the option that says what a schedule counts."""
    text = "What lengths count, and after what the rate moves: every epoch, or every step of the optimizer."
    return Parameter("count", "choice", default, text, choices=("epochs", "steps"))


def length(name: str, text: str, default: int | None = None, *, minimum: int = 1) -> Parameter:
    """Return an option for a number of epochs or steps; without a default it may be empty, and ``text`` says why."""
    optional = default is None
    return Parameter(name, "int", default, text, minimum=minimum, optional=optional, unit=LENGTH)


def share(name: str, default: float, text: str) -> Parameter:
    """Return an option for a share of something, from 0 to 1."""
    return Parameter(name, "float", default, text, minimum=0, maximum=1, unit="0–1")


def factor(name: str, default: float, text: str, *, below_one: bool = False) -> Parameter:
    """Return an option that the rate is multiplied by, above 0; ``below_one``: and below 1."""
    maximum = 1 if below_one else None
    return Parameter(
        name, "float", default, text, minimum=0, maximum=maximum, exclusive=True, unit="0–1" if below_one else "×"
    )


def rate(name: str, text: str, default: float | None = 0.0) -> Parameter:
    """Return an option that is a learning rate itself."""
    return Parameter(name, "float", default, text, minimum=0, optional=default is None, unit="learning rate")
