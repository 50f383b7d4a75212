"""What a network costs: parameters, floating-point operations and memory, node by node and in all.

FLOPs are those of PyTorch's counter: matrix products and convolutions for one sample, a multiply-add counted as two.
Element-wise work (activations, normalisation, pooling, biases) counts as nothing. Named open dimensions other than the
batch are taken as ``LENGTH``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.graph.project import OUTPUT, Project
from core.kinds import LayerKind
from core.layers import catalogue
from core.model.memo import Memo
from core.model.probe import TORCH_ERRORS, call_layer, construct, meta_tensor, quietly, short_sizes
from core.model.shapes import NodeReport, ShapeReport

if TYPE_CHECKING:
    from torch import nn

LENGTH = 32


@dataclass(frozen=True)
class NodeCost:
    """One node: learned numbers, FLOPs for one sample, bytes of its outputs for one sample, bytes of its parameters."""

    parameters: int = 0
    flops: int = 0
    activation_bytes: int = 0
    parameter_bytes: int = 0
    trainable: int = 0


@dataclass(frozen=True)
class CostReport:
    """The nodes whose shapes are known, by name, and their sums."""

    nodes: Mapping[str, NodeCost]
    parameters: int
    trainable: int
    flops: int
    activation_bytes: int
    parameter_bytes: int


@dataclass(frozen=True)
class _Known:
    """A node's cost. It holds on to the report it was made from, so that the report's identity stays its own."""

    report: NodeReport
    cost: NodeCost


_costs: Memo[_Known] = Memo(20_000)


def cost(project: Project, report: ShapeReport) -> CostReport:
    """Return what every node of a checked project costs; nodes with errors are left out."""
    nodes = {}
    for name in report.order:
        kind, found = catalogue.find(project.graph.nodes[name].kind), report.nodes[name]
        if kind is not None and found.ok and kind.id != OUTPUT:
            known = _costs.get(id(found)) or _costs.put(id(found), _Known(found, _node_cost(kind, found)))
            nodes[name] = known.cost
    names = ("parameters", "trainable", "flops", "activation_bytes", "parameter_bytes")
    sums = {each: sum(getattr(node, each) for node in nodes.values()) for each in names}
    return CostReport(nodes, **sums)


def _node_cost(kind: LayerKind, report: NodeReport) -> NodeCost:
    activations = sum(math.prod(spec.sizes(1, LENGTH)) * spec.item_size for spec in report.outputs.values())
    if not kind.inputs:
        return NodeCost(activation_bytes=activations)
    with quietly():  # the check has said it already
        module = construct(kind, report.arguments)
        flops = _flops(kind, module, report)
    learned = list(module.parameters()) if module is not None else []
    return NodeCost(
        sum(each.numel() for each in learned),
        flops,
        activations,
        sum(each.numel() * each.element_size() for each in learned),
        sum(each.numel() for each in learned if each.requires_grad),
    )


def _flops(kind: LayerKind, module: nn.Module | None, report: NodeReport) -> int:
    """Count on ``meta``; along a short axis one position is counted and multiplied."""
    from core.model.flops import FlopCounter

    full = {slot: spec.sizes(1, LENGTH) for slot, spec in report.inputs.items()}
    tensors = {slot: meta_tensor(spec, short_sizes(kind, slot, full[slot])) for slot, spec in report.inputs.items()}
    times = full[kind.short_axis[0]][kind.short_axis[1]] if kind.short_axis else 1
    counter = FlopCounter()
    try:
        with counter:
            call_layer(kind, module, report.arguments, tensors)
    except TORCH_ERRORS:
        # With one sample, or at LENGTH, a layer may refuse what the check's sizes allow: nothing is counted then.
        return 0
    return counter.total * times
