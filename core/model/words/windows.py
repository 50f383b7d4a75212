"""Words about windows: kernels, padding, and what is left of a size."""

from __future__ import annotations

from core.kinds import Value
from core.model import fixes
from core.model.case import Case
from core.model.problems import Fix
from core.model.words.translation import Translation
from core.parameters import format_value


def window(case: Case) -> Translation | None:
    """A kernel larger than what arrives, or a pooling of what is too small to be pooled any further."""
    if case.kind.id.startswith("ConvTranspose"):
        return nothing_left(case)
    kernel, dilation, padding = case.each("kernel_size", 1), case.each("dilation", 1), case.each("padding", 0)
    if not len(kernel) == len(dilation) == len(padding) == len(case.spatial):
        return None
    room = [dim.a + 2 * pad for dim, pad in zip(case.spatial, padding, strict=True)]
    largest = tuple((size - 1) // gap + 1 for size, gap in zip(room, dilation, strict=True))
    if all(size <= most for size, most in zip(kernel, largest, strict=True)):
        return None
    fitting = tuple(min(size, most) for size, most in zip(kernel, largest, strict=True))
    spread = f", spread by dilation {format_value(case.arguments.get('dilation'))}" if max(dilation) > 1 else ""
    padded = " (padding included)" if any(padding) else ""
    ways: list[Fix] = []
    if all(dim.fixed for dim in case.spatial) and min(fitting) > 0:
        ways.append(_set(case, "kernel_size", fitting))
    ways += _padded(case, kernel, dilation)
    pooling = case.kind.family == "Pooling"
    return Translation(
        f"The window of {case.name} (kernel_size {format_value(case.arguments['kernel_size'])}{spread}) is larger than "
        f"what arrives{padded}: {case.gives()}.{_halved(case) if pooling else ''}",
        "kernel_size",
        (*ways, *((fixes.remove(case),) if pooling else ())),
    )


def _halved(case: Case) -> str:
    ones = all(dim.fixed and dim.a == 1 for dim in case.spatial)
    return " Nothing is left to be summarised: there is one pooling too many." if ones else ""


def _padded(case: Case, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> list[Fix]:
    """Offer as much padding as keeps the size, where that is enough for a convolution's window to fit."""
    if case.kind.family != "Convolution" or case.arguments.get("padding_mode", "zeros") != "zeros":
        return []
    halves = tuple(gap * (size - 1) // 2 for size, gap in zip(kernel, dilation, strict=True))
    sizes = zip(case.spatial, halves, kernel, dilation, strict=True)
    if not all(dim.fixed and dim.a + 2 * half > gap * (size - 1) for dim, half, size, gap in sizes):
        return []
    return [_set(case, "padding", halves)]


def nothing_left(case: Case) -> Translation | None:
    """A transposed convolution that cuts off more than there is."""
    return Translation(
        f"Nothing would be left after {case.name}: padding {format_value(case.arguments.get('padding'))} cuts off more "
        f"than there is. {case.gives()}.",
        "padding",
        (fixes.set_parameter(case.node.name, "padding", 0),),
    )


def vanished(case: Case) -> Translation | None:
    """Something resized or cropped to nothing."""
    if len(case.kind.inputs) > 1 or case.kind.weights:
        return None
    return Translation(f"Nothing would be left after {case.name}: {case.gives()}.", fixes=(fixes.remove(case),))


def half_kernel(case: Case) -> Translation | None:
    """A pooling padded by more than half its window."""
    halves = tuple(size // 2 for size in case.each("kernel_size", 1))
    return Translation(
        f"padding of {case.name} may be at most half its kernel_size: {format_value(_single(halves))} for kernel_size "
        f"{format_value(case.arguments['kernel_size'])}, not {format_value(case.arguments['padding'])}.",
        "padding",
        (_set(case, "padding", halves),),
    )


def same_padding(case: Case) -> Translation | None:
    """Padding "same" with a stride."""
    halves = tuple(size // 2 for size in case.each("kernel_size", 1))
    return Translation(
        f"{case.name} cannot keep the size (padding 'same') with stride {format_value(case.arguments['stride'])}: "
        "'same' needs stride 1.",
        "padding",
        (fixes.set_parameter(case.node.name, "stride", 1), _set(case, "padding", halves)),
    )


def mirrored(case: Case) -> Translation | None:
    """More mirrored padding than there is to mirror."""
    mode = case.arguments.get("padding_mode")
    return Translation(
        f"{case.name} cannot add {format_value(case.arguments.get('padding'))} positions of {mode} padding: they are "
        f"taken from the input itself, which is too small. {case.gives()}.",
        "padding",
        (fixes.set_parameter(case.node.name, "padding_mode", "zeros"),),
    )


def uneven_same(case: Case) -> tuple[Fix, ...]:
    """Offer the odd kernels next to an even one."""
    kernel = case.each("kernel_size", 1)
    larger = tuple(size + 1 - size % 2 for size in kernel)
    smaller = tuple(size - 1 + size % 2 for size in kernel)
    return _set(case, "kernel_size", larger), _set(case, "kernel_size", smaller)


def _single(values: tuple[int, ...]) -> Value:
    return values[0] if len(set(values)) == 1 else values


def _set(case: Case, name: str, values: tuple[int, ...]) -> Fix:
    value = _single(values)
    return fixes.set_parameter(case.node.name, name, value, format_value(value))
