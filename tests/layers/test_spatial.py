"""Convolution, pooling, padding and vision say of every dtype and rank what a real run on the CPU says."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from core.kinds import LayerKind, Parameter, Shape, Value
from core.layers import convolution, padding, pooling, vision
from core.model.probe import TORCH_ERRORS, Outcome, call_layer, construct, run_layer
from core.model.specs import Dim, TensorSpec
from core.parameters import parameters_of, resolve

FAMILIES = (convolution, pooling, padding, vision)
KINDS = [pytest.param(kind, id=kind.id) for module in FAMILIES for kind in module.KINDS]
UNBATCHED = [case for case in KINDS if case.values[0].inputs[0].unbatched]
DTYPES = ("float32", "float64", "int64", "bool")
ROUNDS = 40


def spec(shape: Shape, dtype: str = "float32", batched: bool = True) -> TensorSpec:
    """Return the spec of a tensor of this shape, whose first dimension is the batch or not."""
    dims = [Dim(size, size) for size in shape]
    return TensorSpec(dtype, (Dim(shape[0], shape[0] + 1, "N"), *dims[1:]) if batched else tuple(dims))


def asked(kind: LayerKind, specs: dict[str, TensorSpec], params: dict[str, Value]) -> tuple[Outcome, dict[str, Value]]:
    """Return what the check says, and the values of all parameters."""
    values, problems = resolve(kind, params, {})
    assert not problems
    outcome = run_layer(kind, values, specs, ())
    return outcome, {**values, **outcome.derived}


def fed(spec: TensorSpec) -> torch.Tensor:
    """Return a tensor of a spec: zeros where it is of whole numbers, which are indices wherever they lead."""
    sizes, dtype = spec.probe(0), getattr(torch, spec.dtype)
    return torch.rand(sizes).to(dtype) if spec.dtype.startswith("float") else torch.zeros(sizes, dtype=dtype)


def real(
    kind: LayerKind, values: dict[str, Value], specs: dict[str, TensorSpec], training: bool
) -> dict[str, tuple[Any, ...]] | str:
    """Return shapes and dtypes of a run on the CPU, or what PyTorch says against it."""
    shapes = {slot: each.probe(0) for slot, each in specs.items()}
    try:
        derived = {name: derive(shapes, values) for name, derive in kind.derived.items()}
        module = construct(kind, {**values, **derived}, training, device="cpu")
        results = call_layer(kind, module, {**values, **derived}, {slot: fed(each) for slot, each in specs.items()})
    except TORCH_ERRORS as error:
        return str(error)
    if any(not tensor.numel() for tensor in results.values()):
        return "nothing is left"
    return {slot: (tuple(tensor.shape), str(tensor.dtype)) for slot, tensor in results.items()}


def agree(kind: LayerKind, specs: dict[str, TensorSpec], params: dict[str, Value]) -> bool:
    """Assert that the check and a real run, in training and evaluation, agree; return whether all is well."""
    outcome, values = asked(kind, specs, params)
    said = {slot: (each.probe(0), f"torch.{each.dtype}") for slot, each in outcome.outputs.items()}
    for training in (True, False):
        found = real(kind, values, specs, training)
        wrong = [trouble for trouble in outcome.troubles if trouble.severity == "error"]
        assert bool(wrong) == isinstance(found, str), (params, specs, wrong, found)
        assert wrong or found == said
    return bool(said)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dtype_is_taken_where_pytorch_takes_it(kind: LayerKind) -> None:
    first, *others = zip(kind.inputs, kind.samples[0], strict=True)
    rest = {port.name: spec(shape, "int64" if port.dtype == "int" else "float32") for port, shape in others}
    for dtype in DTYPES:
        specs = {first[0].name: spec(first[1], dtype), **rest}
        assert agree(kind, specs, {}) or dtype != "float32", dtype


@pytest.mark.parametrize("kind", UNBATCHED)
def test_a_tensor_without_a_batch_is_taken_where_pytorch_takes_it(kind: LayerKind) -> None:
    specs = {}
    for port, shape in zip(kind.inputs, kind.samples[0], strict=True):
        sizes = shape[-port.unbatched[0] :]
        specs[port.name] = spec(sizes, "int64" if port.dtype == "int" else "float32", batched=False)

    assert agree(kind, specs, {})


@pytest.mark.parametrize("kind", UNBATCHED)
def test_the_batch_is_never_taken_for_channels(kind: LayerKind) -> None:
    port, shape = kind.inputs[0], kind.samples[0][0]
    outcome, _values = asked(kind, {port.name: spec(shape[: port.unbatched[0]])}, {})

    assert [trouble.rule for trouble in outcome.troubles] == ["rank"]


def entry(parameter: Parameter, dice: random.Random) -> Value:
    """Return a number that the parameter's bounds allow, or what may stand for one."""
    if parameter.wildcard == "None" and dice.random() < 0.2:
        return None
    if parameter.type in ("float", "floats"):
        return dice.choice((0.3, 0.5, 0.75) if parameter.maximum == 1 else (0.5, 1.0, 1.5, 2.0, 3.0))
    low = max(-3, int(parameter.minimum or 0))
    return dice.randint(low, 4)


def drawn(parameter: Parameter, rank: int, dice: random.Random) -> Value:
    """Return a value that the form would take."""
    if parameter.optional and dice.random() < 0.5:
        return None
    if parameter.type == "bool":
        return dice.random() < 0.5
    if parameter.choices and (parameter.type == "choice" or dice.random() < 0.2):
        return dice.choice(parameter.choices)
    if parameter.type in ("int", "float") or (parameter.length and not parameter.wildcard and dice.random() < 0.5):
        return entry(parameter, dice)
    return tuple(entry(parameter, dice) for _ in range(parameter.length or dice.choice((1, rank - 2, rank - 2))))


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kind", KINDS)
def test_parameters_drawn_at_random_fit_where_they_fit_in_pytorch(kind: LayerKind) -> None:
    dice = random.Random(kind.id)
    ways = {"size", "scale_factor"}, {"output_size", "output_ratio"}
    for _ in range(ROUNDS):
        sample = dice.choice(kind.samples)
        own = [each for each in parameters_of(kind) if not each.section and dice.random() < 0.5]
        if kind.id.startswith("Circular"):  # crops beside margins are undefined in PyTorch: see test_padding
            own = [replace(each, minimum=0) for each in own]
        params = {each.name: drawn(each, len(sample[0]), dice) for each in own}
        names = {each.name for each in parameters_of(kind)}
        for first, second in (sorted(way, reverse="size" in way) for way in ways if way <= names):
            if params.get(first) is not None:
                params[second] = None
        ports = zip(kind.inputs, sample, strict=True)
        agree(kind, {p.name: spec(shape, "int64" if p.dtype == "int" else "float32") for p, shape in ports}, params)


def test_every_class_of_these_families_is_in_the_catalogue() -> None:
    modules = nn.modules
    names = {name for part in (modules.conv, modules.pooling, modules.padding) for name in part.__all__}
    names |= {"Fold", "Unfold", *modules.pixelshuffle.__all__, *modules.upsampling.__all__, "ChannelShuffle"}
    declared = {kind.torch_class.removeprefix("torch.nn.") for module in FAMILIES for kind in module.KINDS}

    assert {name for name in names if not name.startswith("Lazy")} <= declared
