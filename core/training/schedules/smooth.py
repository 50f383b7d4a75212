"""Schedules that fall along a curve over the whole training, alone or after a warm-up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.kinds import Parameter, Value
from core.parameters import ParameterProblem
from core.training.schedules._kind import Plan, ScheduleKind, by_choice, length, rate, share

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

_LEAST_START = 1e-6
"""The smallest share that torch's linear schedule can start from, for a warm-up that is to start from 0."""


def _linear(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import LinearLR

    return LinearLR(optimizer, options["start_factor"], options["end_factor"], options["total_iters"] or plan.total)


def _polynomial(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import PolynomialLR

    return PolynomialLR(optimizer, options["total_iters"] or plan.total, options["power"])


def _cosine(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import CosineAnnealingLR

    return CosineAnnealingLR(optimizer, options["T_max"] or plan.total, options["eta_min"])


def _restarts(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

    multiple = options["T_mult"]
    parts = 3 if multiple == 1 else 1 + multiple
    return CosineAnnealingWarmRestarts(
        optimizer, options["T_0"] or math.ceil(plan.total / parts), multiple, options["eta_min"]
    )


# --- with a warm-up ---------------------------------------------------------------------------------------------------


def _warm_up(optimizer: Optimizer, steps: int, start: float) -> LRScheduler:
    from torch.optim.lr_scheduler import LinearLR

    return LinearLR(optimizer, max(start, _LEAST_START), 1.0, steps)


def _one_after_another(optimizer: Optimizer, parts: Sequence[tuple[LRScheduler, int]]) -> LRScheduler:
    """Join schedules, each with the number of steps that it lasts; those of no length are left out."""
    from torch.optim.lr_scheduler import SequentialLR

    lasting = [(each, steps) for each, steps in parts if steps > 0]
    ends = [sum(steps for _each, steps in lasting[: count + 1]) for count in range(len(lasting) - 1)]
    return SequentialLR(optimizer, [each for each, _steps in lasting], ends)


def _warm_up_cosine(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import CosineAnnealingLR

    warm_up = min(plan.share(options["warm_up"]), plan.total - 1)
    rest = plan.total - warm_up
    parts = [(_warm_up(optimizer, warm_up, options["start"]), warm_up)] if warm_up else []
    falling = CosineAnnealingLR(optimizer, rest, options["end"] * plan.rate)
    return _one_after_another(optimizer, [*parts, (falling, rest)])


def _warm_up_stable_decay(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import ConstantLR, LinearLR

    warm_up = min(plan.share(options["warm_up"]), plan.total - 1)
    decay = min(plan.share(options["decay"]), plan.total - warm_up)
    parts = [(_warm_up(optimizer, warm_up, options["start"]), warm_up)] if warm_up else []
    parts.append((ConstantLR(optimizer, 1.0, 0), plan.total - warm_up - decay))
    if decay:
        parts.append((LinearLR(optimizer, 1.0, options["end"], decay), decay))
    return _one_after_another(optimizer, parts)


def _warm_up_step(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import ChainedScheduler, StepLR

    warm_up = min(plan.share(options["warm_up"]), plan.total - 1)
    parts: list[LRScheduler] = [_warm_up(optimizer, warm_up, options["start"])] if warm_up else []
    parts.append(StepLR(optimizer, max(1, math.ceil(plan.total / options["parts"])), options["gamma"]))
    return ChainedScheduler(parts, optimizer)


def _inverse_root(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    """Rise along a line, then fall with the root of the steps: Vaswani et al., "Attention Is All You Need", 2017."""
    from torch.optim.lr_scheduler import LambdaLR

    warm_up = max(1, plan.share(options["warm_up"]))
    return LambdaLR(optimizer, lambda step: min((step + 1) / warm_up, math.sqrt(warm_up / (step + 1))))


def _together_too_long(options: Mapping[str, Value], _plan: Plan) -> list[ParameterProblem]:
    if options["warm_up"] + options["decay"] <= 1:
        return []
    message = "warm_up and decay are shares of the same training: together they must not be more than 1."
    return [ParameterProblem("decay", message)]


_WARM_UP = share("warm_up", 0.05, "The share of the training in which the rate rises to its full height.")
_START = share("start", 0.01, "The share of the rate to begin the warm-up with.")
_END = share("end", 0.0, "The share of the rate that is left at the end.")

KINDS = (
    ScheduleKind(
        "warm_up_cosine",
        "Warm-up + cosine",
        "The rate rises along a line, then falls along half a cosine. The usual choice for transformers.",
        _warm_up_cosine,
        (_WARM_UP, _START, _END),
        ("SequentialLR", "LinearLR", "CosineAnnealingLR"),
        counts="steps",
        common=True,
    ),
    ScheduleKind(
        "warm_up_stable_decay",
        "Warm-up – stable – decay",
        "The rate rises, stays for most of the training, and falls along a line at the end.",
        _warm_up_stable_decay,
        (_WARM_UP, share("decay", 0.2, "The share of the training in which the rate falls."), _START, _END),
        ("SequentialLR", "LinearLR", "ConstantLR"),
        counts="steps",
        common=True,
        check=_together_too_long,
    ),
    ScheduleKind(
        "warm_up_step",
        "Warm-up + steps",
        "The rate rises along a line and falls by a factor after equal parts of the training.",
        _warm_up_step,
        (
            _WARM_UP,
            _START,
            Parameter("parts", "int", 3, "Into how many equal parts the training is divided.", minimum=1, unit="parts"),
            Parameter(
                "gamma", "float", 0.1, "What the rate is multiplied by after each.", minimum=0, exclusive=True, unit="×"
            ),
        ),
        ("ChainedScheduler", "LinearLR", "StepLR"),
        counts="steps",
    ),
    ScheduleKind(
        "inverse_square_root",
        "Inverse square root",
        "The rate rises along a line, then falls with the square root of the steps, however long training is.",
        _inverse_root,
        (_WARM_UP,),
        ("LambdaLR",),
        counts="steps",
        common=True,
    ),
    ScheduleKind(
        "PolynomialLR",
        "Polynomial",
        "The rate falls to 0 along a line, or along a power of it.",
        _polynomial,
        (
            length("total_iters", "How long the rate falls; empty: the whole training."),
            Parameter("power", "float", 1.0, "1 is a line, 2 falls fast and ends slowly.", minimum=0, exclusive=True),
            by_choice("steps"),
        ),
        ("PolynomialLR",),
        common=True,
    ),
    ScheduleKind(
        "CosineAnnealingLR",
        "Cosine",
        "The rate falls along half a cosine.",
        _cosine,
        (
            length("T_max", "How long the rate falls, before it would rise again; empty: the whole training."),
            rate("eta_min", "The lowest rate."),
            by_choice("steps"),
        ),
        ("CosineAnnealingLR",),
        common=True,
    ),
    ScheduleKind(
        "CosineAnnealingWarmRestarts",
        "Cosine with restarts",
        "The rate falls along half a cosine again and again, from its full height every time.",
        _restarts,
        (
            length("T_0", "How long the first fall is; empty: so that the training ends with a whole one."),
            Parameter("T_mult", "int", 1, "How much longer each fall is than the one before.", minimum=1, unit="×"),
            rate("eta_min", "The lowest rate."),
            by_choice("steps"),
        ),
        ("CosineAnnealingWarmRestarts",),
        common=True,
    ),
    ScheduleKind(
        "LinearLR",
        "Linear",
        "The rate goes along a line from one share to another, then stays.",
        _linear,
        (
            Parameter(
                "start_factor",
                "float",
                1 / 3,
                "The share of the rate at the start.",
                minimum=_LEAST_START,
                maximum=1,
                unit="0–1",
            ),
            share("end_factor", 1.0, "The share of the rate at the end."),
            length("total_iters", "How long it takes; empty: the whole training."),
            by_choice("epochs"),
        ),
        ("LinearLR",),
    ),
)
