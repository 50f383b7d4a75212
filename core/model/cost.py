"""What a network costs: parameters, floating-point operations and memory, node by node and in all.

FLOPs are those of PyTorch's counter: matrix products and convolutions for one sample, a multiply-add counted as two.
Element-wise work (activations, normalisation, pooling, biases) counts as nothing. Named open dimensions other than the
batch are taken as ``LENGTH``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.graph.kinds import kind_of
from core.graph.project import OUTPUT, Node, Project
from core.kinds import LayerKind
from core.memo import Memo
from core.model.probe import (
    TORCH_ERRORS,
    call_layer,
    construct,
    meta_tensor,
    parameters_in,
    quietly,
    short_sizes,
)
from core.model.reports import NodeReport, ShapeReport

if TYPE_CHECKING:
    import torch
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
    """The nodes whose shapes are known, by name, and their sums; ``inner`` the reports of groups, by group node.

    A node that shares a layer has no parameters of its own. Repetitions of a group are in its node's figures; its inner
    report is that of one repetition.
    """

    nodes: Mapping[str, NodeCost]
    parameters: int
    trainable: int
    flops: int
    activation_bytes: int
    parameter_bytes: int
    inner: Mapping[str, CostReport] = field(default_factory=dict)


@dataclass(frozen=True)
class _Known:
    """A node's cost. It holds on to the report it was made from, so that the report's identity stays its own."""

    report: NodeReport
    cost: NodeCost
    operations: bool
    """FLOPs are among it."""


_costs: Memo[_Known] = Memo(40_000)
_FIGURES = ("parameters", "flops", "activation_bytes", "parameter_bytes", "trainable")


def cost(project: Project, report: ShapeReport, operations: bool = True) -> CostReport:
    """Return what every node of a checked project costs; nodes with errors and those that are off are left out.

    Without ``operations`` no FLOPs are counted, which is most of the work; they are 0 or what was counted before.
    """
    nodes: dict[str, NodeCost] = {}
    inner: dict[str, CostReport] = {}
    for name in report.order:
        node, found = report.graph.nodes[name], report.nodes[name]
        kind = kind_of(project, node)
        if kind is None or not found.ok or kind.id == OUTPUT:
            continue
        if kind.group:
            runs = [cost(project.inside(kind.group), each, operations) for each in found.inner]
            inner[name] = runs[0]
            costs = _group_cost(runs, node)
        else:
            costs = _known_cost(kind, found, operations)
        if found.arguments.get("frozen"):
            costs = replace(costs, trainable=0)
        nodes[name] = replace(costs, parameters=0, parameter_bytes=0, trainable=0) if node.shares else costs
    sums = {each: sum(getattr(node, each) for node in nodes.values()) for each in _FIGURES}
    return CostReport(nodes, **sums, inner=inner)


def _group_cost(runs: list[CostReport], node: Node) -> NodeCost:
    """Return the sum over the repetitions of a group; tied ones have one set of weights."""
    sums = {each: sum(getattr(run, each) for run in runs) for each in _FIGURES}
    if node.tied:
        sums |= {each: getattr(runs[0], each) for each in ("parameters", "parameter_bytes", "trainable")}
    return NodeCost(**sums)


def _known_cost(kind: LayerKind, report: NodeReport, operations: bool) -> NodeCost:
    known = _costs.get(id(report))
    if known is None or (operations and not known.operations):
        known = _costs.put(id(report), _Known(report, _node_cost(kind, report, operations), operations))
    return known.cost


def _node_cost(kind: LayerKind, report: NodeReport, operations: bool) -> NodeCost:
    activations = sum(math.prod(spec.sizes(1, LENGTH)) * spec.item_size for spec in report.outputs.values())
    if not kind.inputs and not kind.has_module:
        return NodeCost(activation_bytes=activations)
    with quietly():  # the check has said it already
        module = construct(kind, report.arguments)
        flops = _flops(kind, module, report) if operations else 0
    learned = parameters_in(module)
    return NodeCost(
        sum(each.numel() for each in learned),
        flops,
        activations,
        sum(each.numel() * each.element_size() for each in learned),
        sum(each.numel() for each in learned if each.requires_grad),
    )


def _flops(kind: LayerKind, module: nn.Module | torch.Tensor | None, report: NodeReport) -> int:
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
