"""Reads the classes of a text as graphs, one by one: a class that another one uses is a single node there."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, fx, nn

from core.errors import ImportFailed, sentence
from core.graph.groups import group_id
from core.graph.kinds import kind_named
from core.graph.project import PYTHON_PREFIX, End, Graph, Group, Project, PythonLayer
from core.importers._draft import Draft, trust_own
from core.importers._source.parts import ARGUMENTS, Built, as_group, checked_class_name, output_names
from core.importers._source.python import python_layer
from core.importers._torch.calls import translate
from core.importers._torch.graph import Reader
from core.importers._torch.learning import note_training
from core.importers._torch.modules import different, kind_of_module, tensors_in
from core.importers._torch.records import ChangedInPlace, LeafCall
from core.importers._torch.sampling import with_samplers
from core.importers._torch.ties import Ties, read_tied
from core.importers._torch.tracing import Untraceable, around, exported
from core.importers._torch.translations import NoWords
from core.kinds import LayerKind, Value
from core.model.python_code import CodeError, running
from core.progress import report

_BATCHES = (2, 3)
_PLAIN = (bool, int, float, str, type(None))
_FLOW = "cannot be used as inputs to control flow"
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Undrawable(ImportFailed):
    """A class cannot be drawn: its module, what entered there, and why."""

    def __init__(self, module: nn.Module, calls: Sequence[Arguments], reason: str) -> None:
        super().__init__(
            f"{type(module).__name__} cannot be drawn: {reason} What forward does must not depend on the numbers that "
            "arrive."
        )
        self.module, self.calls, self.reason = module, calls, reason


@dataclass
class Classes:
    """The classes of a built network: which are single nodes, and the groups that come of them."""

    built: Built
    project: Project
    own: Mapping[str, str]
    same: frozenset[str]
    groups: dict[str, Group] = field(default_factory=dict)
    calls: dict[str, list[Arguments]] = field(default_factory=dict)
    layers: dict[str, PythonLayer] = field(default_factory=dict)
    """What stands for calls that no kind of layer does, and for classes that cannot be drawn."""
    notes: list[str] = field(default_factory=list)
    """What is kept in Python, and why."""

    def __post_init__(self) -> None:
        self.where = self.built.where
        self.definitions = Project("Source", groups=dict(self.project.groups), code=dict(self.project.code))
        self.single = self._single()

    def read_all(self) -> Graph:
        """Read the network and every class in it that has to be read; what cannot be drawn stays in Python.

        Raises:
            CodeError: the text raised. ImportFailed: it does what can neither be drawn nor be a layer in Python.
        """
        while True:
            try:
                graph = self._read_all()
            except Undrawable as error:
                if not self._flattened(error) and not self._kept_in_python(error):
                    raise
                self.groups, self.calls = {}, {}
                code = {**self.project.code, **self.layers}
                self.definitions = Project("Source", groups=dict(self.project.groups), code=code)
            except CodeError:
                with running(self.built.text, "cpu"), torch.no_grad():
                    self.built.module(*self._inputs(_BATCHES[0]))  # what it raises here has a line
                raise
            else:
                self._keep_used(graph)
                self.notes += self._ties_between()
                return graph

    def _ties_between(self) -> list[str]:
        """Say which tensors belong to layers in several classes, whose groups cannot have them together."""
        network, found = self.built.module, dict[int, list[tuple[str, str]]]()
        for name, tensor in network.named_parameters(remove_duplicate=False):
            found.setdefault(id(tensor), []).append((name.rpartition(".")[0], name))
        notes = []
        for uses in found.values():
            owners = {id(network.get_submodule(path)): name for path, name in uses}
            if len(owners) > 1 and len({self._home(path) for path, _name in uses}) > 1:
                names = " and ".join(f"'{name}'" for name in owners.values())
                notes.append(
                    f"{names} are one tensor, but stand in different classes, which become groups with weights of "
                    "their own: training will change them differently."
                )
        return notes

    def _home(self, path: str) -> str:
        """Return the path of the innermost module around a layer that is a single node; empty for the network."""
        while path and not self.is_single(self.built.module.get_submodule(path)):
            path = path.rpartition(".")[0]
        return path

    def _keep_used(self, graph: Graph) -> None:
        """Forget groups and layers that the network does not use, for what used them stays in Python."""
        used: set[str] = set()
        waiting = [graph]
        while waiting:
            kinds = {node.kind for node in waiting.pop().nodes.values()} - used
            used |= kinds
            waiting += [group.graph for name, group in self.groups.items() if group_id(name) in kinds]
        self.groups = {name: each for name, each in self.groups.items() if group_id(name) in used}
        self.layers = {name: each for name, each in self.layers.items() if PYTHON_PREFIX + name in used}

    def _inputs(self, batch: int) -> list[Tensor]:
        return [_sample(each.shape, each.dtype, batch) for each in self.built.given]

    def _read_all(self) -> Graph:
        firsts = self._firsts()
        inputs = [self._inputs(size) for size in _BATCHES]
        self._record(firsts, inputs)
        for number, path in enumerate(sorted(firsts, key=lambda each: -each.count("."))):
            report(number, len(firsts) + 1, "Reading the classes")
            name = type(firsts[path]).__name__
            kind = self.single[name]
            if name in self.same or not kind.startswith("group:") or path not in self.calls:
                continue
            known = self.project.groups.get(name)
            graph = self._read(firsts[path], self.calls[path], known.graph if known else None)
            self.groups[name] = as_group(name, graph, known)
            self.definitions = replace(self.definitions, groups={**self.definitions.groups, name: self.groups[name]})
        report(len(firsts), len(firsts) + 1, "Reading the network")
        calls: list[Arguments] = [(tuple(each), {}) for each in inputs]
        return self._read(self.built.module, calls, self.project.graph)

    # What cannot be drawn

    def _flattened(self, error: Undrawable) -> bool:
        """Draw the classes that one of the text's uses in its place where PyTorch can export it so."""
        inner = {type(each).__name__ for each in list(error.module.modules())[1:] if self.is_single(each)}
        if not inner or any(name in self.own or not self.single.get(name, "").startswith("group:") for name in inner):
            return False
        args, kwargs = error.calls[0]
        try:
            with running(self.built.text, "cpu"):
                exported(error.module, args)
        except (Untraceable, CodeError):
            return False
        self.single = {name: kind for name, kind in self.single.items() if name not in inner}
        return not kwargs

    def _kept_in_python(self, error: Undrawable) -> bool:
        """Make a layer in Python of the innermost class that is at fault, else of the one around it."""
        inner = [each for each in error.module.modules() if each is not error.module and self._is_culprit(each)]
        for module in dict.fromkeys((*reversed(inner), error.module, self.built.module)):
            name = type(module).__name__
            if self.single.get(name, "").startswith(PYTHON_PREFIX):
                continue
            taken = self.project.groups.keys() | self.project.code.keys() | self.layers.keys()
            layer = python_layer(self.built.text, name, module.__dict__.get(ARGUMENTS, {}), taken)
            if layer is None:
                continue
            trust_own(layer.source, self.notes.append)
            self.layers[layer.name] = layer
            self.single[name] = PYTHON_PREFIX + layer.name
            self.notes.append(f"{name} cannot be drawn as layers and stays in Python: {error.reason}")
            return True
        return False

    def _is_culprit(self, module: nn.Module) -> bool:
        """True where a module of the text that is no single node cannot be traced."""
        if type(module).__module__ != self.where or self.is_single(module):
            return False
        try:
            with running(self.built.text, "cpu"):
                _Tracer(self).trace(module)
        except CodeError:
            return True
        return False

    # Which classes are single nodes

    def _single(self) -> dict[str, str]:
        """Return the classes that are read as single nodes, and the kind of each."""
        found: dict[str, str] = {}
        uses: dict[str, list[nn.Module]] = {}
        for module in self.built.module.modules():
            if module is not self.built.module and type(module).__module__ == self.where:
                uses.setdefault(type(module).__name__, []).append(module)
        for name, modules in uses.items():
            if name in self.own:
                found[name] = self.own[name]
            elif checked_class_name(name) and name not in self.project.code and name not in self.project.groups:
                settings = [_settings(each) for each in modules]
                if all(each is not None and each == settings[0] for each in settings):
                    found[name] = group_id(name)
        return found

    def kind_of(self, module: nn.Module) -> LayerKind | None:
        """Return the kind of a module that is a single node: of its class, or of a stack of one class."""
        if isinstance(module, nn.Sequential | nn.ModuleList) and type(module).__module__ != self.where:
            entries = list(module)
            if not entries or isinstance(entries[0], nn.Sequential | nn.ModuleList):
                return None
            kind = self.kind_of(entries[0])
            if kind is None or not kind.group or any(type(each) is not type(entries[0]) for each in entries):
                return None
            settings = [self.settings_of(kind, each) for each in entries]
            return kind if all(each == settings[0] for each in settings) else None
        if type(module).__module__ != self.where or type(module).__name__ not in self.single:
            return None
        return kind_named(self.definitions, self.single[type(module).__name__])

    def settings_of(self, kind: LayerKind, module: nn.Module) -> dict[str, Value]:
        """Return what a module was built with, as far as its kind has parameters for it."""
        said = {key: value for key, value in module.__dict__.get(ARGUMENTS, {}).items() if _is_plain(value)}
        known = {each.name for each in kind.parameters}
        found = {name if name in known else name.rstrip("_"): value for name, value in said.items()}
        found = {name: value for name, value in found.items() if name in known and name not in kind.derived}
        return found if kind.group else dict(different(kind, found))

    def is_single(self, module: nn.Module) -> bool:
        """True where a module is one node, whatever its ports are."""
        if isinstance(module, nn.Sequential) and type(module).__module__ != self.where:
            return bool(len(module)) and self.kind_of(module) is not None
        return type(module).__module__ == self.where and type(module).__name__ in self.single

    # Running

    def _firsts(self) -> dict[str, nn.Module]:
        """Return the first module of each class that is a single node, by its path."""
        found: dict[str, nn.Module] = {}
        seen: set[type] = set()
        for path, module in self.built.module.named_modules():
            if path and type(module) not in seen and type(module).__module__ == self.where:
                seen.add(type(module))
                if type(module).__name__ in self.single:
                    found[path] = module
        return found

    def _record(self, modules: Mapping[str, nn.Module], inputs: Sequence[Sequence[Tensor]]) -> None:
        """Run the network with both batches, and keep what enters the given modules at their first call."""
        if not modules:
            return
        handles = []
        for path, module in modules.items():

            def keep(_module: nn.Module, args: Any, kwargs: Any, path: str = path) -> None:
                calls = self.calls.setdefault(path, [])
                if len(calls) == turn:
                    calls.append((args, kwargs))

            handles.append(module.register_forward_pre_hook(keep, with_kwargs=True))
        try:
            for turn, each in enumerate(inputs):  # the hooks read it
                report(turn + 1, 3, "Running the network")
                with running(self.built.text, "cpu"), torch.no_grad():
                    self.built.module(*each)
        finally:
            for handle in handles:
                handle.remove()

    # Reading

    def _read(self, module: nn.Module, calls: Sequence[Arguments], known: Graph | None) -> Graph:
        """Return the graph of one class; ``known`` is that of its group, whose outputs lend their names."""
        traced = self._traced(module, calls)
        try:
            with running(self.built.text, "cpu"), torch.no_grad():
                draft = read_tied(lambda ties: self._drafted(module, traced, calls, known, ties), self._note_of)
        except CodeError as error:
            if isinstance(error.__cause__, NoWords | ChangedInPlace):
                raise Undrawable(module, calls, f"{error.__cause__}.") from error
            raise
        self.layers |= {name: each for name, each in draft.project.code.items() if name not in self.definitions.code}
        return draft.finished().project.graph

    def _drafted(
        self,
        module: nn.Module,
        traced: fx.GraphModule,
        calls: Sequence[Arguments],
        known: Graph | None,
        ties: Ties,
    ) -> Draft:
        """Return what one class does as a draft."""
        draft = Draft(type(module).__name__)
        draft.project = replace(draft.project, groups=self.definitions.groups, code=self.definitions.code)
        reader = Reader(draft, translate, python=_Leaves(self, module, traced).add, batch=_BATCHES, ties=ties)
        first, second = (_bound(module, args, kwargs) for args, kwargs in calls)
        for argument, one in first.items():
            if isinstance(one, Tensor):
                reader.enter(argument, one, second[argument])
        out, _other = reader.read(traced, list(first.values()), list(second.values()))
        self._outputs(reader, out, known)
        return draft

    def _note_of(self, _draft: Draft) -> Callable[[str], object]:
        return lambda note: self.notes.append(note) if note not in self.notes else None

    def _traced(self, module: nn.Module, calls: Sequence[Arguments]) -> fx.GraphModule:
        """Return what a class calls: as it is traced, else, where it uses no other class, as PyTorch exports it."""
        if self.single.get(type(module).__name__, "").startswith(PYTHON_PREFIX):
            return around(module, len(_bound(module, *calls[0])))
        try:
            with running(self.built.text, "cpu"):
                graph = _Tracer(self).trace(module)
                note_training(module, graph, _Tracer(self).trace)
                made = cast("fx.GraphModule", _Traced(module, graph))
                with_samplers(made)
                return made
        except CodeError as error:
            args, kwargs = calls[0]
            if not kwargs and not any(map(self.is_single, list(module.modules())[1:])):
                try:
                    return exported(module, args)
                except Untraceable:
                    raise Undrawable(module, calls, _reason(error)) from error
            raise Undrawable(module, calls, _reason(error)) from error

    def _outputs(self, reader: Reader, out: Any, known: Graph | None) -> None:
        if isinstance(out, Mapping):
            named = [(str(name), value) for name, value in out.items()]
        else:
            found = list(tensors_in(out))
            names = output_names(known, len(found))
            named = list(zip(names, found, strict=True))
        for name, value in named:
            if isinstance(value, Tensor):
                reader.draft.output(name, reader.end(value))


