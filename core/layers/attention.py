"""Attention: every position of a sequence gathers what it needs from the others, and learns where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value, axis
from core.layers._attending import (
    CAUSAL,
    FAMILY,
    HEADS_HELP,
    KEYWORDS,
    batch_first,
    causal_mask,
    mask_port,
    one_mask,
    padding_port,
    sequence_port,
    sequences_beside_weights,
)
from core.layers._writing import one_dtype

_ATTENTION_FORMULA = "y = softmax(Q·Kᵀ / √d)·V"
_TRUE_MARKS = Parameter(
    "true_marks",
    "choice",
    "blocked",
    "What True stands for: blocked, as all attention layers want it but ScaledDotProductAttention, or allowed.",
    choices=("blocked", "allowed"),
)


def _width_beside_query(*ports: str) -> Callable[[Mapping[str, Shape], Mapping[str, Value]], Value]:
    """Derive the features of the first of these ports that is linked; None where they are those of the query."""

    def derive(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> Value:
        width = next((shapes[port][-1] for port in ports if port in shapes), shapes["query"][-1])
        return None if width == shapes["query"][-1] else width

    return derive


def _call_multihead(call: Call) -> str:
    """Write ``attn1, attn1_weights = self.attn1(x, x, x)``; weights that nobody reads are not computed."""
    query = call.input
    key = next(iter(call.inputs.get("key", call.inputs.get("value", (query,)))))
    value = next(iter(call.inputs.get("value", (key,))))
    written = [query, key, value]
    written += [f"{name}={call.inputs[name][0]}" for name in ("key_padding_mask", "attn_mask") if name in call.inputs]
    if call.arguments.get("is_causal"):
        written.append(f"attn_mask={causal_mask(query, -2)}")
    if call.outputs["weights"] == "_":
        written.append("need_weights=False")
    elif not call.arguments.get("average_attn_weights", True):
        written.append("average_attn_weights=False")
    return f"{call.output}, {call.outputs['weights']} = {call.module}({', '.join(written)})"


def _call_scaled_dot_product(call: Call) -> str:
    """Write ``attention1 = F.scaled_dot_product_attention(q, k, v, is_causal=True)``."""
    written = [call.inputs[name][0] for name in ("query", "key", "value")]
    if "attn_mask" in call.inputs:
        written.append(f"attn_mask={call.inputs['attn_mask'][0]}")
    for name, default in (("is_causal", False), ("scale", None), ("enable_gqa", False)):
        if call.arguments[name] != default:
            written.append(f"{name}={call.arguments[name]!r}")
    return f"{call.output} = F.scaled_dot_product_attention({', '.join(written)})"


def _mask_within_scores(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse a mask that is larger than the scores it is added to; what is too small, PyTorch says itself."""
    mask, query, key = shapes.get("attn_mask", ()), shapes["query"], shapes["key"]
    leading = max(query[:-2], key[:-2], key=len)
    scores = (*leading, query[-2], key[-2])
    if len(mask) == 1 and len(query) == 4:
        return "attn_mask needs a dimension for the query's positions and one for the key's: time × time."
    extra = len(mask) - len(scores)
    if extra <= 0 and all(size == 1 or here != 1 for size, here in zip(mask[::-1], scores[::-1], strict=False)):
        return ""
    return (
        "attn_mask is larger than the scores it is laid over: it may have at most the dimensions of the query, and "
        "size 1 where the scores (query positions × key positions) have size 1."
    )


