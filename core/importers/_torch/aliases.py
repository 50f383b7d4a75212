"""Other names of PyTorch's functions, and operators that take their arguments in another order than Python does."""

from __future__ import annotations

from collections.abc import Mapping

from core.importers._torch.translations import (
    all_dimensions,
    batch_norm,
    classes,
    embedding,
    for_rank,
    given,
    group_norm,
    instance_norm,
    layer_norm,
    one_number,
    sized,
)
from core.importers._torch.words import Words

ALIASES: Mapping[str, str] = {
    "iadd": "add", "imul": "mul", "isub": "sub", "itruediv": "true_divide", "truediv": "true_divide",
    "floordiv": "floor_divide", "multiply": "mul", "subtract": "sub", "divide": "div", "negative": "neg",
    "absolute": "abs", "concat": "cat", "concatenate": "cat", "swapaxes": "transpose", "swapdims": "transpose",
    "clip": "clamp", "greater": "gt", "greater_equal": "ge", "less": "lt", "less_equal": "le", "not_equal": "ne",
    "and_": "logical_and", "or_": "logical_or", "invert": "logical_not", "bitwise_and": "logical_and",
    "bitwise_or": "logical_or", "bitwise_not": "logical_not", "and": "logical_and", "or": "logical_or",
    "clone": "contiguous", "linalg_vector_norm": "linalg.vector_norm", "linalg_vecdot": "linalg.vecdot",
}  # fmt: skip
"""What a function is called in the table."""

IDENTITIES = frozenset("contiguous alias lift_fresh_copy lift_fresh lift identity positive requires_grad".split())
"""Functions that give what they are given, as far as a network is concerned."""
FILLED = frozenset("zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty".split())
"""Functions that take nothing of what they are given but its size."""
CASTS = frozenset("to type float long bool int double half type_as to_copy to_dtype cpu cuda".split())
"""Functions that change the kind of number, or only the device."""
DROPPED = frozenset(
    "inplace _stacklevel memory_format non_blocking copy device layout pin_memory implicit generator out".split()
)
"""Arguments that change nothing here."""

_CUDNN = "-cudnn_enabled"
ATEN: Mapping[str, Words] = {
    "batch_norm": Words(
        for_rank("BatchNorm"),
        f"input weight bias running_mean running_var training momentum eps {_CUDNN}",
        batch_norm,
    ),
    "native_batch_norm_legit_no_training": Words(
        for_rank("BatchNorm"), "input weight bias running_mean running_var momentum eps", batch_norm, first_only=True
    ),
    "instance_norm": Words(
        for_rank("InstanceNorm"),
        f"input weight bias running_mean running_var use_input_stats momentum eps {_CUDNN}",
        instance_norm,
    ),
    "layer_norm": Words("LayerNorm", "input normalized_shape weight bias eps -cudnn_enable", layer_norm),
    "group_norm": Words("GroupNorm", f"input num_groups weight bias eps {_CUDNN}", group_norm),
    "embedding": Words("Embedding", "weight input padding_idx scale_grad_by_freq -sparse", embedding),
    "adaptive_max_pool1d": Words("AdaptiveMaxPool1d", "input output_size", first_only=True),
    "adaptive_max_pool2d": Words("AdaptiveMaxPool2d", "input output_size", first_only=True),
    "adaptive_max_pool3d": Words("AdaptiveMaxPool3d", "input output_size", first_only=True),
    "log_softmax": Words("LogSoftmax", "input dim", given("dim")),
    "softmax": Words("Softmax", "input dim", given("dim")),
    "tile": Words("Tile", "input repeats", all_dimensions),
    "repeat_interleave": Words("RepeatInterleave", "input repeats dim -output_size", one_number("repeats")),
    "one_hot": Words("OneHot", "input num_classes", classes),
    "norm": Words("Norm", "input p:ord dim=None keepdim", lambda found: _norm(sized("dim")(found))),
    "scaled_dot_product_attention": Words(
        "ScaledDotProductAttention", "query key value attn_mask -dropout_p is_causal scale enable_gqa"
    ),
    "im2col": Words("Unfold", "input kernel_size dilation padding stride"),
    "col2im": Words("Fold", "input output_size kernel_size dilation padding stride"),
    "fold": Words("Fold", "input output_size kernel_size dilation padding stride"),
    "detach": Words("Detach"),
}
"""Words for operators whose arguments are in another order, and for functions that the other table does not hold."""


FUNCTIONS: Mapping[str, Words] = {
    "embedding": Words(
        "Embedding", "input weight padding_idx max_norm norm_type scale_grad_by_freq -sparse", embedding
    ),
    "embedding_bag": Words(
        "EmbeddingBag",
        "input weight offsets max_norm norm_type scale_grad_by_freq mode -sparse per_sample_weights "
        "-include_last_offset padding_idx",
        embedding,
    ),
}
"""Words for functions of Python whose arguments are in another order than PyTorch's samples of them have."""


def _norm(found: dict[str, object]) -> dict[str, object]:
    order = found.get("ord", 2.0)
    return {**found, "ord": 2.0 if order in ("fro", None) else order}