def _reason(error: CodeError) -> str:
    """Return why a class cannot be traced, with its line where that is known, as one sentence."""
    text = str(error).splitlines()[0]
    line = text.partition(": ")[0] if text.startswith("line ") else ""
    if _FLOW in text:
        text = f"{line}: " if line else ""
        text += "which way it goes depends on what arrives"
    return sentence(f"{text[:1].upper()}{text[1:]}")


class _Traced(nn.Module):
    """What is called, with the modules to call; unlike a GraphModule it has no names that a layer may have, too."""

    def __init__(self, module: nn.Module, graph: fx.Graph) -> None:
        super().__init__()
        if hasattr(module, "graph"):
            raise CodeError(
                f"{type(module).__name__} has a layer called 'graph', which PyTorch cannot trace: rename it."
            )
        for name, child in module.named_children():
            self.add_module(name, child)
        for name, tensor in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
            object.__setattr__(self, name, tensor)
        self.graph = graph


class _Tracer(fx.Tracer):
    """Follows a class down to layers that have a kind, and to classes that are single nodes."""

    def __init__(self, classes: Classes) -> None:
        super().__init__()
        self._classes = classes

    def is_leaf_module(self, module: nn.Module, path: str) -> bool:
        """True where a module becomes one node."""
        return (
            kind_of_module(module) is not None
            or self._classes.is_single(module)
            or super().is_leaf_module(module, path)
        )


