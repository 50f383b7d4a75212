"""Keras's normalisations: other defaults, axes and a momentum that counts the other way round."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import ImportFailed
from core.importers._keras.activation import keep
from core.importers._keras.file import Json
from core.importers._keras.flow import (
    Flow,
    Handler,
    Step,
    Unsupported,
    channels_first,
    feature_order,
)
from core.kinds import Value
from core.loading import load

if TYPE_CHECKING:
    from torch import Tensor

_NO_SCALE = (
    "Some normalisation layers have a shift and no scale in Keras; here they have one, which is 1 and can be learned."
)
_BATCH_NORMS = {2: "BatchNorm1d", 3: "BatchNorm1d", 4: "BatchNorm2d", 5: "BatchNorm3d"}


def _axis(step: Step, x: Flow) -> int:
    """Return the one axis that a layer is about, from 0."""
    axis = step.get("axis", -1)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    if len(axes) != 1 or not isinstance(axes[0], int) or not -x.rank <= axes[0] < x.rank:
        raise Unsupported(f"its axis is {str(axis)[:40]}")
    return int(axes[0]) % x.rank


def _with_second(step: Step, x: Flow, axis: int) -> Flow:
    """Return what arrives with an axis right after the batch."""
    if x.rows or x.dim(axis) == 1:
        return x
    order = channels_first(x.rank) if axis == x.rank - 1 else (0, axis, *(i for i in range(1, x.rank) if i != axis))
    return step.scope.turn(x, order)


def _affine(step: Step, size: int) -> tuple[dict[str, Tensor], dict[str, int]]:
    """Return scale and shift that a layer has, and their places; a missing scale beside a shift is 1."""
    weights, tensors, places = step.weights(), {}, {}
    centre, scale = bool(step.get("center", True)), bool(step.get("scale", True))
    if scale:
        tensors["weight"], places["weight"] = weights.take(0, "gamma", [size]), 0
    elif centre:
        tensors["weight"] = load("torch").ones(size)
        step.note(_NO_SCALE)
    if centre:
        tensors["bias"], places["bias"] = weights.take(int(scale), "beta", [size]), int(scale)
    return tensors, places


def _batch_norm(step: Step) -> Flow:
    x = step.scope.cast(step.x, "float32")
    if x.rank not in _BATCH_NORMS:
        raise Unsupported(f"it is given {x.rank} dimensions")
    x = _with_second(step, x, _axis(step, x))
    size = x.spec.dims[1].a
    tensors, places = _affine(step, size)
    weights, count = step.weights(), len(places)
    tensors["running_mean"] = weights.take(count, "moving mean", [size])
    tensors["running_var"] = weights.take(count + 1, "moving variance", [size])
    if x.rows:
        order = feature_order(*x.rows)
        tensors = {key: tensor[order].contiguous() for key, tensor in tensors.items()}
    tensors["num_batches_tracked"] = load("torch").tensor(0)
    params: dict[str, Value] = {"eps": step.number("epsilon", 1e-3)}
    params["momentum"] = round(1 - step.number("momentum", 0.99), 9)
    params |= {"affine": False} if "weight" not in tensors else {} if "bias" in tensors else {"bias": False}
    called = weights.called(**places, running_mean=count, running_var=count + 1)
    made = step.add(_BATCH_NORMS[x.rank], params, [x], order=x.order, tensors=tensors, called=called)
    return replace(made, rows=x.rows)


def _layer_norm(step: Step) -> Flow:
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    axis = step.get("axis", -1)
    axes = sorted(each % x.rank for each in (axis if isinstance(axis, (list, tuple)) else [axis]))
    if axes != list(range(x.rank - len(axes), x.rank)) or 0 in axes:
        raise Unsupported(f"its axis is {str(axis)[:40]}")
    if step.get("rms_scaling"):
        raise Unsupported("it uses rms_scaling")
    sizes = [x.fixed(each) for each in axes]
    weights, tensors, places = step.weights(), {}, {}
    centre, scale = bool(step.get("center", True)), bool(step.get("scale", True))
    if scale:
        tensors["weight"], places["weight"] = weights.take(0, "gamma", sizes), 0
    elif centre:
        tensors["weight"] = load("torch").ones(sizes)
        step.note(_NO_SCALE)
    if centre:
        tensors["bias"], places["bias"] = weights.take(int(scale), "beta", sizes), int(scale)
    params: dict[str, Value] = {"eps": step.number("epsilon", 1e-3)}
    params |= {"trailing_dims": len(axes)} if len(axes) > 1 else {}
    params |= {"elementwise_affine": False} if not tensors else {} if centre else {"bias": False}
    return step.add("LayerNorm", params, [x], tensors=tensors, called=weights.called(**places))


def _group_norm(step: Step) -> Flow:
    x = step.scope.cast(step.x, "float32")
    x = step.scope.plain(x) if x.rows else x
    x = _with_second(step, x, _axis(step, x))
    size, groups = x.spec.dims[1].a, step.whole("groups", 32)
    groups = size if groups == -1 else groups
    tensors, places = _affine(step, size)
    params: dict[str, Value] = {"num_groups": groups, "eps": step.number("epsilon", 1e-3)}
    params |= {"affine": False} if not tensors else {} if "bias" in tensors else {"bias": False}
    called = step.weights().called(**places)
    return step.add("GroupNorm", params, [x], order=x.order, tensors=tensors, called=called)


def _rms_norm(step: Step) -> Flow:
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    if _axis(step, x) != x.rank - 1:
        raise Unsupported(f"its axis is {str(step.get('axis'))[:40]}")
    weights = step.weights()
    tensors = {"weight": weights.take(0, "scale", [x.fixed(-1)])}
    params = {"eps": step.number("epsilon", 1e-6)}
    return step.add("RMSNorm", params, [x], tensors=tensors, called=weights.called(weight=0))


def _unit_norm(step: Step) -> Flow:
    x = step.scope.cast(step.x, "float32")
    x = step.scope.plain(x) if x.rows else x
    axis = step.get("axis", -1)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return step.add("Normalise", {"dim": tuple(x.dim(each) for each in axes)}, [x], order=x.order)


def _numbers(found: Json) -> list[float] | None:
    """Return the numbers in nested lists."""
    if isinstance(found, bool) or found is None:
        return None
    if isinstance(found, (int, float)):
        return [float(found)]
    if isinstance(found, dict):  # arrays are written as {"class_name": "__numpy__", "config": {"value": [...]}}
        inner = found.get("config")
        return _numbers(inner.get("value")) if isinstance(inner, dict) else None
    if not isinstance(found, list):
        return None
    parts = [_numbers(each) for each in found]
    return [number for part in parts if part is not None for number in part]


def _normalization(step: Step) -> Flow:
    """Normalise by the mean and variance that the layer was given, or has learnt from data before training."""
    x = step.scope.cast(step.x, "float32")
    x = step.scope.plain(x) if x.rows else x
    mean, variance = _numbers(step.config.get("mean")), _numbers(step.config.get("variance"))
    if not mean or not variance:
        weights = step.weights()
        mean, variance = (
            [float(each) for each in weights.take(at, what, [None] * _rank(weights.found, at)).flatten()]
            for at, what in ((0, "mean"), (1, "variance"))
        )
    deviation = [max(each**0.5 if each > 0 else 0.0, 1e-7) for each in variance]
    inverse = bool(step.get("invert", False))
    text = "a * c + b" if inverse else "(a - b) / c"
    if len(mean) == len(deviation) == 1:
        text = text.replace("b", repr(mean[0]) if mean[0] >= 0 else f"({mean[0]!r})").replace("c", repr(deviation[0]))
        return keep(step, "ScalarExpression", {"expression": text}, x)
    axis = step.get("axis", -1)
    axes = {int(each) % x.rank for each in (axis if isinstance(axis, (list, tuple)) else [axis])}
    sizes = [x.fixed(each) if each in axes else 1 for each in range(x.rank)]
    if 0 in axes or len(mean) != len(deviation) or len(mean) != math.prod(sizes):
        raise Unsupported(f"its mean has {len(mean)} numbers, the axes of its mean {math.prod(sizes)}")
    order = [int(at) for at in feature_order(sizes[1:], x.order)]
    shape = tuple(sizes[each] for each in x.order)
    stored = [
        replace(step.scope.constant([values[at] for at in order], shape, f"{step.layer.name}_{name}"), order=x.order)
        for name, values in (("mean", mean), ("deviation", deviation))
    ]
    return step.add("ScalarExpression", {"expression": text}, [x, *stored], order=x.order)


def _rank(found: object, at: int) -> int:
    stored = found if isinstance(found, list) else []
    return stored[at][1].dim() if at < len(stored) else 0


def _rescaling(step: Step) -> Flow:
    x = step.scope.cast(step.x, "float32")
    scale, offset = (_scale(step, name) for name in ("scale", "offset"))
    if len(scale) == len(offset) == 1:
        text = f"a * {_signed(scale[0])}" + (f" + {_signed(offset[0])}" if offset[0] else "")
        return keep(step, "ScalarExpression", {"expression": text}, x)
    x = step.scope.plain(x) if x.rows else x
    size = x.fixed(-1)
    shape = tuple(size if at == x.dim(-1) else 1 for at in range(x.rank))
    stored = [
        step.scope.constant(values * size if len(values) == 1 else values, shape, f"{step.layer.name}_{name}")
        for name, values in (("scale", scale), ("offset", offset))
    ]
    return step.add("ScalarExpression", {"expression": "a * b + c"}, [x, *stored], order=x.order)


def _scale(step: Step, name: str) -> list[float]:
    found = _numbers(step.config.get(name, 0.0))
    if not found or not all(map(math.isfinite, found)):
        said = str(step.config.get(name))[:100]
        raise ImportFailed(f"{name} of the layer '{step.layer.name}' is no finite number: {said}.")
    return found


def _signed(number: float) -> str:
    return repr(number) if number >= 0 else f"({number!r})"


LAYERS: Mapping[str, Handler] = {
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm,
    "UnitNormalization": _unit_norm,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
}
"""By class of Keras: what makes nodes of it."""
