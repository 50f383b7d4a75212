"""ONNX's LSTM, GRU and RNN as layers: gates in PyTorch's order, batch first, stacked where one feeds the next.

ONNX keeps the gates of an LSTM as input, output, forget, cell and those of a GRU as update, reset, hidden; PyTorch as
input, forget, cell, output and as reset, update, new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.arranging import pairs, permuted, unsqueezed
from core.importers._onnx.known import Known
from core.importers._onnx.layers import Named, weight
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.scopes import module_of

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_ORDERS = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
_USUAL = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}


def _recurrent(flow: Flow, op: Op) -> tuple[End | None, ...]:
    hidden = int(op.get("hidden_size", 0))
    direction, layout = str(op.get("direction", "forward")), int(op.get("layout", 0))
    directions = 2 if direction == "bidirectional" else 1
    params = {"hidden_size": hidden, "bidirectional": directions == 2, **_settled(flow, op, directions)}
    end = flow.end(op)
    if not layout:
        end = permuted(flow, end, (1, 0, 2))
    if direction == "reverse":
        end = flow.add("Flip", {"dims": (1,)}, [end], suffix="_backwards")
    _same_lengths(flow, op, end)
    tensors = _weights(flow, op, directions, hidden)
    params["bias"] = any(name.startswith("bias") for name in tensors)
    inputs = {"input": end, **_states(flow, op, layout)}
    out = flow.add(op.type, params, inputs, tensors=tensors, name=module_of(op))
    final = [flow.port(out, "hidden"), flow.port(out, "cell")][: 2 if op.type == "LSTM" else 1]
    if layout:
        final = [permuted(flow, each, (1, 0, 2)) if op.wants(index + 1) else each for index, each in enumerate(final)]
    if not op.wants(0):
        return (None, *final)
    steps = flow.add("Flip", {"dims": (1,)}, [out], suffix="_forwards") if direction == "reverse" else out
    if directions == 2:
        split = flow.add("Unflatten", {"dim": 2, "unflattened_size": (2, hidden)}, [steps], suffix="_directions")
        return (split if layout else permuted(flow, split, (1, 2, 0, 3)), *final)
    if layout:
        return (unsqueezed(flow, steps, (2,)), *final)
    return (unsqueezed(flow, permuted(flow, steps, (1, 0, 2)), (1,)), *final)


def _settled(flow: Flow, op: Op, directions: int) -> dict[str, object]:
    """Return further parameters, and refuse what layers do not do."""
    found = [str(each).lower() for each in op.get("activations", ())]
    usual = list(_USUAL[op.type]) * directions
    relu = op.type == "RNN" and found and set(found) == {"relu"}
    if found and found != usual and not relu:
        raise Refused(f"it bends values by {', '.join(found)}; layers do by {', '.join(usual)}")
    if op.get("clip") or op.get("input_forget", 0):
        raise Refused("it limits what its gates take, or couples them")
    if op.type == "GRU" and not op.get("linear_before_reset", 0):
        raise Refused("it applies the reset gate before the recurrent product (linear_before_reset is 0)")
    if op.type == "LSTM" and op.has(7):
        peeping = flow.fixed(op, 7)
        if peeping is None or np.any(peeping):
            raise Refused("its gates look at the cell (peepholes)")
    return {"nonlinearity": "relu"} if relu else {}


def _same_lengths(flow: Flow, op: Op, end: End) -> None:
    """Refuse samples of different lengths in one batch."""
    if not op.has(4):
        return
    lengths, steps = flow.value(op, 4), pairs(flow, end)[1]
    if not isinstance(lengths, Known) or np.any(lengths.first != steps[0]) or np.any(lengths.second != steps[1]):
        raise Refused("its samples are of different lengths (sequence_lens)")


def _states(flow: Flow, op: Op, layout: int) -> dict[str, End]:
    """Return the states before the first step, none where they are zeros."""
    found = {}
    for index, name in ((5, "hidden"), (6, "cell"))[: 2 if op.type == "LSTM" else 1]:
        value = flow.value(op, index)
        if value is None or (isinstance(value, Known) and not np.any(value.first)):
            continue
        end = flow.end(op, index)
        found[name] = permuted(flow, end, (1, 0, 2)) if layout else end
    if op.type == "LSTM" and len(found) == 1:
        raise Refused("one of its two states is given, the other is not")
    return found


def _weights(flow: Flow, op: Op, directions: int, hidden: int) -> dict[str, Named]:
    """Return the weights by PyTorch's names, gates in its order."""
    taken, recurrent, bias = (weight(flow, op, index) for index in (1, 2, 3))
    gates = len(_ORDERS[op.type])
    if taken is None or recurrent is None or hidden < 1:
        raise Refused("its weights are missing")
    shapes = [(taken[0], 3, gates * hidden), (recurrent[0], 3, gates * hidden)] + (
        [(bias[0], 2, 2 * gates * hidden)] if bias else []
    )
    if any(a.ndim != rank or a.shape[0] != directions or a.shape[1] != rows for a, rank, rows in shapes):
        raise Refused("its weights do not fit its hidden_size")
    found: dict[str, Named] = {}
    for index in range(directions):
        ending = "_l0" + ("_reverse" if index else "")
        parts = {"weight_ih": (taken[0][index], taken[1]), "weight_hh": (recurrent[0][index], recurrent[1])}
        if bias:
            half = gates * hidden
            parts |= {"bias_ih": (bias[0][index, :half], bias[1]), "bias_hh": (bias[0][index, half:], bias[1])}
        for name, (array, called) in parts.items():
            blocks = np.split(array, gates)
            found[name + ending] = (np.concatenate([blocks[gate] for gate in _ORDERS[op.type]]), called)
    return found


OPERATORS: dict[str, Handler] = dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent)
