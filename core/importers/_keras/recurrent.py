"""Keras's recurrent layers: gates in another order, one bias where PyTorch has two, and what comes back.

Keras keeps a kernel (features × gates·units), a recurrent kernel (units × gates·units) and a bias; gates of an LSTM are
input, forget, cell, output as in PyTorch, of a GRU update, reset, new where PyTorch has reset, update, new. PyTorch's
GRU is Keras's with ``reset_after``, which keeps a bias for each kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.importers._keras.activation import name_of
from core.importers._keras.config import Layer
from core.importers._keras.file import Json
from core.importers._keras.flow import Flow, Handler, Step, Unsupported, Weights, flows_in
from core.kinds import Value
from core.loading import load

if TYPE_CHECKING:
    from torch import Tensor

_KINDS = {"LSTM": ("LSTM", 4), "GRU": ("GRU", 3), "SimpleRNN": ("RNN", 1)}
_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average"}


@dataclass(frozen=True)
class _Cell:
    """What a recurrent layer is, besides what it gives."""

    cls: str
    units: int
    bias: bool
    nonlinearity: str = ""


def _cell(step: Step, layer: Layer) -> _Cell:
    """Return what a layer is.

    Raises:
        Unsupported: PyTorch has no such cell.
    """
    config, cls = layer.config, layer.cls
    if cls not in _KINDS:
        raise Unsupported(f"it wraps a layer of the class '{cls[:60]}'")
    activation = name_of(config.get("activation", "tanh"))
    if cls == "SimpleRNN":
        if activation not in ("tanh", "relu"):
            raise Unsupported(f"its activation is '{activation or 'linear'}'; RNN here has tanh and relu")
    elif activation != "tanh":
        raise Unsupported(f"its activation is '{activation or 'linear'}'; {cls} here has tanh alone")
    gate = name_of(config.get("recurrent_activation", "sigmoid")) if cls != "SimpleRNN" else "sigmoid"
    if gate != "sigmoid":
        raise Unsupported(f"its recurrent_activation is '{gate or 'linear'}'; {cls} here has sigmoid alone")
    if cls == "GRU" and not config.get("reset_after", True):
        raise Unsupported("it resets before the product (reset_after=False), where PyTorch's GRU resets after it")
    if config.get("stateful"):
        step.note(f"'{step.layer.name}' keeps its state between batches in Keras; here every batch starts from zeros.")
    if config.get("dropout") or config.get("recurrent_dropout"):
        step.note(f"'{step.layer.name}' drops values inside its steps while training in Keras; here it drops none.")
    inner = replace(step, layer=layer)
    bias = bool(config.get("use_bias", True))
    return _Cell(cls, inner.whole("units"), bias, activation if cls == "SimpleRNN" else "")


def _stored(cell: _Cell, weights: Weights, features: int, suffix: str = "") -> tuple[dict[str, Tensor], dict[str, int]]:
    """Return the weights as PyTorch's layer has them, and their places in the file."""
    torch = load("torch")
    count = _KINDS[cell.cls][1]
    wide = count * cell.units
    found = {"weight_ih": weights.take(0, "kernel", [features, wide]).T}
    found["weight_hh"] = weights.take(1, "recurrent kernel", [cell.units, wide]).T
    if cell.bias:
        bias = weights.take(2, "bias", [2, wide] if cell.cls == "GRU" else [wide])
        found["bias_ih"] = bias[0] if cell.cls == "GRU" else bias
        found["bias_hh"] = bias[1] if cell.cls == "GRU" else torch.zeros(wide)
    if cell.cls == "GRU":
        for key, tensor in found.items():
            update, reset, new = tensor.chunk(3)
            found[key] = torch.cat([reset, update, new])
    places = {"weight_ih": 0, "weight_hh": 1, "bias_ih": 2, "bias_hh": 2}
    return (
        {f"{key}_l0{suffix}": tensor.contiguous() for key, tensor in found.items()},
        {f"{key}_l0{suffix}": place for key, place in places.items() if key in found},
    )


def _params(cell: _Cell) -> dict[str, Value]:
    params: dict[str, Value] = {"hidden_size": cell.units}
    params |= {} if cell.bias else {"bias": False}
    return params | ({"nonlinearity": cell.nonlinearity} if cell.nonlinearity == "relu" else {})


def _sequence(step: Step) -> tuple[Flow, list[Flow]]:
    """Return what is read and the states it starts from.

    Raises:
        Unsupported: a mask is given.
    """
    if flows_in(step.kwargs.get("mask")):
        raise Unsupported("it is given a mask")
    given = flows_in(list(step.args))
    states = [*given[1:], *flows_in(step.kwargs.get("initial_state"))]
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    if x.rank != 3:
        raise Unsupported(f"it is given {x.rank} dimensions")
    return x, [step.scope.plain(each) for each in states]


