"""Schedules that rise and fall, with the momentum against the rate where the optimizer has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.kinds import Parameter, Value
from core.parameters import ParameterProblem
from core.training.schedules._kind import Plan, ScheduleKind, by_choice, factor, length, rate, share

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

_NUDGE = 1.0 - 1e-9
_HALF = 0.5
_LOWEST = 0.1
"""The share of the learning rate that a cycle starts from where nothing else is said."""


def _one_cycle(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import OneCycleLR

    rising = float(options["pct_start"])
    if rising * plan.total == 1:
        rising *= _NUDGE  # torch divides by the length of the rise, which would be no step at all
    more = {name: options[name] for name in options.keys() - {"pct_start"}}
    return OneCycleLR(optimizer, plan.rate, plan.total, pct_start=rising, **more)


def _three_phases(options: Mapping[str, Value], _plan: Plan) -> list[ParameterProblem]:
    if not options["three_phase"] or options["pct_start"] <= _HALF:
        return _momentums(options)
    message = "with three_phase the rate falls as long as it rose: pct_start must be at most 0.5."
    return [ParameterProblem("pct_start", message), *_momentums(options)]


def _cyclic(optimizer: Optimizer, options: Mapping[str, Any], plan: Plan) -> LRScheduler:
    from torch.optim.lr_scheduler import CyclicLR

    lowest = options["base_lr"]
    return CyclicLR(
        optimizer,
        _LOWEST * plan.rate if lowest is None else lowest,
        plan.rate,
        options["step_size_up"] or plan.share(1 / 8, 1),
        options["step_size_down"],
        options["mode"],
        options["gamma"],
        cycle_momentum=options["cycle_momentum"],
        base_momentum=options["base_momentum"],
        max_momentum=options["max_momentum"],
    )


def _lowest_below(options: Mapping[str, Value], plan: Plan) -> list[ParameterProblem]:
    lowest = options["base_lr"]
    if lowest is None or lowest <= plan.rate:
        return _momentums(options)
    message = f"base_lr is the lowest rate of a cycle: it must not be above the learning rate, {plan.rate:g}."
    return [ParameterProblem("base_lr", message), *_momentums(options)]


def _momentums(options: Mapping[str, Value]) -> list[ParameterProblem]:
    problems = []
    for name in ("base_momentum", "max_momentum"):
        if options[name] >= 1:
            problems.append(ParameterProblem(name, f"{name} must be below 1, not {options[name]}."))
    if options["base_momentum"] > options["max_momentum"]:
        problems.append(ParameterProblem("base_momentum", "base_momentum must not be above max_momentum."))
    return problems


def _momentum_options(lowest: float, highest: float) -> tuple[Parameter, ...]:
    text = "Let the momentum (of Adam: beta1) fall while the rate rises. Nothing happens where there is none."
    return (
        Parameter("cycle_momentum", "bool", True, text),
        share("base_momentum", lowest, "The momentum at the highest rate."),
        share("max_momentum", highest, "The momentum at the lowest rate."),
    )


KINDS = (
    ScheduleKind(
        "OneCycleLR",
        "1cycle",
        "The rate rises to its height and falls far below its start, once. Allows high rates and short training.",
        _one_cycle,
        (
            share("pct_start", 0.3, "The share of the training in which the rate rises."),
            Parameter("anneal_strategy", "choice", "cos", "The form of rise and fall.", choices=("cos", "linear")),
            *_momentum_options(0.85, 0.95),
            factor("div_factor", 25.0, "How many times smaller the rate is at the start."),
            factor("final_div_factor", 1e4, "How many times smaller than at the start the rate is at the end."),
            Parameter("three_phase", "bool", False, "Fall back to the start first, and only then to the end."),
        ),
        ("OneCycleLR",),
        counts="steps",
        common=True,
        check=_three_phases,
    ),
    ScheduleKind(
        "CyclicLR",
        "Cyclic",
        "The rate goes up and down between two bounds; the upper one is the learning rate.",
        _cyclic,
        (
            rate("base_lr", "The lower bound; empty: a tenth of the learning rate.", None),
            length("step_size_up", "How long a rise is; empty: an eighth of the training."),
            length("step_size_down", "How long a fall is; empty: as long as the rise."),
            Parameter(
                "mode",
                "choice",
                "triangular",
                "'triangular' keeps the height, 'triangular2' halves it with every cycle, 'exp_range' lets it fall by "
                "gamma with every step.",
                choices=("triangular", "triangular2", "exp_range"),
            ),
            factor("gamma", 1.0, "For 'exp_range': what the height is multiplied by every time."),
            *_momentum_options(0.8, 0.9),
            by_choice("steps"),
        ),
        ("CyclicLR",),
        check=_lowest_below,
    ),
)
