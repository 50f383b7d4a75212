"""Which weights are trained alike: with or without weight decay, at what learning rate, as matrices or not.

Biases, normalisation and all else with fewer than two dimensions need no decay (Loshchilov & Hutter, "Decoupled Weight
Decay Regularization", and common practice since). Muon is meant for the matrices of hidden layers: embeddings and the
layers that give the outputs are left to AdamW (Jordan, "Muon: an optimizer for hidden layers", 2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from core.graph.project import OUTPUT, Project
from core.model.reports import ShapeReport
from core.model.trail import Place, way_back
from core.training.choices import may_have_weights
from core.weights import LEARNING_RATE_FACTOR

_NORMALISING = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
)
_TABLES = (nn.Embedding, nn.EmbeddingBag)
_MATRIX = 2


@dataclass(frozen=True)
class ParameterGroup:
    """Weights that are trained alike, in the order in which the network holds them.

    ``names`` are those of ``module.named_parameters()``, one for each of ``tensors``. ``factor`` is what the learning
    rate is multiplied by. ``matrices`` marks weight matrices of hidden layers, which Muon takes.
    """

    name: str
    tensors: tuple[Tensor, ...]
    names: tuple[str, ...] = ()
    factor: float = 1.0
    decays: bool = True
    matrices: bool = False


def parameter_groups(project: Project, report: ShapeReport, module: nn.Module) -> tuple[ParameterGroup, ...]:
    """Return the groups of a network's weights that may change, in the order of their first weight.

    Frozen weights are in none. Without any setting that tells weights apart there is one group of all.
    """
    apart = project.training.decay == "matrices"
    by_muon = project.training.optimizer == "Muon"
    prefixes = dict(_factors(Place(project, report), module, "", 1.0))
    heads = _heads(project, report) if by_muon else frozenset[str]()
    owners = dict(module.named_modules())
    found: dict[tuple[float, bool, bool], list[tuple[str, Tensor]]] = {}
    for name, tensor in module.named_parameters():
        if not tensor.requires_grad:
            continue
        owner = owners[name.rpartition(".")[0]]
        decays = not apart or _decays(name, tensor, owner)
        matrix = by_muon and _is_hidden_matrix(name, tensor, owner, module, heads)
        found.setdefault((_factor(name, prefixes), decays, matrix), []).append((name, tensor))
    return tuple(
        ParameterGroup(
            _title(decays, matrix, factor, apart, by_muon),
            tuple(tensor for _name, tensor in members),
            tuple(name for name, _tensor in members),
            factor,
            decays,
            matrix,
        )
        for (factor, decays, matrix), members in found.items()
    )


def as_groups(
    weights: Iterable[Tensor] | Iterable[ParameterGroup], *, matrices_apart: bool = False
) -> tuple[ParameterGroup, ...]:
    """Return groups as they are, and plain tensors as one; ``matrices_apart``: those of two dimensions as another."""
    given = tuple(weights)
    if any(isinstance(each, ParameterGroup) for each in given):
        return cast("tuple[ParameterGroup, ...]", given)
    tensors = cast("tuple[Tensor, ...]", given)
    matrices = tuple(each for each in tensors if matrices_apart and each.dim() == _MATRIX)
    rest = tuple(each for each in tensors if not matrices_apart or each.dim() != _MATRIX)
    found = (
        ParameterGroup(_title(True, True, 1.0, False, True), matrices, matrices=True),
        ParameterGroup(_title(True, False, 1.0, False, matrices_apart), rest),
    )
    return tuple(each for each in found if each.tensors)


def _title(decays: bool, matrix: bool, factor: float, apart: bool, by_muon: bool) -> str:
    """Say in plain words what is in a group."""
    words = "all weights"
    if by_muon:
        words = "matrices of hidden layers" if matrix else "other weights"
    if apart:
        decay = "decayed" if decays else "not decayed: biases, normalisation"
        words = f"{words} ({decay})"
    return words if factor == 1.0 else f"{words}, learning rate × {factor:g}"


# --- the learning rate of layers --------------------------------------------------------------------------------------


def _factors(place: Place, module: nn.Module, prefix: str, outer: float) -> Iterator[tuple[str, float]]:
    """Yield the attribute of every layer, with dots, and what the learning rate is multiplied by for its weights."""
    for name, node in place.graph.nodes.items():
        kind = place.kind(node)
        if kind is None or node.shares or not hasattr(module, name):
            continue
        report = place.report.nodes[name]
        factor = outer * float(report.arguments.get(LEARNING_RATE_FACTOR.name, 1.0))
        path = f"{prefix}{name}"
        yield path, factor
        if not kind.group:
            continue
        made = getattr(module, name)
        row = isinstance(made, nn.Sequential | nn.ModuleList)
        uses = list(made.named_children()) if row else [("", made)]
        for (index, use), inner in zip(uses, report.inner, strict=False):
            inside = Place(place.project.inside(kind.group), inner, (*place.path, name), kind.group, place)
            yield from _factors(inside, use, f"{path}.{index}." if row else f"{path}.", factor)


def _factor(name: str, prefixes: Mapping[str, float]) -> float:
    """Return the factor of the innermost layer that a weight is of."""
    while name:
        if name in prefixes:
            return prefixes[name]
        name = name.rpartition(".")[0]
    return 1.0


# --- what a weight is -------------------------------------------------------------------------------------------------


def _decays(name: str, tensor: Tensor, owner: nn.Module) -> bool:
    if isinstance(owner, _NORMALISING) or tensor.dim() < _MATRIX:
        return False
    return not name.rpartition(".")[2].startswith("bias")


def _is_hidden_matrix(name: str, tensor: Tensor, owner: nn.Module, root: nn.Module, heads: frozenset[str]) -> bool:
    """True for the weight matrix of a layer between others; a free parameter is an attribute of the network itself."""
    if tensor.dim() != _MATRIX or owner is root or isinstance(owner, (*_TABLES, *_NORMALISING)):
        return False
    layer = name.rpartition(".")[0]
    return not any(layer == head or layer.startswith(f"{head}.") for head in heads)


def _heads(project: Project, report: ShapeReport) -> frozenset[str]:
    """Return the attributes of the layers that give the outputs: the last ones with weights on each way."""
    found = set()
    for output in project.graph.of_kind(OUTPUT):
        for hop in way_back(project, report, output.name):
            if hop.kind is not None and may_have_weights(hop.kind):
                found.add(_attribute(hop.place, hop.node.shares or hop.node.name))
                break
    return frozenset(found)


def _attribute(place: Place, name: str) -> str:
    """Return the attribute of a layer with dots; of a repeated group it is the last repetition's."""
    parts = [name]
    while place.parent is not None:
        use = place.parent.graph.nodes[place.path[-1]]
        owner = place.parent.graph.nodes.get(use.shares, use)
        repeat = place.parent.report.nodes[use.name].repeat
        parts[:0] = [owner.name] if repeat == 1 or owner.tied else [owner.name, str(repeat - 1)]
        place = place.parent
    return ".".join(parts)
