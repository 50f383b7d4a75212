"""Merges: what they compute, what they write, and what they refuse just as PyTorch does."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from tests.layers.agreement import both, checked, line, refusal, run
from tests.layers.operations import BOOL, FLOAT, INT, agrees_at_random, open_dims, random_tensor, warned


def _two(*shape: int) -> dict[str, torch.Tensor]:
    return {"a": torch.randn(shape), "b": torch.randn(shape)}


def _several(*tensors: torch.Tensor) -> dict[str, torch.Tensor]:
    return {f"inputs.{index}": tensor for index, tensor in enumerate(tensors)}


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("Add", lambda a, b, c: a + b + c),
        ("Multiply", lambda a, b, c: a * b * c),
        ("Average", lambda a, b, c: torch.stack([a, b, c]).mean(0)),
        ("Maximum", lambda a, b, c: torch.stack([a, b, c]).amax(0)),
        ("Minimum", lambda a, b, c: torch.stack([a, b, c]).amin(0)),
        ("Concatenate", lambda a, b, c: torch.cat([a, b, c], 1)),
        ("Stack", lambda a, b, c: torch.stack([a, b, c], 1)),
    ],
)
def test_any_number_of_branches_become_one(kind: str, function: Any) -> None:
    tensors = [torch.randn(3, 4, 5) for _ in range(3)]
    torch.testing.assert_close(run(kind, _several(*tensors))["output"], function(*tensors))


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("Subtract", torch.sub),
        ("Divide", torch.div),
        ("Dot", lambda a, b: (a * b).sum(-1)),
        ("MatMul", lambda a, b: torch.einsum("nij,njk->nik", a, b)),
    ],
)
def test_two_inputs_are_taken_in_their_order(kind: str, function: Any) -> None:
    tensors = _two(3, 4, 4)
    torch.testing.assert_close(run(kind, tensors)["output"], function(tensors["a"], tensors["b"]))


@pytest.mark.parametrize("kind", ["Add", "Multiply", "Subtract", "Divide", "Average", "Maximum", "Minimum", "Where"])
@pytest.mark.filterwarnings("ignore::UserWarning:torch")
def test_branches_agree_with_pytorch_at_random(kind: str) -> None:
    choices: dict[str, tuple[Any, ...]] = {"otherwise": (0.0, -1e9)} if kind == "Where" else {}
    assert agrees_at_random(kind, choices) > 10


@pytest.mark.parametrize(
    ("kind", "choices"), [("Concatenate", (-3, -1, 0, 1, 2)), ("Stack", (-4, -2, -1, 0, 1, 2, 3)), ("Dot", (-1,))]
)
def test_joins_along_a_dimension_agree_with_pytorch_at_random(kind: str, choices: tuple[int, ...]) -> None:
    assert agrees_at_random(kind, {"dim": choices}, 200) > 10


@pytest.mark.parametrize("dtypes", [(FLOAT, FLOAT), (INT, INT), (FLOAT, INT), (BOOL, BOOL), (INT, BOOL)])
def test_matrix_products_are_refused_where_pytorch_refuses_them(dtypes: Any) -> None:
    lefts = ((), (5,), (4, 5), (2, 4, 5), (3, 1, 4, 5))
    rights = ((), (5,), (4,), (5, 3), (4, 3), (2, 5, 3), (1, 5, 3))
    for left, right in product(lefts, rights):
        both("MatMul", {"a": random_tensor(dtypes[0], *left), "b": random_tensor(dtypes[1], *right)})


def test_a_matrix_product_says_which_dimensions_have_to_match() -> None:
    said = refusal("MatMul", {"a": torch.randn(2, 4, 5), "b": torch.randn(2, 4, 5)})
    assert "The last dimension of a (5) must equal the second last dimension of b (4)" in said
    mixed = {"a": torch.randn(2, 3), "b": torch.ones(3, 2, dtype=INT)}
    assert "a is float32, b is int64" in refusal("MatMul", mixed)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("nij,njk->nik", ((2, 3, 4), (2, 4, 5))),
        ("nhid,nhjd->nhij", ((2, 3, 4, 5), (2, 3, 6, 5))),
        ("ij->ji", ((3, 4),)),
        ("nii->ni", ((2, 3, 3),)),
        ("...i,...i->...", ((2, 3, 4), (2, 3, 4))),
        ("bn,anm,bm->ba", ((2, 5), (3, 5, 4), (2, 4))),
        ("ij,j", ((3, 4), (4,))),
        ("IJ , Jk -> Ik", ((3, 4), (4, 2))),
    ],
)
def test_an_equation_gives_what_einsum_gives(equation: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    tensors = [torch.randn(shape) for shape in shapes]
    torch.testing.assert_close(
        run("Einsum", _several(*tensors), equation=equation)["output"], torch.einsum(equation, *tensors)
    )
    for dtype in (INT, BOOL):
        both("Einsum", _several(*(random_tensor(dtype, *shape) for shape in shapes)), equation=equation)


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("", "equation takes letters"),
        ("ij;jk", "equation takes letters"),
        ('i", print(1), "', "equation takes letters"),
        ("ij", "equation describes 1 of the inputs (separated by commas), but 2 inputs arrive"),
        ("ij,jk,kl", "equation describes 3 of the inputs"),
        ("ijk,jk->i", "subscripts"),
        ("ij,kj->il", "output subscript l"),
    ],
)
def test_an_equation_that_does_not_fit_is_explained(equation: str, words: str) -> None:
    assert words in refusal("Einsum", _several(torch.randn(3, 4), torch.randn(4, 5)), equation=equation)


def test_a_product_and_a_contraction_differ_in_the_dtypes_they_take() -> None:
    mixed = _several(torch.randn(3, 3), torch.ones(3, 3, dtype=INT))
    assert both("Einsum", mixed, equation="ij,ij->ij") is not None
    assert "Put a Cast to float32 in between" in refusal("Einsum", mixed, equation="ij,jk->ik")


def test_a_choice_by_a_mask() -> None:
    mask, a, b = random_tensor(BOOL, 3, 4), torch.randn(3, 4), torch.randn(3, 4)
    chosen = run("Where", {"condition": mask, "a": a, "b": b})["output"]
    torch.testing.assert_close(chosen, torch.where(mask, a, b))
    filled = run("Where", {"condition": mask, "a": a}, otherwise=-1e9)["output"]
    torch.testing.assert_close(filled, a.masked_fill(~mask, -1e9))
    assert "bool wanted" in refusal("Where", {"condition": a, "a": a, "b": b})


@pytest.mark.parametrize(
    ("kind", "inputs", "params", "expected"),
    [
        ("Add", ("a", "b", "c"), {}, "y = a + b + c"),
        ("Maximum", ("a", "b", "c"), {}, "y = torch.maximum(torch.maximum(a, b), c)"),
        ("Minimum", ("a",), {}, "y = a"),
        ("Average", ("a", "b"), {}, "y = (a + b) / 2"),
        ("Stack", ("a", "b"), {"dim": -1}, "y = torch.stack([a, b], dim=-1)"),
        ("Concatenate", ("a", "b"), {}, "y = torch.cat([a, b], dim=1)"),
        ("Einsum", ("a", "b"), {"equation": "ij,jk"}, 'y = torch.einsum("ij,jk", a, b)'),
    ],
)
def test_lines_of_branches(kind: str, inputs: tuple[str, ...], params: dict[str, Any], expected: str) -> None:
    assert line(kind, {f"inputs.{index}": name for index, name in enumerate(inputs)}, **params) == expected


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("Subtract", {}, "y = p - q"),
        ("Divide", {}, "y = p / q"),
        ("Divide", {"rounding": "floor"}, 'y = torch.div(p, q, rounding_mode="floor")'),
        ("MatMul", {}, "y = p @ q"),
        ("Dot", {}, "y = torch.linalg.vecdot(p, q)"),
        ("Dot", {"dim": 1}, "y = torch.linalg.vecdot(p, q, dim=1)"),
    ],
)
def test_lines_of_two(kind: str, params: dict[str, Any], expected: str) -> None:
    assert line(kind, {"b": "q", "a": "p"}, **params) == expected


def test_rounded_division() -> None:
    a, b = torch.tensor([7, -7, 8]), torch.tensor([2, 2, 3])
    assert run("Divide", {"a": a, "b": b}, rounding="floor")["output"].tolist() == [3, -4, 2]
    assert run("Divide", {"a": a, "b": b}, rounding="trunc")["output"].tolist() == [3, -3, 2]
    assert run("Divide", {"a": a, "b": b})["output"].dtype is FLOAT
    bools = torch.ones(3, dtype=BOOL)
    assert "takes numbers" in refusal("Divide", {"a": bools, "b": bools}, rounding="floor")


def test_pairs_of_samples_are_warned_about_and_moved_batches_are_not() -> None:
    rows, columns = torch.randn(4, 6), torch.randn(4, 1, 6)
    assert warned(open_dims("Subtract", {"a": rows, "b": columns}, {})) == ["spread"]
    assert warned(open_dims("MatMul", {"a": torch.randn(4, 3, 5), "b": torch.randn(4, 5, 2)}, {})) == []
    assert not checked("Stack", _several(rows, rows), dim=0).troubles


def test_open_lengths_pass_through_products() -> None:
    queries, keys = torch.randn(3, 7, 5), torch.randn(3, 5, 7)
    scores = open_dims("MatMul", {"a": queries, "b": keys}, {"a": 1, "b": 2})
    assert scores.outputs["output"].shape == ("N", "T", "T")
    joined = open_dims("Concatenate", _several(queries, queries), {"inputs.0": 1, "inputs.1": 1}, dim=1)
    assert joined.outputs["output"].shape == ("N", "2*T", 5)