class _Leaves:
    """Adds a node for each module that is a single node; a list whose modules run in a row is one that repeats."""

    def __init__(self, classes: Classes, module: nn.Module, traced: fx.GraphModule) -> None:
        self._classes = classes
        self._rows = dict(_rows(classes, module, traced))
        self._made: dict[int, str] = {}
        self._names: dict[str, str] = {}

    def add(self, reader: Reader, call: LeafCall) -> bool:
        """Add a module; False where it has no kind."""
        module, path = call.module, call.path
        kind = self._classes.kind_of(module)
        if kind is None:
            return False
        stack = isinstance(module, nn.Sequential) and type(module).__module__ != self._classes.where
        where, index, count = self._rows.get(path, (path, 0, len(list(module.children())) if stack else 1))
        if not index:
            inner = next(module.children()) if stack else module
            ends = {slot: reader.end(tensor) for slot, tensor in _slots(kind, inner, call).items()}
            shares = self._made.get(id(module), "")
            params = {} if shares else self._classes.settings_of(kind, inner)
            name = reader.draft.add(kind.id, params, ends, name=where, shares=shares).node
            if count > 1 and not shares:
                _repeat(reader.draft, name, count)
            self._made.setdefault(id(module), name)
            self._names[where] = name
            reader.placed(name)
        for port, tensor in zip(kind.outputs, tensors_in(call.out), strict=False):
            reader.give(tensor, End(self._names[where], port.name))
        return True


