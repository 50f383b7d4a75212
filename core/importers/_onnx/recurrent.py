"""ONNX's LSTM, GRU and RNN as layers: gates in PyTorch's order, batch first, stacked where one feeds the next.

ONNX keeps the gates of an LSTM as input, output, forget, cell and those of a GRU as update, reset, hidden; PyTorch as
input, forget, cell, output and as reset, update, new. A GRU that resets its state before the product with it
(``linear_before_reset`` 0, as Keras has it with ``reset_after`` off) has no layer in PyTorch: it is written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.graph.project import End
from core.importers._onnx.arithmetic import Handler
from core.importers._onnx.arranging import pairs, permuted, unsqueezed
from core.importers._onnx.known import Known, constant
from core.importers._onnx.layers import Named, weight
from core.importers._onnx.model import Op, Refused
from core.importers._onnx.scopes import module_of
from core.importers._onnx.written import written

if TYPE_CHECKING:
    from core.importers._onnx.flow import Flow

_ORDERS = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
_USUAL = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}


def _recurrent(flow: Flow, op: Op) -> tuple[End | None, ...]:
    if op.type == "GRU" and not op.get("linear_before_reset", 0):
        return _reset_first(flow, op)
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


def _reset_first(flow: Flow, op: Op) -> tuple[End, ...]:
    """Write out a GRU whose reset gate acts before the product with its state.

    The formulas are those of ONNX's GRU with ``linear_before_reset`` 0.
    """
    hidden, layout = int(op.get("hidden_size", 0)), int(op.get("layout", 0))
    direction = str(op.get("direction", "forward"))
    backwards = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}.get(direction, ())
    _settled(flow, op, len(backwards))
    taken, recurrent, bias = (weight(flow, op, index) for index in (1, 2, 3))
    if taken is None or recurrent is None or hidden < 1:
        raise Refused("its weights are missing")
    end = flow.end(op)
    first = end if layout else permuted(flow, end, (1, 0, 2))
    _same_lengths(flow, op, first)
    given = flow.value(op, 5)
    steps, states = [], []
    for index, back in enumerate(backwards):
        parts = [permuted(flow, first, (1, 0, 2)), *(_part(flow, each, index) for each in (taken, recurrent))]
        if bias is not None:
            rows = bias[0][index].reshape(2, 3 * hidden)
            parts.append(flow.placed(constant(rows.sum(axis=0, dtype=np.float32), bias[1])))
        if given is not None and not (isinstance(given, Known) and not np.any(given.first)):
            state = flow.add("Select", {"dim": 1 if layout else 0, "index": index}, [flow.end(op, 5)], suffix="_state")
            parts.append(state)
        found = written(flow, "GRU", _steps(hidden, back, bias is not None, len(parts)), parts, outputs=2)
        steps.append(unsqueezed(flow, found[0], (1,)))
        states.append(unsqueezed(flow, found[1], (0,)))
    whole, last = steps[0], states[0]
    if len(backwards) == 2:
        whole = flow.add("Concatenate", {"dim": 1}, steps, suffix="_directions")
        last = flow.add("Concatenate", {"dim": 0}, states, suffix="_states")
    return (permuted(flow, whole, (2, 0, 1, 3)), permuted(flow, last, (1, 0, 2))) if layout else (whole, last)


def _part(flow: Flow, found: Named, index: int) -> End:
    """Return the weights of one direction as a parameter."""
    return flow.placed(constant(found[0][index], found[1]))


def _steps(hidden: int, backwards: bool, biased: bool, count: int) -> list[str]:
    """Return the rows of a GRU over a, time × batch × features, with weights b, c, a bias and a first state."""
    state = f"torch.zeros((a.shape[1], {hidden}), device=a.device)"
    return [
        "gates = a @ b.transpose(0, 1)" + (" + d" if biased else ""),
        f"state, found = {'abcde'[count - 1] if count > 3 + biased else state}, []",
        "steps = a.shape[0]",
        'if a.device.type == "meta":',
        "    steps = 1",
        f"for step in range({'steps - 1, -1, -1' if backwards else 'steps'}):",
        f"    both = torch.sigmoid(gates[step][:, :{2 * hidden}] + state @ c[:{2 * hidden}].transpose(0, 1))",
        f"    update, reset = both[:, :{hidden}], both[:, {hidden}:]",
        f"    new = torch.tanh(gates[step][:, {2 * hidden}:] + (reset * state) @ c[{2 * hidden}:].transpose(0, 1))",
        "    state = (1 - update) * new + update * state",
        f"    found = {'[state] + found' if backwards else 'found + [state]'}",
        "torch.stack(found).expand(a.shape[0], -1, -1), state",
    ]


OPERATORS: dict[str, Handler] = dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent)
