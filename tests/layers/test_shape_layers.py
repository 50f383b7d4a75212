"""Layers that rearrange values: what they give for every batch and length, what they write, what they refuse."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
import torch
from torch.nn import functional

from tests.layers.agreement import both, checked, line, made, refusal, run
from tests.layers.operations import BOOL, INT, agrees_at_random, open_dims, random_tensor, warned


def _one(*shape: int) -> dict[str, torch.Tensor]:
    return {"input": torch.randn(shape)}


@pytest.mark.parametrize(
    ("kind", "params", "function"),
    [
        ("Reshape", {"shape": (6, -1)}, lambda x: x.reshape(3, 6, 10)),
        ("Reshape", {"shape": ()}, None),
        ("Reshape", {"shape": (-1, 5), "keep_batch": False}, lambda x: x.reshape(-1, 5)),
        ("Flatten", {}, lambda x: x.reshape(3, 60)),
        ("Unflatten", {"dim": 1, "unflattened_size": (2, -1)}, lambda x: x.reshape(3, 2, 2, 3, 5)),
        ("Permute", {"order": (0, -1, 1, 2)}, lambda x: x.movedim(-1, 1)),
        ("Transpose", {"dim0": -1, "dim1": 1}, lambda x: x.swapaxes(1, 3)),
        ("Unsqueeze", {"dim": -1}, lambda x: x[..., None]),
        ("Squeeze", {"dim": (1, -1)}, lambda x: x),
        ("Expand", {"sizes": (2, -1, -1, -1, -1)}, lambda x: torch.stack([x, x])),
        ("Tile", {"repeats": (2, 1)}, lambda x: torch.cat([x, x], 2)),
        ("RepeatInterleave", {"repeats": 2, "dim": 1}, lambda x: x[:, [0, 0, 1, 1, 2, 2, 3, 3]]),
        ("Pad", {"pad": (1, 2, 0, 1), "value": 0.5}, lambda x: functional.pad(x, (1, 2, 0, 1), value=0.5)),
        ("Pad", {"pad": (-1, 0)}, lambda x: x[..., 1:]),
        ("Pad", {"pad": (2, 1, 1, 0), "mode": "circular"}, lambda x: functional.pad(x, (2, 1, 1, 0), "circular")),
        ("Roll", {"shifts": (1, -2), "dims": (1, -1)}, lambda x: x.roll(1, 1).roll(-2, -1)),
        ("Roll", {"shifts": (1,), "dims": None}, lambda x: x.flatten().roll(1).reshape(x.shape)),
        ("Flip", {"dims": (1, 2)}, lambda x: x.flip(1).flip(2)),
    ],
)
def test_values_are_rearranged_as_pytorch_does(kind: str, params: dict[str, Any], function: Any) -> None:
    tensors = _one(3, 4, 3, 5)
    if function is None:
        assert both(kind, tensors, **params) is None
    else:
        torch.testing.assert_close(run(kind, tensors, **params)["output"], function(tensors["input"]))


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("Reshape", {"shape": ((-1,), (2, -1), (6,), (1, 4, -1), ()), "keep_batch": (True, False)}),
        ("Flatten", {"start_dim": (1, 2, 3), "end_dim": (-1, 1, 2, -3)}),
        ("Unflatten", {"dim": (0, 1, 2, -1), "unflattened_size": ((1, -1), (2, 3), (2, -1), (6,))}),
        ("Permute", {"order": (*permutations(range(3)), (-1, 0, 1), (0, 0, 1), (1, 0), (0, 3, 1, 2), (0,), ())}),
        ("Transpose", {"dim0": (0, 1, 2, -1), "dim1": (-3, -1, 1, 3)}),
        ("Squeeze", {"dim": ((-1,), (0,), (1,), (2,), (1, -1), (1, 1))}),
        ("Unsqueeze", {"dim": (-5, -4, -1, 0, 1, 3, 5)}),
        ("Expand", {"sizes": ((-1, -1), (3, -1), (2, -1, -1), (-1, 4, 4), (2, 0), (1,), (-1, 2, -1, 3))}),
        ("Tile", {"repeats": ((2,), (1, 3), (2, 1, 1, 1), (1, 1, 1, 1, 2))}),
        ("RepeatInterleave", {"repeats": (1, 3), "dim": (-2, -1, 0, 1, 2)}),
        ("Roll", {"shifts": ((1,), (-1, 2), ()), "dims": ((0,), (1,), (-1, 1), (1, 1), None)}),
        ("Flip", {"dims": ((0,), (1,), (-1, 1), (1, 1), ())}),
        (
            "Pad",
            {
                "pad": ((1, 1), (0, 2), (-1, 1), (-2, -2), (1,), (1, 0, 0, 2), (3, 3, 3, 3), (1, 1, 1, 1, 1, 1)),
                "mode": ("constant", "reflect", "replicate"),
                "value": (0.0, 0.0, 1.5),
            },
        ),
        ("Pad", {"pad": ((1, 1), (0, 2), (2, 1, 1, 0), (5, 0), (1, 1, 1, 1, 1, 1)), "mode": ("circular",)}),
    ],
)
def test_shapes_and_refusals_agree_with_pytorch_at_random(kind: str, choices: dict[str, Any]) -> None:
    assert agrees_at_random(kind, choices, 250) > 10


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("Reshape", {"shape": (-1, 2, 3)}, ("N", "T", 2, 3)),
        ("Reshape", {"shape": (2, -1)}, ("N", 2, "3*T")),
        ("Reshape", {"shape": (-1, 6), "keep_batch": False}, ("N*T", 6)),
        ("Flatten", {}, ("N", "6*T")),
        ("Unflatten", {"dim": 2, "unflattened_size": (3, -1)}, ("N", "T", 3, 2)),
        ("Permute", {"order": (1, 0, 2)}, ("T", "N", 6)),
        ("Transpose", {}, ("N", 6, "T")),
        ("Unsqueeze", {"dim": 0}, (1, "N", "T", 6)),
        ("Expand", {"sizes": (4, -1, -1, -1)}, (4, "N", "T", 6)),
        ("Tile", {"repeats": (2, 1, 1)}, ("2*N", "T", 6)),
        ("RepeatInterleave", {"repeats": 3, "dim": 1}, ("N", "3*T", 6)),
        ("Pad", {"pad": (0, 0, 2, 1)}, ("N", "T+3", 6)),
        ("Roll", {"dims": (1,)}, ("N", "T", 6)),
        ("Flip", {"dims": (1,)}, ("N", "T", 6)),
    ],
)
@pytest.mark.parametrize(("batch", "length"), [(1, 1), (3, 5), (7, 2)])
def test_open_dimensions_stay_open(
    kind: str, params: dict[str, Any], expected: tuple[int | str, ...], batch: int, length: int
) -> None:
    outcome = open_dims(kind, _one(batch, length, 6), {"input": 1}, **params)
    assert outcome.outputs["output"].shape == expected


@pytest.mark.parametrize(
    ("kind", "params", "said"),
    [
        ("Roll", {"dims": (0,)}, ["batch axis"]),
        ("Roll", {"dims": None}, ["batch axis"]),
        ("Flip", {"dims": (1, -3)}, ["batch axis"]),
        ("Flip", {"dims": (1, 2)}, []),
        ("Unsqueeze", {"dim": 0}, []),
        ("Permute", {"order": (1, 0, 2)}, []),
    ],
)
def test_what_mixes_samples_is_warned_about(kind: str, params: dict[str, Any], said: list[str]) -> None:
    assert warned(open_dims(kind, _one(3, 5, 6), {}, **params)) == said
    assert warned(checked(kind, _one(3, 5, 6), **params)) == [], "no batch, nothing to mix"


@pytest.mark.parametrize(
    ("kind", "params", "shape", "words"),
    [
        ("Permute", {"order": (0, 2)}, (2, 3, 4), "exactly once (0, 1, 2), not (0, 2)"),
        ("Permute", {"order": (0, 1, 1)}, (2, 3, 4), "exactly once"),
        ("Pad", {"pad": (1, 2, 3)}, (2, 3, 4), "two numbers (before, after) for each dimension, not 3"),
        ("Pad", {"pad": (5, 0), "mode": "circular"}, (2, 3, 4), "may go around once"),
        ("Roll", {"shifts": (1, 2)}, (2, 3, 4), "equally many: 2 and 1"),
        ("Reshape", {"shape": (5,), "keep_batch": False}, (2, 3), "batch included"),
        ("Unsqueeze", {"dim": 4}, (2, 3), "axis"),
        ("Flip", {"dims": (1, 4)}, (2, 3), "axis"),
    ],
)
def test_refusals_say_what_is_needed(kind: str, params: dict[str, Any], shape: tuple[int, ...], words: str) -> None:
    assert words in refusal(kind, _one(*shape), **params)


def test_only_dimensions_that_are_always_one_can_be_removed() -> None:
    outcome = open_dims("Squeeze", _one(3, 5, 1), {"input": 1}, dim=(-1,))
    assert outcome.outputs["output"].shape == ("N", "T")
    for dim, name in ((0, "N"), (1, "T")):
        with pytest.raises(AssertionError, match=f"dimension {dim} is {name} in N × T × 1"):
            open_dims("Squeeze", _one(3, 5, 1), {"input": 1}, dim=(dim,))


def test_masks_cannot_be_mirrored() -> None:
    mask = {"input": random_tensor(BOOL, 2, 3, 4)}
    assert "Put a Cast in between" in refusal("Pad", mask, mode="reflect")
    assert run("Pad", mask)["output"].dtype is BOOL
    assert run("Pad", {"input": random_tensor(INT, 2, 3, 4)}, mode="reflect")["output"].dtype is INT


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("Reshape", {"shape": (32, -1)}, "y = x.reshape(x.shape[0], 32, -1)"),
        ("Reshape", {"shape": (-1, 8), "keep_batch": False}, "y = x.reshape(-1, 8)"),
        ("Reshape", {"shape": (), "keep_batch": False}, "y = x.reshape(())"),
        ("Permute", {}, "y = torch.permute(x, (0, 2, 1))"),
        ("Transpose", {}, "y = x.transpose(1, 2)"),
        ("Squeeze", {}, "y = torch.squeeze(x, dim=-1)"),
        ("Squeeze", {"dim": (1, 2)}, "y = torch.squeeze(x, dim=(1, 2))"),
        ("Unsqueeze", {}, "y = torch.unsqueeze(x, dim=1)"),
        ("Expand", {"sizes": (-1, 4)}, "y = x.expand(-1, 4)"),
        ("Tile", {"repeats": (1, 2)}, "y = torch.tile(x, (1, 2))"),
        ("RepeatInterleave", {}, "y = torch.repeat_interleave(x, repeats=2, dim=1)"),
        ("Pad", {}, "y = F.pad(x, (1, 1))"),
        ("Pad", {"value": -1.0}, "y = F.pad(x, (1, 1), value=-1.0)"),
        ("Pad", {"mode": "reflect", "value": 2.0}, 'y = F.pad(x, (1, 1), mode="reflect")'),
        ("Roll", {}, "y = torch.roll(x, shifts=1, dims=1)"),
        ("Roll", {"shifts": (1, 2), "dims": (1, 2)}, "y = torch.roll(x, shifts=(1, 2), dims=(1, 2))"),
        ("Flip", {"dims": (1,)}, "y = torch.flip(x, (1,))"),
    ],
)
def test_lines(kind: str, params: dict[str, Any], expected: str) -> None:
    assert line(kind, {"input": "x"}, **params) == expected


def test_unflatten_is_a_module() -> None:
    written = made("Unflatten", _one(2, 12), unflattened_size=(3, 2, 2))
    assert written == "self.n = nn.Unflatten(dim=1, unflattened_size=(3, 2, 2))"
