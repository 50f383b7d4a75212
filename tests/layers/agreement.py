"""Holds the check of one layer against the real module on the CPU, while training and in prediction."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch

from core.errors import ModelError
from core.kinds import LayerKind, Value
from core.layers import catalogue
from core.model.lines import by_port, call_line, constructor
from core.model.probe import TORCH_ERRORS, Outcome, call_layer, construct, run_layer
from core.model.specs import Dim, TensorSpec
from core.parameters import derived_of, resolve

DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)
Found = dict[str, torch.Tensor]


def constructor_line(kind: LayerKind, name: str, arguments: Mapping[str, Value]) -> str:
    """Return the line of ``__init__`` that makes a layer, as the source has it."""
    return f"self.{name} = {constructor(kind, arguments)}"


def values_of(kind: LayerKind, params: Mapping[str, Any]) -> dict[str, Value]:
    """Return all values of a kind's parameters."""
    values, problems = resolve(kind, params, {})
    assert not problems, problems
    return values


def checked(kind_id: str, tensors: Mapping[str, torch.Tensor], **params: Any) -> Outcome:
    """Return what the check says of a kind on tensors like these, none of which begins with the batch."""
    kind = catalogue[kind_id]
    specs = {
        slot: TensorSpec(_name(each), tuple(Dim(size, size) for size in each.shape)) for slot, each in tensors.items()
    }
    return run_layer(kind, values_of(kind, params), specs, ())


def refusal(kind_id: str, tensors: Mapping[str, torch.Tensor], **params: Any) -> str:
    """Return in which words the check refuses what PyTorch refuses as well."""
    assert both(kind_id, tensors, **params) is None
    return "; ".join(each.text or each.rule for each in checked(kind_id, tensors, **params).troubles)


def run(kind_id: str, tensors: Mapping[str, torch.Tensor], **params: Any) -> Found:
    """Return what the real module gives in prediction; the check says the same, and training does too."""
    found = both(kind_id, tensors, **params)
    assert found is not None, f"{kind_id} does not run: {checked(kind_id, tensors, **params).troubles}"
    return found


def both(kind_id: str, tensors: Mapping[str, torch.Tensor], **params: Any) -> Found | None:
    """Return what the real module gives in prediction, None where it or training is refused.

    The check has to say the same: what is refused, and all dtypes and shapes.
    """
    outcome = checked(kind_id, tensors, **params)
    errors = [trouble for trouble in outcome.troubles if trouble.severity == "error"]
    told = f"{kind_id} {params} {[(tuple(each.shape), _name(each)) for each in tensors.values()]}: check {errors}"
    runs: list[Found] = []
    refused = ""
    try:
        runs = [really(kind_id, tensors, training, **params) for training in (True, False)]
    except (*TORCH_ERRORS, ModelError) as error:
        refused = str(error)
    if any(0 in each.shape for outputs in runs for each in outputs.values()):
        refused, runs = "leaves nothing", []
    assert bool(errors) == bool(refused), f"{told}, PyTorch {refused}"
    expected = {slot: (spec.dtype, spec.shape) for slot, spec in outcome.outputs.items()}
    for outputs in runs:
        assert {slot: (_name(each), tuple(each.shape)) for slot, each in outputs.items()} == expected, told
    return None if refused else runs[-1]


def really(kind_id: str, tensors: Mapping[str, torch.Tensor], training: bool, **params: Any) -> Found:
    """Return what the real module gives, with what PyTorch warns of left to the check."""
    kind = catalogue[kind_id]
    arguments = _with_derived(kind, tensors, params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return call_layer(kind, construct(kind, arguments, training, "cpu"), arguments, tensors)


def line(kind_id: str, inputs: Mapping[str, str], **params: Any) -> str:
    """Return the line of ``forward`` that is written for variables by slot."""
    kind, values = catalogue[kind_id], values_of(catalogue[kind_id], params)
    outputs = {slot: f"y{index or ''}" for index, slot in enumerate(kind.output_slots(values))}
    return call_line(kind, "n", by_port(kind, inputs), outputs, values)


def made(kind_id: str, tensors: Mapping[str, torch.Tensor], **params: Any) -> str:
    """Return the line that is written for the constructor."""
    kind = catalogue[kind_id]
    return constructor_line(kind, "n", _with_derived(kind, tensors, params))


def agrees_for_all_dtypes_and_ranks(kind: LayerKind, highest: int = 6) -> int:
    """Hold the check against PyTorch for tensors of all dtypes and ranks; return how many PyTorch takes."""
    taken = 0
    for dtype in DTYPES:
        for rank in range(highest + 1):
            tensor = torch.zeros((4,) * rank).to(dtype)
            tensors = {port.name: tensor for port in kind.inputs if not port.optional}
            taken += both(kind.id, tensors) is not None
    return taken


def _with_derived(kind: LayerKind, tensors: Mapping[str, torch.Tensor], params: Mapping[str, Any]) -> dict[str, Value]:
    values, sizes = values_of(kind, params), {slot: tuple(each.shape) for slot, each in tensors.items()}
    return {**values, **{name: kind.derived[name](sizes, values) for name in derived_of(kind)}}


def _name(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
