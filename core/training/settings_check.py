"""The check of how the network is to be trained: every setting by itself, and those that do not go together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Literal, get_args, get_origin, get_type_hints

from core.errors import did_you_mean
from core.graph.edits import SetTraining
from core.graph.project import Project, TrainingSettings
from core.kinds import Value
from core.model.problems import Fix, Problem
from core.model.reports import ShapeReport
from core.parameters import ParameterProblem, check_named
from core.training.choices import impossible
from core.training.loggers import loggers
from core.training.monitor import monitor_problems
from core.training.objective import OutputObjective
from core.training.optimizers import optimizers
from core.training.options import check_options
from core.training.schedules import schedules
from core.training.schedules._kind import Plan

_STEPS_TO_TRY = 100
"""Steps in an epoch that a formula is tried with: how many there are is known once the data is read."""

_RANGES: tuple[tuple[str, Callable[[float], bool], str, Value], ...] = (
    ("batch_size", lambda value: value >= 1, "must be at least 1", 32),
    ("epochs", lambda value: value >= 1, "must be at least 1", 20),
    ("accumulate", lambda value: value >= 1, "must be at least 1", 1),
    ("seed", lambda value: 0 <= value < 2**63, "must be from 0 to 2**63 - 1", 0),
    ("patience", lambda value: value >= 0, "must be at least 0 (0: never stop early)", 0),
    ("min_delta", lambda value: 0 <= value < math.inf, "must be a number of at least 0", 0.0),
    ("clip_at", lambda value: 0 < value < math.inf, "must be a number above 0", 1.0),
    ("average_decay", lambda value: 0 < value < 1, "must be between 0 and 1, both excluded", 0.999),
    ("average_start", lambda value: 0 <= value < 1, "must be from 0 to below 1: a share of the epochs", 0.75),
)
"""By setting: what is allowed, how that is said, and what to set instead."""


def setting_problems(project: Project, shapes: ShapeReport, objectives: Sequence[OutputObjective]) -> Iterator[Problem]:
    """Yield all that is wrong with the training settings, with the edit that puts it right where there is one."""
    training = project.training
    yield from _rate_problems(training)
    for name, allowed, rule, instead in _RANGES:
        value = getattr(training, name)
        if not allowed(value):
            message = f"{name} {rule}, not {value}."
            yield Problem("error", message, parameter=name, fixes=(_set(training, name, instead),))
    yield from _word_problems(training)
    yield from _precision_problems(training)
    yield from _optimizer_problems(project, shapes)
    yield from _schedule_problems(training)
    yield from _logger_problems(training)
    yield from monitor_problems(project, objectives)


def _set(training: TrainingSettings, name: str, value: Value) -> Fix:
    return Fix(f"Set {name} to {value}", SetTraining(replace(training, **{name: value})))


def _rate_problems(training: TrainingSettings) -> Iterator[Problem]:
    rate = training.learning_rate
    if math.isfinite(rate) and rate > 0:
        return
    kind = optimizers.find(training.optimizer)
    fixes = (_set(training, "learning_rate", kind.learning_rate),) if kind else ()
    message = f"The learning rate must be above 0, not {rate}."
    yield Problem("error", message, parameter="learning_rate", fixes=fixes)


def _logger_problems(training: TrainingSettings) -> Iterator[Problem]:
    """Yield what is wrong with loggers and their options; none of it keeps a network from being trained."""
    for name in training.loggers:
        kind = loggers.find(name)
        if kind is None:
            message = f"There is no logger '{name}'.{did_you_mean(name, loggers.entries)}"
            left = tuple(each for each in training.loggers if each != name)
            fix = Fix("Do without it", SetTraining(replace(training, loggers=left)))
            yield Problem("warning", message, parameter="loggers", fixes=(fix,))
            continue
        for problem in check_named(kind.title, kind.parameters, training.logger_options.get(name, {})):
            yield Problem("warning", problem.message, parameter=f"logger_options.{name}.{problem.name}")


def _word_problems(training: TrainingSettings) -> Iterator[Problem]:
    """Yield settings that are none of the words they may be."""
    for name, words in _words().items():
        value = getattr(training, name)
        if value not in words:
            listed = ", ".join(words)
            message = f"{name} must be one of {listed}, not '{value}'.{did_you_mean(str(value), words)}"
            yield Problem("error", message, parameter=name, fixes=(_set(training, name, words[0]),))


@cache
def _words() -> dict[str, tuple[str, ...]]:
    """Return by setting the words that it may be."""
    hints = get_type_hints(TrainingSettings)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def _precision_problems(training: TrainingSettings) -> Iterator[Problem]:
    if training.precision != "float16":
        return
    if training.device == "cpu":
        where = "this project trains on the CPU"
    elif training.device == "auto" and _no_gpu():
        where = "PyTorch finds no GPU here"
    else:
        return
    message = f"float16 is for GPUs, and {where}: choose bfloat16, or float32, which is mostly faster there."
    fixes = tuple(_set(training, "precision", each) for each in ("float32", "bfloat16"))
    yield Problem("error", message, parameter="precision", fixes=fixes)


def _no_gpu() -> bool:
    from core.training.devices import available_devices

    return available_devices() == ("cpu",)


def _optimizer_problems(project: Project, shapes: ShapeReport) -> Iterator[Problem]:
    training = project.training
    kind = optimizers.find(training.optimizer)
    if kind is None:
        hint = did_you_mean(training.optimizer, [each.id for each in optimizers])
        yield Problem("error", f"There is no optimizer '{training.optimizer}'.{hint}", parameter="optimizer")
        return
    if training.optimizer_options:
        for each in check_options(kind, training.optimizer_options):
            yield Problem("error", each.message, parameter=each.name)
    reason = impossible(kind, project, shapes)
    if reason:
        other = replace(training, optimizer="AdamW", optimizer_options={}, learning_rate=1e-3)
        yield Problem("error", reason, parameter="optimizer", fixes=(Fix("Use AdamW", SetTraining(other)),))


def _schedule_problems(training: TrainingSettings) -> Iterator[Problem]:
    kind = schedules.find(training.schedule)
    if kind is None:
        hint = did_you_mean(training.schedule, [each.id for each in schedules])
        constant = SetTraining(replace(training, schedule="constant", schedule_options={}))
        message = f"There is no schedule '{training.schedule}'.{hint}"
        fixes = (Fix("Keep the rate constant", constant),)
        yield Problem("error", message, parameter="schedule", fixes=fixes)
        return
    for each in schedule_problems(training):
        yield Problem("error", each.message, parameter=f"schedule_options.{each.name}")


def schedule_problems(training: TrainingSettings) -> list[ParameterProblem]:
    """Return what is wrong with the options of a known schedule."""
    kind = schedules[training.schedule]
    problems = check_named(kind.title, kind.options, training.schedule_options)
    if problems or kind.check is None or training.epochs < 1:
        return problems
    values = {each.name: each.default for each in kind.options} | dict(training.schedule_options)
    return kind.check(values, Plan(training.learning_rate, _STEPS_TO_TRY, training.epochs, kind.unit(values)))
