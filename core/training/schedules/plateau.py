"""The schedule that follows what is measured: the rate falls once nothing gets better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.kinds import Parameter
from core.training.schedules._kind import Plan, ScheduleKind, factor, rate

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


def _plateau(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    return ReduceLROnPlateau(optimizer, mode="max" if plan.higher_is_better else "min", **options)


KINDS = (
    ScheduleKind(
        "ReduceLROnPlateau",
        "Plateau",
        "The rate falls by a factor when the monitored value has not got better for some epochs.",
        _plateau,
        (
            factor("factor", 0.1, "What the rate is multiplied by.", below_one=True),
            Parameter(
                "patience", "int", 10, "How many epochs without an improvement are let pass.", minimum=0, unit="epochs"
            ),
            Parameter("threshold", "float", 1e-4, "What counts as an improvement at least.", minimum=0),
            Parameter(
                "threshold_mode",
                "choice",
                "rel",
                "Whether the threshold is a share of the best value, which has to be above 0, or a difference from it.",
                choices=("rel", "abs"),
            ),
            Parameter("cooldown", "int", 0, "How many epochs to wait after a fall.", minimum=0, unit="epochs"),
            rate("min_lr", "The rate does not fall below."),
            rate("eps", "A fall by less is left out.", 1e-8),
        ),
        ("ReduceLROnPlateau",),
        counts="epochs",
        common=True,
        watches=True,
    ),
)
