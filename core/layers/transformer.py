"""Transformers: blocks of attention and dense layers, stacked to an encoder, a decoder, or both."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.kinds import Call, LayerKind, Parameter, Value, axis
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
from core.layers._writing import written

_LAYER_DEFAULTS: Mapping[str, Value] = {
    "num_encoder_layers": 6,
    "num_decoder_layers": 6,
    "dim_feedforward": 2048,
    "dropout": 0.1,
    "activation": "relu",
    "layer_norm_eps": 1e-5,
    "norm_first": False,
    "bias": True,
}
"""PyTorch's own defaults: only what differs is written."""


def _parameters(*counts: Parameter) -> tuple[Parameter, ...]:
    """Return the parameters of all transformer kinds, after those that count layers."""
    return (
        Parameter("nhead", "int", 8, HEADS_HELP, minimum=1),
        *counts,
        Parameter(
            "dim_feedforward",
            "int",
            2048,
            "How wide the two dense layers behind each attention are.",
            minimum=1,
            unit="features",
        ),
        Parameter("dropout", "float", 0.1, "The share of values set to zero while training."),
        Parameter(
            "activation",
            "choice",
            "relu",
            "The bend between the two dense layers; gelu is smoother.",
            choices=("relu", "gelu"),
        ),
        Parameter(
            "layer_norm_eps",
            "float",
            1e-5,
            "A small number added to the variance in the normalisations.",
            minimum=0,
            exclusive=True,
        ),
        Parameter(
            "norm_first",
            "bool",
            False,
            "Whether normalisation comes before attention and dense layers, which calms deep stacks, or after them.",
        ),
        Parameter("bias", "bool", True, "Whether biases are learned beside the weights."),
    )


_LAYER_OWN = tuple(parameter.name for parameter in _parameters())
_FINAL_NORM = Parameter(
    "final_norm", "bool", False, "Whether the output of the last layer is normalised: wanted with norm_first."
)
_TARGET_CAUSAL = Parameter(
    "tgt_is_causal",
    "bool",
    False,
    "Whether each target position sees only itself and earlier ones: wanted to generate.",
)
_SOURCE_CAUSAL = Parameter(
    "src_is_causal", "bool", False, "Whether each source position sees only itself and earlier ones."
)


def _call_transformer(
    sequences: tuple[str, ...], causal: Mapping[str, tuple[str, str]], detects: bool
) -> Callable[[Call], str]:
    """Return the writer of a transformer's line.

    ``causal`` names for each flag the mask that it makes and the sequence that this is for. With ``detects`` the module
    would compare a linked mask with a causal one at each call: the line says that it is to be taken as it is.
    """

    def write(call: Call) -> str:
        given = [call.inputs[name][0] for name in sequences]
        given += [f"{name}={found[0]}" for name, found in call.inputs.items() if name not in sequences]
        for flag, (mask, sequence) in causal.items():
            if call.arguments[flag]:
                given += [f"{mask}={causal_mask(call.inputs[sequence][0], -2)}", f"{flag}=True"]
            elif detects and mask in call.inputs:
                given.append(f"{flag}=False")
        return f"{call.output} = {call.module}({', '.join(given)})"

    return write


def _differing(values: Mapping[str, Value], *names: str) -> list[str]:
    return [f"{name}={written(values[name])}" for name in names if values[name] != _LAYER_DEFAULTS[name]]


def _construct_layer(name: str, *counts: str) -> Callable[[Mapping[str, Value]], str]:
    """Return the writer of ``nn.TransformerEncoderLayer(d_model=64, nhead=8, batch_first=True)`` and its like."""

    def construct(values: Mapping[str, Value]) -> str:
        given = [f"d_model={values['d_model']}", f"nhead={values['nhead']}"]
        given += _differing(values, *counts, *_LAYER_OWN[1:])
        return f"nn.{name}({', '.join([*given, 'batch_first=True'])})"

    return construct


