"""The network to be exported with its weights, and the comparisons that every export has to pass."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.atomic import write_atomically
from core.data.preprocessing import Preprocessing
from core.errors import DataError, ExportError, SaveError, TrainingError
from core.exporters._kind import ExportRequest
from core.exporters._rows import Columns, raw_rows
from core.graph.files import project_to_text
from core.model.build import Built, build
from core.model.seeding import Seeded
from core.model.specs import TensorSpec
from core.progress import report
from core.training.check import CheckReport, check_project
from core.training.checkpoints import load_weights, weights_metadata

TOLERANCE = 1e-5
"""How far outputs may differ, relative to the largest of them (or to 1, if that is larger)."""

_MADE_UP = (
    "The data of the run cannot be read any more: the export was compared with the network on rows that were made up."
)
_BATCH = 4
_LENGTHS = ((12, 7), (64, 45))
"""Lengths that open axes are tried with: the short ones where they suffice, for tracing recurrent layers takes time."""
Inputs = tuple[Tensor, ...]
Runner = Callable[[Inputs], Mapping[str, Tensor]]
"""Computes outputs, by name, from the inputs in their order."""


@dataclass(frozen=True)
class Exportable:
    """A network in evaluation mode on the CPU, what its files shall say of it, and batches to compare outputs with.

    ``example`` is random, with several samples and steps; ``batches`` are it, others of another size and length, and
    where there is a run the raw ``rows`` of its data as the network takes them (None where there is no run). ``notes``
    tell the user what there is to know of the comparison.
    """

    built: Built
    metadata: Mapping[str, str]
    specs: Mapping[str, TensorSpec]
    example: Inputs
    batches: tuple[Inputs, ...]
    rows: Columns | None = None
    preprocessing: Preprocessing | None = None
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> dict[str, Tensor]:
        """The state dict, as plain tensors."""
        return {name: each.detach().clone() for name, each in self.built.module.state_dict().items()}


def exportable(request: ExportRequest, *, rows: bool = False) -> Exportable:
    """Build the requested network and load its weights; with ``rows``, read raw rows of the run's data to compare with.

    Raises:
        ModelError: the network cannot be built.
        ExportError: the run's weights are missing, damaged, or belong to another network.
    """
    report(0, 0, "Building the network")
    checked = check_project(request.project)
    built = build(request.project, checked.shapes)
    metadata = _metadata(request, checked)
    preprocessing = None
    if request.run is not None:
        try:
            stored = load_weights(built.module, request.run.weights(request.which))
            preprocessing = Preprocessing.from_json(request.run.preprocessing())
        except (TrainingError, DataError) as error:
            raise ExportError(error.message, problems=error.problems) from error
        metadata |= {key: value for key, value in stored.items() if key != "format"}
        metadata["preprocessing"] = json.dumps(preprocessing.to_json(), ensure_ascii=False)
    built.module.eval()
    specs = {name: checked.shapes.nodes[name].outputs["output"] for name in built.inputs}
    first, second = _lengths(built.module, specs)
    example = _samples(specs, _BATCH, first)
    batches = [example, _samples(specs, 1, first), _samples(specs, _BATCH - 1, second)]
    found: Columns | None = None
    notes: tuple[str, ...] = ()
    if rows and request.run is not None and preprocessing is not None:
        report(0, 0, "Reading rows to compare with")
        raw = raw_rows(request.run, preprocessing)
        found, notes = raw.columns, () if raw.stored else (_MADE_UP,)
        batches += _prepared(preprocessing, found, built.inputs)
    return Exportable(built, metadata, specs, example, tuple(batches), found, preprocessing, notes)


def _metadata(request: ExportRequest, checked: CheckReport) -> dict[str, str]:
    classes = {each.output: each.target.categories for each in checked.objectives}
    return weights_metadata(request.project.name, classes) | {"design": project_to_text(request.project)}


def _lengths(module: nn.Module, specs: Mapping[str, TensorSpec]) -> tuple[int, int]:
    """Return two lengths that the network takes."""
    for lengths in _LENGTHS[:-1]:
        try:
            with torch.inference_mode():
                for each in lengths:
                    module(*_samples(specs, 1, each))
            return lengths
        except (RuntimeError, IndexError, ValueError):  # a layer needs more steps
            continue
    return _LENGTHS[-1]


def _samples(specs: Mapping[str, TensorSpec], batch: int, length: int) -> Inputs:
    return tuple(_sample(spec, index, batch, length) for index, spec in enumerate(specs.values()))


def _sample(spec: TensorSpec, seed: int, batch: int, length: int) -> Tensor:
    """Return a batch: random numbers, true, or index 0, which every table of an embedding has (texts: a 1 first)."""
    sizes = spec.sizes(batch, length)
    if spec.dtype == "bool":
        return torch.ones(sizes, dtype=torch.bool)
    if spec.dtype != "float32":
        indices = torch.zeros(sizes, dtype=getattr(torch, spec.dtype))
        if len(open_axes(spec)) > 1:  # a text: 0 is padding, and one of nothing else has no answer
            indices[:, 0] = 1
        return indices
    return torch.randn(sizes, generator=torch.Generator().manual_seed(seed))


def _prepared(preprocessing: Preprocessing, columns: Columns, names: Sequence[str]) -> list[Inputs]:
    """Return the raw rows as batches for the network: all together, and the first by itself."""
    try:
        tensors = preprocessing.transform(columns).inputs
    except DataError as error:
        raise ExportError(f"The rows to compare with cannot be prepared: {error.message}") from error
    whole = tuple(tensors[name] for name in names)
    return [whole, tuple(each[:1] for each in whole)] if len(whole[0]) else []


def open_axes(spec: TensorSpec) -> dict[int, str]:
    """Return the axes whose size differs from batch to batch, and what each is called."""
    return {
        place: "batch" if place == 0 else "length" if dim.name == "T" else dim.name or f"axis{place}"
        for place, dim in enumerate(spec.dims)
        if not dim.fixed
    }


# --- comparisons ------------------------------------------------------------------------------------------------------


def verify_weights(network: Exportable, weights: Mapping[str, Tensor]) -> None:
    """Raise ExportError unless weights that were read back are those of the network, bit for bit."""
    wanted = network.weights
    wrong = sorted(name for name in wanted.keys() | weights.keys() if not _same(wanted.get(name), weights.get(name)))
    if wrong:
        raise ExportError("The file that was written holds other weights than the network.", problems=wrong)


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is not None and other is not None and one.dtype == other.dtype and torch.equal(one, other)


def verify_outputs(network: Exportable, make: Callable[[], nn.Module], weights: Mapping[str, Tensor]) -> None:
    """Raise ExportError unless a new module with these weights gives the same outputs for all batches."""
    with Seeded(0):
        module = make()
    module.load_state_dict(dict(weights))
    module.eval()
    difference = first_difference(network, lambda inputs: by_name(module(*inputs), network.built.outputs))
    if difference:
        raise ExportError(f"The exported network gives other outputs: {difference}.")


def first_difference(network: Exportable, run: Runner) -> str:
    """Return which output of which batch differs from the network's, and by how much; empty where none does.

    Where the network itself gives no number for a sample (attention to nothing but padding, say), a format may.
    """
    for number, inputs in enumerate(network.batches):
        report(number, len(network.batches), "Comparing with the network")
        with torch.inference_mode():
            wanted = by_name(network.built.module(*inputs), network.built.outputs)
            found = run(inputs)
        for name, expected in wanted.items():
            away = distance(expected, _where_numbers(expected, found[name]))
            if away > TOLERANCE:
                sizes = " and ".join(" × ".join(map(str, each.shape)) for each in inputs)
                by = f"by {away:.3g} of its largest value" if away < float("inf") else "in shape, or where it is NaN"
                return f"'{name}' differs {by}, for inputs of {sizes}"
    return ""


def _where_numbers(expected: Tensor, found: Tensor) -> Tensor:
    """Return what was found, without a number where none is expected, unless none is expected anywhere."""
    none = torch.isnan(expected)
    if found.shape != expected.shape or bool(none.all()):
        return found
    return found.masked_fill(none, float("nan")) if bool(none.any()) else found


def distance(expected: Tensor, found: Tensor) -> float:
    """Return the largest difference, relative to the largest value (or to 1); infinite where shape or NaN differ."""
    if expected.shape != found.shape:
        return float("inf")
    if not expected.numel():
        return 0.0
    one, other = expected.double(), found.double()
    gaps = ~torch.isfinite(one)
    if not torch.equal(gaps, ~torch.isfinite(other)) or not torch.equal(
        one[gaps].nan_to_num(0.5), other[gaps].nan_to_num(0.5)
    ):
        return float("inf")
    one, other = one.masked_fill(gaps, 0), other.masked_fill(gaps, 0)
    return float((one - other).abs().max() / one.abs().max().clamp(min=1.0))


def by_name(result: Any, names: Sequence[str]) -> dict[str, Tensor]:
    """Return what a network gave, by the names of its outputs: of one output it is the tensor itself."""
    return dict(result) if isinstance(result, Mapping) else dict(zip(names, [result], strict=True))


def write(path: Path, content: bytes) -> None:
    """Replace a file's content, whole or not at all; raise ExportError where it cannot be written."""
    try:
        write_atomically(path, content)
    except SaveError as error:
        raise ExportError(error.message, problems=error.problems) from error
