"""Keras's recurrent layers: gates in another order, one bias where PyTorch has two, and what comes back.

Keras keeps a kernel (features × gates·units), a recurrent kernel (units × gates·units) and a bias; gates of an LSTM are
input, forget, cell, output as in PyTorch, of a GRU update, reset, new where PyTorch has reset, update, new. PyTorch's
GRU is Keras's with ``reset_after``, which keeps a bias for each kernel. Other activations, the other GRU and masks have
no twin in PyTorch: these become Python layers, one for each direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.importers._keras.activation import name_of
from core.importers._keras.config import Layer
from core.importers._keras.file import Json, numbered
from core.importers._keras.flow import Flow, Handler, Step, Unsupported, Weights, flows_in
from core.importers._keras.masks import mask_of
from core.importers._keras.written import GATES, recurrent, require_few, tell_of_steps
from core.kinds import Value
from core.loading import load

if TYPE_CHECKING:
    from torch import Tensor

_KINDS = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}
_CELLS = {"LSTMCell": "LSTM", "GRUCell": "GRU", "SimpleRNNCell": "SimpleRNN"}
_STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
_NAMES = ("hidden", "cell")
_MERGES = {"sum": "Add", "mul": "Multiply", "ave": "Average"}
_KERAS = ("keras", "tensorflow", "tf_keras")


@dataclass(frozen=True)
class _Cell:
    """What a recurrent layer is, besides what it gives."""

    cls: str
    units: int
    bias: bool
    activation: str
    gate: str
    reset_after: bool

    @property
    def native(self) -> bool:
        """True where PyTorch has such a layer."""
        if self.cls == "SimpleRNN":
            return self.activation in ("tanh", "relu")
        return self.activation == "tanh" and self.gate == "sigmoid" and self.reset_after


@dataclass(frozen=True)
class _Pass:
    """One way through a sequence: its layer, where its weights are, which way it goes, and what it starts from."""

    cell: _Cell
    weights: Weights
    backwards: bool = False
    states: tuple[Flow, ...] = ()
    role: str = ""
    zero_masked: bool = False


@dataclass(frozen=True)
class _Made:
    """What one way gives: all steps in the order in which they were read, the last one, and the states."""

    sequence: Flow
    last: Flow
    states: tuple[Flow, ...]


def _cell(step: Step, layer: Layer, weights: Weights) -> _Cell:
    """Return what a layer is; ``weights`` are its own.

    Raises:
        Unsupported: it is none of those three.
    """
    cls, config = layer.cls, layer.config
    if cls == "RNN":
        found = config.get("cell")
        inner = found if isinstance(found, dict) and isinstance(found.get("config"), dict) else {}
        if not inner or str(inner.get("module") or "keras").split(".")[0] not in _KERAS:
            raise Unsupported("its cell is code of its own")
        cls, config = _CELLS.get(str(inner.get("class_name")), str(inner.get("class_name"))), inner["config"]
    if layer.config.get("time_major"):
        raise Unsupported("it has time in front of the batch")
    if cls not in _KINDS:
        raise Unsupported(f"it runs a layer or cell of the class '{cls[:60]}'")
    tell_of_steps(step, config, stateful=bool(layer.config.get("stateful")))
    units = replace(step, layer=replace(layer, config=config)).whole("units")
    gate = name_of(config.get("recurrent_activation", "sigmoid")) if cls != "SimpleRNN" else ""
    before = cls == "GRU" and not _resets_after(step, config, weights)
    activation = name_of(config.get("activation", "tanh"))
    return _Cell(cls, units, bool(config.get("use_bias", True)), activation, gate, not before)


def _resets_after(step: Step, config: Mapping[str, Json], weights: Weights) -> bool:
    """Return whether a GRU resets its state after the product with it, as only newer versions of Keras can.

    Where a file does not say so, its bias does: there are two of it. Without one it is old.
    """
    if config.get("reset_after") is not None:
        return bool(config["reset_after"])
    if len(weights) > 2:
        return weights.found[2][1].ndim == 2
    step.note(
        f"The file does not say where '{step.layer.name}', a GRU, resets its state. It is taken to be before the "
        "product, as in all versions of Keras that do not say so: compare its predictions with Keras's."
    )
    return False


def _kept(cell: _Cell, weights: Weights, features: int) -> dict[str, Tensor]:
    """Return the weights as Keras has them."""
    wide = GATES[cell.cls] * cell.units
    found = {"kernel": weights.take(0, "kernel", [features, wide])}
    found["recurrent_kernel"] = weights.take(1, "recurrent kernel", [cell.units, wide])
    if cell.bias:
        twice = cell.cls == "GRU" and cell.reset_after
        found["bias"] = weights.take(2, "bias", [2, wide] if twice else [wide])
    return found


def _turned(cell: _Cell, weights: Weights, features: int, suffix: str = "") -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the weights as PyTorch's layer has them, and what the file calls each."""
    torch = load("torch")
    kept = _kept(cell, weights, features)
    found = {"weight_ih": kept["kernel"].T, "weight_hh": kept["recurrent_kernel"].T}
    if cell.bias:
        bias, twice = kept["bias"], cell.cls == "GRU"
        found["bias_ih"] = bias[0] if twice else bias
        found["bias_hh"] = bias[1] if twice else torch.zeros_like(bias)
    if cell.cls == "GRU":
        for key, tensor in found.items():
            update, reset, new = tensor.chunk(3)
            found[key] = torch.cat([reset, update, new])
    places = {"weight_ih": 0, "weight_hh": 1, "bias_ih": 2, "bias_hh": 2}
    names = weights.called(**{key: places[key] for key in found})
    tensors = {f"{key}_l0{suffix}": tensor.contiguous() for key, tensor in found.items()}
    return tensors, {f"{key}_l0{suffix}": name for key, name in names.items()}


