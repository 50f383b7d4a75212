"""PyTorch's messages in our own words: the common mistakes are recognised, anything else is passed on, cleaned."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from core.model import fixes
from core.model.case import Case
from core.model.preconditions import Trouble
from core.model.problems import Fix
from core.model.specs import Dim, TensorSpec, probes
from core.parameters import format_value


@dataclass(frozen=True)
class Translation:
    """The words, the parameter they are about (if one), and ways out."""

    message: str
    parameter: str = ""
    fixes: tuple[Fix, ...] = ()


def torch_error(case: Case, trouble: Trouble) -> Translation:
    """Return in our words what PyTorch said about a node."""
    for pattern, translate in _TABLE:
        if re.search(pattern, trouble.text):
            found = translate(case)
            if found is not None:
                return found
    arriving = f" ({', '.join(case.gives(slot) for slot in case.inputs)})" if case.inputs else ""
    return Translation(f"{case.name} ({case.kind.display}) does not fit{arriving}. {cleaned(case, trouble.text)}")


def cleaned(case: Case, text: str) -> str:
    """Return the first line of a message of PyTorch, with the probed sizes replaced by the names they stand for."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "PyTorch refused it")
    line = re.sub(r"torch\.Size\((\[.*?\])\)", r"\1", line)
    for name, dim in probes(case.names).items():
        line = re.sub(rf"(?<![\w.])({dim.a}|{dim.b})(?![\w.])", name, line)
    line = line[0].upper() + line[1:]
    return line if line.endswith((".", "!", "?")) else f"{line}."


# --- windows: kernels, padding, what is left --------------------------------------------------------------------------


