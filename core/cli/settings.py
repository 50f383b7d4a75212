"""What ``--set`` changes in a project before it is trained: its variables, its training settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from core.cli.command import UsageError
from core.errors import LayerwrightError, did_you_mean
from core.expressions import evaluate
from core.graph.project import Project, TrainingSettings
from core.kinds import Parameter

_NUMBERS = ("learning_rate", "batch_size", "epochs", "seed")
_WHOLE = frozenset({"batch_size", "epochs", "seed"})


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
    if name in _NUMBERS:
        number = evaluate(value, project.variables)
        if name in _WHOLE and not isinstance(number, int):
            raise ValueError(f"{name} must be a whole number, not {number}.")
        change: dict[str, Any] = {name: number if name in _WHOLE else float(number)}
        return replace(training, **change)
    if name == "optimizer":
        options = {each.name for each in _options(value)}
        kept = {option: each for option, each in training.optimizer_options.items() if option in options}
        return replace(training, optimizer=value, optimizer_options=kept)
    for option in _options(training.optimizer):
        if option.name == name:
            from core.parameters import parse_value

            return replace(training, optimizer_options={**training.optimizer_options, name: parse_value(option, value)})
    known = (*project.variables, *_NUMBERS, "optimizer", *(each.name for each in _options(training.optimizer)))
    hint = did_you_mean(name, known) or f" There are: {', '.join(known)}."
    raise ValueError(f"there is no variable or setting of that name.{hint}")


def _options(optimizer: str) -> tuple[Parameter, ...]:
    from core.training.optimizers import optimizers
    from core.training.options import options_of

    return options_of(optimizers[optimizer])


def _doubts(project: Project, changed: set[str]) -> list[str]:
    """Return what the project's check says about the settings that were changed."""
    if not changed:
        return []
    from core.training.check import check_project

    found = check_project(project).problems
    return [each.message for each in found if each.severity == "error" and not each.node and each.parameter in changed]
