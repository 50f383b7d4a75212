"""Normalisation: layers that keep values at a steady scale, so that training is faster and calmer."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import ModelError
from core.kinds import LayerKind, Parameter, Port, Shape, Value, axis

_FAMILY = "Normalisation"
_MOMENTUM = Parameter(
    "momentum",
    "float",
    0.1,
    "How quickly the remembered mean and variance follow new batches; empty: the average of all batches so far.",
    optional=True,
)
_TRACKING = Parameter(
    "track_running_stats",
    "bool",
    True,
    "Whether the mean and variance are remembered for prediction. Otherwise each batch is always normalised by itself.",
)
_AFFINE = "Whether a scale and a shift are learned for every channel."
_EPS = Parameter("eps", "float", 1e-5, "A small number added to the variance, so that nothing is divided by zero.")
_KEYWORDS = ("normalization", "normalise", "normalize", "standardise")


def _trailing_shape(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> Value:
    """Derive the sizes of the last dimensions, which are normalised together."""
    shape, count = shapes["input"], parameters["trailing_dims"]
    if count >= len(shape):
        raise ModelError(
            f"trailing_dims must be at most {len(shape) - 1} for an input of {len(shape)} dimensions, not {count}: "
            "the batch is never normalised over."
        )
    return tuple(shape[-count:])


def _batch_norm(identifier: str, port: Port, summary: str, samples: tuple[tuple[Shape, ...], ...]) -> LayerKind:
    return LayerKind(
        identifier,
        _FAMILY,
        summary,
        f"torch.nn.{identifier}",
        stem="norm",
        inputs=(port,),
        parameters=(_EPS, _MOMENTUM, Parameter("affine", "bool", True, _AFFINE), _TRACKING),
        derived={"num_features": axis("input", 1)},
        keywords=("batch normalisation", "bn", *_KEYWORDS),
        samples=samples,
    )


_BATCH_NORM1D = _batch_norm(
    "BatchNorm1d",
    Port("input", "Batch × features, or batch × channels × length.", ranks=(2, 3)),
    "Brings every feature to mean 0 and variance 1 over the batch, then learns a scale and a shift.",
    (((4, 10),), ((2, 4, 16),)),
)

_BATCH_NORM2D = _batch_norm(
    "BatchNorm2d",
    Port("input", "Batch × channels × height × width.", ranks=(4,)),
    "Brings every channel of images to mean 0 and variance 1 over the batch, then learns a scale and a shift.",
    (((2, 3, 8, 8),),),
)

_LAYER_NORM = LayerKind(
    "LayerNorm",
    _FAMILY,
    "Brings every sample by itself to mean 0 and variance 1 along the last dimensions, whatever the batch.",
    "torch.nn.LayerNorm",
    stem="norm",
    inputs=(Port("input", "Features in the last dimensions.", ranks=(2, 3, 4, 5, 6)),),
    parameters=(
        _EPS,
        Parameter("elementwise_affine", "bool", True, "Whether a scale and a shift are learned for every feature."),
        Parameter("trailing_dims", "int", 1, "How many of the last dimensions are normalised together.", minimum=1),
    ),
    derived={"normalized_shape": _trailing_shape},
    own=("trailing_dims",),
    face=("trailing_dims",),
    keywords=("layer normalisation", "ln", "transformer", *_KEYWORDS),
    samples=(((2, 10),), ((2, 5, 7),)),
)

KINDS = (_BATCH_NORM1D, _BATCH_NORM2D, _LAYER_NORM)
