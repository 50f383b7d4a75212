"""The way back from an output through the layers that feed it, into groups and out of them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.expressions import is_expression, names_in
from core.graph.edits import Edit, SetParameters, Within
from core.graph.kinds import kind_of
from core.graph.project import INPUT, End, Graph, Node, Project
from core.kinds import LayerKind, Value
from core.model.problems import Fix
from core.model.reports import NodeReport, ShapeReport
from core.model.specs import TensorSpec


@dataclass(frozen=True)
class Place:
    """A graph that runs: the project as seen from there, what the check says of it, and the groups that lead to it.

    ``parent`` is where the group is used that the graph is the inside of.
    """

    project: Project
    report: ShapeReport
    path: tuple[str, ...] = ()
    group: str = ""
    parent: Place | None = None

    @property
    def graph(self) -> Graph:
        """The graph without what is switched off."""
        return self.report.graph

    @property
    def once(self) -> bool:
        """True where the graph runs once in the whole network: the project's own, or that of a group used once."""
        if self.parent is None:
            return True
        uses = sum(node.group == self.group for node in self.project_graphs())
        use = self.parent.report.nodes[self.path[-1]]
        return uses == 1 and use.repeat == 1 and self.parent.once

    def project_graphs(self) -> Iterator[Node]:
        """Yield every node of the project, those in the definitions of groups once."""
        root = self
        while root.parent is not None:
            root = root.parent
        for graph in (root.project.graph, *(group.graph for group in self.project.groups.values())):
            yield from graph.nodes.values()

    def kind(self, node: Node) -> LayerKind | None:
        """Return a node's kind."""
        return kind_of(self.project, node)

    def spec(self, link: End) -> TensorSpec | None:
        """Return what arrives at the end of a link."""
        return self.report.spec(self.graph.links[link])

    def edit(self, edit: Edit) -> Edit:
        """Return an edit of this graph as one of the project."""
        return Within(self.group, edit) if self.group else edit

    def inside(self, node: Node) -> Place | None:
        """Return the inside of a group node (of its last repetition), or None where it has none."""
        inner = self.report.nodes[node.name].inner
        owner = self.graph.nodes.get(node.shares, node)
        if not inner or not owner.group:
            return None
        return Place(self.project.inside(owner.group), inner[-1], (*self.path, node.name), owner.group, self)

    def setting(self, node: Node, name: str, value: Value) -> Fix:
        """Return the fix that sets a parameter; of a group's own parameter that serves nothing else, its use is set."""
        typed = node.params.get(name)
        if self.parent is not None and isinstance(typed, str) and self._serves_once(typed.strip()):
            use = self.parent.graph.nodes[self.path[-1]]
            return self.parent.setting(self.parent.graph.nodes.get(use.shares, use), typed.strip(), value)
        label = f"Set {name} of {node.name} to {value}"
        return Fix(label, self.edit(SetParameters({node.name: {name: value}})))

    def _serves_once(self, name: str) -> bool:
        """True where a parameter of the group stands in a single place inside it."""
        group = self.project.groups[self.group]
        if name not in {each.name for each in group.parameters}:
            return False
        values = [value for node in group.graph.nodes.values() for value in (*node.params.values(), node.repeat)]
        texts = [text for value in values for text in (value if isinstance(value, tuple) else (value,))]
        return sum(isinstance(text, str) and is_expression(text) and name in names_in(text) for text in texts) == 1

    def link_into(self, name: str) -> End | None:
        """Return the first linked input of a node; looks at its ports alone, not at the whole graph."""
        node = self.graph.nodes.get(name)
        kind = self.kind(node) if node else None
        most = len(self.graph.links)
        for port in kind.inputs if kind else ():
            for slot in (f"{port.name}.{index}" for index in range(most)) if port.variadic else (port.name,):
                if End(name, slot) in self.graph.links:
                    return End(name, slot)
        return None


@dataclass(frozen=True)
class Hop:
    """A layer on the way, where it is, and the link through which it was reached."""

    place: Place
    node: Node
    link: End

    @property
    def kind(self) -> LayerKind | None:
        """The layer's kind."""
        return self.place.kind(self.node)

    @property
    def report(self) -> NodeReport:
        """What the check says of the layer."""
        return self.place.report.nodes[self.node.name]

    @property
    def spec(self) -> TensorSpec | None:
        """What the layer gives on this way."""
        return self.place.spec(self.link)


def places(project: Project, report: ShapeReport) -> Iterator[Place]:
    """Yield the project's graph and the inside of every group that is used, of each group once."""
    seen = set()
    waiting = [Place(project, report)]
    while waiting:
        place = waiting.pop()
        yield place
        for node in place.graph.nodes.values():
            inner = place.inside(node) if place.report.nodes[node.name].inner else None
            if inner is not None and inner.group not in seen:
                seen.add(inner.group)
                waiting.append(inner)


def way_back(project: Project, report: ShapeReport, output: str) -> Iterator[Hop]:
    """Follow the first input of each layer upstream from an Output of the project's graph."""
    root = Place(project, report)
    return way_up(root, root.link_into(output))


def way_up(place: Place, link: End | None) -> Iterator[Hop]:
    """Follow a link upstream, from each layer through its first input. What feeds it must have been computed."""
    while link is not None:
        source = place.graph.links[link]
        node = place.graph.nodes[source.node]
        inside = place.inside(node) if place.report.nodes[node.name].inner else None
        if inside is not None:
            place, link = inside, inside.link_into(source.port)
        elif node.kind == INPUT and place.parent is not None:
            outer = End(place.path[-1], node.name)
            place = place.parent
            link = outer if outer in place.graph.links else None
        else:
            yield Hop(place, node, link)
            link = place.link_into(node.name)
