"""ONNX operators that compute value by value: arithmetic, comparisons, choices and kinds of number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arranging import expanded, pairs
from core.importers._onnx.known import Known, constant
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow, Result

Handler = Callable[["Flow", Op], "Result | tuple[Result | None, ...]"]
_SIGNS = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
_KINDS = {"Add": "Add", "Sub": "Subtract", "Mul": "Multiply", "Div": "Divide"}
_COMPARISONS = {"Equal": "==", "Greater": ">", "GreaterOrEqual": ">=", "Less": "<", "LessOrEqual": "<="}
_LOGIC = {"And": "LogicalAnd", "Or": "LogicalOr", "Xor": "LogicalXor"}
_PLAIN = {
    "Abs": "Abs",
    "Ceil": "Ceil",
    "Cos": "Cos",
    "Exp": "Exp",
    "Floor": "Floor",
    "Log": "Log",
    "Neg": "Negative",
    "Not": "LogicalNot",
    "Reciprocal": "Reciprocal",
    "Round": "Round",
    "Sign": "Sign",
    "Sin": "Sin",
    "Sqrt": "Sqrt",
}
_FUNCTIONS = {
    "Acos": "torch.acos(a)",
    "Acosh": "torch.acosh(a)",
    "Asin": "torch.asin(a)",
    "Asinh": "torch.asinh(a)",
    "Atan": "torch.atan(a)",
    "Atanh": "torch.atanh(a)",
    "Cosh": "torch.cosh(a)",
    "Erf": "torch.erf(a)",
    "IsNaN": "torch.isnan(a)",
    "Sinh": "torch.sinh(a)",
    "Tan": "torch.tan(a)",
    "Det": "torch.linalg.det(a)",
}
_PAIRS = {
    "BitwiseAnd": "torch.bitwise_and(a, b)",
    "BitwiseOr": "torch.bitwise_or(a, b)",
    "BitwiseXor": "torch.bitwise_xor(a, b)",
}
_FLOATS = (1, 10, 11, 16)
"""ONNX's numbers of float32, float16, float64 and bfloat16."""
_WHOLE = {6: "int32", 7: "int64"}
NARROW = {
    2: (0, 255),
    3: (-128, 127),
    4: (0, 65535),
    5: (-32768, 32767),
    6: (-(2**31), 2**31 - 1),
    12: (0, 2**32 - 1),
    13: (0, 2**64 - 1),
    21: (0, 15),
    22: (-8, 7),
    25: (0, 3),
    26: (-2, 1),
}
_EIGHTHS = {
    17: ("float8_e4m3fn", 448.0),
    18: ("float8_e4m3fnuz", 240.0),
    19: ("float8_e5m2", 57344.0),
    20: ("float8_e5m2fnuz", 57344.0),
}
"""Fractions of eight bits by ONNX's numbers: what PyTorch calls them, and the largest that each holds."""


def scalar(flow: Flow, op: Op, index: int, other: int) -> float | int | None:
    """Return an input where it is one constant number that does not change the shape of the other input."""
    array, value = flow.fixed(op, index), flow.value(op, other)
    if array is None or array.size != 1 or array.dtype == np.bool_ or not isinstance(value, End):
        return None
    if array.ndim > flow.rank(value) or array.dtype.kind not in "fiu":
        return None
    single = array.reshape(())
    number = int(single) if array.dtype.kind in "iu" else float(str(single))
    return number if np.isfinite(number) and abs(number) < 2**53 else None


def _binary(flow: Flow, op: Op) -> End:
    """Write one number into an expression; anything else is a layer of two branches."""
    right, left = scalar(flow, op, 1, 0), scalar(flow, op, 0, 1)
    sign = _SIGNS[op.type]
    if right is not None and not (op.type == "Div" and (isinstance(right, int) or right == 0)):
        return flow.add("ScalarExpression", {"expression": f"a {sign} {_number(right)}"}, [flow.end(op, 0)])
    if left is not None and op.type != "Div":
        return flow.add("ScalarExpression", {"expression": f"{_number(left)} {sign} a"}, [flow.end(op, 1)])
    one, two = aligned(flow, op)
    if op.type == "Div" and flow.spec(one).dtype == "int64":
        return flow.add("Divide", {"rounding": "trunc"}, [one, two])
    return flow.add(_KINDS[op.type], {}, [one, two])


def _number(value: float) -> str:
    return f"({value!r})" if value < 0 else repr(value)


def aligned(flow: Flow, op: Op) -> list[End]:
    """Return both inputs, where old versions name an axis with the second shaped so that it broadcasts as meant."""
    ends = flow.ends(op)
    for one, two in pairwise(ends):
        if flow.spec(one).dtype != flow.spec(two).dtype and "bool" in (flow.spec(one).dtype, flow.spec(two).dtype):
            raise Refused("it mixes yes and no with numbers")
    return ends


def _plain(flow: Flow, op: Op) -> End:
    return flow.add(_PLAIN[op.type], {}, [flow.end(op)])


def _function(flow: Flow, op: Op) -> End:
    return written(flow, op.type, _FUNCTIONS[op.type], [flow.end(op)])[0]


