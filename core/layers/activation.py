"""Activations: the bends between layers, without which a stack of them would be one straight line."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port

_FAMILY = "Activation"
_KEYWORDS = ("activation", "nonlinearity")
_SAMPLES = (((2, 10),), ((2, 3, 8, 8),))

_RELU = LayerKind(
    "ReLU",
    _FAMILY,
    "Sets negative values to zero and leaves the others: the usual activation.",
    "torch.nn.ReLU",
    hidden=("inplace",),
    keywords=("rectifier", "rectified linear unit", "ramp", *_KEYWORDS),
    samples=_SAMPLES,
)

_LEAKY_RELU = LayerKind(
    "LeakyReLU",
    _FAMILY,
    "Like ReLU, but lets a small share of negative values through, so that no neuron goes silent for good.",
    "torch.nn.LeakyReLU",
    stem="leaky_relu",
    parameters=(Parameter("negative_slope", "float", 0.01, "What negative values are multiplied by."),),
    hidden=("inplace",),
    face=("negative_slope",),
    keywords=("rectifier", "leaky", *_KEYWORDS),
    samples=_SAMPLES,
)

_GELU = LayerKind(
    "GELU",
    _FAMILY,
    "A smooth ReLU, as used in transformers: small values are faded rather than cut.",
    "torch.nn.GELU",
    parameters=(
        Parameter(
            "approximate",
            "choice",
            "none",
            "How it is computed: none is exact, tanh is a quicker approximation.",
            choices=("none", "tanh"),
        ),
    ),
    keywords=("gaussian error linear unit", "smooth", "transformer", *_KEYWORDS),
    samples=_SAMPLES,
)

_SILU = LayerKind(
    "SiLU",
    _FAMILY,
    "A smooth ReLU: every value times its own sigmoid. Also called Swish.",
    "torch.nn.SiLU",
    hidden=("inplace",),
    keywords=("swish", "smooth", "sigmoid linear unit", *_KEYWORDS),
    samples=_SAMPLES,
)

_SIGMOID = LayerKind(
    "Sigmoid",
    _FAMILY,
    "Squeezes every value to between 0 and 1, such as the probability of a yes.",
    "torch.nn.Sigmoid",
    keywords=("logistic", "probability", "squash", *_KEYWORDS),
    samples=_SAMPLES,
)

_TANH = LayerKind(
    "Tanh",
    _FAMILY,
    "Squeezes every value to between -1 and 1.",
    "torch.nn.Tanh",
    keywords=("hyperbolic tangent", "squash", *_KEYWORDS),
    samples=_SAMPLES,
)

_SOFTMAX = LayerKind(
    "Softmax",
    _FAMILY,
    "Turns scores into probabilities that add up to 1. Leave it out before cross-entropy, which does this itself.",
    "torch.nn.Softmax",
    inputs=(Port("input", "Scores, by default of classes in the last dimension.", ranks=(2, 3, 4, 5, 6)),),
    parameters=(Parameter("dim", "int", -1, "The dimension along which they add up to 1; -1 is the last."),),
    face=("dim",),
    keywords=("probabilities", "classes", "classification", "normalise", *_KEYWORDS),
    samples=_SAMPLES,
)

KINDS = (_RELU, _LEAKY_RELU, _GELU, _SILU, _SIGMOID, _TANH, _SOFTMAX)
