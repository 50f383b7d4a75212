"""Keras's attention layers: PyTorch's own where sizes allow it, otherwise projections around the plain product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.importers._keras.flow import Flow, Handler, Step, Unsupported, Weights, flows_in
from core.kinds import Value
from core.loading import load

if TYPE_CHECKING:
    from torch import Tensor

_PARTS = ("query", "key", "value")


def _multi_head(step: Step) -> list[Flow]:
    query, key, value = _given(step)
    heads, width = step.whole("num_heads"), step.whole("key_dim")
    depth = step.whole("value_dim", width)
    _refuse(step)
    causal = bool(step.kwargs.get("use_causal_mask", False))
    scores = bool(step.kwargs.get("return_attention_scores", False))
    wide = query.fixed(-1)
    if heads * width == wide and depth == width and step.get("output_shape") is None:
        return _whole(step, (query, key, value), heads, causal, scores)
    if scores:
        raise Unsupported("its scores are asked for, with heads of a width of their own")
    return [_in_parts(step, (query, key, value), (heads, width, depth), causal)]


def _given(step: Step) -> tuple[Flow, Flow, Flow]:
    """Return query, key and value, which Keras takes as query, value, key."""
    named = {name: flows_in(step.kwargs.get(name)) for name in ("query", "value", "key")}
    placed = flows_in(list(step.args[:3]))
    flows = dict(zip(("query", "value", "key"), placed, strict=False))
    flows |= {name: found[0] for name, found in named.items() if found}
    if "query" not in flows or "value" not in flows:
        raise Unsupported("it is given no query and value")
    plain = {name: step.scope.plain(step.scope.cast(flow, "float32")) for name, flow in flows.items()}
    if any(flow.rank != 3 for flow in plain.values()):
        raise Unsupported("it is given other than batch × time × features")
    return plain["query"], plain.get("key", plain["value"]), plain["value"]


def _refuse(step: Step) -> None:
    for name in ("attention_mask", "query_mask", "value_mask", "key_mask", "mask"):
        if flows_in(step.kwargs.get(name)):
            raise Unsupported("it is given a mask")
    if len(flows_in(list(step.args))) > 3:
        raise Unsupported("it is given a mask")
    axes = step.get("attention_axes")
    if axes not in (None, [1], 1, (1,)) or step.get("use_gate") or step.get("sliding_window"):
        raise Unsupported("it attends along other axes, through a gate, or within a window")


def _stored(step: Step, part: str) -> Weights:
    found = step.weights(f"{part}_dense")
    return found if len(found) else step.weights(f"_{part}_dense")


def _projections(
    step: Step, flows: Sequence[Flow], sizes: tuple[int, int, int]
) -> tuple[dict[str, tuple[Tensor, Tensor | None]], dict[str, str]]:
    """Return weight (out × in) and bias of every projection, and what the file calls the weights."""
    heads, width, depth = sizes
    bias = bool(step.get("use_bias", True))
    found: dict[str, tuple[Tensor, Tensor | None]] = {}
    names: dict[str, str] = {}
    for part, flow in zip(_PARTS, flows, strict=True):
        size = depth if part == "value" else width
        weights = _stored(step, part)
        kernel = weights.take(0, f"{part} kernel", [flow.fixed(-1), heads, size]).flatten(1).T
        found[part] = kernel.contiguous(), weights.take(1, f"{part} bias", [heads, size]).flatten() if bias else None
        names[part] = weights.called(k=0)["k"]
    weights = _stored(step, "output")
    kernel = weights.take(0, "output kernel", [heads, depth, None]).flatten(0, 1).T
    shift = weights.take(1, "output bias", [kernel.shape[0]]) if bias else None
    found["output"], names["output"] = (kernel.contiguous(), shift), weights.called(k=0)["k"]
    return found, names


def _whole(step: Step, flows: tuple[Flow, Flow, Flow], heads: int, causal: bool, scores: bool) -> list[Flow]:
    torch = load("torch")
    wide = flows[0].fixed(-1)
    found, names = _projections(step, flows, (heads, wide // heads, wide // heads))
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


def _in_parts(step: Step, flows: tuple[Flow, Flow, Flow], sizes: tuple[int, int, int], causal: bool) -> Flow:
    """Write the attention out: a Linear for each projection, heads apart, the plain product, a Linear at the end."""
    found, names = _projections(step, flows, sizes)
    heads, width, depth = sizes
    if step.get("dropout"):
        step.note(f"'{step.layer.name}' drops attention weights while training in Keras; here it drops none.")
    apart = {}
    for part, flow in zip(_PARTS, flows, strict=True):
        made = _linear(step, flow, part, found[part], names[part])
        size = depth if part == "value" else width
        made = step.add("Unflatten", {"dim": 2, "unflattened_size": (heads, size)}, [made], f"{part}_heads")
        apart[part] = step.add("Transpose", {"dim0": 1, "dim1": 2}, [made], f"{part}_first")
    params = {"is_causal": True} if causal else {}
    made = step.add("ScaledDotProductAttention", params, apart)
    made = step.add("Transpose", {"dim0": 1, "dim1": 2}, [made], "last")
    made = step.add("Flatten", {"start_dim": 2}, [made], "joined")
    return _linear(step, made, "output", found["output"], names["output"])


def _linear(step: Step, flow: Flow, role: str, found: tuple[Tensor, Tensor | None], called: str) -> Flow:
    weight, bias = found
    tensors = {"weight": weight, **({"bias": bias} if bias is not None else {})}
    params: dict[str, Value] = {"out_features": weight.shape[0], **({} if bias is not None else {"bias": False})}
    return step.add("Linear", params, [flow], role, tensors=tensors, called=dict.fromkeys(tensors, called))


def _attention(step: Step) -> Flow:
    """Attention without projections: scores are the plain product, times a learned number where there is one."""
    given = flows_in(list(step.args)) or list(step.flows)
    if len(given) not in (2, 3) or flows_in(step.kwargs.get("mask")):
        raise Unsupported("it is given a mask, or no query and value")
    if str(step.get("score_mode", "dot")) != "dot" or step.kwargs.get("return_attention_scores"):
        raise Unsupported("it adds query and key, or gives its scores")
    query, value, *key = (step.scope.plain(step.scope.cast(flow, "float32")) for flow in given)
    scale = 1.0
    if step.get("use_scale"):
        scale = float(step.weights().take(0, "scale", []))
        step.note(f"The scale of '{step.layer.name}' is learned in Keras; here it stays what it is.")
    params: dict[str, Value] = {"scale": scale}
    params |= {"is_causal": True} if step.kwargs.get("use_causal_mask") else {}
    inputs = {"query": query, "key": key[0] if key else value, "value": value}
    return step.add("ScaledDotProductAttention", params, inputs)


LAYERS: Mapping[str, Handler] = {"MultiHeadAttention": _multi_head, "Attention": _attention}
"""By class of Keras: what makes nodes of it."""
