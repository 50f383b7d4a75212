"""The numbers of one class: where each comes from, so that it is written as an engineer would write it.

A number is a *parameter* of the group or an expression of such, a size of what arrives at one of the class's inputs
(an *atom*, which becomes an argument such as ``in_channels``), an argument of its own where nothing else explains it,
or else the number itself. Every text is held against the values of all uses of the class before it is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from core.errors import ModelError
from core.expressions import Number
from core.graph.order import incoming
from core.graph.project import INPUT, End, Node
from core.kinds import LayerKind, Value
from core.model.lines import Written, by_port, literal, written
from core.model.writing.expressions import bracketed, evaluated, holds, names_of, total, translated, wholes
from core.model.writing.uses import Use
from core.parameters import parameters_of

_WIDTHS = {
    "out_channels": (1, -3),
    "out_features": (-1,),
    "hidden_size": (-1,),
    "proj_size": (-1,),
    "embedding_dim": (-1,),
    "d_model": (-1,),
    "embed_dim": (-1,),
}
"""Parameters that are the size of an axis of what a layer gives, and which axis (or axes) that may be."""
_GROUP_WIDTHS = ("channels", "features", "width", "hidden", "filters", "growth", "dim", "embed")
_LONGEST_SUM = 40
_NUMERIC = ("int", "float", "ints", "floats")


@dataclass
class Atom:
    """A number that becomes an argument of the class: its values by use, and what it is used for.

    ``port`` and ``axis`` say of which input it is the size; without them it is an argument of its own.
    """

    placeholder: str
    values: list[Value]
    port: str = ""
    axis: int = 0
    wanted: list[str] = field(default_factory=list)
    node: str = ""


class Scope:
    """The numbers of one class, in all of its uses."""

    def __init__(
        self,
        uses: Sequence[Use],
        kinds: Mapping[str, LayerKind],
        parameters: Mapping[str, str],
        variables: Mapping[str, str | Number],
        constants: Mapping[str, Number],
    ) -> None:
        """Start with the kind of every node, the arguments that stand for the group's parameters by name, what the
        project's variables are written as, and the values of those that are constants of the module.
        """
        self.uses = uses
        self.constants = constants
        self._is_root = not uses[0].group
        self._is_plain = self._is_root and not constants
        self.graph = uses[0].report.graph
        self.kinds = kinds
        self.incoming = incoming(self.graph)
        self.names: dict[str, str | Number] = {**variables, **parameters}
        self.environments: list[dict[str, Value]] = [
            {**constants, **{name: use.values[own] for own, name in parameters.items()}} for use in uses
        ]
        self.atoms: list[Atom] = []
        self._arguments: dict[str, dict[str, Value]] = {}
        self._known_widths: list[tuple[str, list[Value]]] | None = None
        self._traced: dict[tuple[End, int], str] = {}

    # Parameters as they were set

    def owner(self, node: Node) -> Node:
        """Return the node whose layer a node calls: itself, or the one it shares with."""
        return self.graph.nodes[node.shares] if node.shares else node

    def arguments(self, node: Node) -> dict[str, Value]:
        """Return the values of a layer's parameters, derived ones included, each as it is to be written."""
        name = self.owner(node).name
        if name not in self._arguments:
            self._arguments[name] = found = self._own_arguments(node)
            for each in self.uses[0].report.nodes[node.name].derived:
                values = [use.report.nodes[node.name].derived[each] for use in self.uses]
                found[each] = self.derived(node, each, values)
        return self._arguments[name]

    def _own_arguments(self, node: Node) -> dict[str, Value]:
        owner = self.owner(node)
        reports = [use.report.nodes[node.name] for use in self.uses]
        found = {}
        types = {each.name: each.type for each in parameters_of(self.kinds[owner.name])}
        for name, value in reports[0].arguments.items():
            if name in reports[0].derived:
                continue
            raw = owner.params.get(name) if types.get(name) in _NUMERIC else None
            values = [report.arguments[name] for report in reports]
            found[name] = self.number(raw, values, name, owner.name) if raw is not None else value
        return found

    def number(self, raw: Value, values: Sequence[Value], name: str, node: str = "") -> Value:
        """Return a number, or a tuple of numbers, as it is to be written, given how it was typed."""
        first = values[0]
        if isinstance(first, tuple):
            typed = tuple(raw) if isinstance(raw, tuple | list) else (raw,) * len(first)
            if len(typed) == len(first) and all(isinstance(each, tuple) and len(each) == len(first) for each in values):
                columns = zip(typed, zip(*values, strict=True), strict=True)
                return tuple(self.number(item, column, name, node) for item, column in columns)
        if isinstance(raw, str) and isinstance(first, int | float):
            text = self._expression(raw, values)
            if text:
                return written(first, text)
        return first if same(values) else self.own(name, values, node)

    def _expression(self, raw: str, values: Sequence[Value]) -> str:
        text = translated(raw, self.names)
        if not text or not names_of(text):
            return ""
        whole = isinstance(values[0], int)
        tried = wholes(text) if whole else (text,)
        return next((each for each in tried if holds(each, values, self.environments)), "")

    def own(self, name: str, values: Sequence[Value], node: str) -> Value:
        """Return a number that nothing explains and that differs between uses, as an argument of its own."""
        if not all(isinstance(value, int | float) for value in values):
            raise ModelError(
                f"{name} of '{node}' differs between the uses of its group in a way that no class can say."
            )
        known = next((atom for atom in self.atoms if not atom.port and atom.values == list(values)), None)
        atom = known or self._atom(values)
        atom.wanted.append(name)
        atom.node = atom.node or node
        return written(values[0], atom.placeholder)

    def _atom(self, values: Sequence[Value], port: str = "", axis: int = 0) -> Atom:
        atom = Atom(f"_in_{len(self.atoms)}", list(values), port, axis)
        self.atoms.append(atom)
        for names, value in zip(self.environments, values, strict=True):
            names[atom.placeholder] = value
        return atom

    # Numbers that follow from what arrives

    def derived(self, node: Node, name: str, values: Sequence[Value]) -> Value:
        """Return a number that is filled in from what arrives at a node, as it is to be written."""
        if self._is_plain:
            return values[0]
        if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            for source, axis in self._places(node, values):
                text = self.trace(source, axis, name)
                if text:
                    return as_value(text, values[0])
        elif all(isinstance(value, tuple) and value for value in values) and len({len(value) for value in values}) == 1:
            return self._derived_tuple(node, name, values)
        return values[0] if same(values) else self.own(name, values, node.name)

    def _derived_tuple(self, node: Node, name: str, values: Sequence[Value]) -> Value:
        found = []
        for index, column in enumerate(zip(*values, strict=True)):
            text = ""
            for _slot, source in self.incoming[node.name]:
                axis = self.rank(source) - len(values[0]) + index
                if not text and axis > 0 and self.sizes(source, axis) == list(column):
                    text = self.trace(source, axis, name)
            if text:
                found.append(as_value(text, column[0]))
            else:
                found.append(column[0] if same(column) else self.own(name, column, node.name))
        return tuple(found)

    def _places(self, node: Node, values: Sequence[Value]) -> Iterator[tuple[End, int]]:
        """Yield the axes of what arrives that have these sizes, those of channels and features first."""
        for _slot, source in self.incoming[node.name]:
            rank = self.rank(source)
            axes = [1, *range(rank - 1, 1, -1)] if rank > 3 else [*range(rank - 1, 0, -1)]
            yield from ((source, axis) for axis in axes if self.sizes(source, axis) == list(values))

    def rank(self, end: End) -> int:
        """Return the number of dimensions of an output end, 0 where it differs between uses."""
        specs = [use.report.spec(end) for use in self.uses]
        ranks = {spec.rank if spec else 0 for spec in specs}
        return ranks.pop() if len(ranks) == 1 else 0

    def sizes(self, end: End, axis: int) -> list[Value] | None:
        """Return the size of an axis of an output end in every use; None where one is open."""
        found: list[Value] = []
        for use in self.uses:
            spec = use.report.spec(end)
            if spec is None or not 0 <= axis < spec.rank or not spec.dims[axis].fixed:
                return None
            found.append(spec.dims[axis].a)
        return found

    def trace(self, end: End, axis: int, wanted: str = "", depth: int = 0) -> str:
        """Return the expression for the size of an axis of an output end; empty where nothing explains it.

        It is the width of the nearest layer upstream that sets it, or else a size of one of the class's inputs.
        """
        values = self.sizes(end, axis)
        if values is None or depth > _LONGEST_SUM:
            return ""
        if self._is_plain:
            return str(values[0])
        if (end, axis) not in self._traced:
            self._traced[end, axis] = self._walk_up(end, axis, values, depth)
        text = self._traced[end, axis]
        for atom in self.atoms:
            if wanted and atom.placeholder in names_of(text):
                atom.wanted.append(wanted)
        return text

    def _walk_up(self, end: End, axis: int, values: list[Value], depth: int) -> str:
        arriving, waiting, seen = "", [(end, axis)], {(end, axis)}
        while waiting:
            at, place = waiting.pop(0)
            if self.kinds[at.node].id == INPUT:
                arriving = arriving or self._input(at.node, place, values)
                continue
            text = self._made(at, place, values, depth)
            if text:
                return text
            for _slot, source in self.incoming[at.node]:
                for other in (place, place + self.rank(source) - self.rank(at)):
                    if (source, other) not in seen and other > 0 and self.sizes(source, other) == values:
                        seen.add((source, other))
                        waiting.append((source, other))
        return arriving

    def _input(self, port: str, axis: int, values: list[Value]) -> str:
        if self._is_root:
            return str(values[0])
        text = next((text for text, known in self._widths() if known == values), "")
        if text:
            return text
        atom = next((atom for atom in self.atoms if atom.port and atom.values == values), None)
        return (atom or self._atom(values, port, axis)).placeholder

    def _widths(self) -> list[tuple[str, list[Value]]]:
        """Return the expressions of parameters that set widths in this class, with their values by use."""
        if self._known_widths is None:
            texts: dict[str, None] = {}
            for node in self.uses[0].nodes:
                kind = self.kinds[node.name]
                if node.shares or kind.id == INPUT:
                    continue
                for name, value in self._own_arguments(node).items():
                    wide = name in _WIDTHS or (kind.group and any(word in name for word in _GROUP_WIDTHS))
                    if wide and isinstance(value, Written) and not value.text.startswith("_in_"):
                        texts |= dict.fromkeys((value.text, *names_of(value.text)))
            texts.pop("int", None)
            found = [(text, [evaluated(text, names) for names in self.environments]) for text in texts]
            self._known_widths = sorted(found, key=lambda each: len(each[0]))
        return self._known_widths

    # What a layer makes of sizes

    def _made(self, at: End, axis: int, values: list[Value], depth: int) -> str:
        """Return the expression for a size that a node sets itself; empty where it passes one on."""
        node = self.graph.nodes[at.node]
        kind = self.kinds[node.name]
        if kind.group:
            text = self.made_inside(node, at.port, axis, depth)
            return text if text and holds(text, values, self.environments) else ""
        tried = list(self._by_parameter(node, at, axis))
        if kind.id == "Concatenate":
            tried.append(self._joined(node, at, axis, depth))
        if kind.id == "Flatten":
            tried.append(self._flattened(node, at, axis, depth))
        return next((text for text in tried if text and holds(text, values, self.environments)), "")

    def _by_parameter(self, node: Node, at: End, axis: int) -> Iterator[str]:
        for name, value in self._own_arguments(node).items():
            if name == "shape" and isinstance(value, tuple):
                place = axis - (self.rank(at) - len(value))  # Reshape leaves the batch out
                yield literal(value[place]) if 0 <= place < len(value) else ""
            if name in _WIDTHS and axis in {place % self.rank(at) for place in _WIDTHS[name]}:
                text = literal(value)
                yield text
                if name in ("hidden_size", "proj_size"):
                    yield f"2 * {bracketed(text)}"

    def _joined(self, node: Node, at: End, axis: int, depth: int) -> str:
        """Return a sum for the axis along which branches are joined."""
        if self.uses[0].report.nodes[node.name].arguments.get("dim") not in (axis, axis - self.rank(at)):
            return ""
        terms = [self.trace(source, axis, depth=depth + 1) for _slot, source in self.incoming[node.name]]
        parts = [part for term in terms for part in term.split(" + ")]
        return total(_expanded(parts)) if all(terms) and len(parts) <= _LONGEST_SUM else ""

    def _flattened(self, node: Node, at: End, axis: int, depth: int) -> str:
        """Return a product for an axis in which several are laid out."""
        source = self.incoming[node.name][0][1]
        if axis != 1 or self.rank(at) != 2:
            return ""
        factors = [self.trace(source, each, depth=depth + 1) for each in range(1, self.rank(source))]
        return " * ".join(map(bracketed, factors)) if factors and all(factors) else ""

    def made_inside(self, node: Node, port: str, axis: int, depth: int = 0) -> str:
        """Return what the size of an output of a group comes to in this class; empty where the group cannot say.

        Of a repeated group only what its parameters say counts, since what arrives differs from one to the next.
        """
        written_class = self.uses[0].inner[node.name][-1].written
        if written_class is None or any(use.inner[node.name][-1].written is not written_class for use in self.uses):
            return ""
        text = written_class.trace(port, axis)
        own, arriving = self._own_arguments(node), dict(self.incoming[node.name])
        names: dict[str, str | Number] = {name: name for name in self.constants}
        for argument in written_class.arguments:
            if argument.name in names_of(text) and argument.parameter:
                names[argument.name] = literal(own[argument.parameter])
            elif argument.name in names_of(text) and argument.port and not self.repeats(node):
                names[argument.name] = self.trace(arriving[argument.port], argument.axis, depth=depth + 1)
        names = {name: value for name, value in names.items() if value}
        return translated(text, {"int": "int", **names}) if text else ""

    def repeats(self, node: Node) -> bool:
        """True where a group is repeated in any of the uses."""
        return any(use.report.nodes[node.name].repeat > 1 for use in self.uses)

    def variables_by_port(self, node: Node, variables: Mapping[End, str]) -> dict[str, tuple[str, ...]]:
        """Return the variables that arrive at each port of a node."""
        linked = {slot: variables[source] for slot, source in self.incoming[node.name]}
        return by_port(self.kinds[node.name], linked)


def as_value(text: str, value: Value) -> Value:
    """Return a number as it is to be written: as an expression where that names something."""
    return written(value, text) if names_of(text) else value


def same(values: Iterable[Value]) -> bool:
    """True where all values are equal and of one type."""
    return all(one == other and type(one) is type(other) for one, other in pairwise(values))


def _expanded(parts: Sequence[str]) -> list[str]:
    """Write ``2 * growth`` as two terms, so that a sum can gather them."""
    found = []
    for part in parts:
        count, times, rest = part.partition(" * ")
        found += [rest] * int(count) if times and count.isdecimal() and " " not in rest else [part]
    return found
