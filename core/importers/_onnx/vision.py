"""ONNX operators over images and signals without weights: pooling, resizing, and pixels moved to channels and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.arranging import pairs, permuted, require_few
from core.importers._onnx.file import package
from core.importers._onnx.layers import one_or_all, padded, padding, sides, steps_of
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.shaping import wanted_sizes
from core.importers._onnx.written import written
from core.loading import load

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_LEAST = -3.0e38
"""What stands in the margin of a maximum: no value is less."""
_MATCHES = 1e-5


@dataclass(frozen=True)
class _Window:
    """What slides over ``count`` dimensions; ``pads`` are the margins before each of them, then those behind."""

    count: int
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: list[int]


def _window(flow: Flow, op: Op, end: End) -> _Window:
    count = flow.rank(end) - 2
    kernel = tuple(op.get("kernel_shape", ()))
    if count not in (1, 2, 3) or len(kernel) != count:
        raise Refused(f"it works over {count} dimensions; layers do over 1, 2 or 3")
    stride, dilation = steps_of(op, count)
    return _Window(count, kernel, stride, dilation, padding(flow, op, end, kernel, dilation, stride))


def _margin(window: _Window) -> Any:
    """Return the margin as a pooling layer takes it: the same on both sides, at most half a window; else None."""
    count, pads = window.count, window.pads
    fits = all(2 * pad <= size for pad, size in zip(pads, window.kernel, strict=False))
    return one_or_all(pads[:count]) if list(pads[:count]) == list(pads[count:]) and fits else None


def _rounds_up(op: Op) -> bool:
    """Return whether a last window that is not full counts; a margin that follows from the sizes leaves none."""
    return bool(op.get("ceil_mode", 0)) and str(op.get("auto_pad", "NOTSET")) in ("NOTSET", "", "VALID")


def _beyond(flow: Flow, end: End, window: _Window) -> list[int]:
    """Return how far the last window reaches beyond the margin behind each dimension, where it is rounded up.

    A window that would begin in that margin is left out, as in ONNX and PyTorch.

    Raises:
        Refused: a size stays open.
    """
    count, pads, found = window.count, window.pads, []
    sizes = flow.fixed_sizes(end, range(2, count + 2))
    for axis, stride in enumerate(window.stride):
        reach = sizes[axis] + pads[axis] + pads[axis + count] - window.dilation[axis] * (window.kernel[axis] - 1) - 1
        places = -(-reach // stride) + 1
        if (places - 1) * stride >= sizes[axis] + pads[axis]:
            places -= 1
        found.append(max(0, (places - 1) * stride - reach))
    return found


def _widened(flow: Flow, end: End, window: _Window) -> _Window:
    """Return the window with margins that hold what the last ones reach beyond them."""
    before, behind = window.pads[: window.count], window.pads[window.count :]
    beyond = _beyond(flow, end, window)
    return replace(window, pads=[*before, *(pad + more for pad, more in zip(behind, beyond, strict=True))])


def _max_pool(flow: Flow, op: Op) -> tuple[End, ...]:
    end = flow.end(op)
    window = _window(flow, op, end)
    margin, ceil = _margin(window), _rounds_up(op)
    if margin is None and ceil:
        window, ceil = _widened(flow, end, window), False
    count, pads = window.count, window.pads
    params: dict[str, Any] = {"kernel_size": one_or_all(window.kernel), "stride": one_or_all(window.stride)}
    params |= {"dilation": one_or_all(window.dilation), "ceil_mode": ceil, "padding": margin or 0}
    if window.stride == window.kernel:
        del params["stride"]
    if not op.wants(1):
        if flow.spec(end).dtype != "float32" and margin is None:
            raise Refused("its margin differs from side to side, and it takes whole numbers")
        whole = flow.spec(end).dtype == "int64" and count == 1
        source = padded(flow, end, pads, _LEAST) if margin is None else end
        return (flow.add(f"MaxPool{count}d{'WithIndices' if whole else ''}", params, [source]),)
    wide = padded(flow, end, pads, _LEAST) if margin is None else end
    out = flow.add(f"MaxPool{count}dWithIndices", params, [wide])
    rows = [
        "size = b[0, 0].numel()",
        "planes = torch.arange(b.shape[0] * b.shape[1], device=a.device)",
        f"place + planes.reshape(b.shape[0], b.shape[1]{', 1' * count}) * size",
    ]
    sources = [flow.port(out, "indices"), end, *([wide] if wide != end else [])]
    before = pads[:count] if margin is None else (0,) * count
    rows = [*_places("bc"[len(sources) - 2], before, bool(op.get("storage_order", 0))), *rows]
    return out, written(flow, "PlacesInAll", rows, sources, suffix="_places")[0]


def _places(wide: str, before: Sequence[int], columns: bool) -> list[str]:
    """Return rows that count places without the margin ``before`` each dimension, also column by column."""
    count = len(before)
    if not columns and not any(before) and wide == "b":
        return ["place = a"]
    rows = ["rest = a"]
    for axis in reversed(range(count)):
        rows += [
            f"at{axis} = rest % {wide}.shape[{axis + 2}] - {before[axis]}",
            f"rest = rest // {wide}.shape[{axis + 2}]",
        ]
    order = list(reversed(range(count))) if columns else list(range(count))
    rows.append(f"place = at{order[0]}")
    return rows + [f"place = place * b.shape[{axis + 2}] + at{axis}" for axis in order[1:]]


def _average_pool(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    window = _window(flow, op, end)
    margin, counted = _margin(window), bool(op.get("count_include_pad", 0))
    ceil = _rounds_up(op)
    params: dict[str, Any] = {"kernel_size": one_or_all(window.kernel), "ceil_mode": ceil, "padding": margin or 0}
    if window.stride != window.kernel:
        params["stride"] = one_or_all(window.stride)
    if set(window.dilation) != {1} or (margin is None and (not counted or ceil)):
        return _counted_average(flow, end, window, ceil, counted)
    params["count_include_pad"] = counted or not any(window.pads)
    if margin is None:
        end = padded(flow, end, window.pads)
    return flow.add(f"AvgPool{window.count}d", params, [end])


def _counted_average(flow: Flow, end: End, window: _Window, ceil: bool, counted: bool) -> End:
    """Average as a convolution of ones, divided by how many values were under each window."""
    count, pads = window.count, window.pads
    extra = _beyond(flow, end, window) if ceil else [0] * count
    margins, beyond = sides(pads), sides([*(0,) * count, *extra])
    options = f"stride={window.stride}, dilation={window.dilation}"
    rows = [
        f"window = torch.ones((1, 1, {', '.join(map(str, window.kernel))}), device=a.device)",
        "values = a.flatten(0, 1).unsqueeze(1)",
        "ones = torch.ones_like(values)",
        f"values = F.pad(F.pad(values, {margins}), {beyond})",
        f"ones = F.pad(F.pad(ones, {margins}, value={1.0 if counted else 0.0}), {beyond})",
        f"found = F.conv{count}d(values, window, {options}) / F.conv{count}d(ones, window, {options})",
        "found.squeeze(1).unflatten(0, a.shape[:2])",
    ]
    return written(flow, "AveragePool", rows, [end])[0]


def _lp_pool(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    window = _window(flow, op, end)
    if _rounds_up(op):  # PyTorch's layer weighs windows that are not full by another number
        window = _widened(flow, end, window)
    count, order = window.count, int(op.get("p", 2))
    if order % 2:
        end = flow.add("Abs", {}, [end], suffix="_abs")
    end = padded(flow, end, window.pads)
    if set(window.dilation) == {1}:
        sizes = {"kernel_size": one_or_all(window.kernel), "stride": one_or_all(window.stride)}
        return flow.add(f"LPPool{count}d", {"norm_type": float(order), **sizes}, [end])
    options = f"stride={window.stride}, dilation={window.dilation}"
    rows = [
        f"window = torch.ones((1, 1, {', '.join(map(str, window.kernel))}), device=a.device)",
        f"values = a.flatten(0, 1).unsqueeze(1).pow({order})",
        f"found = F.conv{count}d(values, window, {options}).pow(1 / {order})",
        "found.squeeze(1).unflatten(0, a.shape[:2])",
    ]
    return written(flow, "LpPool", rows, [end])[0]


def _global_pool(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    count, word = flow.rank(end) - 2, "Avg" if op.type == "GlobalAveragePool" else "Max"
    axes = tuple(range(2, count + 2))
    if op.type == "GlobalLpPool":
        return flow.add("Norm", {"dim": axes, "ord": float(op.get("p", 2)), "keepdim": True}, [end])
    if count in (1, 2, 3):
        return flow.add(f"Adaptive{word}Pool{count}d", {}, [end])
    return flow.add("Mean" if word == "Avg" else "Max", {"dim": axes, "keepdim": True}, [end])


def _unpool(flow: Flow, op: Op) -> End:
    end, places = flow.end(op), flow.end(op, 1)
    sizes = pairs(flow, end)
    kernel, pads = op.get("kernel_shape", ()), op.get("pads", (0,) * 2 * (len(sizes) - 2))
    stride = op.get("strides", (1,) * len(kernel))
    inner = flow.fixed_sizes(end, range(2, len(sizes)))
    half = len(kernel)
    wanted = [
        (size - 1) * step - pads[axis] - pads[axis + half] + span
        for axis, (size, step, span) in enumerate(zip(inner, stride, kernel, strict=True))
    ]
    inner_shape = ", ".join(map(str, wanted))
    rows = [
        f"out = torch.zeros((a.shape[0], a.shape[1], {inner_shape}), device=a.device).flatten()",
        f"out.scatter(0, b.flatten(), a.flatten()).reshape(a.shape[0], a.shape[1], {inner_shape})",
    ]
    out = written(flow, "MaxUnpool", rows, [end, places])[0]
    if not op.has(2):
        return out
    larger = [one for one, _ in wanted_sizes(flow, op, 2)][2:]
    return padded(flow, out, [0] * half + [one - two for one, two in zip(larger, wanted, strict=True)])


# Resizing


def _resize(flow: Flow, op: Op) -> End:
    end = flow.end(op)
    rank = flow.rank(end)
    have = pairs(flow, end)
    legacy = _is_old(op)
    scales = flow.fixed(op, 1 if legacy else 2)
    if scales is None and "scales" in op.attributes:
        scales = np.asarray(op.get("scales"), np.float32)
    axes = [flow.axis(end, axis) for axis in op.get("axes", range(rank))]
    wanted = list(have)
    given = not legacy and op.has(3)
    if given:
        for axis, pair in zip(axes, wanted_sizes(flow, op, 3), strict=True):
            wanted[axis] = have[axis] if pair == (flow.batch, flow.batch) and axis == 0 else pair
    elif scales is not None and scales.size:
        for axis, scale in zip(axes, scales.ravel().tolist(), strict=True):
            wanted[axis] = (int(have[axis][0] * scale), int(have[axis][1] * scale))
    else:
        raise Refused("how much it resizes depends on values that arrive")
    moved = [
        axis
        for axis in range(rank)
        if wanted[axis] != have[axis]
        or (scales is not None and not given and axis in axes and scales.ravel()[axes.index(axis)] != 1)
    ]
    if not moved:
        return end
    if given and op.get("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise Refused("it keeps the ratio of width and height")
    scales = None if given else scales
    plain = _plainly(flow, op, end, wanted, moved, scales, axes)
    return plain if plain is not None else _by_matrices(flow, op, end, wanted, moved, scales, axes)


def _is_old(op: Op) -> bool:
    """True where it says nothing of how positions correspond: those before version 11 have one way alone."""
    return op.type == "Upsample" or op.version < 11


def _style(op: Op) -> tuple[str, str]:
    """Return how it reads between values, and where the positions lie."""
    mode = str(op.get("mode", "nearest"))
    where = str(op.get("coordinate_transformation_mode", "half_pixel"))
    return mode, "asymmetric" if _is_old(op) else where


def _plainly(
    flow: Flow, op: Op, end: End, wanted: list[Any], moved: list[int], scales: np.ndarray | None, axes: list[int]
) -> End | None:
    """Resize by the layer for it, where that does the same; None where it does not."""
    rank, (mode, where) = flow.rank(end), _style(op)
    count = rank - 2
    rounding = str(op.get("nearest_mode", "round_prefer_floor"))
    legacy = _is_old(op)
    if count not in (1, 2, 3) or min(moved) < 2 or op.get("antialias", 0) or op.get("exclude_outside", 0):
        return None
    words = {"linear": ("linear", "bilinear", "trilinear")[count - 1], "cubic": "bicubic" if count == 2 else ""}
    found = words.get(mode, "")
    if mode == "nearest" and where == "asymmetric" and (legacy or rounding == "floor"):
        found = "nearest"
    elif mode == "nearest" and where == "half_pixel" and rounding == "round_prefer_floor":
        found = "nearest-exact"
    elif mode == "nearest" or where not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        return None
    if mode == "cubic" and abs(float(op.get("cubic_coeff_a", -0.75)) + 0.75) > _MATCHES:
        return None
    if not found:
        return None
    params: dict[str, Any] = {"mode": found, "align_corners": where == "align_corners"}
    opened = any(one != two for one, two in wanted[2:])
    if opened and scales is None:
        return None
    if opened and scales is not None:
        params["scale_factor"] = _factors(rank, scales, axes)
    else:
        matrices = [_matrix(flow, op, end, axis, wanted, scales, axes) for axis in range(2, rank)]
        factors = _factors(rank, scales, axes)
        if _alike(matrices, found, params["align_corners"], [None] * count):
            params |= {"size": one_or_all([one for one, _ in wanted[2:]]), "scale_factor": None}
        elif scales is not None and _alike(matrices, found, params["align_corners"], factors):
            params["scale_factor"] = factors
        else:
            return None
    for name in ("size", "scale_factor"):
        if params.get(name) is not None and not isinstance(params[name], tuple):
            params[name] = (params[name],)
    return flow.add("Interpolate", params, [end])


def _factors(rank: int, scales: np.ndarray | None, axes: list[int]) -> tuple[float, ...]:
    """Return by how much each dimension behind the channels grows, as the numbers that were meant."""
    said = {} if scales is None else dict(zip(axes, scales.ravel(), strict=True))
    return tuple(float(str(np.float32(said.get(axis, 1.0)))) for axis in range(2, rank))


def _alike(matrices: Sequence[np.ndarray], mode: str, aligned: bool, factors: Sequence[float | None]) -> bool:
    """True where PyTorch resizes like this, to sizes or (where they are given) by factors."""
    for matrix, factor in zip(matrices, factors, strict=True):
        found = _torch_matrix(matrix.shape, mode, aligned, factor)
        if found.shape != matrix.shape or not np.allclose(matrix, found, atol=_MATCHES):
            return False
    return True


def _torch_matrix(shape: tuple[int, ...], mode: str, aligned: bool, factor: float | None = None) -> np.ndarray:
    """Return what PyTorch's resizing along one dimension does to each value: before × after."""
    import torch
    from torch.nn import functional

    options: dict[str, Any] = {} if mode.startswith("nearest") else {"align_corners": aligned}
    eye = torch.eye(shape[0])
    if mode == "bicubic":
        options |= {"size": (shape[1], 1)} if factor is None else {"scale_factor": (factor, 1.0)}
        found = functional.interpolate(eye[:, None, :, None], mode=mode, **options)[:, 0, :, 0]
    else:
        options |= {"size": shape[1]} if factor is None else {"scale_factor": factor}
        plain = mode if mode.startswith("nearest") else "linear"
        found = functional.interpolate(eye[:, None, :], mode=plain, **options)[:, 0]
    return np.asarray(found.numpy())


