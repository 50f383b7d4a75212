"""ONNX operators that rearrange, take or put together values without computing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import ImportFailed
from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.arranging import (
    Pair,
    expanded,
    open_size,
    pairs,
    permuted,
    require_few,
    reshaped,
    size_texts,
    squeezed,
    unsqueezed,
)
from core.importers._onnx.known import Known, constant
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow, Result


_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}
"""How values at one place are brought together, as PyTorch calls it."""


def _shape(flow: Flow, op: Op) -> Known:
    sizes = pairs(flow, flow.end(op))
    start, stop = int(op.get("start", 0)), op.get("end")
    part = sizes[start:] if stop is None else sizes[start : int(stop)]
    first, second = (np.array([each[which] for each in part], np.int64) for which in (0, 1))
    return Known(first, first if np.array_equal(first, second) else second, "", op)


def _size(flow: Flow, op: Op) -> Known:
    sizes = pairs(flow, flow.end(op))
    first, second = (np.array(math.prod(each[which] for each in sizes), np.int64) for which in (0, 1))
    return Known(first, first if first == second else second, "", op)


def wanted_sizes(flow: Flow, op: Op, index: int) -> list[Pair]:
    """Return the sizes that an input gives, in both probes.

    Raises:
        Refused: they depend on values, not only on shapes.
    """
    value = flow.value(op, index)
    if not isinstance(value, Known):
        raise Refused("its shape depends on values that arrive")
    return [(int(a), int(b)) for a, b in zip(value.first.ravel(), value.second.ravel(), strict=True)]


def _reshape(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    have = pairs(flow, end)
    wanted = (
        [(int(each),) * 2 for each in op.get("shape", ())] if "shape" in op.attributes else wanted_sizes(flow, op, 1)
    )
    if not op.get("allowzero", 0):
        wanted = [have[axis] if pair == (0, 0) and axis < len(have) else pair for axis, pair in enumerate(wanted)]
    return reshaped(flow, end, _inferred(flow, have, [(one, two) for one, two in wanted]))


def _inferred(flow: Flow, have: list[Pair], wanted: list[Pair]) -> list[Pair]:
    """Work out the size that is -1, and open the batch where the model fixed it."""
    total = [math.prod(pair[which] for pair in have) for which in (0, 1)]
    batch = flow.batch
    opens = bool(have) and have[0][0] != have[0][1] and batch is not None
    if opens and wanted and wanted[0] == (batch, batch) and have[0] != wanted[0]:
        trial = _completed(total, [have[0], *wanted[1:]])
        if trial is not None:
            return trial
    found = _completed(total, wanted)
    if found is None and opens and batch and wanted:
        # A multiple of the batch in front, as where windows are counted with it.
        scaled = [(pair[0] * have[0][0] // batch, pair[1] * have[0][1] // batch) for pair in wanted[:1]]
        found = _completed(total, [*scaled, *wanted[1:]])
    if found is None:
        raise Refused("the shape that it asks for holds another number of values")
    return found


def _completed(total: list[int], wanted: list[Pair]) -> list[Pair] | None:
    known = [math.prod(pair[which] for pair in wanted if pair[which] != -1) for which in (0, 1)]
    places = [axis for axis, pair in enumerate(wanted) if -1 in pair]
    if len(places) > 1 or 0 in known:
        return None
    if not places:
        return wanted if known == total else None
    if any(total[which] % known[which] for which in (0, 1)):
        return None
    missing = (total[0] // known[0], total[1] // known[1])
    return [missing if axis == places[0] else pair for axis, pair in enumerate(wanted)]


def _transpose(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    rank = flow.rank(end)
    order = [int(each) % max(rank, 1) for each in op.get("perm", range(rank)[::-1])]
    if sorted(order) != list(range(rank)):
        raise Refused("its order does not name every dimension once")
    return permuted(flow, end, order)


def _unsqueeze(flow: Flow, op: Op) -> End:
    end, axes = flow.end(op), flow.numbers(op, 1, "axes") or ()
    rank = flow.rank(end) + len(axes)
    if any(not -rank <= axis < rank for axis in axes):
        raise Refused(f"it adds dimensions {axes} to {flow.rank(end)}")
    return unsqueezed(flow, end, [axis % rank for axis in axes])


def _squeeze(flow: Flow, op: Op) -> End:
    end, axes = flow.end(op), flow.numbers(op, 1, "axes")
    if axes is None:
        axes = tuple(axis for axis, size in enumerate(pairs(flow, end)) if size == (1, 1))
    return squeezed(flow, end, [flow.axis(end, axis) for axis in axes])


def _expand(flow: Flow, op: Op) -> End:
    return expanded(flow, flow.end(op), _opened(flow, flow.end(op), wanted_sizes(flow, op, 1)))


def _opened(flow: Flow, end: End, wanted: list[Pair]) -> list[Pair]:
    """Return sizes in which the batch that the model fixed is open, where what arrives begins with an open one."""
    have = pairs(flow, end)
    if flow.batch and len(wanted) == len(have) and have[0][0] != have[0][1] and wanted[0] == (flow.batch,) * 2:
        return [have[0], *wanted[1:]]
    return wanted


def _tile(flow: Flow, op: Op) -> End:
    repeats = flow.numbers(op, 1) or ()
    return flow.add("Tile", {"repeats": repeats}, [flow.end(op)])


def _concat(flow: Flow, op: Op) -> End:
    ends = [flow.end(op, index) for index in range(len(op.inputs)) if not _is_empty(flow.value(op, index))]
    axis = flow.axis(ends[0], int(op.get("axis", 1)))
    if len(ends) == 1:
        return ends[0]
    opened = next((end for end in ends if flow.spec(end).dims and not flow.spec(end).dims[0].fixed), None)
    if axis and opened and flow.batch == 1:
        ends = [_for_batch(flow, end, opened) if pairs(flow, end)[0] == (1, 1) else end for end in ends]
    return flow.add("Concatenate", {"dim": axis}, ends)


def _is_empty(value: Result | None) -> bool:
    return isinstance(value, Known) and not value.first.size


def _for_batch(flow: Flow, end: End, reference: End) -> End:
    return flow.add("ExpandBatch", {}, {"input": end, "reference": reference}, suffix="_expanded")


def _split(flow: Flow, op: Op) -> tuple[Result, ...]:
    end = flow.end(op)
    axis = flow.axis(end, int(op.get("axis", 0)))
    sizes = flow.numbers(op, 1, "split")
    if sizes is None:
        (size,) = flow.fixed_sizes(end, (axis,))
        count = int(op.get("num_outputs", len(op.outputs)))
        if count != len(op.outputs):
            raise ImportFailed(f"'{op.place}' (Split) says that it has {count} outputs, but names {len(op.outputs)}.")
        each = -(-size // count)
        sizes = tuple(min(each, size - each * index) for index in range(count))
    if len(sizes) == 1:
        return (end,)
    if min(sizes) < 0:
        raise Refused("one of its parts has a negative size")
    filled = [size for size in sizes if size]
    parts: list[Result] = [end] if len(filled) == 1 else []
    if not parts:
        out = flow.add("Split", {"sizes": tuple(filled), "dim": axis}, [end])
        parts = [flow.port(out, f"outputs.{index}") for index in range(len(filled))]
    return tuple(parts.pop(0) if size else _nothing(flow, end, axis) for size in sizes)


def _nothing(flow: Flow, end: End, axis: int) -> Known:
    """Return what is left where nothing is taken along an axis: it vanishes when it is put together with more."""
    shapes = [
        tuple(0 if index == axis else pair[which] for index, pair in enumerate(pairs(flow, end))) for which in (0, 1)
    ]
    return Known(np.zeros(shapes[0], np.float32), np.zeros(shapes[1], np.float32))


def _slice(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    starts, stops = (_bounds(flow, op, index, name) for index, name in ((1, "starts"), (2, "ends")))
    axes = flow.numbers(op, 3, "axes") or tuple(range(len(starts)))
    steps = flow.numbers(op, 4) or (1,) * len(starts)
    for start, stop, axis, step in zip(starts, stops, axes, steps, strict=True):
        end = _part(flow, end, flow.axis(end, axis), start, stop, step)
    return end


def _bounds(flow: Flow, op: Op, index: int, name: str) -> list[Pair]:
    return [(int(each),) * 2 for each in op.get(name)] if name in op.attributes else wanted_sizes(flow, op, index)


def _part(flow: Flow, end: End, axis: int, start: Pair, stop: Pair, step: int) -> End:
    size = pairs(flow, end)[axis]
    if step == 0:
        raise Refused("its step is 0")
    if step < 0:
        return _backwards(flow, end, axis, start, stop, step)
    ranges = [slice(start[which], stop[which]).indices(size[which])[:2] for which in (0, 1)]
    begins, ends = zip(*ranges, strict=True)
    if begins == (0, 0) and ends == size and step == 1:
        return end
    first = begins[0] if begins[0] == begins[1] else begins[0] - size[0]
    last = None if ends == size else ends[0] if ends[0] == ends[1] else ends[0] - size[0]
    again = [slice(first, last).indices(size[which])[:2] == ranges[which] for which in (0, 1)]
    if all(again):
        return flow.add("Slice", {"dim": axis, "start": first, "stop": last, "step": step}, [end])
    inputs = [end]
    texts = size_texts(flow, [(begins[0], begins[1]), (ends[0], ends[1])], inputs)
    lead = ":, " * axis
    return written(flow, "SliceLike", f"a[{lead}{texts[0]}:{texts[1]}:{step}]", inputs)[0]


def _backwards(flow: Flow, end: End, axis: int, start: Pair, stop: Pair, step: int) -> End:
    size = pairs(flow, end)[axis]
    whole = all(len(range(size[which])[slice(start[which], stop[which], -1)]) == size[which] for which in (0, 1))
    if step == -1 and whole:
        return flow.add("Flip", {"dims": (axis,)}, [end])
    if size[0] != size[1] or start[0] != start[1] or stop[0] != stop[1]:
        raise Refused("it steps backwards through a part of a length that stays open")
    places = range(size[0])[slice(max(start[0], -(2**40)), max(stop[0], -(2**40)), step)]
    require_few(len(places))
    index = tuple(places)
    if not index:
        raise Refused("it takes nothing")
    return flow.add("IndexSelect", {"dim": axis, "index": index}, [end])


def _gather(flow: Flow, op: Op) -> Result:
    table, index = flow.fixed(op, 0), flow.fixed(op, 1)
    axis = int(op.get("axis", 0))
    if table is not None and table.ndim == 2 and axis in (0, -2) and table.dtype.kind == "f" and index is None:
        params = {"num_embeddings": table.shape[0], "embedding_dim": table.shape[1]}
        named = (table.astype(np.float32), getattr(flow.value(op, 0), "name", ""))
        return flow.add("Embedding", params, [flow.end(op, 1)], tensors={"weight": named})
    end = flow.end(op)
    axis = flow.axis(end, axis)
    if index is None:
        lead = "slice(None), " * axis
        return written(flow, "Gather", f"a[({lead}b,)]" if axis else "a[b]", [end, flow.end(op, 1)])[0]
    if index.ndim == 0:
        return flow.add("Select", {"dim": axis, "index": int(index)}, [end])
    if not index.size:
        raise Refused("it takes nothing")
    out = flow.add("IndexSelect", {"dim": axis, "index": tuple(int(each) for each in index.ravel())}, [end])
    if index.ndim == 1:
        return out
    sizes = pairs(flow, out)
    return reshaped(flow, out, [*sizes[:axis], *((size, size) for size in index.shape), *sizes[axis + 1 :]])


def _gather_elements(flow: Flow, op: Op) -> End:
    end, index = flow.end(op), flow.end(op, 1)
    axis = flow.axis(end, int(op.get("axis", 0)))
    rows = [f"b = torch.where(b < 0, b + a.shape[{axis}], b)", f"torch.gather(a, {axis}, b)"]
    return written(flow, "GatherElements", rows, [end, index])[0]


def _gather_nd(flow: Flow, op: Op) -> End:
    end, index = flow.end(op), flow.end(op, 1)
    (depth,) = flow.fixed_sizes(index, (flow.rank(index) - 1,))
    _require_depth(flow, end, depth)
    batch = int(op.get("batch_dims", 0))
    if batch:
        raise Refused("it gathers separately for each sample of a batch (batch_dims)")
    return written(flow, "GatherND", f"a[tuple(b[..., i] for i in range({depth}))]", [end, index])[0]


def _require_depth(flow: Flow, end: End, depth: int) -> None:
    if not 0 < depth <= flow.rank(end):
        raise Refused(f"it names {depth} dimensions of {flow.rank(end)}")


def _scatter(flow: Flow, op: Op) -> End:
    ends = flow.ends(op)
    reduction = str(op.get("reduction", "none"))
    if op.type == "ScatterND":
        (depth,) = flow.fixed_sizes(ends[1], (flow.rank(ends[1]) - 1,))
        _require_depth(flow, ends[0], depth)
        if reduction not in ("none", "add"):
            return _scatter_by(flow, ends, depth, reduction)
        text = f"a.index_put(tuple(b[..., i] for i in range({depth})), c, accumulate={reduction == 'add'})"
        return written(flow, "ScatterND", text, ends)[0]
    axis = flow.axis(ends[0], int(op.get("axis", 0)))
    rows = [f"b = torch.where(b < 0, b + a.shape[{axis}], b)"]
    how = _REDUCTIONS.get(reduction)
    text = f"a.scatter({axis}, b, c)" if how is None else f'a.scatter_reduce({axis}, b, c, "{how}")'
    return written(flow, "ScatterElements", [*rows, text], ends)[0]


def _scatter_by(flow: Flow, ends: list[End], depth: int, reduction: str) -> End:
    """Write a scattering whose values at one place are multiplied, or of which the largest or smallest stays."""
    sizes = flow.fixed_sizes(ends[0], range(depth))
    steps = [math.prod(sizes[axis + 1 :]) for axis in range(depth)]
    place = " + ".join(
        f"torch.where(b[..., {i}] < 0, b[..., {i}] + {sizes[i]}, b[..., {i}]) * {steps[i]}" for i in range(depth)
    )
    rows = [
        f"rows = a.reshape({math.prod(sizes)}, -1)",
        f"place = ({place}).reshape(-1, 1).expand(-1, rows.shape[1])",
        "new = c.reshape(-1, rows.shape[1])",
        f'rows.scatter_reduce(0, place, new, "{_REDUCTIONS[reduction]}").reshape(a.shape)',
    ]
    return written(flow, "ScatterND", rows, ends)[0]


def _pad(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    rank, mode = flow.rank(end), str(op.get("mode", "constant"))
    pads, axes = flow.numbers(op, 1, "pads"), flow.numbers(op, 3)
    if pads is None:
        raise Refused("it does not say how much is added")
    value = flow.number(op, 2, "value", 0.0) or 0.0
    sides = dict.fromkeys(range(rank), (0, 0))
    named = [flow.axis(end, axis) for axis in axes] if axes is not None else list(range(rank))
    for place, axis in enumerate(named):
        sides[axis] = (pads[place], pads[place + len(named)])
    if mode == "constant":
        if not np.isfinite(value):
            number = f'float("{value}")'
            text = f"F.pad(a, {tuple(side for axis in reversed(range(rank)) for side in sides[axis])}, value={number})"
            return written(flow, "Pad", text, [end])[0]
        used = [axis for axis in range(rank) if any(sides[axis])]
        flat = tuple(side for axis in reversed(range(min(used, default=rank), rank)) for side in sides[axis])
        return flow.add("Pad", {"pad": flat, "value": float(value)}, [end]) if flat else end
    return _from_within(flow, end, sides, mode)


def _from_within(flow: Flow, end: End, sides: dict[int, tuple[int, int]], mode: str) -> End:
    """Pad with what is inside: by the layer for it, or by naming every entry again where it takes no such shape."""
    rank = flow.rank(end)
    used = [axis for axis in sides if any(sides[axis])]
    names = {"reflect": "Reflection", "edge": "Replication", "wrap": "Circular"}
    count = rank - 2
    if mode in names and 1 <= count <= 3 and all(axis >= 2 for axis in used):
        padding = tuple(side for axis in reversed(range(2, rank)) for side in sides[axis])
        try:
            return flow.add(f"{names[mode]}Pad{count}d", {"padding": padding}, [end])
        except Refused:
            pass  # margins wider than what is inside: entry by entry, where sizes are fixed
    for axis in used:
        (size,) = flow.fixed_sizes(end, (axis,))
        low, high = sides[axis]
        require_few(size + abs(low) + abs(high))
        kept = np.arange(size)[max(0, -low) : size - max(0, -high)]
        places: Any = mode
        index = np.pad(kept, (max(0, low), max(0, high)), mode=places)
        end = flow.add("IndexSelect", {"dim": axis, "index": tuple(int(each) for each in index)}, [end])
    return end


def _eye_like(flow: Flow, op: Op) -> End:
    rows, columns = flow.fixed_sizes(flow.end(op), (0, 1))
    require_few(rows * columns)
    named = {"float32": 1, "int64": 7, "bool": 9}[flow.spec(flow.end(op)).dtype]
    kind = {1: np.float32, 10: np.float32, 11: np.float32, 9: np.bool_}.get(int(op.get("dtype", named)), np.int64)
    return flow.placed(constant(np.eye(rows, columns, int(op.get("k", 0)), dtype=kind)))


def _reverse(flow: Flow, op: Op) -> End:
    end, lengths = flow.end(op), flow.end(op, 1)
    time, batch = int(op.get("time_axis", 0)), int(op.get("batch_axis", 1))
    if {time, batch} != {0, 1}:
        raise Refused("time and batch are not its first two dimensions")
    rows = [f"a = a.transpose(0, {time})", "steps = torch.arange(a.shape[0], device=a.device).unsqueeze(1)"]
    rows += ["steps = torch.where(steps < b, b - 1 - steps, steps)"]
    rows += [f"a[steps, torch.arange(a.shape[1], device=a.device)].transpose(0, {time})"]
    return written(flow, "ReverseSequence", rows, [end, lengths])[0]


def live(flow: Flow, op: Op) -> End | None:
    """Return what is made of shapes that stay open, as something that is computed anew for each batch."""
    if op.type == "Shape":
        stop = op.get("end", "")
        text = f"torch.tensor(a.shape[{op.get('start', 0) or ''}:{stop}], device=a.device)"
        return written(flow, "Shape", text, [flow.end(op)])[0]
    if op.type == "Size":
        return written(flow, "Size", "torch.tensor(a.numel(), device=a.device)", [flow.end(op)])[0]
    if op.type == "ConstantOfShape":
        number = op.get("value")
        single = np.zeros((), np.float32) if number is None else np.asarray(number).reshape(())
        return expanded(flow, flow.constant(single), wanted_sizes(flow, op, 0))
    if op.type == "Range":
        return _range(flow, op)
    return None


def _range(flow: Flow, op: Op) -> End:
    start, step, stop = flow.fixed(op, 0), flow.fixed(op, 2), flow.value(op, 1)
    if start is None or step is None or not isinstance(stop, Known):
        raise Refused("its bounds depend on values that arrive")
    pair = (int(stop.first.reshape(())), int(stop.second.reshape(())))
    place = open_size(flow, pair)
    if place is None:
        raise Refused("it counts to a length that follows from others in a way that no layer computes")
    start, step = start.reshape(()), step.reshape(())
    floating = start.dtype.kind == "f"
    if float(start) == 0 and float(step) == 1:
        places = flow.add("Positions", {"dim": place[1]}, [place[0]])
        return flow.add("Cast", {"dtype": "float32"}, [places], suffix="_float") if floating else places
    first, each = (number.item() for number in (start, step))
    return written(
        flow, "Range", f"torch.arange({first!r}, a.shape[{place[1]}], {each!r}, device=a.device)", [place[0]]
    )[0]


OPERATORS: dict[str, Handler] = {
    "Concat": _concat,
    "Expand": _expand,
    "EyeLike": _eye_like,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Pad": _pad,
    "Reshape": _reshape,
    "ReverseSequence": _reverse,
    "Scatter": _scatter,
    "ScatterElements": _scatter,
    "ScatterND": _scatter,
    "Shape": _shape,
    "Size": _size,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
