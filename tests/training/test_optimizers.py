"""Every optimizer trains, and its options are those of PyTorch."""

from __future__ import annotations

import inspect

import pytest
import torch

from core.parameters import check_value
from core.signatures import import_class
from core.training.kinds import OptimizerKind
from core.training.optimizers import optimizers
from core.training.options import check_options, make_optimizer, options_of

ALL = pytest.mark.parametrize("kind", tuple(optimizers), ids=lambda kind: kind.id)


@ALL
def test_an_optimizer_lowers_the_loss(kind: OptimizerKind) -> None:
    weight = torch.nn.Parameter(torch.ones(5))
    optimizer = make_optimizer(kind, [weight], kind.learning_rate, {})
    for _step in range(20):
        optimizer.zero_grad()
        (weight * weight).sum().backward()
        optimizer.step()
    assert float(weight.detach().square().sum()) < 5


@ALL
def test_options_have_pytorchs_defaults_and_an_explanation(kind: OptimizerKind) -> None:
    torch_defaults = make_optimizer(kind, [torch.nn.Parameter(torch.ones(1))], 1.0, {}).defaults
    for option in options_of(kind):
        assert option.help, f"{option.name} needs a line of help"
        assert check_value(option, option.default) == ""
        if not option.name.startswith("beta"):
            assert torch_defaults[option.name] == option.default
    hidden = {"lr", "params", "fused", "foreach", "capturable", "differentiable", "maximize"}
    assert not hidden & {option.name for option in options_of(kind)}


@ALL
def test_fused_is_declared_where_pytorch_has_it(kind: OptimizerKind) -> None:
    assert kind.fused == ("fused" in inspect.signature(import_class(kind.torch_class)).parameters)


@ALL
def test_default_options_are_accepted(kind: OptimizerKind) -> None:
    options = {option.name: option.default for option in options_of(kind)}
    assert check_options(kind, options) == ()
    make_optimizer(kind, [torch.nn.Parameter(torch.ones(1))], 0.1, options)


def test_betas_are_two_options() -> None:
    optimizer = make_optimizer(optimizers["Adam"], [torch.nn.Parameter(torch.ones(1))], 0.1, {"beta2": 0.9})
    assert optimizer.defaults["betas"] == (0.9, 0.9)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"beta1": 1.0}, "beta1 must be below 1"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0"),
        ({"momentom": 0.9}, "no option 'momentom'"),
        ({"eps": "small"}, "eps must be a number"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, object], said: str) -> None:
    problems = check_options(optimizers["Adam"], options)
    assert len(problems) == 1
    assert said in problems[0].message


def test_nesterov_needs_momentum() -> None:
    sgd = optimizers["SGD"]
    assert "momentum" in check_options(sgd, {"nesterov": True})[0].message
    assert check_options(sgd, {"nesterov": True, "momentum": 0.9}) == ()
