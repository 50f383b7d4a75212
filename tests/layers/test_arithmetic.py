"""Figures, functions and formulas: held against PyTorch's own, with the dtypes and dimensions that it takes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from core.errors import ModelError
from core.layers import catalogue
from core.layers._expression import rewrite
from tests.layers.agreement import both, line, refusal, run
from tests.layers.operations import BOOL, FLOAT, INT, agrees_at_random, open_dims, random_tensor, warned

REDUCTIONS = {
    "Mean": torch.mean,
    "Sum": torch.sum,
    "Max": torch.amax,
    "Min": torch.amin,
    "Std": torch.std,
    "Variance": torch.var,
    "Norm": torch.linalg.vector_norm,
    "LogSumExp": torch.logsumexp,
}
ELEMENTWISE = {
    "Abs": torch.abs,
    "Exp": torch.exp,
    "Log": torch.log,
    "Sqrt": torch.sqrt,
    "Square": torch.square,
    "Negative": torch.neg,
    "Reciprocal": torch.reciprocal,
    "Sin": torch.sin,
    "Cos": torch.cos,
    "Sign": torch.sign,
    "Floor": torch.floor,
    "Ceil": torch.ceil,
    "Round": torch.round,
    "LogicalNot": torch.logical_not,
    "Detach": torch.detach,
}


def _one(*shape: int) -> dict[str, torch.Tensor]:
    return {"input": torch.randn(shape)}


# --- reductions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("dim", [(-1,), (1,), (1, -1)])
@pytest.mark.parametrize("keepdim", [True, False])
def test_a_figure_over_dimensions(kind: str, dim: tuple[int, ...], keepdim: bool) -> None:
    tensors = _one(3, 4, 5)
    expected = REDUCTIONS[kind](tensors["input"], dim=dim, keepdim=keepdim)  # type: ignore[operator]
    torch.testing.assert_close(run(kind, tensors, dim=dim, keepdim=keepdim)["output"], expected)


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_figures_agree_with_pytorch_at_random(kind: str) -> None:
    dims = ((-1,), (0,), (1,), (2,), (0, 1), (1, -1), (1, 1), (-2, 3), ())
    choices: dict[str, tuple[Any, ...]] = {"dim": dims, "keepdim": (True, False)}
    extra = {
        "Norm": {"ord": (2.0, 1.0, 0.5, 0.0)},
        "Std": {"correction": (0, 1, 1.5, 2)},
        "Variance": {"correction": (0, 1)},
    }
    assert agrees_at_random(kind, choices | extra.get(kind, {}), 250) > 10


@pytest.mark.parametrize("kind", [name for name in REDUCTIONS if name != "LogSumExp"])
def test_a_figure_over_everything_is_one_number_and_a_warning(kind: str) -> None:
    outcome = open_dims(kind, _one(3, 4), {}, dim=None)
    assert outcome.outputs["output"].shape == ()
    assert warned(outcome) == ["batch axis"]
    assert warned(open_dims(kind, _one(3, 4, 5), {"input": 1}, dim=(1, 2))) == []


def test_pooling_over_an_image_leaves_channels() -> None:
    outcome = open_dims("Mean", _one(2, 3, 4, 5), {"input": 3}, dim=(2, 3))
    assert outcome.outputs["output"].shape == ("N", 3)


def test_whole_numbers_have_a_sum_but_no_mean() -> None:
    whole = {"input": random_tensor(INT, 3, 4)}
    assert run("Sum", whole)["output"].dtype is INT
    assert run("Sum", {"input": random_tensor(BOOL, 3, 4)})["output"].dtype is INT
    for kind in ("Mean", "Std", "Variance", "Norm", "Normalise"):
        assert refusal(kind, whole) == "float wanted"


def test_a_dimension_named_twice_is_refused() -> None:
    for kind in (*REDUCTIONS, "Normalise"):
        assert "names dimension 1 more than once" in refusal(kind, _one(2, 1), dim=(1, -1))


@pytest.mark.parametrize("dim", [-3, -1, 0, 1, 2])
@pytest.mark.parametrize("dtype", [FLOAT, INT, BOOL])
def test_a_running_sum(dim: int, dtype: torch.dtype) -> None:
    for shape in ((), (4,), (2, 3), (2, 3, 4)):
        tensors = {"input": random_tensor(dtype, *shape)}
        found = both("CumulativeSum", tensors, dim=dim)
        if found is not None:
            torch.testing.assert_close(found["output"], torch.cumsum(tensors["input"], dim))


# --- every value for itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ELEMENTWISE)
@pytest.mark.parametrize("dtype", [FLOAT, torch.float64, INT, BOOL])
def test_a_function_of_every_value(kind: str, dtype: torch.dtype) -> None:
    tensors = {"input": random_tensor(dtype, 3, 4)}
    found = both(kind, tensors)
    if found is not None:
        torch.testing.assert_close(found["output"], ELEMENTWISE[kind](tensors["input"]), equal_nan=True)  # type: ignore[operator]
    assert found is not None or dtype is BOOL


@pytest.mark.parametrize("dtype", [FLOAT, INT, BOOL])
@pytest.mark.parametrize("bounds", [(0.0, None), (None, 0.5), (-0.5, 0.5)])
def test_values_are_kept_within_limits(dtype: torch.dtype, bounds: tuple[float | None, float | None]) -> None:
    tensors = {"input": random_tensor(dtype, 3, 4)}
    found = run("Clamp", tensors, minimum=bounds[0], maximum=bounds[1])["output"]
    torch.testing.assert_close(found, torch.clamp(tensors["input"], *bounds))


def test_limits_that_limit_nothing_are_refused() -> None:
    assert "Give minimum, maximum or both" in refusal("Clamp", _one(3, 4), minimum=None)


@pytest.mark.parametrize("comparison", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("dtype", [FLOAT, INT, BOOL])
def test_comparisons_make_masks(comparison: str, dtype: torch.dtype) -> None:
    a, b = random_tensor(dtype, 3, 4), random_tensor(FLOAT, 4)
    names = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
    function = getattr(torch, names[comparison])
    for tensors, other in (({"a": a}, 1.0), ({"a": a, "b": b}, b)):
        mask = run("Compare", tensors, comparison=comparison, value=1.0)["output"]
        assert mask.dtype is BOOL
        assert torch.equal(mask, function(a, other))


@pytest.mark.parametrize("kind", ["LogicalAnd", "LogicalOr", "LogicalXor"])
def test_masks_are_joined(kind: str) -> None:
    masks = [random_tensor(BOOL, 3, 4) for _ in range(3)]
    function = getattr(torch, f"logical_{kind.removeprefix('Logical').lower()}")
    found = run(kind, {f"inputs.{index}": mask for index, mask in enumerate(masks)})["output"]
    assert torch.equal(found, function(function(masks[0], masks[1]), masks[2]))
    assert agrees_at_random(kind, {}) > 10


@pytest.mark.parametrize("dtype", [FLOAT, INT, BOOL])
@pytest.mark.parametrize("other", [FLOAT, INT, BOOL])
def test_powers(dtype: torch.dtype, other: torch.dtype) -> None:
    x, exponent = random_tensor(dtype, 3, 4), random_tensor(other, 3, 4).abs() if other is not BOOL else None
    exponent = random_tensor(BOOL, 3, 4) if exponent is None else exponent
    torch.testing.assert_close(run("Power", {"input": x}, power=0.5)["output"], torch.pow(x, 0.5), equal_nan=True)
    found = both("Power", {"input": x, "exponent": exponent})
    assert (found is None) == (dtype is BOOL and other is BOOL)
    if found is not None:
        torch.testing.assert_close(found["output"], torch.pow(x, exponent), equal_nan=True)


@pytest.mark.parametrize("params", [{}, {"ord": 1.0}, {"dim": (-1,)}, {"dim": (1, 2)}, {"eps": 10.0}])
def test_vectors_are_scaled_to_length_one(params: dict[str, Any]) -> None:
    tensors = _one(3, 4, 5)
    given = {"p" if name == "ord" else name: value for name, value in params.items()}
    torch.testing.assert_close(run("Normalise", tensors, **params)["output"], functional.normalize(**tensors, **given))
    assert agrees_at_random("Normalise", {"dim": ((1,), (-1,), (0, 1), (2,))}, 100) > 10


@pytest.mark.parametrize("target", [FLOAT, INT, BOOL])
@pytest.mark.parametrize("source", [FLOAT, INT, BOOL])
def test_casts(source: torch.dtype, target: torch.dtype) -> None:
    tensors = {"input": random_tensor(source, 3, 4)}
    found = run("Cast", tensors, dtype=str(target).removeprefix("torch."))["output"]
    assert torch.equal(found, tensors["input"].to(target))


def test_nothing_is_learned_through_a_stopped_gradient() -> None:
    x = torch.randn(3, requires_grad=True)
    scope: dict[str, Any] = {"x": x}
    exec(line("Detach", {"input": "x"}), scope)
    assert not scope["y"].requires_grad


# --- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "function", "expected"),
    [
        ("2*a", lambda a, b: 2 * a, "2 * p"),
        ("(a - b) / 2 ** -1", lambda a, b: (a - b) / 0.5, "(p - q) / 2 ** (-1)"),
        ("-a**2 + +b", lambda a, b: -(a**2) + b, "-p ** 2 + q"),
        ("(-a)**2", lambda a, b: a**2, "(-p) ** 2"),
        ("exp(a) * sigmoid(b)", lambda a, b: a.exp() * b.sigmoid(), "torch.exp(p) * torch.sigmoid(q)"),
        ("max(a, 0)", lambda a, b: a.clamp(min=0), "torch.clamp(p, min=0)"),
        ("min(1, a, b)", lambda a, b: torch.minimum(a, b).clamp(max=1), "torch.clamp(torch.minimum(p, q), max=1)"),
        ("a*b - sqrt(abs(a))", lambda a, b: a * b - a.abs().sqrt(), "p * q - torch.sqrt(torch.abs(p))"),
        ("sin(a) + cos(b) + tanh(a)", lambda a, b: a.sin() + b.cos() + a.tanh(), None),
        ("log(b*b + 1e-3)", lambda a, b: (b * b + 1e-3).log(), None),
        ("2**a", lambda a, b: 2**a, "2 ** p"),
    ],
)
def test_a_formula_is_computed_and_written(expression: str, function: Any, expected: str | None) -> None:
    a, b = torch.randn(3, 4), torch.randn(4)
    uses_b = "b" in expression.replace("abs", "")
    tensors = {"a": a, "b": b} if uses_b else {"a": a}
    torch.testing.assert_close(run("ScalarExpression", tensors, expression=expression)["output"], function(a, b))
    if expected is not None:
        written = line("ScalarExpression", {"a": "p", "b": "q"} if uses_b else {"a": "p"}, expression=expression)
        assert written == f"y = {expected}"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "is not an expression"),
        ("2*", "is not an expression"),
        ("a; b", "is not an expression"),
        ("3", "uses nothing that arrives"),
        ("b + 1", "Nothing is linked to 'b'. Linked: a."),
        ("x + 1", "There is no input 'x'"),
        ("self", "There is no input 'self'"),
        ("torch", "There is no input 'torch'"),
        ("a.T", "'a.T' is not allowed"),
        ("a[0]", "is not allowed"),
        ("a if a else a", "is not allowed"),
        ("(lambda: a)()", "is not allowed"),
        ("__import__('os')", "is not allowed"),
        ("eval(a)", "There is no function 'eval'"),
        ("exp(a, 2)", "exp takes one thing"),
        ("exp(2) * a", "exp takes one thing"),
        ("exp(*a)", "is not allowed"),
        ("max(a)", "max takes at least two"),
        ("max(1, 2) * a", "max takes at least two"),
        ("max(a, b=2)", "is not allowed"),
        ("a < 2", "is not allowed"),
        ("a // 2", "is not allowed"),
        ("a @ a", "is not allowed"),
        ("a * True", "is not allowed"),
        ("a * 2j", "is not allowed"),
        ("a * 'x'", "is not allowed"),
        ("9**9**9 * a", "has no finite value"),
        ("(1/0) * a", "has no finite value"),
        ("(-8)**0.5 * a", "has no finite value"),
        ("a * 1e999", "has no finite value"),
        ("a" * 201, "at most 200 characters"),
        ("(" * 150 + "a" + ")" * 40, "is not an expression"),
    ],
)
def test_a_formula_holds_nothing_but_arithmetic(expression: str, words: str) -> None:
    assert words in refusal("ScalarExpression", {"a": torch.randn(3, 4)}, expression=expression)
    with pytest.raises(ModelError):
        rewrite(expression, {"a": "a"})


@pytest.mark.parametrize(
    "expression", ["a - b", "a**-1", "a + b", "abs(a)", "exp(a)", "-a", "1 - a", "a / b", "max(a, 1)"]
)
@pytest.mark.parametrize("one", [FLOAT, INT, BOOL])
@pytest.mark.parametrize("two", [FLOAT, INT, BOOL])
def test_a_formula_takes_the_dtypes_that_pytorch_takes(expression: str, one: torch.dtype, two: torch.dtype) -> None:
    ones = {"a": torch.ones(3, 4, dtype=one), "b": torch.ones(3, 4, dtype=two)}
    if both("ScalarExpression", ones, expression=expression) is None:
        assert "PyTorch says" in refusal("ScalarExpression", ones, expression=expression)


@pytest.mark.parametrize(
    ("kind", "inputs", "params", "expected"),
    [
        ("Mean", ("input",), {"dim": (2, 3)}, "y = torch.mean(x0, dim=(2, 3))"),
        ("Max", ("input",), {"keepdim": True}, "y = torch.amax(x0, dim=-1, keepdim=True)"),
        ("Std", ("input",), {"correction": 0.0}, "y = torch.std(x0, dim=-1, correction=0.0)"),
        ("Sum", ("input",), {"dim": None}, "y = torch.sum(x0, dim=None)"),
        ("Norm", ("input",), {}, "y = torch.linalg.vector_norm(x0, dim=-1)"),
        ("Clamp", ("input",), {"maximum": 6.0}, "y = torch.clamp(x0, min=0.0, max=6.0)"),
        ("Compare", ("a",), {"value": 0.5}, "y = x0 > 0.5"),
        ("Compare", ("a", "b"), {"comparison": "!="}, "y = x0 != x1"),
        ("Power", ("input",), {}, "y = torch.pow(x0, 2.0)"),
        ("Power", ("input", "exponent"), {}, "y = torch.pow(x0, x1)"),
        ("Cast", ("input",), {"dtype": "int64"}, "y = x0.to(torch.int64)"),
        ("Normalise", ("input",), {"dim": (-1,), "ord": 1.0}, "y = F.normalize(x0, p=1.0, dim=-1)"),
        ("LogicalOr", ("inputs.0", "inputs.1"), {}, "y = torch.logical_or(x0, x1)"),
        ("CumulativeSum", ("input",), {}, "y = torch.cumsum(x0, dim=1)"),
    ],
)
def test_lines(kind: str, inputs: tuple[str, ...], params: dict[str, Any], expected: str) -> None:
    assert line(kind, {slot: f"x{index}" for index, slot in enumerate(inputs)}, **params) == expected


def test_every_operation_names_a_page_of_pytorch() -> None:
    families = ("Merge", "Shape", "Selection", "Arithmetic")
    without = {kind.id for kind in catalogue if kind.family in families and not kind.documentation}
    assert without <= {"Average", "ScalarExpression", "LastStep", "MaskFromLengths"}, "these have none"