def _repeat(draft: Draft, name: str, count: int) -> None:
    node = replace(draft.graph.nodes[name], repeat=count)
    graph = replace(draft.graph, nodes={**draft.graph.nodes, name: node})
    draft.project = replace(draft.project, graph=graph)


def _rows(classes: Classes, module: nn.Module, traced: fx.GraphModule) -> Iterator[tuple[str, tuple[str, int, int]]]:
    """Yield the modules of lists that feed each other in a row and nothing else: the list, the place, how many."""
    calls = [node for node in traced.graph.nodes if node.op == "call_module"]
    by_path: dict[str, list[fx.Node]] = {}
    for node in calls:
        by_path.setdefault(str(node.target), []).append(node)
    for path in dict.fromkeys(each.rpartition(".")[0] for each in by_path):
        holder = module.get_submodule(path) if path else None
        if not isinstance(holder, nn.ModuleList) or classes.kind_of(holder) is None:
            continue
        row = [by_path.get(f"{path}.{index}", []) for index in range(len(holder))]
        if not all(len(each) == 1 for each in row):
            continue
        nodes = [each[0] for each in row]
        linked = all(
            list(one.users) == [two] and two.args and two.args[0] is one and two.args[1:] == nodes[0].args[1:]
            for one, two in pairwise(nodes)
        )
        if linked:
            yield from ((f"{path}.{index}", (path, index, len(nodes))) for index in range(len(nodes)))


