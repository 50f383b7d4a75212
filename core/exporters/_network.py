"""The network to be exported with its weights, and the comparison that every export has to pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.atomic import write_atomically
from core.errors import ExportError, SaveError, TrainingError
from core.exporters._kind import ExportRequest
from core.model.build import Built, build
from core.model.seeding import Seeded
from core.model.specs import TensorSpec
from core.training.check import check_project
from core.training.checkpoints import load_weights, weights_metadata

TOLERANCE = 1e-6
"""How far outputs may differ, relative to the largest of them (or to 1, if that is larger)."""

_BATCH = 4


@dataclass(frozen=True)
class Exportable:
    """A network in evaluation mode on the CPU, what its files shall say of it, and a batch to compare outputs with."""

    built: Built
    metadata: Mapping[str, str]
    inputs: tuple[Tensor, ...]

    @property
    def weights(self) -> dict[str, Tensor]:
        """The state dict, as plain tensors."""
        return {name: each.detach().clone() for name, each in self.built.module.state_dict().items()}


def exportable(request: ExportRequest) -> Exportable:
    """Build the requested network and load its weights.

    Raises:
        ModelError: the network cannot be built.
        ExportError: the run's weights are missing, damaged, or belong to another network.
    """
    report = check_project(request.project)
    built = build(request.project, report.shapes)
    metadata = weights_metadata(
        request.project.name, {each.output: each.target.categories for each in report.objectives}
    )
    if request.run is not None:
        try:
            stored = load_weights(built.module, request.run.weights(request.which))
        except TrainingError as error:
            raise ExportError(error.message, problems=error.problems) from error
        metadata |= {key: value for key, value in stored.items() if key != "format"}
    built.module.eval()
    inputs = tuple(
        _sample(report.shapes.nodes[name].outputs["output"], index) for index, name in enumerate(built.inputs)
    )
    return Exportable(built, metadata, inputs)


def _sample(spec: TensorSpec, seed: int) -> Tensor:
    """Return a batch: random numbers, or index 0, which every table of an embedding has."""
    sizes = spec.sizes(_BATCH)
    if spec.dtype != "float32":
        return torch.zeros(sizes, dtype=getattr(torch, spec.dtype))
    return torch.randn(sizes, generator=torch.Generator().manual_seed(seed))


def verify_weights(network: Exportable, weights: Mapping[str, Tensor]) -> None:
    """Raise ExportError unless weights that were read back are those of the network, bit for bit."""
    wanted = network.weights
    wrong = sorted(name for name in wanted.keys() | weights.keys() if not _same(wanted.get(name), weights.get(name)))
    if wrong:
        raise ExportError("The file that was written holds other weights than the network.", problems=wrong)


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    return one is not None and other is not None and one.dtype == other.dtype and torch.equal(one, other)


def verify_outputs(network: Exportable, make: Callable[[], nn.Module], weights: Mapping[str, Tensor]) -> None:
    """Raise ExportError unless a new module with these weights gives the same outputs for the sample batch."""
    with Seeded(0):
        module = make()
    module.load_state_dict(dict(weights))
    module.eval()
    with torch.inference_mode():
        wanted, found = _outputs(network.built.module, network.inputs), _outputs(module, network.inputs)
    for name, expected in wanted.items():
        difference = float((found[name] - expected).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(expected.abs().max())):
            raise ExportError(f"The exported network gives other outputs: '{name}' differs by up to {difference:.3g}.")


def _outputs(module: nn.Module, inputs: tuple[Tensor, ...]) -> dict[str, Tensor]:
    result: Any = module(*inputs)
    return dict(result) if isinstance(result, dict) else {"": result}


def write(path: Path, content: bytes) -> None:
    """Replace a file's content, whole or not at all; raise ExportError where it cannot be written."""
    try:
        write_atomically(path, content)
    except SaveError as error:
        raise ExportError(error.message, problems=error.problems) from error
