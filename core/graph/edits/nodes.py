"""Edits of nodes: what is on the canvas, where, under which name and with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from core.errors import EditError
from core.graph.edits.base import BaseEdit, known_kind, node_of, rounded, with_nodes
from core.graph.edits.links import Connect
from core.graph.edits.search import with_places_renamed
from core.graph.names import check_name
from core.graph.order import downstream, slot_key
from core.graph.project import End, Graph, Group, Node, Project
from core.graph.sharing import check_sharing, freed_from, sharers
from core.kinds import Value


@dataclass(frozen=True)
class AddNodes(BaseEdit):
    """Add nodes and links among them or to existing ones: the palette, a paste, a duplicate."""

    nodes: tuple[Node, ...]
    links: tuple[tuple[End, End], ...] = ()
    """Pairs of source and target."""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Add {self.nodes[0].name}" if len(self.nodes) == 1 else f"Add {len(self.nodes)} nodes"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        nodes = dict(project.graph.nodes)
        for node in self.nodes:
            check_name(node.name, nodes)
            nodes[node.name] = replace(node, position=rounded(*node.position))
        for node in self.nodes:
            check_sharing(nodes, node)
        project = replace(project, graph=replace(project.graph, nodes=nodes))
        for source, target in self.links:
            project = Connect(source, target).apply(project)
        return project


@dataclass(frozen=True)
class RemoveNodes(BaseEdit):
    """Remove nodes and every link at them; ``bridge`` links what fed a node to what it fed.

    Where others share the layer of a removed node, the first of them becomes the owner.
    """

    names: frozenset[str]
    bridge: bool = False

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Delete {next(iter(self.names))}" if len(self.names) == 1 else f"Delete {len(self.names)} nodes"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        for name in self.names:
            node_of(graph, name)
        links = {}
        for target, source in graph.links.items():
            if target.node in self.names:
                continue
            origin = self._origin(graph, source) if self.bridge else source
            if origin is not None and origin.node not in self.names:
                links[target] = origin
        return replace(project, graph=replace(graph, nodes=freed_from(graph.nodes, self.names), links=links))

    def _origin(self, graph: Graph, source: End) -> End | None:
        """Follow removed nodes upstream through their first linked input."""
        while source.node in self.names:
            feeding = [end for end in graph.links if end.node == source.node]
            if not feeding:
                return None
            source = graph.links[min(feeding, key=lambda end: slot_key(end.port))]
        return source


@dataclass(frozen=True)
class MoveNodes(BaseEdit):
    """Put nodes at new positions (scene units, top left corner)."""

    positions: Mapping[str, tuple[float, float]]
    label: str = "Move"
    merge_key: str = ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        return with_nodes(
            project, [replace(node_of(graph, name), position=rounded(*place)) for name, place in self.positions.items()]
        )


@dataclass(frozen=True)
class InsertOnLink(BaseEdit):
    """Put a new node into the link that ends at ``target``, between its two nodes.

    Where the link runs down, the node stands at least ``spread`` (scene units, from top to top) below the one before
    it, and what follows is pushed down as far as it has to be; 0 leaves everything where it is.
    """

    node: Node
    target: End
    spread: float = 0.0

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Insert {self.node.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        source = project.graph.links.get(self.target)
        if source is None:
            raise EditError(f"Nothing is linked to '{self.target}'.")
        kind = known_kind(project, self.node.kind)
        if not kind.inputs or not kind.outputs:
            raise EditError(f"{kind.display} cannot stand between two nodes.")
        entry, out = (f"{port.name}.0" if port.variadic else port.name for port in (kind.inputs[0], kind.outputs[0]))
        project = AddNodes((self._placed(project, source),), ((source, End(self.node.name, entry)),)).apply(project)
        return self._with_room(Connect(End(self.node.name, out), self.target).apply(project), source)

    def _placed(self, project: Project, source: End) -> Node:
        above, below = (project.graph.nodes[end.node].position[1] for end in (source, self.target))
        x, y = self.node.position
        lowered = max(y, above + self.spread) if self.spread and below >= above else y
        return replace(self.node, position=(x, lowered))

    def _with_room(self, project: Project, source: End) -> Project:
        places = {name: node.position for name, node in project.graph.nodes.items()}
        shift = places[self.node.name][1] + self.spread - places[self.target.node][1]
        if not self.spread or shift <= 0 or places[self.target.node][1] < places[source.node][1]:
            return project
        below = downstream(project.graph, [self.target.node])
        return MoveNodes({name: (places[name][0], places[name][1] + shift) for name in below}).apply(project)


@dataclass(frozen=True)
class SetParameters(BaseEdit):
    """Set parameters of nodes; a value of ``DEFAULT`` takes the parameter back to its default.

    The parameters of a node that shares another's layer are those of the layer: they change for both.
    """

    values: Mapping[str, Mapping[str, Value]]
    """By node, then by parameter."""
    merge_key: str = ""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        names = {parameter for values in self.values.values() for parameter in values}
        return f"Change {next(iter(names))}" if len(names) == 1 else "Change parameters"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        for name, values in self.values.items():
            node = node_of(project.graph, name)
            node = node_of(project.graph, node.shares or name)
            params = {**node.params, **values}
            params = {key: value for key, value in params.items() if value is not DEFAULT}
            project = with_nodes(project, [replace(node, params=params)])
        return project


class _Default:
    """Stands for "no value of its own" in SetParameters."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = _Default()