def _pair(flow: Flow, op: Op) -> End:
    return written(flow, op.type, _PAIRS[op.type], flow.ends(op))[0]


def _several(kind: str) -> Handler:
    def several(flow: Flow, op: Op) -> Result:
        ends = flow.ends(op)
        return ends[0] if len(ends) == 1 else flow.add(kind, {}, ends)

    return several


def _compare(flow: Flow, op: Op) -> End:
    right = scalar(flow, op, 1, 0)
    sign = _COMPARISONS[op.type]
    if right is not None:
        return flow.add("Compare", {"comparison": sign, "value": float(right)}, [flow.end(op)])
    return flow.add("Compare", {"comparison": sign}, flow.ends(op))


def _logic(flow: Flow, op: Op) -> End:
    return flow.add(_LOGIC[op.type], {}, flow.ends(op))


def _power(flow: Flow, op: Op) -> End:
    exponent = scalar(flow, op, 1, 0)
    end = flow.end(op)
    whole = flow.spec(end).dtype == "int64"
    if exponent == 2:
        return flow.add("Square", {}, [end])
    if exponent == 0.5 and not whole:
        return flow.add("Sqrt", {}, [end])
    if exponent is not None and not whole:
        return flow.add("Power", {"power": float(exponent)}, [end])
    other = flow.end(op, 1)
    if not whole:
        return flow.add("Power", {}, {"input": end, "exponent": other})
    return written(flow, "Pow", "torch.pow(a.double(), b.double()).to(a.dtype)", [end, other])[0]


def _mod(flow: Flow, op: Op) -> End:
    name = "fmod" if op.get("fmod", 0) else "remainder"
    return written(flow, "Mod", f"torch.{name}(a, b)", flow.ends(op))[0]


def _shift(flow: Flow, op: Op) -> End:
    way = "right" if str(op.get("direction")) == "RIGHT" else "left"
    out = written(flow, "BitShift", f"torch.bitwise_{way}_shift(a, b)", flow.ends(op))[0]
    return wrapped(flow, out, flow.kind(op.inputs[0]))


def _bitwise_not(flow: Flow, op: Op) -> End:
    return wrapped(
        flow, written(flow, "BitwiseNot", "torch.bitwise_not(a)", [flow.end(op)])[0], flow.kind(op.inputs[0])
    )


def _infinite(flow: Flow, op: Op) -> End:
    low, high = op.get("detect_negative", 1), op.get("detect_positive", 1)
    text = "torch.isinf(a)" if low and high else "torch.isneginf(a)" if low else "torch.isposinf(a)"
    if not low and not high:
        text = "torch.zeros_like(a, dtype=torch.bool)"
    return written(flow, "IsInf", text, [flow.end(op)])[0]


def _where(flow: Flow, op: Op) -> End:
    condition, first = flow.end(op, 0), flow.end(op, 1)
    other = flow.fixed(op, 2)
    simple = other is not None and other.size == 1 and other.ndim <= max(flow.rank(first), flow.rank(condition))
    if simple and other is not None and flow.spec(first).dtype == "float32" and np.isfinite(other).all():
        return flow.add("Where", {"otherwise": float(other.reshape(()))}, {"condition": condition, "a": first})
    return flow.add("Where", {}, {"condition": condition, "a": first, "b": flow.end(op, 2)})