def _construct_stack(name: str, *always: str) -> Callable[[Mapping[str, Value]], str]:
    """Return the writer of a stack: ``nn.TransformerDecoder(nn.TransformerDecoderLayer(…), num_layers=6)``."""
    layer = _construct_layer(f"{name}Layer")

    def construct(values: Mapping[str, Value]) -> str:
        given = [layer(values), f"num_layers={values['num_layers']}"]
        if values["final_norm"]:
            eps = [f"eps={values['layer_norm_eps']!r}"] if _differing(values, "layer_norm_eps") else []
            sizes = [str(values["d_model"]), *eps, *_differing(values, "bias")]
            given.append(f"norm=nn.LayerNorm({', '.join(sizes)})")
        return f"nn.{name}({', '.join([*given, *always])})"

    return construct


_ENCODER_LAYER = LayerKind(
    "TransformerEncoderLayer",
    FAMILY,
    "One block of a transformer's encoder: self-attention and two dense layers, each with shortcut and normalisation.",
    "torch.nn.TransformerEncoderLayer",
    title="Transformer encoder layer",
    stem="encoder",
    inputs=(
        sequence_port("src", "The sequence"),
        mask_port("src_mask", "Over pairs of positions"),
        padding_port("src_key_padding_mask", "Over positions"),
    ),
    parameters=(*_parameters(), CAUSAL),
    derived={"d_model": axis("src", -1), "batch_first": batch_first},
    own=("is_causal",),
    face=("nhead", "dim_feedforward"),
    keywords=("encoder block", "self-attention", "bert", "gpt", "vit", *KEYWORDS),
    call=_call_transformer(("src",), {"is_causal": ("src_mask", "src")}, detects=False),
    construct=_construct_layer("TransformerEncoderLayer"),
    samples=(((2, 5, 16),),),
    dtype_rules=(sequences_beside_weights,),
    rules=(one_mask("is_causal", "src_mask"),),
    formula="h = norm(x + attention(x, x, x));  y = norm(h + dense(activation(dense(h))))",
)

_ENCODER = LayerKind(
    "TransformerEncoder",
    FAMILY,
    "A stack of equal encoder blocks: reads a whole sequence at once and gives every position its context.",
    "torch.nn.TransformerEncoder",
    title="Transformer encoder",
    stem="encoder",
    inputs=(
        sequence_port("src", "The sequence"),
        mask_port("mask", "Over pairs of positions"),
        padding_port("src_key_padding_mask", "Over positions"),
    ),
    parameters=(
        *_parameters(Parameter("num_layers", "int", 6, "How many blocks follow each other.")),
        _FINAL_NORM,
        CAUSAL,
    ),
    hidden=("encoder_layer", "norm", "enable_nested_tensor", "mask_check"),
    derived={"d_model": axis("src", -1)},
    own=(*_LAYER_OWN, "final_norm", "is_causal"),
    face=("num_layers", "nhead", "dim_feedforward"),
    keywords=("encoder blocks", "self-attention", "bert", "gpt", "vit", *KEYWORDS),
    call=_call_transformer(("src",), {"is_causal": ("mask", "src")}, detects=True),
    construct=_construct_stack("TransformerEncoder", "enable_nested_tensor=False"),
    samples=(((2, 5, 16),),),
    dtype_rules=(sequences_beside_weights,),
    rules=(one_mask("is_causal", "mask"),),
    repeats=("num_layers",),
    formula="num_layers times:  h = norm(x + attention(x, x, x));  x = norm(h + dense(activation(dense(h))))",
)

_DECODER_INPUTS = (
    sequence_port("tgt", "The target sequence, as far as it is known"),
    sequence_port("memory", "What the encoder made of the source"),
    mask_port("tgt_mask", "Over pairs of target positions"),
    mask_port("memory_mask", "Over pairs of target and memory positions"),
    padding_port("tgt_key_padding_mask", "Over target positions"),
    padding_port("memory_key_padding_mask", "Over memory positions"),
)