def _slots(kind: LayerKind, module: nn.Module, call: LeafCall) -> dict[str, Tensor]:
    """Return the tensors that enter a module by the input slots of its kind: by name, else by their order."""
    given = {name: value for name, value in _bound(module, call.args, call.kwargs).items() if isinstance(value, Tensor)}
    ports = {port.name for port in kind.inputs}
    if given.keys() <= ports:
        return given
    values = list(tensors_in((call.args, dict(call.kwargs))))
    return dict(zip(kind.input_slots(len(values)), values, strict=True))


def _bound(module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a module's call by name; those that take any number stay as they are."""
    bound = inspect.signature(module.forward).bind(*args, **kwargs)
    return dict(bound.arguments)


def _settings(module: nn.Module) -> dict[str, Value] | None:
    """Return what a module was built with; None where that is more than numbers and words."""
    found = module.__dict__.get(ARGUMENTS)
    if found is None:
        return None
    return dict(found) if all(map(_is_plain, found.values())) else None


def _is_plain(value: object) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple | list) and all(map(_is_plain, value)))


def _sample(shape: Sequence[int], dtype: str, batch: int) -> Tensor:
    """Return a batch of ordinary numbers: normal ones, zeros where they are whole, all True for masks."""
    kind = getattr(torch, dtype)
    if kind.is_floating_point:
        return torch.randn((batch, *shape), dtype=kind, generator=torch.Generator().manual_seed(batch))
    return torch.ones((batch, *shape), dtype=kind) if kind == torch.bool else torch.zeros((batch, *shape), dtype=kind)
