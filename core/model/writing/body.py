"""Writes one class: the network itself, or a group in a form that is right for all of its uses."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from core.errors import EditError, ModelError
from core.graph.counting import count_layers
from core.graph.kinds import kind_named, ports_of
from core.graph.names import RESERVED, check_name
from core.graph.project import INPUT, OUTPUT, End, Node, Project
from core.kinds import LayerKind, Value
from core.model import options
from core.model.layout import WIDTH, wrapped
from core.model.lines import call_line, constructor, literal, quoted
from core.model.probe import construct
from core.model.specs import BATCH
from core.model.writing.expressions import agrees
from core.model.writing.group import Argument, Line, WrittenClass
from core.model.writing.repeats import Split, construction, count_of, is_loop, is_row, unlike_calls
from core.model.writing.scope import Atom, Scope
from core.model.writing.shapes import described, shape
from core.model.writing.text import (
    Statement,
    attributes_read,
    free,
    functions_called,
    in_brackets,
    laid_out,
    method,
    names_read,
    paragraphs,
    printable,
    stored,
)
from core.model.writing.uses import Use
from core.units import plural

if TYPE_CHECKING:
    import torch
    from torch import nn

_CHANNELS = ("in_channels", "num_features", "num_channels", "channels")
_LOCALS = ("math", "name", "parameter", "block", "penalty", "constrain")
"""Names that the written methods use themselves."""

_TRAIN = (
    "    def train(self, mode: bool = True) -> nn.Module:",
    '        """Switch between training and evaluation; what is frozen stays in evaluation."""',
    "        super().train(mode)",
)
_PENALTY = (
    "    def penalty(self) -> torch.Tensor:",
    '        """Return what the layers add to the loss: a single number."""',
)
_CONSTRAIN = (
    "    @torch.no_grad()",
    "    def constrain(self) -> None:",
    '        """Bring the weights back to what holds them; to be called after every step."""',
)


@dataclass(frozen=True)
class Module:
    """What all classes of a written module share: names that are taken, and how variables are written."""

    project: Project
    taken: frozenset[str]
    variables: Mapping[str, str | int | float]
    constants: Mapping[str, int | float]


def write_class(module: Module, name: str, uses: Sequence[Use]) -> WrittenClass:
    """Write the class of a group (or of the network, where that is the only use).

    Raises:
        Split: the uses need more than one class.
        ModelError: a name cannot be written.
    """
    return _Writer(module, name, uses).write()


class _Writer:
    """Writes one class."""

    def __init__(self, module: Module, name: str, uses: Sequence[Use]) -> None:
        first = uses[0]
        self.module, self.name, self.uses = module, name, uses
        self.is_root = not first.group
        self.graph = graph = first.report.graph
        self.nodes = first.nodes
        self.kinds = _kinds(module.project, first)
        self.layers = [node for node in self.nodes if node.kind not in (INPUT, OUTPUT)]
        _split_by_structure(uses, self.layers, self.kinds)
        group = module.project.groups.get(first.group)
        self.own = [each.name for each in group.parameters] if group else []
        self.help = group.help if group else ""
        self.starts_from = re.split(r"[\\/]", group.weights)[-1] if group else ""
        self.outputs = ports_of(graph, OUTPUT)
        reached = {node.name for node in self.nodes}
        self.inputs = [port for port in ports_of(graph, INPUT) if port in reached or not self.is_root]
        _check_names([*self.nodes, *(graph.nodes[port] for port in self.inputs)], self.own)
        self.taken = self._taken()
        self.parameters = {each: free(each, self.taken) for each in self.own}
        self.scope = Scope(uses, self.kinds, self.parameters, module.variables, module.constants)
        self.avoided = frozenset({"math"})
        self.variables = self._variables()

    def write(self) -> WrittenClass:
        made = [self._constructed(node) for node in self._owners()]
        called = self._called_all()
        penalty, held = self._penalty(), self._constrained()
        attributes = attributes_read([*called, *penalty, *held])
        arguments, names = self._arguments(names_read(made) | attributes)
        self._give(arguments, names)
        placeholders = {name: placeholder for placeholder, name in names.items()}
        kept = [each.name for each in arguments if placeholders.get(each.name, each.name) in attributes]
        lines = [
            *self._head(names),
            *self._constructor(arguments, kept, made, names),
            Line(""),
            *self._forward(called, names),
            *method(_TRAIN, self._frozen(), "return self", names),
            *method(_PENALTY, penalty, "", names),
            *method(_CONSTRAIN, held, "", names),
        ]
        origins = {port: self.scope.incoming[port][0][1] for port in self.outputs if self.scope.incoming[port]}
        return WrittenClass(
            self.name,
            self.uses[0].group,
            tuple(arguments),
            tuple(lines),
            self.scope.trace,
            origins,
            names,
            names_read([*made, *called, *penalty, *held]),
            bool(penalty),
            bool(held),
        )

    # Names

    def _taken(self) -> frozenset[str]:
        """Return the names that an argument of the constructor must not have."""
        return self.module.taken | RESERVED | self.graph.nodes.keys() | frozenset(dir(builtins)) | frozenset(_LOCALS)

    def _variables(self) -> dict[End, str]:
        """Name the variable of every output that is read; others are assigned to ``_``."""
        read = {source for node in self.nodes for _slot, source in self.scope.incoming[node.name]}
        outside = self.module.taken | self.avoided
        variables = {End(name, "output"): name for name in self.inputs}
        taken = {node.name for node in self.nodes} | outside
        for node in self.layers:
            kind = self.kinds[node.name]
            looped = node.name in self.uses[0].inner and is_loop(self.scope, node)
            for index, slot in enumerate(kind.output_slots(self._plain(node))):
                name = f"{node.name}_{slot.replace('outputs.', '').replace('.', '_')}" if index else node.name
                name = free(name, taken) if index or name in outside else name
                taken.add(name)
                end = End(node.name, slot)
                variables[end] = name if end in read or looped else "_"
        return variables

    def _arguments(self, used: frozenset[str]) -> tuple[list[Argument], dict[str, str]]:
        """Return the constructor's arguments, sizes of what arrives first, and their names by placeholder."""
        atoms = [atom for atom in self.scope.atoms if atom.placeholder in used]
        single = len([atom for atom in atoms if atom.port]) == 1
        taken = {*self.taken, *self.parameters.values()}
        names: dict[str, str] = {}
        found = []
        for atom in atoms:
            name = free(_argument_name(atom, single, names.values()), taken)
            names[atom.placeholder] = name
            taken.add(name)
            hint = "int" if all(isinstance(value, int) for value in atom.values) else "float"
            found.append(Argument(name, hint, port=atom.port, axis=atom.axis))
        for own, name in self.parameters.items():
            if name in used:
                whole = all(isinstance(use.values[own], int) for use in self.uses)
                found.append(Argument(name, "int" if whole else "float", parameter=own))
        return found, names

    def _give(self, arguments: Sequence[Argument], names: Mapping[str, str]) -> None:
        placeholders = {name: placeholder for placeholder, name in names.items()}
        for use, values in zip(self.uses, self.scope.environments, strict=True):
            use.given = {each.name: values[placeholders.get(each.name, each.name)] for each in arguments}

    # What is constructed

    def _owners(self) -> list[Node]:
        """Return a node for every attribute: the first that calls it."""
        found: dict[str, Node] = {}
        for node in self.layers:
            if self.kinds[node.name].has_module:
                found.setdefault(self.scope.owner(node).name, node)
        for node in self.layers:
            first = found.get(self.scope.owner(node).name, node)
            for use in self.uses:
                pairs = zip(use.inner.get(node.name, ()), use.inner.get(first.name, ()), strict=False)
                if any(one.written is not other.written or one.given != other.given for one, other in pairs):
                    raise unlike_calls(first.name, [use.inner[first.name][0].given, use.inner[node.name][0].given])
        return list(found.values())

    def _constructed(self, node: Node) -> Statement:
        kind, target = self.kinds[node.name], f"self.{self.scope.owner(node).name}"
        lines = [f"{target} = {self._made(node)}"]
        if options.any_set(kind, self._plain(node)):
            lines += options.starting_lines(kind, target, self.scope.arguments(node), self._on_meta(node))
        if self._is_frozen(node):
            kept = ".eval()" if self._has_mode(node) else ""
            lines.append(f"{target}.requires_grad_(False){kept}")
        return Statement(tuple(lines), node.name)

    def _made(self, node: Node) -> str:
        kind, arguments = self.kinds[node.name], self.scope.arguments(node)
        if kind.group:
            return construction(self.scope, node)
        if kind.construct:
            return self._agreed(node, arguments, lambda values: constructor(kind, values))
        return constructor(kind, arguments)

    def _on_meta(self, node: Node) -> nn.Module | torch.Tensor | None:
        """Return what a layer is, without numbers; None for a group and for the user's own code."""
        kind = self.kinds[node.name]
        return None if kind.group or kind.code else construct(kind, self._plain(node))

    def _plain(self, node: Node, use: Use | None = None) -> Mapping[str, Value]:
        return (use or self.uses[0]).report.nodes[node.name].arguments

    def _is_frozen(self, node: Node) -> bool:
        return bool(self._plain(node).get("frozen", False))

    def _has_mode(self, node: Node) -> bool:
        """True where a frozen layer is kept in evaluation mode in any of the uses."""
        kind, module = self.kinds[node.name], self._on_meta(node)
        return any(options.has_mode(kind, self._plain(node, use), module) for use in self.uses)

    # What is called

    def _called_all(self) -> list[Statement]:
        """Write the lines of ``forward``; no variable hides a function that one of them calls."""
        while True:
            called = list(map(self._called, self.layers))
            hidden = functions_called(called) & set(self.variables.values())
            if not hidden:
                return called
            ports = sorted(hidden.intersection(self.inputs))
            if ports:
                raise ModelError(f"An input cannot be called '{ports[0]}' beside this network's layers: rename it.")
            self.avoided |= hidden
            self.variables = self._variables()

    def _called(self, node: Node) -> Statement:
        kind = self.kinds[node.name]
        if kind.group and is_loop(self.scope, node):
            lines = self._loop(node)
        else:
            arguments = self._stored(node)
            lines = (self._agreed(node, arguments, lambda values: self._call(node, values)),)
        ends = [End(node.name, slot) for slot in kind.output_slots(self._plain(node))]
        read = [end for end in ends if self.variables[end] != "_"]

        def comment(names: Mapping[str, str]) -> str:
            return "; ".join(shape(self.uses, self.scope, end, names) for end in read)

        return Statement(lines, node.name, comment)

    def _stored(self, node: Node) -> dict[str, Value]:
        """Return a layer's values as a method reads them."""
        return {name: stored(value, self.module.constants) for name, value in self.scope.arguments(node).items()}

    def _call(self, node: Node, values: Mapping[str, Value]) -> str:
        kind = self.kinds[node.name]
        leaving = {slot: self.variables[End(node.name, slot)] for slot in kind.output_slots(self._plain(node))}
        arriving = self.scope.variables_by_port(node, self.variables)
        return call_line(kind, self.scope.owner(node).name, arriving, leaving, values)

    def _agreed(self, node: Node, arguments: Mapping[str, Value], write: Callable[[Mapping[str, Value]], str]) -> str:
        """Return a line with its expressions, or with plain numbers, whichever says the same in every use.

        Raises:
            Split: neither does.
        """
        wanted = [write(self._plain(node, use)) for use in self.uses]
        names = self.scope.environments
        for tried in (arguments, {name: in_brackets(value) for name, value in arguments.items()}):
            line = write(tried)
            if all(agrees(line, each, known) for each, known in zip(wanted, names, strict=True)):
                return line
        if len(set(wanted)) > 1:
            raise Split(wanted)
        return wanted[0]

    def _loop(self, node: Node) -> tuple[str, ...]:
        """Write the loop in which each repetition's outputs are the next one's inputs."""
        kind, owner = self.kinds[node.name], self.scope.owner(node)
        arriving = [variables[0] for variables in self.scope.variables_by_port(node, self.variables).values()]
        leaving = [self.variables[End(node.name, port.name)] for port in kind.outputs]
        fed = ", ".join([*leaving, *arriving[len(leaving) :]])
        targets = ", ".join(leaving)
        lines = [f"{targets} = {', '.join(arriving[: len(leaving)])}"]
        if owner.tied:
            count = literal(stored(count_of(self.scope, node), self.module.constants))
            return (*lines, f"for _ in range({count}):", f"    {targets} = self.{owner.name}({fed})")
        taken = {*self.variables.values(), *self.module.taken}
        each = next(name for name in ("block", "layer", "block_", "layer_") if name not in taken)
        return (*lines, f"for {each} in self.{owner.name}:", f"    {targets} = {each}({fed})")

    # Methods for what holds the weights

    def _frozen(self) -> list[Statement]:
        found = []
        for node in self._owners():
            if self._is_frozen(node) and self._has_mode(node):
                found.append(Statement((f"self.{self.scope.owner(node).name}.eval()",), node.name))
        return found

    def _held(self) -> Iterator[tuple[Node, str]]:
        """Yield the layers whose weights may be held by something, and the attributes that they are."""
        for node in self._owners():
            kind = self.kinds[node.name]
            if not self._is_frozen(node) and (
                kind.group or any(options.any_set(kind, self._plain(node, use)) for use in self.uses)
            ):
                yield node, f"self.{self.scope.owner(node).name}"

    def _options(self, node: Node) -> tuple[LayerKind, dict[str, Value], nn.Module | torch.Tensor | None]:
        """Return a layer's kind, its values as a method reads them, and what it is on ``meta``."""
        kind = self.kinds[node.name]
        return kind, self._stored(node), self._on_meta(node)

    def _penalty(self) -> list[Statement]:
        terms: list[str] = []
        for node, target in self._held():
            inner = self.uses[0].inner.get(node.name)
            if inner is None:
                kind, values, module = self._options(node)
                terms += options.penalty_terms(kind, target, values, module)
            elif any(use.written and use.written.penalised for use in inner):
                row = is_row(self.scope, node)
                terms.append(f"*(block.penalty() for block in {target})" if row else f"{target}.penalty()")
        if len(terms) == 1 and not terms[0].startswith("*"):
            return [Statement((f"return {terms[0]}",))]
        if terms:
            return [Statement((f"terms = [{', '.join(terms)}]", "return torch.stack(terms).sum()"))]
        return []

    def _constrained(self) -> list[Statement]:
        found = []
        for node, target in self._held():
            inner = self.uses[0].inner.get(node.name)
            lines: list[str] = []
            if inner is None:
                kind, values, module = self._options(node)
                lines = options.constraint_lines(kind, target, values, module)
            elif any(use.written and use.written.constrained for use in inner):
                row = is_row(self.scope, node)
                lines = [f"for block in {target}:", "    block.constrain()"] if row else [f"{target}.constrain()"]
            found += [Statement(tuple(lines), node.name)] if lines else []
        return found

    # Layout

    def _head(self, names: Mapping[str, str]) -> Iterator[Line]:
        yield Line(f"class {self.name}(nn.Module):")
        text = iter(self._docstring(names))
        for line in text:
            yield Line(f"    {line}" if line else "")
        yield Line("")
        if self.starts_from:
            yield Line(f"    # Every use starts from the weights in {printable(self.starts_from)}.")
            yield Line("")

    def _docstring(self, names: Mapping[str, str]) -> Iterator[str]:
        summary = self._summary() if self.is_root or not self.help.strip() else paragraphs(self.help)
        yield from f'"""{summary}'.split("\n")
        for title, ends in (
            ("Inputs", {port: End(port, "output") for port in self.inputs}),
            ("Outputs", {port: origin[0][1] for port in self.outputs if (origin := self.scope.incoming[port])}),
        ):
            if ends:
                yield from ("", f"{title}:")
            for port, end in ends.items():
                yield f"    {port}: {described(self.uses, self.scope, end, names)}"
        yield '"""'

    def _summary(self) -> str:
        layers = plural(count_layers(self._own_view()), "layer")
        if not self.is_root:
            return f"{layers}."
        report = self.uses[0].report
        specs = [spec for node in self.nodes for spec in report.nodes[node.name].outputs.values()]
        known = {dim.name for spec in specs for dim in spec.dims if dim.name.isidentifier()} - {BATCH}
        lengths = f", {', '.join(sorted(known))} may vary" if known else ""
        return f"{layers}; {BATCH} is the batch size{lengths}."

    def _own_view(self) -> Project:
        first = self.uses[0]
        return self.module.project if self.is_root else self.module.project.inside(first.group, first.values)

    def _constructor(
        self,
        arguments: Sequence[Argument],
        stored: Sequence[str],
        made: Sequence[Statement],
        names: Mapping[str, str],
    ) -> Iterator[Line]:
        head = ", ".join(["self", *(f"{each.name}: {each.hint}" for each in arguments)])
        yield from map(Line, wrapped(f"def __init__({head}) -> None:", 4))
        yield Line("        super().__init__()")
        yield from (Line(f"        self.{name} = {name}") for name in stored)
        yield from laid_out(made, names)

    def _forward(self, called: Sequence[Statement], names: Mapping[str, str]) -> Iterator[Line]:
        arguments = ", ".join(("self", *(f"{name}: torch.Tensor" for name in self.inputs)))
        origins = {port: self.scope.incoming[port] for port in self.outputs}
        values = [self.variables[links[0][1]] if links else "None" for links in origins.values()]
        if len(values) == 1:
            result, returned = "torch.Tensor", values[0]
        elif self.is_root:
            result = "dict[str, torch.Tensor]"
            pairs = ", ".join(f"{quoted(port)}: {value}" for port, value in zip(origins, values, strict=True))
            returned = f"{{{pairs}}}"
        else:
            kinds = ", ".join(["torch.Tensor"] * len(values) if len(values) < 4 else ["torch.Tensor", "..."])
            result, returned = f"tuple[{kinds}]", ", ".join(values)
            returned = f"({returned})" if len(returned) > WIDTH - 20 else returned
        yield from map(Line, wrapped(f"def forward({arguments}) -> {result}:", 4))
        yield from laid_out(called, names)
        yield from map(Line, wrapped(f"return {returned}", 8))


