"""The walk through an ONNX model: what each value has become, and how one more layer is added and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.graph.kinds import kind_named
from core.graph.project import End, Graph, Node
from core.importers._draft import Draft
from core.importers._folding import Scope
from core.importers._onnx.known import Known, constant
from core.importers._onnx.model import Network, Op, Refused
from core.kinds import LayerKind, Value
from core.loading import load
from core.model.probe import construct
from core.model.shapes import try_layer
from core.model.specs import TensorSpec
from core.parameters import resolve

if TYPE_CHECKING:
    from torch import Tensor

Result = End | Known | None
Layers = Callable[["Flow", Op], tuple[Result, ...]]
"""Makes layers of an operation, whatever is known ahead."""
_MADE_UP = re.compile(r"(val|const|cst|onnx|init|tensor|graph|_v)[_:.]|.*::|\d")
"""How exporters call constants that they folded themselves: they are no weights."""
_SHOWN = 64
"""Numbers of a constant that are written into its parameters; more are only among the weights."""
_LARGEST = 2**53
_BATCH, _LENGTH = 3, 224
MOST_FLOWING = 2**30
"""Values that a layer may give for a small batch; what is larger would fill the memory as it is compared."""
MOST_FOLDED = 2**29
"""Values that may be worked out ahead, all in all."""
MOST_UNROLLED = 5_000
"""Operations that the graphs and definitions inside others may come to, each as often as it runs."""
MOST_HANDED = 500_000
"""Values that the graphs inside operations may know of, all in all, counted anew each time that one runs."""


class Flow:
    """A network in the making: the draft, the values of the model so far, and the specs of what flows.

    ``batch`` is the size of axis 0 that the model was made for (None: any). ``single`` reads whole inputs as one
    sample each: for models whose axis 0 is no batch.
    """

    def __init__(
        self, network: Network, names: tuple[str, ...], batch: int | None, single: bool, layers: Layers
    ) -> None:
        self.network = network
        self.draft = Draft(network.name)
        self.names = names
        self.batch = batch
        self.single = single
        self._layers_of = layers
        self.values: dict[str, Known | End] = {}
        self.lists: dict[str, tuple[Known | End, ...]] = {}
        self.specs: dict[End, TensorSpec] = {}
        self.readers: dict[str, list[Op]] = {}
        self.wanted: set[str] = {each.name for each in network.outputs}
        self.stem = ""
        self.scope: tuple[Scope, ...] = ()
        self.scopes: dict[str, tuple[Scope, ...]] = {}
        self.fused: set[int] = set()
        self.versions: dict[str, int] = {each.domain: each.version for each in network.proto.opset_import}
        self.called: dict[str, str] = {}
        self.inputs: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.shapes: dict[str, list[int | str | None]] = {}
        self.moved: dict[str, int] = {}
        self.folded = 0
        self.unrolled = 0
        self.handed = 0
        self.done = 0
        self._inferred: dict[str, Any] | None = None
        self._placed: dict[int, tuple[Known, End]] = {}
        self._layers: dict[tuple[object, ...], str] = {}

    # What arrives

    def value(self, op: Op, index: int) -> Known | End | None:
        """Return what an input is; None where it is left out."""
        return self.values[op.inputs[index]] if op.has(index) else None

    def fixed(self, op: Op, index: int) -> np.ndarray | None:
        """Return an input's numbers where it is a constant."""
        value = self.value(op, index)
        return value.first if isinstance(value, Known) and value.fixed else None

    def numbers(self, op: Op, index: int, attribute: str = "") -> tuple[int, ...] | None:
        """Return whole numbers that later versions give as a constant input and earlier ones as an attribute.

        Raises:
            Refused: they depend on what arrives.
        """
        if attribute and attribute in op.attributes:
            found = op.get(attribute)
            return tuple(found) if isinstance(found, tuple | list) else (int(found),)
        if not op.has(index):
            return None
        array = self.fixed(op, index)
        if array is None:
            raise Refused(f"its input {index + 1} depends on what arrives, and has to be constant")
        return tuple(int(each) for each in array.ravel())

    def number(self, op: Op, index: int, attribute: str = "", default: float | None = None) -> float | None:
        """Return a single number that is a constant input or an attribute."""
        if attribute and attribute in op.attributes:
            return float(op.get(attribute))
        if not op.has(index):
            return default
        array = self.fixed(op, index)
        if array is None or array.size != 1:
            raise Refused(f"its input {index + 1} depends on what arrives, and has to be a constant number")
        return float(array.reshape(()))

    def end(self, op: Op, index: int = 0) -> End:
        """Return an input as something that flows; constants become nodes."""
        if not op.has(index):
            raise Refused(f"its input {index + 1} is missing")
        return self.placed(self.values[op.inputs[index]])

    def ends(self, op: Op) -> list[End]:
        """Return all inputs that are given, as things that flow."""
        return [self.end(op, index) for index in range(len(op.inputs)) if op.has(index)]

    def spec(self, end: End) -> TensorSpec:
        """Return the dtype and dimensions at an output end."""
        return self.specs[end]

    def rank(self, end: End) -> int:
        """Return the number of dimensions at an output end."""
        return self.specs[end].rank

    def sizes(self, end: End, which: int = 0) -> tuple[int, ...]:
        """Return the sizes at an output end in one of the two probes."""
        return self.specs[end].probe(which)

    def axis(self, end: End, axis: int, new: int = 0) -> int:
        """Return a dimension counted from the front; ``new`` dimensions are about to be added."""
        rank = self.rank(end) + new
        if not -max(rank, 1) <= axis < max(rank, 1):
            raise Refused(f"it names dimension {axis} of {rank}")
        return axis % max(rank, 1)

    def fixed_sizes(self, end: End, axes: Sequence[int]) -> tuple[int, ...]:
        """Return sizes that have to be fixed."""
        dims = [self.specs[end].dims[axis] for axis in axes]
        if not all(dim.fixed for dim in dims):
            raise Refused("a length that it needs to know stays open")
        return tuple(dim.a for dim in dims)

    def sole_reader(self, name: str) -> Op | None:
        """Return what takes a value, where that is one operation and the value is no output."""
        readers = self.readers.get(name, ())
        return (
            readers[0]
            if len(readers) == 1 and self.network.uses.get(name, 1) == 1 and name not in self.wanted
            else None
        )

    def keep(self, op: Op, made: Sequence[Result | None]) -> None:
        """Keep what an operation gives."""
        for name, value in zip(op.outputs, made, strict=False):
            if name and value is not None:
                self.values[name] = value
        kept = {*self.values, *self.lists} if self.lists else self.values
        lost = next((name for name in op.outputs if name and name not in kept), None)
        if lost is not None and (self.readers.get(lost) or lost in self.wanted):
            raise Refused(f"no layer gives its output '{lost}'")

    def fold(self, count: int) -> None:
        """Count values that were worked out ahead.

        Raises:
            Refused: they come to too many.
        """
        self.folded += count
        if self.folded > MOST_FOLDED:
            raise Refused(f"the model's constants would come to {self.folded:,} values")

    def count_unrolled(self) -> int:
        """Count one more operation of a graph inside another, and return its number.

        Raises:
            Refused: they come to too many.
        """
        self.unrolled += 1
        if self.unrolled > MOST_UNROLLED:
            raise Refused(f"the graphs inside its operations come to more than {MOST_UNROLLED:,} operations")
        return self.unrolled

    def count_handed(self, count: int) -> None:
        """Count values that a graph inside an operation knows of as it runs once more.

        Raises:
            Refused: they come to too many.
        """
        self.handed += count
        if self.handed > MOST_HANDED:
            raise Refused(f"the graphs inside its operations hand on more than {MOST_HANDED:,} values")

    def fuse(self, op: Op, end: End) -> None:
        """Take an operation as done within a layer before it, which gives what it would."""
        self.fused.add(id(op))
        self.values[op.outputs[0]] = end

    # What is added

    def add(
        self,
        kind: str,
        params: Mapping[str, Value] | None = None,
        inputs: Sequence[End] | Mapping[str, End] = (),
        *,
        suffix: str = "",
        name: str = "",
        tensors: Mapping[str, tuple[np.ndarray, str]] | None = None,
    ) -> End:
        """Add a layer that was tried on what arrives, and return its first output.

        ``tensors`` are its weights with what the model calls each.

        Raises:
            Refused: it does not take what arrives.
        """
        known = kind_named(self.draft.project, kind)
        if known is None:
            raise Refused(f"there is no layer '{kind}'")
        settled, problems = resolve(known, params or {}, {})
        if problems:
            raise Refused(problems[0].message)
        defaults, _ = resolve(known, {}, {})
        unset = object()
        own = {key: value for key, value in (params or {}).items() if settled[key] != defaults.get(key, unset)}
        slots = (
            dict(inputs)
            if isinstance(inputs, Mapping)
            else dict(zip(known.input_slots(len(inputs)), inputs, strict=True))
        )
        outputs, derived = self._tried(known, settled, slots)
        if tensors:
            _require_fitting(known, {**settled, **derived}, tensors)
        key = (kind, repr(sorted(own.items())), *((part, called) for part, (_, called) in (tensors or {}).items()))
        shared = self._layers.get(key, "") if _is_own(tensors) and self._alike(self._layers.get(key, ""), slots) else ""
        end = self.draft.add(
            kind,
            {} if shared else own,
            slots,
            name=(name or self.stem or kind.lower()) + suffix,
            tensors=None if shared else {part: _tensor(array) for part, (array, _) in (tensors or {}).items()},
            called={part: called or part for part, (_, called) in (tensors or {}).items()},
            shares=shared,
        )
        if tensors and not shared:
            self._layers[key] = end.node
        self.scopes[end.node] = self.scope
        self.specs.update({End(end.node, port): spec for port, spec in outputs.items()})
        return end

    def _alike(self, shared: str, slots: Mapping[str, End]) -> bool:
        """True where a layer may be called again with this: the sizes that it was made for arrive."""
        if not shared:
            return False
        before = {target.port: source for target, source in self.draft.graph.links.items() if target.node == shared}
        return all(
            slot in before and self.specs[before[slot]].dims[1:] == self.specs[source].dims[1:]
            for slot, source in slots.items()
        )

    def _tried(
        self, kind: LayerKind, values: Mapping[str, Value], slots: Mapping[str, End]
    ) -> tuple[Mapping[str, TensorSpec], Mapping[str, Value]]:
        found, troubles = try_layer(kind, values, {slot: self.specs[end] for slot, end in slots.items()}, self.names)
        error = next((each for each in troubles if each.severity == "error"), None)
        if error:
            arriving = ", ".join(str(self.specs[end]) for end in slots.values())
            said = (error.text or error.rule).splitlines()[0]
            raise Refused(f"{kind.display} does not take what arrives ({arriving}): {said}")
        largest = max((math.prod(each.sizes(_BATCH, _LENGTH)) for each in found.outputs.values()), default=0)
        if largest > MOST_FLOWING:
            raise Refused(f"it would come to {largest:,} values")
        return found.outputs, found.derived

    def traced(self, ends: Sequence[End]) -> Mapping[End, TensorSpec]:
        """Return what flows out of a node that was added to the draft directly.

        Raises:
            Refused: it does not take what arrives.
        """
        node = self.draft.graph.nodes[ends[0].node]
        kind = kind_named(self.draft.project, node.kind)
        assert kind is not None
        slots = {target.port: source for target, source in self.draft.graph.links.items() if target.node == node.name}
        found, _ = self._tried(kind, resolve(kind, node.params, {})[0], slots)
        return {end: found[end.port] for end in ends}

    def port(self, end: End, name: str) -> End:
        """Return another output of the node that an end is of."""
        return End(end.node, name)

    def node_of(self, end: End) -> Node:
        """Return the node that an end is of."""
        return self.draft.graph.nodes[end.node]

    def source(self, end: End, slot: str = "input") -> End | None:
        """Return what feeds the node that an end is of."""
        return self.draft.graph.links.get(End(end.node, slot))

    # Constants

    def placed(self, value: Known | End) -> End:
        """Return a value as something that flows: a constant becomes a node, a free parameter where it is a weight.

        Raises:
            Refused: it is empty, or follows from open lengths in a way that no layer computes.
        """
        if isinstance(value, End):
            return value
        known = self._placed.get(id(value))
        if known is None:
            end = self._constant(value) if value.fixed else self._live(value)
            known = self._placed[id(value)] = (value, end)
        return known[1]

    def _live(self, value: Known) -> End:
        if value.origin is None:
            raise Refused("it depends on open lengths")
        made = self._layers_of(self, value.origin)
        return self.placed(made[value.index] or constant(np.zeros(0)))

    def _constant(self, value: Known) -> End:
        array, name = plain(value.first), value.name
        if not array.size:
            raise Refused("an empty constant flows into it")
        weight = name and array.dtype == np.float32 and array.ndim and array.size > 1 and not _MADE_UP.match(name)
        if weight:
            end = self.add("FreeParameter", {"shape": array.shape, "init": "zeros"}, name=name)
        else:
            kind = {"f": "float32", "i": "int64", "b": "bool"}[array.dtype.kind]
            params = {"values": _numbers(array), "shape": array.shape, "dtype": kind}
            end = self.add("Constant", params, name=name or (f"{self.stem}_constant" if self.stem else "constant"))
        self.draft.weights[end.node] = _tensor(array)
        self.draft.names[end.node] = name or end.node
        return end

    def constant(self, array: np.ndarray) -> End:
        """Return a constant of our own as something that flows."""
        return self.placed(constant(array))

    def inferred(self) -> Mapping[str, Any]:
        """Return what the standard's inference says of every value: its kind of number and its sizes."""
        if self._inferred is None:
            model = self.network.proto
            try:
                model = load("onnx.shape_inference").infer_shapes(model)
            except Exception as error:  # the C++ library raises whatever it finds
                self.draft.note(f"The shapes in the model contradict one another: {error}")
            values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
            self._inferred = {each.name: each.type.tensor_type for each in values if each.type.HasField("tensor_type")}
        return self._inferred

    def kind(self, name: str) -> int:
        """Return the kind of number that the model computes a value in, as ONNX counts them; 0 where it is unknown."""
        found = self.inferred().get(name)
        return int(found.elem_type) if found is not None else 0

    # At the end

    def prune(self) -> None:
        """Take out what leads to no output."""
        graph = self.draft.graph
        feeding: dict[str, set[str]] = {}
        for target, source in graph.links.items():
            feeding.setdefault(target.node, set()).add(source.node)
        kept: set[str] = set()
        waiting = [node.name for node in graph.of_kind("Output")]
        while waiting:
            name = waiting.pop()
            if name not in kept:
                kept.add(name)
                waiting += feeding.get(name, ())
                owner = graph.nodes[name].shares
                waiting += [owner] if owner else []
        nodes = {name: node for name, node in graph.nodes.items() if name in kept}
        links = {target: source for target, source in graph.links.items() if target.node in kept}
        code = {
            name: code
            for name, code in self.draft.project.code.items()
            if any(n.python == name for n in nodes.values())
        }
        self.draft.project = replace(self.draft.project, graph=Graph(nodes, links), code=code)
        for name in [each for each in self.draft.weights if each.partition(".")[0] not in kept]:
            del self.draft.weights[name]
            del self.draft.names[name]
        self.draft.opaque = [name for name in self.draft.opaque if name in kept]