@dataclass(frozen=True)
class Rename(BaseEdit):
    """Give a node another name; links, nodes that share its layer, what is searched and weights in a file follow."""

    name: str
    new_name: str
    group: str = ""
    """The group that it is inside of; filled in where the edit is applied to one."""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Rename {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        node_of(graph, self.name)
        if self.new_name == self.name:
            return project
        check_name(self.new_name, graph.nodes)
        nodes = {}
        for name, node in graph.nodes.items():
            if name == self.name:
                nodes[self.new_name] = replace(node, name=self.new_name, weights=self._weights(project, node))
            else:
                nodes[name] = replace(node, shares=self.new_name) if node.shares == self.name else node
        links = {self._renamed(target): self._renamed(source) for target, source in graph.links.items()}
        routes = {self._renamed(target): points for target, points in graph.routes.items()}
        head = f"node/{self.group}:" if self.group else "node/"
        project = with_places_renamed(project, f"{head}{self.name}/", f"{head}{self.new_name}/")
        return replace(project, graph=replace(graph, nodes=nodes, links=links, routes=routes))

    def placed_in(self, group: Group, variables: Mapping[str, int | float]) -> Self:
        """Return the edit as it has to be inside a group."""
        return replace(self, group=group.name)

    def _weights(self, project: Project, node: Node) -> str:
        """Return where the node's weights are from now on in the file that the project starts from."""
        name = node.weights or node.name
        return name if project.weights and name != self.new_name else ""

    def _renamed(self, end: End) -> End:
        return End(self.new_name, end.port) if end.node == self.name else end


@dataclass(frozen=True)
class SetLabel(BaseEdit):
    """Give a node a free text to be shown with its name."""

    name: str
    text: str
    merge_key: str = ""
    label: str = "Change label"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return with_nodes(project, [replace(node_of(project.graph, self.name), label=self.text)])


@dataclass(frozen=True)
class SetKind(BaseEdit):
    """Swap a node's kind; parameters and links whose names the new kind knows stay.

    Nodes that share its layer change with it; a node that shared another's layer gets one of its own.
    """

    name: str
    kind: str
    keep: frozenset[str] = frozenset()
    """Names of parameters to carry over."""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change {self.name} to {self.kind}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        node = node_of(graph, self.name)
        kind = known_kind(project, self.kind)
        others = sharers(graph.nodes, self.name)
        if others and not kind.has_module:
            raise EditError(f"{kind.display} has no weights, but {', '.join(others)} use those of '{self.name}'.")
        changed = {self.name, *others}
        links = {
            target: source
            for target, source in graph.links.items()
            if (target.node not in changed or kind.input_port(target.port))
            and (source.node not in changed or kind.output_port(source.port))
        }
        layer = node_of(graph, node.shares or self.name)
        params = {key: value for key, value in layer.params.items() if key in self.keep}
        stack = (layer.repeat, layer.tied) if kind.group else (1, False)
        own = replace(node, kind=self.kind, params=params, repeat=stack[0], tied=stack[1], shares="")
        same = {name: replace(graph.nodes[name], kind=self.kind) for name in others}
        return replace(project, graph=replace(graph, nodes={**graph.nodes, self.name: own, **same}, links=links))
