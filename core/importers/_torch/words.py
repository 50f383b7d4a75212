"""How PyTorch's functions read in the catalogue: the kind of each, and what their arguments are called there.

``arguments`` lists a function's arguments in PyTorch's order. ``name:other`` is one that the catalogue calls
``other``, ``*name`` all that follow (also as one tuple), ``-name`` one that changes neither shape nor dtype, and
``name=value`` has a default of PyTorch's own. An argument that is not listed cannot be expressed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from core.importers._torch.translations import (
    Found,
    NoWords,
    all_dimensions,
    apart,
    batch_norm,
    cast_to,
    chunks,
    classes,
    convolution,
    corners,
    degrees_of_freedom,
    dense,
    embedding,
    for_rank,
    from_start,
    given,
    group_norm,
    in_order,
    instance_norm,
    layer_norm,
    limits,
    mode,
    number_as,
    one_number,
    over_the_last,
    parts,
    past_the_batch,
    power,
    prelu,
    rounding,
    row_of_indices,
    sized,
    sliced,
    unpooled,
    with_indices,
    without_indices,
)
from core.kinds import LayerKind, Value
from core.parameters import parameters_of


@dataclass(frozen=True)
class Words:
    """What a function is in the catalogue.

    ``say`` says what takes more than other names, and may raise ``NoWords``. ``fixed`` are parameters that follow from
    the function, ``always`` arguments that the real call gets in any case; ``first_only`` leaves out what the function
    returns besides and the kind does not.
    """

    kind: str | Callable[[Found], str]
    arguments: str = "input"
    say: Callable[[Found], Found] = field(default=lambda found: found)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    always: Mapping[str, Any] = field(default_factory=dict)
    first_only: bool = False


_BINARY = "input:inputs.0 other:inputs.1"
_A_B = "input:a other:b"
_MAX_POOL = "input kernel_size stride padding dilation ceil_mode return_indices"
_AVG_POOL = "input kernel_size stride padding ceil_mode count_include_pad divisor_override"
_CONVOLUTION = "input weight bias stride=1 padding=0 dilation=1 groups=1"
_TRANSPOSED = "input weight bias stride=1 padding=0 output_padding=0 groups=1 dilation=1"
_F = "nn.functional."
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

_ELEMENTWISE = {
    name: Words(kind)
    for name, kind in {
        "abs": "Abs", "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "square": "Square", "neg": "Negative",
        "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos", "sign": "Sign", "floor": "Floor", "ceil": "Ceil",
        "round": "Round", "logical_not": "LogicalNot", "sigmoid": "Sigmoid", "tanh": "Tanh", _F + "relu": "ReLU",
        _F + "relu6": "ReLU6", _F + "selu": "SELU", _F + "hardsigmoid": "Hardsigmoid", _F + "hardswish": "Hardswish",
        _F + "silu": "SiLU", _F + "mish": "Mish", _F + "logsigmoid": "LogSigmoid", _F + "tanhshrink": "Tanhshrink",
        _F + "softsign": "Softsign",
    }.items()
}  # fmt: skip

_ACTIVATIONS = {
    _F + "leaky_relu": Words("LeakyReLU", "input negative_slope"),
    _F + "elu": Words("ELU", "input alpha"),
    _F + "celu": Words("CELU", "input alpha"),
    _F + "threshold": Words("Threshold", "input threshold value"),
    _F + "hardtanh": Words("Hardtanh", "input min_val max_val", apart),
    _F + "hardshrink": Words("Hardshrink", "input lambd"),
    _F + "softshrink": Words("Softshrink", "input lambd"),
    _F + "gelu": Words("GELU", "input approximate"),
    _F + "softplus": Words("Softplus", "input beta threshold"),
    _F + "rrelu": Words("RReLU", "input lower upper -training"),
    _F + "prelu": Words("PReLU", "input weight", prelu),
    _F + "glu": Words("GLU", "input dim"),
    "softmax": Words("Softmax", "input dim", given("dim")),
    "log_softmax": Words("LogSoftmax", "input dim", given("dim")),
    _F + "softmin": Words("Softmin", "input dim", given("dim")),
    _F + "dropout": Words("Dropout", "input p -training", always={"training": True}),
    _F + "dropout2d": Words("Dropout2d", "input p -training", always={"training": True}),
    _F + "dropout3d": Words("Dropout3d", "input p -training", always={"training": True}),
    _F + "alpha_dropout": Words("AlphaDropout", "input p -training", always={"training": True}),
    _F + "feature_alpha_dropout": Words("FeatureAlphaDropout", "input p -training", always={"training": True}),
}

_LAYERS = {
    **{
        f"{_F}conv{rank}d": Words(f"Conv{rank}d", _CONVOLUTION, convolution(rank, transposed=False))
        for rank in (1, 2, 3)
    },
    **{
        f"{_F}conv_transpose{rank}d": Words(f"ConvTranspose{rank}d", _TRANSPOSED, convolution(rank, transposed=True))
        for rank in (1, 2, 3)
    },
    _F + "linear": Words("Linear", "input weight bias", dense),
    _F + "bilinear": Words("Bilinear", "input1 input2 weight bias", dense),
    _F + "embedding": Words(
        "Embedding", "weight input padding_idx max_norm norm_type scale_grad_by_freq -sparse", embedding
    ),
    _F + "embedding_bag": Words(
        "EmbeddingBag",
        "weight input offsets max_norm norm_type scale_grad_by_freq mode -sparse per_sample_weights "
        "-include_last_offset padding_idx",
        embedding,
    ),
    _F + "layer_norm": Words("LayerNorm", "input normalized_shape weight bias eps", layer_norm),
    _F + "rms_norm": Words("RMSNorm", "input normalized_shape weight eps", over_the_last),
    _F + "group_norm": Words("GroupNorm", "input num_groups weight bias eps", group_norm),
    _F + "batch_norm": Words(
        for_rank("BatchNorm"), "input running_mean running_var weight bias training momentum eps", batch_norm
    ),
    _F + "instance_norm": Words(
        for_rank("InstanceNorm"),
        "input running_mean running_var weight bias use_input_stats momentum eps",
        instance_norm,
    ),
    _F + "local_response_norm": Words("LocalResponseNorm", "input size alpha beta k"),
    _F + "scaled_dot_product_attention": Words(
        "ScaledDotProductAttention", "query key value attn_mask -dropout_p is_causal scale enable_gqa"
    ),
    _F + "cosine_similarity": Words("CosineSimilarity", "input1 input2 dim eps"),
    _F + "pairwise_distance": Words("PairwiseDistance", "input1 input2 p eps keepdim"),
}

_POOLING = {
    **{f"{_F}max_pool{rank}d": Words(with_indices(f"MaxPool{rank}d"), _MAX_POOL) for rank in (1, 2, 3)},
    **{f"{_F}avg_pool{rank}d": Words(f"AvgPool{rank}d", _AVG_POOL) for rank in (1, 2, 3)},
    **{f"{_F}adaptive_avg_pool{rank}d": Words(f"AdaptiveAvgPool{rank}d", "input output_size") for rank in (1, 2, 3)},
    **{
        f"{_F}adaptive_max_pool{rank}d": Words(
            f"AdaptiveMaxPool{rank}d", "input output_size return_indices", without_indices, first_only=True
        )
        for rank in (1, 2, 3)
    },
    **{
        f"{_F}max_unpool{rank}d": Words(
            f"MaxUnpool{rank}d", "input indices kernel_size stride padding output_size=None", unpooled
        )
        for rank in (1, 2, 3)
    },
    **{
        f"{_F}fractional_max_pool{rank}d": Words(
            f"FractionalMaxPool{rank}d",
            "input kernel_size output_size=None output_ratio=None return_indices -_random_samples",
            without_indices,
            first_only=True,
        )
        for rank in (2, 3)
    },
}

_VISION = {
    _F + "interpolate": Words(
        "Interpolate",
        "input size=None scale_factor=None mode align_corners recompute_scale_factor antialias",
        corners,
    ),
    _F + "upsample_bilinear": Words("UpsamplingBilinear2d", "input size=None scale_factor=None"),
    _F + "upsample_nearest": Words(
        lambda found: "UpsamplingNearest2d" if found["input"].dim() == 4 else "Upsample",
        "input size=None scale_factor=None",
    ),
    _F + "pixel_shuffle": Words("PixelShuffle", "input upscale_factor"),
    _F + "pixel_unshuffle": Words("PixelUnshuffle", "input downscale_factor"),
    _F + "channel_shuffle": Words("ChannelShuffle", "input groups"),
    _F + "grid_sample": Words("GridSample", "input grid mode padding_mode align_corners"),
    _F + "unfold": Words("Unfold", "input kernel_size dilation padding stride"),
}

_MERGE = {
    "add": Words("Add", _BINARY),
    "mul": Words("Multiply", _BINARY),
    "__radd__": Words("Add", "input:inputs.1 other:inputs.0"),
    "__rmul__": Words("Multiply", "input:inputs.1 other:inputs.0"),
    "sub": Words("Subtract", _A_B),
    "rsub": Words("Subtract", "input:b other:a"),
    "__rsub__": Words("Subtract", "input:b other:a"),
    "div": Words("Divide", _A_B + " rounding_mode:rounding", rounding),
    "true_divide": Words("Divide", _A_B),
    "floor_divide": Words("Divide", _A_B, fixed={"rounding": "floor"}),
    **dict.fromkeys(("matmul", "bmm", "mm", "mv"), Words("MatMul", _A_B)),
    "__rmatmul__": Words("MatMul", "input:b other:a"),
    "einsum": Words("Einsum", "input:inputs equation"),
    "cat": Words("Concatenate", "input:inputs dim=0"),
    "stack": Words("Stack", "input:inputs dim=0"),
    **dict.fromkeys(("maximum", "max.binary"), Words("Maximum", _BINARY)),
    **dict.fromkeys(("minimum", "min.binary"), Words("Minimum", _BINARY)),
    "linalg.vecdot": Words("Dot", _A_B + " dim"),
    "where": Words("Where", "input:a condition other:b", number_as("b", "otherwise")),
    "logical_and": Words("LogicalAnd", _BINARY),
    "logical_or": Words("LogicalOr", _BINARY),
    "logical_xor": Words("LogicalXor", _BINARY),
}

_ARITHMETIC = {
    **{
        name: Words("Compare", _A_B, number_as("b", "value"), {"comparison": sign})
        for name, sign in _COMPARISONS.items()
    },
    "clamp": Words("Clamp", "input min:minimum=None max:maximum=None", limits),
    "clamp_min": Words("Clamp", "input min:minimum maximum=None", limits),
    "clamp_max": Words("Clamp", "input max:maximum minimum=None", limits),
    "pow": Words("Power", "input other:exponent", power),
    _F + "normalize": Words("Normalise", "input p:ord dim eps", sized("dim")),
    "cumsum": Words("CumulativeSum", "input dim"),
    "sum": Words("Sum", "input dim=None keepdim", sized("dim")),
    "mean": Words("Mean", "input dim=None keepdim", sized("dim")),
    "amax": Words("Max", "input dim=None keepdim", sized("dim")),
    "amin": Words("Min", "input dim=None keepdim", sized("dim")),
    "max.reduction_no_dim": Words("Max", fixed={"dim": None}),
    "min.reduction_no_dim": Words("Min", fixed={"dim": None}),
    "std": Words("Std", "input dim=None unbiased=None keepdim correction=1", degrees_of_freedom),
    "var": Words("Variance", "input dim=None unbiased=None keepdim correction=1", degrees_of_freedom),
    "linalg.vector_norm": Words("Norm", "input ord=2.0 dim=None keepdim", sized("dim")),
    "logsumexp": Words("LogSumExp", "input dim=None keepdim", sized("dim")),
    "to": Words("Cast", "input dtype -non_blocking -copy -memory_format", cast_to),
    **{
        name: Words("Cast", "input -memory_format", fixed={"dtype": dtype})
        for name, dtype in {"float": "float32", "long": "int64", "bool": "bool"}.items()
    },
}

_SELECTION = {
    **dict.fromkeys(
        ("split", "unsafe_split", "split_with_sizes", "split_with_sizes_copy"),
        Words("Split", "input sizes dim=0", parts),
    ),
    **dict.fromkeys(("chunk", "unsafe_chunk"), Words("Chunk", "input chunks dim=0", chunks)),
    **dict.fromkeys(("narrow", "narrow_copy"), Words("Slice", "input dim start length", from_start)),
    "slice": Words("Slice", "input dim=0 start=0 end:stop=None step", sliced),
    "select": Words("Select", "input dim index"),
    "index_select": Words("IndexSelect", "input dim index", row_of_indices),
    "gather": Words("Gather", "input dim index"),
    "argmax": Words("ArgMax", "input dim keepdim", given("dim")),
    "argmin": Words("ArgMin", "input dim keepdim", given("dim")),
    "topk": Words("TopK", "input k dim largest sorted", in_order),
    _F + "one_hot": Words("OneHot", "input num_classes", classes),
}

_SHAPE = {
    **dict.fromkeys(("reshape", "view", "view_copy"), Words("Reshape", "input *shape", fixed={"keep_batch": False})),
    "flatten": Words("Flatten", "input start_dim=0 end_dim", past_the_batch),
    "unflatten": Words("Unflatten", "input dim sizes:unflattened_size"),
    **dict.fromkeys(("permute", "permute_copy"), Words("Permute", "input *order")),
    **dict.fromkeys(("transpose", "transpose_copy"), Words("Transpose", "input dim0 dim1")),
    **dict.fromkeys(
        ("squeeze", "squeeze.multiple", "squeeze_copy"),
        Words("Squeeze", "input dim", lambda found: sized("dim")(given("dim")(found))),
    ),
    **dict.fromkeys(("unsqueeze", "unsqueeze_copy"), Words("Unsqueeze", "input dim")),
    **dict.fromkeys(("expand", "expand_copy", "broadcast_to"), Words("Expand", "input *sizes")),
    "repeat": Words("Tile", "input *repeats", all_dimensions),
    "tile": Words("Tile", "input *repeats"),
    "repeat_interleave": Words("RepeatInterleave", "input repeats dim", one_number("repeats")),
    "roll": Words("Roll", "input shifts dims=()", sized("shifts", "dims")),
    "flip": Words("Flip", "input *dims"),
    **{
        f"{_F}pad.{variant}": Words("Pad", "input pad mode value", mode(variant.partition("_")[0]))
        for variant in ("constant", "reflect", "replicate", "replicate_negative", "circular")
    },
}

WORDS: Mapping[str, Words] = {
    **_ELEMENTWISE, **_ACTIVATIONS, **_LAYERS, **_POOLING, **_VISION, **_MERGE, **_ARITHMETIC, **_SELECTION, **_SHAPE,
}  # fmt: skip
"""Words by the name of a function, or by its name and variant where that is what decides."""

_PLAIN = (bool, int, float, str, type(None))
_NEVER_NEGATIVE = ("eps", "momentum", "divisor_override")
"""Parameters that PyTorch takes with any sign, though below zero they give no numbers, or wrong ones."""


def bound(words: Words, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Found:
    """Return the arguments of a call by the catalogue's names.

    Raises:
        NoWords: there is an argument that the catalogue has no name for.
    """
    given, found, left = list(args), {}, dict(kwargs)
    for argument in words.arguments.split():
        theirs, ours, default = _read(argument)
        if argument.startswith("*"):
            one = len(given) == 1 and isinstance(given[0], tuple | list | torch.Size)
            value = left.pop(ours) if ours in left else tuple(given[0] if one else given)
            given = []
        elif given:
            value = given.pop(0)
        elif theirs in left or default:
            value = left.pop(theirs) if theirs in left else ast.literal_eval(default)
        else:
            continue
        if not argument.startswith("-"):
            found[ours] = value
    unknown = [name for name, value in left.items() if value is not None]
    if given or unknown:
        raise NoWords(f"argument {unknown[0] if unknown else given[0]}")
    return found


def _read(argument: str) -> tuple[str, str, str]:
    """Return PyTorch's name of an argument, the catalogue's and the default: see above."""
    names, _, default = argument.lstrip("*-").partition("=")
    theirs, _, ours = names.partition(":")
    return theirs, ours or theirs, default


def parameters(kind: LayerKind, found: Found) -> Iterator[tuple[str, Value]]:
    """Yield the parameters among what was said, each as a project holds it.

    Raises:
        NoWords: one is no plain value, or none that the kind takes.
    """
    known = {each.name: each for each in parameters_of(kind)}
    for name, said in found.items():
        if kind.input_port(name) is not None or kind.input_port(f"{name}.0") is not None:
            continue
        value = tuple(said) if isinstance(said, list | torch.Size) else said
        for each in value if isinstance(value, tuple) else (value,):
            if not isinstance(each, _PLAIN):
                raise NoWords(f"{name} is a {type(each).__name__}")
            if isinstance(each, float) and abs(each) == float("inf"):
                raise NoWords(f"{name} is infinite")
            if name in _NEVER_NEGATIVE and isinstance(each, int | float) and each < 0:
                raise NoWords(f"a negative {name}, which has no meaning")
        if name not in known:
            raise NoWords(f"argument {name}")
        if isinstance(value, tuple) and len(value) == 1 and known[name].length > 1:
            value = value[0]  # a row of one stands for every dimension alike
        yield name, value
