"""Activations: what they compute, which kinds of numbers they take, and what they learn."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.kinds import LayerKind
from core.layers import activation, activation_smooth, activation_softmax, catalogue
from core.parameters import check_value, parameters_of
from tests.layers.agreement import agrees_for_all_dtypes_and_ranks, constructor_line, made, refusal, run

KINDS = (*activation.KINDS, *activation_smooth.KINDS, *activation_softmax.KINDS)
X = torch.tensor([[-3.0, -1.0, -0.2, 0.0, 0.3, 2.0, 7.0]])


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.id) for kind in KINDS])
def test_the_check_takes_the_dtypes_and_ranks_that_pytorch_takes(kind: LayerKind) -> None:
    assert agrees_for_all_dtypes_and_ranks(kind) >= 4


def test_the_catalogue_has_every_activation_of_pytorch() -> None:
    public = set(torch.nn.modules.activation.__all__) - {"MultiheadAttention"}
    assert public <= {kind.id for kind in catalogue if kind.family == "Activation"}


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.id) for kind in KINDS])
def test_every_activation_has_a_formula(kind: LayerKind) -> None:
    assert "y" in kind.formula
    assert "=" in kind.formula


CLOSED_FORMS: list[tuple[str, dict[str, Any], Any]] = [
    ("ReLU", {}, lambda x: x.clamp(min=0)),
    ("ReLU6", {}, lambda x: x.clamp(0, 6)),
    ("LeakyReLU", {"negative_slope": 0.2}, lambda x: torch.where(x > 0, x, 0.2 * x)),
    ("PReLU", {"init": 0.4}, lambda x: torch.where(x > 0, x, 0.4 * x)),
    ("RReLU", {"lower": 0.1, "upper": 0.3}, lambda x: torch.where(x > 0, x, 0.2 * x)),
    ("ELU", {"alpha": 0.5}, lambda x: torch.where(x > 0, x, 0.5 * (x.exp() - 1))),
    ("SELU", {}, lambda x: 1.0507 * torch.where(x > 0, x, 1.6733 * (x.exp() - 1))),
    ("CELU", {"alpha": 2}, lambda x: x.clamp(min=0) + (2 * ((x / 2).exp() - 1)).clamp(max=0)),
    ("Threshold", {"threshold": 0.3, "value": 9}, lambda x: torch.where(x > 0.3, x, torch.tensor(9.0))),
    ("Hardtanh", {"min_val": -2, "max_val": 4}, lambda x: x.clamp(-2, 4)),
    ("Hardshrink", {"lambd": 1}, lambda x: torch.where(x.abs() > 1, x, torch.tensor(0.0))),
    ("Softshrink", {"lambd": 1}, lambda x: x.sign() * (x.abs() - 1).clamp(min=0)),
    ("Hardsigmoid", {}, lambda x: (x / 6 + 1 / 2).clamp(0, 1)),
    ("Hardswish", {}, lambda x: x * (x + 3).clamp(0, 6) / 6),
    ("GELU", {}, lambda x: x * torch.special.ndtr(x)),
    ("SiLU", {}, lambda x: x / (1 + (-x).exp())),
    ("Mish", {}, lambda x: x * (1 + x.exp()).log().tanh()),
    ("Softplus", {"beta": 2}, lambda x: (1 + (2 * x).exp()).log() / 2),
    ("Sigmoid", {}, lambda x: 1 / (1 + (-x).exp())),
    ("LogSigmoid", {}, lambda x: -(1 + (-x).exp()).log()),
    ("Tanh", {}, lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())),
    ("Tanhshrink", {}, lambda x: x - x.tanh()),
    ("Softsign", {}, lambda x: x / (1 + x.abs())),
    ("Softmax", {}, lambda x: x.exp() / x.exp().sum()),
    ("LogSoftmax", {}, lambda x: x - x.exp().sum().log()),
    ("Softmin", {}, lambda x: (-x).exp() / (-x).exp().sum()),
]


@pytest.mark.parametrize(("kind", "params", "formula"), CLOSED_FORMS, ids=[case[0] for case in CLOSED_FORMS])
def test_an_activation_computes_what_its_formula_says(kind: str, params: dict[str, Any], formula: Any) -> None:
    torch.testing.assert_close(run(kind, {"input": X}, **params)["output"], formula(X), rtol=1e-4, atol=1e-5)


def test_a_gated_linear_unit_halves_an_even_dimension() -> None:
    x = torch.randn(3, 6)
    torch.testing.assert_close(run("GLU", {"input": x})["output"], x[:, :3] * x[:, 3:].sigmoid())
    assert "even" in refusal("GLU", {"input": torch.zeros(3, 5)})


def test_softmax2d_gives_every_pixel_probabilities() -> None:
    output = run("Softmax2d", {"input": torch.randn(2, 3, 4, 4)})["output"]
    torch.testing.assert_close(output.sum(dim=1), torch.ones(2, 4, 4))


@pytest.mark.parametrize("kind", ["ReLU", "ReLU6", "Threshold", "Hardtanh"])
def test_activations_that_only_compare_keep_whole_numbers(kind: str) -> None:
    assert run(kind, {"input": torch.tensor([[-2, 3]])})["output"].dtype is torch.int64


@pytest.mark.parametrize(
    ("slopes", "shape", "count"),
    [
        ("shared", (2, 3, 8, 8), 1),
        ("channels", (2, 3, 8, 8), 3),
        ("channels", (2, 5), 5),
        ("channels", (5,), 1),
        ("channels", (), 1),
    ],
)
def test_prelu_learns_one_slope_or_one_per_channel(slopes: str, shape: tuple[int, ...], count: int) -> None:
    x = torch.zeros(shape)
    run("PReLU", {"input": x}, slopes=slopes)
    written = f"self.n = nn.PReLU(num_parameters={count})"
    assert made("PReLU", {"input": x}, slopes=slopes) == written


def test_what_pytorch_cannot_compute_is_refused_in_plain_words() -> None:
    assert refusal("CELU", {"input": X}, alpha=0) == "alpha must not be 0: CELU divides by it."
    assert "greater than min_val" in refusal("Hardtanh", {"input": X}, min_val=1, max_val=0)
    assert "upper" in refusal("RReLU", {"input": X}, lower=0.5, upper=0.1)
    assert refusal("Softmax", {"input": X}, dim=2) == "axis"


def test_a_negative_width_of_softshrink_is_refused_as_it_is_typed() -> None:
    (lambd,) = parameters_of(catalogue["Softshrink"])
    assert check_value(lambd, -0.5) != ""
    assert check_value(lambd, 0) == ""


def test_only_what_differs_from_pytorch_is_written() -> None:
    assert constructor_line(catalogue["Softmax"], "n", {"dim": -1}) == "self.n = nn.Softmax(dim=-1)"
    assert constructor_line(catalogue["Threshold"], "n", {"threshold": 0.5, "value": 0.0}) == (
        "self.n = nn.Threshold(threshold=0.5, value=0.0)"
    )
    assert constructor_line(catalogue["LeakyReLU"], "n", {"negative_slope": 0.01}) == "self.n = nn.LeakyReLU()"
