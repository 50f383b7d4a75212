"""Tensors on their way from Keras to PyTorch: each knows in which order PyTorch holds the axes that Keras means.

Keras puts channels last, PyTorch first. Instead of turning tensors at every layer, each is carried in the order it is
in, axes are translated, and a Permute is put in where a layer needs another order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.errors import ImportFailed
from core.graph.kinds import kind_named
from core.graph.project import End
from core.importers._draft import Draft
from core.importers._keras.config import Layer, Ref
from core.importers._keras.file import Json, Store
from core.importers._opaque import opaque
from core.kinds import Value
from core.loading import load
from core.model.shapes import try_layer
from core.model.specs import TensorSpec
from core.parameters import resolve

if TYPE_CHECKING:
    from torch import Tensor

Size = int | str
Order = tuple[int, ...]


class Unsupported(Exception):
    """A layer does something that no kind here does; the text says what."""


@dataclass(frozen=True)
class Flow:
    """A tensor: dimension ``i`` of what PyTorch holds is axis ``order[i]`` of what Keras means (0 is the batch).

    ``rows`` tells of a row of features that was laid out from channels-first values: the sizes (without the batch, as
    Keras has them) and the order that they were in. Its features are then in another order than in Keras. ``mask`` is
    what Keras has beside it: True for the steps of batch × time that count.
    """

    end: End
    spec: TensorSpec
    order: Order
    rows: tuple[tuple[int, ...], Order] | None = None
    mask: Flow | None = None

    @property
    def rank(self) -> int:
        """Number of dimensions, batch included."""
        return len(self.order)

    @property
    def plain(self) -> bool:
        """True where all is in the order of Keras."""
        return self.order == tuple(range(self.rank)) and self.rows is None

    def dim(self, axis: int) -> int:
        """Return PyTorch's dimension of an axis of Keras.

        Raises:
            Unsupported: there is no such axis.
        """
        if not -self.rank <= axis < self.rank:
            raise Unsupported(f"there is no axis {axis} in {self.rank} dimensions")
        return self.order.index(axis % self.rank)

    def size(self, axis: int) -> Size:
        """Return the size along an axis of Keras, an expression where it is open."""
        return self.spec.dims[self.dim(axis)].size

    def fixed(self, axis: int) -> int:
        """Return the size along an axis of Keras.

        Raises:
            Unsupported: it is open.
        """
        size = self.size(axis)
        if isinstance(size, str):
            raise Unsupported(f"the size of axis {axis} is not fixed")
        return size


def natural(rank: int) -> Order:
    """Return the order of Keras."""
    return tuple(range(rank))


def channels_first(rank: int) -> Order:
    """Return the order with the last axis of Keras right after the batch."""
    return (0, rank - 1, *range(1, rank - 1))


def moves_nothing(sizes: Sequence[int], order: Order) -> bool:
    """Return True where a row laid out in ``order`` is that of Keras: axes of size 1 may stand anywhere."""
    left = [axis for axis in order[1:] if sizes[axis - 1] != 1]
    return left == sorted(left)


def feature_order(sizes: Sequence[int], order: Order) -> Tensor:
    """Return for each feature of a row laid out in ``order`` (without the batch) its place in the row of Keras."""
    torch = load("torch")
    places: Tensor = torch.arange(math.prod(sizes)).reshape(tuple(sizes))
    return places.permute([axis - 1 for axis in order[1:]]).flatten()


@dataclass
class Scope:
    """A graph in the making: the model's, or that of a model inside it, which becomes a group.

    ``images`` are the numbers of dimensions (batch included) that enter and leave channels-first. ``owners`` are the
    nodes that hold the weights of a layer that is called again, ``learned`` the tensors that are learned by themselves.
    """

    draft: Draft
    names: tuple[str, ...]
    images: frozenset[int] = frozenset()
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    turned: dict[tuple[End, Order], Flow] = field(default_factory=dict)
    casts: dict[tuple[End, str], Flow] = field(default_factory=dict)
    learned: dict[str, Flow] = field(default_factory=dict)

    def border(self, rank: int) -> Order:
        """Return the order in which tensors of a rank enter and leave."""
        return channels_first(rank) if rank in self.images else natural(rank)

    def add(
        self,
        kind: str,
        params: Mapping[str, Value],
        inputs: Sequence[Flow] | Mapping[str, Flow],
        *,
        name: str,
        order: Order | None = None,
        tensors: Mapping[str, Tensor] | None = None,
        called: Mapping[str, str] | None = None,
        shares: str = "",
    ) -> list[Flow]:
        """Add a node and return all of its outputs, in the order of Keras unless another is given.

        Raises:
            ImportFailed: the layer does not take what arrives.
        """
        known = kind_named(self.draft.project, kind)
        if known is None:
            raise KeyError(kind)
        slots = (
            inputs if isinstance(inputs, Mapping) else dict(zip(known.input_slots(len(inputs)), inputs, strict=True))
        )
        values, wrong = resolve(known, params, {})
        found, said = try_layer(known, values, {slot: flow.spec for slot, flow in slots.items()}, self.names)
        troubles = [each for each in said if each.severity == "error"]
        if wrong or troubles:
            texts = [each.message for each in wrong] + [each.text or each.rule for each in troubles]
            raise ImportFailed(f"The layer '{name}' cannot be built as {known.display}: {' '.join(texts)}"[:1000])
        end = self.draft.add(
            kind,
            {key: value for key, value in params.items() if not shares},
            {slot: flow.end for slot, flow in slots.items()},
            name=name,
            tensors=tensors if not shares else None,
            called=called,
            shares=shares,
        )
        return [
            Flow(End(end.node, port), spec, order if order and len(order) == spec.rank else natural(spec.rank))
            for port, spec in found.outputs.items()
        ]

    def turn(self, flow: Flow, order: Order) -> Flow:
        """Return a tensor in another order, by a Permute where it is not in it."""
        if flow.rows is not None:
            flow = self._unrolled(flow)
        if flow.order == order:
            return flow
        known = self.turned.get((flow.end, order))
        if known is not None:
            return known
        moves = tuple(flow.order.index(axis) for axis in order)
        moved = [at for at, source in enumerate(moves) if at != source]
        stem = flow.end.node
        if len(moved) == 2:
            params = {"dim0": moved[0], "dim1": moved[1]}
            (made,) = self.add("Transpose", params, [flow], name=f"{stem}_transposed", order=order)
        else:
            (made,) = self.add("Permute", {"order": moves}, [flow], name=f"{stem}_permuted", order=order)
        self.turned[flow.end, order] = made
        self.turned[made.end, flow.order] = flow
        return made

    def _unrolled(self, flow: Flow) -> Flow:
        """Bring a row of features into the order of Keras."""
        if flow.rows is None:
            return flow
        known = self.turned.get((flow.end, natural(2)))
        if known is not None:
            return known
        sizes, order = flow.rows
        shape = tuple(sizes[axis - 1] for axis in order[1:])
        stem = flow.end.node
        (image,) = self.add("Reshape", {"shape": shape}, [replace(flow, rows=None)], name=f"{stem}_shaped", order=order)
        (made,) = self.add("Flatten", {}, [self.turn(image, natural(image.rank))], name=f"{stem}_row")
        self.turned[flow.end, natural(2)] = made
        return made

    def plain(self, flow: Flow) -> Flow:
        """Return a tensor in the order of Keras."""
        return self.turn(flow, natural(flow.rank))

    def alike(self, flows: Sequence[Flow]) -> list[Flow]:
        """Return tensors in one order, that of the first where all have as many dimensions, else that of Keras."""
        first = flows[0]
        if all(flow.rank == first.rank and flow.rows == first.rows for flow in flows):
            return [flow if flow.rows else self.turn(flow, first.order) for flow in flows]
        return [self.plain(flow) for flow in flows]

    def cast(self, flow: Flow, dtype: str) -> Flow:
        """Return a tensor as another kind of number."""
        if flow.spec.dtype == dtype:
            return flow
        known = self.casts.get((flow.end, dtype))
        if known is None:
            (known,) = self.add("Cast", {"dtype": dtype}, [flow], name=f"{flow.end.node}_{dtype}", order=flow.order)
            known = self.casts[flow.end, dtype] = replace(known, rows=flow.rows)
        return known

    def constant(self, values: Sequence[float], shape: tuple[int, ...], name: str) -> Flow:
        """Add a tensor of fixed numbers."""
        params = {"values": tuple(float(each) for each in values), "shape": shape}
        (made,) = self.add("Constant", params, [], name=name)
        torch_values = _as_tensor(params["values"], shape)
        self.draft.weights[made.end.node] = torch_values
        self.draft.names[made.end.node] = name
        return made

    def parameter(self, tensor: Tensor, name: str, called: str) -> Flow:
        """Add a tensor that is learned by itself; one of that name that was added before is taken again."""
        if name in self.learned:
            return self.learned[name]
        (made,) = self.add("FreeParameter", {"shape": tuple(tensor.shape)}, [], name=name)
        self.draft.weights[made.end.node] = tensor
        self.draft.names[made.end.node] = called
        self.learned[name] = made
        return made


def _as_tensor(values: Sequence[float], shape: tuple[int, ...]) -> Tensor:
    import torch

    made = torch.tensor(values, dtype=torch.float32)
    return made.expand(shape).clone() if len(values) == 1 else made.reshape(shape)


@dataclass
class Step:
    """One call of a layer, for the function that turns it into nodes.

    ``args`` and ``kwargs`` are what it is given, with tensors as Flows. ``shared`` is set where the layer is called
    more than once, ``rows_fit`` where what follows can take a row of features in another order. ``model`` turns a model
    inside this one into nodes.
    """

    scope: Scope
    layer: Layer
    store: Store
    args: Sequence[Json]
    kwargs: Mapping[str, Json]
    flows: Sequence[Flow]
    shared: bool = False
    rows_fit: bool = False
    enter: Callable[[Step], list[Flow]] | None = None

    @property
    def config(self) -> Mapping[str, Json]:
        """The layer's configuration."""
        return self.layer.config

    @property
    def x(self) -> Flow:
        """The first tensor that the layer is given.

        Raises:
            Unsupported: it is given none.
        """
        if not self.flows:
            raise Unsupported("it is given no tensor")
        return self.flows[0]

    def with_flow(self, flow: Flow) -> Step:
        """Return the step with another first tensor."""
        return replace(self, flows=[flow, *self.flows[1:]])

    def get(self, name: str, default: Json = None) -> Json:
        """Return a value of the configuration; None counts as missing."""
        value = self.config.get(name)
        return default if value is None else value

    def number(self, name: str, default: float) -> float:
        """Return a number of the configuration."""
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ImportFailed(f"{name} of the layer '{self.layer.name}' is no number: {str(value)[:100]}.")
        return float(value)

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number of the configuration.

        Raises:
            ImportFailed: it is missing or none.
        """
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ImportFailed(f"{name} of the layer '{self.layer.name}' is no whole number: {str(value)[:100]}.")
        return value

    def each(self, name: str, count: int, default: int = 1) -> tuple[int, ...]:
        """Return a size that is given once or for each dimension."""
        value = self.get(name, default)
        found = tuple(value) if isinstance(value, (list, tuple)) else (value,) * count
        if len(found) != count or not all(isinstance(size, int) and not isinstance(size, bool) for size in found):
            raise ImportFailed(
                f"{name} of the layer '{self.layer.name}' must be {count} whole numbers: {found!s:.100}."
            )
        return found

    def add(
        self,
        kind: str,
        params: Mapping[str, Value],
        inputs: Sequence[Flow] | Mapping[str, Flow],
        role: str = "",
        *,
        order: Order | None = None,
        tensors: Mapping[str, Tensor] | None = None,
        called: Mapping[str, str] | None = None,
    ) -> Flow:
        """Add a node named after the layer and return its first output; a second call shares the first one's layer."""
        return self.add_all(kind, params, inputs, role, order=order, tensors=tensors, called=called)[0]

    def add_all(
        self,
        kind: str,
        params: Mapping[str, Value],
        inputs: Sequence[Flow] | Mapping[str, Flow],
        role: str = "",
        *,
        order: Order | None = None,
        tensors: Mapping[str, Tensor] | None = None,
        called: Mapping[str, str] | None = None,
    ) -> list[Flow]:
        """Add a node as ``add`` does and return all outputs."""
        key = (self.layer.name, f"{kind}/{role}")
        owner = self.scope.owners.get(key, "") if tensors is not None else ""
        name = f"{self.layer.name}_{role}" if role else self.layer.name
        if tensors and self.config.get("trainable") is False:
            params = {**params, "frozen": True}
        made = self.scope.add(
            kind, params, inputs, name=name, order=order, tensors=tensors, called=called, shares=owner
        )
        if tensors is not None and not owner:
            self.scope.owners[key] = made[0].end.node
        return made

    def weights(self, *parts: str) -> Weights:
        """Return the layer's own weights, or those of a part of it, in their order."""
        store = self.store
        for part in parts:
            store = store.inside(part)
        return Weights(self.layer.name, store.own())

    def first_weights(self, *places: Sequence[str]) -> Weights:
        """Return the weights of the first part that has any, where versions of Keras call it differently; else none."""
        found = (self.weights(*parts) for parts in places)
        return next((each for each in found if len(each)), Weights(self.layer.name, []))

    def note(self, text: str) -> None:
        """Tell the user something."""
        self.scope.draft.note(text)

    def opaque(self, what: str, shapes: Sequence[Sequence[int | None]], dtypes: Sequence[str]) -> list[Flow]:
        """Put an opaque node in the layer's place."""
        inputs = [self.scope.plain(flow) for flow in self.flows]
        sizes = [tuple(self._size(size, axis, inputs) for axis, size in enumerate(shape)) for shape in shapes]
        tensors = dict(self.store.everything())
        short = {key.replace("layers/", "").replace("/vars/", "_"): tensor for key, tensor in tensors.items()}
        ends = opaque(*(self.scope.draft, what, [each.end for each in inputs], sizes, dtypes), self.layer.name, short)
        kind = kind_named(self.scope.draft.project, self.scope.draft.graph.nodes[ends[0].node].kind)
        if kind is None:
            raise KeyError(what)
        values, _wrong = resolve(kind, {}, {})
        specs = {slot: flow.spec for slot, flow in zip(kind.input_slots(len(inputs)), inputs, strict=True)}
        found, _troubles = try_layer(kind, values, specs, self.scope.names)
        if not found.outputs:
            raise ImportFailed(
                f"The layer '{self.layer.name}' ({what}) has no equal here, and its shapes are not known."
            )
        return [Flow(End(ends[0].node, port), spec, natural(spec.rank)) for port, spec in found.outputs.items()]

    def _size(self, size: int | None, axis: int, inputs: Sequence[Flow]) -> int | str | tuple[int, int]:
        if axis == 0:
            return "N"
        if size is not None:
            return size
        for index, flow in enumerate(inputs):
            if flow.rank > axis and isinstance(flow.size(axis), str):
                return (index, axis)
        raise ImportFailed(f"The layer '{self.layer.name}' has no equal here, and its output has no fixed shape.")


