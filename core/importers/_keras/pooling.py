"""Keras's poolings: windows, with "same" that counts no padding, and figures over all positions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product

from core.importers._keras.convolution import arranged, order_of, padded, same_padding, short
from core.importers._keras.flow import Flow, Handler, Step, Unsupported
from core.importers._keras.masks import mask_of
from core.kinds import Value

_MOST_FACTORS = 2**20
_LEAST = -3.4028234663852886e38
"""The lowest float32: a margin of it is never the largest value of a window."""


def _window(kind: str, dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = arranged(step, dimensions)
        kernel = step.each("pool_size", dimensions, 2)
        given = step.config.get("strides")
        strides = kernel if given is None else step.each("strides", dimensions)
        params: dict[str, Value] = {"kernel_size": short(kernel)}
        params |= {"stride": short(strides)} if strides != kernel else {}
        padding = str(step.get("padding", "valid")).lower()
        if padding == "valid":
            return step.add(f"{kind}Pool{dimensions}d", params, [x], order=x.order)
        if padding != "same":
            raise Unsupported(f"its padding is '{padding[:40]}'")
        sides = same_padding(step, x, kernel, strides)
        return _same(step, kind, x, params, sides, strides)

    return handler


def _same(
    step: Step,
    kind: str,
    x: Flow,
    params: Mapping[str, Value],
    sides: Sequence[tuple[int, int]],
    strides: Sequence[int],
) -> Flow:
    name, average = f"{kind}Pool{len(sides)}d", kind == "Avg"
    if all(before == after for before, after in sides):
        numbers = [before for before, _after in sides]
        more: dict[str, Value] = {"padding": short(numbers)} if any(numbers) else {}
        more |= {"count_include_pad": False} if average and any(numbers) else {}
        return step.add(name, {**params, **more}, [x], order=x.order)
    if all(before == 0 and after < stride for (before, after), stride in zip(sides, strides, strict=True)):
        return step.add(name, {**params, "ceil_mode": True}, [x], order=x.order)
    if not average:
        return step.add(name, params, [padded(step, x, sides, _LEAST)], order=x.order)
    made = step.add(name, params, [padded(step, x, sides)], "sum", order=x.order)
    return _corrected(step, x, made, params, sides, strides)


def _corrected(
    step: Step,
    x: Flow,
    made: Flow,
    params: Mapping[str, Value],
    sides: Sequence[tuple[int, int]],
    strides: Sequence[int],
) -> Flow:
    """Make the mean over a window with its margin the mean over the values in it alone."""
    kernel = params["kernel_size"]
    spans = kernel if isinstance(kernel, tuple) else (kernel,) * len(sides)
    shares = []
    for axis, (span, stride, (before, _after)) in enumerate(zip(spans, strides, sides, strict=True), 2):
        size, count = x.spec.dims[axis].size, made.spec.dims[axis].size
        if isinstance(size, str) or isinstance(count, str):
            raise Unsupported("the mean at its edges depends on a size that is open")
        inside = [min(start + span, size) - max(start, 0) for start in range(-before, -before + count * stride, stride)]
        shares.append([span / each for each in inside])
    if math.prod(map(len, shares)) > _MOST_FACTORS:
        raise Unsupported("the mean at its edges would take too many factors")
    factors = [math.prod(each) for each in product(*shares)]
    shape = (1, 1, *(len(each) for each in shares))
    correction = step.scope.constant(factors, shape, f"{step.layer.name}_edges")
    return step.add("Multiply", {}, [made, correction], order=x.order)


def _everywhere(kind: str, dimensions: int) -> Handler:
    """Return the handler of a figure over all positions: a reduction of the axes that are not channels."""

    def handler(step: Step) -> Flow:
        x = step.scope.cast(step.x, "float32")
        if x.rank != dimensions + 2:
            raise Unsupported(f"it is given {x.rank} dimensions, not {dimensions + 2}")
        order = order_of(step, dimensions)
        axes = order[2:]
        keep = bool(step.get("keepdims", False))
        dims = tuple(sorted(x.dim(axis) for axis in axes))
        params: dict[str, Value] = {"dim": dims, **({"keepdim": True} if keep else {})}
        mask = mask_of(step) if (kind, dimensions) == ("Mean", 1) else None
        if mask is not None:
            return _masked_mean(step, x, mask, params)
        return step.add(kind, params, [x], order=x.order if keep else None)

    return handler


def _masked_mean(step: Step, x: Flow, mask: Flow, params: Mapping[str, Value]) -> Flow:
    """Return the mean over the steps that count."""
    time, order = order_of(step, 1)[2], x.order if params.get("keepdim") else None
    counted = step.scope.cast(mask, "float32")
    counted = step.add("Unsqueeze", {"dim": x.dim(3 - time)}, [counted], "counted", order=x.order)
    kept = step.add("Multiply", {}, [x, counted], "kept", order=x.order)
    parts = [step.add("Sum", params, [each], role, order=order) for each, role in ((kept, "sum"), (counted, "count"))]
    return step.add("Divide", {}, parts, order=order)


def _adaptive(kind: str, dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = arranged(step, dimensions)
        size = short(step.each("output_size", dimensions))
        return step.add(f"Adaptive{kind}Pool{dimensions}d", {"output_size": size}, [x], order=x.order)

    return handler


_NUMBERS = (1, 2, 3)
LAYERS: Mapping[str, Handler] = {
    **{f"MaxPooling{number}D": _window("Max", number) for number in _NUMBERS},
    **{f"AveragePooling{number}D": _window("Avg", number) for number in _NUMBERS},
    **{f"GlobalMaxPooling{number}D": _everywhere("Max", number) for number in _NUMBERS},
    **{f"GlobalAveragePooling{number}D": _everywhere("Mean", number) for number in _NUMBERS},
    **{f"AdaptiveMaxPooling{number}D": _adaptive("Max", number) for number in _NUMBERS},
    **{f"AdaptiveAveragePooling{number}D": _adaptive("Avg", number) for number in _NUMBERS},
}
"""By class of Keras: what makes nodes of it."""