def _one_length(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse keys without values: PyTorch's fast kernel would read beyond the end of the shorter one."""
    key, value = shapes["key"][-2], shapes["value"][-2]
    if key == value:
        return ""
    return f"Each position of key belongs to one of value, but key has {key} positions and value {value}."


def _sequences_of_one_dtype(dtypes: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """Say what is wrong where query, key and value are of different dtypes."""
    return one_dtype({name: dtype for name, dtype in dtypes.items() if name != "attn_mask"}, values)


def _call_causal_mask(call: Call) -> str:
    """Write ``mask1 = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)``."""
    keep = "triu(1)" if call.arguments["true_marks"] == "blocked" else "tril()"
    return f"{call.output} = {causal_mask(call.input, call.arguments['dim'], keep)}"


_MULTIHEAD_ATTENTION = LayerKind(
    "MultiheadAttention",
    FAMILY,
    "Every position of the query gathers what it needs from the keys' positions, in several learned ways at once.",
    "torch.nn.MultiheadAttention",
    title="Multi-head attention",
    stem="attention",
    inputs=(
        sequence_port("query", "What asks"),
        sequence_port("key", "What is asked, the query itself where free", optional=True),
        sequence_port("value", "What is gathered, the key itself where free", optional=True),
        padding_port("key_padding_mask", "Over the positions of the key"),
        mask_port("attn_mask", "Over pairs of query and key positions"),
    ),
    outputs=(
        Port("output", "What each position of the query gathered: batch × time × features."),
        Port("weights", "How much each query position took from each key position: batch × time × time."),
    ),
    parameters=(
        Parameter("num_heads", "int", 8, HEADS_HELP, minimum=1),
        Parameter("dropout", "float", 0.0, "The share of attention weights set to zero while training."),
        Parameter("bias", "bool", True, "Whether biases are learned beside the weights."),
        Parameter("add_bias_kv", "bool", False, "Whether one learned position is added to keys and values."),
        Parameter(
            "add_zero_attn", "bool", False, "Whether a position of zeros is added, so that a query may take nothing."
        ),
        CAUSAL,
        Parameter(
            "average_attn_weights",
            "bool",
            True,
            "Whether the output weights holds the average over the heads, or one map for each head.",
        ),
    ),
    derived={
        "embed_dim": axis("query", -1),
        "kdim": _width_beside_query("key", "value"),
        "vdim": _width_beside_query("value", "key"),
        "batch_first": batch_first,
    },
    own=("is_causal", "average_attn_weights"),
    face=("num_heads", "is_causal"),
    keywords=("self-attention", "cross-attention", "multi-head", "mha", "query key value", "qkv", *KEYWORDS),
    call=_call_multihead,
    samples=(((2, 5, 16),), ((2, 5, 16), (2, 7, 12), (2, 7, 10))),
    rules=(one_mask("is_causal", "attn_mask"),),
    dtype_rules=(sequences_beside_weights,),
    formula=f"{_ATTENTION_FORMULA}, in each of num_heads parts of the features",
    weights=("weight", "bias"),
)

_SCALED_DOT_PRODUCT_ATTENTION = LayerKind(
    "ScaledDotProductAttention",
    FAMILY,
    "Attention without weights of its own: gathers values where query and key agree. For attention that you wire.",
    title="Scaled dot-product attention",
    stem="attention",
    inputs=(
        Port("query", "What asks: batch × (heads ×) time × features.", ranks=(3, 4, 5, 6), unbatched=(2,)),
        Port("key", "What is asked: batch × (heads ×) time × features.", ranks=(3, 4, 5, 6), unbatched=(2,)),
        Port("value", "What is gathered: batch × (heads ×) time × features.", ranks=(3, 4, 5, 6), unbatched=(2,)),
        Port(
            "attn_mask",
            "True where attention is allowed (elsewhere: blocked), or fractions added to the scores; time × time.",
            dtype="any",
            optional=True,
        ),
    ),
    parameters=(
        CAUSAL,
        Parameter("scale", "float", None, "What the scores are multiplied by; empty: 1 / √features.", optional=True),
        Parameter(
            "enable_gqa", "bool", False, "Whether several heads of the query may share one head of key and value."
        ),
    ),
    face=("is_causal",),
    keywords=("sdpa", "flash attention", "grouped query attention", "gqa", "qkv", *KEYWORDS),
    call=_call_scaled_dot_product,
    samples=(((2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 6)),),
    rules=(one_mask("is_causal", "attn_mask"), _one_length, _mask_within_scores),
    dtype_rules=(_sequences_of_one_dtype,),
    formula=_ATTENTION_FORMULA,
    docs="torch.nn.functional.scaled_dot_product_attention",
)

_CAUSAL_MASK = LayerKind(
    "CausalMask",
    FAMILY,
    "A mask that hides later positions, so that a layer which writes a sequence cannot look ahead.",
    title="Causal mask",
    stem="mask",
    inputs=(Port("sequence", "The sequence whose length the mask takes.", dtype="any", ranks=(2, 3, 4, 5, 6)),),
    outputs=(Port("output", "Yes or no for every pair of positions: time × time.", dtype="bool"),),
    parameters=(Parameter("dim", "int", 1, "Which dimension of the sequence is time."), _TRUE_MARKS),
    face=("true_marks",),
    keywords=("look-ahead mask", "triangular", "autoregressive", "subsequent mask", "attention mask", *KEYWORDS),
    call=_call_causal_mask,
    samples=(((2, 5, 16),), ((2, 4),)),
    formula="mask[i, j] = (j > i)",
    docs="torch.triu",
)

_POSITIONED = Port("input", "Batch × (heads ×) time × features.", ranks=(3, 4, 5, 6), unbatched=(2,))


def _even(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse an odd number of features, which cannot be turned in pairs."""
    features = shapes["input"][-1]
    return f"The features are turned in pairs, so their number must be even: {features} arrive." if features % 2 else ""


_BASE = Parameter("base", "float", 10000.0, minimum=1, exclusive=True)

_POSITIONAL_ENCODING = LayerKind(
    "PositionalEncoding",
    FAMILY,
    "Adds waves to a sequence that tell attention where each position stands. Nothing is learned; any length fits.",
    "core.modules.positional_encoding.PositionalEncoding",
    title="Positional encoding",
    stem="position",
    inputs=(_POSITIONED,),
    parameters=(_BASE,),
    keywords=("sinusoidal", "position embedding", "sine", "cosine", *KEYWORDS),
    samples=(((2, 5, 16),), ((2, 4, 7),)),
    formula="y[t, 2i] = x + sin(t / base^(2i/E));  y[t, 2i+1] = x + cos(t / base^(2i/E))",
)

_LEARNED_POSITIONAL_ENCODING = LayerKind(
    "LearnedPositionalEncoding",
    FAMILY,
    "Adds a learned vector for each position of a sequence, so that attention knows the order.",
    "core.modules.learned_positional_encoding.LearnedPositionalEncoding",
    title="Learned positional encoding",
    stem="position",
    inputs=(_POSITIONED,),
    parameters=(Parameter("max_length", "int", 512, minimum=1, unit="positions"),),
    derived={"embed_dim": axis("input", -1)},
    face=("max_length",),
    keywords=("position embedding", "bert", "gpt", "vit", *KEYWORDS),
    samples=(((2, 5, 16),),),
    formula="y[t] = x[t] + p[t]",
    weights=("weight",),
)

_ROTARY_EMBEDDING = LayerKind(
    "RotaryEmbedding",
    FAMILY,
    "Turns queries and keys by their position, so that attention sees how far apart two are. Link it before attention.",
    "core.modules.rotary_embedding.RotaryEmbedding",
    title="Rotary embedding",
    stem="rotary",
    inputs=(_POSITIONED,),
    parameters=(_BASE,),
    keywords=("rope", "rotary position embedding", "llama", "position", *KEYWORDS),
    samples=(((2, 4, 5, 8),), ((2, 5, 8),)),
    rules=(_even,),
    formula="(y₂ᵢ, y₂ᵢ₊₁) = (x₂ᵢ, x₂ᵢ₊₁) turned by t / base^(2i/E)",
)

KINDS = (
    _MULTIHEAD_ATTENTION,
    _SCALED_DOT_PRODUCT_ATTENTION,
    _CAUSAL_MASK,
    _POSITIONAL_ENCODING,
    _LEARNED_POSITIONAL_ENCODING,
    _ROTARY_EMBEDDING,
)
