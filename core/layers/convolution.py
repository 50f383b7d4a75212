"""Convolutions: the same small filter applied at every position of a signal or an image."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port, axis

_FAMILY = "Convolution"
_OUT_CHANNELS = Parameter("out_channels", "int", 32, "How many filters are learned: each gives one output channel.")
_KERNEL_SIZE = Parameter("kernel_size", "ints", 3, "How many positions the filter spans, one number or one each way.")
_PADDING_MODE = Parameter(
    "padding_mode",
    "choice",
    "zeros",
    "What stands beyond the edges where there is padding: zeros, or values from within.",
)
_FACE = ("out_channels", "kernel_size", "stride", "padding")
_SIGNAL = Port("input", "Batch × channels × length.", ranks=(3,))
_IMAGE = Port("input", "Batch × channels × height × width.", ranks=(4,))

_CONV1D = LayerKind(
    "Conv1d",
    _FAMILY,
    "Slides learned filters along a signal or sequence and reports where each finds its pattern.",
    "torch.nn.Conv1d",
    stem="conv",
    inputs=(_SIGNAL,),
    parameters=(_OUT_CHANNELS, _KERNEL_SIZE, _PADDING_MODE),
    derived={"in_channels": axis("input", 1)},
    face=_FACE,
    keywords=("convolution", "filter", "kernel", "signal", "sequence", "audio", "time series", "cnn"),
    samples=(((2, 4, 16),),),
)

_CONV2D = LayerKind(
    "Conv2d",
    _FAMILY,
    "Slides learned filters over an image and reports where each finds its pattern.",
    "torch.nn.Conv2d",
    stem="conv",
    inputs=(_IMAGE,),
    parameters=(_OUT_CHANNELS, _KERNEL_SIZE, _PADDING_MODE),
    derived={"in_channels": axis("input", 1)},
    face=_FACE,
    keywords=("convolution", "filter", "kernel", "image", "picture", "feature map", "cnn"),
    samples=(((2, 3, 8, 8),), ((2, 1, 7, 9),)),
)

_CONV_TRANSPOSE2D = LayerKind(
    "ConvTranspose2d",
    _FAMILY,
    "Enlarges an image with learned filters: the reverse of a strided convolution.",
    "torch.nn.ConvTranspose2d",
    stem="upconv",
    inputs=(_IMAGE,),
    parameters=(
        _OUT_CHANNELS,
        Parameter("kernel_size", "ints", 2, _KERNEL_SIZE.help),
        Parameter("stride", "ints", 2, "How many times larger the image becomes."),
        Parameter("padding", "ints", 0, "How many positions are cut off at every side of the output."),
    ),
    hidden=("padding_mode",),
    derived={"in_channels": axis("input", 1)},
    face=_FACE,
    keywords=("deconvolution", "upsample", "transposed", "decoder", "generator", "enlarge", "upconv"),
    samples=(((2, 4, 5, 5),),),
)

KINDS = (_CONV1D, _CONV2D, _CONV_TRANSPOSE2D)
