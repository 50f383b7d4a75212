"""Free parameters, constants, positions and samples: what they are, and how they meet the batch."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from core.layers import catalogue
from core.model.probe import construct, parameters_in
from core.model.shapes import check
from tests.layers.agreement import line, made, really, refusal, run, values_of
from tests.layers.operations import open_dims
from tests.model.building import errors, given, layer, net


@pytest.mark.parametrize("init", ["zeros", "ones", "normal", "truncated_normal"])
@pytest.mark.parametrize("shape", [(), (3,), (1, 1, 64)])
def test_a_free_parameter_is_learned_and_has_its_shape(init: str, shape: tuple[int, ...]) -> None:
    kind = catalogue["FreeParameter"]
    found = construct(kind, values_of(kind, {"init": init, "shape": shape}), device="cpu")
    assert isinstance(found, nn.Parameter)
    assert found.requires_grad
    assert parameters_in(found) == [found]
    assert torch.equal(run("FreeParameter", {}, init="ones", shape=shape)["output"], torch.ones(shape))


@pytest.mark.parametrize(("init", "limit"), [("normal", math.inf), ("truncated_normal", 2.0)])
def test_a_free_parameter_starts_as_wide_as_asked(init: str, limit: float) -> None:
    torch.manual_seed(0)
    values = run("FreeParameter", {}, init=init, shape=(200, 100), std=0.02)["output"]
    assert values.std().item() == pytest.approx(0.02, rel=0.05)
    assert values.abs().max().item() <= limit


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"values": (0.5,), "shape": (2, 3)}, torch.full((2, 3), 0.5)),
        ({"values": (0.5,)}, torch.tensor([0.5])),
        ({"values": (1.0, 2.0, 3.0)}, torch.tensor([1.0, 2.0, 3.0])),
        ({"values": (1, 2, 3, 4), "shape": (2, 2)}, torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
        ({"values": (1, 2), "dtype": "int64"}, torch.tensor([1, 2])),
        ({"values": (1, 0), "dtype": "bool"}, torch.tensor([True, False])),
        ({"values": (7,), "shape": (2,), "dtype": "int64"}, torch.tensor([7, 7])),
    ],
)
def test_a_constant_is_a_buffer_of_its_numbers(params: dict[str, Any], expected: torch.Tensor) -> None:
    kind = catalogue["Constant"]
    buffer = construct(kind, values_of(kind, params), device="cpu")
    assert isinstance(buffer, nn.Buffer)
    assert parameters_in(buffer) == []
    torch.testing.assert_close(run("Constant", {}, **params)["output"], expected)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"values": (1.0, 2.0), "shape": (3,)}, "shape 3 holds 3 numbers, but values gives 2"),
        ({"values": (1.5,), "dtype": "int64"}, "are whole numbers, not 1.5"),
        ({"values": ()}, "at least one number"),
    ],
)
def test_a_constant_that_does_not_add_up_is_a_problem(params: dict[str, Any], words: str) -> None:
    problems = errors(net((layer("c", "Constant", **params),)))
    assert words in problems[0].message


def test_a_class_token_is_put_in_front_of_patches() -> None:
    project = net(
        (
            given("T", 8),
            layer("token", "FreeParameter", shape=(1, 1, 8)),
            layer("each", "ExpandBatch"),
            layer("all", "Concatenate", dim=1),
            layer("first", "Select", index=0),
            layer("y", "Output"),
        ),
        "token > each",
        "x > each.reference",
        "each > all.inputs.0",
        "x > all.inputs.1",
        "all > first",
        "first > y",
    )
    report = check(project)
    assert report.problems == ()
    assert report.nodes["each"].outputs["output"].shape == ("N", 1, 8)
    assert report.nodes["all"].outputs["output"].shape == ("N", "T+1", 8)
    assert report.nodes["first"].outputs["output"].shape == ("N", 8)


def test_positions_are_embedded_and_added() -> None:
    project = net(
        (
            given("T", 64),
            layer("places", "Positions"),
            layer("look", "Embedding", num_embeddings=100, embedding_dim=64),
            layer("sum", "Add"),
            layer("y", "Output"),
        ),
        "x > places",
        "places > look",
        "x > sum.inputs.0",
        "look > sum.inputs.1",
        "sum > y",
    )
    report = check(project)
    assert [problem for problem in report.problems if problem.severity == "error"] == []
    assert report.nodes["places"].outputs["output"].shape == ("T",)
    assert report.nodes["sum"].outputs["output"].shape == ("N", "T", 64)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_token_is_repeated_for_every_sample(batch: int) -> None:
    token, reference = torch.randn(1, 2, 4), torch.randn(batch, 5)
    found = run("ExpandBatch", {"input": token, "reference": reference})["output"]
    assert torch.equal(found, token.expand(batch, 2, 4))
    assert open_dims("ExpandBatch", {"reference": reference, "input": reference}, {}).outputs["output"].shape == (
        "N",
        5,
    )


def test_only_a_single_row_can_be_repeated() -> None:
    said = refusal("ExpandBatch", {"input": torch.randn(2, 4), "reference": torch.randn(3, 5)})
    assert "must be 1 to be expanded to the batch, but it is 2" in said


def test_positions_count_from_zero() -> None:
    assert run("Positions", {"input": torch.randn(2, 5, 3)})["output"].tolist() == [0, 1, 2, 3, 4]
    assert run("Positions", {"input": torch.randn(2, 5, 3)}, dim=-1)["output"].tolist() == [0, 1, 2]


def test_a_sample_has_the_mean_and_width_that_were_computed() -> None:
    torch.manual_seed(0)
    tensors = {"mean": torch.full((20_000,), 3.0), "log_variance": torch.full((20_000,), math.log(4.0))}
    drawn = really("Reparameterise", tensors, training=True)["output"]
    assert drawn.mean().item() == pytest.approx(3.0, abs=0.1)
    assert drawn.std().item() == pytest.approx(2.0, rel=0.05)
    assert torch.equal(run("Reparameterise", tensors)["output"], tensors["mean"])


def test_gradients_reach_mean_and_variance_through_a_sample() -> None:
    module = construct(catalogue["Reparameterise"], {}, training=True, device="cpu")
    assert isinstance(module, nn.Module)
    mean, log_variance = torch.zeros(4, 3, requires_grad=True), torch.zeros(4, 3, requires_grad=True)
    module(mean, log_variance).sum().backward()
    assert mean.grad is not None
    assert torch.equal(mean.grad, torch.ones(4, 3))
    assert log_variance.grad is not None
    assert log_variance.grad.abs().sum() > 0


def test_the_penalty_is_the_divergence_from_the_standard_normal_distribution() -> None:
    module = construct(catalogue["Reparameterise"], {"kl_weight": 0.5}, training=True, device="cpu")
    assert isinstance(module, nn.Module)
    torch.manual_seed(0)
    mean, log_variance = torch.randn(4, 3, requires_grad=True), torch.randn(4, 3, requires_grad=True)
    module(mean, log_variance)
    drawn = torch.distributions.Normal(mean, torch.exp(log_variance / 2))
    expected = torch.distributions.kl_divergence(drawn, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    penalty = module.penalty()
    torch.testing.assert_close(penalty, 0.5 * expected)
    penalty.backward()
    assert mean.grad is not None
    torch.testing.assert_close(mean.grad, 0.5 * mean.detach() / 4)
    assert module.penalty().item() == 0


def test_evaluation_has_no_penalty() -> None:
    module = construct(catalogue["Reparameterise"], {"kl_weight": 0.5}, training=True, device="cpu")
    assert isinstance(module, nn.Module)
    module.eval()(torch.ones(4, 3), torch.ones(4, 3))
    assert module.penalty().item() == 0


def test_a_mean_and_a_variance_of_different_shapes_are_refused() -> None:
    said = refusal("Reparameterise", {"mean": torch.randn(3, 4), "log_variance": torch.randn(3, 1)})
    assert "must match" in said


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("FreeParameter", {}, "self.n = nn.Parameter(0.02 * torch.randn(1, 1, 64))"),
        ("FreeParameter", {"init": "zeros", "shape": (5,)}, "self.n = nn.Parameter(torch.zeros(5))"),
        (
            "FreeParameter",
            {"init": "truncated_normal", "shape": (2, 3)},
            "self.n = nn.Parameter(nn.init.trunc_normal_(torch.empty(2, 3), std=0.02))",
        ),
        (
            "Constant",
            {"values": (0.5,), "shape": (1, 4)},
            "self.n = nn.Buffer(torch.full((1, 4), 0.5, dtype=torch.float32))",
        ),
        ("Constant", {"values": (1, 2), "dtype": "int64"}, "self.n = nn.Buffer(torch.tensor([1, 2]))"),
        (
            "Constant",
            {"values": (1, 2), "shape": (2, 1), "dtype": "bool"},
            "self.n = nn.Buffer(torch.tensor([True, True]).reshape((2, 1)))",
        ),
        ("Reparameterise", {}, "self.n = Reparameterise()"),
        ("Reparameterise", {"kl_weight": 0.1}, "self.n = Reparameterise(kl_weight=0.1)"),
    ],
)
def test_constructor_lines(kind: str, params: dict[str, Any], expected: str) -> None:
    assert made(kind, {}, **params) == expected


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("FreeParameter", {}, "y = self.n"),
        ("Constant", {}, "y = self.n"),
        ("ExpandBatch", {"input": "token", "reference": "x"}, "y = token.expand(x.shape[0], *token.shape[1:])"),
        ("Positions", {"input": "x"}, "y = torch.arange(x.shape[1], device=x.device)"),
        ("Reparameterise", {"mean": "m", "log_variance": "v"}, "y = self.n(m, v)"),
    ],
)
def test_lines(kind: str, inputs: dict[str, str], expected: str) -> None:
    assert line(kind, inputs) == expected
