"""Recurrent layers: they read a sequence step by step and keep a memory of what came before."""

from __future__ import annotations

from collections.abc import Mapping

from core.kinds import Call, LayerKind, Parameter, Port, Shape, Value, axis
from core.layers._dtypes import beside_weights

_FAMILY = "Recurrent"
_HIDDEN_SIZE = Parameter("hidden_size", "int", 64, "How many values the memory holds: the width of the output.")
_BIAS = Parameter("bias", "bool", True, "Whether a bias is learned beside the weights.")
_NONLINEARITY = Parameter(
    "nonlinearity",
    "choice",
    "tanh",
    "The bend at every step: tanh keeps the memory between -1 and 1, relu lets it grow.",
    choices=("tanh", "relu"),
)
_COMMON = (
    _HIDDEN_SIZE,
    Parameter("num_layers", "int", 1, "How many such layers are stacked, each reading the output of the one before."),
    _BIAS,
    Parameter("dropout", "float", 0.0, "The share of values dropped between stacked layers while training."),
    Parameter(
        "bidirectional", "bool", False, "Whether the sequence is also read backwards; doubles the output's width."
    ),
)
_SEQUENCE = Port("input", "Batch × time × features.", ranks=(3,), unbatched=(2,))
_OUTPUT = Port("output", "The state at every step: batch × time × hidden_size.")
_HIDDEN = Port("hidden", "The state after the last step of every layer: layers × batch × hidden_size.")
_CELL = Port("cell", "The long-term memory after the last step: layers × batch × hidden_size.")
_FIRST_HIDDEN = Port(
    "hidden",
    "The state before the first step, zeros where free: layers (twice as many if bidirectional) × batch × hidden_size.",
    ranks=(3,),
    unbatched=(2,),
    optional=True,
)
_FIRST_CELL = Port(
    "cell",
    "The long-term memory before the first step, shaped like the initial hidden state.",
    ranks=(3,),
    unbatched=(2,),
    optional=True,
)
_STEP = Port("input", "One step: batch × features.", ranks=(2,), unbatched=(1,))
_STATE = Port(
    "hidden",
    "The state before this step, zeros where free: batch × hidden_size.",
    ranks=(2,),
    unbatched=(1,),
    optional=True,
)
_CELL_STATE = Port(
    "cell", "The long-term memory before this step: batch × hidden_size.", ranks=(2,), unbatched=(1,), optional=True
)
_LENGTHS = Port(
    "lengths", "How many steps of each sample are data: whole numbers, N or N × 1.", dtype="int", ranks=(1, 2)
)
_SAMPLES = (((2, 5, 7),),)
_FACE = ("hidden_size", "num_layers", "bidirectional")
_KEYWORDS = ("recurrent", "rnn", "sequence", "text", "time series", "memory")
_CELL_KEYWORDS = ("recurrent", "rnn", "cell", "one step", "step by step", "memory")
_WEIGHTS = ("weight", "bias")
_LSTM_FORMULA = "fₜ, iₜ, oₜ = σ(W·[xₜ, hₜ₋₁] + b);  cₜ = fₜ⊙cₜ₋₁ + iₜ⊙tanh(W·[xₜ, hₜ₋₁] + b);  hₜ = oₜ⊙tanh(cₜ)"
_GRU_FORMULA = "rₜ, zₜ = σ(W·[xₜ, hₜ₋₁] + b);  nₜ = tanh(W·xₜ + b + rₜ⊙(U·hₜ₋₁ + b));  hₜ = (1−zₜ)⊙nₜ + zₜ⊙hₜ₋₁"
_RNN_FORMULA = "hₜ = tanh(W·xₜ + b + U·hₜ₋₁ + b)"


