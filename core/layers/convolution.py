"""Convolutions: the same small filter applied at every position of a signal, an image or a volume."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import LayerKind, Parameter, Port, Shape, Value, axis

_FAMILY = "Convolution"
_OUT_CHANNELS = Parameter("out_channels", "int", 32, "How many filters are learned: each gives one output channel.")
_KERNEL_HELP = "How many positions the filter spans, one number or one each way."
_PADDING_MODE = Parameter(
    "padding_mode",
    "choice",
    "zeros",
    "What stands beyond the edges where there is padding: zeros, or values from within.",
)
_FACE = ("out_channels", "kernel_size", "stride", "padding")
_AXES = {1: "length", 2: "height × width", 3: "depth × height × width"}
_FORMULA = "out = ⌊(in + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1"
_TRANSPOSED_FORMULA = "out = (in − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1"
_WORDS = {
    1: ("signal", "sequence", "audio", "time series"),
    2: ("image", "picture", "feature map"),
    3: ("volume", "video", "voxel", "scan", "ct", "mri"),
}
_REFUSED = ("float64", "float16")


def _port(dimensions: int) -> Port:
    """Return the input of a convolution over so many dimensions."""
    return Port(
        "input",
        f"Batch × channels × {_AXES[dimensions]}.",
        ranks=(dimensions + 2,),
        unbatched=(dimensions + 1,),
        refuses=_REFUSED,
    )


def _convolution(dimensions: int, summary: str, *samples: Shape) -> LayerKind:
    return LayerKind(
        f"Conv{dimensions}d",
        _FAMILY,
        summary,
        f"torch.nn.Conv{dimensions}d",
        stem="conv",
        inputs=(_port(dimensions),),
        parameters=(_OUT_CHANNELS, Parameter("kernel_size", "ints", 3, _KERNEL_HELP), _PADDING_MODE),
        derived={"in_channels": axis("input", -dimensions - 1)},
        face=_FACE,
        keywords=("convolution", "filter", "kernel", *_WORDS[dimensions], "cnn", f"conv{dimensions}d", "depthwise"),
        samples=tuple((sample,) for sample in samples),
        formula=_FORMULA,
        weights=("weight", "bias"),
        activates=True,
    )


def _transposed(dimensions: int, summary: str, *samples: Shape) -> LayerKind:
    noun = _WORDS[dimensions][0]
    return LayerKind(
        f"ConvTranspose{dimensions}d",
        _FAMILY,
        summary,
        f"torch.nn.ConvTranspose{dimensions}d",
        stem="upconv",
        inputs=(_port(dimensions),),
        parameters=(
            _OUT_CHANNELS,
            Parameter("kernel_size", "ints", 2, _KERNEL_HELP),
            Parameter("stride", "ints", 2, f"How many times larger the {noun} becomes."),
            Parameter("padding", "ints", 0, "How many positions are cut off at every side of the output."),
        ),
        hidden=("padding_mode",),
        derived={"in_channels": axis("input", -dimensions - 1)},
        face=_FACE,
        keywords=("deconvolution", "upsample", "transposed", "decoder", "generator", "enlarge", "upconv", noun),
        samples=tuple((sample,) for sample in samples),
        formula=_TRANSPOSED_FORMULA,
        weights=("weight", "bias"),
        activates=True,
    )


_BLOCK = Parameter("kernel_size", "ints", 2, "Height and width of a block, one number or two.", length=2)
_BLOCK_PARAMETERS = (
    Parameter("dilation", "ints", 1, "Distance between the positions that a block gathers.", length=2),
    Parameter("padding", "ints", 0, "How many zeros are put around the image first.", length=2),
    Parameter("stride", "ints", 1, "Distance between blocks; equal to kernel_size they do not overlap.", length=2),
)
_NO_WHOLE_NUMBERS = ("int64",)


def _blocks(sizes: tuple[int, int], values: Mapping[str, Value]) -> tuple[int, ...]:
    """Return how many blocks fit down and across an image of these sizes (see ``torch.nn.Unfold``)."""
    options = (_both(values[name]) for name in ("kernel_size", "dilation", "padding", "stride"))
    return tuple(
        (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        for size, kernel, dilation, padding, stride in zip(sizes, *options, strict=True)
    )


def _room_for_blocks(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask Unfold for an image that holds a block at least."""
    height, width = shapes["input"][-2:]
    if min(_blocks((height, width), values)) < 1:
        return (
            "A block is larger than the image that arrives: choose a smaller kernel_size or dilation, or more padding."
        )
    return ""


