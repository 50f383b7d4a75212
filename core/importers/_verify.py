"""Builds an imported project with its weights and compares what it gives with what the source gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ImportFailed, ModelError
from core.graph.project import INPUT, OUTPUT, End, Graph, Node
from core.importers._kind import Imported

if TYPE_CHECKING:
    from torch import Tensor, nn

TOLERANCE = 1e-5
"""How far outputs may differ, relative to the largest of them (or to 1, if that is larger)."""
Batch = tuple[Sequence["Tensor"], Sequence["Tensor"]]
"""The inputs in the order of the source, and the outputs that it gives."""


def built(imported: Imported) -> tuple[nn.Module, tuple[str, ...], tuple[str, ...]]:
    """Return the network with its weights in evaluation mode, and the names of its inputs and outputs.

    Raises:
        ModelError: it cannot be built, or the weights are not those that it has.
    """
    from core.model.build import build

    made = build(imported.project)
    state = made.module.state_dict()
    missing = [name for name in state if name not in imported.weights and not name.endswith("num_batches_tracked")]
    other = [name for name in imported.weights if name not in state]
    other += [name for name in imported.weights if name in state and imported.weights[name].shape != state[name].shape]
    if missing or other:
        raise ModelError("The weights do not fit the network.", problems=[*missing[:8], *other[:8]])
    made.module.load_state_dict(dict(imported.weights), strict=False)
    return made.module.eval(), made.inputs, made.outputs


def verified(
    imported: Imported,
    batches: Sequence[Batch],
    inputs: Sequence[str],
    outputs: Sequence[str],
    values: Mapping[str, Tensor] | None = None,
    tolerance: float = TOLERANCE,
    *,
    must_build: bool = False,
) -> Imported:
    """Return what was imported, once it gave the outputs of the source for every batch.

    ``inputs`` and ``outputs`` name its nodes in the order of the source's; ``values`` are what the first batch gives at
    ends of the network ("conv1.output"), to find where a difference begins. What cannot be built is told in a
    note, unless it ``must_build``.

    Raises:
        ImportFailed: outputs differ; the message names the first node that does. Or it cannot be built.
    """
    import torch

    if imported.opaque:
        return _noted(imported, "It cannot be compared with its source, for some of its nodes cannot be run.")
    try:
        module, order, names = built(imported)
    except ModelError as error:
        told = " ".join((error.message, *error.problems[:3]))
        if must_build:
            raise ImportFailed(told) from error
        return _noted(imported, f"It could not be built, so that nothing was compared with its source: {told}")
    for given, wanted in batches:
        by_name = dict(zip(inputs, given, strict=True))
        with torch.no_grad():
            found = module(*(by_name[name] for name in order))
        results = found if isinstance(found, dict) else {names[0]: found}
        for name, tensor in zip(outputs, wanted, strict=True):
            if not alike(results[name], tensor, tolerance):
                raise _difference(imported, by_name, values or {}, name)
    return replace(imported, weights=_complete(imported, module))


def _complete(imported: Imported, module: nn.Module) -> dict[str, Tensor]:
    """Return the weights in the order of the network's state dict, counters that the source did not have included."""
    return {name: imported.weights.get(name, tensor) for name, tensor in module.state_dict().items()}


def alike(one: Tensor, other: Tensor, tolerance: float = TOLERANCE) -> bool:
    """True where two tensors hold the same numbers; those that are none (nan, infinite) at the same places."""
    import torch

    if one.shape != other.shape:
        return False
    one, other = one.double(), other.double()
    scale = max(1.0, float(other[torch.isfinite(other)].abs().max()) if bool(torch.isfinite(other).any()) else 1.0)
    return torch.allclose(one, other, rtol=0, atol=tolerance * scale, equal_nan=True)


def _noted(imported: Imported, text: str) -> Imported:
    return replace(imported, notes=(*imported.notes, text))


def _difference(
    imported: Imported,
    given: Mapping[str, Tensor],
    values: Mapping[str, Tensor],
    output: str,
) -> ImportFailed:
    node = first_difference(imported, given, values) if values else ""
    where = f" The first that differs is '{node}'." if node else ""
    return ImportFailed(
        f"The imported network gives other numbers at '{output}' than its source.{where} It was not opened, since it "
        "would not be the same network.",
        node=node or None,
    )


def first_difference(imported: Imported, given: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> str:
    """Return the first node, in the order of computation, that gives something else than the source did."""
    import torch

    from core.model.build import build

    graph = imported.project.graph
    for name, node in graph.nodes.items():
        end = End(name, "output")
        if node.kind in (INPUT, OUTPUT) or str(end) not in values:
            continue
        kept = {key: each for key, each in graph.nodes.items() if each.kind != OUTPUT}
        links = {target: source for target, source in graph.links.items() if target.node in kept}
        probe = "checked_output"
        project = replace(
            imported.project,
            graph=Graph({**kept, probe: Node(probe, OUTPUT)}, {**links, End(probe, "input"): end}),
        )
        try:
            made = build(project)
        except ModelError:
            continue
        made.module.load_state_dict(dict(imported.weights), strict=False)
        made.module.eval()
        with torch.no_grad():
            found = made.module(*(given[each] for each in made.inputs))
        if not alike(found, values[str(end)]):
            return name
    return ""
