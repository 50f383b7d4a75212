"""What ``--set`` changes in a project before it is trained: its variables, its training settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

from core.cli.command import UsageError
from core.errors import LayerwrightError, did_you_mean
from core.expressions import evaluate
from core.graph.project import Project, TrainingSettings
from core.kinds import Parameter

_OPTIONS = {"optimizer_options": "optimizer", "schedule_options": "schedule"}
"""Settings that hold options, and the setting that says whose."""
_LOGGER_OPTIONS = "logger_options"
_SETTINGS = {
    name: kind
    for name, kind in get_type_hints(TrainingSettings).items()
    if name not in _OPTIONS and name != _LOGGER_OPTIONS
}
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def override(project: Project, assignments: Iterable[str]) -> Project:
    """Return the project with each ``NAME=VALUE`` applied, in their order.

    NAME is a project variable, else a training setting, else an option of the optimizer; numbers may be expressions.

    Raises:
        UsageError: an assignment has no ``=``, names nothing that exists, or its value does not fit; all at once.
    """
    problems: list[str] = []
    changed: set[str] = set()
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        try:
            if not equals or not value:
                raise ValueError("expected NAME=VALUE.")
            if name in project.variables:
                number = evaluate(value, project.variables)
                project = replace(project, variables={**project.variables, name: number})
            else:
                project = replace(project, training=_assigned(project, name, value))
                changed.add(name)
        except (ValueError, LayerwrightError) as error:
            problems.append(f"{assignment}: {error}")
    problems += _doubts(project, changed)
    if problems:
        raise UsageError("--set cannot be applied.", problems=problems)
    return project


def _assigned(project: Project, name: str, value: str) -> TrainingSettings:
    training = project.training
    if name in _SETTINGS:
        changed = replace(training, **{name: _read(name, value, project)})
        return _with_fitting_options(changed, name)
    for held, whose in _OPTIONS.items():
        chosen = getattr(training, whose)
        for option in _options(whose, chosen):
            if name in (option.name, f"{whose}.{option.name}"):
                from core.parameters import parse_value

                options: Any = {**getattr(training, held), option.name: parse_value(option, value)}
                return replace(training, **{held: options})
    logger, _, wanted = name.partition(".")
    told = _with_logger_option(training, logger, wanted, value)
    if told is not None:
        return told
    others = [each.name for whose in _OPTIONS.values() for each in _options(whose, getattr(training, whose))]
    known = (*project.variables, *_SETTINGS, *others)
    hint = did_you_mean(name, known) or f" There are: {', '.join(known)}."
    raise ValueError(f"there is no variable or setting of that name.{hint}")


def _with_logger_option(training: TrainingSettings, logger: str, option: str, value: str) -> TrainingSettings | None:
    """Return the settings with an option of a logger (``mlflow.experiment``); None where there is no such thing."""
    from core.parameters import parse_value
    from core.training.loggers import loggers

    kind = loggers.find(logger)
    found = next((each for each in kind.parameters if each.name == option), None) if kind is not None else None
    if found is None:
        return None
    options = {**training.logger_options.get(logger, {}), option: parse_value(found, value)}
    return replace(training, logger_options={**training.logger_options, logger: options})


def _read(name: str, value: str, project: Project) -> Any:
    """Return what a text says as a value of the setting's type; the check says what else may be wrong with it."""
    kind = _SETTINGS[name]
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            hint = did_you_mean(value, get_args(kind))
            raise ValueError(f"{name} is one of {', '.join(get_args(kind))}, not '{value}'.{hint}")
        return value
    if kind is bool:
        if value.lower() not in _SWITCH:
            raise ValueError(f"{name} is true or false, not '{value}'.")
        return _SWITCH[value.lower()]
    if kind is str:
        return value
    if name == "loggers":
        return _loggers(value)
    number = evaluate(value, project.variables)
    if kind is int and not isinstance(number, int):
        raise ValueError(f"{name} must be a whole number, not {number}.")
    return number if kind is int else float(number)


def _loggers(value: str) -> tuple[str, ...]:
    """Return the loggers in a list with commas; "none" is an empty one."""
    from core.training.loggers import loggers

    names = () if value == "none" else tuple(part.strip() for part in value.split(",") if part.strip())
    for name in names:
        if name not in loggers:
            hint = did_you_mean(name, loggers.entries)
            raise ValueError(f"there is no logger '{name}'.{hint} There are: {', '.join(loggers.entries)}.")
    return names


def _with_fitting_options(training: TrainingSettings, name: str) -> TrainingSettings:
    """Drop the options of another optimizer or schedule, where that was chosen."""
    for held, whose in _OPTIONS.items():
        if whose == name:
            fitting = {each.name for each in _options(whose, getattr(training, whose))}
            kept: Any = {option: value for option, value in getattr(training, held).items() if option in fitting}
            return replace(training, **{held: kept})
    return training


def _options(whose: str, chosen: str) -> tuple[Parameter, ...]:
    if whose == "schedule":
        from core.training.schedules import schedules

        return schedules[chosen].options
    from core.training.optimizers import optimizers
    from core.training.options import options_of

    return options_of(optimizers[chosen])


def _doubts(project: Project, changed: set[str]) -> list[str]:
    """Return what the project's check says about the settings that were changed."""
    if not changed:
        return []
    from core.training.check import check_project

    found = check_project(project).problems
    return [each.message for each in found if each.severity == "error" and not each.node and each.parameter in changed]
