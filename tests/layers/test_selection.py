"""Layers that take parts: several outputs, indices inside and outside, and what is written for them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from core.layers import catalogue
from tests.layers.agreement import both, line, refusal, run
from tests.layers.operations import BOOL, FLOAT, INT, agrees_at_random, open_dims, warned


def _one(*shape: int) -> dict[str, torch.Tensor]:
    return {"input": torch.randn(shape)}


@pytest.mark.parametrize(
    ("kind", "params", "function"),
    [
        ("Split", {"sizes": (1, 2, 3), "dim": -1}, lambda x: torch.split(x, [1, 2, 3], -1)),
        ("Split", {"sizes": (4,)}, lambda x: (x,)),
        ("Chunk", {"chunks": 3, "dim": 2}, lambda x: torch.chunk(x, 3, 2)),
        ("Chunk", {"chunks": 1}, lambda x: (x,)),
        ("Slice", {"dim": 1, "start": 1, "stop": -1}, lambda x: (x[:, 1:-1],)),
        ("Slice", {"dim": -2, "start": -3, "step": 2}, lambda x: (x[:, :, -3::2],)),
        ("Slice", {"dim": -1, "stop": 100}, lambda x: (x,)),
        ("Select", {"dim": 1, "index": -1}, lambda x: (x[:, -1],)),
        ("Select", {"dim": -2, "index": 2}, lambda x: (x[:, :, 2],)),
        ("IndexSelect", {"dim": 1, "index": (2, 0, -1, 2)}, lambda x: (x[:, torch.tensor([2, 0, 3, 2])],)),
        ("IndexSelect", {"dim": -1, "index": (5,)}, lambda x: (x[..., 5:6],)),
        ("ArgMax", {"dim": 1, "keepdim": True}, lambda x: (x.argmax(1, keepdim=True),)),
        ("ArgMin", {}, lambda x: (x.argmin(-1),)),
        ("TopK", {"k": 2, "dim": 1}, lambda x: tuple(torch.topk(x, 2, 1))),
        ("TopK", {"k": 3, "largest": False}, lambda x: tuple(torch.topk(x, 3, largest=False))),
    ],
)
def test_parts_are_those_of_pytorch(kind: str, params: dict[str, Any], function: Any) -> None:
    tensors = _one(3, 4, 5, 6)
    found = tuple(run(kind, tensors, **params).values())
    expected = function(tensors["input"])
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("Split", {"sizes": ((1, 1), (2, 1), (4,), (1, 2, 3)), "dim": (-1, 0, 1, 2)}),
        ("Chunk", {"chunks": (1, 2, 3, 4), "dim": (-1, 0, 1, 2)}),
        ("Slice", {"dim": (-2, -1, 0, 1, 2), "start": (-2, 0, 1, 3), "stop": (None, -1, 2, 9), "step": (1, 2)}),
        ("Select", {"dim": (-2, -1, 0, 1, 2), "index": (-3, -1, 0, 1, 4)}),
        ("IndexSelect", {"dim": (-2, -1, 0, 1, 2), "index": ((0,), (1, 0), (-1, 2), (4, 0))}),
        ("ArgMax", {"dim": (-2, -1, 0, 1, 2), "keepdim": (True, False)}),
        ("ArgMin", {"dim": (-2, -1, 0, 1, 2), "keepdim": (True, False)}),
        ("TopK", {"k": (1, 2, 3), "dim": (-2, -1, 0, 1), "largest": (True, False)}),
    ],
)
def test_shapes_and_refusals_agree_with_pytorch_at_random(kind: str, choices: dict[str, Any]) -> None:
    assert agrees_at_random(kind, choices, 250) > 10


@pytest.mark.parametrize("size", range(1, 13))
@pytest.mark.parametrize("chunks", range(1, 8))
def test_as_many_chunks_as_asked_for_or_an_explanation(size: int, chunks: int) -> None:
    found = both("Chunk", _one(2, size), chunks=chunks)
    if len(torch.chunk(torch.zeros(2, size), chunks, 1)) == chunks:
        assert found is not None
        assert [part.shape[1] for part in found.values()] == [
            part.shape[1] for part in torch.chunk(torch.zeros(2, size), chunks, 1)
        ]
    else:
        assert f"cannot be cut into {chunks} parts" in refusal("Chunk", _one(2, size), chunks=chunks)


@pytest.mark.parametrize("index_shape", [(3, 2), (2, 2), (1, 9), (4, 2), (3,), (3, 2, 1)])
def test_gather_takes_what_the_index_names(index_shape: tuple[int, ...]) -> None:
    index = torch.randint(0, 5, index_shape)
    tensors = {"input": torch.randn(3, 5), "index": index}
    found = both("Gather", tensors, dim=1)
    if found is not None:
        torch.testing.assert_close(found["output"], torch.gather(tensors["input"], 1, index))
    assert "int wanted" in refusal("Gather", {"input": tensors["input"], "index": index.float()})


def test_class_numbers_become_rows() -> None:
    classes = torch.randint(0, 4, (3, 5))
    rows = run("OneHot", {"input": classes}, num_classes=4)["output"]
    torch.testing.assert_close(rows, torch.nn.functional.one_hot(classes, 4).float())
    assert rows.dtype is FLOAT
    assert run("OneHot", {"input": classes}, num_classes=4, as_float=False)["output"].dtype is INT
    assert "int wanted" in refusal("OneHot", _one(3, 5))


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("Split", {"sizes": (1, 2)}, "must add up to the 4 entries of dimension 1, but they add up to 3"),
        ("Select", {"index": 4}, "There is no entry 4 along dimension 1: it has the entries 0 to 3"),
        ("IndexSelect", {"index": (0, -5)}, "There is no entry -5"),
        ("Slice", {"start": 3, "stop": 2}, "empty"),
        ("TopK", {"k": 9}, "k"),
        ("Split", {"dim": 7}, "axis"),
    ],
)
def test_refusals_say_what_is_needed(kind: str, params: dict[str, Any], words: str) -> None:
    assert words in refusal(kind, _one(3, 4), **params)


def test_masks_have_no_largest_value() -> None:
    for kind in ("ArgMax", "ArgMin", "TopK"):
        assert "dtype refused" in refusal(kind, {"input": torch.ones(2, 3, dtype=BOOL)})


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("Slice", {"start": 1, "stop": -1}, {"output": ("N", "T-2", 6)}),
        ("Slice", {"step": 2}, {"output": ("N", "(T+1)//2", 6)}),
        ("Select", {"index": -1}, {"output": ("N", 6)}),
        ("Select", {"dim": 0}, {"output": ("T", 6)}),
        ("Chunk", {"dim": 2}, {"outputs.0": ("N", "T", 3), "outputs.1": ("N", "T", 3)}),
        ("Split", {"dim": 2, "sizes": (1, 5)}, {"outputs.0": ("N", "T", 1), "outputs.1": ("N", "T", 5)}),
        ("TopK", {"k": 2}, {"output": ("N", "T", 2), "indices": ("N", "T", 2)}),
        ("ArgMax", {}, {"output": ("N", "T")}),
    ],
)
@pytest.mark.parametrize(("batch", "length"), [(1, 4), (3, 5)])
def test_open_dimensions_stay_open(
    kind: str, params: dict[str, Any], expected: dict[str, Any], batch: int, length: int
) -> None:
    outcome = open_dims(kind, _one(batch, length, 6), {"input": 1}, **params)
    assert {slot: spec.shape for slot, spec in outcome.outputs.items()} == expected
    assert warned(outcome) == (["batch axis"] if params.get("dim") == 0 else [])


def test_outputs_are_as_many_as_the_parameters_say() -> None:
    assert catalogue["Split"].output_slots({"sizes": (1, 2, 3)}) == ("outputs.0", "outputs.1", "outputs.2")
    assert catalogue["Chunk"].output_slots({"chunks": 2}) == ("outputs.0", "outputs.1")


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("Split", {"sizes": (1, 2, 3)}, "y, y1, y2 = torch.split(x, [1, 2, 3], dim=1)"),
        ("Split", {"sizes": (4,)}, "(y,) = torch.split(x, [4], dim=1)"),
        ("Chunk", {}, "y, y1 = torch.chunk(x, 2, dim=1)"),
        ("Slice", {"start": 2, "stop": 8}, "y = x[:, 2:8]"),
        ("Slice", {"dim": 2, "step": 2}, "y = x[:, :, ::2]"),
        ("Slice", {"dim": -1, "stop": -1}, "y = x[..., :-1]"),
        ("Slice", {"dim": -2, "start": 1}, "y = x[..., 1:, :]"),
        ("Select", {"index": 3}, "y = x[:, 3]"),
        ("Select", {"dim": -1}, "y = x[..., 0]"),
        ("IndexSelect", {"index": (2, 0)}, "y = x[:, [2, 0]]"),
        ("ArgMax", {}, "y = torch.argmax(x, dim=-1)"),
        ("ArgMin", {"keepdim": True}, "y = torch.argmin(x, dim=-1, keepdim=True)"),
        ("TopK", {"k": 5}, "y, y1 = torch.topk(x, 5)"),
        ("TopK", {"dim": 1, "largest": False}, "y, y1 = torch.topk(x, 1, dim=1, largest=False)"),
        ("OneHot", {"num_classes": 4}, "y = F.one_hot(x, 4).float()"),
        ("OneHot", {"num_classes": 4, "as_float": False}, "y = F.one_hot(x, 4)"),
    ],
)
def test_lines(kind: str, params: dict[str, Any], expected: str) -> None:
    assert line(kind, {"input": "x"}, **params) == expected


def test_a_gather_names_both_inputs() -> None:
    assert line("Gather", {"index": "i", "input": "x"}, dim=2) == "y = torch.gather(x, 2, i)"
