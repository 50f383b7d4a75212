"""Keras's attention layers: PyTorch's own where sizes allow it, otherwise projections around the plain product."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.importers._keras.flow import Flow, Handler, Step, Unsupported, Weights, flows_in
from core.importers._keras.masks import mask_of
from core.kinds import Value
from core.loading import load

if TYPE_CHECKING:
    from torch import Tensor

_PARTS = ("query", "key", "value")
_Asked = tuple[bool, bool, Flow | None]
"""Whether no position looks ahead, whether scores are given, and where attention is allowed."""
_LITTLE = 1e9
"""What blocked scores are less by: in float32 nothing is left of a score beside it, as in Keras."""


@dataclass(frozen=True)
class _Heads:
    """How an attention is made: numbers of heads of the query, and of key and value; widths of a head."""

    query: int
    stored: int
    width: int
    depth: int

    def of(self, part: str) -> tuple[int, int]:
        """Return number and width of the heads of a part."""
        return self.query if part == "query" else self.stored, self.depth if part == "value" else self.width


def _multi_head(step: Step) -> list[Flow]:
    flows = _given(step)
    heads, width = step.whole("num_heads"), step.whole("key_dim")
    depth = step.whole("value_dim", width)
    axes = step.get("attention_axes")
    if axes not in (None, [1], 1, (1,)):
        raise Unsupported("it attends along other axes")
    asked = causal, scores, mask = _asked(step, flows)
    wide = flows[0].fixed(-1)
    gate = bool(step.get("use_gate"))
    if heads * width == wide and depth == width and step.get("output_shape") is None and mask is None and not gate:
        return _whole(step, flows, heads, causal, scores)
    return _in_parts(step, flows, _Heads(heads, heads, width, depth), asked)


def _grouped(step: Step) -> list[Flow]:
    """Attention in which several heads of the query share one of key and value."""
    width, heads, stored = step.whole("head_dim"), step.whole("num_query_heads"), step.whole("num_key_value_heads")
    flows = _given(step)
    return _in_parts(step, flows, _Heads(heads, stored, width, width), _asked(step, flows))


def _given(step: Step) -> tuple[Flow, Flow, Flow]:
    """Return query, key and value, which Keras takes as query, value, key; each with its mask."""
    named = {name: flows_in(step.kwargs.get(name)) for name in ("query", "value", "key")}
    placed = flows_in(list(step.args[:3]))
    flows = dict(zip(("query", "value", "key"), placed, strict=False))
    flows |= {name: found[0] for name, found in named.items() if found}
    if "query" not in flows or "value" not in flows:
        raise Unsupported("it is given no query and value")
    plain = {
        name: replace(step.scope.plain(step.scope.cast(flow, "float32")), mask=flow.mask)
        for name, flow in flows.items()
    }
    if any(flow.rank != 3 for flow in plain.values()):
        raise Unsupported("it is given other than batch × time × features")
    if step.get("sliding_window"):
        raise Unsupported("it attends within a window")
    return plain["query"], plain.get("key", plain["value"]), plain["value"]


def _asked(step: Step, flows: tuple[Flow, Flow, Flow]) -> _Asked:
    """Return what a call asks for of attention from query, key and value."""
    query, key, value = flows
    parts = [(query, "query", -1), (value, "value", 1)]
    parts += [(key, "key", 1)] if key.end != value.end else []
    masks = []
    for flow, name, dim in parts:
        found = flows_in(step.kwargs.get(f"{name}_mask"))
        mask = found[0] if found else flow.mask
        if mask is not None:
            masks.append(step.add("Unsqueeze", {"dim": dim}, [step.scope.cast(mask, "bool")], f"{name}_mask"))
    masks += [step.scope.cast(each, "bool") for each in flows_in(step.kwargs.get("attention_mask"))]
    masks += [step.scope.cast(each, "bool") for each in flows_in(list(step.args))[3:]]
    if any(mask.rank != 3 for mask in masks):
        raise Unsupported("its mask is other than batch × time × time")
    causal = bool(step.kwargs.get("use_causal_mask", False))
    scores = bool(step.kwargs.get("return_attention_scores", False))
    return causal, scores, _joined(step, masks, query, causal)


def _joined(step: Step, masks: Sequence[Flow], query: Flow, causal: bool) -> Flow | None:
    """Return where all masks allow attention: batch × time × time, of size 1 where all are alike."""
    if not masks:
        return None
    if causal:
        seen = step.add("CausalMask", {"true_marks": "allowed", "dim": 1}, [query], "not_ahead")
        masks = [*masks, step.add("Unsqueeze", {"dim": 0}, [seen], "not_ahead_for_all")]
    made = masks[0]
    for number, mask in enumerate(masks[1:]):
        made = step.add("LogicalAnd", {}, [made, mask], f"mask{number or ''}")
    return made


def _stored(step: Step, part: str) -> Weights:
    return step.first_weights((f"{part}_dense",), (f"_{part}_dense",))


def _projections(
    step: Step, flows: Sequence[Flow], heads: _Heads
) -> tuple[dict[str, tuple[Tensor, Tensor | None]], dict[str, str]]:
    """Return weight (out × in) and bias of every projection, and what the file calls the weights."""
    bias = bool(step.get("use_bias", True))
    found: dict[str, tuple[Tensor, Tensor | None]] = {}
    names: dict[str, str] = {}
    parts = [*zip(_PARTS, flows, strict=True), *([("gate", flows[0])] if step.get("use_gate") else [])]
    for part, flow in parts:
        size = heads.of("query" if part == "gate" else part)
        weights = _stored(step, part)
        kernel = weights.take(0, f"{part} kernel", [flow.fixed(-1), *size]).flatten(1).T
        found[part] = kernel.contiguous(), weights.take(1, f"{part} bias", size).flatten() if bias else None
        names[part] = weights.called(k=0)["k"]
    weights = _stored(step, "output")
    kernel = weights.take(0, "output kernel", [heads.query, heads.depth, None]).flatten(0, 1).T
    shift = weights.take(1, "output bias", [kernel.shape[0]]) if bias else None
    found["output"], names["output"] = (kernel.contiguous(), shift), weights.called(k=0)["k"]
    return found, names


def _whole(step: Step, flows: tuple[Flow, Flow, Flow], heads: int, causal: bool, scores: bool) -> list[Flow]:
    torch = load("torch")
    wide = flows[0].fixed(-1)
    found, names = _projections(step, flows, _Heads(heads, heads, wide // heads, wide // heads))
    same = all(flow.fixed(-1) == wide for flow in flows)
    tensors: dict[str, Tensor] = {}
    called: dict[str, str] = {"out_proj.weight": names["output"], "out_proj.bias": names["output"]}
    if same:
        tensors["in_proj_weight"] = torch.cat([found[part][0] for part in _PARTS])
        called["in_proj_weight"] = ", ".join(names[part] for part in _PARTS)
    else:
        for part in _PARTS:
            tensors[f"{part[0]}_proj_weight"] = found[part][0]
            called[f"{part[0]}_proj_weight"] = names[part]
    tensors["out_proj.weight"], out_bias = found["output"]
    if out_bias is not None:
        tensors["in_proj_bias"] = torch.cat([found[part][1] for part in _PARTS])
        tensors["out_proj.bias"] = out_bias
    params: dict[str, Value] = {"num_heads": heads}
    params |= {"dropout": step.number("dropout", 0.0)} if step.get("dropout") else {}
    params |= {} if out_bias is not None else {"bias": False}
    params |= {"is_causal": True} if causal else {}
    params |= {"average_attn_weights": False} if scores else {}
    query, key, value = flows
    inputs = {"query": query}
    if key is not query or value is not query:
        inputs |= {"key": key, "value": value}
    made = step.add_all("MultiheadAttention", params, inputs, tensors=tensors, called=called)
    return made if scores else made[:1]


def _in_parts(step: Step, flows: tuple[Flow, Flow, Flow], heads: _Heads, asked: _Asked) -> list[Flow]:
    """Write the attention out: a Linear for each projection, heads apart, the product, a Linear at the end."""
    causal, scores, mask = asked
    found, names = _projections(step, flows, heads)
    apart = {}
    for part, flow in zip(_PARTS, flows, strict=True):
        made = _linear(step, flow, part, found[part], names[part])
        made = step.add("Unflatten", {"dim": 2, "unflattened_size": heads.of(part)}, [made], f"{part}_heads")
        made = step.add("Transpose", {"dim0": 1, "dim1": 2}, [made], f"{part}_first")
        if heads.query != heads.of(part)[0]:
            repeats: dict[str, Value] = {"repeats": heads.query // heads.stored, "dim": 1}
            made = step.add("RepeatInterleave", repeats, [made], f"{part}_repeated")
        apart[part] = made
    if mask is not None:
        mask = step.add("Unsqueeze", {"dim": 1}, [mask], "mask_for_heads")
    given: list[Flow] = []
    if scores or step.get("dropout"):
        if causal and mask is None:
            mask = step.add("CausalMask", {"true_marks": "allowed", "dim": 1}, [flows[0]], "not_ahead")
        made, *given = _scored(step, apart, heads.width**-0.5, mask)
    else:
        made = _product(step, apart, heads.width**-0.5, mask, causal)
    made = step.add("Transpose", {"dim0": 1, "dim1": 2}, [made], "last")
    made = step.add("Flatten", {"start_dim": 2}, [made], "joined")
    if step.get("use_gate"):
        gate = _linear(step, flows[0], "gate", found["gate"], names["gate"])
        made = step.add("Multiply", {}, [made, step.add("Sigmoid", {}, [gate], "gate_open")], "gated")
    return [_linear(step, made, "output", found["output"], names["output"]), *(given if scores else [])]


def _bias(step: Step, mask: Flow) -> Flow:
    """Return what is added to the scores: 0, or so little that nothing is left of it."""
    allowed = step.scope.cast(mask, "float32")
    return step.add("ScalarExpression", {"expression": f"(a - 1) * {_LITTLE!r}"}, [allowed], "blocked")


def _product(step: Step, apart: Mapping[str, Flow], scale: float, mask: Flow | None, causal: bool) -> Flow:
    params: dict[str, Value] = {"is_causal": True} if causal and mask is None else {}
    params |= {"scale": scale} if not math.isclose(scale, apart["query"].fixed(-1) ** -0.5) else {}
    inputs = {**apart, **({"attn_mask": _bias(step, mask)} if mask is not None else {})}
    return step.add("ScaledDotProductAttention", params, inputs)


def _scored(step: Step, apart: Mapping[str, Flow], scale: float, mask: Flow | None) -> list[Flow]:
    """Return what attention gathers, and the scores; positions that may look at nothing gather nothing."""
    turned = step.add("Transpose", {"dim0": -2, "dim1": -1}, [apart["key"]], "key_turned")
    found = step.add("MatMul", {}, [apart["query"], turned], "products")
    found = step.add("ScalarExpression", {"expression": f"a * {scale!r}"}, [found], "scaled")
    return _gathered(step, found, apart["value"], mask, clear=True)


def _gathered(step: Step, found: Flow, value: Flow, mask: Flow | None, *, clear: bool = False) -> list[Flow]:
    """Turn scores to shares and gather the values by them."""
    if mask is not None:
        found = step.add("Add", {}, [found, _bias(step, mask)], "allowed")
    shares = step.add("Softmax", {"dim": -1}, [found], "scores")
    if mask is not None and clear:
        shares = step.add("Multiply", {}, [shares, step.scope.cast(mask, "float32")], "scores_allowed")
    kept = (
        step.add("Dropout", {"p": step.number("dropout", 0.0)}, [shares], "dropped") if step.get("dropout") else shares
    )
    return [step.add("MatMul", {}, [kept, value]), shares]


def _linear(step: Step, flow: Flow, role: str, found: tuple[Tensor, Tensor | None], called: str) -> Flow:
    weight, bias = found
    tensors = {"weight": weight, **({"bias": bias} if bias is not None else {})}
    params: dict[str, Value] = {"out_features": weight.shape[0], **({} if bias is not None else {"bias": False})}
    return step.add("Linear", params, [flow], role, tensors=tensors, called=dict.fromkeys(tensors, called))


def _attention(step: Step) -> list[Flow]:
    """Attention without projections: scores are a product, or the sum of a tanh, times learned numbers."""
    given = flows_in(list(step.args[:1])) or list(step.flows)
    if len(given) not in (2, 3):
        raise Unsupported("it is given no query and value")
    query, value, *keys = (step.scope.plain(step.scope.cast(flow, "float32")) for flow in given)
    key = keys[0] if keys else value
    masks = [mask_of(step, at) for at in (0, 1)]
    causal = bool(step.kwargs.get("use_causal_mask"))
    parts = [step.add("Unsqueeze", {"dim": 1}, [step.scope.cast(masks[1], "bool")], "value_mask")] if masks[1] else []
    mask = _joined(step, parts, query, causal)
    added = step.layer.cls == "AdditiveAttention" or str(step.get("score_mode", "dot")) != "dot"
    scored = added or bool(step.kwargs.get("return_attention_scores")) or bool(step.get("dropout"))
    query = query if added else _times_scale(step, query)
    if scored and causal and mask is None:
        mask = step.add("CausalMask", {"true_marks": "allowed", "dim": 1}, [query], "not_ahead")
    apart = {"query": query, "key": key, "value": value}
    if added:
        made = _gathered(step, _sums(step, query, key), value, mask)
    else:
        made = _dotted(step, apart, mask) if scored else [_product(step, apart, 1.0, mask, causal)]
    if masks[0] is not None:
        counted = step.add("Unsqueeze", {"dim": -1}, [step.scope.cast(masks[0], "float32")], "query_counts")
        made[0] = step.add("Multiply", {}, [made[0], counted], "masked")
    return made if step.kwargs.get("return_attention_scores") else made[:1]


def _dotted(step: Step, apart: Mapping[str, Flow], mask: Flow | None) -> list[Flow]:
    turned = step.add("Transpose", {"dim0": -2, "dim1": -1}, [apart["key"]], "key_turned")
    found = step.add("MatMul", {}, [apart["query"], turned], "products")
    return _gathered(step, found, apart["value"], mask)


def _learned(step: Step, index: int, name: str, rank: int) -> Flow:
    """Return a number, or a row of them, that is learned by itself."""
    weights = step.weights()
    tensor = weights.take(index, name, [None] * rank).reshape(-1)
    return step.scope.parameter(tensor, f"{step.layer.name}_{name}", weights.called(k=index)["k"])


def _times_scale(step: Step, query: Flow) -> Flow:
    return (
        step.add("Multiply", {}, [query, _learned(step, 0, "scale", 0)], "scaled") if step.get("use_scale") else query
    )


def _sums(step: Step, query: Flow, key: Flow) -> Flow:
    """Return Σ scale·tanh(query + key), Bahdanau's score, or in "concat" mode weight·Σ tanh(scale·(query + key))."""
    rows = step.add("Unsqueeze", {"dim": 2}, [query], "query_rows")
    columns = step.add("Unsqueeze", {"dim": 1}, [key], "key_columns")
    both = step.add("Add", {}, [rows, columns], "both")
    if step.layer.cls == "AdditiveAttention":
        bent = step.add("Tanh", {}, [both], "bent")
        if step.get("use_scale", True):
            bent = step.add("Multiply", {}, [bent, _learned(step, 0, "scale", 1)], "scaled")
        return step.add("Sum", {"dim": (3,)}, [bent], "sums")
    first = int(bool(step.get("use_scale")))
    both = step.add("Multiply", {}, [both, _learned(step, 0, "scale", 0)], "scaled") if first else both
    bent = step.add("Sum", {"dim": (3,)}, [step.add("Tanh", {}, [both], "bent")], "sums")
    return step.add("Multiply", {}, [bent, _learned(step, first, "weight", 0)], "weighted")


LAYERS: Mapping[str, Handler] = {
    "MultiHeadAttention": _multi_head,
    "GroupedQueryAttention": _grouped,
    "GroupQueryAttention": _grouped,
    "Attention": _attention,
    "AdditiveAttention": _attention,
}
"""By class of Keras: what makes nodes of it."""
