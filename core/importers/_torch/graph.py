"""Reads a graph of PyTorch's calls into a draft, by running it with two batch sizes and looking at what comes out.

A size that is another one for the other batch follows from the batch; everything else is a fixed number. So sizes that
the graph computes (``x.view(x.size(0), -1)``) need no symbols: they are seen. Tensors are known by identity: what a
call returned is where the next one gets it from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx, nn

from core.graph.project import End
from core.importers._draft import Draft
from core.importers._folding import Scope
from core.importers._opaque import Size, opaque
from core.importers._torch.aliases import FILLED
from core.importers._torch.modules import (
    arguments,
    derived_values,
    different,
    dtype_name,
    kind_of_module,
    parameters_of_module,
    tensors_in,
    tensors_of_module,
    time_first,
)
from core.importers._torch.records import Call, ChangedInPlace, Held, LeafCall, Pack, StaysPacked, Unsaid, reads_packed
from core.importers._torch.targets import name_of
from core.importers._torch.ties import PRODUCT, TABLE, Ties, Use, place_of
from core.importers._torch.translations import NOTHING, NoWords
from core.kinds import LayerKind, Value
from core.layers import catalogue
from core.parameters import resolve
from core.progress import report

_MOST_NUMBERS = 4096
"""Up to so many numbers, a fixed tensor is written out; larger ones are in the file of weights alone."""
_DTYPES = {torch.float32: "float32", torch.int64: "int64", torch.bool: "bool"}
_WHOLE = (torch.int8, torch.int16, torch.int32, torch.uint8)


@dataclass
class Reader:
    """Adds the layers of one graph after another to a draft.

    ``translate`` adds the nodes of a call, or raises ``NoWords``. ``python`` makes layers of modules that have no kind
    (None where it cannot). ``scopes`` says of every node in which modules it stands, ``ends`` where a tensor comes
    from, by identity.
    """

    draft: Draft
    translate: Callable[[Reader, Call], None]
    python: Callable[[Reader, LeafCall], bool] | None = None
    scopes: dict[str, tuple[Scope, ...]] = field(default_factory=dict)
    ends: dict[int, End] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    owners: dict[tuple[Any, ...], tuple[str, dict[str, Value]]] = field(default_factory=dict)
    values: dict[str, Tensor] = field(default_factory=dict)
    inputs: list[End] = field(default_factory=list)
    unsaid: list[Unsaid] = field(default_factory=list)
    used: dict[int, str] = field(default_factory=dict)
    batch: tuple[int, int] = (2, 3)
    scope: tuple[Scope, ...] = ()
    ties: Ties = field(default_factory=Ties)
    packs: dict[int, Pack] = field(default_factory=dict)
    _twins: dict[int, Tensor] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)
    _versions: dict[int, int] = field(default_factory=dict)
    _fixed: set[int] = field(default_factory=set)

    # Running

    def read_whole(
        self, graph: fx.GraphModule, names: Sequence[str], batches: Sequence[Sequence[Tensor]]
    ) -> tuple[list[End], tuple[Any, Any]]:
        """Read the graph of a network whose inputs are called so; return where they enter, and what it gives.

        The batches stay as they are, whatever the network changes in its place.
        """
        first, second = ([each.clone() for each in batch] for batch in batches)
        ends = [self.enter(*each) for each in zip(names, first, second, strict=False)]
        return ends, self.read(graph, first, second)

    def read(
        self, graph: fx.GraphModule, first: Sequence[Any], second: Sequence[Any], prefix: str = ""
    ) -> tuple[Any, Any]:
        """Read a graph that is called with these arguments; return what it gives for each batch.

        ``prefix`` is the path of the module that the graph is of.

        Raises:
            ChangedInPlace: what it takes or gives is changed in part.
        """
        runs = (fx.Interpreter(graph), fx.Interpreter(graph))
        waiting = (iter(first), iter(second))
        nodes = list(graph.graph.nodes)
        for number, node in enumerate(nodes):
            report(number, len(nodes), "Reading the network")
            if node.op == "placeholder":
                default = node.args[0] if node.args else None
                for run, values in zip(runs, waiting, strict=True):
                    run.env[node] = next(values, default)
            elif node.op == "output":
                out, other = (run.map_nodes_to_values(node.args[0], node) for run in runs)
                self.check_unchanged(out)
                return out, other
            else:
                self._node(graph, node, runs, prefix)
        raise NoWords("a graph without an output")

    def _node(
        self, graph: fx.GraphModule, node: fx.Node, runs: tuple[fx.Interpreter, fx.Interpreter], prefix: str
    ) -> None:
        (args, kwargs), (other_args, other_kwargs) = (run.fetch_args_kwargs_from_env(node) for run in runs)
        if node.op == "get_attr":
            value = runs[0].fetch_attr(str(node.target))
            for run in runs:
                run.env[node] = value
            if isinstance(value, Tensor):
                name = f"{prefix}.{node.target}" if prefix else str(node.target)
                self.hold(value, name, isinstance(value, nn.Parameter))
            return
        if node.op == "call_module" and str(node.target) == "_guards_fn":
            runs[0].env[node] = runs[1].env[node] = None
            return
        self.check_unchanged((args, kwargs))
        before = list(tensors_in((args, kwargs)))
        out, other = (
            getattr(run, node.op)(node.target, *given)
            for run, given in zip(runs, ((args, kwargs), (other_args, other_kwargs)), strict=True)
        )
        for run, value in zip(runs, (out, other), strict=True):
            run.env[node] = value
        self._kept += [out, other, args, kwargs]
        for one, two in zip(tensors_in(out), tensors_in(other), strict=False):
            self._twins.setdefault(id(one), two)
        self.scope = node.meta.get("scopes", ())
        path = self.scope[-1].path if self.scope else ""
        if node.op == "call_module":
            module = graph.get_submodule(str(node.target))
            path = f"{prefix}.{node.target}" if prefix else str(node.target)
            self._module(LeafCall(module, path, args, other_args, kwargs, out, other))
            return
        if before and all(map(self.is_fixed, before)):
            self._fixed.update(map(id, tensors_in(out)))
        name, aten = name_of(node.target)
        holder = isinstance(node.target, type) and issubclass(node.target, tuple | list | dict)
        if holder or (name in _STRUCTURE and not isinstance(args[0], Tensor)):
            return  # what it gives is known from where it was put in
        if name in FILLED or not any(map(self.is_live, before)):
            return
        leaf, training = node.meta.get("leaf", ""), node.meta.get("training")
        self.call(Call(name, args, kwargs, other_args, other_kwargs, out, other, path, aten, leaf, training))

    def is_live(self, tensor: Tensor) -> bool:
        """True where a tensor follows from an input, or is one that the network holds."""
        return id(tensor) in self.ends or id(tensor) in self.held or id(tensor) in self.packs

    def check_unchanged(self, value: Any) -> None:
        """Raise ChangedInPlace where a tensor no longer holds what the place that it comes from gives."""
        for each in tensors_in(value):
            if id(each) in self.ends and self._versions[id(each)] != each._version:
                raise ChangedInPlace(f"what '{self.ends[id(each)].node}' gives is changed in part, in its place")

    def is_fixed(self, tensor: Tensor) -> bool:
        """True where a tensor follows from nothing that arrives, or is learned."""
        held = self.held.get(id(tensor))
        return id(tensor) in self._fixed or (held is not None and not held.learned)

    def require_held(self, tensors: Iterable[Tensor]) -> None:
        """Raise NoWords unless the network holds all these tensors: only such are the weights of a layer."""
        if any(id(each) not in self.held and id(each) not in self.used for each in tensors):
            raise NoWords("weights that are computed")

    def hold(self, tensor: Tensor, name: str, learned: bool) -> None:
        """Remember a tensor that the network holds, under the first name that it has."""
        self._kept.append(tensor)
        self.held.setdefault(id(tensor), Held(name, learned))
        self._twins.setdefault(id(tensor), tensor)

    # Calls

    def call(self, call: Call) -> None:
        """Add the nodes of one call; those that nothing can say become an opaque one."""
        if not any(True for _ in tensors_in(call.out)):
            return
        try:
            self.translate(self, call)
        except NoWords as error:
            self._left(call, str(error))

    def _left(self, call: Call, reason: str) -> None:
        """Add an opaque node for a call."""
        given = [each for each in tensors_in((call.args, dict(call.kwargs))) if self.is_live(each)]
        inside = next((scope.path for scope in reversed(self.scope) if scope.path), "")
        self.unsaid.append(Unsaid(call.name, reason, inside))
        node = self.opaque(f"{call.name} of PyTorch", given, call.out, call.other_out, self.path(call, call.name))
        if not reason.endswith(NOTHING):
            self.draft.note(f"What '{node}' had to say that no layer says: {reason}.")

    def opaque(self, what: str, given: Sequence[Tensor], out: Any, other: Any, name: str) -> str:
        """Add a node that keeps the shapes of what comes out, whose sizes may follow from the batch or an input.

        Its name is returned.
        """
        ends = [self.end(each) for each in given]
        outs, others = list(tensors_in(out)), list(tensors_in(other))
        shapes = [self._sizes(one, two, given) for one, two in zip(outs, others, strict=True)]
        dtypes = [dtype_name(each.dtype) for each in outs]
        made = opaque(self.draft, what, ends, shapes, dtypes, name=name)
        self.placed(made[0].node)
        for end, tensor in zip(made, outs, strict=True):
            self.give(tensor, end)
        return made[0].node

    def _sizes(self, one: Tensor, two: Tensor, given: Sequence[Tensor]) -> list[Size]:
        found: list[Size] = []
        for first, second in zip(one.shape, two.shape, strict=True):
            place = next(
                (
                    (number, axis)
                    for number, each in enumerate(given)
                    for axis, size in enumerate(each.shape)
                    if size == first and self.twin(each).shape[axis] == second
                ),
                None,
            )
            found.append(first if first == second else place if place is not None else "N")
        return found

    def twin(self, tensor: Tensor) -> Tensor:
        """Return what the other batch has where the first has this tensor."""
        return self._twins.get(id(tensor), tensor)

    def path(self, call: Call, stem: str) -> str:
        """Return what the node of a call is called, where the source has no name for it."""
        return call.leaf or (f"{call.path}.{stem}" if call.path else stem)

    # Ends

    def enter(self, name: str, tensor: Tensor, other: Tensor) -> End:
        """Add an input, where these enter in the two batches."""
        end = self.draft.input(name, tuple(tensor.shape[1:]), dtype_name(tensor.dtype))
        self._twins[id(tensor)] = other
        self._kept.append(other)
        self.inputs.append(end)
        self.give(tensor, end)
        return end

    def give(self, tensor: Tensor, end: End) -> None:
        """Say where a tensor comes from from now on."""
        self._kept.append(tensor)
        self.ends[id(tensor)] = end
        self._versions[id(tensor)] = tensor._version
        self.held.pop(id(tensor), None)
        self.values[str(end)] = tensor

    def end(self, tensor: Tensor) -> End:
        """Return where a tensor comes from; one that the network holds, or that was computed from nothing, gets a node.

        Raises:
            NoWords: it is one of nothing, which differs with the batch in a way that cannot be said.
        """
        found = self.ends.get(id(tensor))
        if found is not None:
            return found
        held = self.held.get(id(tensor))
        if held is not None:
            if place_of(tensor) in self.ties.kept:
                return self.tied(tensor, held.name)
            if not held.node:
                held.node = self._stored(tensor, held.name, held.learned)
            return End(held.node, "output")
        if id(tensor) in self.packs:
            raise StaysPacked(self.scope[-1].path if self.scope else "")
        return self._computed(tensor)

    def _stored(self, tensor: Tensor, name: str, learned: bool) -> str:
        if learned and tensor.dtype == torch.float32:
            self.ties.add(tensor, Use("", "", name))
            params: dict[str, Value] = {"shape": tuple(tensor.shape)}
            end = self.draft.add(
                "FreeParameter", params, (), name=name, tensors={"": tensor.detach()}, called={"": name}
            )
        else:
            end = self.constant(tensor, name)
        self.placed(end.node, tuple(self._scope_of(name)))
        self.values[str(end)] = tensor
        return end.node

    def _scope_of(self, name: str) -> Sequence[Scope]:
        """Return the modules around that a tensor of this name belongs to."""
        return [scope for scope in self.scope if not scope.path or name.startswith(f"{scope.path}.")]

    def constant(self, tensor: Tensor, name: str) -> End:
        """Add a fixed tensor."""
        plain = tensor.detach()
        if plain.dtype in _WHOLE:
            plain = plain.long()
        elif plain.dtype not in _DTYPES and plain.dtype.is_floating_point:
            plain = plain.float()
        if plain.dtype not in _DTYPES:
            raise NoWords(f"a fixed tensor of {plain.dtype}")
        flat = plain.double().flatten()
        same = flat.numel() > 0 and bool((flat == flat[0]).all())
        small = flat.numel() <= _MOST_NUMBERS and bool(torch.isfinite(flat).all()) and flat.numel() > 0
        listed = (flat[0].item(),) if same else tuple(flat.tolist())
        numbers: tuple[float, ...] = listed if small else (0.0,)
        params = {"values": numbers, "shape": tuple(plain.shape), "dtype": _DTYPES[plain.dtype]}
        if not small:
            self.draft.note(f"'{name}' holds {flat.numel():,} fixed numbers, which are in the file of weights alone.")
        return self.draft.add(
            "Constant", params, (), name=name or "constant", tensors={"": plain.clone()}, called={"": name}
        )

    def _computed(self, tensor: Tensor) -> End:
        """Add a tensor that follows from no input: one for every batch, or a row of it for every sample."""
        other = self.twin(tensor)
        path = self.scope[-1].path if self.scope else ""
        name = f"{path}.constant" if path else "constant"
        if tensor.shape == other.shape and torch.equal(tensor, other):
            end = self.constant(tensor, name)
            self.placed(end.node)
        else:
            axes = [
                axis for axis, sizes in enumerate(zip(tensor.shape, other.shape, strict=True)) if sizes[0] != sizes[1]
            ]
            if len(axes) != 1 or tensor.shape[axes[0]] != self.batch[0]:
                raise NoWords("a tensor that is another one for another batch")
            rows = tensor.transpose(0, axes[0])
            if not bool((rows == rows[:1]).all()):
                raise NoWords("a tensor that is another one for every sample")
            end = self.expanded(self.constant(rows[:1], name), name)
            if axes[0]:
                end = self.node("Transpose", {"dim0": 0, "dim1": axes[0]}, [end], name)
        self.give(tensor, end)
        return end

    def expanded(self, end: End, name: str) -> End:
        """Add a node that repeats what has one row for every sample of the batch."""
        if not self.inputs:
            raise NoWords("a batch without an input")
        self.placed(end.node)
        return self.node("ExpandBatch", {}, [end, self.inputs[0]], f"{name}_expand")

    # Nodes

    def node(
        self,
        kind: str | LayerKind,
        params: Mapping[str, Value],
        inputs: Sequence[End] | Mapping[str, End],
        name: str,
        **more: Any,
    ) -> End:
        """Add a node with what differs from the kind's defaults."""
        known = catalogue[kind] if isinstance(kind, str) else kind
        end = self.draft.add(known.id, different(known, params), inputs, name=name, **more)
        self.placed(end.node)
        return end

    def placed(self, node: str, scope: tuple[Scope, ...] | None = None) -> None:
        """Remember in which modules a node stands."""
        self.scopes.setdefault(node, self.scope if scope is None else scope)

    def layer(
        self,
        kind: LayerKind,
        params: Mapping[str, Value],
        inputs: Mapping[str, End],
        tensors: Mapping[str, Tensor],
        path: str,
    ) -> End:
        """Add a layer with weights, or another call of one that has the same weights."""
        if kind.id == PRODUCT and place_of(tensors["weight"]) in self.ties.kept:
            return self._product(inputs["input"], tensors, path)
        key = (kind.id, *(place_of(each) for each in tensors.values()))
        owner = self.owners.get(key) if tensors else None
        if owner is not None and owner[1] == dict(params):
            end = self.draft.add(kind.id, {}, inputs, name=path, shares=owner[0])
            self.placed(end.node)
            return end
        for name, each in tensors.items():
            self.ties.add(each, Use(kind.id, name, path, dict(params), dict(tensors)))
        called = {
            key: self.held[id(each)].name if id(each) in self.held else f"{path}.{key}" for key, each in tensors.items()
        }
        plain = {key: each.detach() for key, each in tensors.items()}
        end = self.draft.add(kind.id, params, inputs, name=path, tensors=plain, called=called)
        self.placed(end.node)
        self.owners[key] = (end.node, dict(params))
        for each in tensors.values():
            self.used.setdefault(id(each), path)
        return end

    # Tensors that several layers have together

    def tied(self, tensor: Tensor, name: str, turned: bool = False) -> End:
        """Return where a matrix comes from that several layers have together, if need be with rows and columns swapped.

        Of a table it is what the table gives for each of its rows; else it is a free parameter.
        """
        place = place_of(tensor)
        made = self.ties.ends.get((place, turned))
        if made is None:
            scope, self.scope = self.scope, ()
            table = self.ties.kept[place]
            if turned:
                end = self.node("Transpose", {"dim0": 0, "dim1": 1}, [self.tied(tensor, name)], f"{name}_turned")
            elif table is None:
                end = End(self._stored(tensor, name, learned=True), "output")
            else:
                rows = self.constant(torch.zeros(tensor.shape[0], dtype=torch.int64), f"{table.path}_rows")
                every = self.node("Positions", {"dim": 0}, [rows], f"{table.path}_every_row")
                path = f"{table.path}_table"
                end = self.layer(catalogue[TABLE], table.params, {"input": every}, table.tensors, path)
            self.values[str(end)] = tensor.detach().T if turned else tensor
            self.scope, made = scope, end.node
            self.ties.ends[place, turned] = made
        return End(made, "output")

    def _product(self, source: End, tensors: Mapping[str, Tensor], path: str) -> End:
        """Add a dense layer whose matrix others have, too, as the product that it is."""
        matrix = self.tied(tensors["weight"], f"{path}.weight", turned=True)
        end = self.node("MatMul", {}, [source, matrix], path)
        bias = tensors.get("bias")
        if bias is None:
            return end
        self.hold(bias, f"{path}.bias", learned=True)
        return self.node("Add", {}, [end, self.end(bias)], f"{path}_add")

    def _module(self, call: LeafCall) -> None:
        """Add a module that has a kind, or a layer in Python."""
        module = call.module
        kind = kind_of_module(module)
        try:
            if kind is None or reads_packed(call):
                raise NoWords(f"no kind of layer is a {type(module).__name__}")
            self._known(kind, module, call.path, arguments(kind, module, call.args, call.kwargs), call.out)
        except NoWords:
            if self.python is not None and self.python(self, call):
                return
            given = [each for each in tensors_in((call.args, dict(call.kwargs))) if self.is_live(each)]
            self.opaque(f"{type(module).__name__} ({call.path})", given, call.out, call.other_out, call.path)

    def _known(self, kind: LayerKind, module: nn.Module, path: str, given: Mapping[str, Tensor], out: Any) -> None:
        params = parameters_of_module(kind, module)
        turned = time_first(module)
        shapes = {slot: tuple(each.shape) for slot, each in given.items()}
        for slot in shapes if turned else ():
            if len(shapes[slot]) == 3 and slot in _SEQUENCES:
                shapes[slot] = (shapes[slot][1], shapes[slot][0], *shapes[slot][2:])
        ends = {}
        for slot, tensor in given.items():
            if slot in ("hidden", "cell") and id(tensor) not in self.ends and not bool(tensor.any()):
                continue  # zeros are what a recurrent layer starts from anyway
            end = self.end(tensor)
            ends[slot] = self.turned(end, path) if turned and slot in _SEQUENCES and tensor.dim() == 3 else end
        shapes = {slot: shape for slot, shape in shapes.items() if slot in ends}
        derived = derived_values(kind, params, shapes)
        tensors = tensors_of_module(kind, module, params, derived)
        end = self.layer(kind, params, ends, tensors, path)
        outs = list(tensors_in(out))
        for port, tensor in zip(kind.outputs, outs, strict=False):
            made = End(end.node, port.name)
            if turned and tensor.dim() == 3 and port.name == "output":
                made = self.turned(made, path)
            self.give(tensor, made)

    def turned(self, end: End, path: str) -> End:
        """Swap batch and time; where that was just done, take what was there before."""
        node = self.draft.graph.nodes[end.node]
        swaps = node.kind == "Transpose" and {node.params.get("dim0", 1), node.params.get("dim1", 2)} == {0, 1}
        if swaps or (node.kind == "Permute" and node.params.get("order") == (1, 0, 2)):
            return self.draft.graph.links[End(node.name, "input")]
        return self.node("Transpose", {"dim0": 0, "dim1": 1}, [end], f"{path}_turn")

    def results(self, kind: LayerKind, params: Mapping[str, Value], node: str, out: Any) -> None:
        """Say where the results of a call come from, by the kind's output ports."""
        values, _problems = resolve(kind, params, {})
        for slot, tensor in zip(kind.output_slots(values), tensors_in(out), strict=False):
            self.give(tensor, End(node, slot))


_SEQUENCES = ("input", "query", "key", "value", "src", "tgt", "memory")
_STRUCTURE = frozenset({"getitem", "tuple", "list", "getattr", "dict"})