def _matrix(
    flow: Flow, op: Op, end: End, axis: int, wanted: list[Any], scales: np.ndarray | None, axes: list[int]
) -> np.ndarray:
    """Return what resizing along one dimension does to each value, before × after, as the standard's reference says."""
    (size,) = flow.fixed_sizes(end, (axis,))
    if wanted[axis][0] != wanted[axis][1] or size * max(size, wanted[axis][0]) > 2**24:
        raise Refused("it resizes to a length that stays open, in a way that no layer does")
    onnx, reference = package(), load("onnx.reference")
    kept = {
        each.name: each
        for each in op.proto.attribute
        if each.name not in ("axes", "scales", "keep_aspect_ratio_policy")
    }
    legacy = _is_old(op)
    if legacy:
        for name, text in (("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor")):
            kept[name] = onnx.helper.make_attribute(name, text)
    factor = None if scales is None or axis not in axes else float(scales.ravel()[axes.index(axis)])
    if op.get("coordinate_transformation_mode") == "align_corners" and flow.network.proto.producer_name == "pytorch":
        factor = None  # it counts from the sizes as they were rounded, and not from the factor
    node = onnx.helper.make_node("Resize", ["x", "roi", "scales" if factor else "", "" if factor else "sizes"], ["y"])
    node.attribute.extend(kept.values())
    roi = flow.fixed(op, 1) if not legacy and op.has(1) else None
    region = np.array([0, 0, 1, 1], np.float32)
    if roi is not None and roi.size == 2 * len(axes) and axis in axes:
        place = axes.index(axis)
        region[[1, 3]] = roi.ravel()[[place, place + len(axes)]]
    given: dict[str, np.ndarray] = {"x": np.eye(size, dtype=np.float32), "roi": region}
    given |= (
        {"scales": np.array([1, factor], np.float32)}
        if factor
        else {"sizes": np.array([size, wanted[axis][0]], np.int64)}
    )
    try:
        return np.asarray(reference.ReferenceEvaluator(node).run(None, given)[0])
    except Exception as error:  # what the reference raises has no common kind
        raise Refused(f"it cannot be resized like this ({error})") from error


