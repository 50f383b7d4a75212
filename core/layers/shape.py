"""Shape: layers that rearrange or repeat values without computing anything."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Shape, Value
from core.layers._writing import ANY_INPUT, ANY_OUTPUT, dim, function, method, written

_FAMILY = "Shape"


def _call_reshape(call: Call) -> str:
    """Write ``reshape1 = x.reshape(x.shape[0], 32, 8, 8)``."""
    sizes = [str(size) for size in call.arguments["shape"]]
    if call.arguments["keep_batch"]:
        sizes.insert(0, f"{call.input}.shape[0]")
    return f"{call.output} = {call.input}.reshape({', '.join(sizes) or '()'})"


def _call_permute(call: Call) -> str:
    """Write ``permute1 = torch.permute(x, (0, 2, 1))``."""
    return f"{call.output} = torch.permute({call.input}, {call.arguments['order']!r})"


def _call_transpose(call: Call) -> str:
    """Write ``transpose1 = x.transpose(1, 2)``."""
    return f"{call.output} = {call.input}.transpose({call.arguments['dim0']}, {call.arguments['dim1']})"


def _call_tile(call: Call) -> str:
    """Write ``tile1 = torch.tile(x, (1, 2))``."""
    return f"{call.output} = torch.tile({call.input}, {call.arguments['repeats']!r})"


def _call_pad(call: Call) -> str:
    """Write ``pad1 = F.pad(x, (1, 1), mode="reflect")``."""
    mode, value = call.arguments["mode"], call.arguments["value"]
    rest = f", mode={written(mode)}" if mode != "constant" else f", value={value!r}" if value else ""
    return f"{call.output} = F.pad({call.input}, {call.arguments['pad']!r}{rest})"


def _values_kept(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Say what is wrong where a whole tensor (batch included) cannot be arranged as wanted."""
    shape, count = values["shape"], math.prod(shapes["input"])
    if values["keep_batch"]:
        return "" if shapes["input"] else "A single number has no batch to keep: set keep_batch to False."
    known = math.prod(size for size in shape if size != -1)
    if count % known if -1 in shape else count != known:
        return "shape with keep_batch False is that of the whole tensor, batch included, and must hold as many values."
    return ""


