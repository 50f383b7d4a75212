"""ONNX operators with weights: convolutions, matrix products and normalisations become layers that can be trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.arranging import pairs, permuted, reshaped
from core.importers._onnx.attention import attention
from core.importers._onnx.known import Known
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow, Result

Named = tuple[np.ndarray, str]


def weight(flow: Flow, op: Op, index: int) -> Named | None:
    """Return an input's constant fractions and what the model calls them; None where it is left out.

    Raises:
        Refused: they depend on what arrives.
    """
    value = flow.value(op, index)
    if value is None:
        return None
    if not isinstance(value, Known) or not value.fixed:
        raise Refused(f"its weights (input {index + 1}) are not constant")
    return value.first.astype(np.float32), value.name


def one_or_all(values: Sequence[int]) -> int | tuple[int, ...]:
    """Return sizes as a person would type them: one number where all are the same."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def steps_of(op: Op, count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what lies between the places of a window, and between its points, along so many dimensions."""
    stride, dilation = (tuple(op.get(name, (1,) * count)) for name in ("strides", "dilations"))
    return stride, dilation


def sides(pads: Sequence[int]) -> tuple[int, ...]:
    """Return margins as ``F.pad`` takes them; ``pads`` are those before each dimension, then those behind."""
    count = len(pads) // 2
    return tuple(side for axis in reversed(range(count)) for side in (pads[axis], pads[axis + count]))


