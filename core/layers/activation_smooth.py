"""Activations without a kink: the smooth relatives of ReLU, and those that squeeze values into a range."""

from __future__ import annotations

from core.kinds import Parameter
from core.layers._activations import ANYTHING, NUMBERS, activation

_GELU = activation(
    "GELU",
    "A smooth ReLU, as used in transformers: small values are faded rather than cut.",
    "y = x·Φ(x), where Φ is the normal distribution function",
    "gaussian error linear unit",
    "smooth",
    "transformer",
    parameters=(
        Parameter(
            "approximate",
            "choice",
            "none",
            "How it is computed: none is exact, tanh is a quicker approximation.",
            choices=("none", "tanh"),
        ),
    ),
)

_SILU = activation(
    "SiLU",
    "A smooth ReLU: every value times its own sigmoid. Also called Swish.",
    "y = x·σ(x)",
    "swish",
    "smooth",
    "sigmoid linear unit",
    hidden=("inplace",),
)

_MISH = activation(
    "Mish",
    "A smooth ReLU with a small dip below zero, as in the YOLO detectors.",
    "y = x·tanh(ln(1 + exp(x)))",
    "smooth",
    "yolo",
    "swish",
    hidden=("inplace",),
)

_SOFTPLUS = activation(
    "Softplus",
    "A smooth ReLU that is always positive: for quantities such as a variance or a rate.",
    "y = ln(1 + exp(beta·x))/beta",
    "smooth",
    "positive",
    "smooth relu",
    parameters=(
        Parameter("beta", "float", 1.0, "How sharp the bend is: the larger, the closer to ReLU."),
        Parameter("threshold", "float", 20.0, "Where beta·x is larger than this, x itself comes out."),
    ),
)

_SIGMOID = activation(
    "Sigmoid",
    "Squeezes every value to between 0 and 1, such as the probability of a yes.",
    "y = 1/(1 + exp(−x))",
    "logistic",
    "probability",
    "squash",
    port=ANYTHING,
)

_LOG_SIGMOID = activation(
    "LogSigmoid",
    "The logarithm of Sigmoid, computed without loss of accuracy: a log-probability of a yes.",
    "y = −ln(1 + exp(−x))",
    "logistic",
    "log probability",
    stem="log_sigmoid",
)

_TANH = activation(
    "Tanh",
    "Squeezes every value to between -1 and 1.",
    "y = (exp(x) − exp(−x))/(exp(x) + exp(−x))",
    "hyperbolic tangent",
    "squash",
    port=ANYTHING,
)

_TANHSHRINK = activation(
    "Tanhshrink",
    "What tanh takes away from a value: nearly nothing remains near zero.",
    "y = x − tanh(x)",
    "hyperbolic tangent",
    "sparse",
    port=NUMBERS,
)

_SOFTSIGN = activation(
    "Softsign",
    "Squeezes every value to between -1 and 1, more slowly than Tanh.",
    "y = x/(1 + |x|)",
    "squash",
    port=NUMBERS,
)

KINDS = (_GELU, _SILU, _MISH, _SOFTPLUS, _SIGMOID, _LOG_SIGMOID, _TANH, _TANHSHRINK, _SOFTSIGN)
