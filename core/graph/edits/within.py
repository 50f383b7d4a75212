"""Edits of the inside of a group: any edit of a graph, and a port for what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from core.graph.edits.base import BaseEdit, ProjectEdit, Together, group_of, known_kind, node_of, rounded
from core.graph.edits.nodes import AddNodes, Rename
from core.graph.groups import graphs, group_id, refuse_recursion, with_graphs
from core.graph.kinds import ports_of
from core.graph.names import free_name
from core.graph.project import INPUT, OUTPUT, End, Graph, Node, Project

_ABOVE, _BELOW = -120.0, 120.0


@dataclass(frozen=True)
class Within(BaseEdit):
    """Apply an edit to the inside of a group's definition.

    Where that renames ports or takes them away, the links of every node that uses the group follow. An edit of what
    belongs to the whole project does what it does outside.
    """

    group: str
    edit: Any

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return str(self.edit.label)

    @property
    def merge_key(self) -> str:  # type: ignore[override]  # of an edit without fields it is an attribute
        """Equal keys merge, group by group."""
        return f"{self.group}/{self.edit.merge_key}" if self.edit.merge_key else ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        edit = self.edit
        if isinstance(edit, Together):
            for each in edit.edits:
                project = Within(self.group, each).apply(project)
            return project
        if isinstance(edit, Within | ProjectEdit):
            whole: Project = self.edit.apply(project)
            return whole
        group = group_of(project, self.group)
        if isinstance(edit, BaseEdit):
            edit = edit.placed_in(group, project.variables)
        inner = edit.apply(project.inside(self.group))
        groups = {**inner.groups, self.group: replace(group, graph=inner.graph)}
        after = replace(inner, graph=project.graph, variables=project.variables, groups=groups)
        if inner.groups is not project.groups or groups[self.group].uses != group.uses:
            refuse_recursion(after)
        names = {edit.name: edit.new_name} if isinstance(edit, Rename) else {}
        return with_ports(after, self.group, group.graph, names)


def with_ports(project: Project, group: str, before: Graph, renamed: Mapping[str, str]) -> Project:
    """Return the project with the links of a group's uses brought in line with the ports that it has now.

    ``before`` is the group's graph as it was, ``renamed`` says which nodes inside have another name since.
    """
    after = project.groups[group].graph
    inputs, outputs = _moved(before, after, INPUT, renamed), _moved(before, after, OUTPUT, renamed)
    if all(name == new for moved in (inputs, outputs) for name, new in moved.items()):
        return project
    changed = {}
    for name, graph in graphs(project):
        uses = {node.name for node in graph.of_kind(group_id(group))}
        if uses:
            links = {_end(target, uses, inputs): _end(source, uses, outputs) for target, source in graph.links.items()}
            kept = {target: source for target, source in links.items() if target is not None and source is not None}
            changed[name] = replace(graph, links=kept)
    return with_graphs(project, changed)


def _moved(before: Graph, after: Graph, kind: str, renamed: Mapping[str, str]) -> dict[str, str | None]:
    """Return what the ports of before are called now; None where they are no longer there."""
    left = set(ports_of(after, kind))
    now = {name: renamed.get(name, name) for name in ports_of(before, kind)}
    return {name: new if new in left else None for name, new in now.items()}


def _end(end: End, uses: set[str], moved: Mapping[str, str | None]) -> End | None:
    if end.node not in uses or end.port not in moved:
        return end
    port = moved[end.port]
    return End(end.node, port) if port else None


@dataclass(frozen=True)
class PromotePort(BaseEdit):
    """Make an end inside a group a port of the group: a new Input or Output node there, linked to it.

    ``side`` says of which side of its node the end is. The name of the port follows from the end where none is given.
    """

    end: End
    side: Literal["input", "output"]
    name: str = ""
    position: tuple[float, float] | None = None

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Make {self.end} a port"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        node = node_of(project.graph, self.end.node)
        name = self.name or free_name(f"{node.name}_{self.end.port}", project.graph.nodes)
        x, y = node.position
        kind = INPUT if self.side == "input" else OUTPUT
        place = self.position or rounded(x, y + (_ABOVE if kind == INPUT else _BELOW))
        port = known_kind(project, kind)
        if kind == INPUT:
            link = (End(name, port.outputs[0].name), self.end)
        else:
            link = (self.end, End(name, port.inputs[0].name))
        return AddNodes((Node(name, kind, position=place),), (link,)).apply(project)
