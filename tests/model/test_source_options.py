"""Options of layers in the written source: how weights start, what holds them, what is frozen."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from core.graph.project import Node, Project
from core.layers import catalogue
from core.model.build import build
from core.model.options import option_problems
from core.model.probe import construct
from core.model.shapes import check
from core.model.source import write_source
from core.parameters import resolve
from core.weights import INITIALISERS
from tests.model.building import chain, given, layer, net
from tests.model.group_cases import with_options
from tests.model.grouping import BLOCK, group, out, port, project, use


def text_of(made: Project) -> str:
    return write_source(made, check(made))


def one(kind: str, *sizes: int, **params: Any) -> Project:
    """Return the project of one layer called ``layer``."""
    return chain(given(*sizes), layer("layer", kind, **params), out())


def said(kind: str, derived: dict[str, Any], **params: Any) -> list[tuple[str, str]]:
    """Return what is wrong with the options of a layer."""
    found = catalogue[kind]
    values, problems = resolve(found, params, {})
    assert not problems
    return option_problems(found, values, construct(found, {**values, **derived}))


@pytest.mark.parametrize(
    ("choice", "value", "line"),
    [
        ("xavier_uniform", None, "nn.init.xavier_uniform_(self.layer.weight)"),
        ("xavier_normal", 2.0, "nn.init.xavier_normal_(self.layer.weight, gain=2.0)"),
        ("he_uniform", None, 'nn.init.kaiming_uniform_(self.layer.weight, nonlinearity="relu")'),
        ("he_normal", 0.2, "nn.init.kaiming_normal_(self.layer.weight, a=0.2)"),
        ("orthogonal", None, "nn.init.orthogonal_(self.layer.weight)"),
        ("normal", 0.01, "nn.init.normal_(self.layer.weight, std=0.01)"),
        ("normal", None, "nn.init.normal_(self.layer.weight, std=0.05)"),
        ("truncated_normal", 0.02, "nn.init.trunc_normal_(self.layer.weight, std=0.02, a=-0.04, b=0.04)"),
        ("uniform", 0.1, "nn.init.uniform_(self.layer.weight, -0.1, 0.1)"),
        ("constant", 0.5, "nn.init.constant_(self.layer.weight, 0.5)"),
        ("zeros", None, "nn.init.zeros_(self.layer.weight)"),
        ("ones", None, "nn.init.ones_(self.layer.weight)"),
        ("identity", None, "nn.init.eye_(self.layer.weight)"),
    ],
)
def test_an_initialiser_is_a_line_after_the_constructor(choice: str, value: float | None, line: str) -> None:
    made = one("Linear", 4, weight_init=choice, weight_init_value=value)
    assert f"        {line}\n" in text_of(made)
    build(made)


def test_every_initialiser_runs_or_is_refused_before() -> None:
    for choice in INITIALISERS:
        for kind, derived in (("Linear", {"in_features": 3}), ("Conv2d", {"in_channels": 2})):
            params = {"weight_init": choice}
            sizes = (3,) if kind == "Linear" else (2, 8, 8)
            if not said(kind, derived, **params):
                build(one(kind, *sizes, **params))


def test_weights_start_as_they_are_said_to() -> None:
    made = build(one("Linear", 4, out_features=4, weight_init="identity", bias_init="constant", bias_init_value=2.0))
    weights = made.module.state_dict()
    assert torch.equal(weights["layer.weight"], torch.eye(4))
    assert torch.equal(weights["layer.bias"], torch.full((4,), 2.0))


def test_a_grouped_convolution_starts_as_the_identity() -> None:
    made = one("Conv2d", 4, 8, 8, out_channels=4, groups=2, padding=1, bias=False, weight_init="dirac")
    x = torch.randn(2, 4, 8, 8)
    torch.testing.assert_close(build(made).module(x), x)


def test_layers_with_several_tensors_go_through_them() -> None:
    built = build(with_options())
    for name, tensor in built.module.get_submodule("lstm").named_parameters():
        if "weight" in name:
            torch.testing.assert_close(tensor.T @ tensor, torch.eye(tensor.shape[1]), rtol=0, atol=1e-5)
        else:
            assert torch.equal(tensor, torch.ones_like(tensor))


@pytest.mark.parametrize(
    ("kind", "derived", "choice", "words"),
    [
        ("BatchNorm2d", {"num_features": 3}, "he_normal", "needs weights of two dimensions or more"),
        ("BatchNorm2d", {"num_features": 3}, "orthogonal", "the weight of this layer is 3."),
        ("Conv2d", {"in_channels": 3}, "identity", "needs a matrix"),
        ("Linear", {"in_features": 3}, "dirac", "needs the weights of a convolution"),
    ],
)
def test_an_initialiser_that_does_not_fit_is_refused(
    kind: str, derived: dict[str, Any], choice: str, words: str
) -> None:
    ((parameter, message),) = said(kind, derived, weight_init=choice)
    assert parameter == "weight_init"
    assert words in message


def test_a_spread_must_be_positive_and_a_norm_needs_rows() -> None:
    assert said("Linear", {"in_features": 3}, weight_init="normal", weight_init_value=-1.0)[0][0] == "weight_init_value"
    assert said("BatchNorm2d", {"num_features": 3}, weight_constraint="max_norm")[0][0] == "weight_constraint"
    assert said("BatchNorm2d", {"num_features": 3}, weight_constraint="non_negative", weight_init="ones") == []


def test_without_options_nothing_is_written() -> None:
    source = text_of(one("Linear", 4))
    assert not any(word in source for word in ("penalty", "constrain", "init.", "requires_grad", "def train"))


def test_the_penalty_is_the_sum_over_all_weights() -> None:
    built = build(with_options())
    module: Any = built.module
    wanted = 0.5 * module.fc.weight.abs().sum()
    for head, decay in ((module.heads, 0.5), (module.more[0], 0.001), (module.more[1], 0.001)):
        wanted = wanted + 0.01 * head.fc.weight.square().sum() + decay * head.fc2.weight.abs().sum()
    torch.testing.assert_close(module.penalty(), wanted)
    module.penalty().backward()
    assert module.more[1].fc.weight.grad is not None
    assert "return torch.stack(terms).sum()" in built.source


def test_the_penalty_of_a_recurrent_layer_covers_all_its_matrices() -> None:
    module: Any = build(
        chain(given("T", 3), layer("gru", "GRU", hidden_size=2, l2=0.1), layer("last", "LastStep"), out())
    ).module
    wanted = 0.1 * (module.gru.weight_ih_l0.square().sum() + module.gru.weight_hh_l0.square().sum())
    torch.testing.assert_close(module.penalty(), wanted)


def test_constraints_bring_every_output_unit_back() -> None:
    module: Any = build(
        net(
            (
                given(3, 8, 8),
                layer("conv", "Conv2d", out_channels=4, weight_constraint="max_norm", max_norm_value=0.5),
                layer("up", "ConvTranspose2d", out_channels=2, weight_constraint="unit_norm"),
                layer("norm", "BatchNorm2d", weight_constraint="non_negative"),
                out(),
            ),
            *("x > conv", "conv > up", "up > norm", "norm > y"),
        )
    ).module
    with torch.no_grad():
        module.norm.weight.fill_(-1.0)
        module.conv.weight[0].mul_(0.001)
    small = module.conv.weight[0].clone()
    module.constrain()
    norms = module.conv.weight.flatten(1).norm(dim=1)
    torch.testing.assert_close(norms[1:], torch.full((3,), 0.5))
    torch.testing.assert_close(module.conv.weight[0], small)
    torch.testing.assert_close(module.up.weight.transpose(0, 1).flatten(1).norm(dim=1), torch.ones(2))
    assert torch.equal(module.norm.weight, torch.zeros(2))
    assert module.conv.weight.requires_grad


def test_what_is_frozen_keeps_weights_and_statistics() -> None:
    made = project(
        (BLOCK,),
        (
            given(3, 8, 8),
            use("backbone", "BasicBlock", 2, channels=4, frozen=True),
            layer("norm", "BatchNorm2d", frozen=True),
            layer("conv", "Conv2d", out_channels=2, l2=0.1),
            out("z"),
        ),
        *("x > backbone.x", "backbone.y > norm", "norm > conv", "conv > z"),
    )
    module = build(made).module
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    optimiser = torch.optim.SGD(module.parameters(), 0.1)
    module.train()
    module(torch.randn(4, 3, 8, 8)).sum().backward()
    optimiser.step()
    changed = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"conv.weight", "conv.bias"}
    assert module.training
    assert not module.get_submodule("backbone").training
    assert module.train() is module


def test_a_group_keeps_its_own_layers_frozen() -> None:
    inside = group("Part", (port(), layer("norm", "BatchNorm1d", frozen=True), out()), "x > norm", "norm > y")
    made = project((inside,), (given(3), use("part", "Part", 2), out("z")), "x > part.x", "part.y > z")
    built = build(made)
    built.module.train()
    assert not any(each.training for each in built.module.modules() if isinstance(each, nn.BatchNorm1d))
    assert built.source.count("def train(") == 1


def test_what_is_frozen_is_neither_held_nor_penalised() -> None:
    params: dict[str, Any] = {"weight_constraint": "unit_norm", "l1": 0.1, "frozen": True}
    source = text_of(one("Linear", 4, **params))
    assert "penalty" not in source
    assert "constrain" not in source


def test_a_recurrent_layer_that_is_frozen_still_passes_gradients_on_every_device() -> None:
    frozen = chain(given("T", 3), layer("lstm", "LSTM", frozen=True), layer("last", "LastStep"), out())
    source = text_of(frozen)
    assert "self.lstm.requires_grad_(False)\n" in source
    assert "def train(" not in source


def test_an_activation_stands_around_the_call() -> None:
    source = text_of(one("Linear", 4, activation="gelu"))
    assert "layer = F.gelu(self.layer(x))" in source
    assert "from torch.nn import functional as F" in source


def test_options_may_be_expressions() -> None:
    inside = group(
        "Held",
        (
            port(),
            layer(
                "fc",
                "Linear",
                weight_constraint="max_norm",
                max_norm_value="most",
                l1="rate/2",
                weight_init="truncated_normal",
                weight_init_value="spread",
            ),
            out(),
        ),
        *("x > fc", "fc > y"),
        most=2.0,
        rate=0.5,
        spread=0.1,
    )
    made = project(
        (inside,),
        (given(3), use("one", "Held", most=0.25), use("two", "Held", rate=1.0), out("z")),
        *("x > one.x", "one.y > two.x", "two.y > z"),
    )
    built = build(made)
    module: Any = built.module
    assert "return (self.rate / 2) * self.fc.weight.abs().sum()" in built.source
    assert "nn.init.trunc_normal_(self.fc.weight, std=spread, a=-2 * spread, b=2 * spread)" in built.source
    wanted = 0.25 * module.one.fc.weight.abs().sum() + 0.5 * module.two.fc.weight.abs().sum()
    torch.testing.assert_close(module.penalty(), wanted)
    with torch.no_grad():
        module.one.fc.weight.fill_(1.0)
    module.constrain()
    assert bool((module.one.fc.weight.norm(dim=1) <= 0.2501).all())


def test_shared_weights_are_penalised_once() -> None:
    nodes = (given(4), layer("fc", "Linear", out_features=4, l1=1.0), Node("twice", "Linear", shares="fc"), out("z"))
    module: Any = build(project((), nodes, "x > fc", "fc > twice", "twice > z")).module
    torch.testing.assert_close(module.penalty(), module.fc.weight.abs().sum())


def test_a_penalty_that_is_nothing_in_the_first_use_of_a_group_counts_in_the_others() -> None:
    block = group(
        "Block", (port(), layer("fc", "Linear", out_features=3, l2="decay"), out()), "x > fc", "fc > y", decay=0.0
    )
    nodes = (given(3), use("free", "Block"), use("held", "Block", decay=0.5), out("z"))
    module = build(project((block,), nodes, "x > free.x", "free.y > held.x", "held.y > z")).module
    torch.testing.assert_close(module.penalty(), 0.5 * module.held.fc.weight.square().sum())


def test_a_frozen_recurrent_layer_with_dropout_in_any_use_of_a_group_stays_in_evaluation() -> None:
    lstm = layer("lstm", "LSTM", hidden_size=3, num_layers=2, dropout="rate", frozen=True)
    block = group("Block", (port(), lstm, out()), "x > lstm", "lstm > y", rate=0.0)
    nodes = (given("T", 3), use("one", "Block"), use("two", "Block", rate=0.5), layer("fc", "Linear"), out("z"))
    module = build(project((block,), nodes, "x > one.x", "one.y > two.x", "two.y > fc", "fc > z")).module.train()
    assert module.training
    assert not module.two.lstm.training
