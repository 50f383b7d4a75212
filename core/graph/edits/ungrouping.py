"""Putting the inside of a group in place of a node that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import EditError, ModelError
from core.graph.edits.base import BaseEdit, group_of, node_of, rounded
from core.graph.formulas import rewritten, substituted
from core.graph.kinds import kind_of, ports_of
from core.graph.names import unique_name
from core.graph.project import INPUT, OUTPUT, End, Graph, Group, Node, Project
from core.graph.sharing import sharers
from core.graph.weight_names import NO_NAME, joined, name_in_file
from core.kinds import Value
from core.parameters import parameters_of
from core.weights import FROZEN, LEARNING_RATE_FACTOR

_GAP = 120.0
_MOST = 5_000


@dataclass(frozen=True)
class Ungroup(BaseEdit):
    """Put a copy of a group's inside in place of a node that uses it, as often as the node repeats it.

    Names are made unique, parameters of the group are put into expressions; the definition stays. ``hidden`` are
    variables of the project that mean something else where the node stands: they are put in as numbers.
    """

    node: str
    hidden: Mapping[str, int | float] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Ungroup {self.node}"

    def placed_in(self, group: Group, variables: Mapping[str, int | float]) -> Ungroup:
        """Return the edit for a node inside a group, whose parameters may hide variables of the project."""
        own = {each.name for each in group.parameters}
        return replace(self, hidden={name: value for name, value in variables.items() if name in own})

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        node = node_of(project.graph, self.node)
        group = self._checked(project, node)
        return _Inlining(project, node, group, self.hidden).project()

    def _checked(self, project: Project, node: Node) -> Group:
        name = self.node
        if not node.group:
            raise EditError(f"'{name}' is of kind {node.kind}, not a group.")
        group = group_of(project, node.group)
        if node.shares:
            raise EditError(f"'{name}' shares the weights of '{node.shares}': give it weights of its own first.")
        others = sharers(project.graph.nodes, name)
        if others:
            raise EditError(f"{', '.join(others)} share the weights of '{name}': give them weights of their own first.")
        if node.mode:
            raise EditError(f"'{name}' is {'bypassed' if node.mode == 'bypass' else 'muted'}: switch it on first.")
        if group.weights:
            raise EditError(
                f"'{name}' starts from the weights in '{group.weights}', which only a group can: remove them from "
                f"{group.name} first."
            )
        switched = [each.name for each in group.graph.nodes.values() if each.mode and each.kind in (INPUT, OUTPUT)]
        if switched:
            raise EditError(f"The port '{switched[0]}' of {group.name} is muted: switch it on first.")
        if isinstance(node.repeat, str):
            raise EditError(f"'{name}' is repeated '{node.repeat}' times: set a number first.")
        if node.repeat > 1 and len(ports_of(group.graph, INPUT)) < len(ports_of(group.graph, OUTPUT)):
            raise EditError(f"'{name}' cannot be repeated: {group.name} has more outputs than inputs.")
        if node.repeat * len(group.graph.nodes) > _MOST:
            raise EditError(f"'{name}' would become more than {_MOST:,} nodes: that is too many to look at.")
        return group


class _Inlining:
    """Works out the graph with a group node replaced by copies of its inside."""

    def __init__(self, project: Project, node: Node, group: Group, hidden: Mapping[str, int | float]) -> None:
        self._outer, self._node, self._group = project, node, group
        self._inside = project.inside(group.name)
        self._values: dict[str, Value] = dict(hidden)
        self._values.update({each.name: node.params.get(each.name, each.default) for each in group.parameters})
        ports = {name for kind in (INPUT, OUTPUT) for name in ports_of(group.graph, kind)}
        self._inner = [each for each in group.graph.nodes.values() if each.name not in ports]
        self.nodes = {name: each for name, each in project.graph.nodes.items() if name != node.name}
        self.links: dict[End, End] = {}
        self._frames, self._notes = dict(project.graph.frames), dict(project.graph.notes)
        self._routes = dict(project.graph.routes)

    def project(self) -> Project:
        graph, use = self._outer.graph, self._node.name
        entries = ports_of(self._group.graph, INPUT)
        fed = {port: graph.links.get(End(use, port)) for port in entries}
        ends: dict[str, End | None] = {}
        first: dict[str, str] = {}
        for turn in range(max(int(self._node.repeat), 1)):
            if turn:
                fed = {**fed, **dict(zip(entries, ends.values(), strict=False))}
            names = self._copy(turn, first if turn and self._node.tied else {})
            first = first or names
            ends = self._link(names, fed)
        for target, source in graph.links.items():
            origin = ends.get(source.port) if source.node == use else source
            if target.node != use and origin is not None:
                self.links[target] = origin
        whole = Graph(self.nodes, self.links, self._frames, self._notes, self._routes)
        return replace(self._outer, graph=whole)

    def _copy(self, turn: int, owners: Mapping[str, str]) -> dict[str, str]:
        """Add a copy of the inner nodes, which share the layers of ``owners``; return their names by inner name."""
        names: dict[str, str] = {}
        taken = set(self.nodes)
        for node in self._inner:
            names[node.name] = unique_name(node.name, taken) if node.name in taken else node.name
            taken.add(names[node.name])
        left, top, height = self._box()
        step = self._node.position[0] - left, self._node.position[1] - top + turn * (height + _GAP)
        self._copy_drawn(names, step)
        for node in self._inner:
            own = rewritten(self._inside, node, lambda text: substituted(text, self._values))
            shares = names.get(node.shares, "")
            if owners and self._has_weights(node):
                shares = owners[node.shares or node.name]
                own = replace(own, params={}, repeat=1, tied=False)
            x, y = node.position
            place = rounded(x + step[0], y + step[1])
            weights = self._weights(node, names[node.name], turn)
            own = replace(own, name=names[node.name], shares=shares, position=place, weights=weights)
            self.nodes[own.name] = own if own.shares else self._trained_alike(own)
        return names

    def _weights(self, node: Node, name: str, turn: int) -> str:
        """Return where a copy's weights are in the file that the project starts from."""
        if not self._outer.weights:
            return ""
        stacked = self._node.repeat != 1 and not self._node.tied
        found = joined(name_in_file(self._node), str(turn) if stacked else "", name_in_file(node))
        return "" if found == name else found or NO_NAME

    def _copy_drawn(self, names: Mapping[str, str], step: tuple[float, float]) -> None:
        """Add copies of the frames, the notes and the courses of wires, moved as the nodes are."""

        def moved(place: tuple[float, float]) -> tuple[float, float]:
            return rounded(place[0] + step[0], place[1] + step[1])

        def free(name: str) -> str:
            taken = {*self._frames, *self._notes}
            return unique_name(name, taken) if name in taken else name

        inner = self._group.graph
        for frame in inner.frames.values():
            name = free(frame.name)
            self._frames[name] = replace(frame, name=name, position=moved(frame.position))
        for note in inner.notes.values():
            name = free(note.name)
            self._notes[name] = replace(note, name=name, position=moved(note.position))
        for target, points in inner.routes.items():
            source = inner.links.get(target)
            if source and source.node in names and target.node in names:
                self._routes[End(names[target.node], target.port)] = tuple(map(moved, points))

    def _box(self) -> tuple[float, float, float]:
        """Return the middle and the top of the inner nodes, and their height."""
        xs = [node.position[0] for node in self._inner] or [0.0]
        ys = [node.position[1] for node in self._inner] or [0.0]
        return (min(xs) + max(xs)) / 2, min(ys), max(ys) - min(ys)

    def _has_weights(self, node: Node) -> bool:
        kind = kind_of(self._inside, node)
        return kind is not None and kind.has_module

    def _trained_alike(self, node: Node) -> Node:
        """Return a node with what was said of the group's training: frozen, a factor of the learning rate."""
        frozen = self._node.params.get(FROZEN.name) is True
        factor = self._node.params.get(LEARNING_RATE_FACTOR.name, 1.0)
        kind = kind_of(self._inside, node)
        if kind is None or (not frozen and factor == 1.0):
            return node
        try:
            known = {each.name for each in parameters_of(kind)}
        except ModelError:
            return node
        params = dict(node.params)
        if frozen and FROZEN.name in known:
            params[FROZEN.name] = True
        if factor != 1.0 and LEARNING_RATE_FACTOR.name in known:
            params[LEARNING_RATE_FACTOR.name] = _product(factor, params.get(LEARNING_RATE_FACTOR.name, 1.0))
        return replace(node, params=params)

    def _link(self, names: Mapping[str, str], fed: Mapping[str, End | None]) -> dict[str, End | None]:
        """Add the inner links of one copy; return what feeds each output of the group, in the order of its ports."""
        inner = self._group.graph
        ends: dict[str, End | None] = dict.fromkeys(ports_of(inner, OUTPUT))
        for target, source in inner.links.items():
            own = End(names[source.node], source.port) if source.node in names else None
            origin = fed.get(source.node, own)
            if target.node in ends:
                ends[target.node] = origin
            elif target.node in names and origin is not None:
                self.links[End(names[target.node], target.port)] = origin
        return ends


def _product(one: Value, other: Value) -> Value:
    """Return the product of two numbers, as an expression where one of them is an expression."""
    if isinstance(one, str) or isinstance(other, str):
        return str(one) if other == 1.0 else f"({one})*({other})"
    return one * other
