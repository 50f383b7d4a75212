"""Recurrent layers and cells as PyTorch's operators have them: one call with a flat list of weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from core.graph.project import End
from core.importers._torch.graph import Reader
from core.importers._torch.modules import different, tensors_in
from core.importers._torch.records import Call
from core.importers._torch.translations import NoWords
from core.layers import catalogue

_KINDS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}

_CELLS = {"lstm_cell": "LSTMCell", "gru_cell": "GRUCell", "rnn_tanh_cell": "RNNCell", "rnn_relu_cell": "RNNCell"}


def recurrent(reader: Reader, call: Call, name: str) -> None:
    """``lstm(input, states, weights, has_biases, num_layers, dropout, train, bidirectional, batch_first)``."""
    sequence, states, weights, biases, layers, dropout, _train, both, first = call.args
    if not isinstance(sequence, Tensor) or not isinstance(biases, bool):
        raise NoWords("a packed sequence")
    kind = catalogue[_KINDS[name]]
    per = 4 if biases else 2
    directions = 2 if both else 1
    if len(weights) != per * directions * layers:
        raise NoWords("a recurrent layer with a projection")
    stems = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")[:per]
    ends = ("", "_reverse")[:directions]
    names = [f"{stem}_l{layer}{end}" for layer in range(layers) for end in ends for stem in stems]
    tensors = dict(zip(names, weights, strict=True))
    params: dict[str, Any] = {
        "hidden_size": weights[1].shape[1],
        "num_layers": layers,
        "bias": biases,
        "dropout": float(dropout),
        "bidirectional": bool(both),
    }
    if name.startswith("rnn"):
        params["nonlinearity"] = name.removeprefix("rnn_")
    reader.require_held(weights)
    path = _path(reader, call, weights[0], name)
    source = reader.end(sequence)
    inputs = {"input": source if first else reader.turned(source, path), **_states(reader, states)}
    made = reader.layer(kind, different(kind, params), inputs, tensors, path)
    outs = list(tensors_in(call.out))
    output = End(made.node, "output")
    reader.give(outs[0], output if first else reader.turned(output, path))
    for port, tensor in zip(kind.outputs[1:], outs[1:], strict=False):
        reader.give(tensor, End(made.node, port.name))


def cell(reader: Reader, call: Call, name: str) -> None:
    """One step: ``gru_cell(input, hidden, w_ih, w_hh, b_ih, b_hh)``; hidden is a list of two for ``lstm_cell``."""
    sequence, states, *weights = call.args
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    tensors = {key: each for key, each in zip(names, weights, strict=False) if isinstance(each, Tensor)}
    reader.require_held(tensors.values())
    kind = catalogue[_CELLS[name]]
    params: dict[str, Any] = {"hidden_size": tensors["weight_hh"].shape[1], "bias": "bias_ih" in tensors}
    if name.startswith("rnn"):
        params["nonlinearity"] = name.removeprefix("rnn_").removesuffix("_cell")
    inputs = {"input": reader.end(sequence), **_states(reader, states)}
    made = reader.layer(kind, different(kind, params), inputs, tensors, _path(reader, call, weights[0], name))
    for port, tensor in zip(kind.outputs, tensors_in(call.out), strict=False):
        reader.give(tensor, End(made.node, port.name))


def _path(reader: Reader, call: Call, weight: Tensor, name: str) -> str:
    """Return what the layer is called: as the module that its first weight belongs to, where that is known."""
    held = reader.held.get(id(weight))
    return call.leaf or (held.name.rpartition(".")[0] if held else "") or reader.path(call, name)


def _states(reader: Reader, states: Tensor | Sequence[Tensor]) -> dict[str, End]:
    """Return where the states come from that a layer starts from, but those that are zeros anyway."""
    each = states if isinstance(states, tuple | list) else [states]
    pairs = zip(("hidden", "cell"), each, strict=False)
    return {slot: reader.end(state) for slot, state in pairs if id(state) in reader.ends or bool(state.any())}
