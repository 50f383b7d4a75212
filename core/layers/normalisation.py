"""Normalisation: layers that keep values at a steady scale, so that training is faster and calmer."""

from __future__ import annotations

import math
from collections.abc import Mapping

from core.errors import ModelError
from core.kinds import LayerKind, Parameter, Port, Shape, Value, axis
from core.layers._dtypes import beside_weights

_FAMILY = "Normalisation"
_WEIGHTS = ("weight", "bias")
_KEYWORDS = ("normalization", "normalise", "normalize", "standardise")
_EPS = Parameter("eps", "float", 1e-5, "A small number added to the variance, so that nothing is divided by zero.")
_AFFINE = Parameter("affine", "bool", True, "Whether a scale and a shift are learned for every channel.")
_BIAS = Parameter("bias", "bool", True, "Whether the shift is learned beside the scale.")
_TRACKING = Parameter(
    "track_running_stats",
    "bool",
    True,
    "Whether the mean and variance are remembered for prediction. Otherwise each batch is always normalised by itself.",
)
_MOMENTUM_HELP = "How quickly the remembered mean and variance follow new batches"
_STANDARDISED = "y = (x − mean)/√(variance + eps)·weight + bias"


def _batch_norm(
    identifier: str,
    port: Port,
    summary: str,
    samples: tuple[tuple[Shape, ...], ...],
    *keywords: str,
    hidden: tuple[str, ...] = (),
) -> LayerKind:
    return LayerKind(
        identifier,
        _FAMILY,
        summary,
        f"torch.nn.{identifier}",
        stem="norm",
        inputs=(port,),
        parameters=(
            _EPS,
            Parameter(
                "momentum", "float", 0.1, f"{_MOMENTUM_HELP}; empty: the average of all batches so far.", optional=True
            ),
            _AFFINE,
            _TRACKING,
            _BIAS,
        ),
        hidden=hidden,
        derived={"num_features": axis("input", 1)},
        keywords=(*keywords, "batch normalisation", "bn", *_KEYWORDS),
        samples=samples,
        rules=(_several_per_channel,),
        dtype_rules=(beside_weights("affine", "track_running_stats"),),
        formula=f"{_STANDARDISED}; mean and variance of each channel over the batch",
        weights=_WEIGHTS,
        activates=True,
    )


