"""ONNX operators that bring dimensions together: sums, means, extremes, and where those are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.flow import plain
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_KINDS = {
    "ReduceMean": ("", "Mean", ""),
    "ReduceSum": ("", "Sum", ""),
    "ReduceMax": ("", "Max", ""),
    "ReduceMin": ("", "Min", ""),
    "ReduceL1": ("Abs", "Sum", ""),
    "ReduceL2": ("Square", "Sum", "Sqrt"),
    "ReduceSumSquare": ("Square", "Sum", ""),
    "ReduceLogSum": ("", "Sum", "Log"),
    "ReduceLogSumExp": ("", "LogSumExp", ""),
}


def _axes(flow: Flow, op: Op, end: End) -> tuple[int, ...] | None:
    """Return the dimensions that are taken together; None where nothing is to be done."""
    found = flow.numbers(op, 1, "axes")
    if not found:
        return None if op.get("noop_with_empty_axes", 0) else tuple(range(flow.rank(end)))
    return tuple(sorted(flow.axis(end, axis) for axis in found))


def _reduce(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    before, kind, after = _KINDS[op.type]
    axes, keep = _axes(flow, op, end), bool(op.get("keepdims", 1))
    if op.type == "ReduceL2" and flow.spec(end).dtype == "float32" and axes:
        return flow.add("Norm", {"dim": _short(flow, end, axes), "keepdim": keep}, [end])
    if before:
        end = flow.add(before, {}, [end], suffix="_" + before.lower())
    if axes:
        end = flow.add(kind, {"dim": _short(flow, end, axes), "keepdim": keep}, [end])
    elif axes is not None and kind == "LogSumExp":
        return end
    return flow.add(after, {}, [end], suffix="_" + after.lower()) if after else end


def _short(flow: Flow, end: End, axes: tuple[int, ...]) -> tuple[int, ...]:
    return (-1,) if axes == (flow.rank(end) - 1,) else axes


def _product(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    axes, keep = _axes(flow, op, end), bool(op.get("keepdims", 1))
    if not axes:
        return end
    text = "a" + "".join(f".prod(dim={axis}, keepdim={keep})" for axis in reversed(axes))
    return written(flow, "ReduceProd", text, [end])[0]


def _arg(flow: Flow, op: Op) -> End:
    end, keep = flow.end(op), bool(op.get("keepdims", 1))
    axis = flow.axis(end, int(op.get("axis", 0)))
    if not op.get("select_last_index", 0):
        return flow.add(op.type, {"dim": axis, "keepdim": keep}, [end])
    (size,) = flow.fixed_sizes(end, (axis,))
    mirrored = flow.add("Flip", {"dims": (axis,)}, [end], suffix="_flipped")
    place = flow.add(op.type, {"dim": axis, "keepdim": keep}, [mirrored])
    return flow.add("ScalarExpression", {"expression": f"{size - 1} - a"}, [place], suffix="_last")


def _top(flow: Flow, op: Op) -> tuple[End, ...]:
    end = flow.end(op)
    count = flow.numbers(op, 1, "k")
    axis = flow.axis(end, int(op.get("axis", -1)))
    if not count:
        raise Refused("it does not say how many values are kept")
    largest = bool(op.get("largest", 1))
    if op.wants(1):  # equal values in the order of their places, which PyTorch's does not promise
        first = f"[{':, ' * axis}:{count[0]}]"
        text = f"found.values{first}, found.indices{first}"
        found = f"found = torch.sort(a, dim={axis}, descending={largest}, stable=True)"
        return written(flow, "TopK", [found, text], [end], outputs=2)
    params = {"k": count[0], "dim": axis, "largest": largest}
    return (flow.add("TopK", params, [end]),)


def _cumulative(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    axis = flow.axis(end, (flow.numbers(op, 1) or (0,))[0])
    backwards, exclusive = bool(op.get("reverse", 0)), bool(op.get("exclusive", 0))
    if op.type == "CumSum" and not backwards and not exclusive:
        return flow.add("CumulativeSum", {"dim": axis}, [end])
    name, start = ("cumsum", "zeros") if op.type == "CumSum" else ("cumprod", "ones")
    rows = [f"a = a.flip({axis})"] if backwards else []
    if exclusive:
        first = f"torch.{start}_like(a.narrow({axis}, 0, 1))"
        rows += [f"a = torch.cat([{first}, a.narrow({axis}, 0, a.shape[{axis}] - 1)], dim={axis})"]
    rows.append(f"torch.{name}(a, {axis})" + (f".flip({axis})" if backwards else ""))
    return written(flow, op.type, rows, [end])[0]


def _lp_norm(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    axis, order = flow.axis(end, int(op.get("axis", -1))), float(op.get("p", 2))
    return flow.add("Normalise", {"ord": order, "dim": (axis,)}, [end])


def _mean_variance(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    axes = tuple(flow.axis(end, axis) for axis in op.get("axes", (0, 2, 3)))
    rows = [
        f"mean = a.mean({axes}, keepdim=True)",
        f"spread = (a.square().mean({axes}, keepdim=True) - mean.square()).sqrt()",
        "(a - mean) / (spread + 1e-9)",
    ]
    return written(flow, "MeanVarianceNormalization", rows, [end])[0]


def _trilu(flow: Flow, op: Op) -> End:
    shift = flow.numbers(op, 1)
    name = "triu" if op.get("upper", 1) else "tril"
    return written(flow, "Trilu", f"torch.{name}(a, {(shift or (0,))[0]})", [flow.end(op)])[0]


def _one_hot(flow: Flow, op: Op) -> End:
    depth, values = flow.number(op, 1), flow.fixed(op, 2)
    if values is None or values.size != 2 or depth is None:
        raise Refused("its two values are not constant")
    end, count = flow.end(op), int(depth)
    if flow.spec(end).dtype != "int64":
        end = flow.add("Cast", {"dtype": "int64"}, [end], suffix="_whole")
    axis = int(op.get("axis", -1))
    rank = flow.rank(end) + 1
    off, on = np.asarray(values).ravel().tolist()
    last = axis % rank == rank - 1
    floating = plain(values).dtype.kind == "f"
    place = "" if last else f".movedim(-1, {axis})"
    made = f"torch.where(hot{place}, {on!r}, {off!r})" + (".float()" if floating else ".long()")
    rows = [f"hot = torch.remainder(a, {count}).unsqueeze(-1) == torch.arange({count}, device=a.device)"]
    rows[0] = f"hot = torch.where(a < 0, a + {count}, a).unsqueeze(-1) == torch.arange({count}, device=a.device)"
    return written(flow, "OneHot", [*rows, made], [end])[0]


OPERATORS: dict[str, Handler] = {
    **dict.fromkeys(_KINDS, _reduce),
    "ArgMax": _arg,
    "ArgMin": _arg,
    "CumProd": _cumulative,
    "CumSum": _cumulative,
    "LpNormalization": _lp_norm,
    "MeanVarianceNormalization": _mean_variance,
    "OneHot": _one_hot,
    "ReduceProd": _product,
    "TopK": _top,
    "Trilu": _trilu,
}