def plain(array: np.ndarray) -> np.ndarray:
    """Return an array in the kind of number that networks compute in here: float32, int64 or bool.

    Raises:
        Refused: it holds no numbers.
    """
    array = np.asarray(array)
    kind = array.dtype
    if kind == np.bool_:
        return array
    if kind.kind in "iu" or kind.name in ("int2", "int4", "uint2", "uint4"):
        return array.astype(np.int64)
    if kind.kind == "f" or (kind.kind == "V" and kind.itemsize <= 2):
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(array.astype(np.float32)).reshape(array.shape)
    raise Refused(f"it computes with {kind}, which no layer does")


def _require_fitting(
    kind: LayerKind, values: Mapping[str, Value], tensors: Mapping[str, tuple[np.ndarray, str]]
) -> None:
    """Raise Refused where weights are not of the sizes that the layer has."""
    made = construct(kind, values)
    wanted = made.state_dict() if isinstance(made, load("torch").nn.Module) else {}
    for part, (array, called) in tensors.items():
        if part in wanted and tuple(wanted[part].shape) != array.shape:
            have, need = (" × ".join(map(str, shape)) or "a number" for shape in (array.shape, wanted[part].shape))
            raise Refused(f"its weight '{called or part}' is {have}, but what arrives needs {need}")


def _is_own(tensors: Mapping[str, tuple[np.ndarray, str]] | None) -> bool:
    """True for weights that tell a layer from others: named, and not all ones or zeros, which exporters store once."""
    return (
        bool(tensors)
        and all(called for array, called in (tensors or {}).values() if array.ndim)
        and any(array.size > 1 and np.any(array != array.flat[0]) for array, _ in (tensors or {}).values())
    )


def _numbers(array: np.ndarray) -> tuple[float, ...]:
    flat = array.ravel()
    if array.size <= _SHOWN and np.all(np.isfinite(flat)) and np.all(np.abs(flat.astype(np.float64)) < _LARGEST):
        return tuple(int(each) for each in flat) if array.dtype == np.bool_ else tuple(flat.tolist())
    return (0.0,)


def _tensor(array: np.ndarray) -> Tensor:
    import torch

    return torch.from_numpy(np.array(array, order="C"))
