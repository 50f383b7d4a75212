"""Making a group of selected nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.errors import EditError
from core.expressions import names_in
from core.graph.edits.base import BaseEdit, known_kind, node_of, rounded, with_group
from core.graph.formulas import expressions_of
from core.graph.groups import group_id, refuse_recursion
from core.graph.kinds import kind_of
from core.graph.names import check_class_name, check_name, free_name, natural_key
from core.graph.order import downstream, upstream
from core.graph.project import INPUT, OUTPUT, End, Frame, Graph, Group, GroupParameter, Node, Note, Project
from core.graph.weight_names import NO_NAME

_PORT_GAP = 120.0
_PORT_WIDTH = 200.0


@dataclass(frozen=True)
class GroupNodes(BaseEdit):
    """Make a group of nodes and put one node that uses it in their place.

    Every output end outside that feeds some of them becomes one Input of the group, every output end among them that
    feeds others one Output. The frames and notes ``drawn``, and the courses of wires inside, go along.

    ``own`` are the parameters of the group that the nodes are in: those that they use become
    parameters of the new group, which its node passes on.
    """

    names: frozenset[str]
    group_name: str
    node_name: str
    own: tuple[GroupParameter, ...] = field(default=(), repr=False)
    drawn: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Group {self.group_name}"

    def placed_in(self, group: Group, variables: Mapping[str, int | float]) -> GroupNodes:
        """Return the edit for nodes inside a group."""
        return replace(self, own=group.parameters)

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        self._check(project)
        graph = project.graph
        ports = _Ports(project, self.names)
        inside = {name: node for name, node in graph.nodes.items() if name in self.names}
        links = {target: source for target, source in graph.links.items() if {target.node, source.node} <= self.names}
        routes = {target: points for target, points in graph.routes.items() if target in links}
        drawn, left = _parted(graph, self.drawn)
        inner = Graph({**inside, **ports.nodes}, {**links, **ports.inner}, *drawn, routes)
        used = {
            name for node in inside.values() for _key, text in expressions_of(project, node) for name in names_in(text)
        }
        own = tuple(each for each in self.own if each.name in used)
        params = {each.name: each.name for each in own}
        weights = NO_NAME if project.weights else ""
        place = _middle(inside.values())
        node = Node(self.node_name, group_id(self.group_name), params, position=place, weights=weights)
        outer = {name: each for name, each in graph.nodes.items() if name not in self.names}
        kept = {target: source for target, source in graph.links.items() if not {target.node, source.node} & self.names}
        joined = {
            **kept,
            **{End(node.name, port): source for source, port in ports.inputs.items()},
            **{target: End(node.name, port) for target, port in ports.outputs.items()},
        }
        graph = replace(graph, nodes={**outer, node.name: node}, links=joined, frames=left[0], notes=left[1])
        project = replace(project, graph=graph)
        return refuse_recursion(with_group(project, Group(self.group_name, inner, own)))

    def _check(self, project: Project) -> None:
        graph = project.graph
        if not self.names:
            raise EditError("No nodes are selected: select those that shall become a group.")
        for name in sorted(self.names):
            _refuse_border(node_of(graph, name))
        check_class_name(self.group_name, {*project.groups, *project.code})
        check_name(self.node_name, graph.nodes.keys() - self.names)
        between = (downstream(graph, self.names) & upstream(graph, self.names)) - self.names
        if between:
            raise EditError(
                f"This group would close a loop: it would feed '{min(between, key=natural_key)}' and be fed by it. "
                "Select what lies between the nodes too."
            )
        for name, node in graph.nodes.items():
            if node.shares and (name in self.names) != (node.shares in self.names):
                raise EditError(
                    f"'{name}' shares the weights of '{node.shares}', and only one of the two is selected: select "
                    f"both, or give '{name}' weights of its own first."
                )


_Drawn = tuple[dict[str, Frame], dict[str, Note]]


def _parted(graph: Graph, names: frozenset[str]) -> tuple[_Drawn, _Drawn]:
    """Return the named frames and notes, and the others."""
    frames, notes = graph.frames, graph.notes
    left = (
        {name: each for name, each in frames.items() if name not in names},
        {name: each for name, each in notes.items() if name not in names},
    )
    taken = (
        {name: each for name, each in frames.items() if name in names},
        {name: each for name, each in notes.items() if name in names},
    )
    return taken, left


def _refuse_border(node: Node) -> None:
    if node.kind in (INPUT, OUTPUT):
        where = "data enters the network" if node.kind == INPUT else "a prediction leaves it"
        raise EditError(
            f"'{node.name}' is where {where} and stays outside: leave it out of the selection. The group gets ports of "
            "its own where links cross its border."
        )


class _Ports:
    """The Input and Output nodes that a group gets, the links at them, and what they replace outside."""

    def __init__(self, project: Project, names: frozenset[str]) -> None:
        graph = project.graph
        self.nodes: dict[str, Node] = {}
        self.inner: dict[End, End] = {}
        self.inputs: dict[End, str] = {}
        """From the output end outside to the name of the port that it feeds."""
        self.outputs: dict[End, str] = {}
        """From the input end outside to the name of the port that feeds it."""
        entering: dict[End, list[End]] = {}
        leaving: dict[End, list[End]] = {}
        for target, source in sorted(graph.links.items()):
            if target.node in names and source.node not in names:
                entering.setdefault(source, []).append(target)
            elif source.node in names and target.node not in names:
                leaving.setdefault(source, []).append(target)
        self._names = set(names)
        heights = [graph.nodes[name].position[1] for name in names]
        entry, leave = known_kind(project, INPUT).outputs[0].name, known_kind(project, OUTPUT).inputs[0].name
        places = _spread([_mean(graph, targets) for targets in entering.values()])
        for (source, targets), x in zip(entering.items(), places, strict=True):
            port = self._add(_input_name(project, source), INPUT, (x, min(heights) - _PORT_GAP))
            self.inner.update({target: End(port, entry) for target in targets})
            self.inputs[source] = port
        places = _spread([graph.nodes[source.node].position[0] for source in leaving])
        for (source, targets), x in zip(leaving.items(), places, strict=True):
            port = self._add(_output_name(graph, source, targets), OUTPUT, (x, max(heights) + _PORT_GAP))
            self.inner[End(port, leave)] = source
            self.outputs.update(dict.fromkeys(targets, port))

    def _add(self, stem: str, kind: str, place: tuple[float, float]) -> str:
        name = free_name(stem, self._names)
        self._names.add(name)
        self.nodes[name] = Node(name, kind, position=rounded(*place))
        return name


def _input_name(project: Project, source: End) -> str:
    """Name a port after what feeds it: the node, with its port where that is not its first."""
    kind = kind_of(project, project.graph.nodes[source.node])
    if kind is None or (kind.outputs and source.port == kind.outputs[0].name):
        return source.node
    return f"{source.node}_{source.port}"


def _output_name(graph: Graph, source: End, targets: list[End]) -> str:
    """Name a port after the network's output that reads it, else after the end that feeds it."""
    readers = [target.node for target in targets if graph.nodes[target.node].kind == OUTPUT]
    return readers[0] if readers else f"{source.node}_{source.port}"


def _mean(graph: Graph, ends: list[End]) -> float:
    return sum(graph.nodes[end.node].position[0] for end in ends) / len(ends)


def _spread(places: list[float]) -> list[float]:
    """Move places to the right until no two are nearer than a node is wide; their order stays."""
    found, last = dict[int, float](), float("-inf")
    for index in sorted(range(len(places)), key=places.__getitem__):
        last = max(places[index], last + _PORT_WIDTH)
        found[index] = last
    return [found[index] for index in range(len(places))]


def _middle(nodes: Iterable[Node]) -> tuple[float, float]:
    xs, ys = zip(*(node.position for node in nodes), strict=True)
    return rounded((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