def padding(
    flow: Flow, op: Op, end: End, kernel: Sequence[int], dilation: Sequence[int], stride: Sequence[int]
) -> list[int]:
    """Return what is put before, then what is put after each dimension, as ``pads`` or ``auto_pad`` say."""
    count, auto = len(kernel), str(op.get("auto_pad", "NOTSET"))
    if auto in ("NOTSET", ""):
        return list(op.get("pads", (0,) * 2 * count))
    if auto == "VALID":
        return [0] * 2 * count
    before, after = [], []
    for axis in range(count):
        span, totals = dilation[axis] * (kernel[axis] - 1) + 1, set()
        for size in pairs(flow, end)[axis + 2]:
            totals.add(max(0, (-(-size // stride[axis]) - 1) * stride[axis] + span - size))
        if len(totals) > 1:
            raise Refused("its padding follows from a length that stays open")
        total = totals.pop()
        small, large = total // 2, total - total // 2
        before.append(large if auto == "SAME_LOWER" else small)
        after.append(small if auto == "SAME_LOWER" else large)
    return before + after


def padded(flow: Flow, end: End, pads: Sequence[int], value: float = 0.0) -> End:
    """Return an end with a margin around its last dimensions: what comes before each, then what comes after."""
    count, margins = len(pads) // 2, sides(pads)
    if not any(margins):
        return end
    if count > 3:
        return flow.add("Pad", {"pad": margins, "value": value}, [end], suffix="_pad")
    if value:
        return flow.add(f"ConstantPad{count}d", {"padding": margins, "value": value}, [end], suffix="_pad")
    return flow.add(f"ZeroPad{count}d", {"padding": margins}, [end], suffix="_pad")


def _convolution(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    count = flow.rank(end) - 2
    if not isinstance(flow.value(op, 1), Known) or count not in (1, 2, 3):
        return _free_convolution(flow, op)
    found = weight(flow, op, 1)
    bias = weight(flow, op, 2)
    if found is None or found[0].ndim != count + 2:
        raise Refused("its weights do not fit what arrives")
    kernel = found[0].shape[2:]
    stride, dilation = steps_of(op, count)
    pads = padding(flow, op, end, kernel, dilation, stride)
    even = pads[:count] == pads[count:]
    if not even:
        end = padded(flow, end, pads)
    params = {
        "out_channels": found[0].shape[0],
        "kernel_size": one_or_all(kernel),
        "stride": one_or_all(stride),
        "padding": one_or_all(pads[:count]) if even else 0,
        "dilation": one_or_all(dilation),
        "groups": int(op.get("group", 1)),
        "bias": bias is not None,
    }
    return flow.add(f"Conv{count}d", params, [end], tensors=_weight_and_bias(found, bias))


def _weight_and_bias(weight: Named, bias: Named | None) -> dict[str, Named]:
    return {"weight": weight, **({"bias": bias} if bias else {})}


def _free_convolution(flow: Flow, op: Op) -> End:
    """Write a convolution whose filters arrive from elsewhere, or over more dimensions than layers have."""
    ends = flow.ends(op)
    count = flow.rank(ends[0]) - 2
    if count not in (1, 2, 3):
        raise Refused(f"it works over {count} dimensions; layers do over 1, 2 or 3")
    kernel = flow.fixed_sizes(ends[1], range(2, count + 2))
    stride, dilation = steps_of(op, count)
    ends[0] = padded(flow, ends[0], padding(flow, op, ends[0], kernel, dilation, stride))
    options = f"stride={stride}, dilation={dilation}, groups={op.get('group', 1)}"
    text = f"F.conv{count}d({', '.join('abc'[: len(ends)])}, {options})"
    return written(flow, "Conv", text, ends)[0]


def _transposed(flow: Flow, op: Op) -> End:
    end, found, bias = flow.end(op), weight(flow, op, 1), weight(flow, op, 2)
    count = flow.rank(end) - 2
    if found is None or count not in (1, 2, 3) or found[0].ndim != count + 2:
        raise Refused("its weights do not fit what arrives")
    kernel, groups = found[0].shape[2:], int(op.get("group", 1))
    stride, dilation = steps_of(op, count)
    extra = list(op.get("output_padding", (0,) * count))
    pads = _cropping(flow, op, end, kernel, dilation, stride, extra)
    even = pads[:count] == pads[count:] and min(pads) >= 0
    params = {
        "out_channels": found[0].shape[1] * groups,
        "kernel_size": one_or_all(kernel),
        "stride": one_or_all(stride),
        "padding": one_or_all(pads[:count]) if even else 0,
        "output_padding": one_or_all(extra),
        "dilation": one_or_all(dilation),
        "groups": groups,
        "bias": bias is not None,
    }
    out = flow.add(f"ConvTranspose{count}d", params, [end], tensors=_weight_and_bias(found, bias))
    if even:
        return out
    if min(pads) < 0 and bias:
        raise Refused("it makes its output larger than its filters reach")
    return padded(flow, out, [-each for each in pads])


def _cropping(
    flow: Flow,
    op: Op,
    end: End,
    kernel: Sequence[int],
    dilation: Sequence[int],
    stride: Sequence[int],
    extra: list[int],
) -> list[int]:
    """Return what is cut off before, then after each dimension of a transposed convolution's output."""
    count, auto = len(kernel), str(op.get("auto_pad", "NOTSET"))
    wanted = op.get("output_shape")
    if wanted is None and auto in ("NOTSET", "VALID", ""):
        return list(op.get("pads", (0,) * 2 * count))
    before, after = [], []
    for axis in range(count):
        span = dilation[axis] * (kernel[axis] - 1) + 1 + extra[axis]
        if wanted is not None:
            (size,) = flow.fixed_sizes(end, (axis + 2,))
            total = stride[axis] * (size - 1) + span - wanted[len(wanted) - count + axis]
        else:
            total = span - stride[axis]
        small, large = total // 2, total - total // 2
        before.append(small if auto == "SAME_UPPER" else large)
        after.append(large if auto == "SAME_UPPER" else small)
    return before + after


def linear(flow: Flow, end: End, found: Named, bias: Named | None) -> End:
    """Add a Linear layer; ``found`` is its weight as PyTorch holds it: out × in."""
    params = {"out_features": found[0].shape[0], "bias": bias is not None}
    return flow.add("Linear", params, [end], tensors=_weight_and_bias(found, bias))


def _matmul(flow: Flow, op: Op) -> End:
    right = flow.fixed(op, 1)
    left = flow.value(op, 0)
    if right is None or right.ndim != 2 or not isinstance(left, End) or flow.rank(left) < 2 or right.dtype.kind != "f":
        return attention(flow, op) or flow.add("MatMul", {}, [flow.end(op, 0), flow.end(op, 1)])
    found = weight(flow, op, 1)
    assert found is not None
    bias = _bias_behind(flow, op, right.shape[1])
    if bias and bias[1][1].endswith(".bias"):
        flow.stem = bias[1][1].removesuffix(".bias")
    out = linear(flow, left, (np.ascontiguousarray(found[0].T), found[1]), bias[1] if bias else None)
    if bias:
        flow.fuse(bias[0], out)
    return out


def _bias_behind(flow: Flow, op: Op, size: int) -> tuple[Op, Named] | None:
    """Return the addition of constants to every column that follows a product, where nothing else reads it."""
    reader = flow.sole_reader(op.outputs[0])
    if reader is None or reader.type != "Add" or len(reader.inputs) != 2:
        return None
    other = flow.values.get(reader.inputs[1 if reader.inputs[0] == op.outputs[0] else 0])
    if not isinstance(other, Known) or not other.fixed or other.first.size != size or other.first.shape[-1:] != (size,):
        return None
    left = flow.value(op, 0)
    if not isinstance(left, End) or other.first.ndim > flow.rank(left):
        return None
    return reader, (other.first.astype(np.float32).reshape(-1), other.name)


def _gemm(flow: Flow, op: Op) -> End:
    end, right = flow.end(op), flow.fixed(op, 1)
    alpha, beta = float(op.get("alpha", 1.0)), float(op.get("beta", 1.0))
    if op.get("transA", 0):
        end = permuted(flow, end, (1, 0))
    if right is None or not isinstance(flow.value(op, 0), End):
        other = flow.end(op, 1)
        out = flow.add("MatMul", {}, [end, permuted(flow, other, (1, 0)) if op.get("transB", 0) else other])
        out = (
            out
            if alpha == 1
            else flow.add("ScalarExpression", {"expression": f"{alpha!r} * a"}, [out], suffix="_alpha")
        )
        return _plus(flow, op, out, beta)
    found = weight(flow, op, 1)
    assert found is not None
    matrix = found[0] if op.get("transB", 0) else np.ascontiguousarray(found[0].T)
    third = flow.fixed(op, 2)
    rows = matrix.shape[0]
    flat = third is not None and third.ndim <= 2 and third.size in (1, rows) and third.shape[-1:] in ((rows,), (1,), ())
    bias = None
    if flat and third is not None:
        numbers = np.broadcast_to(beta * third.astype(np.float32).reshape(-1), (rows,))
        bias = (np.ascontiguousarray(numbers, dtype=np.float32), getattr(flow.value(op, 2), "name", ""))
    out = linear(flow, end, (alpha * matrix if alpha != 1 else matrix, found[1]), bias)
    return out if bias else _plus(flow, op, out, beta)


def _plus(flow: Flow, op: Op, out: End, beta: float) -> End:
    if not op.has(2) or beta == 0:
        return out
    third = flow.end(op, 2)
    if beta != 1:
        third = flow.add("ScalarExpression", {"expression": f"{beta!r} * a"}, [third], suffix="_beta")
    return flow.add("Add", {}, [out, third], suffix="_sum")


def _batch_norm(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    if op.get("training_mode", 0) or sum(op.wants(index) for index in range(5)) > 1:
        raise Refused("it normalises by each batch, as if in training")
    kind = {2: "BatchNorm1d", 3: "BatchNorm1d", 4: "BatchNorm2d", 5: "BatchNorm3d"}.get(flow.rank(end))
    named = [weight(flow, op, index) for index in range(1, 5)]
    if kind is None or any(each is None for each in named):
        raise Refused(f"it takes {flow.rank(end)} dimensions; layers take 2 to 5")
    params = {"eps": _short(op.get("epsilon", 1e-5)), "momentum": round(1 - op.get("momentum", 0.9), 6)}
    tensors = {
        name: each for name, each in zip(("weight", "bias", "running_mean", "running_var"), named, strict=True) if each
    }
    tensors["num_batches_tracked"] = (np.zeros((), np.int64), "")
    return flow.add(kind, params, [end], tensors=tensors)


def _short(value: float) -> float:
    """Return a float32 of the file as the number that was meant: 1e-05 instead of 9.99999974e-06."""
    return float(str(np.float32(value)))


def _layer_norm(flow: Flow, op: Op) -> tuple[End | None, ...]:
    end = flow.end(op)
    axis = flow.axis(end, int(op.get("axis", -1)))
    count = flow.rank(end) - axis
    rms = op.type != "LayerNormalization"
    eps = _short(op.get("epsilon", 1e-5))
    if op.wants(1) or op.wants(2) or axis == 0 or not all(dim.fixed for dim in flow.spec(end).dims[axis:]):
        return _written_norm(flow, op, end, axis, eps, rms)
    sizes = flow.sizes(end)[axis:]
    named = [weight(flow, op, index) for index in ((1,) if rms else (1, 2))]
    if any(each is not None and math.prod(each[0].shape) != math.prod(sizes) for each in named):
        return _written_norm(flow, op, end, axis, eps, rms)
    tensors = {
        name: (each[0].reshape(sizes), each[1]) for name, each in zip(("weight", "bias"), named, strict=False) if each
    }
    params: dict[str, object] = {"eps": eps, "trailing_dims": count, "elementwise_affine": "weight" in tensors}
    if not rms:
        params["bias"] = "bias" in tensors
    return (flow.add("RMSNorm" if rms else "LayerNorm", params, [end], tensors=tensors),)


def _written_norm(flow: Flow, op: Op, end: End, axis: int, eps: float, rms: bool) -> tuple[End | None, ...]:
    """Write a normalisation over the batch, with weights of any shape, or one that also gives mean and deviation."""
    ends = [end, *(flow.end(op, index) for index in (1, 2) if op.has(index))]
    dims = tuple(range(axis, flow.rank(end)))
    scaled = "" if len(ends) < 2 else " * b" if len(ends) < 3 else " * b + c"
    if rms:
        rows = f"a * torch.rsqrt(a.square().mean({dims}, keepdim=True) + {eps}){scaled}"
        return (written(flow, "RMSNormalization", rows, ends)[0],)
    steps = [
        f"mean = a.mean({dims}, keepdim=True)",
        f"inverse = torch.rsqrt((a - mean).square().mean({dims}, keepdim=True) + {eps})",
    ]
    if not op.wants(1) and not op.wants(2):
        return (written(flow, "LayerNormalization", [*steps, f"(a - mean) * inverse{scaled}"], ends)[0],)
    return written(
        flow, "LayerNormalization", [*steps, f"(a - mean) * inverse{scaled}, mean, inverse"], ends, outputs=3
    )


def _instance_norm(flow: Flow, op: Op) -> End:
    end, scale, bias = flow.end(op), weight(flow, op, 1), weight(flow, op, 2)
    count, eps = flow.rank(end) - 2, _short(op.get("epsilon", 1e-5))
    if count not in (1, 2, 3) or scale is None or bias is None:
        raise Refused(f"it takes {count + 2} dimensions; layers take 3 to 5")
    return flow.add(
        f"InstanceNorm{count}d", {"eps": eps, "affine": True}, [end], tensors={"weight": scale, "bias": bias}
    )


def _group_norm(flow: Flow, op: Op) -> End:
    end, scale, bias = flow.end(op), weight(flow, op, 1), weight(flow, op, 2)
    groups = int(op.get("num_groups", 1))
    if scale is None or bias is None:
        raise Refused("its weights are missing")
    channels = flow.sizes(end)[1]
    each = channels // max(1, groups)
    if any(array.size not in (channels, groups) for array, _called in (scale, bias)):
        raise Refused("its weights do not fit its channels and groups")
    tensors = {
        name: (array if array.size == channels else np.repeat(array, each), called)
        for name, (array, called) in (("weight", scale), ("bias", bias))
    }
    params = {"num_groups": groups, "eps": _short(op.get("epsilon", 1e-5))}
    return flow.add("GroupNorm", params, [end], tensors=tensors)


def _response_norm(flow: Flow, op: Op) -> End:
    size = int(op.get("size", 1))
    params = {
        "size": size,
        "alpha": _short(op.get("alpha", 1e-4)),
        "beta": _short(op.get("beta", 0.75)),
        "k": _short(op.get("bias", 1.0)),
    }
    if size % 2 == 0:
        raise Refused("it looks at an even number of neighbouring channels")
    return flow.add("LocalResponseNorm", params, [flow.end(op)])


def _flattened(flow: Flow, op: Op) -> Result:
    """Bring a value into two dimensions: those before the axis, and those from it on."""
    end = flow.end(op)
    axis, rank = int(op.get("axis", 1)), flow.rank(end)
    axis = axis % rank if axis < 0 else axis
    if axis == 1 and rank > 1:
        return end if rank == 2 else flow.add("Flatten", {}, [end])
    sizes = pairs(flow, end)
    halves = [[math.prod(pair[which] for pair in part) for which in (0, 1)] for part in (sizes[:axis], sizes[axis:])]
    return reshaped(flow, end, [(half[0], half[1]) for half in halves])


OPERATORS: dict[str, Handler] = {
    "BatchNormalization": _batch_norm,
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "Flatten": _flattened,
    "Gemm": _gemm,
    "GroupNormalization": _group_norm,
    "InstanceNormalization": _instance_norm,
    "LRN": _response_norm,
    "LayerNormalization": _layer_norm,
    "MatMul": _matmul,
    "RMSNormalization": _layer_norm,
}
