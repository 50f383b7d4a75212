"""The curve that decides: which there are, what is best, when patience ends."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
import torch

from core.errors import TrainingError
from core.graph.project import Project, Split
from core.training.check import check_project
from core.training.monitor import Monitor, available_curves, higher_is_better
from core.training.objective import OutputObjective
from tests.training.building import moons, settings_with, with_training


def _project(**settings: object) -> Project:
    project = moons(2)
    nodes = project.graph.nodes
    out = replace(nodes["out"], params={**nodes["out"].params, "metrics": ("accuracy",)})
    return with_training(replace(project, graph=replace(project.graph, nodes={**nodes, "out": out})), **settings)


def _objectives() -> tuple[OutputObjective, ...]:
    return check_project(_project()).objectives


def _watch(curve: str, values: list[float], **settings: object) -> tuple[Monitor, list[bool]]:
    monitor = Monitor(settings_with(monitor=curve, **settings), _objectives())
    part, _, name = curve.partition("/")
    told = []
    for epoch, value in enumerate(values, 1):
        given = {"loss": 0.0, name: value}
        told.append(monitor.update(epoch, given if part == "training" else {"loss": 0.0}, given))
    return monitor, told


def test_all_curves_of_both_parts_are_offered() -> None:
    assert available_curves(_objectives()) == (
        "validation/loss",
        "validation/out/loss",
        "validation/out/accuracy",
        "training/loss",
        "training/out/loss",
        "training/out/accuracy",
    )
    assert all(each.startswith("training/") for each in available_curves(_objectives(), validation=False))


def test_the_direction_is_that_of_the_metric() -> None:
    objectives = _objectives()
    assert [higher_is_better(each, objectives) for each in available_curves(objectives)] == [False, False, True] * 2


def test_the_lowest_loss_and_the_highest_accuracy_are_best() -> None:
    monitor, told = _watch("validation/loss", [3.0, 2.0, 2.5, 1.9])
    assert (told, monitor.best, monitor.best_epoch) == ([True, True, False, True], 1.9, 4)
    monitor, told = _watch("training/out/accuracy", [0.3, 0.2, 0.5])
    assert (told, monitor.best, monitor.best_epoch, monitor.current) == ([True, False, True], 0.5, 3, 0.5)


def test_without_a_choice_the_loss_of_validation_decides_else_that_of_training() -> None:
    monitor = Monitor(settings_with(), _objectives())
    monitor.update(1, {"loss": 5.0}, {"loss": 2.0})
    assert monitor.best == 2.0
    monitor = Monitor(settings_with(), _objectives())
    monitor.update(1, {"loss": 5.0}, {})
    assert monitor.best == 5.0


def test_patience_ends_after_so_many_epochs_without_an_improvement() -> None:
    monitor, _told = _watch("validation/loss", [2.0, 2.0, 2.1], patience=3)
    assert not monitor.exhausted
    monitor.update(4, {"loss": 9.0}, {"loss": 2.0})
    assert monitor.exhausted
    monitor.forgive()
    assert not monitor.exhausted
    assert not _watch("validation/loss", [1.0] * 50, patience=0)[0].exhausted


def test_small_improvements_are_best_but_do_not_renew_the_patience() -> None:
    monitor, told = _watch("validation/loss", [2.0, 1.95, 1.92], patience=2, min_delta=0.1)
    assert told == [True, True, True]
    assert (monitor.best, monitor.exhausted) == (1.92, True)
    monitor, _told = _watch("validation/loss", [2.0, 1.95, 1.89], patience=2, min_delta=0.1)
    assert not monitor.exhausted


def test_nan_is_never_an_improvement() -> None:
    monitor, told = _watch("validation/out/accuracy", [math.nan, 0.1, math.nan], patience=2)
    assert (told, monitor.best, monitor.exhausted) == ([False, True, False], 0.1, False)


def test_a_monitor_goes_on_from_a_stored_state() -> None:
    values = [2.0, 1.95, 1.9, 1.89, 1.89]
    whole, told = _watch("validation/loss", values, patience=3, min_delta=0.2)
    first, _told = _watch("validation/loss", values[:2], patience=3, min_delta=0.2)
    buffer = io.BytesIO()
    torch.save(first.state(), buffer)
    buffer.seek(0)
    second, _told = _watch("validation/loss", [], patience=3, min_delta=0.2)
    second.load_state(torch.load(buffer, weights_only=True))
    rest = [second.update(epoch, {"loss": 0.0}, {"loss": value}) for epoch, value in enumerate(values[2:], 3)]
    assert rest == told[2:]
    assert second.state() == whole.state()
    assert second.exhausted


def test_a_curve_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(TrainingError, match="validation/out/accuracy"):
        _watch("validation/out/acuracy", [])[0].update(1, {"loss": 1.0}, {"loss": 1.0, "out/accuracy": 0.5})


def test_the_check_names_an_unknown_curve_and_offers_known_ones() -> None:
    (problem,) = check_project(_project(monitor="validation/digit/accuracy")).problems
    assert problem.parameter == "monitor"
    assert [each.label for each in problem.fixes] == ["Monitor 'validation/out/accuracy'", "Monitor the loss"]
    for fix in problem.fixes:
        assert check_project(fix.edit.apply(_project())).ok


def test_validation_cannot_be_monitored_where_there_is_none() -> None:
    project = _project(monitor="validation/out/accuracy")
    project = replace(project, data=replace(project.data, split=Split(validation=0.0)))
    (problem,) = [each for each in check_project(project).problems if each.parameter == "monitor"]
    assert "no part for validation" in problem.message
    fixed = problem.fixes[0].edit.apply(project)
    assert fixed.training.monitor == "training/out/accuracy"
    assert check_project(fixed).ok
