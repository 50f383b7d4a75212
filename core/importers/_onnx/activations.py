"""ONNX operators that bend values, or weigh them against each other: activations and softmax."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.arranging import pairs, reshaped
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_PLAIN = {
    "HardSwish": "Hardswish",
    "Mish": "Mish",
    "Relu": "ReLU",
    "Sigmoid": "Sigmoid",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "Tanh": "Tanh",
}
_SELU = (1.67326319217681884765625, 1.05070102214813232421875)


def _plain(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    if op.type == "Softplus":
        return flow.add("Softplus", {"threshold": 30.0}, [end])
    return flow.add(_PLAIN[op.type], {}, [end])


def _leaky(flow: Flow, op: Op) -> End:
    return flow.add("LeakyReLU", {"negative_slope": _short(op.get("alpha", 0.01))}, [flow.end(op)])


def _short(value: float) -> float:
    """Return a float32 of the file as the number that was meant: 0.1 instead of 0.10000000149."""
    return float(str(np.float32(value)))


def _elu(flow: Flow, op: Op) -> End:
    kind = "ELU" if op.type == "Elu" else "CELU"
    return flow.add(kind, {"alpha": _short(op.get("alpha", 1.0))}, [flow.end(op)])


def _selu(flow: Flow, op: Op) -> End:
    alpha, gamma = op.get("alpha", _SELU[0]), op.get("gamma", _SELU[1])
    if math.isclose(alpha, _SELU[0], rel_tol=1e-5) and math.isclose(gamma, _SELU[1], rel_tol=1e-5):
        return flow.add("SELU", {}, [flow.end(op)])
    bent = flow.add("ELU", {"alpha": _short(alpha)}, [flow.end(op)])
    return flow.add("ScalarExpression", {"expression": f"{_short(gamma)!r} * a"}, [bent], suffix="_scaled")


def _prelu(flow: Flow, op: Op) -> End:
    end, slope = flow.end(op), flow.fixed(op, 1)
    if slope is None or flow.spec(end).dtype != "float32":
        return written(flow, "PRelu", "torch.where(a < 0, a * b, a)", flow.ends(op))[0]
    value = flow.value(op, 1)
    named = (slope.astype(np.float32).reshape(-1), getattr(value, "name", ""))
    sizes, rank = flow.sizes(end), flow.rank(end)
    if slope.size == 1:
        return flow.add("PReLU", {}, [end], tensors={"weight": named})
    lead = (1,) * (rank - slope.ndim) + slope.shape
    if rank > 1 and len(lead) == rank and lead[1] == slope.size == sizes[1]:
        return flow.add("PReLU", {"slopes": "channels"}, [end], tensors={"weight": named})
    return written(flow, "PRelu", "torch.where(a < 0, a * b, a)", flow.ends(op))[0]


def _hard_sigmoid(flow: Flow, op: Op) -> End:
    alpha, beta = op.get("alpha", 0.2), op.get("beta", 0.5)
    if math.isclose(alpha, 1 / 6, rel_tol=1e-4) and beta == 0.5:
        return flow.add("Hardsigmoid", {}, [flow.end(op)])
    text = f"min(max({_short(alpha)!r} * a + {_short(beta)!r}, 0.0), 1.0)"
    return flow.add("ScalarExpression", {"expression": text}, [flow.end(op)])


def _thresholded(flow: Flow, op: Op) -> End:
    return flow.add("Threshold", {"threshold": _short(op.get("alpha", 1.0)), "value": 0.0}, [flow.end(op)])


def _shrink(flow: Flow, op: Op) -> End:
    bias, limit, end = _short(op.get("bias", 0.0)), _short(op.get("lambd", 0.5)), flow.end(op)
    if bias == 0:
        return flow.add("Hardshrink", {"lambd": limit}, [end])
    if bias == limit:
        return flow.add("Softshrink", {"lambd": limit}, [end])
    zero = "torch.zeros_like(a)"
    return written(
        flow, "Shrink", f"torch.where(a < -{limit}, a + {bias}, torch.where(a > {limit}, a - {bias}, {zero}))", [end]
    )[0]


def _gelu(flow: Flow, op: Op) -> End:
    return flow.add("GELU", {"approximate": op.get("approximate", "none")}, [flow.end(op)])


def _swish(flow: Flow, op: Op) -> End:
    alpha = op.get("alpha", 1.0)
    if alpha == 1.0:
        return flow.add("SiLU", {}, [flow.end(op)])
    return flow.add("ScalarExpression", {"expression": f"a * sigmoid({_short(alpha)!r} * a)"}, [flow.end(op)])


def _softmax(flow: Flow, op: Op) -> End:
    end, kind = flow.end(op), op.type
    if op.version >= 13:
        axis = int(op.get("axis", -1))
        return flow.add(kind, {"dim": -1 if flow.axis(end, axis) == flow.rank(end) - 1 else axis}, [end])
    axis = flow.axis(end, int(op.get("axis", 1)))
    if axis == flow.rank(end) - 1:
        return flow.add(kind, {"dim": -1}, [end])
    if axis == 0:
        raise Refused("it takes the softmax over the whole input, the batch (axis 0) included")
    flat = flow.add("Flatten", {"start_dim": axis}, [end], suffix="_flat")
    return reshaped(flow, flow.add(kind, {"dim": -1}, [flat]), pairs(flow, end))


def _hardmax(flow: Flow, op: Op) -> End:
    end, rowwise = flow.end(op), op.version < 13
    axis = flow.axis(end, int(op.get("axis", 1 if rowwise else -1)))
    sizes = pairs(flow, end)
    rows = rowwise and axis < len(sizes) - 1
    if rows and axis == 0:
        raise Refused("it looks for one largest value in the whole input, the batch (axis 0) included")
    if rows:
        end = flow.add("Flatten", {"start_dim": axis}, [end], suffix="_flat")
    text = "torch.zeros_like(a).scatter(dim, a.argmax(dim, keepdim=True), 1.0)"
    found = written(flow, "Hardmax", [f"dim = {axis}", text], [end])[0]
    return reshaped(flow, found, sizes) if rows else found


OPERATORS: dict[str, Handler] = {
    **dict.fromkeys(_PLAIN, _plain),
    "Celu": _elu,
    "Elu": _elu,
    "Gelu": _gelu,
    "HardSigmoid": _hard_sigmoid,
    "Hardmax": _hardmax,
    "LeakyRelu": _leaky,
    "LogSoftmax": _softmax,
    "PRelu": _prelu,
    "Selu": _selu,
    "Shrink": _shrink,
    "Softmax": _softmax,
    "Swish": _swish,
    "ThresholdedRelu": _thresholded,
}
