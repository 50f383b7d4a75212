"""Random tensors for operations, and the check of one with an open batch."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import torch

from core.layers import catalogue
from core.model.probe import Outcome, run_layer
from core.model.specs import Dim, TensorSpec, probes
from tests.layers.agreement import both, run, values_of

FLOAT, INT, BOOL = torch.float32, torch.int64, torch.bool
NAMES = ("T",)


def random_tensor(dtype: torch.dtype, *shape: int) -> torch.Tensor:
    """Return random values: fractions, whole numbers from -3 to 3 without 0, or yes and no."""
    if dtype.is_floating_point:
        return torch.randn(shape, dtype=dtype)
    if dtype is BOOL:
        return torch.rand(shape) > 0.5
    return torch.randint(1, 4, shape) * (torch.randint(0, 2, shape) * 2 - 1)


def open_dims(kind_id: str, tensors: Mapping[str, torch.Tensor], lengths: Mapping[str, int], **params: Any) -> Outcome:
    """Return what the check says where the first dimension is the batch and one of each input may be a length T.

    ``lengths`` give that dimension by slot. What is said has to come true for these very tensors.
    """
    known = probes(NAMES)
    specs, length = {}, 0
    for slot, tensor in tensors.items():
        dims = [Dim(size, size) for size in tensor.shape]
        dims[0] = known["N"]
        if slot in lengths:
            dims[lengths[slot]], length = known["T"], tensor.shape[lengths[slot]]
        specs[slot] = TensorSpec(str(tensor.dtype).removeprefix("torch."), tuple(dims))
    outcome = run_layer(catalogue[kind_id], values_of(catalogue[kind_id], params), specs, NAMES)
    batch = next(iter(tensors.values())).shape[0]
    found = run(kind_id, tensors, **params)
    said = {slot: spec.sizes(batch, length) for slot, spec in outcome.outputs.items()}
    assert said == {slot: tuple(tensor.shape) for slot, tensor in found.items()}, outcome.troubles
    return outcome


def warned(outcome: Outcome) -> list[str]:
    """Return the rules that warn."""
    return [trouble.rule for trouble in outcome.troubles if trouble.severity == "warning"]


def agrees_at_random(kind_id: str, choices: Mapping[str, tuple[Any, ...]], rounds: int = 60) -> int:
    """Hold the check against PyTorch for random shapes, dtypes and parameters; return how often PyTorch computes."""
    kind, draw = catalogue[kind_id], random.Random(kind_id)
    torch.manual_seed(0)
    taken = 0
    for _ in range(rounds):
        params = {name: draw.choice(values) for name, values in choices.items()}
        shape = tuple(draw.choice((1, 2, 3, 4, 6)) for _ in range(draw.choice((0, 1, 2, 3, 3, 4, 5))))
        tensors = {}
        for port in kind.inputs:
            for index in range(
                draw.choice((1, 2, 3)) if port.variadic else draw.choice((0, 1)) if port.optional else 1
            ):
                dtype = draw.choice((FLOAT, FLOAT, INT, BOOL, torch.float64))
                own = BOOL if port.dtype == "bool" else INT if port.dtype == "int" else dtype
                slot = f"{port.name}.{index}" if port.variadic else port.name
                tensors[slot] = random_tensor(own, *_similar(draw, shape, bool(tensors)))
        taken += both(kind_id, tensors, **params) is not None
    return taken


def _similar(draw: random.Random, shape: tuple[int, ...], other: bool) -> tuple[int, ...]:
    """Return the shape, or for a further input perhaps one that differs in a dimension or lacks the first."""
    way = draw.random() if other and shape else 0
    if way < 0.5:
        return shape
    if way < 0.7:
        return shape[1:]
    axis = draw.randrange(len(shape))
    return (*shape[:axis], draw.choice((1, 2)), *shape[axis + 1 :])
