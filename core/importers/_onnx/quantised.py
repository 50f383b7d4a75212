"""ONNX operators of quantised networks: the same whole numbers, computed exactly, in layers of a few lines.

Sums of products are computed as float64, which holds every sum that int32 does, and scaled as float32, as runtimes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import NARROW, Handler
from core.importers._onnx.arranging import pairs, require_few, reshaped
from core.importers._onnx.file import package
from core.importers._onnx.known import Known
from core.importers._onnx.layers import padding, sides, steps_of
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import LETTERS, written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_UINT8 = 2
"""ONNX's number of the kind that is meant where nothing is said."""
_WHOLE = "torch.clamp(torch.round({}), -1e9, 1e9).long()"
"""The nearest whole number; what no number of 64 bits would hold stays far beyond all that are narrower."""
_ROUNDS = "Where values are rounded to whole numbers (QuantizeLinear), nothing before that learns while training."
_NOT_CONSTANT = "its scales and zero points are not constant"


def _limits(flow: Flow, op: Op, index: int) -> tuple[int, int]:
    """Return the least and largest number that the kind of a zero point holds; uint8 where there is none."""
    value, told = flow.value(op, index), int(op.get("output_dtype", 0))
    if isinstance(value, Known):
        told = int(package().helper.np_dtype_to_tensor_dtype(value.first.dtype))
    elif value is not None:
        told = flow.kind(op.inputs[index])
    elif not told:
        told = _UINT8
    if told not in NARROW:
        raise Refused("it rounds to a kind of number that no layer computes in")
    return NARROW[told]


def _quantise(flow: Flow, op: Op) -> End:
    low, high = _limits(flow, op, 2)
    ends = [flow.end(op, 0), _along(flow, op, 1)]
    flow.draft.note(_ROUNDS)
    zero = " + c" if op.has(2) else ""
    ends += [_along(flow, op, 2)] if op.has(2) else []
    text = f"torch.clamp({_WHOLE.format('a / b')}{zero}, {low}, {high})"
    return written(flow, "QuantizeLinear", text, ends)[0]


def _dequantise(flow: Flow, op: Op) -> End:
    ends = [flow.end(op, 0), _along(flow, op, 1)]
    if op.has(2):
        return written(flow, "DequantizeLinear", "(a - c).float() * b", [*ends, _along(flow, op, 2)])[0]
    return written(flow, "DequantizeLinear", "a.float() * b", ends)[0]


def _along(flow: Flow, op: Op, index: int) -> End:
    """Return scales that lie along one dimension, or in blocks of one, shaped so that they broadcast."""
    end, array, block = flow.end(op, 0), flow.fixed(op, index), int(op.get("block_size", 0))
    if array is None:
        scale = flow.end(op, index)
        if flow.rank(scale) and flow.fixed_sizes(scale, range(flow.rank(scale))) != (1,) * flow.rank(scale):
            raise Refused("its scale is not constant")
        return scale
    axis = flow.axis(end, int(op.get("axis", 1))) if array.ndim else 0
    if block:
        if block < 0 or array.ndim != flow.rank(end):
            raise Refused("its blocks do not fit what arrives")
        (size,) = flow.fixed_sizes(end, (axis,))
        require_few(array.size * block)
        return flow.constant(np.repeat(array, block, axis).take(range(size), axis))
    if array.ndim != 1 or array.size == 1:
        return flow.constant(array.reshape(())) if array.size == 1 else flow.end(op, index)
    return flow.constant(array.reshape((-1,) + (1,) * (flow.rank(end) - axis - 1)))


def _dynamically(flow: Flow, op: Op) -> tuple[End, ...]:
    """Quantise by the least and largest value that arrives, of all samples together."""
    rows = [
        "low, high = torch.clamp(a.amin(), max=0), torch.clamp(a.amax(), min=0)",
        "scale = (high - low) / 255",
        "scale = torch.where(scale == 0, torch.ones_like(scale), scale)",
        "zero = torch.clamp(torch.round(-low / scale), 0, 255).long()",
        f"torch.clamp({_WHOLE.format('a / scale')} + zero, 0, 255), scale, zero",
    ]
    return written(flow, "DynamicQuantizeLinear", rows, [flow.end(op)], outputs=3)


def _fixed(flow: Flow, op: Op, index: int) -> np.ndarray:
    array = flow.fixed(op, index)
    if array is None:
        raise Refused(_NOT_CONSTANT)
    return array


def _shifted(flow: Flow, op: Op, index: int, zero: int, shape: Sequence[int] = ()) -> End:
    """Return whole numbers counted from their zero point, which ``shape`` lays along one dimension."""
    value = flow.value(op, index)
    if op.has(zero) and flow.fixed(op, zero) is None:
        return _shifted_live(flow, op, index, zero)
    point = _fixed(flow, op, zero).astype(np.int64) if op.has(zero) else np.zeros((), np.int64)
    if point.size == 1:
        point = point.reshape(())
    elif point.ndim == 1 and shape:
        point = point.reshape(tuple(shape))
    if isinstance(value, Known) and value.fixed:
        return flow.constant((value.first.astype(np.int64) - point).astype(np.float32))
    end = flow.end(op, index)
    return flow.add("Subtract", {}, [end, flow.constant(point)], suffix="_shifted") if np.any(point) else end


