"""Pooling: summaries of neighbouring positions, which make signals and images smaller."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port

_FAMILY = "Pooling"
_KERNEL_SIZE = Parameter("kernel_size", "ints", 2, "How many positions each way become one.")
_SIGNAL = Port("input", "Batch × channels × length.", ranks=(3,))
_IMAGE = Port("input", "Batch × channels × height × width.", ranks=(4,))
_SIGNAL_SAMPLES = (((2, 4, 16),),)
_IMAGE_SAMPLES = (((2, 3, 8, 8),), ((2, 3, 7, 9),))
_KEYWORDS = ("downsample", "subsample", "shrink", "reduce")


def _pool(operation: str, port: Port, summary: str, keyword: str) -> LayerKind:
    """Declare a pooling over windows of one size, such as ``MaxPool2d``."""
    return LayerKind(
        operation,
        _FAMILY,
        summary,
        f"torch.nn.{operation}",
        stem="pool",
        inputs=(port,),
        parameters=(
            _KERNEL_SIZE,
            Parameter(
                "stride", "ints", None, "Distance between windows; empty: the same as kernel_size.", optional=True
            ),
        ),
        hidden=("return_indices",),
        face=("kernel_size", "stride"),
        keywords=(keyword, *_KEYWORDS),
        samples=_SIGNAL_SAMPLES if port is _SIGNAL else _IMAGE_SAMPLES,
    )


def _adaptive(operation: str, port: Port, summary: str, keyword: str) -> LayerKind:
    """Declare a pooling to an output of one size, such as ``AdaptiveAvgPool2d``."""
    return LayerKind(
        operation,
        _FAMILY,
        summary,
        f"torch.nn.{operation}",
        stem="pool",
        inputs=(port,),
        parameters=(Parameter("output_size", "ints", 1, "How many positions come out, one number or one each way."),),
        hidden=("return_indices",),
        face=("output_size",),
        keywords=(keyword, "global pooling", "adaptive", *_KEYWORDS),
        samples=_SIGNAL_SAMPLES if port is _SIGNAL else _IMAGE_SAMPLES,
    )


KINDS = (
    _pool("MaxPool1d", _SIGNAL, "Keeps the largest value of every few neighbours of a signal.", "maximum"),
    _pool("MaxPool2d", _IMAGE, "Keeps the largest value of every small window of an image.", "maximum"),
    _pool("AvgPool1d", _SIGNAL, "Averages every few neighbours of a signal.", "mean"),
    _pool("AvgPool2d", _IMAGE, "Averages every small window of an image.", "mean"),
    _adaptive("AdaptiveAvgPool1d", _SIGNAL, "Averages a signal of any length down to the length you choose.", "mean"),
    _adaptive("AdaptiveAvgPool2d", _IMAGE, "Averages an image of any size down to the size you choose.", "mean"),
    _adaptive("AdaptiveMaxPool1d", _SIGNAL, "Keeps the largest values of a signal of any length.", "maximum"),
    _adaptive("AdaptiveMaxPool2d", _IMAGE, "Keeps the largest values of an image of any size.", "maximum"),
)