def _every_dimension_once(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    order, rank = values["order"], len(shapes["input"])
    if sorted(axis % rank if rank and -rank <= axis < rank else axis for axis in order) == list(range(rank)):
        return ""
    numbers = ", ".join(map(str, range(rank)))
    return f"order must name every dimension of what arrives exactly once ({numbers}), not {written(order)}."


def _even(_shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    count = len(values["pad"])
    return f"pad takes two numbers (before, after) for each dimension, not {count} in all." if count % 2 else ""


def _wraps_once(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Say where circular padding would need more than what is left between cut borders; ``meta`` does not look."""
    pad, shape = values["pad"], shapes["input"]
    if values["mode"] != "circular":
        return ""
    for size, before, after in zip(reversed(shape), pad[::2], pad[1::2], strict=False):
        if before > size + min(after, 0) or after > size + min(before, 0):
            return f"Circular padding may go around once: {before}, {after} is too much for a dimension of {size}."
    return ""


def _not_mirrored_bool(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    if values["mode"] == "reflect" and dtypes["input"] == "bool":
        return "Reflecting padding takes numbers, not yes and no (bool). Put a Cast in between."
    return ""


def _as_many(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    shifts, dims = len(values["shifts"]), len(values["dims"] or ())
    if shifts == dims or (shifts == 1 and not dims):
        return ""
    return f"shifts and dims must be equally many: {shifts} and {dims}."


_FLATTEN = LayerKind(
    "Flatten",
    _FAMILY,
    "Lays out all values of a sample in one row, as a Linear layer wants them after convolutions.",
    "torch.nn.Flatten",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("start_dim", "int", 1, "The first dimension that is laid out; 0 would be the batch."),
        Parameter("end_dim", "int", -1, "The last dimension that is laid out; -1 is the last of all."),
    ),
    keywords=("vector", "unroll", "view", "row", "1d"),
    samples=(((2, 3, 4, 5),), ((2, 10),)),
)

_UNFLATTEN = LayerKind(
    "Unflatten",
    _FAMILY,
    "Splits one dimension into several, such as a row of values into channels × height × width.",
    "torch.nn.Unflatten",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        dim(1, "The dimension that is split; 1 is the first after the batch."),
        Parameter(
            "unflattened_size",
            "ints",
            (1, -1),
            "The sizes that it is split into. One may be -1: it is worked out from the others.",
            minimum=1,
            wildcard="-1",
        ),
    ),
    face=("dim", "unflattened_size"),
    keywords=("reshape", "view", "split dimension", "heads", "generator", "decoder"),
    samples=(((2, 12),), ((2, 12, 5),)),
    sample_parameters={"unflattened_size": (3, -1)},
)

_RESHAPE = LayerKind(
    "Reshape",
    _FAMILY,
    "Arranges the values of a sample in a new shape; their number and order stay the same.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "shape",
            "ints",
            (-1,),
            "The new shape of one sample, without the batch. One size may be -1: it is worked out from the others.",
            minimum=1,
            wildcard="-1",
        ),
        Parameter(
            "keep_batch",
            "bool",
            True,
            "Whether the batch stays in front; otherwise shape is that of the whole tensor, batch included.",
        ),
    ),
    face=("shape",),
    keywords=("view", "unflatten", "rearrange", "resize"),
    call=_call_reshape,
    samples=(((2, 3, 4, 5),), ((2, 12),)),
    sample_parameters={"shape": (-1, 6)},
    rules=(_values_kept,),
    docs="torch.reshape",
)

_PERMUTE = LayerKind(
    "Permute",
    _FAMILY,
    "Puts the dimensions in a new order, such as channels last to channels first.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("order", "ints", (0, 2, 1), "The old dimensions in their new order; 0 is the batch, -1 the last."),
    ),
    face=("order",),
    keywords=("transpose", "swap axes", "dimshuffle", "channels last", "channels first", "rearrange"),
    call=_call_permute,
    samples=(((2, 5, 7),),),
    rules=(_every_dimension_once,),
    docs="torch.permute",
)

_TRANSPOSE = LayerKind(
    "Transpose",
    _FAMILY,
    "Swaps two dimensions, such as time and features of a sequence before a Conv1d.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("dim0", "int", 1, "The one dimension; 0 is the batch, -1 the last."),
        Parameter("dim1", "int", 2, "The other dimension; 0 is the batch, -1 the last."),
    ),
    face=("dim0", "dim1"),
    keywords=("permute", "swap axes", "matrix transpose", "channels first", "t"),
    call=_call_transpose,
    samples=(((2, 5, 7),), ((2, 3, 4, 5),)),
    docs="torch.transpose",
)

_SQUEEZE = LayerKind(
    "Squeeze",
    _FAMILY,
    "Removes a dimension of size 1, such as the single feature of a prediction.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("dim", "ints", (-1,), "The dimensions that are removed where their size is 1; -1 is the last."),
    ),
    face=("dim",),
    keywords=("remove dimension", "drop axis", "flatten", "singleton"),
    call=function("torch.squeeze", "dim"),
    samples=(((2, 10, 1),), ((2, 3, 4),)),
    docs="torch.squeeze",
)

_UNSQUEEZE = LayerKind(
    "Unsqueeze",
    _FAMILY,
    "Adds a dimension of size 1, such as the one channel of a grey image.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(dim(1, "Where the new dimension is put: 1 is right after the batch, -1 the last."),),
    face=("dim",),
    keywords=("add dimension", "new axis", "expand dims", "singleton", "channel"),
    call=function("torch.unsqueeze", "dim"),
    samples=(((2, 10),), ((2, 8, 8),)),
    docs="torch.unsqueeze",
)

_EXPAND = LayerKind(
    "Expand",
    _FAMILY,
    "Repeats along dimensions of size 1 without using memory, so that shapes match.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "sizes",
            "ints",
            (-1, -1),
            "The new size of each dimension, the batch's first; -1 keeps it. Only dimensions of size 1 can grow.",
            minimum=-1,
        ),
    ),
    face=("sizes",),
    keywords=("broadcast", "repeat", "grow", "tile"),
    call=method("expand", "sizes"),
    samples=(((2, 1),), ((2, 10),)),
    docs="torch.Tensor.expand",
)

_TILE = LayerKind(
    "Tile",
    _FAMILY,
    "Lays whole copies side by side along each dimension.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "repeats",
            "ints",
            (2,),
            "How often it is repeated along each dimension, the last number for the last dimension; 1 changes nothing.",
            minimum=1,
        ),
    ),
    face=("repeats",),
    keywords=("repeat", "copy", "replicate", "repeat vector"),
    call=_call_tile,
    samples=(((2, 10),), ((2, 3, 4),)),
    sample_parameters={"repeats": (1, 3)},
    docs="torch.tile",
)

_REPEAT_INTERLEAVE = LayerKind(
    "RepeatInterleave",
    _FAMILY,
    "Repeats every single entry along a dimension: a, a, b, b instead of a, b, a, b.",
    title="Repeat entries",
    stem="repeat",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("repeats", "int", 2, "How often every entry is repeated.", minimum=1),
        dim(1, "The dimension along which entries are repeated."),
    ),
    face=("repeats", "dim"),
    keywords=("upsample", "duplicate", "repeat elements", "nearest", "grouped query"),
    call=function("torch.repeat_interleave", "repeats", "dim"),
    samples=(((2, 10),), ((2, 3, 4),)),
    docs="torch.repeat_interleave",
)

_PAD = LayerKind(
    "Pad",
    _FAMILY,
    "Adds values at the borders (or cuts some off), such as zeros in front of a sequence.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter(
            "pad",
            "ints",
            (1, 1),
            "How many values before and after the last dimension, then the one before it; negative numbers cut off.",
        ),
        Parameter(
            "mode",
            "choice",
            "constant",
            "What is added: a constant, the mirrored border, the last value again, or the other end.",
            choices=("constant", "reflect", "replicate", "circular"),
        ),
        Parameter("value", "float", 0.0, "The number that is added in the mode constant."),
    ),
    face=("pad", "mode"),
    keywords=("padding", "border", "zero padding", "margin", "crop", "causal"),
    call=_call_pad,
    samples=(((2, 3, 8),), ((2, 8, 3),)),
    sample_parameters={"mode": "reflect"},
    rules=(_even, _wraps_once),
    dtype_rules=(_not_mirrored_bool,),
    docs="torch.nn.functional.pad",
)

_ROLL = LayerKind(
    "Roll",
    _FAMILY,
    "Shifts values along a dimension; what leaves at one end enters at the other (Swin's shifted windows).",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(
        Parameter("shifts", "ints", (1,), "By how many places; negative numbers shift towards the start."),
        Parameter("dims", "ints", (1,), "The dimension of each shift; empty: all values in one row.", optional=True),
    ),
    face=("shifts", "dims"),
    keywords=("shift", "cyclic", "circular", "rotate", "swin"),
    call=function("torch.roll", "shifts", dims=None),
    samples=(((2, 10),), ((2, 8, 8, 3),)),
    rules=(_as_many,),
    docs="torch.roll",
)

_FLIP = LayerKind(
    "Flip",
    _FAMILY,
    "Reverses the order along a dimension, such as a sequence for a backward pass over time.",
    inputs=ANY_INPUT,
    outputs=ANY_OUTPUT,
    parameters=(Parameter("dims", "ints", (1,), "The dimensions that are reversed; -1 is the last."),),
    face=("dims",),
    keywords=("reverse", "mirror", "backwards", "bidirectional"),
    call=lambda call: f"{call.output} = torch.flip({call.input}, {call.arguments['dims']!r})",
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    docs="torch.flip",
)

KINDS = (
    _FLATTEN,
    _UNFLATTEN,
    _RESHAPE,
    _PERMUTE,
    _TRANSPOSE,
    _SQUEEZE,
    _UNSQUEEZE,
    _EXPAND,
    _TILE,
    _REPEAT_INTERLEAVE,
    _PAD,
    _ROLL,
    _FLIP,
)
