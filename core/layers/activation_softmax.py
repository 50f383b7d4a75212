"""Activations that look at several values at once: probabilities that add up to 1, and gates."""

from __future__ import annotations

from core.kinds import LayerKind, Parameter, Port

_FAMILY = "Activation"
_KEYWORDS = ("activation", "nonlinearity")
_SCORES = Port("input", "Scores, by default of classes in the last dimension.")
_SAMPLES = (((2, 10),), ((2, 3, 8, 8),))


def _along(help_line: str) -> tuple[Parameter, ...]:
    return (Parameter("dim", "int", -1, f"{help_line}; -1 is the last dimension."),)


_SOFTMAX = LayerKind(
    "Softmax",
    _FAMILY,
    "Turns scores into probabilities that add up to 1. Leave it out before cross-entropy, which does this itself.",
    "torch.nn.Softmax",
    inputs=(_SCORES,),
    parameters=_along("The dimension along which they add up to 1"),
    face=("dim",),
    keywords=("probabilities", "classes", "classification", "normalise", *_KEYWORDS),
    samples=_SAMPLES,
    formula="yᵢ = exp(xᵢ)/Σⱼ exp(xⱼ)",
)

_LOG_SOFTMAX = LayerKind(
    "LogSoftmax",
    _FAMILY,
    "Turns scores into logarithms of probabilities, as the negative log-likelihood loss (NLL) wants them.",
    "torch.nn.LogSoftmax",
    stem="log_softmax",
    inputs=(_SCORES,),
    parameters=_along("The dimension along which the probabilities add up to 1"),
    face=("dim",),
    keywords=("log probabilities", "classes", "classification", "nll", *_KEYWORDS),
    samples=_SAMPLES,
    formula="yᵢ = xᵢ − ln Σⱼ exp(xⱼ)",
)

_SOFTMIN = LayerKind(
    "Softmin",
    _FAMILY,
    "Turns distances or costs into probabilities: the smallest value gets the largest share.",
    "torch.nn.Softmin",
    inputs=(Port("input", "Costs or distances, by default in the last dimension."),),
    parameters=_along("The dimension along which they add up to 1"),
    face=("dim",),
    keywords=("probabilities", "minimum", "distance", *_KEYWORDS),
    samples=_SAMPLES,
    formula="yᵢ = exp(−xᵢ)/Σⱼ exp(−xⱼ)",
)

_SOFTMAX2D = LayerKind(
    "Softmax2d",
    _FAMILY,
    "Turns the channels of every pixel into probabilities that add up to 1: which class is where in an image.",
    "torch.nn.Softmax2d",
    inputs=(Port("input", "Batch × channels × height × width.", ranks=(4,), unbatched=(3,)),),
    keywords=("probabilities", "segmentation", "pixels", "image", *_KEYWORDS),
    samples=(((2, 3, 8, 8),),),
    formula="y[c] = exp(x[c])/Σₖ exp(x[k]) at every pixel",
)

_GLU = LayerKind(
    "GLU",
    _FAMILY,
    "Splits a dimension in two halves and lets the second, as a gate, decide how much of the first gets through.",
    "torch.nn.GLU",
    inputs=(Port("input", "Values and their gates, one after the other along an even dimension."),),
    parameters=_along("The dimension that is split in two halves and becomes half as long"),
    face=("dim",),
    keywords=("gated linear unit", "gate", "half", "split", *_KEYWORDS),
    samples=_SAMPLES,
    formula="y = a·σ(b), where a and b are the halves of x",
)

KINDS = (_SOFTMAX, _LOG_SOFTMAX, _SOFTMIN, _SOFTMAX2D, _GLU)
