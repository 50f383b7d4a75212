"""What may be said of any layer besides its constructor: how its weights start, what holds them, its activation.

The options are parameters like any other, in sections of their own, but no arguments of the module's constructor: the
source writer turns them into lines of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from core.kinds import LayerKind, Parameter

ACTIVATIONS: Mapping[str, str] = {
    "relu": "F.relu({})",
    "leaky_relu": "F.leaky_relu({})",
    "relu6": "F.relu6({})",
    "elu": "F.elu({})",
    "selu": "F.selu({})",
    "gelu": "F.gelu({})",
    "silu": "F.silu({})",
    "mish": "F.mish({})",
    "hardswish": "F.hardswish({})",
    "hardsigmoid": "F.hardsigmoid({})",
    "softplus": "F.softplus({})",
    "tanh": "torch.tanh({})",
    "sigmoid": "torch.sigmoid({})",
    "softmax": "F.softmax({}, dim=-1)",
    "log_softmax": "F.log_softmax({}, dim=-1)",
}
"""By name: how the source writes an activation that is a property of a layer."""

INITIALISERS = (
    "default",
    "xavier_uniform",
    "xavier_normal",
    "he_uniform",
    "he_normal",
    "orthogonal",
    "normal",
    "truncated_normal",
    "uniform",
    "constant",
    "zeros",
    "ones",
    "identity",
    "dirac",
)
"""How a layer's tensors may start. Those from xavier to orthogonal, identity and dirac are not for biases."""

_BIAS_INITIALISERS = ("default", "normal", "truncated_normal", "uniform", "constant", "zeros", "ones")
CONSTRAINTS = ("none", "max_norm", "unit_norm", "non_negative")

FROZEN = Parameter(
    "frozen",
    "bool",
    False,
    "Whether its weights and running statistics stay as they are while the rest of the network is trained.",
    section="Training",
)
LEARNING_RATE_FACTOR = Parameter(
    "learning_rate_factor",
    "float",
    1.0,
    "What the learning rate is multiplied by for its weights; in a group, for all layers inside.",
    minimum=0,
    exclusive=True,
    section="Training",
    unit="× learning rate",
)
TRAINING_OPTIONS = (FROZEN, LEARNING_RATE_FACTOR)
"""What may be said of whatever has weights, groups and Python layers included."""
TRAINING_NAMES = frozenset(each.name for each in TRAINING_OPTIONS)


@cache
def options_of(kind: LayerKind) -> tuple[Parameter, ...]:
    """Return the options that a kind has besides its own parameters."""
    found = []
    if kind.activates:
        choices = ("none", *ACTIVATIONS)
        found.append(Parameter("activation", "choice", "none", "What is applied to the output.", choices=choices))
    for stem in kind.weights:
        found += _initialisation(stem)
    if kind.weights:
        found += _held()
        found += TRAINING_OPTIONS
    return tuple(found)


def option_names(kind: LayerKind) -> frozenset[str]:
    """Return the names of a kind's options."""
    return frozenset(each.name for each in options_of(kind))


def _initialisation(stem: str) -> list[Parameter]:
    words = _BIAS_INITIALISERS if stem == "bias" else INITIALISERS
    return [
        Parameter(
            f"{stem}_init",
            "choice",
            "default",
            f"How the {stem} starts; default is PyTorch's own way for this layer.",
            choices=words,
            section="Weights",
        ),
        Parameter(
            f"{stem}_init_value",
            "float",
            None,
            "Gain of Xavier and orthogonal, slope of He, standard deviation of normal, bound of uniform, the constant.",
            optional=True,
            section="Weights",
        ),
    ]


def _held() -> list[Parameter]:
    return [
        Parameter(
            "weight_constraint",
            "choice",
            "none",
            "What the weights are brought back to after every step.",
            choices=CONSTRAINTS,
            section="Weights",
        ),
        Parameter(
            "max_norm_value", "float", 3.0, "The norm of max_norm.", minimum=0, exclusive=True, section="Weights"
        ),
        Parameter("l1", "float", 0.0, "Penalty on the sum of absolute weights.", minimum=0, section="Weights"),
        Parameter("l2", "float", 0.0, "Penalty on the sum of squared weights.", minimum=0, section="Weights"),
    ]