def _params(cell: _Cell) -> dict[str, Value]:
    params: dict[str, Value] = {"hidden_size": cell.units}
    params |= {} if cell.bias else {"bias": False}
    return params | ({"nonlinearity": "relu"} if cell.activation == "relu" else {})


def _sequence(step: Step) -> tuple[Flow, list[Flow], Flow | None]:
    """Return what is read, the states that it starts from, and the mask.

    Raises:
        Unsupported: it has other dimensions than batch × time × features.
    """
    given = flows_in(list(step.args))
    states = [*given[1:], *flows_in(step.kwargs.get("initial_state"))]
    x = step.scope.plain(step.scope.cast(step.x, "float32"))
    if x.rank != 3:
        raise Unsupported(f"it is given {x.rank} dimensions")
    mask = mask_of(step)
    return x, [step.scope.plain(each) for each in states], None if mask is None else step.scope.plain(mask)


def _through(step: Step, way: _Pass, x: Flow, mask: Flow | None) -> _Made:
    """Go through the sequence once."""
    if way.cell.native and mask is None:
        return _native(step, way, x)
    require_few(x.size(1))
    cell = way.cell
    kind = recurrent(step, cell.cls, cell.activation, cell.gate, reset_after=cell.reset_after)
    params: dict[str, Value] = {"units": cell.units}
    params |= {} if cell.bias else {"use_bias": False}
    params |= {"backwards": True} if way.backwards else {}
    params |= {"zero_masked": True} if way.zero_masked and mask is not None else {}
    inputs = {"input": x, **({"mask": mask} if mask is not None else {}), **dict(zip(_NAMES, way.states, strict=False))}
    tensors = _kept(cell, way.weights, x.fixed(-1))
    names = way.weights.called(kernel=0, recurrent_kernel=1, bias=2)
    called = {key: name for key, name in names.items() if key in tensors}
    sequence, last, *states = step.add_all(kind, params, inputs, way.role, tensors=tensors, called=called)
    return _Made(sequence, last, tuple(states))


def _native(step: Step, way: _Pass, x: Flow) -> _Made:
    """Go through the sequence with a layer of PyTorch's own, which holds its states with a dimension in front."""
    stem = f"{way.role}_" if way.role else ""
    tensors, called = _turned(way.cell, way.weights, x.fixed(-1))
    if way.backwards:
        x = step.add("Flip", {"dims": (1,)}, [x], f"{stem}reversed")
    inputs = {"input": x}
    for name, state in zip(_NAMES, way.states, strict=False):
        inputs[name] = step.add("Unsqueeze", {"dim": 0}, [state], f"{stem}{name}")
    made = step.add_all(_KINDS[way.cell.cls], _params(way.cell), inputs, way.role, tensors=tensors, called=called)
    names = zip(_NAMES, made[1:], strict=False)
    last = tuple(step.add("Select", {"dim": 0}, [flow], f"{stem}last_{name}") for name, flow in names)
    return _Made(made[0], last[0], last)


def _rnn(step: Step) -> list[Flow]:
    """RNN of one cell is that cell's layer, of several a layer after the other."""
    found = step.config.get("cell")
    found = found if isinstance(found, dict) and found.get("class_name") == "StackedRNNCells" else {}
    config = found.get("config")
    cells = config.get("cells") if isinstance(config, dict) else None
    if not isinstance(cells, list):
        return _recurrent(step)
    x, states, mask = _sequence(step)
    if states or step.get("return_state", False) or not cells:
        raise Unsupported("it starts from states or gives them, with several cells")
    if step.get("go_backwards", False):
        x = step.add("Flip", {"dims": (1,)}, [x], "reversed")
        mask = mask if mask is None else step.add("Flip", {"dims": (1,)}, [mask], "mask_reversed")
    stored = list(numbered((str(at), str(dict(each).get("class_name"))) for at, each in enumerate(cells)))
    zero, last = bool(step.get("zero_output_for_mask", False)), x
    for at, entry in stored:
        weights = step.weights("cell", "cells", entry)
        cell = _cell(step, Layer(step.layer.name, "RNN", "", {**step.config, "cell": cells[int(at)]}), weights)
        made = _through(step, _Pass(cell, weights, role=f"cell{at}", zero_masked=zero), x, mask)
        x, last = made.sequence, made.last
    return [x if step.get("return_sequences", False) else last]