def _shifted_live(flow: Flow, op: Op, index: int, zero: int) -> End:
    """Return whole numbers counted from a zero point that arrives, as where values are quantised as they come."""
    point = flow.end(op, zero)
    if any(pair != (1, 1) for pair in pairs(flow, point)):
        raise Refused(_NOT_CONSTANT)
    return flow.add("Subtract", {}, [flow.end(op, index), reshaped(flow, point, [])], suffix="_shifted")


def _said(flow: Flow, op: Op) -> None:
    flow.draft.note(f"'{op.place}' computes in whole numbers, as the quantised model does: it cannot be trained.")


def _matrix_product(flow: Flow, op: Op) -> End:
    ends = [_shifted(flow, op, 0, 2, (-1, 1)), _shifted(flow, op, 1, 3)]
    _said(flow, op)
    return written(flow, "MatMulInteger", "(a.double() @ b.double()).long()", ends)[0]


def _scaled_product(flow: Flow, op: Op) -> End:
    ends = [_shifted(flow, op, 0, 2, (-1, 1)), _shifted(flow, op, 3, 5)]
    rows_of = _column(_fixed(flow, op, 1))
    return _requantised(flow, op, "a.double() @ b.double()", ends, rows_of * _fixed(flow, op, 4).astype(np.float32), 6)


def _column(scale: np.ndarray) -> np.ndarray:
    """Return the scales of rows as a column."""
    found = scale.astype(np.float32)
    return found.reshape(-1, 1) if found.ndim == 1 and found.size > 1 else found


def _requantised(flow: Flow, op: Op, total: str, ends: list[End], scale: np.ndarray, index: int) -> End:
    """Scale a sum to the kind of number that the result is kept in; ``index`` is the input of the result's scale."""
    low, high = _limits(flow, op, index + 1)
    factor = (scale / _fixed(flow, op, index).astype(np.float32)).astype(np.float32)
    point = _fixed(flow, op, index + 1).astype(np.int64)
    if factor.size == 1:
        factor = factor.reshape(())
    ends = [*ends, flow.constant(factor), flow.constant(point.reshape(()) if point.size == 1 else point)]
    scaled, zero = tuple(LETTERS[len(ends) - 2 : len(ends)])
    rows = [f"total = ({total}).float()"]
    rows += [f"torch.clamp({_WHOLE.format(f'total * {scaled}')} + {zero}, {low}, {high})"]
    _said(flow, op)
    return written(flow, op.type, rows, ends)[0]


def _convolution_text(flow: Flow, op: Op, ends: Sequence[End]) -> str:
    count = flow.rank(ends[0]) - 2
    if count not in (1, 2, 3) or flow.rank(ends[1]) != count + 2:
        raise Refused(f"it works over {count} dimensions; layers do over 1, 2 or 3")
    kernel = flow.fixed_sizes(ends[1], range(2, count + 2))
    stride, dilation = steps_of(op, count)
    margins = sides(padding(flow, op, ends[0], kernel, dilation, stride))
    options = f"stride={stride}, dilation={dilation}, groups={int(op.get('group', 1))}"
    return f"F.conv{count}d(F.pad(a.double(), {margins}), b.double(), {options})"


def _over_channels(flow: Flow, op: Op, index: int) -> tuple[int, ...]:
    return (-1,) + (1,) * (flow.rank(flow.end(op, index)) - 1)


def _convolution(flow: Flow, op: Op) -> End:
    ends = [_shifted(flow, op, 0, 2), _shifted(flow, op, 1, 3, _over_channels(flow, op, 1))]
    _said(flow, op)
    return written(flow, "ConvInteger", f"{_convolution_text(flow, op, ends)}.long()", ends)[0]


def _scaled_convolution(flow: Flow, op: Op) -> End:
    ends = [_shifted(flow, op, 0, 2), _shifted(flow, op, 3, 5, _over_channels(flow, op, 3))]
    total = _convolution_text(flow, op, ends)
    lying = (-1,) + (1,) * (flow.rank(ends[0]) - 2)
    if op.has(8):
        ends.append(flow.constant(_fixed(flow, op, 8).reshape(lying).astype(np.int64)))
        total += " + c"
    scale = _fixed(flow, op, 1).astype(np.float32).reshape(-1)
    if scale.size != 1:
        raise Refused("what it takes has several scales")
    return _requantised(flow, op, total, ends, scale * _fixed(flow, op, 4).astype(np.float32).reshape(lying), 6)


OPERATORS: dict[str, Handler] = {
    "ConvInteger": _convolution,
    "DequantizeLinear": _dequantise,
    "DynamicQuantizeLinear": _dynamically,
    "MatMulInteger": _matrix_product,
    "QLinearConv": _scaled_convolution,
    "QLinearMatMul": _scaled_product,
    "QuantizeLinear": _quantise,
}
