"""Edits of what a project defines itself: groups and Python layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import EditError, did_you_mean
from core.graph.edits.base import BaseEdit, ProjectEdit, group_of, with_group
from core.graph.edits.nodes import AddNodes
from core.graph.edits.search import with_places_renamed
from core.graph.formulas import renamed, rewritten
from core.graph.groups import graphs, group_id, refuse_recursion, users, with_graphs, with_kind_renamed
from core.graph.merging import merged
from core.graph.names import check_class_name, check_name
from core.graph.project import PYTHON_PREFIX, End, Graph, Group, GroupParameter, Node, Project, PythonLayer
from core.weights import TRAINING_NAMES


@dataclass(frozen=True)
class AddDefinitions(BaseEdit):
    """Add groups and Python layers with what they need, and nodes that use them: a block, a paste between projects.

    Where the project has a definition of the same name and content that one is used; where it has another of that
    name the added one gets a new name, and all that refers to it follows, ``nodes`` included.
    """

    groups: tuple[Group, ...]
    code: tuple[PythonLayer, ...] = ()
    nodes: tuple[Node, ...] = ()
    links: tuple[tuple[End, End], ...] = ()

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        if self.nodes:
            return AddNodes(self.nodes).label
        names = [*(group.name for group in self.groups), *(layer.name for layer in self.code)]
        return f"Add {names[0]}" if len(names) == 1 else "Add definitions"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        project, kinds = merged(project, self.groups, self.code)
        refuse_recursion(project)
        nodes = tuple(replace(node, kind=kinds.get(node.kind, node.kind)) for node in self.nodes)
        return AddNodes(nodes, self.links).apply(project)


@dataclass(frozen=True)
class RemoveGroup(ProjectEdit):
    """Remove a group that nothing uses."""

    name: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Delete group {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        group_of(project, self.name)
        _refuse_used(project, self.name, group_id(self.name))
        return replace(project, groups={name: each for name, each in project.groups.items() if name != self.name})


def _refuse_used(project: Project, name: str, kind: str) -> None:
    places = [
        ", ".join(f"'{node}'" for node in nodes) + (f" in the group {graph}" if graph else " in the network")
        for graph, nodes in users(project, kind)
    ]
    if places:
        raise EditError(f"{name} is used by {' and by '.join(places)}: delete or replace these first.")


@dataclass(frozen=True)
class RenameGroup(ProjectEdit):
    """Give a group another name; every node that uses it follows."""

    name: str
    new_name: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Rename group {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        group = group_of(project, self.name)
        if self.new_name == self.name:
            return project
        check_class_name(self.new_name, {*project.groups, *project.code})
        project = _with_kind_renamed(project, group_id(self.name), group_id(self.new_name))
        project = with_places_renamed(project, f"node/{self.name}:", f"node/{self.new_name}:")
        groups = {
            (self.new_name if name == self.name else name): (
                replace(each, name=self.new_name) if name == group.name else each
            )
            for name, each in project.groups.items()
        }
        return refuse_recursion(replace(project, groups=groups))


def _with_kind_renamed(project: Project, old: str, new: str) -> Project:
    return with_graphs(project, {name: with_kind_renamed(graph, {old: new}) for name, graph in graphs(project)})


@dataclass(frozen=True)
class SetGroupParameters(ProjectEdit):
    """Replace the parameters that uses of a group may set; what uses set for one that goes is dropped.

    ``renamed`` says which get another name (old name to new): expressions inside and the uses follow.
    """

    group: str
    parameters: tuple[GroupParameter, ...]
    renamed: Mapping[str, str] = field(default_factory=dict)
    merge_key: str = ""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change parameters of {self.group}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        group = group_of(project, self.group)
        taken: set[str] = set()
        for parameter in self.parameters:
            check_name(parameter.name)
            if parameter.name in taken or parameter.name in TRAINING_NAMES:
                raise EditError(f"There is already a parameter named '{parameter.name}'. Names are unique.")
            taken.add(parameter.name)
        old = {each.name for each in group.parameters}
        names = {one: other for one, other in self.renamed.items() if one in old and other in taken}
        gone = old - taken - names.keys()
        inside = project.inside(group.name)
        nodes = {
            name: rewritten(inside, node, lambda text: renamed(text, names)) if names else node
            for name, node in group.graph.nodes.items()
        }
        project = with_graphs(project, {name: self._uses(graph, names, gone) for name, graph in graphs(project)})
        return with_group(project, replace(group, graph=replace(group.graph, nodes=nodes), parameters=self.parameters))

    def _uses(self, graph: Graph, names: Mapping[str, str], gone: set[str]) -> Graph:
        changed = {}
        for node in graph.of_kind(group_id(self.group)):
            params = {names.get(key, key): value for key, value in node.params.items() if key not in gone}
            if params != node.params:
                changed[node.name] = replace(node, params=params)
        return replace(graph, nodes={**graph.nodes, **changed}) if changed else graph


@dataclass(frozen=True)
class DescribeGroup(ProjectEdit):
    """Change the text that explains a group."""

    group: str
    help: str
    merge_key: str = ""
    label: str = "Change description"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return with_group(project, replace(group_of(project, self.group), help=self.help))


@dataclass(frozen=True)
class SetGroupWeights(ProjectEdit):
    """Let every use of a group start from the weights in a file, or ("") from fresh ones."""

    group: str
    path: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change weights of {self.group}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return with_group(project, replace(group_of(project, self.group), weights=self.path))


def _code_of(project: Project, name: str) -> PythonLayer:
    layer = project.code.get(name)
    if layer is None:
        raise EditError(f"There is no Python layer '{name}'.{did_you_mean(name, project.code)}")
    return layer


@dataclass(frozen=True)
class AddCode(ProjectEdit):
    """Add a Python layer. Its source is not run by this."""

    name: str
    source: str = ""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Add {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        check_class_name(self.name, {*project.groups, *project.code})
        return replace(project, code={**project.code, self.name: PythonLayer(self.name, self.source)})


@dataclass(frozen=True)
class SetCode(ProjectEdit):
    """Change the source of a Python layer."""

    name: str
    source: str
    merge_key: str = ""

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Change code of {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        changed = replace(_code_of(project, self.name), source=self.source)
        return replace(project, code={**project.code, self.name: changed})


@dataclass(frozen=True)
class RenameCode(ProjectEdit):
    """Give a Python layer another name; every node that uses it follows, its source stays as it is."""

    name: str
    new_name: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Rename {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        layer = _code_of(project, self.name)
        if self.new_name == self.name:
            return project
        check_class_name(self.new_name, {*project.groups, *project.code})
        project = _with_kind_renamed(project, PYTHON_PREFIX + self.name, PYTHON_PREFIX + self.new_name)
        code = {
            (self.new_name if name == self.name else name): (
                replace(layer, name=self.new_name) if name == self.name else each
            )
            for name, each in project.code.items()
        }
        return replace(project, code=code)


@dataclass(frozen=True)
class RemoveCode(ProjectEdit):
    """Remove a Python layer that nothing uses."""

    name: str

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Delete {self.name}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        _code_of(project, self.name)
        _refuse_used(project, self.name, PYTHON_PREFIX + self.name)
        return replace(project, code={name: each for name, each in project.code.items() if name != self.name})