def _kinds(project: Project, use: Use) -> dict[str, LayerKind]:
    nodes = use.report.graph.nodes
    found = {name: kind_named(project, nodes.get(node.shares, node).kind) for name, node in nodes.items()}
    return {name: _giving(kind, use.inner.get(name, ())) for name, kind in found.items() if kind}


def _giving(kind: LayerKind, inner: Sequence[Use]) -> LayerKind:
    """Return the kind of a group without the outputs that are off inside."""
    off = frozenset(port.name for port in kind.outputs if inner and port.name not in inner[0].report.graph.nodes)
    return _without_outputs(kind, off) if off else kind


@lru_cache(maxsize=256)
def _without_outputs(kind: LayerKind, off: frozenset[str]) -> LayerKind:
    return replace(kind, outputs=tuple(port for port in kind.outputs if port.name not in off))


def _split_by_structure(uses: Sequence[Use], layers: Sequence[Node], kinds: Mapping[str, LayerKind]) -> None:
    """Raise Split where uses differ in links, in outputs, or in a choice that is no number."""
    keys = []
    for use in uses:
        reports = [(kinds[node.name], use.report.nodes[node.name].arguments) for node in layers]
        slots = tuple(kind.output_slots(values) for kind, values in reports)
        keys.append((tuple(use.report.order), tuple(use.report.graph.links.items()), slots))
    if len(set(keys)) > 1:
        raise Split(keys)


def _argument_name(atom: Atom, single: bool, taken: Container[str]) -> str:
    """Return how an argument is called: after the parameter that it fills in, or after the input it is the size of."""
    wanted = atom.wanted or ["size"]
    if not atom.port:
        return wanted[0] if wanted[0] not in taken else f"{atom.node}_{wanted[0]}"
    noun = "channels" if any(name in _CHANNELS or name.endswith("_channels") for name in wanted) else "features"
    if not single:
        return f"{atom.port}_{noun}"
    usual = [name for name in ("in_channels", "in_features") if name in wanted]
    return usual[0] if usual else f"in_{noun}"


def _check_names(nodes: Sequence[Node], parameters: Sequence[str]) -> None:
    problems = []
    for node in nodes:
        try:
            check_name(node.name)
        except EditError as error:
            problems.append(error.message)
    for name in parameters:
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            problems.append(f"'{ascii(name)[1:-1]}' cannot be the name of a parameter: use letters, digits and _.")
    if problems:
        raise ModelError("The network cannot be written as Python.", problems=list(dict.fromkeys(problems)))