def _by_matrices(
    flow: Flow, op: Op, end: End, wanted: list[Any], moved: list[int], scales: np.ndarray | None, axes: list[int]
) -> End:
    """Resize as matrix products, one along each dimension: right for every way of reading between values."""
    if op.get("coordinate_transformation_mode") == "tf_crop_and_resize":
        raise Refused("it cuts out a part and fills what lies beyond it with a number")
    rank = flow.rank(end)
    for axis in moved:
        matrix = _matrix(flow, op, end, axis, wanted, scales, axes)
        order = [each for each in range(rank) if each != axis] + [axis]
        end = flow.add("MatMul", {}, [permuted(flow, end, order), flow.constant(matrix)], suffix="_resized")
        end = permuted(flow, end, np.argsort(order).tolist())
    return end


def _grid_sample(flow: Flow, op: Op) -> End:
    words = {"linear": "bilinear", "cubic": "bicubic"}
    mode = str(op.get("mode", "linear" if op.version >= 20 else "bilinear"))
    params = {
        "mode": words.get(mode, mode),
        "padding_mode": str(op.get("padding_mode", "zeros")),
        "align_corners": bool(op.get("align_corners", 0)),
    }
    return flow.add("GridSample", params, flow.ends(op))


def _affine_grid(flow: Flow, op: Op) -> End:
    sizes = wanted_sizes(flow, op, 1)
    if any(one != two for one, two in sizes[2:]):
        raise Refused("its size stays open")
    params = {"size": tuple(one for one, _ in sizes[2:]), "align_corners": bool(op.get("align_corners", 0))}
    theta = flow.end(op)
    if sizes[0] not in (pairs(flow, theta)[0], (flow.batch, flow.batch)):
        raise Refused("its size says another batch than arrives")
    return flow.add("AffineGrid", params, [theta])


