"""Regularisation: layers that make learning by heart harder, so that the network has to generalise.

Layer scale stands with them: it holds the branches of deep residual networks back, as stochastic depth does.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import LayerKind, Parameter, Port, Rule, Shape, Value

_FAMILY = "Regularisation"
_KEYWORDS = ("overfitting", "regularization", "random", "drop")
_SAME = Port("output", dtype="any")
_RANKS = (2, 3, 4, 5, 6, 7, 8)


def _fractions_where_dropping(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """Refuse what PyTorch refuses in training: whole numbers cannot be scaled up. With p 0 or 1 nothing is."""
    if values["p"] in (0, 1) or dtypes["input"].startswith("float"):
        return ""
    return f"While training, what is kept is scaled up: that needs fractions (float32), not {dtypes['input']}."


def _channels_where_dropping(shapes: Mapping[str, Shape], values: Mapping[str, Value]) -> str:
    """Refuse what PyTorch refuses in training: what has no channels. With p 0 or 1 it does not look for any."""
    if values["p"] in (0, 1) or len(shapes["input"]) > 1:
        return ""
    return "Whole channels are replaced while training, but what arrives has none: it needs batch × channels at least."


def _dropout(
    identifier: str,
    port: Port,
    summary: str,
    share: str,
    formula: str,
    samples: tuple[tuple[tuple[int, ...], ...], ...],
    *keywords: str,
    rules: tuple[Rule, ...] = (),
) -> LayerKind:
    return LayerKind(
        identifier,
        _FAMILY,
        summary,
        f"torch.nn.{identifier}",
        inputs=(port,),
        outputs=(_SAME,),
        parameters=(Parameter("p", "float", 0.5, share, minimum=0, maximum=1, unit="0–1"),),
        hidden=("inplace",),
        face=("p",),
        keywords=(*keywords, *_KEYWORDS),
        samples=samples,
        rules=rules,
        dtype_rules=(_fractions_where_dropping,),
        formula=formula,
    )


_SCALED = "training: y = x·m/(1 − p), where m is 0 with probability p, else 1"

_DROPOUT = _dropout(
    "Dropout",
    Port("input", dtype="any"),
    "Sets randomly chosen values to zero while training, so that the network does not learn by heart.",
    "The share of values that is set to zero while training.",
    _SCALED,
    (((2, 10),), ((2, 3, 8, 8),)),
)

_DROPOUT1D = _dropout(
    "Dropout1d",
    Port("input", "Batch × channels × length.", dtype="any", ranks=(3,), unbatched=(2,)),
    "Sets whole channels of signals to zero while training; neighbouring values would give single ones away.",
    "The share of channels that is set to zero while training.",
    f"{_SCALED}; one m for each channel",
    (((2, 4, 16),),),
    "spatial dropout",
    "channels",
    "signal",
)

_DROPOUT2D = _dropout(
    "Dropout2d",
    Port("input", "Batch × channels × height × width.", dtype="any", ranks=_RANKS),
    "Sets whole channels of images to zero while training; neighbouring pixels would give single ones away.",
    "The share of channels that is set to zero while training.",
    f"{_SCALED}; one m for each channel",
    (((2, 3, 8, 8),),),
    "spatial dropout",
    "channels",
    "image",
)

_DROPOUT3D = _dropout(
    "Dropout3d",
    Port(
        "input",
        "Batch × channels × depth × height × width.",
        dtype="any",
        ranks=(5,),
        unbatched=(1, 2, 3, 4, 6, 7, 8),  # PyTorch takes all of these as one sample, channels first
    ),
    "Sets whole channels of volumes or videos to zero while training.",
    "The share of channels that is set to zero while training.",
    f"{_SCALED}; one m for each channel",
    (((2, 3, 4, 8, 8),),),
    "spatial dropout",
    "channels",
    "volume",
    "video",
)

_ALPHA_DROPOUT = _dropout(
    "AlphaDropout",
    Port("input", dtype="any"),
    "Dropout that keeps mean and variance, as networks made of SELU need it.",
    "The share of values that is replaced while training.",
    "training: y = a·(x or, with probability p, −1.7581) + b; a and b keep mean 0 and variance 1",
    (((2, 10),), ((2, 3, 8, 8),)),
    "selu",
    "self-normalising",
    "self-normalizing",
)

_FEATURE_ALPHA_DROPOUT = _dropout(
    "FeatureAlphaDropout",
    Port("input", "Batch × channels, and any further dimensions.", dtype="any"),
    "AlphaDropout for whole channels, as convolutions with SELU need it.",
    "The share of channels that is replaced while training.",
    "training: y = a·(x or, for whole channels with probability p, −1.7581) + b",
    (((2, 3, 8, 8),), ((2, 4, 6),)),
    "selu",
    "channels",
    "self-normalising",
    "self-normalizing",
    rules=(_channels_where_dropping,),
)

_STOCHASTIC_DEPTH = LayerKind(
    "StochasticDepth",
    _FAMILY,
    "Leaves out a whole residual branch at random while training; put it at the branch's end, before the Add.",
    "core.modules.stochastic_depth.StochasticDepth",
    title="Stochastic depth",
    stem="drop_path",
    inputs=(Port("input", "The residual branch, samples along the first dimension."),),
    parameters=(
        Parameter(
            "p",
            "float",
            0.1,
            "How often the branch is left out; usually more in later layers.",
            minimum=0,
            maximum=1,
            unit="0–1",
        ),
        Parameter(
            "mode",
            "choice",
            "row",
            "row decides for every sample by itself, batch for the whole batch at once.",
            choices=("row", "batch"),
        ),
    ),
    face=("p", "mode"),
    keywords=("drop path", "droppath", "residual", "resnet", "convnext", "swin", *_KEYWORDS),
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    formula="training: y = x/(1 − p), or 0 with probability p",
)


def _size_along_dim(shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> Value:
    """Derive the number of features: the size of the dimension that the user chose."""
    return shapes["input"][parameters["dim"]]


_LAYER_SCALE = LayerKind(
    "LayerScale",
    _FAMILY,
    "Multiplies every feature by a learned factor that starts near zero, so that deep residual networks train.",
    "core.modules.layer_scale.LayerScale",
    title="Layer scale",
    stem="scale",
    inputs=(Port("input", "The residual branch.", ranks=_RANKS, unbatched=(1,)),),
    parameters=(
        Parameter("init", "float", 1e-5, "Where every factor starts: 0.1 in shallow networks, 1e-6 in very deep ones."),
        Parameter("dim", "int", -1, "The dimension of the features: -1 in transformers, 1 for channels of images."),
    ),
    derived={"features": _size_along_dim},
    face=("init", "dim"),
    keywords=("gamma", "residual", "cait", "convnext", "transformer", "factor"),
    samples=(((2, 10),), ((2, 3, 8, 8),)),
    formula="y = weight·x",
    weights=("weight",),
)

KINDS = (
    _DROPOUT,
    _DROPOUT1D,
    _DROPOUT2D,
    _DROPOUT3D,
    _ALPHA_DROPOUT,
    _FEATURE_ALPHA_DROPOUT,
    _STOCHASTIC_DEPTH,
    _LAYER_SCALE,
)
