"""Recurrent layers: they read a sequence step by step and keep a memory of what came before."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value, axis

_FAMILY = "Recurrent"
_HIDDEN_SIZE = Parameter("hidden_size", "int", 64, "How many values the memory holds: the width of the output.")
_COMMON = (
    _HIDDEN_SIZE,
    Parameter("num_layers", "int", 1, "How many such layers are stacked, each reading the output of the one before."),
    Parameter("bias", "bool", True, "Whether a bias is learned beside the weights."),
    Parameter("dropout", "float", 0.0, "The share of values dropped between stacked layers while training."),
    Parameter(
        "bidirectional", "bool", False, "Whether the sequence is also read backwards; doubles the output's width."
    ),
)
_SEQUENCE = Port("input", "Batch × time × features.", ranks=(3,))
_OUTPUT = Port("output", "The state at every step: batch × time × hidden_size.")
_HIDDEN = Port("hidden", "The state after the last step of every layer: layers × batch × hidden_size.")
_CELL = Port("cell", "The long-term memory after the last step: layers × batch × hidden_size.")
_SAMPLES = (((2, 5, 7),),)


def _batch_first(_shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> Value:
    """Batches come first everywhere in Layerwright, so this is no choice."""
    return True


def _call_lstm(call: Call) -> str:
    """Write ``lstm1, (lstm1_hidden, lstm1_cell) = self.lstm1(x)``."""
    outputs = call.outputs
    return f"{outputs['output']}, ({outputs['hidden']}, {outputs['cell']}) = {call.module}({call.input})"


_LSTM = LayerKind(
    "LSTM",
    _FAMILY,
    "Reads a sequence step by step with a short and a long memory: for texts, signals and time series.",
    "torch.nn.LSTM",
    inputs=(_SEQUENCE,),
    outputs=(_OUTPUT, _HIDDEN, _CELL),
    parameters=(
        *_COMMON,
        Parameter("proj_size", "int", 0, "Narrows the output to this many values; 0 leaves it at hidden_size."),
    ),
    derived={"input_size": axis("input", 2), "batch_first": _batch_first},
    face=("hidden_size", "num_layers", "bidirectional"),
    keywords=("recurrent", "rnn", "long short-term memory", "sequence", "text", "time series", "memory"),
    call=_call_lstm,
    samples=_SAMPLES,
    short_axis=("input", 1),
)

_GRU = LayerKind(
    "GRU",
    _FAMILY,
    "Reads a sequence step by step with one memory: lighter than LSTM, often as good.",
    "torch.nn.GRU",
    inputs=(_SEQUENCE,),
    outputs=(_OUTPUT, _HIDDEN),
    parameters=_COMMON,
    derived={"input_size": axis("input", 2), "batch_first": _batch_first},
    face=("hidden_size", "num_layers", "bidirectional"),
    keywords=("recurrent", "rnn", "gated recurrent unit", "sequence", "text", "time series", "memory"),
    samples=_SAMPLES,
    short_axis=("input", 1),
)

KINDS = (_LSTM, _GRU)
