"""Every training setting that makes no sense is said, with a way out."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from core.model.problems import Problem
from core.training.check import check_project
from tests.training.building import digits, moons, with_params, with_training


def _problems(**settings: Any) -> list[Problem]:
    return [each for each in check_project(with_training(moons(), **settings)).problems if each.severity == "error"]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("learning_rate", 0.0, "above 0"),
        ("learning_rate", math.nan, "above 0"),
        ("batch_size", 0, "at least 1"),
        ("epochs", 0, "at least 1"),
        ("accumulate", 0, "at least 1"),
        ("seed", -1, "from 0"),
        ("patience", -1, "at least 0"),
        ("min_delta", -0.1, "at least 0"),
        ("min_delta", math.inf, "at least 0"),
        ("clip_at", 0.0, "above 0"),
        ("clip_at", math.nan, "above 0"),
        ("average_decay", 1.0, "between 0 and 1"),
        ("average_decay", 0.0, "between 0 and 1"),
        ("average_start", 1.0, "below 1"),
        ("average_start", -0.5, "below 1"),
        ("clip", "norms", "did you mean 'norm'"),
        ("precision", "bf16", "one of float32, bfloat16, float16"),
        ("average", "mean", "one of none, ema, swa"),
        ("optimizer", "Adem", "did you mean 'Adam'"),
        ("optimizer", "SparseAdam", "sparse gradients"),
        ("schedule", "StepLr", "did you mean 'StepLR'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(setting: str, value: Any, said: str) -> None:
    (problem,) = _problems(**{setting: value})
    assert problem.parameter == setting
    assert said.lower() in problem.message.lower()
    for fix in problem.fixes:
        assert check_project(fix.edit.apply(moons())).ok


def test_defaults_are_fine() -> None:
    assert _problems() == []


@pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_float16_is_for_gpus(device: str) -> None:
    (problem,) = _problems(precision="float16", device=device)
    assert "float16 is for GPUs" in problem.message
    assert [each.edit.apply(moons()).training.precision for each in problem.fixes] == ["float32", "bfloat16"]


def test_options_of_a_schedule_are_checked() -> None:
    (problem,) = _problems(schedule="StepLR", schedule_options={"gamma": 0.0})
    assert problem.parameter == "schedule_options.gamma"
    assert "gamma must be greater than 0" in problem.message


def test_muon_without_hidden_matrices_is_an_error_with_a_way_out() -> None:
    project = with_training(digits(), optimizer="Muon")
    (problem,) = [each for each in check_project(project).problems if each.severity == "error"]
    assert "has none" in problem.message
    assert check_project(problem.fixes[0].edit.apply(project)).ok


def test_a_factor_of_the_learning_rate_must_be_above_0() -> None:
    problem = check_project(with_params(moons(), "hidden", learning_rate_factor=0.0)).problems[0]
    assert "learning_rate_factor must be greater than 0" in problem.message
