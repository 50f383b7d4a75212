"""Activations: the bends between layers, without which a stack of them would be one straight line.

This file holds those made of straight pieces (and their rounded relatives that start from ReLU).
"""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import LayerKind, Parameter, Port, Shape, Value
from core.layers._activations import NUMBERS, activation

_INPLACE = ("inplace",)
_SAME = Port("output", dtype="any")


def _slopes(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> Value:
    """Derive how many slopes PReLU learns: one, or one for each entry of dimension 1, which PyTorch takes as channels.

    What has fewer than two dimensions has no channels: PyTorch takes one slope there.
    """
    shape = shapes["input"]
    return shape[1] if parameters["slopes"] == "channels" and len(shape) > 1 else 1


def _alpha_not_zero(_shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> str:
    return "alpha must not be 0: CELU divides by it." if parameters["alpha"] == 0 else ""


_RELU = activation(
    "ReLU",
    "Sets negative values to zero and leaves the others: the usual activation.",
    "y = max(0, x)",
    "rectifier",
    "rectified linear unit",
    "ramp",
    port=NUMBERS,
    output=_SAME,
    hidden=_INPLACE,
)

_LEAKY_RELU = activation(
    "LeakyReLU",
    "Like ReLU, but lets a small share of negative values through, so that no neuron goes silent for good.",
    "y = x if x > 0, else negative_slope·x",
    "rectifier",
    "leaky",
    stem="leaky_relu",
    parameters=(Parameter("negative_slope", "float", 0.01, "What negative values are multiplied by."),),
    hidden=_INPLACE,
)

_PRELU = LayerKind(
    "PReLU",
    "Activation",
    "Like LeakyReLU, but learns by itself what negative values are multiplied by.",
    "torch.nn.PReLU",
    inputs=(Port("input", "Fractions; with one slope per channel, the channels are dimension 1."),),
    parameters=(
        Parameter("init", "float", 0.25, "The slope with which learning starts."),
        Parameter(
            "slopes",
            "choice",
            "shared",
            "What is learned: shared is one slope for all values, channels one for each channel.",
            choices=("shared", "channels"),
        ),
    ),
    derived={"num_parameters": _slopes},
    own=("slopes",),
    face=("slopes",),
    keywords=("parametric", "rectifier", "learned slope", "activation", "nonlinearity"),
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    formula="y = x if x > 0, else a·x, where a is learned",
    weights=("weight",),
)

_RRELU = activation(
    "RReLU",
    "Like LeakyReLU with a slope drawn at random for every value while training; afterwards it is the mean slope.",
    "y = x if x > 0, else a·x; a drawn from lower to upper, for prediction (lower + upper)/2",
    "randomised",
    "randomized",
    "rectifier",
    "leaky",
    parameters=(
        Parameter("lower", "float", 1 / 8, "The smallest slope that is drawn for negative values."),
        Parameter("upper", "float", 1 / 3, "The largest slope that is drawn for negative values."),
    ),
    hidden=_INPLACE,
)

_RELU6 = activation(
    "ReLU6",
    "ReLU that ends at 6: keeps values small, as networks for phones (MobileNet) like them.",
    "y = min(max(0, x), 6)",
    "rectifier",
    "clip",
    "mobilenet",
    port=NUMBERS,
    output=_SAME,
    hidden=_INPLACE,
)

_THRESHOLD = activation(
    "Threshold",
    "Keeps values above a threshold and puts a fixed value in the place of all others.",
    "y = x if x > threshold, else value",
    "cut",
    "thresholded relu",
    "gate",
    port=NUMBERS,
    output=_SAME,
    parameters=(
        Parameter("threshold", "float", 1.0, "Values above it stay as they are."),
        Parameter("value", "float", 0.0, "What takes the place of the other values."),
    ),
    hidden=_INPLACE,
)

_HARDTANH = activation(
    "Hardtanh",
    "Clips every value to a range: what lies outside becomes its nearest end.",
    "y = min(max(x, min_val), max_val)",
    "clip",
    "clamp",
    "limit",
    "saturation",
    port=NUMBERS,
    output=_SAME,
    parameters=(
        Parameter("min_val", "float", -1.0, "The smallest value that comes out."),
        Parameter("max_val", "float", 1.0, "The largest value that comes out; more than min_val."),
    ),
    hidden=("inplace", "min_value", "max_value"),
)

_HARDSHRINK = activation(
    "Hardshrink",
    "Sets values near zero to zero and leaves the others: removes small noise.",
    "y = x if |x| > lambd, else 0",
    "sparse",
    "dead zone",
    "denoise",
    parameters=(Parameter("lambd", "float", 0.5, "Values closer to zero than this become zero."),),
)

_SOFTSHRINK = activation(
    "Softshrink",
    "Draws every value towards zero by a fixed amount; values nearer than that become zero.",
    "y = sign(x)·max(|x| − lambd, 0)",
    "soft threshold",
    "sparse",
    "lasso",
    "denoise",
    parameters=(Parameter("lambd", "float", 0.5, "How far every value is drawn towards zero.", minimum=0),),
)

_HARDSIGMOID = activation(
    "Hardsigmoid",
    "A sigmoid made of three straight lines: cheaper, from 0 to 1.",
    "y = min(max(0, x/6 + 1/2), 1)",
    "hard sigmoid",
    "gate",
    "mobilenet",
    hidden=_INPLACE,
)

_HARDSWISH = activation(
    "Hardswish",
    "A cheaper SiLU made with straight lines, as in MobileNetV3.",
    "y = x·min(max(0, x + 3), 6)/6",
    "hard swish",
    "hard silu",
    "mobilenet",
    hidden=_INPLACE,
)

_ELU = activation(
    "ELU",
    "Like ReLU, but negative values level off smoothly at -alpha, which keeps the mean near zero.",
    "y = x if x > 0, else alpha·(exp(x) − 1)",
    "exponential linear unit",
    "smooth",
    parameters=(Parameter("alpha", "float", 1.0, "How far below zero the output goes at most."),),
    hidden=_INPLACE,
)

_SELU = activation(
    "SELU",
    "An ELU scaled so that deep dense networks keep mean 0 and variance 1 by themselves; goes with AlphaDropout.",
    "y = 1.0507·(x if x > 0, else 1.6733·(exp(x) − 1))",
    "self-normalising",
    "self-normalizing",
    "scaled exponential linear unit",
    hidden=_INPLACE,
)

_CELU = LayerKind(
    "CELU",
    "Activation",
    "An ELU without a kink at zero, whatever alpha is.",
    "torch.nn.CELU",
    parameters=(Parameter("alpha", "float", 1.0, "How far below zero the output goes at most."),),
    hidden=_INPLACE,
    face=("alpha",),
    keywords=("continuously differentiable", "exponential linear unit", "smooth", "activation", "nonlinearity"),
    samples=_RELU.samples,
    rules=(_alpha_not_zero,),
    formula="y = max(0, x) + min(0, alpha·(exp(x/alpha) − 1))",
)

KINDS = (
    _RELU,
    _LEAKY_RELU,
    _PRELU,
    _RRELU,
    _RELU6,
    _ELU,
    _SELU,
    _CELU,
    _THRESHOLD,
    _HARDTANH,
    _HARDSHRINK,
    _SOFTSHRINK,
    _HARDSIGMOID,
    _HARDSWISH,
)
