"""Sequences of different lengths: packed, read by a recurrent layer, and laid out again, as one layer with lengths.

A packed sequence is no tensor, so that no graph holds it. The three calls around it become one layer of Python, which
packs and lays out within itself. Its source is made of the texts here alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from core.graph.project import End, PythonLayer
from core.graph.python_layer import python_kind
from core.importers._draft import trust_own
from core.importers._torch.graph import Reader
from core.importers._torch.records import Call, LeafCall, Pack, StaysPacked
from core.importers._torch.translations import NoWords
from core.kinds import Value

_SOURCE = '''\
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Packed{cls}(nn.Module):
    """{cls} over sequences of different lengths: what lies behind the end of each is not read, and gives zeros.

    Args:
        hidden_size: Size of the state.
        num_layers: Layers, one upon the other.
        bias: Whether biases are learned.
        dropout: Share of values dropped between layers while training.
        bidirectional: Whether sequences are read from both ends.
    """

    def __init__(
        self, in_features, hidden_size: int, num_layers=1, bias=True, dropout=0.0, bidirectional=False{argument}
    ):
        super().__init__()
        self.rnn = nn.{cls}(
            in_features,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=True,
            dropout=dropout,
            bidirectional=bidirectional,{option}
        )

    def forward(self, input, lengths):
        """Go through sequences.

        Args:
            input: Sequences: batch × time × features.
            lengths: How many steps of each count, one at least: batch.
        """
        if input.device.type == "meta":
            output, {states} = self.rnn(input)
        else:
            known = lengths.reshape(-1).long().clamp(1, input.shape[1]).cpu()
            packed = pack_padded_sequence(input, known, batch_first=True, enforce_sorted=False)
            packed, {states} = self.rnn(packed)
            output, known = pad_packed_sequence(packed, batch_first=True, total_length=input.shape[1])
        return output, {given}
'''


def packs(module: nn.Module) -> bool:
    """True where a network's code packs sequences."""
    codes = (getattr(type(each).forward, "__code__", None) for each in module.modules())
    return any("pack_padded_sequence" in code.co_names for code in codes if code is not None)


def packed(reader: Reader, call: Call, name: str) -> None:
    """``pack_padded_sequence(input, lengths, batch_first, enforce_sorted)``: remember what is packed."""
    said = call.said("input", "lengths", "batch_first", "enforce_sorted")
    tensor, lengths = said["input"], said["lengths"]
    if not isinstance(call.out, PackedSequence):
        raise NoWords("a packed sequence")
    if not isinstance(lengths, Tensor) or tensor.dim() != 3:
        raise StaysPacked(call.path)
    first = bool(said.get("batch_first", False))
    end = reader.end(tensor)
    source = end if first else reader.turned(end, reader.path(call, name))
    reader.packs[id(call.out.data)] = Pack(source, reader.end(lengths), tensor.shape[1 if first else 0])


def laid_out(reader: Reader, call: Call, name: str) -> None:
    """``pad_packed_sequence(sequence, batch_first, padding_value, total_length)``: what the layer gives."""
    said = call.said("sequence", "batch_first", "padding_value", "total_length")
    if not isinstance(said["sequence"], PackedSequence):
        raise NoWords("a packed sequence")
    pack, total = reader.packs.get(id(said["sequence"].data)), said.get("total_length")
    if pack is None or said.get("padding_value", 0.0) or total not in (None, pack.steps):
        raise StaysPacked(call.path)
    if total is None:
        reader.draft.note(
            "Sequences that were packed come out as long as they came in, with zeros behind the end of each. In the "
            "source they are as long as the longest of their batch."
        )
    output, lengths = call.out
    end = pack.source
    reader.give(output, end if said.get("batch_first", False) else reader.turned(end, reader.path(call, name)))
    reader.give(lengths, pack.lengths)


def read_packed(reader: Reader, call: LeafCall) -> None:
    """Add a recurrent layer that is given a packed sequence.

    Raises:
        StaysPacked: it is no such layer as is known here, or starts from states.
    """
    module, pack = call.module, reader.packs.get(id(call.args[0].data))
    known = isinstance(module, nn.RNNBase) and type(module) in (nn.LSTM, nn.GRU, nn.RNN) and not module.proj_size
    if pack is None or not known or len(call.args) > 1 or call.kwargs or not isinstance(module, nn.RNNBase):
        raise StaysPacked(call.path.rpartition(".")[0])
    cls = type(module).__name__
    relu = isinstance(module, nn.RNN)
    parts = {
        "cls": cls,
        "argument": ', nonlinearity="tanh"' if relu else "",
        "option": "\n            nonlinearity=nonlinearity," if relu else "",
        "states": "(hidden, cell)" if cls == "LSTM" else "hidden",
        "given": "hidden, cell" if cls == "LSTM" else "hidden",
    }
    layer = PythonLayer(f"Packed{cls}", _SOURCE.format(**parts))
    if reader.draft.project.code.get(layer.name, layer) != layer:
        raise StaysPacked(call.path.rpartition(".")[0])
    trust_own(layer.source, reader.draft.note)
    reader.draft.define(layer)
    kind = python_kind(layer)
    for key, each in module.named_parameters():
        reader.hold(each, f"{call.path}.{key}", learned=True)
    tensors = {f"rnn.{key}": each for key, each in module.named_parameters()}
    ends = {"input": pack.source, "lengths": pack.lengths}
    made = reader.layer(kind, _params(module), ends, tensors, call.path)
    output, states = call.out
    end = End(made.node, "output")
    reader.packs[id(output.data)] = Pack(end, pack.lengths, pack.steps)
    for port, tensor in zip(("hidden", "cell"), states if isinstance(states, tuple) else (states,), strict=False):
        reader.give(tensor, End(made.node, port))


def _params(module: nn.RNNBase) -> dict[str, Value]:
    """Return what the layer is set to, where that is not what it would be anyway."""
    found: dict[str, Value] = {"hidden_size": module.hidden_size}
    usual: dict[str, Value] = {"num_layers": 1, "bias": True, "dropout": 0.0, "bidirectional": False}
    usual |= {"nonlinearity": "tanh"} if isinstance(module, nn.RNN) else {}
    return found | {key: getattr(module, key) for key, value in usual.items() if getattr(module, key) != value}


def lengths_in(batch: Sequence[Tensor], shapes: Sequence[tuple[int, ...]], draw: torch.Generator) -> list[Tensor]:
    """Return inputs in which whole numbers, one a sample, are lengths of the sequences beside them, longest first."""
    steps = next((shape[0] for shape in shapes if shape and shape != (1,)), 0)
    found = list[Any](batch)
    for at, (tensor, shape) in enumerate(zip(batch, shapes, strict=True)):
        if steps and shape in ((), (1,)) and tensor.dtype in (torch.int32, torch.int64):
            drawn = torch.randint(1, steps + 1, tensor.shape, generator=draw, dtype=tensor.dtype)
            drawn[0] = steps
            found[at] = drawn.sort(dim=0, descending=True).values
    return found
