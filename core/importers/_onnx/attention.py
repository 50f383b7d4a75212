"""Recognises attention that an exporter took apart: Softmax(Q·Kᵀ·scale + mask)·V is one layer again."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from core.graph.names import natural_key
from core.graph.project import End
from core.importers._onnx.arranging import permuted
from core.importers._onnx.model import Op, Refused

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_SCALED = re.compile(r"a (?P<sign>[*/]) (?P<number>[\d.eE+-]+)|(?P<first>[\d.eE+-]+) \* a")
_TWICE = 2


def attention(flow: Flow, op: Op) -> End | None:
    """Return the attention that a product of a softmax and values is; None where it is something else."""
    weights, value = flow.value(op, 0), flow.value(op, 1)
    if not isinstance(weights, End) or not isinstance(value, End) or flow.sole_reader(op.inputs[0]) is not op:
        return None
    node = flow.node_of(weights)
    scores = flow.source(weights)
    if node.kind != "Softmax" or scores is None or node.params.get("dim", -1) != -1:
        return None
    scores, scale = _unscaled(flow, scores)
    for product, mask in _masked(flow, scores):
        product, more = _unscaled(flow, product)
        if flow.node_of(product).kind != "MatMul" or (mask is not None and scale != 1):
            continue
        made = _layer(flow, product, value, mask, scale * more)
        if made is not None:
            return made
    return None


def _masked(flow: Flow, scores: End) -> list[tuple[End, End | None]]:
    """Return what scores may be: themselves, or a product to which a mask is added, in either order."""
    if flow.node_of(scores).kind != "Add":
        return [(scores, None)]
    ends = _inputs(flow, scores)
    return [(ends[0], ends[1]), (ends[1], ends[0])] if len(ends) == _TWICE else []


def _inputs(flow: Flow, end: End) -> list[End]:
    links = flow.draft.graph.links
    return [
        links[target]
        for target in sorted((each for each in links if each.node == end.node), key=lambda each: natural_key(each.port))
    ]


def _unscaled(flow: Flow, end: End) -> tuple[End, float]:
    """Return what was multiplied by numbers, and their product."""
    scale = 1.0
    while (node := flow.node_of(end)).kind == "ScalarExpression":
        found, before = _SCALED.fullmatch(str(node.params.get("expression", ""))), flow.source(end, "a")
        if found is None or before is None:
            break
        number = float(found["number"] or found["first"])
        if not number:
            break
        scale = scale / number if found["sign"] == "/" else scale * number
        end = before
    return end, scale


def _layer(flow: Flow, product: End, value: End, mask: End | None, scale: float) -> End | None:
    query, key = _inputs(flow, product)
    (query, one), (key, other) = _unscaled(flow, query), _unscaled(flow, key)
    rank = flow.rank(product)
    if rank < 3 or {flow.rank(each) for each in (query, key, value)} != {rank}:
        return None
    key = _transposed(flow, key)
    scale *= one * other
    width = flow.sizes(query)[-1]
    usual = math.isclose(scale, 1 / math.sqrt(width), rel_tol=1e-5)
    inputs = {"query": query, "key": key, "value": value} | ({} if mask is None else {"attn_mask": mask})
    try:
        return flow.add("ScaledDotProductAttention", {} if usual else {"scale": scale}, inputs, name="attention")
    except Refused:
        return None


def _transposed(flow: Flow, key: End) -> End:
    """Return keys with their last two dimensions exchanged: what they were, where that is what was done before."""
    rank = flow.rank(key)
    before = _before_detour(flow, key)
    if before is not None:
        return before
    return permuted(flow, key, (*range(rank - 2), rank - 1, rank - 2))


def _before_detour(flow: Flow, key: End) -> End | None:
    """Return what was exchanged by way of three dimensions, as PyTorch's exporter writes it."""
    turned = flow.source(key)
    if turned is None or flow.node_of(turned).kind != "Transpose" or flow.rank(turned) != 3:
        return None
    params = flow.node_of(turned).params
    flat = flow.source(turned)
    if flat is None or {params.get("dim0", 1), params.get("dim1", 2)} != {1, 2}:
        return None
    feeding = _inputs(flow, flat)
    if not feeding or flow.rank(feeding[0]) != flow.rank(key):
        return None
    whole, after, three = flow.spec(feeding[0]).dims, flow.spec(key).dims, flow.spec(flat).dims
    kept = whole[:-2] == after[:-2] and whole[-2:] == after[-1:] + after[-2:-1] and three[1:] == whole[-2:]
    return feeding[0] if kept else None
