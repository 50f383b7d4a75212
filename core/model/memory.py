"""What training a network takes in memory: weights, gradients, the optimizer's state, and what backward needs kept.

What autograd keeps of a layer is asked of PyTorch itself: the layer runs once on ``meta`` in training mode and reports
every tensor that it saves. A tensor that several layers keep (an output and the next layer's input) counts once, at the
node that made it, and so do views. Buffers that live for a moment only, such as those of convolution algorithms, are
not seen: the whole is an estimate from below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from core.graph.kinds import kind_of
from core.graph.order import incoming
from core.graph.project import INPUT, OUTPUT, End, Project
from core.kinds import LayerKind
from core.memo import Memo
from core.model.cost import LENGTH, CostReport, NodeCost
from core.model.probe import TORCH_ERRORS, call_layer, construct, meta_tensor, quietly, short_sizes
from core.model.reports import NodeReport, ShapeReport

if TYPE_CHECKING:
    import torch
    from torch import nn

_BATCH = 2
"""Samples in the trial run; batch normalisation refuses a single one."""
_USABLE = 0.9
"""Share of a device's memory that is counted on; the rest is for workspaces and fragmentation."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class MemoryReport:
    """Bytes. ``nodes``: kept for backward per sample, by the path of the node (groups first) that made it."""

    nodes: Mapping[Path, float]
    per_sample: float
    weights: int
    gradients: int
    optimizer: int

    @property
    def fixed(self) -> int:
        """What does not depend on the batch."""
        return self.weights + self.gradients + self.optimizer

    def held(self, cost: NodeCost) -> int:
        """Return the bytes that a node's weights take while training: themselves, gradients, the optimizer's state."""
        states = self.optimizer / self.gradients if self.gradients else 0
        return cost.parameter_bytes + round(4 * cost.trainable * (1 + states))

    def at(self, batch: int) -> int:
        """Return what training takes with that batch size."""
        return self.fixed + round(self.per_sample * batch)

    def largest_batch(self, memory: int) -> int:
        """Return the largest batch size that fits into a device's memory; 0 where not even one sample does."""
        room = memory * _USABLE - self.fixed
        return max(0, int(room // self.per_sample)) if self.per_sample else 0


def training_memory(project: Project, report: ShapeReport, costs: CostReport, states: int) -> MemoryReport:
    """Return what training a checked project takes.

    ``states`` is how many numbers the optimizer keeps for each weight (Adam 2, SGD with momentum 1, plain SGD 0).
    """
    walk = _Walk()
    walk.visit(project, report, {}, ())
    nodes: dict[Path, float] = {}
    for tensor in walk.kept:
        nodes[tensor.path] = nodes.get(tensor.path, 0.0) + tensor.size
    gradients = 4 * costs.trainable
    return MemoryReport(nodes, sum(nodes.values()), costs.parameter_bytes, gradients, gradients * states)


@dataclass(frozen=True)
class _Tensor:
    """A tensor of one sample: who made it, how many bytes it has, and whether a gradient flows back to it."""

    number: int
    path: Path
    size: float
    grad: bool


@dataclass(frozen=True)
class _Facts:
    """What one layer keeps: input and output slots, bytes besides; outputs that are views of inputs; gradients."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    besides: float = 0.0
    views: Mapping[str, str] = field(default_factory=dict)
    grads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Known:
    """Holds on to the report that the facts were made from, so that its identity stays its own."""

    report: NodeReport
    facts: _Facts


_known: Memo[_Known] = Memo(20_000)


class _Walk:
    """Follows every tensor through the network, into groups and out again."""

    def __init__(self) -> None:
        self.kept: dict[_Tensor, None] = {}
        self._numbers = count()

    def visit(
        self,
        project: Project,
        report: ShapeReport,
        given: Mapping[str, _Tensor],
        path: Path,
        frozen: bool = False,
    ) -> dict[str, _Tensor]:
        """Run a graph; return what arrives at its Output nodes. ``frozen`` says that it is inside a frozen group."""
        feeding = incoming(report.graph)
        at: dict[End, _Tensor] = {}
        results: dict[str, _Tensor] = {}
        for name in report.order:
            node, found = report.graph.nodes[name], report.nodes[name]
            kind = kind_of(project, node)
            if kind is None or not found.ok:
                continue
            arriving = {slot: at[source] for slot, source in feeding[name] if source in at}
            if kind.id == OUTPUT:
                results[name] = arriving["input"]
                continue
            made = self._made(project, kind, found, arriving, given, (*path, name), frozen)
            at |= {End(name, slot): tensor for slot, tensor in made.items()}
        return results

    def _made(
        self,
        project: Project,
        kind: LayerKind,
        found: NodeReport,
        arriving: dict[str, _Tensor],
        given: Mapping[str, _Tensor],
        path: Path,
        frozen: bool,
    ) -> dict[str, _Tensor]:
        frozen = frozen or bool(found.arguments.get("frozen"))
        if kind.id == INPUT:
            known = given.get(path[-1])
            return {slot: known or self._tensor(path, found, slot, False) for slot in found.outputs}
        if kind.group:
            ports = [port.name for port in kind.inputs]
            for inner in found.inner:
                outputs = self.visit(project.inside(kind.group), inner, arriving, path, frozen)
                arriving = arriving | dict(zip(ports, (outputs[port.name] for port in kind.outputs), strict=False))
            return outputs
        return self._run(kind, found, arriving, path, frozen)

    def _run(
        self, kind: LayerKind, found: NodeReport, arriving: Mapping[str, _Tensor], path: Path, frozen: bool
    ) -> dict[str, _Tensor]:
        grads = frozenset(slot for slot, tensor in arriving.items() if tensor.grad)
        key = (id(found), grads, frozen)
        known = _known.get(key) or _known.put(key, _Known(found, _facts(kind, found, grads, frozen)))
        facts = known.facts
        made = {}
        for slot in found.outputs:
            seen = arriving.get(facts.views.get(slot, ""))
            made[slot] = seen or self._tensor(path, found, slot, slot in facts.grads)
        self.kept |= dict.fromkeys(arriving[slot] for slot in facts.inputs if slot in arriving)
        self.kept |= dict.fromkeys(made[slot] for slot in facts.outputs)
        if facts.besides:
            self.kept[_Tensor(next(self._numbers), path, facts.besides, False)] = None
        return made

    def _tensor(self, path: Path, found: NodeReport, slot: str, grad: bool) -> _Tensor:
        spec = found.outputs[slot]
        size = math.prod(spec.sizes(1, LENGTH)) * spec.item_size
        return _Tensor(next(self._numbers), path, size, grad)


def _facts(kind: LayerKind, found: NodeReport, grads: frozenset[str], frozen: bool) -> _Facts:
    """Run the layer with gradients on ``meta`` and look at what autograd saves; nothing where it cannot be run so."""
    import torch

    full = {slot: spec.sizes(_BATCH, LENGTH) for slot, spec in found.inputs.items()}
    saved: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    try:
        with quietly():
            module = construct(kind, found.arguments, training=True)
            if isinstance(module, torch.nn.Module) and frozen:
                module.requires_grad_(False)
            tensors = {
                slot: meta_tensor(spec, short_sizes(kind, slot, full[slot])).requires_grad_(slot in grads)
                for slot, spec in found.inputs.items()
            }
            with torch.autograd.graph.saved_tensors_hooks(keep, lambda each: each):
                outputs = call_layer(kind, module, found.arguments, tensors, gradients=True)
    except TORCH_ERRORS:
        return _Facts()
    times = full[kind.short_axis[0]][kind.short_axis[1]] if kind.short_axis else 1
    return _sorted_out(saved, tensors, outputs, _own(module), times)


def _own(module: nn.Module | torch.Tensor | None) -> set[int]:
    """Return the storages of a layer's parameters and buffers, which are there anyway."""
    from torch import nn

    if isinstance(module, nn.Module):
        return {_storage(each) for each in (*module.parameters(), *module.buffers())}
    return {_storage(module)} if module is not None else set()


def _sorted_out(
    saved: list[torch.Tensor],
    inputs: Mapping[str, torch.Tensor],
    outputs: Mapping[str, torch.Tensor],
    own: set[int],
    times: int,
) -> _Facts:
    """Say of every saved tensor whose it is; ``times`` counts what a layer keeps of each step along its short axis."""
    arriving = {_storage(each): slot for slot, each in inputs.items()}
    leaving = {_storage(each): slot for slot, each in outputs.items() if _storage(each) not in arriving}
    kept = {_storage(each): each for each in saved}
    besides = sum(
        each.numel() * each.element_size()
        for storage, each in kept.items()
        if storage not in own and storage not in arriving and storage not in leaving
    )
    return _Facts(
        tuple(slot for storage, slot in arriving.items() if storage in kept),
        tuple(slot for storage, slot in leaving.items() if storage in kept),
        besides * times / _BATCH,
        {slot: arriving[_storage(each)] for slot, each in outputs.items() if _storage(each) in arriving},
        frozenset(slot for slot, each in outputs.items() if each.requires_grad),
    )


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
