"""Schedules that the user writes as a formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from core.errors import ExpressionError, TrainingError
from core.expressions import evaluate
from core.kinds import Parameter, Value
from core.parameters import ParameterProblem
from core.training.schedules._kind import Plan, ScheduleKind, by_choice

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

_TRIED = 200
"""At how many moments of the training the check evaluates a formula."""
_NAMES = "step, epoch (both from 0), steps, epochs and progress (from 0 to 1)"


def _factor_at(expression: str, plan: Plan) -> Callable[[int], float]:
    """Return the formula as a function of the schedule's own count.

    It raises TrainingError where the formula has no value, or one below 0.
    """
    steps = max(1, plan.epochs * plan.steps_per_epoch)

    def at(position: int) -> float:
        step = position if plan.unit == "steps" else position * plan.steps_per_epoch
        known = {
            "step": step,
            "epoch": step // plan.steps_per_epoch,
            "steps": steps,
            "epochs": plan.epochs,
            "progress": min(1.0, step / steps),
        }
        try:
            value = float(evaluate(expression, known))
        except ExpressionError as error:
            raise TrainingError(f"The formula of the learning rate: {error.message}") from error
        if not (math.isfinite(value) and value >= 0):
            raise TrainingError(
                f"The formula of the learning rate, {expression}, gives {value:g} at step {step}: "
                "it must not be below 0."
            )
        return value

    return at


def _lambda(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import LambdaLR

    return LambdaLR(optimizer, _factor_at(options["expression"], plan))


def _multiplicative(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import MultiplicativeLR

    return MultiplicativeLR(optimizer, _factor_at(options["expression"], plan))


def _evaluated(options: Mapping[str, Value], plan: Plan) -> list[ParameterProblem]:
    """Try a formula at moments from the first to the last."""
    at = _factor_at(options["expression"], plan)
    stride = max(1, plan.total // _TRIED)
    try:
        for position in (*range(0, plan.total, stride), plan.total - 1):
            at(position)
    except TrainingError as error:
        return [ParameterProblem("expression", error.message)]
    return []


KINDS = (
    ScheduleKind(
        "LambdaLR",
        "Formula",
        "The learning rate times a formula.",
        _lambda,
        (
            Parameter(
                "expression",
                "text",
                "1 / (1 + epoch)",
                f"What the learning rate is multiplied by. It may name {_NAMES}.",
            ),
            by_choice("epochs"),
        ),
        ("LambdaLR",),
        check=_evaluated,
    ),
    ScheduleKind(
        "MultiplicativeLR",
        "Formula, again and again",
        "The rate is multiplied by a formula every time.",
        _multiplicative,
        (
            Parameter(
                "expression",
                "text",
                "0.95",
                f"What the rate so far is multiplied by. It may name {_NAMES}.",
            ),
            by_choice("epochs"),
        ),
        ("MultiplicativeLR",),
        check=_evaluated,
    ),
)