def _whole_blocks(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Ask Fold for as many rows and columns as blocks of its sizes have."""
    rows, columns = shapes["input"][-2:]
    height, width = _both(values["kernel_size"])
    if rows % (height * width):
        return (
            f"Fold takes blocks of {height} × {width} values for every channel, so the rows that arrive ({rows}) must "
            f"be a multiple of {height * width}. Change kernel_size, or what comes before."
        )
    down, across = _blocks(_both(values["output_size"]), values)
    if min(down, across) < 1:
        return "A block does not fit into output_size: choose a smaller kernel_size or dilation, or more padding."
    if columns != down * across:
        return (
            f"An image of this output_size is made of {down} × {across} = {down * across} blocks, one in each column, "
            "but another number arrives. Set kernel_size, stride, padding and dilation as in the Unfold that is undone."
        )
    return ""


def _both(value: Value) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


_UNFOLD = LayerKind(
    "Unfold",
    _FAMILY,
    "Cuts an image into sliding blocks and lays each out as one column, as patches for a transformer.",
    "torch.nn.Unfold",
    inputs=(
        Port(
            "input",
            "Batch × channels × height × width.",
            dtype="any",
            ranks=(4,),
            unbatched=(3,),
            refuses=_NO_WHOLE_NUMBERS,
        ),
    ),
    outputs=(Port("output", "Batch × values of a block × blocks.", dtype="any"),),
    parameters=(_BLOCK, *_BLOCK_PARAMETERS),
    face=("kernel_size", "stride"),
    keywords=("patches", "im2col", "blocks", "windows", "patchify", "sliding window", "extract_patches"),
    samples=(((2, 3, 8, 8),), ((2, 1, 7, 9),)),
    sample_parameters={"kernel_size": (2, 3), "stride": 2, "padding": (0, 1)},
    rules=(_room_for_blocks,),
    formula="blocks = ∏ (⌊(in + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1)",
)

_FOLD = LayerKind(
    "Fold",
    _FAMILY,
    "Puts blocks, one in each column, back together to an image and adds where they overlap: the reverse of Unfold.",
    "torch.nn.Fold",
    inputs=(
        Port(
            "input",
            "Batch × values of a block × blocks.",
            dtype="any",
            ranks=(3,),
            unbatched=(2,),
            refuses=_NO_WHOLE_NUMBERS,
        ),
    ),
    outputs=(Port("output", "Batch × channels × height × width.", dtype="any"),),
    parameters=(
        Parameter("output_size", "ints", 8, "Height and width of the image, one number or two.", length=2),
        _BLOCK,
        *_BLOCK_PARAMETERS,
    ),
    face=("output_size", "kernel_size", "stride"),
    keywords=("patches", "col2im", "blocks", "combine", "overlap add", "unpatchify"),
    samples=(((2, 12, 49),),),
    sample_parameters={"output_size": (8, 9), "kernel_size": (2, 3)},
    rules=(_whole_blocks,),
    formula="blocks = ∏ (⌊(output_size + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1)",
)

KINDS = (
    _convolution(
        1,
        "Slides learned filters along a signal or sequence and reports where each finds its pattern.",
        (2, 4, 16),
    ),
    _convolution(
        2, "Slides learned filters over an image and reports where each finds its pattern.", (2, 3, 8, 8), (2, 1, 7, 9)
    ),
    _convolution(
        3,
        "Slides learned filters through a volume or a video and reports where each finds its pattern.",
        (2, 2, 5, 6, 7),
    ),
    _transposed(1, "Lengthens a signal with learned filters: the reverse of a strided convolution.", (2, 4, 7)),
    _transposed(2, "Enlarges an image with learned filters: the reverse of a strided convolution.", (2, 4, 5, 5)),
    _transposed(3, "Enlarges a volume with learned filters: the reverse of a strided convolution.", (2, 2, 4, 5, 6)),
    _UNFOLD,
    _FOLD,
)