def _run(
    step: Step,
    cell: _Cell,
    inputs: Mapping[str, Flow],
    params: Mapping[str, Value],
    tensors: Mapping[str, Tensor],
    called: Mapping[str, str],
) -> list[Flow]:
    return step.add_all(_KINDS[cell.cls][0], params, inputs, tensors=tensors, called=called)


def _recurrent(step: Step) -> list[Flow]:
    x, states = _sequence(step)
    cell = _cell(step, step.layer)
    weights = _cell_weights(step)
    tensors, places = _stored(cell, weights, x.fixed(-1))
    backwards = bool(step.get("go_backwards", False))
    if backwards:
        x = step.add("Flip", {"dims": (1,)}, [x], "reversed")
    if len(states) not in (0, _STATES[cell.cls]):
        raise Unsupported(f"it starts from {len(states)} states")
    inputs = {"input": x}
    for name, state in zip(("hidden", "cell"), states, strict=False):
        inputs[name] = step.add("Unsqueeze", {"dim": 0}, [state], name)
    made = _run(step, cell, inputs, _params(cell), tensors, weights.called(**places))
    last = [step.add("Select", {"dim": 0}, [each], f"last_{name}") for name, each in _last(step, made)]
    results = [made[0] if step.get("return_sequences", False) else last[0]]
    return [*results, *last] if step.get("return_state", False) else results


def _last(step: Step, made: Sequence[Flow]) -> list[tuple[str, Flow]]:
    """Return the final states that are asked for."""
    wanted = len(made) - 1 if step.get("return_state", False) else 0 if step.get("return_sequences", False) else 1
    return list(zip(("hidden", "cell"), made[1 : 1 + wanted], strict=False))


def _cell_weights(step: Step, *parts: str) -> Weights:
    found = step.weights(*parts, "cell")
    return found if len(found) else step.weights(*parts)


def _bidirectional(step: Step) -> list[Flow]:
    x, states = _sequence(step)
    if states:
        raise Unsupported("it starts from given states")
    forward, backward = (_wrapped(step, name) for name in ("layer", "backward_layer"))
    if forward is None:
        raise Unsupported("it wraps no layer")
    cell = _cell(step, forward)
    if backward is not None and _cell(step, backward) != cell:
        raise Unsupported("its two layers differ")
    if forward.config.get("go_backwards"):
        raise Unsupported("its forward layer goes backwards")
    tensors: dict[str, Tensor] = {}
    called: dict[str, str] = {}
    for part, suffix in (("forward_layer", ""), ("backward_layer", "_reverse")):
        weights = _cell_weights(step, part)
        found, places = _stored(cell, weights, x.fixed(-1), suffix)
        tensors |= found
        called |= weights.called(**places)
    params = {**_params(cell), "bidirectional": True}
    made = _run(step, cell, {"input": x}, params, tensors, called)
    return _merged(step, cell, forward.config, made)


def _wrapped(step: Step, name: str) -> Layer | None:
    found = step.config.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        return None
    return Layer(step.layer.name, str(found.get("class_name")), str(found.get("module") or ""), found["config"])


def _merged(step: Step, cell: _Cell, config: Mapping[str, Json], made: Sequence[Flow]) -> list[Flow]:
    """Bring the two directions together as the wrapper says, and the final states that it returns."""
    mode = step.config.get("merge_mode", "concat")
    sequences, keeps = bool(config.get("return_sequences")), bool(config.get("return_state"))
    if mode is not None and mode != "concat" and mode not in _MERGES:
        raise Unsupported(f"its merge_mode is '{str(mode)[:40]}'")
    names = ("hidden", "cell")[: len(made) - 1]
    final = {
        (name, at): step.add("Select", {"dim": 0, "index": at}, [flow], f"{name}_{way}")
        for name, flow in zip(names, made[1:], strict=True)
        for at, way in enumerate(("forward", "backward"))
        if keeps or (name == "hidden" and not sequences)
    }
    states = [final[name, at] for at in (0, 1) for name in names] if keeps else []
    if sequences and mode == "concat":
        return [made[0], *states]
    if sequences:
        halves = step.add_all("Chunk", {"chunks": 2, "dim": -1}, [made[0]], "directions")
    else:
        halves = [final["hidden", 0], final["hidden", 1]]
    if mode is None:
        return [*halves, *states]
    if mode == "concat":
        return [step.add("Concatenate", {}, halves, "both"), *states]
    return [step.add(_MERGES[mode], {}, halves, "both"), *states]


LAYERS: Mapping[str, Handler] = {
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "SimpleRNN": _recurrent,
    "Bidirectional": _bidirectional,
}
"""By class of Keras: what makes nodes of it."""
