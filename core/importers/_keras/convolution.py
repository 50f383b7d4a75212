"""Keras's convolutions, and what pads, cuts or resizes: kernels are turned, and "same" is said in numbers.

"same" pads so that out = ⌈in/stride⌉, the odd one out at the end: total = max((out − 1)·stride + span − in, 0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.importers._keras.activation import activated, as_option
from core.importers._keras.flow import Flow, Handler, Step, Unsupported, Weights, channels_first, natural
from core.kinds import Value

if TYPE_CHECKING:
    from torch import Tensor


def arranged(step: Step, dimensions: int) -> Flow:
    """Return what arrives as PyTorch's layers over so many dimensions want it.

    Raises:
        Unsupported: it has other dimensions.
    """
    x = step.scope.cast(step.x, "float32")
    if x.rank != dimensions + 2:
        raise Unsupported(f"it is given {x.rank} dimensions, not {dimensions + 2}")
    return step.scope.turn(x, order_of(step, dimensions))


def order_of(step: Step, dimensions: int) -> tuple[int, ...]:
    """Return the order in which the layer's channels come first."""
    first = step.get("data_format", "channels_last") == "channels_first"
    return natural(dimensions + 2) if first else channels_first(dimensions + 2)


def same_padding(
    step: Step, x: Flow, spans: Sequence[int], strides: Sequence[int], first: int = 2
) -> list[tuple[int, int]]:
    """Return how much "same" puts before and after every dimension of PyTorch's from ``first`` on."""
    found = []
    for axis, (span, stride) in enumerate(zip(spans, strides, strict=True), first):
        size = x.spec.dims[axis].size
        if isinstance(size, str):
            if stride > 1:
                step.note(
                    f"The padding of '{step.layer.name}' depends on the size that arrives, which is open: it is right "
                    f"for multiples of {stride}."
                )
            size = stride * span
        total = max((-(-size // stride) - 1) * stride + span - size, 0)
        found.append((total // 2, total - total // 2))
    return found


def padded(step: Step, x: Flow, sides: Sequence[tuple[int, int]], value: float = 0.0, role: str = "pad") -> Flow:
    """Put a margin around what is channels-first; negative numbers cut off."""
    if not any(any(side) for side in sides):
        return x
    numbers = tuple(number for before, after in reversed(sides) for number in (before, after))
    if value:
        return step.add(f"ConstantPad{len(sides)}d", {"padding": numbers, "value": value}, [x], role, order=x.order)
    return step.add(f"ZeroPad{len(sides)}d", {"padding": numbers}, [x], role, order=x.order)


def short(values: Sequence[int]) -> Value:
    """Return one number where all are equal."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def _finish(step: Step, made: Flow, option: str) -> Flow:
    return made if option else activated(step, made)


def _sliding(
    step: Step, x: Flow, kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> tuple[Flow, dict[str, Value]]:
    """Return what is convolved, padded where a parameter cannot say it, and the parameters about sizes."""
    spans = [(size - 1) * step_ + 1 for size, step_ in zip(kernel, dilation, strict=True)]
    params: dict[str, Value] = {"kernel_size": short(kernel)}
    params |= {"stride": short(strides)} if set(strides) != {1} else {}
    params |= {"dilation": short(dilation)} if set(dilation) != {1} else {}
    padding = str(step.get("padding", "valid")).lower()
    if padding == "causal":
        x = padded(step, x, [(spans[0] - 1, 0)])
    elif padding == "same":
        sides = same_padding(step, x, spans, strides)
        if all(before == after for before, after in sides):
            numbers = [before for before, _after in sides]
            params |= {"padding": short(numbers)} if any(numbers) else {}
        else:
            x = padded(step, x, sides)
    elif padding != "valid":
        raise Unsupported(f"its padding is '{padding[:40]}'")
    return x, params


def _convolution(dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = arranged(step, dimensions)
        kernel = step.each("kernel_size", dimensions)
        strides, dilation = step.each("strides", dimensions), step.each("dilation_rate", dimensions)
        filters, groups, bias = step.whole("filters"), step.whole("groups", 1), bool(step.get("use_bias", True))
        channels = x.spec.dims[1].a
        weights = step.weights()
        found = weights.take(0, "kernel", [*kernel, channels // groups, filters])
        tensors = {"weight": turned_kernel(found)}
        if bias:
            tensors["bias"] = weights.take(1, "bias", [filters])
        x, params = _sliding(step, x, kernel, strides, dilation)
        option = as_option(step)
        params = {"out_channels": filters, **params, **_rest(groups, bias, option)}
        called = weights.called(weight=0, bias=1)
        made = step.add(f"Conv{dimensions}d", params, [x], order=x.order, tensors=tensors, called=called)
        return _finish(step, made, option)

    return handler


def _rest(groups: int, bias: bool, option: str) -> dict[str, Value]:
    params: dict[str, Value] = {"groups": groups} if groups != 1 else {}
    params |= {} if bias else {"bias": False}
    return params | ({"activation": option} if option else {})


def turned_kernel(kernel: Tensor) -> Tensor:
    """Bring a kernel from (sizes…, in, out) to (out, in, sizes…)."""
    rank = kernel.dim()
    return kernel.permute(rank - 1, rank - 2, *range(rank - 2)).contiguous()


def _depthwise(dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = arranged(step, dimensions)
        bias = bool(step.get("use_bias", True))
        weights = step.weights()
        channels = x.spec.dims[1].a * step.whole("depth_multiplier", 1)
        tensors = {"bias": weights.take(1, "bias", [channels])} if bias else {}
        called = weights.called(weight=0, bias=1)
        option = as_option(step)
        made = _each_channel(step, x, dimensions, weights, tensors, called, option)
        return _finish(step, made, option)

    return handler


def _each_channel(
    step: Step,
    x: Flow,
    dimensions: int,
    weights: Weights,
    tensors: Mapping[str, Tensor],
    called: Mapping[str, str],
    option: str = "",
    role: str = "",
) -> Flow:
    """Convolve every channel by itself."""
    kernel = step.each("kernel_size", dimensions)
    strides, dilation = step.each("strides", dimensions), step.each("dilation_rate", dimensions)
    channels, factor = x.spec.dims[1].a, step.whole("depth_multiplier", 1)
    found = weights.take(0, "depthwise kernel", [*kernel, channels, factor])
    weight = found.permute(dimensions, dimensions + 1, *range(dimensions)).reshape(channels * factor, 1, *kernel)
    x, params = _sliding(step, x, kernel, strides, dilation)
    params = {"out_channels": channels * factor, **params, **_rest(channels, "bias" in tensors, option)}
    every = {"weight": weight.contiguous(), **tensors}
    return step.add(f"Conv{dimensions}d", params, [x], role, order=x.order, tensors=every, called=called)


def _separable(dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = arranged(step, dimensions)
        weights = step.weights()
        filters, bias = step.whole("filters"), bool(step.get("use_bias", True))
        x = _each_channel(step, x, dimensions, weights, {}, weights.called(weight=0), role="depthwise")
        point = weights.take(1, "pointwise kernel", [*(1,) * dimensions, x.spec.dims[1].a, filters])
        tensors = {"weight": turned_kernel(point)}
        if bias:
            tensors["bias"] = weights.take(2, "bias", [filters])
        option = as_option(step)
        params: dict[str, Value] = {"out_channels": filters, "kernel_size": 1, **_rest(1, bias, option)}
        called = weights.called(weight=1, bias=2)
        made = step.add(f"Conv{dimensions}d", params, [x], order=x.order, tensors=tensors, called=called)
        return _finish(step, made, option)

    return handler


def _transposed(dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        x = arranged(step, dimensions)
        kernel = step.each("kernel_size", dimensions)
        strides, dilation = step.each("strides", dimensions), step.each("dilation_rate", dimensions)
        filters, bias = step.whole("filters"), bool(step.get("use_bias", True))
        weights = step.weights()
        found = weights.take(0, "kernel", [*kernel, filters, x.spec.dims[1].a])
        tensors = {"weight": turned_kernel(found)}  # (sizes…, out, in) to (in, out, sizes…), as PyTorch has it here
        if bias:
            tensors["bias"] = weights.take(1, "bias", [filters])
        cuts = [_cut(step, *each) for each in zip(kernel, strides, dilation, range(dimensions), strict=True)]
        sides, extra, left = _parts(cuts, strides)
        option = as_option(step) if not any(map(any, left)) else ""
        params: dict[str, Value] = {"out_channels": filters, "kernel_size": short(kernel), "stride": short(strides)}
        params |= {"dilation": short(dilation)} if set(dilation) != {1} else {}
        params |= {"padding": short(sides)} if any(sides) else {}
        params |= {"output_padding": short(extra)} if any(extra) else {}
        params |= _rest(1, bias, option)
        kind, called = f"ConvTranspose{dimensions}d", weights.called(weight=0, bias=1)
        made = step.add(kind, params, [x], order=x.order, tensors=tensors, called=called)
        return _finish(step, padded(step, made, left, role="cut"), option)

    return handler


def _cut(step: Step, kernel: int, stride: int, dilation: int, index: int) -> tuple[int, int]:
    """Return how much is cut off both sides of the (in − 1)·stride + span values; negative is added.

    "valid" leaves (in − 1)·stride + max(span, stride), "same" in·stride, unless output_padding says otherwise.
    """
    span = (kernel - 1) * dilation + 1
    given = step.get("output_padding")
    extra = given[index] if isinstance(given, (list, tuple)) and len(given) > index else given
    if extra is not None and (isinstance(extra, bool) or not isinstance(extra, int)):
        raise Unsupported("its output_padding is no whole number")
    if str(step.get("padding", "valid")).lower() == "valid":
        return 0, -(max(span, stride) - span if extra is None else extra)
    total = stride + span - 2 if extra is None else span + span % 2 - 2 + extra
    before = min(total // 2 + total % 2, span - 1)
    return span - 1 - before, span - 1 - (total - before)


def _parts(
    cuts: Sequence[tuple[int, int]], strides: Sequence[int]
) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Return padding and output_padding for each dimension, and what is left to be cut off after."""
    sides, extra, left = [], [], []
    for (before, after), stride in zip(cuts, strides, strict=True):
        side = max(before, 0)
        more = max(0, min(side - after, stride - 1))
        sides.append(side)
        extra.append(more)
        left.append((side - before, side - more - after))
    return sides, extra, left


def _zero_padding(dimensions: int, cut: bool) -> Handler:
    name = "cropping" if cut else "padding"

    def handler(step: Step) -> Flow:
        x = step.x
        if x.rank != dimensions + 2:
            raise Unsupported(f"it is given {x.rank} dimensions")
        given = step.get(name, 1)
        pairs = _pairs(given, dimensions)
        pairs = [(-before, -after) for before, after in pairs] if cut else pairs
        if dimensions == 1 and x.order == natural(3):
            numbers = (0, 0, *pairs[0])
            return step.add("Pad", {"pad": numbers}, [x])
        return padded(step, step.scope.turn(x, order_of(step, dimensions)), pairs, role="")

    return handler


def _pairs(given: Value, dimensions: int) -> list[tuple[int, int]]:
    each = list(given) if isinstance(given, (list, tuple)) else [given] * (2 if dimensions == 1 else dimensions)
    if dimensions == 1 and len(each) == 2 and all(isinstance(size, int) for size in each):
        return [(each[0], each[1])]
    found = [tuple(size) if isinstance(size, (list, tuple)) else (size, size) for size in each]
    if len(found) != dimensions or any(len(p) != 2 or not all(isinstance(n, int) for n in p) for p in found):
        raise Unsupported(f"its sizes are {str(given)[:60]}")
    return [(before, after) for before, after in found]


def _upsampling(dimensions: int) -> Handler:
    def handler(step: Step) -> Flow:
        mode = str(step.get("interpolation", "nearest"))
        if dimensions == 1:
            repeats = {"repeats": step.whole("size", 2), "dim": step.x.dim(1)}
            return step.add("RepeatInterleave", repeats, [step.x], order=step.x.order)
        _require_mode(step, mode)
        x = arranged(step, dimensions)
        scale = tuple(float(size) for size in step.each("size", dimensions, 2))
        params: dict[str, Value] = {"scale_factor": scale if len(set(scale)) > 1 else scale[:1]}
        params |= {"mode": mode} if mode != "nearest" else {}
        return step.add("Upsample", params, [x], order=x.order)

    return handler


def _resizing(step: Step) -> Flow:
    x, size = arranged(step, 2), (step.whole("height"), step.whole("width"))
    if step.get("crop_to_aspect_ratio"):
        x = _to_aspect(step, x, size, min, "crop")
    elif step.get("pad_to_aspect_ratio"):
        if step.get("fill_mode", "constant") != "constant":
            raise Unsupported("its margin is not constant")
        x = _to_aspect(step, x, size, max, "pad")
    return _resized(step, x, size, str(step.get("interpolation", "bilinear")))


def _resized(step: Step, x: Flow, size: tuple[int, int], mode: str) -> Flow:
    _require_mode(step, mode)
    params: dict[str, Value] = {"size": size, "scale_factor": None}
    params["mode"] = "nearest-exact" if mode == "nearest" else mode
    if step.get("antialias") and mode != "nearest":
        return step.add("Interpolate", {**params, "antialias": True}, [x], order=x.order)
    return step.add("Upsample", params, [x], order=x.order)


def _require_mode(step: Step, mode: str) -> None:
    """Raise Unsupported for interpolations that there are not; say where Keras itself is not of one mind."""
    if mode not in ("nearest", "bilinear", "bicubic"):
        raise Unsupported(f"its interpolation is '{mode[:40]}'")
    if mode == "bicubic":
        step.note(
            f"'{step.layer.name}' interpolates by cubic curves as Keras does on PyTorch; on TensorFlow and JAX it "
            "takes slightly other ones."
        )


def _to_aspect(step: Step, x: Flow, wanted: tuple[int, int], choose: Callable[[int, int], int], role: str) -> Flow:
    """Cut off or add a margin on both sides, so that height and width have the relation of what is wanted.

    Margins are alike on both sides, as Keras has them, so that they may be short by one.
    """
    height, width = (x.spec.dims[axis].size for axis in (2, 3))
    if isinstance(height, str) or isinstance(width, str):
        raise Unsupported("it keeps the aspect ratio of images whose size is open")
    sizes = (
        choose(height, int(width * wanted[0] / wanted[1]) or height),
        choose(width, int(height * wanted[1] / wanted[0]) or width),
    )
    sides = []
    for have, size in zip((height, width), sizes, strict=True):
        half = abs(size - have) // 2
        sides.append((half, half) if role == "pad" else (-half, size - have + half))
    return padded(step, x, sides, step.number("fill_value", 0.0) if role == "pad" else 0.0, role)


def _centre_crop(step: Step) -> Flow:
    """CenterCrop: what is smaller than the crop is resized to it, its aspect ratio kept."""
    x, wanted = arranged(step, 2), (step.whole("height"), step.whole("width"))
    sides = []
    for axis, target in zip((2, 3), wanted, strict=True):
        size = x.spec.dims[axis].size
        if isinstance(size, str):
            raise Unsupported("the size of the images is open")
        before = (size - target) // 2
        sides.append((-before, -(size - target - before)))
    if any(number > 0 for side in sides for number in side):
        return _resized(step, _to_aspect(step, x, wanted, min, "crop"), wanted, "bilinear")
    return padded(step, x, sides, role="")


LAYERS: Mapping[str, Handler] = {
    **{f"Conv{number}D": _convolution(number) for number in (1, 2, 3)},
    **{f"Conv{number}DTranspose": _transposed(number) for number in (1, 2, 3)},
    **{f"DepthwiseConv{number}D": _depthwise(number) for number in (1, 2)},
    **{f"SeparableConv{number}D": _separable(number) for number in (1, 2)},
    **{f"ZeroPadding{number}D": _zero_padding(number, False) for number in (1, 2, 3)},
    **{f"Cropping{number}D": _zero_padding(number, True) for number in (1, 2, 3)},
    **{f"UpSampling{number}D": _upsampling(number) for number in (1, 2, 3)},
    "Resizing": _resizing,
    "CenterCrop": _centre_crop,
}
"""By class of Keras: what makes nodes of it."""
