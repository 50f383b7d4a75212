"""Schedules that stay, or that change at some moments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.kinds import Parameter
from core.training.schedules._kind import LENGTH, Plan, ScheduleKind, by_choice, factor, length

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler


def _constant(optimizer: Optimizer, _options: Mapping[str, Any], _plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import ConstantLR

    return ConstantLR(optimizer, factor=1.0, total_iters=0)


def _step(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import StepLR

    return StepLR(optimizer, options["step_size"] or math.ceil(plan.total / 3), options["gamma"])


def _multi_step(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import MultiStepLR

    chosen = options["milestones"]
    milestones = (chosen,) if isinstance(chosen, int) else chosen or (plan.share(1 / 2, 1), plan.share(3 / 4, 1))
    return MultiStepLR(optimizer, milestones, options["gamma"])


def _reduced_start(optimizer: Optimizer, options: Mapping[str, Any], _plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import ConstantLR

    return ConstantLR(optimizer, options["factor"], options["total_iters"])


def _exponential(optimizer: Optimizer, options: Mapping[str, Any], _plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import ExponentialLR

    return ExponentialLR(optimizer, options["gamma"])


KINDS = (
    ScheduleKind(
        "constant",
        "Constant",
        "The learning rate stays as it is set.",
        _constant,
        counts="epochs",
        common=True,
    ),
    ScheduleKind(
        "StepLR",
        "Step",
        "The rate falls by a factor every so many epochs.",
        _step,
        (
            length("step_size", "After how many the rate falls; empty: three equal parts of the training."),
            factor("gamma", 0.1, "What the rate is multiplied by."),
            by_choice("epochs"),
        ),
        ("StepLR",),
        common=True,
    ),
    ScheduleKind(
        "MultiStepLR",
        "Steps at milestones",
        "The rate falls by a factor at chosen epochs.",
        _multi_step,
        (
            Parameter(
                "milestones",
                "ints",
                (),
                "When the rate falls; empty: at a half and at three quarters of the training.",
                minimum=1,
                unit=LENGTH,
            ),
            factor("gamma", 0.1, "What the rate is multiplied by at each."),
            by_choice("epochs"),
        ),
        ("MultiStepLR",),
    ),
    ScheduleKind(
        "ConstantLR",
        "Reduced at the start",
        "A share of the rate for a while, then the whole.",
        _reduced_start,
        (
            Parameter(
                "factor",
                "float",
                1 / 3,
                "The share of the rate at the start.",
                minimum=1e-6,
                maximum=1,
                unit="0–1",
            ),
            length("total_iters", "How long.", 5, minimum=0),
            by_choice("epochs"),
        ),
        ("ConstantLR",),
    ),
    ScheduleKind(
        "ExponentialLR",
        "Exponential",
        "The rate is multiplied by the same factor again and again.",
        _exponential,
        (factor("gamma", 0.95, "What the rate is multiplied by every time."), by_choice("epochs")),
        ("ExponentialLR",),
    ),
)
