"""Runs one layer on PyTorch's ``meta`` device (shapes without numbers) to learn what it really returns."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.kinds import LayerKind, Value
from core.model.lines import by_port, call_line, constructor_arguments
from core.model.preconditions import Trouble, broken_rules
from core.model.specs import TensorSpec, paired
from core.parameters import derived_of, torch_class

if TYPE_CHECKING:
    import torch
    from torch import nn

# What PyTorch raises where a layer does not fit what arrives. Anything else is a mistake of ours and must surface.
TORCH_ERRORS = (
    RuntimeError,
    ValueError,
    TypeError,
    AssertionError,
    IndexError,
    OverflowError,
    ZeroDivisionError,
)
# Warnings are collected through Python's process-wide filters, so one layer is run at a time.
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Outcome:
    """What a run gave: outputs by port (empty after an error), the arguments filled in, and what is to be said."""

    outputs: Mapping[str, TensorSpec] = field(default_factory=dict)
    derived: Mapping[str, Value] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()


def run_layer(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec], names: tuple[str, ...]
) -> Outcome:
    """Construct a layer on ``meta`` and run it with two sets of sizes for the open dimensions ``names`` and the batch.

    ``arguments`` are resolved and lack the derived ones; ``inputs`` are by slot. Never touches the random state.
    """
    broken = broken_rules(kind, arguments, inputs)
    if any(trouble.severity == "error" for trouble in broken):
        return Outcome(troubles=broken)
    derived, trouble = _derived(kind, arguments, inputs)
    if trouble:
        return Outcome(troubles=(*broken, trouble))
    if not kind.outputs:
        return Outcome(troubles=broken)
    with quietly() as caught:
        outcome = _run_twice(kind, {**arguments, **derived}, inputs, names)
    notes = dict.fromkeys(str(each.message) for each in caught)
    said = tuple(Trouble("note", text=text, severity="warning") for text in notes)
    return Outcome(outcome.outputs, derived, (*broken, *outcome.troubles, *said))


@contextmanager
def quietly() -> Iterator[list[warnings.WarningMessage]]:
    """Collect what PyTorch warns of inside the block, instead of printing it."""
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def construct(kind: LayerKind, arguments: Mapping[str, Value]) -> nn.Module | None:
    """Return the layer's module on ``meta`` in evaluation mode, or None for an operation."""
    import torch

    if not kind.torch_class:
        return None
    with torch.device("meta"):
        module: nn.Module = torch_class(kind)(**constructor_arguments(kind, arguments))
    return module.eval()


def call_layer(
    kind: LayerKind,
    module: nn.Module | None,
    arguments: Mapping[str, Value],
    tensors: Mapping[str, torch.Tensor],
) -> dict[str, torch.Tensor]:
    """Run the layer's line of source on tensors by slot; return the output tensors by port."""
    import torch

    variables = {slot: f"x{index}" for index, slot in enumerate(tensors)}
    outputs = {port.name: f"y{index}" for index, port in enumerate(kind.outputs)}
    line = call_line(kind, "layer", by_port(kind, variables), outputs, arguments)
    forward = _compiled(line, len(variables), len(outputs))
    with torch.no_grad():
        results = forward(SimpleNamespace(layer=module), *tensors.values())
    return dict(zip(outputs, results, strict=True))


def short_sizes(kind: LayerKind, slot: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes with which a slot is probed: 1 along the kind's short axis."""
    if kind.short_axis is None or kind.short_axis[0] != slot:
        return sizes
    axis = kind.short_axis[1]
    return (*sizes[:axis], 1, *sizes[axis + 1 :])


def meta_tensor(spec: TensorSpec, sizes: tuple[int, ...]) -> torch.Tensor:
    """Return an empty ``meta`` tensor of the spec's dtype."""
    import torch

    return torch.empty(sizes, dtype=getattr(torch, spec.dtype), device="meta")


def _derived(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec]
) -> tuple[dict[str, Value], Trouble | None]:
    found: dict[str, Value] = {}
    for name in derived_of(kind):
        try:
            first, second = (
                kind.derived[name]({slot: spec.probe(which) for slot, spec in inputs.items()}, arguments)
                for which in (0, 1)
            )
        except ModelError as error:
            return found, Trouble("said", parameter=name, text=error.message)
        except TORCH_ERRORS as error:
            return found, Trouble("torch", parameter=name, text=str(error))
        if first != second:
            return found, Trouble("open", parameter=name)
        found[name] = first
    return found, None


def _run_twice(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec], names: tuple[str, ...]
) -> Outcome:
    try:
        module = construct(kind, arguments)
    except TORCH_ERRORS as error:
        return Outcome(troubles=(Trouble("torch", text=str(error)),))
    results: list[dict[str, torch.Tensor]] = []
    for which in (0, 1):
        sizes = {slot: short_sizes(kind, slot, spec.probe(which)) for slot, spec in inputs.items()}
        try:
            tensors = {slot: meta_tensor(spec, sizes[slot]) for slot, spec in inputs.items()}
            results.append(call_layer(kind, module, arguments, tensors))
        except TORCH_ERRORS as error:
            return Outcome(troubles=(Trouble("some sizes" if which else "torch", text=str(error)),))
    return _outcome(kind, inputs, results, names)


def _outcome(
    kind: LayerKind,
    inputs: Mapping[str, TensorSpec],
    results: list[dict[str, torch.Tensor]],
    names: tuple[str, ...],
) -> Outcome:
    outputs = {}
    for port, tensor in results[0].items():
        first, second = (_full_sizes(kind, inputs, tuple(results[which][port].shape), which) for which in (0, 1))
        if len(first) != len(second):
            return Outcome(troubles=(Trouble("some sizes", port),))
        if 0 in first or 0 in second:
            return Outcome(troubles=(Trouble("empty", port),))
        outputs[port] = paired(str(tensor.dtype).removeprefix("torch."), first, second, names)
    spread = any(dim.name == "N" for spec in outputs.values() for dim in spec.dims[1:])
    if spread and any(port.variadic for port in kind.inputs):
        return Outcome(outputs, troubles=(Trouble("spread", severity="warning"),))
    return Outcome(outputs)


def _full_sizes(
    kind: LayerKind, inputs: Mapping[str, TensorSpec], sizes: tuple[int, ...], which: int
) -> tuple[int, ...]:
    """Put the real length back where an output keeps the short axis (final states, of length N there, do not)."""
    if kind.short_axis is None:
        return sizes
    slot, axis = kind.short_axis
    spec = inputs[slot]
    if len(sizes) != spec.rank or sizes[axis] != 1:
        return sizes
    return (*sizes[:axis], spec.probe(which)[axis], *sizes[axis + 1 :])


@lru_cache(maxsize=1024)
def _compiled(line: str, inputs: int, outputs: int) -> Callable[..., tuple[Any, ...]]:
    import torch
    from torch import nn
    from torch.nn import functional

    arguments = "".join(f", x{index}" for index in range(inputs))
    returned = "".join(f"y{index}, " for index in range(outputs))
    text = f"def forward(self{arguments}):\n    {line}\n    return ({returned})\n"
    namespace: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional}
    exec(compile(text, "<layerwright probe>", "exec"), namespace)
    forward: Callable[..., tuple[Any, ...]] = namespace["forward"]
    return forward
