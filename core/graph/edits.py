"""Every way in which a project can change. An edit is a frozen value that makes the next project from this one.

An edit is all a feature needs to write: undo, redo, the change signal and merging follow from the difference between
the project before and after, so that no edit can forget to take something back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from core.errors import EditError, did_you_mean
from core.graph.names import check_name
from core.graph.order import slot_key
from core.graph.project import DataBinding, End, Field, Graph, Node, Project, Split, TrainingSettings
from core.graph.rules import check_link
from core.kinds import Value
from core.layers import catalogue


class Edit(Protocol):
    """What an edit offers. ``merge_key``: edits that follow each other with the same key become one undo step."""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        ...

    @property
    def merge_key(self) -> str:
        """Equal keys merge; an empty key never does."""
        ...

    def apply(self, project: Project) -> Project:
        """Return the next project, or raise EditError and change nothing."""
        ...


class _Edit:
    merge_key = ""


def _node(graph: Graph, name: str) -> Node:
    node = graph.nodes.get(name)
    if node is None:
        raise EditError(f"There is no node '{name}'.{did_you_mean(name, graph.nodes)}")
    return node


def _with_node(project: Project, node: Node) -> Project:
    graph = project.graph
    return replace(project, graph=replace(graph, nodes={**graph.nodes, node.name: node}))


@dataclass(frozen=True)
class AddNodes(_Edit):
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
            nodes[node.name] = node
        project = replace(project, graph=replace(project.graph, nodes=nodes))
        for source, target in self.links:
            project = Connect(source, target).apply(project)
        return project


@dataclass(frozen=True)
class RemoveNodes(_Edit):
    """Remove nodes and every link at them; ``bridge`` links what fed a node to what it fed."""

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
            _node(graph, name)
        links = {}
        for target, source in graph.links.items():
            if target.node in self.names:
                continue
            origin = self._origin(graph, source) if self.bridge else source
            if origin is not None and origin.node not in self.names:
                links[target] = origin
        nodes = {name: node for name, node in graph.nodes.items() if name not in self.names}
        return replace(project, graph=Graph(nodes, links))

    def _origin(self, graph: Graph, source: End) -> End | None:
        """Follow removed nodes upstream through their first linked input."""
        while source.node in self.names:
            feeding = [end for end in graph.links if end.node == source.node]
            if not feeding:
                return None
            source = graph.links[min(feeding, key=lambda end: slot_key(end.port))]
        return source


@dataclass(frozen=True)
class MoveNodes(_Edit):
    """Put nodes at new positions (scene units, top left corner)."""

    positions: Mapping[str, tuple[float, float]]
    label: str = "Move"
    merge_key: str = ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        moved = {name: replace(_node(graph, name), position=place) for name, place in self.positions.items()}
        return replace(project, graph=replace(graph, nodes={**graph.nodes, **moved}))


@dataclass(frozen=True)
class Connect(_Edit):
    """Link an output end to an input end; what was linked there before gives way."""

    source: End
    target: End
    label: str = "Connect"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        check_link(graph, self.source, self.target)
        return replace(project, graph=replace(graph, links={**graph.links, self.target: self.source}))


@dataclass(frozen=True)
class Disconnect(_Edit):
    """Remove the links at the given input ends."""

    targets: frozenset[End]
    label: str = "Disconnect"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        for target in self.targets:
            if target not in graph.links:
                raise EditError(f"Nothing is linked to '{target}'.")
        links = {target: source for target, source in graph.links.items() if target not in self.targets}
        return replace(project, graph=replace(graph, links=links))


@dataclass(frozen=True)
class InsertOnLink(_Edit):
    """Put a new node into the link that ends at ``target``, between its two nodes."""

    node: Node
    target: End

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Insert {self.node.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        source = project.graph.links.get(self.target)
        if source is None:
            raise EditError(f"Nothing is linked to '{self.target}'.")
        kind = catalogue[self.node.kind]
        if not kind.inputs or not kind.outputs:
            raise EditError(f"{kind.display} cannot stand between two nodes.")
        port = kind.inputs[0]
        entry = End(self.node.name, f"{port.name}.0" if port.variadic else port.name)
        project = AddNodes((self.node,), ((source, entry),)).apply(project)
        return Connect(End(self.node.name, kind.outputs[0].name), self.target).apply(project)


@dataclass(frozen=True)
class SetParameters(_Edit):
    """Set parameters of nodes; a value of ``DEFAULT`` takes the parameter back to its default."""

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
            node = _node(project.graph, name)
            params = {**node.params, **values}
            params = {key: value for key, value in params.items() if value is not DEFAULT}
            project = _with_node(project, replace(node, params=params))
        return project


class _Default:
    """Stands for "no value of its own" in SetParameters."""

    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = _Default()


@dataclass(frozen=True)
class Rename(_Edit):
    """Give a node another name; its links follow."""

    name: str
    new_name: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Rename {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        node = _node(graph, self.name)
        if self.new_name == self.name:
            return project
        check_name(self.new_name, graph.nodes)
        nodes = {
            (self.new_name if name == self.name else name): (
                replace(node, name=self.new_name) if name == self.name else each
            )
            for name, each in graph.nodes.items()
        }
        links = {self._renamed(target): self._renamed(source) for target, source in graph.links.items()}
        return replace(project, graph=Graph(nodes, links))

    def _renamed(self, end: End) -> End:
        return End(self.new_name, end.port) if end.node == self.name else end


@dataclass(frozen=True)
class SetLabel(_Edit):
    """Give a node a free text to be shown with its name."""

    name: str
    text: str
    merge_key: str = ""
    label: str = "Change label"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return _with_node(project, replace(_node(project.graph, self.name), label=self.text))


@dataclass(frozen=True)
class SetKind(_Edit):
    """Swap a node's kind; parameters and links whose names the new kind knows stay."""

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
        node = _node(graph, self.name)
        kind = catalogue[self.kind]
        params = {key: value for key, value in node.params.items() if key in self.keep}
        links = {
            target: source
            for target, source in graph.links.items()
            if (target.node != self.name or kind.input_port(target.port))
            and (source.node != self.name or kind.output_port(source.port))
        }
        nodes = {**graph.nodes, self.name: replace(node, kind=self.kind, params=params)}
        return replace(project, graph=Graph(nodes, links))