def _batch_first(_shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> Value:
    """Batches come first everywhere in Layerwright, so this is no choice."""
    return True


def _both_states(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse one of an LSTM's two states without the other."""
    linked = [name for name in ("hidden", "cell") if name in shapes]
    if len(linked) != 1:
        return ""
    missing = "cell" if linked == ["hidden"] else "hidden"
    return (
        f"An LSTM starts from both of its states or from none: something is linked to {linked[0]}, nothing to "
        f"{missing}. Link {missing} as well, or remove the link to {linked[0]}."
    )


def _states_like_input(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse a state with a batch beside an input without one: PyTorch's kernels crash on some of these."""
    wanted = len(shapes["input"])
    other = next((name for name in ("hidden", "cell") if len(shapes.get(name, shapes["input"])) != wanted), "")
    if not other:
        return ""
    has = f"The input has {wanted} dimensions and {other} has {len(shapes[other])}"
    return f"{has}: both begin with the batch, or neither."


def _one_length_each(shapes: Mapping[str, Shape], _parameters: Mapping[str, Value]) -> str:
    """Refuse lengths that are more than one number per sample."""
    shape = shapes.get("lengths", ())
    if len(shape) < 2 or shape[1] == 1:
        return ""
    return f"lengths takes one whole number per sample (N or N × 1), but {shape[1]} per sample arrive."


def _with_states(call: Call) -> str:
    """Write the arguments of an LSTM: ``x``, or ``x, (hidden, cell)``."""
    if "hidden" not in call.inputs:
        return call.input
    return f"{call.input}, ({call.optional('hidden')}, {call.optional('cell')})"


def _call_lstm(call: Call) -> str:
    """Write ``lstm1, (lstm1_hidden, lstm1_cell) = self.lstm1(x)``."""
    outputs = call.outputs
    return f"{outputs['output']}, ({outputs['hidden']}, {outputs['cell']}) = {call.module}({_with_states(call)})"


def _call_lstm_cell(call: Call) -> str:
    """Write ``cell1, cell1_cell = self.cell1(x, (hidden, cell))``."""
    return f"{call.outputs['hidden']}, {call.outputs['cell']} = {call.module}({_with_states(call)})"


def _call_last_step(call: Call) -> str:
    """Write ``last1 = x[:, -1]``, or by lengths ``x[torch.arange(x.shape[0], device=x.device), lengths - 1]``."""
    if "lengths" not in call.inputs:
        return f"{call.output} = {call.input}[:, -1]"
    rows = f"torch.arange({call.input}.shape[0], device={call.input}.device)"
    return f"{call.output} = {call.input}[{rows}, {call.optional('lengths')}.reshape(-1) - 1]"


def _call_mask(call: Call) -> str:
    """Write ``mask1 = torch.arange(x.shape[1], device=x.device) >= lengths.reshape(-1, 1)``."""
    sequence = call.inputs["sequence"][0]
    sign = ">=" if call.arguments["true_marks"] == "padding" else "<"
    steps = f"torch.arange({sequence}.shape[1], device={sequence}.device)"
    return f"{call.output} = {steps} {sign} {call.inputs['lengths'][0]}.reshape(-1, 1)"


_RNN = LayerKind(
    "RNN",
    _FAMILY,
    "Reads a sequence step by step with one simple memory: the plainest recurrent layer, for short sequences.",
    "torch.nn.RNN",
    inputs=(_SEQUENCE, _FIRST_HIDDEN),
    outputs=(_OUTPUT, _HIDDEN),
    parameters=(*_COMMON, _NONLINEARITY),
    derived={"input_size": axis("input", -1), "batch_first": _batch_first},
    face=_FACE,
    keywords=("elman", "simple rnn", "vanilla rnn", *_KEYWORDS),
    samples=_SAMPLES,
    short_axis=("input", -2),
    dtype_rules=(beside_weights(),),
    formula=_RNN_FORMULA,
    weights=_WEIGHTS,
)

_LSTM = LayerKind(
    "LSTM",
    _FAMILY,
    "Reads a sequence step by step with a short and a long memory: for texts, signals and time series.",
    "torch.nn.LSTM",
    inputs=(_SEQUENCE, _FIRST_HIDDEN, _FIRST_CELL),
    outputs=(_OUTPUT, _HIDDEN, _CELL),
    parameters=(
        *_COMMON,
        Parameter("proj_size", "int", 0, "Narrows the output to this many values; 0 leaves it at hidden_size."),
    ),
    derived={"input_size": axis("input", -1), "batch_first": _batch_first},
    face=_FACE,
    keywords=("long short-term memory", *_KEYWORDS),
    call=_call_lstm,
    samples=_SAMPLES,
    short_axis=("input", -2),
    rules=(_both_states,),
    dtype_rules=(beside_weights(),),
    formula=_LSTM_FORMULA,
    weights=_WEIGHTS,
)

_GRU = LayerKind(
    "GRU",
    _FAMILY,
    "Reads a sequence step by step with one memory: lighter than LSTM, often as good.",
    "torch.nn.GRU",
    inputs=(_SEQUENCE, _FIRST_HIDDEN),
    outputs=(_OUTPUT, _HIDDEN),
    parameters=_COMMON,
    derived={"input_size": axis("input", -1), "batch_first": _batch_first},
    face=_FACE,
    keywords=("gated recurrent unit", *_KEYWORDS),
    samples=_SAMPLES,
    short_axis=("input", -2),
    dtype_rules=(beside_weights(),),
    formula=_GRU_FORMULA,
    weights=_WEIGHTS,
)

_RNN_CELL = LayerKind(
    "RNNCell",
    _FAMILY,
    "One step of a plain recurrent layer: new state from an input and the state before. For loops that you wire.",
    "torch.nn.RNNCell",
    inputs=(_STEP, _STATE),
    outputs=(Port("output", "The state after this step: batch × hidden_size."),),
    parameters=(_HIDDEN_SIZE, _BIAS, _NONLINEARITY),
    derived={"input_size": axis("input", -1)},
    face=("hidden_size",),
    keywords=("elman", *_CELL_KEYWORDS),
    samples=(((2, 7),),),
    rules=(_states_like_input,),
    dtype_rules=(beside_weights(),),
    formula=_RNN_FORMULA,
    weights=_WEIGHTS,
)

_LSTM_CELL = LayerKind(
    "LSTMCell",
    _FAMILY,
    "One step of an LSTM: new short and long memory from an input and those before. For loops that you wire.",
    "torch.nn.LSTMCell",
    inputs=(_STEP, _STATE, _CELL_STATE),
    outputs=(
        Port("hidden", "The state after this step: batch × hidden_size."),
        Port("cell", "The long-term memory after this step: batch × hidden_size."),
    ),
    parameters=(_HIDDEN_SIZE, _BIAS),
    derived={"input_size": axis("input", -1)},
    face=("hidden_size",),
    keywords=("long short-term memory", "lstm", *_CELL_KEYWORDS),
    call=_call_lstm_cell,
    samples=(((2, 7),),),
    rules=(_both_states, _states_like_input),
    dtype_rules=(beside_weights(),),
    formula=_LSTM_FORMULA,
    weights=_WEIGHTS,
)

_GRU_CELL = LayerKind(
    "GRUCell",
    _FAMILY,
    "One step of a GRU: new state from an input and the state before. For loops that you wire.",
    "torch.nn.GRUCell",
    inputs=(_STEP, _STATE),
    outputs=(Port("output", "The state after this step: batch × hidden_size."),),
    parameters=(_HIDDEN_SIZE, _BIAS),
    derived={"input_size": axis("input", -1)},
    face=("hidden_size",),
    keywords=("gated recurrent unit", "gru", *_CELL_KEYWORDS),
    samples=(((2, 7),),),
    rules=(_states_like_input,),
    dtype_rules=(beside_weights(),),
    formula=_GRU_FORMULA,
    weights=_WEIGHTS,
)

_LAST_STEP = LayerKind(
    "LastStep",
    _FAMILY,
    "Keeps only the last time step of a sequence: what a recurrent layer knows after reading all of it.",
    title="Last time step",
    stem="last",
    inputs=(
        Port("input", "Batch × time × features.", dtype="any", ranks=(3,)),
        Port(
            "lengths",
            "Where linked, each sample's last step is that of its own length (1 or more), not its padding: N or N × 1.",
            dtype="int",
            ranks=(1, 2),
            optional=True,
        ),
    ),
    outputs=(Port("output", dtype="any"),),
    keywords=("sequence", "final", "select", "slice", "recurrent", "lstm", "gru", "lengths"),
    call=_call_last_step,
    samples=(((2, 5, 7),), ((2, 5, 7), (2, 1))),
    rules=(_one_length_each,),
    formula="y = x[n, T−1], or x[n, lengths[n]−1]",
)

_MASK_FROM_LENGTHS = LayerKind(
    "MaskFromLengths",
    _FAMILY,
    "Turns the length of each sample into a mask over its time steps, so that layers can skip the padding.",
    title="Mask from lengths",
    stem="mask",
    inputs=(
        _LENGTHS,
        Port(
            "sequence", "The sequence that is masked: its second dimension is time.", dtype="any", ranks=(2, 3, 4, 5, 6)
        ),
    ),
    outputs=(Port("output", "Yes or no for every step: batch × time.", dtype="bool"),),
    parameters=(
        Parameter(
            "true_marks",
            "choice",
            "padding",
            "What True stands for: padding, as the attention layers' padding masks want it, or data.",
            choices=("padding", "data"),
        ),
    ),
    face=("true_marks",),
    keywords=("padding mask", "key padding mask", "sequence mask", "lengths", "masking", "ragged"),
    call=_call_mask,
    samples=(((2, 1), (2, 5, 7)), ((2, 1), (2, 5))),
    rules=(_one_length_each,),
    formula="mask[n, t] = (t ≥ lengths[n])",
    docs="torch.arange",
)

KINDS = (_RNN, _LSTM, _GRU, _RNN_CELL, _LSTM_CELL, _GRU_CELL, _LAST_STEP, _MASK_FROM_LENGTHS)