_DECODER_LAYER = LayerKind(
    "TransformerDecoderLayer",
    FAMILY,
    "One block of a transformer's decoder: attention over the target so far, then over what the encoder made.",
    "torch.nn.TransformerDecoderLayer",
    title="Transformer decoder layer",
    stem="decoder",
    inputs=_DECODER_INPUTS,
    parameters=(*_parameters(), _TARGET_CAUSAL),
    derived={"d_model": axis("tgt", -1), "batch_first": batch_first},
    own=("tgt_is_causal",),
    face=("nhead", "dim_feedforward"),
    keywords=("decoder block", "cross-attention", "seq2seq", "translation", *KEYWORDS),
    call=_call_transformer(("tgt", "memory"), {"tgt_is_causal": ("tgt_mask", "tgt")}, detects=False),
    construct=_construct_layer("TransformerDecoderLayer"),
    samples=(((2, 5, 16), (2, 7, 16)),),
    dtype_rules=(sequences_beside_weights,),
    rules=(one_mask("tgt_is_causal", "tgt_mask"),),
    formula="h = norm(x + attention(x, x, x));  g = norm(h + attention(h, m, m));  y = norm(g + dense(dense(g)))",
)

_DECODER = LayerKind(
    "TransformerDecoder",
    FAMILY,
    "A stack of equal decoder blocks: continues a target sequence, looking at what the encoder made of the source.",
    "torch.nn.TransformerDecoder",
    title="Transformer decoder",
    stem="decoder",
    inputs=_DECODER_INPUTS,
    parameters=(
        *_parameters(Parameter("num_layers", "int", 6, "How many blocks follow each other.")),
        _FINAL_NORM,
        _TARGET_CAUSAL,
    ),
    hidden=("decoder_layer", "norm"),
    derived={"d_model": axis("tgt", -1)},
    own=(*_LAYER_OWN, "final_norm", "tgt_is_causal"),
    face=("num_layers", "nhead", "dim_feedforward"),
    keywords=("decoder blocks", "cross-attention", "seq2seq", "translation", *KEYWORDS),
    call=_call_transformer(("tgt", "memory"), {"tgt_is_causal": ("tgt_mask", "tgt")}, detects=True),
    construct=_construct_stack("TransformerDecoder"),
    samples=(((2, 5, 16), (2, 7, 16)),),
    dtype_rules=(sequences_beside_weights,),
    rules=(one_mask("tgt_is_causal", "tgt_mask"),),
    repeats=("num_layers",),
)

_TRANSFORMER = LayerKind(
    "Transformer",
    FAMILY,
    "Encoder and decoder together, as invented for translation: from a source and the target so far to the next step.",
    "torch.nn.Transformer",
    inputs=(
        sequence_port("src", "The source sequence"),
        sequence_port("tgt", "The target sequence, as far as it is known"),
        mask_port("src_mask", "Over pairs of source positions"),
        mask_port("tgt_mask", "Over pairs of target positions"),
        mask_port("memory_mask", "Over pairs of target and source positions"),
        padding_port("src_key_padding_mask", "Over source positions, in the encoder"),
        padding_port("tgt_key_padding_mask", "Over target positions"),
        padding_port("memory_key_padding_mask", "Over source positions, in the decoder"),
    ),
    parameters=(
        *_parameters(
            Parameter("num_encoder_layers", "int", 6, "How many blocks the encoder has.", minimum=1, maximum=256),
            Parameter("num_decoder_layers", "int", 6, "How many blocks the decoder has.", minimum=1, maximum=256),
        ),
        _SOURCE_CAUSAL,
        _TARGET_CAUSAL,
    ),
    hidden=("custom_encoder", "custom_decoder"),
    derived={"d_model": axis("src", -1), "batch_first": batch_first},
    own=("src_is_causal", "tgt_is_causal"),
    face=("nhead", "num_encoder_layers", "num_decoder_layers"),
    keywords=("encoder decoder", "seq2seq", "translation", *KEYWORDS),
    call=_call_transformer(
        ("src", "tgt"), {"src_is_causal": ("src_mask", "src"), "tgt_is_causal": ("tgt_mask", "tgt")}, detects=True
    ),
    construct=_construct_layer("Transformer", "num_encoder_layers", "num_decoder_layers"),
    samples=(((2, 5, 16), (2, 7, 16)),),
    dtype_rules=(sequences_beside_weights,),
    rules=(one_mask("src_is_causal", "src_mask"), one_mask("tgt_is_causal", "tgt_mask")),
    repeats=("num_encoder_layers", "num_decoder_layers"),
    mode="train",
)

KINDS = (_ENCODER_LAYER, _ENCODER, _DECODER_LAYER, _DECODER, _TRANSFORMER)
