"""The schedule of the learning rate as PyTorch's own scheduler, with the numbers that this training comes to."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import SGD

from core.expressions import names_in
from core.training.monitor import higher_is_better
from core.training.parameter_groups import ParameterGroup
from core.training.schedules import schedules
from core.training.schedules._kind import Plan, ScheduleKind
from core.training.session import Session

_FORMULAS = ("LambdaLR", "MultiplicativeLR")
_CYCLES = ("OneCycleLR", "CyclicLR")
_NOT_WRITTEN = ("optimizer", "last_epoch", "verbose", "self", "schedulers", "milestones")


@dataclass(frozen=True)
class WrittenSchedule:
    """Imports, functions, and the lines before the first epoch, after every step and after every epoch."""

    imports: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    after_step: tuple[str, ...] = ()
    after_epoch: tuple[str, ...] = ()


def written_schedule(session: Session, epochs: int, groups: Sequence[ParameterGroup]) -> WrittenSchedule:
    """Write the schedule of a session's training over so many epochs; nothing where the rate stays."""
    settings = session.project.training
    kind = schedules[settings.schedule]
    if kind.id == "constant":
        return WrittenSchedule()
    return _Writer(session, kind, epochs, groups).written()


class _Writer:
    """Writes one schedule."""

    def __init__(self, session: Session, kind: ScheduleKind, epochs: int, groups: Sequence[ParameterGroup]) -> None:
        settings = session.project.training
        self.kind, self.epochs = kind, epochs
        self.options = {each.name: each.default for each in kind.options} | dict(settings.schedule_options)
        batches = session.order().steps
        accumulate = 1 if session.optimizer_kind.closure else max(1, settings.accumulate)
        self.steps_per_epoch = -(-batches // accumulate)
        rises = higher_is_better(settings.monitor, session.network.objectives)
        self.plan = Plan(settings.learning_rate, self.steps_per_epoch, epochs, kind.unit(self.options), rises)
        optimizer = session.optimizer()
        self.several = len(getattr(optimizer, "parts", ())) > 1
        self.momentum = [name for name in ("betas", "momentum") if name in optimizer.param_groups[0]]
        self.guided = any(each.factor != 1.0 for each in groups)

    def written(self) -> WrittenSchedule:
        scheduler = self._made()
        text = self._text(scheduler)
        lines = [
            "def make_schedule(optimizer: torch.optim.Optimizer) -> LRScheduler:",
            '    """Return what moves the learning rate."""',
            *(f"    {line}" for line in f"return {text}".split("\n")),
        ]
        functions = [*self._formula(), "\n".join(lines), *self._guide()]
        names = sorted({"LRScheduler", *_classes(scheduler)})
        setup = self._setup()
        advance = ["schedule.step()"] if not self.several else ["for each in schedules:", "    each.step()"]
        if self.guided:
            advance = ["guide.step()", "schedule.step()", "follow(guide, optimizer)"]
        if self.kind.watches:
            advance = [
                line.replace(".step()", ".step(current)") if "guide.step" not in line else line for line in advance
            ]
            return WrittenSchedule(self._imports(names), tuple(functions), tuple(setup), (), tuple(advance))
        if self.plan.unit == "steps":
            return WrittenSchedule(
                self._imports(names),
                tuple(functions),
                (*setup, "taken = 1"),
                (f"if taken < {self.plan.total}:", *(f"    {line}" for line in advance), "taken += 1"),
            )
        return WrittenSchedule(
            self._imports(names),
            tuple(functions),
            tuple(setup),
            (),
            ("if epoch < EPOCHS:", *(f"    {line}" for line in advance)),
        )

    def _imports(self, names: Sequence[str]) -> tuple[str, ...]:
        return (f"from torch.optim.lr_scheduler import {', '.join(names)}",)

    def _made(self) -> Any:
        steered = SGD([torch.nn.Parameter(torch.zeros(1))], lr=self.plan.rate, momentum=0.9)
        return self.kind.make(steered, {k: v for k, v in self.options.items() if k != "count"}, self.plan)

    def _setup(self) -> list[str]:
        if self.several:
            return ["schedules = [make_schedule(each) for each in optimizers]"]
        if not self.guided:
            return ["schedule = make_schedule(optimizer)"]
        return [
            "guide = torch.optim.SGD([torch.zeros(1)], lr=LEARNING_RATE, momentum=0.9)",
            "schedule = make_schedule(guide)",
            "follow(guide, optimizer)",
        ]

    def _guide(self) -> list[str]:
        """Layers with a factor of their own follow a rate that no weight is trained with."""
        if not self.guided:
            return []
        lines = [
            "def follow(guide: torch.optim.Optimizer, optimizer: torch.optim.Optimizer) -> None:",
            '    """Set every group\'s rate to that of the guide times the group\'s factor."""',
            "    for group, factor in zip(optimizer.param_groups, FACTORS, strict=True):",
            '        group["lr"] = guide.param_groups[0]["lr"] * factor',
        ]
        if self.kind.id in _CYCLES and self.options["cycle_momentum"] and self.momentum:
            momentum = 'guide.param_groups[0]["momentum"]'
            value = f'({momentum}, *group["betas"][1:])' if self.momentum[0] == "betas" else momentum
            lines.append(f'        group["{self.momentum[0]}"] = {value}')
        return ["\n".join(lines)]

    # --- the scheduler ------------------------------------------------------------------------------------------------

    def _text(self, scheduler: Any) -> str:
        name = type(scheduler).__name__
        if name == "SequentialLR":
            if not scheduler._milestones:
                return self._text(scheduler._schedulers[0])
            parts = "".join(f"        {self._text(each)},\n" for each in scheduler._schedulers)
            return f"SequentialLR(\n    optimizer,\n    [\n{parts}    ],\n    {list(scheduler._milestones)},\n)"
        if name == "ChainedScheduler":
            parts = "".join(f"        {self._text(each)},\n" for each in scheduler._schedulers)
            return f"ChainedScheduler(\n    [\n{parts}    ],\n    optimizer,\n)"
        if name in _FORMULAS:
            return f"{name}(optimizer, factor)"
        if name in _CYCLES:
            return self._cycle(name)
        arguments = ", ".join(f"{key}={value!r}" for key, value in _attributes(scheduler).items())
        return f"{name}(optimizer, {arguments})"

    def _cycle(self, name: str) -> str:
        options = dict(self.options)
        options.pop("count", None)
        if not self.momentum and not self.guided:
            options["cycle_momentum"] = False
        if name == "OneCycleLR":
            rising = float(options["pct_start"])
            options["pct_start"] = rising * (1.0 - 1e-9) if rising * self.plan.total == 1 else rising
            first = f"LEARNING_RATE, {self.plan.total}"
        else:
            lowest = options.pop("base_lr")
            first = f"{0.1 * self.plan.rate if lowest is None else lowest!r}, LEARNING_RATE"
            options["step_size_up"] = options["step_size_up"] or self.plan.share(1 / 8, 1)
        made: Any = getattr(torch.optim.lr_scheduler, name)
        defaults = {key: each.default for key, each in inspect.signature(made.__init__).parameters.items()}
        given = [f"{key}={value!r}" for key, value in options.items() if defaults.get(key) != value]
        return f"{name}(optimizer, {first}{''.join(f', {each}' for each in given)})"

    def _formula(self) -> list[str]:
        if self.kind.id == "inverse_square_root":
            warm_up = max(1, self.plan.share(self.options["warm_up"]))
            return [
                "def factor(step: int) -> float:\n"
                '    """Rise along a line, then fall with the root of the steps."""\n'
                f"    return min((step + 1) / {warm_up}, math.sqrt({warm_up} / (step + 1)))"
            ]
        if self.kind.id not in _FORMULAS:
            return []
        expression = str(self.options["expression"]).strip()
        used = names_in(expression)
        steps = max(1, self.epochs * self.steps_per_epoch)
        position = "position" if self.plan.unit == "steps" else f"position * {self.steps_per_epoch}"
        values: Mapping[str, str] = {
            "epoch": f"step // {self.steps_per_epoch}",
            "steps": str(steps),
            "epochs": "EPOCHS",
            "progress": f"min(1.0, step / {steps})",
        }
        lines = [f"    {name} = {value}" for name, value in values.items() if name in used]
        if used & {"step", "epoch", "progress"}:
            lines.insert(0, f"    step = {position}")
        doc = '    """Return what the learning rate is multiplied by."""'
        return ["\n".join(["def factor(position: int) -> float:", doc, *lines, f"    return {expression}"])]


def _attributes(scheduler: Any) -> dict[str, Any]:
    """Return the arguments of a scheduler's constructor that differ from PyTorch's own."""
    found = {}
    for name, each in inspect.signature(type(scheduler).__init__).parameters.items():
        value = getattr(scheduler, name, each.default)
        if name == "milestones":
            value = sorted(scheduler.milestones.elements())
        elif name in _NOT_WRITTEN:
            continue
        if name == "min_lr":
            value = scheduler.min_lrs[0]
        if value != each.default:
            found[name] = value
    return found


def _classes(scheduler: Any) -> list[str]:
    inner: Sequence[Any] = getattr(scheduler, "_schedulers", ())
    if type(scheduler).__name__ == "SequentialLR" and len(inner) == 1:
        return _classes(inner[0])
    return [type(scheduler).__name__, *(name for each in inner for name in _classes(each))]
