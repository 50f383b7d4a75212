"""Runs one layer on PyTorch's ``meta`` device (shapes without numbers) to learn what it really returns."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.kinds import LayerKind, Value
from core.model import patience, python_code
from core.model.lines import by_port, call_line, constructor, constructor_arguments
from core.model.options import option_problems
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
    broken = python_code.blocked(kind) if kind.code else broken_rules(kind, arguments, inputs)
    if any(trouble.severity == "error" for trouble in broken):
        return Outcome(troubles=broken)
    derived, trouble = _derived(kind, arguments, inputs)
    if trouble:
        return Outcome(troubles=(*broken, trouble))
    if not kind.outputs:
        return Outcome(troubles=broken)
    with quietly() as caught:
        outcome = (_run_patiently if kind.code else _run_modes)(kind, {**arguments, **derived}, inputs, names)
    notes = dict.fromkeys(str(each.message) for each in caught)
    said = tuple(Trouble("note", text=text, severity="warning") for text in notes)
    return Outcome(outcome.outputs, derived, (*broken, *outcome.troubles, *said))


def _run_patiently(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec], names: tuple[str, ...]
) -> Outcome:
    """Run a layer with the user's code, which is stopped where it never ends."""
    try:
        return patience.at_most(patience.LONGEST, lambda: _run_modes(kind, arguments, inputs, names))
    except patience.TooLong as error:
        return Outcome(troubles=(Trouble("said", text=python_code.stopped(kind.code, error)),))


@contextmanager
def quietly() -> Iterator[list[warnings.WarningMessage]]:
    """Collect what PyTorch warns of inside the block, instead of printing it."""
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel")  # a rule of ours says it
        warnings.filterwarnings("ignore", message="enable_nested_tensor is True")  # nobody can change it
        yield caught


def construct(
    kind: LayerKind, arguments: Mapping[str, Value], training: bool = False, device: str = "meta"
) -> nn.Module | torch.Tensor | None:
    """Return what the layer is in the network: a module (by default in evaluation mode), a parameter or a buffer.

    None for an operation. By default it is on ``meta``, so that it takes neither memory nor random numbers.
    """
    import torch

    if not kind.has_module:
        return None
    if kind.code:
        return python_code.construct(kind.code, constructor(kind, arguments), training, device)
    with torch.device(device):
        if kind.construct:
            made = eval(constructor(kind, arguments), _namespace())
        else:
            made = torch_class(kind)(**constructor_arguments(kind, arguments))
    made = made if isinstance(made, torch.nn.Module | torch.Tensor) else None
    return made.train(training) if isinstance(made, torch.nn.Module) else made


def parameters_in(layer: nn.Module | torch.Tensor | None) -> list[torch.Tensor]:
    """Return what a layer learns: the parameters of a module, or the parameter that it is."""
    from torch import nn

    if isinstance(layer, nn.Module):
        return list(layer.parameters())
    return [layer] if isinstance(layer, nn.Parameter) else []


def call_layer(
    kind: LayerKind,
    module: nn.Module | torch.Tensor | None,
    arguments: Mapping[str, Value],
    tensors: Mapping[str, torch.Tensor],
    gradients: bool = False,
) -> dict[str, torch.Tensor]:
    """Run the layer's line of source on tensors by slot; return the output tensors by slot."""
    import torch

    variables = {slot: f"x{index}" for index, slot in enumerate(tensors)}
    outputs = {slot: f"y{index}" for index, slot in enumerate(kind.output_slots(arguments))}
    line = call_line(kind, "layer", by_port(kind, variables), outputs, arguments)
    forward = _compiled(line, len(variables), len(outputs))
    with torch.set_grad_enabled(gradients):
        if kind.code and isinstance(module, torch.nn.Module):
            owner = SimpleNamespace(layer=python_code.checked(module, len(outputs)))
            with python_code.running(kind.code, next((each.device.type for each in tensors.values()), "meta")):
                results = forward(owner, *tensors.values())
        else:
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


def _run_modes(
    kind: LayerKind, arguments: Mapping[str, Value], inputs: Mapping[str, TensorSpec], names: tuple[str, ...]
) -> Outcome:
    if kind.mode == "both":
        training = _run_twice(kind, arguments, inputs, names, training=True)
        if training.troubles:
            return training
    return _run_twice(kind, arguments, inputs, names, training=kind.mode == "train")


def _run_twice(
    kind: LayerKind,
    arguments: Mapping[str, Value],
    inputs: Mapping[str, TensorSpec],
    names: tuple[str, ...],
    training: bool,
) -> Outcome:
    """Run a layer with both sets of sizes on ``meta``; the user's code, where it needs numbers, on the CPU."""
    outcome = _run_on("meta", kind, arguments, inputs, names, training)
    if not kind.code or outcome.outputs or outcome.troubles[0].rule != "said":
        return outcome
    refused = python_code.too_large(inputs, outcome.troubles[0].text)
    if refused:
        return Outcome(troubles=(Trouble("said", text=refused),))
    return _run_on("cpu", kind, arguments, inputs, names, training)