def _depth_to_space(flow: Flow, op: Op) -> End:
    end, factor = flow.end(op), int(op.get("blocksize", 1))
    (channels,) = flow.fixed_sizes(end, (1,))
    require_few(channels)
    if str(op.get("mode", "DCR")) == "DCR":
        order = np.arange(channels).reshape(factor * factor, -1).T.ravel()
        end = flow.add("IndexSelect", {"dim": 1, "index": tuple(order.tolist())}, [end], suffix="_channels")
    return flow.add("PixelShuffle", {"upscale_factor": factor}, [end])


def _space_to_depth(flow: Flow, op: Op) -> End:
    end, factor = flow.end(op), int(op.get("blocksize", 1))
    out = flow.add("PixelUnshuffle", {"downscale_factor": factor}, [end])
    (channels,) = flow.fixed_sizes(out, (1,))
    require_few(channels)
    if str(op.get("mode", "DCR")) == "CRD" or channels == factor * factor:
        return out
    order = np.arange(channels).reshape(-1, factor * factor).T.ravel()
    return flow.add("IndexSelect", {"dim": 1, "index": tuple(order.tolist())}, [out], suffix="_channels")


def _col2im(flow: Flow, op: Op) -> End:
    size, block = flow.numbers(op, 1) or (), flow.numbers(op, 2) or ()
    if len(size) != 2:
        raise Refused(f"it works over {len(size)} dimensions; a layer does over 2")
    pads = tuple(op.get("pads", (0, 0, 0, 0)))
    if pads[:2] != pads[2:]:
        raise Refused("its margin differs from side to side")
    params = {"output_size": tuple(size), "kernel_size": tuple(block), "padding": pads[:2]}
    params |= {"dilation": tuple(op.get("dilations", (1, 1))), "stride": tuple(op.get("strides", (1, 1)))}
    return flow.add("Fold", params, [flow.end(op)])


OPERATORS: dict[str, Handler] = {
    **dict.fromkeys(("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"), _global_pool),
    "AffineGrid": _affine_grid,
    "AveragePool": _average_pool,
    "Col2Im": _col2im,
    "DepthToSpace": _depth_to_space,
    "GridSample": _grid_sample,
    "LpPool": _lp_pool,
    "MaxPool": _max_pool,
    "MaxUnpool": _unpool,
    "Resize": _resize,
    "SpaceToDepth": _space_to_depth,
    "Upsample": _resize,
}