def _clip(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    fixed = all(not op.has(index) or flow.fixed(op, index) is not None for index in (1, 2))
    if not fixed:
        rows = ["low, high = b, c", "torch.minimum(torch.maximum(a, low), high)"]
        if op.has(1) and op.has(2):
            return written(flow, "Clip", rows[1].replace("low", "b").replace("high", "c"), flow.ends(op))[0]
        return written(flow, "Clip", f"torch.{'maximum' if op.has(1) else 'minimum'}(a, b)", flow.ends(op))[0]
    low, high = flow.number(op, 1, "min"), flow.number(op, 2, "max")
    limits = {"minimum": _limit(low), "maximum": _limit(high)}
    if low is not None and high is not None and low > high:
        limits["minimum"] = limits["maximum"]
    if limits == {"minimum": None, "maximum": None}:
        return end
    if low == 0 and high == 6:
        return flow.add("ReLU6", {}, [end])
    if flow.spec(end).dtype == "int64":
        text = ", ".join(f"{name[:3]}={int(value)}" for name, value in limits.items() if value is not None)
        return written(flow, "Clip", f"torch.clamp(a, {text})", [end])[0]
    return flow.add("Clamp", limits, [end])


def _limit(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) or abs(value) >= 2**53 else value


def _cast(flow: Flow, op: Op) -> Result:
    return cast_to(flow, flow.end(op), int(op.get("to", 0)), bool(op.get("saturate", 1)))


def cast_to(flow: Flow, end: End, target: int, saturate: bool = True) -> End:
    """Return an end in one of ONNX's kinds of number, as far as networks compute in it.

    ``saturate`` says that fractions of eight bits keep to the largest that they hold; else they become nan or infinite.
    """
    have = flow.spec(end).dtype
    if target in _FLOATS:
        if target != 1:
            flow.draft.note("What the model computes in float16, bfloat16 or float64 is computed in float32.")
        return end if have == "float32" else flow.add("Cast", {"dtype": "float32"}, [end])
    if target in _WHOLE:
        return end if have == "int64" else flow.add("Cast", {"dtype": "int64"}, [end])
    if target == 9:
        return end if have == "bool" else flow.add("Cast", {"dtype": "bool"}, [end])
    if target in NARROW:
        whole = end if have == "int64" else flow.add("Cast", {"dtype": "int64"}, [end])
        return whole if have == "bool" else wrapped(flow, whole, target)
    if target in _EIGHTHS:
        return _rounded(flow, end, target, saturate)
    raise Refused(f"it turns values into a kind of number that no layer computes in (type {target} of ONNX)")


def _rounded(flow: Flow, end: End, target: int, saturate: bool) -> End:
    """Round to what fractions of eight bits hold; the result is computed with as float32."""
    whole = end if flow.spec(end).dtype == "float32" else flow.add("Cast", {"dtype": "float32"}, [end])
    name, most = _EIGHTHS[target]
    flow.draft.note("What the model keeps in eight bits is rounded as there, and computed with in float32.")
    kept = f"torch.clamp(a, {-most}, {most})" if saturate else "a"
    if not saturate and target == 17:  # some versions of PyTorch keep to the largest
        kept = 'torch.where(torch.maximum(a, -a) > 464, float("nan"), a)'
    return written(flow, "Round8", f"{kept}.to(torch.{name}).float()", [whole], suffix="_rounded")[0]


def wrapped(flow: Flow, end: End, kind: int) -> End:
    """Return whole numbers as a narrow kind of number keeps them: what is beyond it comes in at the other end."""
    low, high = NARROW.get(kind, (0, 0))
    if not high or high >= 2**63:
        return end
    size = high - low + 1
    text = f"torch.remainder(a, {size})" if low == 0 else f"torch.remainder(a + {-low}, {size}) - {-low}"
    return written(flow, "Wrap", text, [end], suffix="_wrapped")[0]


def _cast_like(flow: Flow, op: Op) -> End:
    value = flow.value(op, 1)
    if isinstance(value, Known):
        from core.importers._onnx.file import package

        target = int(package().helper.np_dtype_to_tensor_dtype(value.first.dtype))
        return cast_to(flow, flow.end(op), target, bool(op.get("saturate", 1)))
    computed = {"float32": 1, "int64": 7, "bool": 9}[flow.spec(flow.end(op, 1)).dtype]
    return cast_to(flow, flow.end(op), flow.kind(op.inputs[1]) or computed, bool(op.get("saturate", 1)))


def _random(flow: Flow, op: Op) -> End:
    raise Refused("it draws random numbers")


def _identity(flow: Flow, op: Op) -> Result:
    value = flow.value(op, 0)
    if value is None:
        raise Refused("it takes nothing")
    return value


def _einsum(flow: Flow, op: Op) -> End:
    return flow.add("Einsum", {"equation": str(op.get("equation", ""))}, flow.ends(op))


def _dropout(flow: Flow, op: Op) -> tuple[Result | None, ...]:
    training = flow.fixed(op, 2)
    if op.has(2) and (training is None or bool(training.reshape(-1)[0])):
        ratio = flow.number(op, 1, "ratio", 0.5)
        if ratio:
            raise Refused("it drops values at random, as if in training")
    end = flow.end(op)
    share = flow.number(op, 1, "ratio", 0.5)
    out = flow.add("Dropout", {"p": float(share if share is not None else 0.5)}, [end])
    if not op.wants(1):
        return (out,)
    return out, _all_true(flow, end)


def _all_true(flow: Flow, end: End) -> End:
    sizes = pairs(flow, end)
    return expanded(flow, flow.placed(constant(np.ones((1,) * len(sizes), np.bool_))), sizes)


OPERATORS: dict[str, Handler] = {
    **dict.fromkeys(_SIGNS, _binary),
    **dict.fromkeys(_PLAIN, _plain),
    **dict.fromkeys(_FUNCTIONS, _function),
    **dict.fromkeys(_PAIRS, _pair),
    **dict.fromkeys(_COMPARISONS, _compare),
    **dict.fromkeys(_LOGIC, _logic),
    **dict.fromkeys(("Bernoulli", "RandomNormal", "RandomUniform", "RandomNormalLike", "Multinomial"), _random),
    "RandomUniformLike": _random,
    "BitShift": _shift,
    "BitwiseNot": _bitwise_not,
    "Cast": _cast,
    "CastLike": _cast_like,
    "Clip": _clip,
    "Dropout": _dropout,
    "Einsum": _einsum,
    "Identity": _identity,
    "IsInf": _infinite,
    "Max": _several("Maximum"),
    "Mean": _several("Average"),
    "Min": _several("Minimum"),
    "Mod": _mod,
    "Pow": _power,
    "Sum": _several("Add"),
    "Where": _where,
}