def _several_per_channel(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse what PyTorch refuses in training: a channel with a single value, whose variance is nothing."""
    shape = shapes["input"]
    if math.prod(shape) != shape[1]:
        return ""
    return "Every channel holds a single value: there is no variance to normalise by while training."


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
    "image",
)

_BATCH_NORM3D = _batch_norm(
    "BatchNorm3d",
    Port("input", "Batch × channels × depth × height × width.", ranks=(5,)),
    "Brings every channel of volumes or videos to mean 0 and variance 1 over the batch, then scales and shifts.",
    (((2, 3, 4, 8, 8),),),
    "volume",
    "video",
)

_SYNC_BATCH_NORM = _batch_norm(
    "SyncBatchNorm",
    Port("input", "Batch × channels, and any further dimensions.", ranks=(2, 3, 4, 5, 6, 7, 8)),
    "BatchNorm over the batches of all GPUs that train together; by itself, or on a CPU, a usual BatchNorm.",
    (((4, 10),), ((2, 3, 8, 8),)),
    "distributed",
    "several gpus",
    hidden=("process_group",),
)


def _instance_norm(dimensions: int, axes: str, noun: str, sample: Shape) -> LayerKind:
    def several_positions(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
        if math.prod(shapes["input"][-dimensions:]) != 1:
            return ""
        return "Every channel of a sample holds a single value: there is no variance to normalise by while training."

    return LayerKind(
        f"InstanceNorm{dimensions}d",
        _FAMILY,
        f"Brings every channel of every single {noun} to mean 0 and variance 1, as in style transfer.",
        f"torch.nn.InstanceNorm{dimensions}d",
        stem="norm",
        inputs=(Port("input", f"Batch × channels × {axes}.", ranks=(dimensions + 2,), unbatched=(dimensions + 1,)),),
        parameters=(
            _EPS,
            Parameter("momentum", "float", 0.1, f"{_MOMENTUM_HELP}, where they are remembered."),
            Parameter("affine", "bool", False, _AFFINE.help),
            Parameter(
                "track_running_stats",
                "bool",
                False,
                "Whether a mean and variance are remembered and used for prediction, instead of each sample's own.",
            ),
            _BIAS,
        ),
        derived={"num_features": axis("input", -dimensions - 1)},
        keywords=("instance normalisation", "style transfer", "contrast", *_KEYWORDS),
        samples=((sample,),),
        rules=(several_positions,),
        dtype_rules=(beside_weights("affine"),),
        formula=f"{_STANDARDISED}; mean and variance of each channel of each sample",
        weights=_WEIGHTS,
        activates=True,
    )


_INSTANCE_NORM1D = _instance_norm(1, "length", "signal", (2, 4, 16))
_INSTANCE_NORM2D = _instance_norm(2, "height × width", "image", (2, 3, 8, 8))
_INSTANCE_NORM3D = _instance_norm(3, "depth × height × width", "volume", (2, 3, 4, 8, 8))


def _grouped_channels(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> Value:
    """Derive the number of channels, which the groups have to divide."""
    channels, groups = shapes["input"][1], parameters["num_groups"]
    if channels % groups:
        fitting = ", ".join(str(each) for each in range(1, channels + 1) if channels % each == 0)
        raise ModelError(
            f"num_groups must divide the {channels} channels that arrive, and {groups} does not: use one of {fitting}."
        )
    return channels


_GROUP_NORM = LayerKind(
    "GroupNorm",
    _FAMILY,
    "Brings groups of channels of every sample to mean 0 and variance 1: BatchNorm's stand-in for small batches.",
    "torch.nn.GroupNorm",
    stem="norm",
    inputs=(Port("input", "Batch × channels, and any further dimensions.", ranks=(2, 3, 4, 5, 6, 7, 8)),),
    parameters=(
        Parameter(
            "num_groups",
            "int",
            1,
            "Into how many groups the channels are divided; 1 takes them all together. It has to divide their number.",
            minimum=1,
        ),
        _EPS,
        _AFFINE,
        _BIAS,
    ),
    derived={"num_channels": _grouped_channels},
    face=("num_groups",),
    keywords=("group normalisation", "gn", "small batches", *_KEYWORDS),
    samples=(((2, 4, 8, 8),), ((2, 8),)),
    sample_parameters={"num_groups": 2},
    dtype_rules=(beside_weights("affine"),),
    formula=f"{_STANDARDISED}; mean and variance of each group of channels of each sample",
    weights=_WEIGHTS,
    activates=True,
)


def _trailing_shape(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> Value:
    """Derive the sizes of the last dimensions, which are normalised together.

    A batch has no fixed size, so that only a tensor without one can be normalised over all of its dimensions.
    """
    shape, count = shapes["input"], parameters["trailing_dims"]
    if count > len(shape):
        raise ModelError(
            f"trailing_dims must be at most {len(shape)} for an input of {len(shape)} dimensions, not {count}."
        )
    return tuple(shape[-count:])


_TRAILING = Port("input", "Features in the last dimensions.", ranks=(2, 3, 4, 5, 6, 7, 8), unbatched=(1,))
_TRAILING_DIMS = Parameter(
    "trailing_dims", "int", 1, "How many of the last dimensions are normalised together.", minimum=1
)
_LAYER_SAMPLES = (((2, 10),), ((2, 5, 7),))

_LAYER_NORM = LayerKind(
    "LayerNorm",
    _FAMILY,
    "Brings every sample by itself to mean 0 and variance 1 along the last dimensions, whatever the batch.",
    "torch.nn.LayerNorm",
    stem="norm",
    inputs=(_TRAILING,),
    parameters=(
        _EPS,
        Parameter("elementwise_affine", "bool", True, "Whether a scale and a shift are learned for every feature."),
        _BIAS,
        _TRAILING_DIMS,
    ),
    derived={"normalized_shape": _trailing_shape},
    own=("trailing_dims",),
    face=("trailing_dims",),
    keywords=("layer normalisation", "ln", "transformer", *_KEYWORDS),
    samples=_LAYER_SAMPLES,
    dtype_rules=(beside_weights("elementwise_affine"),),
    formula=f"{_STANDARDISED}; mean and variance along the last dimensions",
    weights=_WEIGHTS,
    activates=True,
)

_RMS_NORM = LayerKind(
    "RMSNorm",
    _FAMILY,
    "Divides the last dimensions by their root mean square: a cheaper LayerNorm, as in today's language models.",
    "torch.nn.RMSNorm",
    stem="norm",
    inputs=(_TRAILING,),
    parameters=(
        Parameter(
            "eps",
            "float",
            None,
            "A small number added to the mean square; empty: the smallest step of the number format.",
            optional=True,
        ),
        Parameter("elementwise_affine", "bool", True, "Whether a scale is learned for every feature."),
        _TRAILING_DIMS,
    ),
    derived={"normalized_shape": _trailing_shape},
    own=("trailing_dims",),
    face=("trailing_dims",),
    keywords=("root mean square", "rms", "transformer", "llama", *_KEYWORDS),
    samples=_LAYER_SAMPLES,
    formula="y = x/√(mean(x²) + eps)·weight",
    weights=("weight",),
    activates=True,
)


_RESPONSE_PARAMETERS = (
    Parameter("size", "int", 5, "How many neighbouring channels are looked at together.", minimum=1, unit="channels"),
    Parameter("alpha", "float", 1e-4, "How much the neighbours count."),
    Parameter("beta", "float", 0.75, "The power to which what is divided by is raised."),
    Parameter("k", "float", 1.0, "What is added before dividing, so that nothing is divided by zero."),
)
_RESPONSE_FORMULA = "y[c] = x[c]/(k + alpha/size·Σⱼ x[j]²)^beta, over the size channels j around c"
_RESPONSE_KEYWORDS = ("lrn", "alexnet", "lateral inhibition", "across channels", *_KEYWORDS)

_LOCAL_RESPONSE_NORM = LayerKind(
    "LocalResponseNorm",
    _FAMILY,
    "Damps a value where the neighbouring channels are strong at the same place, as in AlexNet.",
    "torch.nn.LocalResponseNorm",
    stem="norm",
    inputs=(
        Port(
            "input",
            "Batch × channels × one or more dimensions.",
            dtype="any",
            ranks=(3, 4, 5, 6, 7, 8),
            refuses=("bool",),
        ),
    ),
    parameters=_RESPONSE_PARAMETERS,
    face=("size",),
    keywords=_RESPONSE_KEYWORDS,
    samples=(((2, 8, 6, 6),), ((2, 4, 16),)),
    formula=_RESPONSE_FORMULA,
    activates=True,
)

_CROSS_MAP_LRN2D = LayerKind(
    "CrossMapLRN2d",
    _FAMILY,
    "LocalResponseNorm as old Torch models have it: slow, and channel 0 counts for all later ones. Prefer the former.",
    "torch.nn.CrossMapLRN2d",
    stem="norm",
    inputs=(Port("input", "Batch × channels × height × width.", ranks=(4,)),),
    parameters=_RESPONSE_PARAMETERS,
    face=("size",),
    keywords=("torch7", *_RESPONSE_KEYWORDS),
    samples=(((2, 8, 6, 6),),),
    formula=f"{_RESPONSE_FORMULA}, and channel 0",
    docs="torch.nn.LocalResponseNorm",
    activates=True,
)

KINDS = (
    _BATCH_NORM1D,
    _BATCH_NORM2D,
    _BATCH_NORM3D,
    _LAYER_NORM,
    _RMS_NORM,
    _GROUP_NORM,
    _INSTANCE_NORM1D,
    _INSTANCE_NORM2D,
    _INSTANCE_NORM3D,
    _LOCAL_RESPONSE_NORM,
    _CROSS_MAP_LRN2D,
    _SYNC_BATCH_NORM,
)