def _recurrent(step: Step) -> list[Flow]:
    x, states, mask = _sequence(step)
    weights = _cell_weights(step)
    cell = _cell(step, step.layer, weights)
    if len(states) not in (0, _STATES[cell.cls]):
        raise Unsupported(f"it starts from {len(states)} states")
    zero, backwards = (bool(step.get(name, False)) for name in ("zero_output_for_mask", "go_backwards"))
    way = _Pass(cell, weights, backwards, tuple(states), zero_masked=zero)
    made = _through(step, way, x, mask)
    result = made.sequence if step.get("return_sequences", False) else made.last
    return [result, *made.states] if step.get("return_state", False) else [result]


def _cell_weights(step: Step, *parts: str) -> Weights:
    return step.first_weights((*parts, "cell"), parts)


def _bidirectional(step: Step) -> list[Flow]:
    x, states, mask = _sequence(step)
    forward, backward = (_wrapped(step, name) for name in ("layer", "backward_layer"))
    if forward is None:
        raise Unsupported("it wraps no layer")
    parts = (("forward_layer", forward), ("backward_layer", backward or forward))
    weights = [_cell_weights(step, part) for part, _layer in parts]
    cells = [_cell(step, layer, own) for (_part, layer), own in zip(parts, weights, strict=True)]
    if forward.config.get("go_backwards"):
        raise Unsupported("its forward layer goes backwards")
    if len(states) not in (0, sum(_STATES[cell.cls] for cell in cells)):
        raise Unsupported(f"it starts from {len(states)} states")
    if cells[0] == cells[1] and cells[0].native and mask is None and not states:
        return _merged(step, cells[0], forward.config, _both(step, cells[0], weights, x))
    sequences, keeps = bool(forward.config.get("return_sequences")), bool(forward.config.get("return_state"))
    first = _STATES[cells[0].cls] if states else 0
    ways = (("forward", states[:first]), ("backward", states[first:]))
    made = []
    for at, (role, given) in enumerate(ways):
        way = _Pass(cells[at], weights[at], at == 1, tuple(given), role, zero_masked=sequences)
        made.append(_through(step, way, x, mask))
    if not sequences:
        return _halves(step, [each.last for each in made], [s for each in made for s in each.states if keeps])
    back = step.add("Flip", {"dims": (1,)}, [made[1].sequence], "turned_back")
    return _halves(step, [made[0].sequence, back], [s for each in made for s in each.states if keeps])


def _both(step: Step, cell: _Cell, weights: Sequence[Weights], x: Flow) -> list[Flow]:
    """Go both ways, forward and backward, with one layer of PyTorch's own."""
    tensors: dict[str, Tensor] = {}
    called: dict[str, str] = {}
    for own, suffix in zip(weights, ("", "_reverse"), strict=True):
        found, names = _turned(cell, own, x.fixed(-1), suffix)
        tensors |= found
        called |= names
    params = {**_params(cell), "bidirectional": True}
    return step.add_all(_KINDS[cell.cls], params, {"input": x}, tensors=tensors, called=called)


def _wrapped(step: Step, name: str) -> Layer | None:
    found = step.config.get(name)
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        return None
    return Layer(step.layer.name, str(found.get("class_name")), str(found.get("module") or ""), found["config"])


def _merged(step: Step, cell: _Cell, config: Mapping[str, Json], made: Sequence[Flow]) -> list[Flow]:
    """Bring the two directions of one layer together as the wrapper says, and the final states that it returns."""
    sequences, keeps = bool(config.get("return_sequences")), bool(config.get("return_state"))
    names = _NAMES[: _STATES[cell.cls]]
    final = {
        (name, at): step.add("Select", {"dim": 0, "index": at}, [flow], f"{name}_{way}")
        for name, flow in zip(names, made[1:], strict=True)
        for at, way in enumerate(("forward", "backward"))
        if keeps or (name == "hidden" and not sequences)
    }
    states = [final[name, at] for at in (0, 1) for name in names] if keeps else []
    if sequences and step.config.get("merge_mode", "concat") == "concat":
        return [made[0], *states]
    if sequences:
        halves = step.add_all("Chunk", {"chunks": 2, "dim": -1}, [made[0]], "directions")
    else:
        halves = [final["hidden", 0], final["hidden", 1]]
    return _halves(step, halves, states)


def _halves(step: Step, halves: Sequence[Flow], states: Sequence[Flow]) -> list[Flow]:
    """Merge what the two directions give.

    Raises:
        Unsupported: the way to merge them is not known.
    """
    mode = step.config.get("merge_mode", "concat")
    if mode is None:
        return [*halves, *states]
    if mode == "concat":
        return [step.add("Concatenate", {"dim": -1}, halves, "both"), *states]
    if mode not in _MERGES:
        raise Unsupported(f"its merge_mode is '{str(mode)[:40]}'")
    return [step.add(_MERGES[mode], {}, halves, "both"), *states]


LAYERS: Mapping[str, Handler] = {
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "SimpleRNN": _recurrent,
    "RNN": _rnn,
    "Bidirectional": _bidirectional,
}
"""By class of Keras: what makes nodes of it."""
