"""Keras's merging layers, with axes as Keras counts them."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.importers._keras.activation import keep
from core.importers._keras.flow import Flow, Handler, Step, Unsupported

_ELEMENTWISE = {
    "Add": "Add",
    "Multiply": "Multiply",
    "Average": "Average",
    "Maximum": "Maximum",
    "Minimum": "Minimum",
}


def _elementwise(kind: str) -> Handler:
    def handler(step: Step) -> Flow:
        if len(step.flows) == 1:
            return keep(step, "Identity", {}, step.x)
        flows = _one_kind(step, broadcast(step, step.flows))
        return keep_order(step, kind, flows)

    return handler


def _multiply(step: Step) -> Flow | list[Flow]:
    """Multiply; Keras 3 takes 1 for what is masked in one factor, and 0 for what is masked in all of them."""
    masks = [flow.mask for flow in step.flows]
    if len(masks) < 2 or not any(masks) or not step.layer.module:  # before Keras 3, files name no module
        return _elementwise("Multiply")(step)
    if any(flow.rank != 3 for flow in step.flows):
        raise Unsupported("it multiplies what is masked and is other than batch × time × features")
    factors, counts = [], []
    for number, (flow, mask) in enumerate(zip(step.flows, masks, strict=True)):
        factor = step.scope.plain(step.scope.cast(flow, "float32"))
        if mask is not None:
            counts.append(step.add("Unsqueeze", {"dim": -1}, [step.scope.cast(mask, "bool")], f"counts{number}"))
            factor = _where(step, counts[-1], factor, 1.0, f"factor{number}")
        factors.append(factor)
    made = step.add("Multiply", {}, factors)
    if len(counts) < len(factors):
        return made
    counted = counts[0]
    for number, other in enumerate(counts[1:]):
        counted = step.add("LogicalOr", {}, [counted, other], f"counted{number}")
    return _where(step, counted, made, 0.0, "masked")


def _where(step: Step, condition: Flow, flow: Flow, otherwise: float, role: str) -> Flow:
    params = {"otherwise": otherwise} if otherwise else {}
    return step.add("Where", params, {"condition": condition, "a": flow}, role)


def keep_order(step: Step, kind: str, flows: Sequence[Flow]) -> Flow:
    """Add a node that merges values at the same place."""
    made = step.add(kind, {}, flows, order=flows[0].order)
    return replace(made, rows=flows[0].rows)


def broadcast(step: Step, flows: Sequence[Flow]) -> list[Flow]:
    """Return tensors that PyTorch lays over each other as Keras's layers do: dimensions are added after the batch."""
    found = step.scope.alike(flows)
    rank = max(flow.rank for flow in found)
    filled = []
    for number, flow in enumerate(found):
        for _ in range(rank - flow.rank):
            flow = step.add("Unsqueeze", {"dim": 1}, [flow], f"wider{number}")
        filled.append(flow)
    return filled


def _one_kind(step: Step, flows: Sequence[Flow]) -> list[Flow]:
    """Return tensors of one kind of number: fractions where one of them holds fractions."""
    kinds = {flow.spec.dtype for flow in flows}
    return [step.scope.cast(flow, "float32") for flow in flows] if len(kinds) > 1 else list(flows)


def _subtract(step: Step) -> Flow:
    if len(step.flows) != 2:
        raise Unsupported(f"it is given {len(step.flows)} tensors")
    return keep_order(step, "Subtract", _one_kind(step, broadcast(step, step.flows)))


def _concatenate(step: Step) -> Flow:
    axis = step.get("axis", -1)
    if not isinstance(axis, int):
        raise Unsupported(f"its axis is {str(axis)[:40]}")
    return joined(step, step.flows, axis)


def joined(step: Step, flows: Sequence[Flow], axis: int) -> Flow:
    """Put tensors one after another along an axis of Keras."""
    flows = _one_kind(step, [step.scope.plain(flow) if flow.rows else flow for flow in flows])
    if len(flows) == 1:
        return keep(step, "Identity", {}, flows[0])
    if any(flow.rank != flows[0].rank for flow in flows):
        raise Unsupported("it is given tensors of different numbers of dimensions")
    first = next((flow for flow in flows if not flow.plain), flows[0])
    turned = [step.scope.turn(flow, first.order) for flow in flows]
    dim = first.dim(axis)
    return step.add("Concatenate", {"dim": dim} if dim != 1 else {}, turned, order=first.order)


def _dot(step: Step) -> Flow:
    """Dot: two vectors, or the product of one axis each; what remains of the first stands before that of the second."""
    if len(step.flows) != 2:
        raise Unsupported(f"it is given {len(step.flows)} tensors")
    one, other = (step.scope.plain(step.scope.cast(flow, "float32")) for flow in step.flows)
    axes = step.get("axes", -1)
    pair = axes if isinstance(axes, (list, tuple)) else [axes, axes]
    if len(pair) != 2 or not all(isinstance(each, int) for each in pair):
        raise Unsupported(f"its axes are {str(axes)[:40]}")
    first, second = int(pair[0]) % one.rank, int(pair[1]) % other.rank
    if step.get("normalize"):
        one = step.add("Normalise", {"dim": (first,)}, [one], "first_unit")
        other = step.add("Normalise", {"dim": (second,)}, [other], "second_unit")
    if one.rank == other.rank == 2:
        made = step.add("Dot", {}, [one, other])
        return step.add("Unsqueeze", {"dim": 1}, [made], "column")
    letters = iter(string.ascii_lowercase.replace("n", "").replace("z", ""))
    left = ["n", *(next(letters) for _ in range(one.rank - 1))]
    right = ["n", *(next(letters) for _ in range(other.rank - 1))]
    left[first] = right[second] = "z"
    kept = ["n", *(each for each in (*left[1:], *right[1:]) if each != "z")]
    made = step.add("Einsum", {"equation": f"{''.join(left)},{''.join(right)}->{''.join(kept)}"}, [one, other])
    return step.add("Unsqueeze", {"dim": 1}, [made], "column") if len(kept) == 1 else made


LAYERS: Mapping[str, Handler] = {
    **{cls: _elementwise(kind) for cls, kind in _ELEMENTWISE.items()},
    "Multiply": _multiply,
    "Subtract": _subtract,
    "Concatenate": _concatenate,
    "Dot": _dot,
}
"""By class of Keras: what makes nodes of it."""