@dataclass(frozen=True)
class BindData(_Edit):
    """Bind another source of data (or, with an empty binding, none)."""

    binding: DataBinding
    label: str = "Change data"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, data=self.binding)


@dataclass(frozen=True)
class SetField(_Edit):
    """Change what a field means or how it is prepared."""

    field: Field
    """The field as it shall be; its name says which."""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change field {self.field.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        if project.data.field(self.field.name) is None:
            names = [each.name for each in project.data.fields]
            raise EditError(f"There is no field '{self.field.name}'.{did_you_mean(self.field.name, names)}")
        fields = tuple(self.field if each.name == self.field.name else each for each in project.data.fields)
        return replace(project, data=replace(project.data, fields=fields))


@dataclass(frozen=True)
class SetSplit(_Edit):
    """Change how the samples are divided."""

    split: Split
    merge_key: str = ""
    label: str = "Change split"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, data=replace(project.data, split=self.split))


@dataclass(frozen=True)
class SetTraining(_Edit):
    """Change the training settings."""

    training: TrainingSettings
    merge_key: str = ""
    label: str = "Change training settings"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, training=self.training)


@dataclass(frozen=True)
class SetVariables(_Edit):
    """Replace the project's variables."""

    variables: Mapping[str, int | float]
    label: str = "Change variables"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        for name in self.variables:
            check_name(name)
        return replace(project, variables=dict(self.variables))


@dataclass(frozen=True)
class Describe(_Edit):
    """Change the project's name or notes."""

    name: str
    notes: str
    merge_key: str = ""
    label: str = "Change description"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, name=self.name, notes=self.notes)


@dataclass(frozen=True)
class Together(_Edit):
    """Several edits as one step."""

    edits: tuple[Any, ...]
    label: str

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        for edit in self.edits:
            project = edit.apply(project)
        return project
