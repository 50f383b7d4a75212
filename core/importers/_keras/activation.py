"""Keras activations: those that stand as layers of their own, and those that other layers name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.importers._keras.file import Json
from core.importers._keras.flow import Flow, Handler, Step, Unsupported, flows_in, natural
from core.kinds import Value

BEFORE_3 = "hard_sigmoid of Keras 2"
"""The hard sigmoid of files before Keras 3, which was a flatter line."""
_AS_OPTION = {
    "relu": "relu",
    "relu6": "relu6",
    "elu": "elu",
    "selu": "selu",
    "gelu": "gelu",
    "silu": "silu",
    "swish": "silu",
    "mish": "mish",
    "hard_silu": "hardswish",
    "hard_swish": "hardswish",
    "hard_sigmoid": "hardsigmoid",
    "softplus": "softplus",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}
"""By Keras's name: the activation that may be chosen as a property of a layer and means the same."""
_KINDS: Mapping[str, tuple[str, Mapping[str, Value]]] = {
    "relu": ("ReLU", {}),
    "relu6": ("ReLU6", {}),
    "elu": ("ELU", {}),
    "selu": ("SELU", {}),
    "celu": ("CELU", {}),
    "gelu": ("GELU", {}),
    "silu": ("SiLU", {}),
    "swish": ("SiLU", {}),
    "mish": ("Mish", {}),
    "hard_silu": ("Hardswish", {}),
    "hard_swish": ("Hardswish", {}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "hard_tanh": ("Hardtanh", {}),
    "hard_shrink": ("Hardshrink", {}),
    "soft_shrink": ("Softshrink", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "tanh": ("Tanh", {}),
    "tanh_shrink": ("Tanhshrink", {}),
    "sigmoid": ("Sigmoid", {}),
    "log_sigmoid": ("LogSigmoid", {}),
    "exponential": ("Exp", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "squareplus": ("ScalarExpression", {"expression": "(a + sqrt(a**2 + 4)) / 2"}),
    BEFORE_3: ("ScalarExpression", {"expression": "min(max(0.2 * a + 0.5, 0), 1)"}),
    "sparse_sigmoid": ("ScalarExpression", {"expression": "min(max((a + 1) / 2, 0), 1)"}),
}
_ALONG = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}


def name_of(activation: Json) -> str:
    """Return what Keras calls an activation, "" for none.

    Raises:
        Unsupported: it is the user's own code.
    """
    if activation is None or activation == "linear":
        return ""
    if isinstance(activation, str):
        return activation
    if isinstance(activation, dict):
        cls, config = activation.get("class_name"), activation.get("config")
        if cls == "function" and isinstance(config, str) and not _is_own(activation):
            return name_of(config)
    raise Unsupported("its activation is code of its own")


def _is_own(found: Mapping[str, Json]) -> bool:
    module = str(found.get("module") or "keras")
    return module.split(".")[0] not in ("keras", "builtins", "tensorflow", "tf_keras")


def of_its_time(config: Json, version: str) -> Json:
    """Return a model's configuration with the activations that its version of Keras meant by their names."""
    if not version.startswith(("0.", "1.", "2.")):
        return config
    if isinstance(config, list):
        return [of_its_time(each, version) for each in config]
    if not isinstance(config, dict):
        return config
    return {
        key: BEFORE_3
        if value == "hard_sigmoid" and key in ("activation", "recurrent_activation")
        else of_its_time(value, version)
        for key, value in config.items()
    }


def as_option(step: Step, name: str = "activation") -> str:
    """Return the activation that a layer names as a property of the node, "" where it needs a node of its own."""
    try:
        called = name_of(step.config.get(name))
    except Unsupported:
        return ""
    return _AS_OPTION.get(called, "")


def activated(step: Step, flow: Flow, role: str = "activation") -> Flow:
    """Apply the activation that a layer names, as nodes of their own."""
    found = step.config.get("activation")
    if isinstance(found, dict) and isinstance(found.get("config"), dict):
        layer = replace(
            step.layer, cls=str(found.get("class_name")), config=found["config"], name=f"{step.layer.name}_{role}"
        )
        handler = LAYERS.get(layer.cls) if not _is_own(found) else None
        if handler is None:
            raise Unsupported("its activation is code of its own")
        made = handler(replace(step, layer=layer, flows=[flow]))
        return made if isinstance(made, Flow) else made[0]
    return applied(step, name_of(found), flow, role)


def applied(step: Step, called: str, flow: Flow, role: str = "") -> Flow:
    """Apply an activation by its name in Keras."""
    if not called:
        return flow
    flow = step.scope.cast(flow, "float32")
    if called in _ALONG:
        return along(step, _ALONG[called], flow, -1, role)
    if called == "glu":
        flow = step.scope.plain(flow)
        return step.add("GLU", {}, [flow], role)
    if called not in _KINDS:
        raise Unsupported(f"its activation '{called}' has no equal")
    kind, params = _KINDS[called]
    return keep(step, kind, params, flow, role)


def keep(step: Step, kind: str, params: Mapping[str, Value], flow: Flow, role: str = "") -> Flow:
    """Add a node that treats every value by itself: order and rows stay."""
    made = step.add(kind, params, [flow], role, order=flow.order)
    return replace(made, rows=flow.rows)


def along(step: Step, kind: str, flow: Flow, axis: int, role: str = "") -> Flow:
    """Add a softmax along an axis of Keras."""
    if flow.rows is not None:  # the sum over all features is the same in any order
        return keep(step, kind, {}, flow, role)
    dim = flow.dim(axis)
    return keep(step, kind, {} if dim == flow.rank - 1 else {"dim": dim}, flow, role)


def _activation(step: Step) -> Flow:
    found = step.config.get("activation")
    if name_or_layer_is_none(found):
        return keep(step, "Identity", {}, step.x)
    if isinstance(found, dict) and isinstance(found.get("config"), dict):
        return activated(step, step.x, "")
    return applied(step, name_of(found), step.x)


def name_or_layer_is_none(found: Json) -> bool:
    """Return True where an activation leaves values as they are."""
    return found is None or found == "linear"


def _relu(step: Step) -> Flow:
    limit, slope, threshold = step.get("max_value"), step.number("negative_slope", 0.0), step.number("threshold", 0.0)
    x = step.scope.cast(step.x, "float32")
    return relu(step, x, slope, None if limit is None else float(limit), threshold)


def relu(step: Step, x: Flow, slope: float, limit: float | None, threshold: float, role: str = "") -> Flow:
    """Add ReLU in Keras's general form: a slope below the threshold, zero shift at it, a largest value."""
    if not slope and not threshold and limit is not None:
        if limit == 6:
            return keep(step, "ReLU6", {}, x, role)
        return keep(step, "Clamp", {"minimum": 0.0, "maximum": limit}, x, role)
    if not threshold:
        made = keep(step, "LeakyReLU", {"negative_slope": slope}, x, role) if slope else keep(step, "ReLU", {}, x, role)
    else:
        made = keep(step, "Threshold", {"threshold": threshold}, x, role)
        if slope:
            text = {"expression": f"a + {slope!r} * min(b - {threshold!r}, 0)"}
            both = [made, x]
            made = replace(step.add("ScalarExpression", text, both, "below", order=x.order), rows=x.rows)
    if limit is not None:
        made = keep(step, "Clamp", {"minimum": None, "maximum": limit}, made, "limit")
    return made


def _leaky(step: Step) -> Flow:
    slope = step.number("negative_slope", step.number("alpha", 0.3))
    return keep(step, "LeakyReLU", {"negative_slope": slope}, step.scope.cast(step.x, "float32"))


def _elu(step: Step) -> Flow:
    return keep(step, "ELU", {"alpha": step.number("alpha", 1.0)}, step.scope.cast(step.x, "float32"))


def _softmax(step: Step) -> Flow:
    axis = step.get("axis", -1)
    axes = axis if isinstance(axis, list) else [axis]
    mask = flows_in(list(step.args))[1:] + flows_in(step.kwargs.get("mask"))
    x = step.scope.cast(step.x, "float32")
    if len(axes) == 1 and not mask:
        return along(step, "Softmax", x if int(axes[0]) == -1 else _unrowed(step, x), int(axes[0]))
    x = _unrowed(step, x)
    dims: dict[str, Value] = {"dim": tuple(sorted({x.dim(int(each)) for each in axes})), "keepdim": True}
    if any(each.rank != x.rank for each in mask):
        raise Unsupported("its mask has other dimensions than its input")
    if mask:
        allowed = step.scope.cast(step.scope.turn(mask[0], x.order), "float32")
        x = step.add("ScalarExpression", {"expression": "a + (b - 1) * 1e9"}, [x, allowed], "kept", order=x.order)
    most = step.add("Max", dims, [x], "most", order=x.order)
    powers = step.add("ScalarExpression", {"expression": "exp(a - b)"}, [x, most], "powers", order=x.order)
    made = step.add("Divide", {}, [powers, step.add("Sum", dims, [powers], "sum", order=x.order)], order=x.order)
    return step.add("Multiply", {}, [made, allowed], "masked", order=x.order) if mask else made


def _unrowed(step: Step, flow: Flow) -> Flow:
    return step.scope.plain(flow) if flow.rows else flow


def _prelu(step: Step) -> Flow:
    x = _unrowed(step, step.scope.cast(step.x, "float32"))
    weights = step.weights()
    alpha = weights.take(0, "slope", [None] * (x.rank - 1))
    sizes = tuple(alpha.shape)
    called = weights.called(weight=0)
    if all(size == 1 for size in sizes):
        return step.add("PReLU", {}, [x], order=x.order, tensors={"weight": alpha.reshape(1)}, called=called)
    if all(size == 1 for size in sizes[:-1]) and x.dim(-1) == 1:
        tensors = {"weight": alpha.reshape(-1)}
        return step.add("PReLU", {"slopes": "channels"}, [x], order=x.order, tensors=tensors, called=called)
    arranged = alpha.permute([axis - 1 for axis in x.order[1:]]).unsqueeze(0).contiguous()
    slopes = step.scope.parameter(arranged, f"{step.layer.name}_slopes", called["weight"])
    slopes = replace(slopes, order=natural(slopes.rank))
    return step.add("ScalarExpression", {"expression": "max(a, 0) + b*min(a, 0)"}, [x, slopes], order=x.order)


LAYERS: Mapping[str, Handler] = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "Softmax": _softmax,
    "PReLU": _prelu,
    "ThresholdedReLU": lambda step: keep(step, "Threshold", {"threshold": step.number("theta", 1.0)}, step.x),
}
"""By class of Keras: what makes nodes of it."""