@dataclass(frozen=True)
class Weights:
    """A layer's weights in their order, each with the name that it has in the file."""

    layer: str
    found: Sequence[tuple[str, Tensor]]

    def __len__(self) -> int:
        return len(self.found)

    def take(self, index: int, what: str, shape: Sequence[int | None]) -> Tensor:
        """Return a weight as float32 of a shape (None: any size).

        Raises:
            ImportFailed: it is missing, or of another shape.
        """
        if index >= len(self.found):
            raise ImportFailed(f"The {what} of the layer '{self.layer}' is missing in the file: its weights end early.")
        tensor = self.found[index][1].float()
        have = tuple(tensor.shape)
        if len(have) != len(shape) or any(b is not None and a != b for a, b in zip(have, shape, strict=True)):
            wanted = " × ".join("?" if size is None else str(size) for size in shape) or "one number"
            got = " × ".join(map(str, have)) or "one number"
            raise ImportFailed(
                f"The {what} of the layer '{self.layer}' is {got} in the file, its configuration says {wanted}: "
                "configuration and weights are not of one model."
            )
        return tensor

    def called(self, **places: int) -> dict[str, str]:
        """Return by the name of a tensor what the file calls the weight at that place."""
        return {key: self.found[place][0] for key, place in places.items() if place < len(self.found)}


Handler = Callable[[Step], "Flow | list[Flow]"]
"""Turns one call of a layer into nodes and returns its outputs; raises Unsupported where there is no equal."""


def tensors_in(value: Json, made: Mapping[tuple[str, int, int], Flow]) -> Json:
    """Return what a call is given with the tensors that were made in the place of their names."""
    if isinstance(value, Ref):
        return made[value.layer, value.call, value.tensor]
    if isinstance(value, (list, tuple)):
        return [tensors_in(each, made) for each in value]
    if isinstance(value, dict):
        return {key: tensors_in(each, made) for key, each in value.items()}
    return value


def flows_in(value: Json) -> list[Flow]:
    """Return the tensors in nested lists and dictionaries, in their order."""
    if isinstance(value, Flow):
        return [value]
    if isinstance(value, (list, tuple)):
        return [flow for each in value for flow in flows_in(each)]
    if isinstance(value, dict):
        return [flow for each in value.values() for flow in flows_in(each)]
    return []