def _window(case: Case) -> Translation | None:
    if case.kind.id.startswith("ConvTranspose"):
        return _nothing_left(case)
    kernel, dilation, padding = case.each("kernel_size", 1), case.each("dilation", 1), case.each("padding", 0)
    if not len(kernel) == len(dilation) == len(padding) == len(case.spatial):
        return None
    room = [dim.a + 2 * pad for dim, pad in zip(case.spatial, padding, strict=True)]
    largest = tuple((size - 1) // gap + 1 for size, gap in zip(room, dilation, strict=True))
    if all(size <= most for size, most in zip(kernel, largest, strict=True)):
        return None
    fitting = tuple(min(size, most) for size, most in zip(kernel, largest, strict=True))
    value = fitting[0] if len(set(fitting)) == 1 else fitting
    spread = f", spread by dilation {format_value(case.arguments.get('dilation'))}" if max(dilation) > 1 else ""
    padded = " (padding included)" if any(padding) else ""
    fits = all(dim.fixed for dim in case.spatial) and min(fitting) > 0
    return Translation(
        f"The window of {case.name} (kernel_size {format_value(case.arguments['kernel_size'])}{spread}) is larger than "
        f"what arrives{padded}: {case.gives()}.",
        "kernel_size",
        (fixes.set_parameter(case.node.name, "kernel_size", value, format_value(value)),) if fits else (),
    )


def _nothing_left(case: Case) -> Translation | None:
    return Translation(
        f"Nothing would be left after {case.name}: padding {format_value(case.arguments.get('padding'))} cuts off more "
        f"than there is. {case.gives()}.",
        "padding",
        (fixes.set_parameter(case.node.name, "padding", 0),),
    )


def _half_kernel(case: Case) -> Translation | None:
    kernel = case.each("kernel_size", 1)
    halves = tuple(size // 2 for size in kernel)
    value = halves[0] if len(set(halves)) == 1 else halves
    return Translation(
        f"padding of {case.name} may be at most half its kernel_size: {format_value(value)} for kernel_size "
        f"{format_value(case.arguments['kernel_size'])}, not {format_value(case.arguments['padding'])}.",
        "padding",
        (fixes.set_parameter(case.node.name, "padding", value, format_value(value)),),
    )


def _same_padding(case: Case) -> Translation | None:
    halves = tuple(size // 2 for size in case.each("kernel_size", 1))
    value = halves[0] if len(set(halves)) == 1 else halves
    return Translation(
        f"{case.name} cannot keep the size (padding 'same') with stride {format_value(case.arguments['stride'])}: "
        "'same' needs stride 1.",
        "padding",
        (
            fixes.set_parameter(case.node.name, "stride", 1),
            fixes.set_parameter(case.node.name, "padding", value, format_value(value)),
        ),
    )


def _mirrored(case: Case) -> Translation | None:
    mode = case.arguments.get("padding_mode")
    return Translation(
        f"{case.name} cannot add {format_value(case.arguments.get('padding'))} positions of {mode} padding: they are "
        f"taken from the input itself, which is too small. {case.gives()}.",
        "padding",
        (fixes.set_parameter(case.node.name, "padding_mode", "zeros"),),
    )


# --- divisibility and sizes -------------------------------------------------------------------------------------------


def _groups(case: Case) -> Translation | None:
    arriving, leaving = case.spec.dims[1], case.arguments.get("out_channels")
    if not arriving.fixed or not isinstance(leaving, int):
        return None
    common = math.gcd(arriving.a, leaving)
    best = max(each for each in range(1, min(common, case.arguments["groups"]) + 1) if common % each == 0)
    return Translation(
        f"groups of {case.name} must divide both the {arriving} channels that arrive from {case.giver()} and its "
        f"out_channels {leaving}: {case.arguments['groups']} does not.",
        "groups",
        (fixes.set_parameter(case.node.name, "groups", best),),
    )


def _heads(case: Case) -> Translation | None:
    return Translation(
        f"num_heads of {case.name} must divide the width of what arrives: {case.gives()}, and num_heads is "
        f"{case.arguments.get('num_heads')}.",
        "num_heads",
    )


def _channels(case: Case) -> Translation | None:
    sizes = {name: value for name, value in case.arguments.items() if name.startswith(("in_", "num_features"))}
    made_for = "".join(f" (made for {name} {value})" for name, value in sizes.items())
    return Translation(f"{case.name}{made_for} does not fit the number of channels or features: {case.gives()}.")


def _reshape(case: Case) -> Translation | None:
    shape = case.arguments.get("shape")
    if not isinstance(shape, tuple):
        return None
    wanted = " × ".join("?" if size == -1 else str(size) for size in shape)
    count = math.prod(size for size in shape if size != -1)
    needs = f"a multiple of {count:,}" if -1 in shape else f"{count:,}"
    rest = case.spec.dims[1:]
    arriving = f"{math.prod(dim.a for dim in rest):,}" if all(dim.fixed for dim in rest) else "a number that varies"
    return Translation(
        f"{case.name} cannot arrange a sample as {wanted}: that takes {needs} values, and {case.gives()}: {arriving} "
        "per sample.",
        "shape",
        (fixes.set_parameter(case.node.name, "shape", (-1,), "-1 (one row)"),),
    )


def _flatten_order(case: Case) -> Translation | None:
    return Translation(
        f"{case.name} starts at dimension {case.arguments.get('start_dim')} and ends before it, at "
        f"{case.arguments.get('end_dim')}: {case.gives()}.",
        "start_dim",
        (fixes.set_parameter(case.node.name, "end_dim", -1),),
    )


def _projection(case: Case) -> Translation | None:
    hidden = case.arguments.get("hidden_size")
    return Translation(
        f"proj_size of {case.name} narrows its output, so it must be smaller than hidden_size {hidden}, not "
        f"{case.arguments.get('proj_size')}. 0 means no narrowing.",
        "proj_size",
        (fixes.set_parameter(case.node.name, "proj_size", 0),),
    )


def _padding_index(case: Case) -> Translation | None:
    rows = case.arguments.get("num_embeddings")
    return Translation(
        f"padding_idx of {case.name} must be one of its {rows} rows (num_embeddings), not "
        f"{case.arguments.get('padding_idx')}.",
        "padding_idx",
        (fixes.set_parameter(case.node.name, "padding_idx", None),),
    )


def _too_large(case: Case) -> Translation | None:
    return Translation(f"{case.name} would be larger than any memory. Use smaller sizes. {case.gives()}.")


# --- merges -----------------------------------------------------------------------------------------------------------


def _merge(case: Case) -> Translation | None:
    if len(case.inputs) < 2:
        return None
    along = case.arguments.get("dim")
    fits = _broadcasts if along is None else lambda one, two: _joins(one, two, along)
    slots = list(case.inputs)
    pairs = ((one, two) for index, two in enumerate(slots) for one in slots[:index])
    clash = next((pair for pair in pairs if not fits(*(case.inputs[slot] for slot in pair))), None)
    if clash is None:
        return None
    both = " but ".join(case.gives(slot) for slot in clash)
    if along is None:
        return Translation(f"{case.name} needs shapes that match: {both}.")
    return Translation(
        f"{case.name} joins along dimension {along}; all other dimensions must be the same: {both}.",
        "" if case.inputs[clash[0]].rank != case.inputs[clash[1]].rank else "dim",
        _other_axis(case),
    )


def _other_axis(case: Case) -> tuple[Fix, ...]:
    """Offer the axis along which all branches could be joined, where there is exactly such a one."""
    specs = list(case.inputs.values())
    axes = [
        axis
        for axis in range(1, min(spec.rank for spec in specs))
        if all(_joins(specs[0], each, axis) for each in specs)
    ]
    return tuple(fixes.set_parameter(case.node.name, "dim", axis) for axis in axes[:1])


def _joins(one: TensorSpec, two: TensorSpec, along: int) -> bool:
    if one.rank != two.rank:
        return False
    axis = along % one.rank
    return one.dims[:axis] == two.dims[:axis] and one.dims[axis + 1 :] == two.dims[axis + 1 :]


def _broadcasts(one: TensorSpec, two: TensorSpec) -> bool:
    pairs = zip(reversed(one.dims), reversed(two.dims), strict=False)
    return all(a == b or Dim(1, 1) in (a, b) for a, b in pairs)


_TABLE: tuple[tuple[str, Callable[[Case], Translation | None]], ...] = (
    (r"[Kk]ernel size can't be greater|[Oo]utput size is too small|[Ii]nvalid computed output size", _window),
    (r"negative dimension", _nothing_left),
    (r"[Pp]ad(ding)? should be (at most|smaller than or equal to) half", _half_kernel),
    (r"padding='same' is not supported for strided", _same_padding),
    (r"[Pp]adding size should be less|wrapping around more than once", _mirrored),
    (r"divisible by groups", _groups),
    (r"divisible by num_heads", _heads),
    (r"proj_size has to be smaller", _projection),
    (r"[Pp]adding_idx must be within", _padding_index),
    (
        r"[Ii]nvalid channel dimensions|same reduction dim|cannot be multiplied|to have \d+ channels|should contain",
        _channels,
    ),
    (r"is invalid for input of size|cannot reshape", _reshape),
    (r"start_dim cannot come after end_dim", _flatten_order),
    (r"calculation overflowed|[Oo]verflow when unpacking|too large to convert", _too_large),
    (r"[Bb]roadcast|must match|[Nn]umber of dimensions|[Ss]izes of tensors|[Tt]ensors must have same number", _merge),
)