def _run_on(
    device: str,
    kind: LayerKind,
    arguments: Mapping[str, Value],
    inputs: Mapping[str, TensorSpec],
    names: tuple[str, ...],
    training: bool,
) -> Outcome:
    make = meta_tensor if device == "meta" else python_code.sample
    try:
        module = construct(kind, _shallow(kind, arguments), training, device)
    except TORCH_ERRORS as error:
        return Outcome(troubles=(_trouble(error),))
    problems = option_problems(kind, arguments, module)
    if problems:
        return Outcome(troubles=tuple(Trouble("said", parameter=name, text=text) for name, text in problems))
    results: list[dict[str, torch.Tensor]] = []
    for which in (0, 1):
        sizes = {slot: short_sizes(kind, slot, spec.probe(which)) for slot, spec in inputs.items()}
        try:
            tensors = {slot: make(spec, sizes[slot]) for slot, spec in inputs.items()}
            with _quick_kernels(kind, device):
                found = call_layer(kind, module, arguments, tensors)
            results.append({slot: tensor.to("meta") for slot, tensor in found.items()})
        except TORCH_ERRORS as error:
            return Outcome(troubles=(_trouble(error, some_sizes=bool(which)),))
    return _outcome(kind, inputs, results, names)


def _quick_kernels(kind: LayerKind, device: str) -> AbstractContextManager[object]:
    from core.model.kernels import QuickKernels

    return QuickKernels() if device == "meta" and (kind.short_axis or kind.code) else nullcontext()


def _shallow(kind: LayerKind, arguments: Mapping[str, Value]) -> dict[str, Value]:
    """Return the arguments with one of each part that the kind repeats: more of them let the same pass."""
    return {**arguments, **dict.fromkeys(kind.repeats, 1)}


def _trouble(error: Exception, some_sizes: bool = False) -> Trouble:
    if isinstance(error, python_code.CodeError):
        which = "It works for some sizes of the open dimensions only: " if some_sizes else ""
        return Trouble("said", text=f"{which}{error}")
    return Trouble("some sizes" if some_sizes else "torch", text=str(error))


def _outcome(
    kind: LayerKind,
    inputs: Mapping[str, TensorSpec],
    results: list[dict[str, torch.Tensor]],
    names: tuple[str, ...],
) -> Outcome:
    outputs = {}
    for port, tensor in results[0].items():
        first, second = (_full_sizes(kind, inputs, port, tuple(results[which][port].shape), which) for which in (0, 1))
        if len(first) != len(second):
            return Outcome(troubles=(Trouble("some sizes", port),))
        if 0 in first or 0 in second:
            return Outcome(troubles=(Trouble("empty", port),))
        outputs[port] = paired(str(tensor.dtype).removeprefix("torch."), first, second, names)
    spread = any([dim.name for dim in spec.dims].count("N") > 1 for spec in outputs.values())
    if spread and len(inputs) > 1:
        return Outcome(outputs, troubles=(Trouble("spread", severity="warning"),))
    return Outcome(outputs)


def _full_sizes(
    kind: LayerKind, inputs: Mapping[str, TensorSpec], port: str, sizes: tuple[int, ...], which: int
) -> tuple[int, ...]:
    """Put the real length back into the first output, which keeps the short axis (final states do not have it)."""
    if kind.short_axis is None or port != kind.outputs[0].name:
        return sizes
    slot, axis = kind.short_axis
    spec = inputs[slot]
    if len(sizes) != spec.rank or sizes[axis] != 1:
        return sizes
    return (*sizes[:axis], spec.probe(which)[axis], *sizes[axis + 1 :])


@cache
def _namespace() -> dict[str, Any]:
    """Return the names that the written source has at hand."""
    import torch
    from torch import nn
    from torch.nn import functional

    return {"torch": torch, "nn": nn, "F": functional, "math": math}


@lru_cache(maxsize=1024)
def _compiled(line: str, inputs: int, outputs: int) -> Callable[..., tuple[Any, ...]]:
    arguments = "".join(f", x{index}" for index in range(inputs))
    returned = "".join(f"y{index}, " for index in range(outputs))
    text = f"def forward(self{arguments}):\n    {line}\n    return ({returned})\n"
    namespace = dict(_namespace())
    exec(compile(text, "<layerwright probe>", "exec"), namespace)
    forward: Callable[..., tuple[Any, ...]] = namespace["forward"]
    return forward
