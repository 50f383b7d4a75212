"""Operations of functional Keras models: what arithmetic on tensors, slices and ``keras.ops`` leave behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from core.importers._keras.activation import applied, keep
from core.importers._keras.file import Json
from core.importers._keras.flow import Flow, Handler, Order, Step, Unsupported, flows_in
from core.importers._keras.merge import joined, keep_order
from core.kinds import Value

_SYMBOLS = {"Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "TrueDivide": "/", "Power": "**"}
_PAIRS = {"Add": "Add", "Subtract": "Subtract", "Multiply": "Multiply", "Divide": "Divide", "TrueDivide": "Divide"}
_EXTREMES = {"Maximum": "max", "Minimum": "min"}
_EACH = {
    "Negative": "Negative",
    "Absolute": "Abs",
    "Abs": "Abs",
    "Exp": "Exp",
    "Log": "Log",
    "Sqrt": "Sqrt",
    "Square": "Square",
    "Reciprocal": "Reciprocal",
    "Sin": "Sin",
    "Cos": "Cos",
    "Sign": "Sign",
    "Floor": "Floor",
    "Ceil": "Ceil",
    "Round": "Round",
    "LogicalNot": "LogicalNot",
    "Identity": "Identity",
}
_FIGURES = {"Mean": "Mean", "Sum": "Sum", "Max": "Max", "Min": "Min", "Amax": "Max", "Amin": "Min"}
_SPREADS = {"Std": "Std", "Var": "Variance"}
_COMPARISONS = {
    "Greater": ">",
    "GreaterEqual": ">=",
    "Less": "<",
    "LessEqual": "<=",
    "Equal": "==",
    "NotEqual": "!=",
}
_ACTIVATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Silu": "silu",
    "Selu": "selu",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "HardTanh": "hard_tanh",
    "Mish": "mish",
    "LogSigmoid": "log_sigmoid",
    "TanhShrink": "tanh_shrink",
}
_WIDTHS = {"float": "float32", "int": "int64", "uint": "int64", "bool": "bool"}


def _option(step: Step, name: str, at: int, default: Json = None) -> Json:
    """Return what an operation is told, by its configuration, by name or by place."""
    if name in step.config:
        return step.config[name]
    if name in step.kwargs:
        return step.kwargs[name]
    return step.args[at] if at < len(step.args) else default


def _operands(step: Step) -> list[Json]:
    given = [*step.args, *(value for key, value in step.kwargs.items() if key in ("x1", "x2", "x", "y"))]
    if len(given) != 2 or not all(isinstance(each, (Flow, int, float)) for each in given):
        raise Unsupported("it works on something else than two tensors or a tensor and a number")
    return given


def _arithmetic(step: Step) -> Flow:
    cls = step.layer.cls
    one, other = _operands(step)
    if isinstance(one, Flow) and isinstance(other, Flow):
        if cls == "Power":
            flows = _laid(step, (one, other))
            return step.add("Power", {}, flows, order=flows[0].order)
        return keep_order(step, _PAIRS[cls], _laid(step, (one, other)))
    flow = one if isinstance(one, Flow) else other
    texts = ["a" if isinstance(each, Flow) else _written(each) for each in (one, other)]
    return keep(step, "ScalarExpression", {"expression": f" {_SYMBOLS[cls]} ".join(texts)}, flow)


def _written(number: float) -> str:
    return repr(number) if number >= 0 else f"({number!r})"


def _laid(step: Step, flows: Sequence[Flow]) -> list[Flow]:
    """Return tensors of one order and kind of number; PyTorch adds dimensions in front as Keras does."""
    found = step.scope.alike(flows)
    kinds = {flow.spec.dtype for flow in found}
    return [step.scope.cast(flow, "float32") for flow in found] if len(kinds) > 1 else found


def _extreme(step: Step) -> Flow:
    one, other = _operands(step)
    if isinstance(one, Flow) and isinstance(other, Flow):
        return keep_order(step, step.layer.cls, _laid(step, (one, other)))
    flow = one if isinstance(one, Flow) else other
    number = other if isinstance(one, Flow) else one
    bounds = {"minimum": float(number)} if step.layer.cls == "Maximum" else {"minimum": None, "maximum": float(number)}
    return keep(step, "Clamp", bounds, flow)


def _compare(step: Step) -> Flow:
    one, other = _operands(step)
    sign = {"comparison": _COMPARISONS[step.layer.cls]}
    if isinstance(one, Flow) and isinstance(other, Flow):
        flows = _laid(step, (one, other))
        return step.add("Compare", sign, flows, order=flows[0].order)
    if not isinstance(one, Flow):
        raise Unsupported("it compares a number with a tensor")
    return keep(step, "Compare", {**sign, "value": float(other)}, one)


def _axes(step: Step, x: Flow, at: int = 1) -> list[int]:
    """Return the axes that an operation names, from 0."""
    axis = _option(step, "axis", at)
    if axis is None:
        raise Unsupported("it goes over all values, the batch included")
    found = axis if isinstance(axis, (list, tuple)) else [axis]
    if not all(isinstance(each, int) and -x.rank <= each < x.rank for each in found):
        raise Unsupported(f"its axis is {str(axis)[:40]}")
    return [each % x.rank for each in found]


def _left(order: Order, gone: Sequence[int]) -> Order:
    """Return the order of what remains once axes are gone."""
    kept = [axis for axis in range(len(order)) if axis not in gone]
    return tuple(kept.index(axis) for axis in order if axis in kept)


def _figure(step: Step) -> Flow:
    cls = step.layer.cls
    x = _unrowed(step)
    axes = _axes(step, x)
    keeps = bool(_option(step, "keepdims", 2, False))
    params: dict[str, Value] = {"dim": tuple(sorted(x.dim(axis) for axis in axes))}
    params |= {"keepdim": True} if keeps else {}
    kind = _FIGURES.get(cls) or _SPREADS[cls]
    if cls in _SPREADS:
        params["correction"] = 0.0
    if kind in ("Mean", "Std", "Variance"):
        x = step.scope.cast(x, "float32")
    return step.add(kind, params, [x], order=x.order if keeps else _left(x.order, axes))


def _any(step: Step) -> Flow:
    """Any and All: the largest and the least of noughts and ones."""
    x = step.scope.cast(_unrowed(step), "float32")
    axes = _axes(step, x)
    keeps = bool(_option(step, "keepdims", 2, False))
    params: dict[str, Value] = {"dim": tuple(sorted(x.dim(axis) for axis in axes))}
    params |= {"keepdim": True} if keeps else {}
    kind = "Max" if step.layer.cls == "Any" else "Min"
    made = step.add(kind, params, [x], "found", order=x.order if keeps else _left(x.order, axes))
    return keep(step, "Cast", {"dtype": "bool"}, made)


def _logical(step: Step) -> Flow:
    flows = step.scope.alike(step.flows)
    return step.add(step.layer.cls, {}, [step.scope.cast(flow, "bool") for flow in flows], order=flows[0].order)


def _like(step: Step) -> Flow:
    text = "a * 0 + 1" if step.layer.cls == "OnesLike" else "a * 0"
    made = keep(step, "ScalarExpression", {"expression": text}, step.scope.cast(step.x, "float32"))
    return step.scope.cast(made, str(_option(step, "dtype", 1) or step.x.spec.dtype))


def _unrowed(step: Step) -> Flow:
    return step.scope.plain(step.x) if step.x.rows else step.x


def _get_item(step: Step) -> Flow:
    x = _unrowed(step)
    key = step.args[1] if len(step.args) > 1 else step.kwargs.get("key")
    keys = list(key) if isinstance(key, (list, tuple)) else [key]
    spread = [at for at, each in enumerate(keys) if _is(each, "__ellipsis__")]
    real = sum(each is not None and not _is(each, "__ellipsis__") for each in keys)
    if len(spread) > 1 or real > x.rank:
        raise Unsupported("its index has more parts than the tensor has dimensions")
    if spread:
        full: dict[str, Json] = {"class_name": "__slice__", "config": {}}
        keys[spread[0] : spread[0] + 1] = [full] * (x.rank - real)
    if not all(_is(each, "__slice__") for each in keys):
        x = step.scope.plain(x)
    axis = 0
    for number, each in enumerate(keys):
        x, axis = _taken(step, x, each, axis, number)
    return x


def _taken(step: Step, x: Flow, key: Json, axis: int, number: int) -> tuple[Flow, int]:
    """Apply one part of an index to an axis, and return the next axis."""
    if key is None:
        return step.add("Unsqueeze", {"dim": axis}, [x], f"new{number}"), axis + 1
    if isinstance(key, int) and not isinstance(key, bool):
        if axis == 0:
            raise Unsupported("it takes one sample of the batch")
        return step.add("Select", {"dim": axis, "index": key}, [x], f"at{number}"), axis
    if not _is(key, "__slice__"):
        raise Unsupported("its index is computed")
    config = key.get("config") or {}
    start, stop, stride = (config.get(name) for name in ("start", "stop", "step"))
    if not all(each is None or isinstance(each, int) for each in (start, stop, stride)):
        raise Unsupported("its index is computed")
    if (start or 0) == 0 and stop is None and stride in (None, 1):
        return x, axis + 1
    if axis == 0 or (stride or 1) < 1:
        raise Unsupported("it takes part of the batch, or goes backwards")
    params = {"dim": x.dim(axis), "start": start or 0, "stop": stop, "step": stride or 1}
    return step.add("Slice", params, [x], f"from{number}", order=x.order), axis + 1


def _is(value: Json, name: str) -> bool:
    return isinstance(value, dict) and value.get("class_name") == name


def _concatenate(step: Step) -> Flow:
    axis = _option(step, "axis", 1, -1)
    return joined(step, step.flows, axis if isinstance(axis, int) else -1)


def _stack(step: Step) -> Flow:
    flows = [step.scope.plain(flow) for flow in step.flows]
    axis = _option(step, "axis", 1, 0)
    if not isinstance(axis, int) or axis % (flows[0].rank + 1) == 0:
        raise Unsupported("it stacks in front of the batch")
    return step.add("Stack", {"dim": axis % (flows[0].rank + 1)}, flows)


def _split(step: Step) -> list[Flow]:
    x = _unrowed(step)
    (axis,) = _axes(step, x, 2)
    parts = _option(step, "indices_or_sections", 1)
    size = x.fixed(axis)
    if isinstance(parts, int) and parts > 0 and size % parts == 0:
        sizes = (size // parts,) * parts
    elif isinstance(parts, (list, tuple)) and all(isinstance(each, int) for each in parts):
        ends = [0, *parts, size]
        sizes = tuple(end - start for start, end in pairwise(ends))
    else:
        raise Unsupported(f"its parts are {str(parts)[:40]}")
    return step.add_all("Split", {"sizes": sizes, "dim": x.dim(axis)}, [x], order=x.order)


def _reshape(step: Step) -> Flow:
    x = step.scope.plain(step.x)
    shape = _option(step, "newshape", 1) or _option(step, "shape", 1)
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else ()
    if len(sizes) < 2 or sizes[0] not in (-1, None) or not all(isinstance(each, int) for each in sizes[1:]):
        raise Unsupported("its shape has no batch in front, or is computed")
    return step.add("Reshape", {"shape": sizes[1:]}, [x])


def _transpose(step: Step) -> Flow:
    x = step.scope.plain(step.x)
    axes = _option(step, "axes", 1)
    order = tuple(axes) if isinstance(axes, (list, tuple)) else tuple(reversed(range(x.rank)))
    if not order or order[0] != 0:
        raise Unsupported("it moves the batch")
    return step.add("Permute", {"order": order}, [x])


def _swap(step: Step) -> Flow:
    x = step.scope.plain(step.x)
    one, other = (_option(step, f"axis{number}", number) for number in (1, 2))
    if not isinstance(one, int) or not isinstance(other, int) or 0 in (one % x.rank, other % x.rank):
        raise Unsupported("it moves the batch")
    return step.add("Transpose", {"dim0": one % x.rank, "dim1": other % x.rank}, [x])


def _expand(step: Step) -> Flow:
    x = step.scope.plain(step.x)
    axis = _option(step, "axis", 1)
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if not isinstance(axis, int) or axis % (x.rank + 1) == 0:
        raise Unsupported("it puts a dimension in front of the batch")
    return step.add("Unsqueeze", {"dim": axis % (x.rank + 1)}, [x])


def _squeeze(step: Step) -> Flow:
    x = step.scope.plain(step.x)
    return step.add("Squeeze", {"dim": tuple(_axes(step, x))}, [x])


def _clip(step: Step) -> Flow:
    bounds = [_option(step, name, at) for name, at in (("x_min", 1), ("x_max", 2))]
    if not all(each is None or isinstance(each, (int, float)) for each in bounds):
        raise Unsupported("its limits are computed")
    low, high = (None if each is None else float(each) for each in bounds)
    return keep(step, "Clamp", {"minimum": low, "maximum": high}, step.x)


def _cast(step: Step) -> Flow:
    dtype = str(_option(step, "dtype", 1, "float32"))
    wanted = next((mine for theirs, mine in _WIDTHS.items() if dtype.startswith(theirs)), "float32")
    return keep(step, "Cast", {"dtype": wanted}, step.x)


def _matmul(step: Step) -> Flow:
    flows = [step.scope.plain(step.scope.cast(flow, "float32")) for flow in step.flows]
    return step.add("MatMul", {}, flows)


def _einsum(step: Step) -> Flow:
    equation = str(_option(step, "subscripts", 0, ""))
    flows = [step.scope.plain(step.scope.cast(flow, "float32")) for flow in step.flows]
    return step.add("Einsum", {"equation": equation}, flows)


def _where(step: Step) -> Flow:
    given = [*step.args, *step.kwargs.values()]
    if len(given) != 3 or not isinstance(given[0], Flow) or not isinstance(given[1], Flow):
        raise Unsupported("it chooses between other than a tensor and a tensor or number")
    flows = step.scope.alike(flows_in(given))
    params = {} if isinstance(given[2], Flow) else {"otherwise": float(given[2])}
    return step.add("Where", params, [step.scope.cast(flows[0], "bool"), *flows[1:]], order=flows[1].order)


def _arg(step: Step) -> Flow:
    x = _unrowed(step)
    (axis,) = _axes(step, x)
    keeps = bool(_option(step, "keepdims", 2, False))
    params: dict[str, Value] = {"dim": x.dim(axis), **({"keepdim": True} if keeps else {})}
    kind = "ArgMax" if step.layer.cls == "Argmax" else "ArgMin"
    return step.add(kind, params, [x], order=x.order if keeps else _left(x.order, [axis]))


def _softmax(step: Step) -> Flow:
    axis = _option(step, "axis", 1, -1)
    x = _unrowed(step) if axis != -1 else step.x
    if not isinstance(axis, int):
        raise Unsupported("it goes over several axes")
    kind = "Softmax" if step.layer.cls == "Softmax" else "LogSoftmax"
    return keep(step, kind, {} if x.rows else {"dim": x.dim(axis)}, x)


def _gelu(step: Step) -> Flow:
    tanh = bool(_option(step, "approximate", 1, True))
    return keep(step, "GELU", {"approximate": "tanh"} if tanh else {}, step.x)


def _leaky(step: Step) -> Flow:
    return keep(step, "LeakyReLU", {"negative_slope": float(_option(step, "negative_slope", 1, 0.2))}, step.x)


def _elu(step: Step) -> Flow:
    return keep(step, "ELU", {"alpha": float(_option(step, "alpha", 1, 1.0))}, step.x)


def _one_hot(step: Step) -> Flow:
    classes, axis = _option(step, "num_classes", 1), _option(step, "axis", 2, -1)
    if not isinstance(classes, int) or axis != -1:
        raise Unsupported("its classes are in another dimension than the last")
    return step.add("OneHot", {"num_classes": classes}, [step.scope.cast(step.scope.plain(step.x), "int64")])


def _flip(step: Step) -> Flow:
    x = _unrowed(step)
    return step.add("Flip", {"dims": tuple(x.dim(axis) for axis in _axes(step, x))}, [x], order=x.order)


def _repeat(step: Step) -> Flow:
    x, repeats = _unrowed(step), _option(step, "repeats", 1)
    if not isinstance(repeats, int):
        raise Unsupported("it repeats each entry another number of times")
    (axis,) = _axes(step, x, 2)
    return step.add("RepeatInterleave", {"repeats": repeats, "dim": x.dim(axis)}, [x], order=x.order)


def _rsqrt(step: Step) -> Flow:
    return keep(step, "Power", {"power": -0.5}, step.x)


_OPERATIONS: Mapping[str, Any] = {
    **dict.fromkeys(_SYMBOLS, _arithmetic),
    **dict.fromkeys(_EXTREMES, _extreme),
    **dict.fromkeys(_COMPARISONS, _compare),
    **dict.fromkeys((*_FIGURES, *_SPREADS), _figure),
    **dict.fromkeys(("Any", "All"), _any),
    **dict.fromkeys(("LogicalAnd", "LogicalOr"), _logical),
    **dict.fromkeys(("OnesLike", "ZerosLike"), _like),
    **dict.fromkeys(("Argmax", "Argmin"), _arg),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    "GetItem": _get_item,
    "Concatenate": _concatenate,
    "Stack": _stack,
    "Split": _split,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Swapaxes": _swap,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "Clip": _clip,
    "Cast": _cast,
    "Matmul": _matmul,
    "Einsum": _einsum,
    "Where": _where,
    "Gelu": _gelu,
    "LeakyRelu": _leaky,
    "Elu": _elu,
    "OneHot": _one_hot,
    "Flip": _flip,
    "Repeat": _repeat,
    "Rsqrt": _rsqrt,
}
_TENSORFLOW = {
    "__operators__.add": "Add",
    "math.add": "Add",
    "math.subtract": "Subtract",
    "math.multiply": "Multiply",
    "math.truediv": "Divide",
    "math.divide": "Divide",
    "math.maximum": "Maximum",
    "math.minimum": "Minimum",
    "math.abs": "Absolute",
    "math.exp": "Exp",
    "math.sqrt": "Sqrt",
    "math.square": "Square",
    "nn.relu": "Relu",
    "nn.sigmoid": "Sigmoid",
    "math.tanh": "Tanh",
}


def operation(step: Step) -> Flow | list[Flow]:
    """Turn one operation into nodes.

    Raises:
        Unsupported: there is no equal.
    """
    cls = step.layer.cls
    if cls in _EACH:
        return keep(step, _EACH[cls], {}, step.x)
    if cls in _ACTIVATIONS:
        return applied(step, _ACTIVATIONS[cls], step.x)
    handler = _OPERATIONS.get(cls)
    if handler is None:
        raise Unsupported("there is no such operation")
    made: Flow | list[Flow] = handler(step)
    return made


def is_operation(module: str) -> bool:
    """Return True for the modules whose classes are operations rather than layers."""
    return module.startswith(("keras.src.ops", "keras.ops"))


def _tensorflow(step: Step) -> Flow | list[Flow]:
    """Turn an operation of TensorFlow, as models of Keras 2 have it, into nodes."""
    called = str(step.config.get("function", ""))
    if called not in _TENSORFLOW:
        raise Unsupported(f"it is the operation '{called[:60]}' of TensorFlow")
    kwargs = {key: value for key, value in step.kwargs.items() if key != "name" and value is not None}
    return operation(replace(step, layer=replace(step.layer, cls=_TENSORFLOW[called], config={}), kwargs=kwargs))


LAYERS: Mapping[str, Handler] = {"TFOpLambda": _tensorflow}
"""By class of Keras: what makes nodes of it."""
