"""What an edit is, and the few steps that many edits take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from core.errors import EditError, UnknownKindError, did_you_mean
from core.graph.kinds import kind_named, own_kinds
from core.graph.project import Graph, Group, Node, Project
from core.kinds import LayerKind
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


class BaseEdit:
    """What edits have in common: they do not merge, and they may be applied to the inside of a group as they are."""

    merge_key = ""

    def placed_in(self, group: Group, variables: Mapping[str, int | float]) -> Self:
        """Return the edit as it has to be inside a group; ``variables`` are the project's own."""
        return self


class ProjectEdit(BaseEdit):
    """An edit of what belongs to the whole project: from inside a group it does the same."""


@dataclass(frozen=True)
class Together(BaseEdit):
    """Several edits as one step."""

    edits: tuple[Any, ...]
    label: str
    merge_key: str = ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        for edit in self.edits:
            project = edit.apply(project)
        return project


def node_of(graph: Graph, name: str) -> Node:
    """Return a node of the graph.

    Raises:
        EditError: there is none of that name.
    """
    node = graph.nodes.get(name)
    if node is None:
        raise EditError(f"There is no node '{name}'.{did_you_mean(name, graph.nodes)}")
    return node


def group_of(project: Project, name: str) -> Group:
    """Return a group of the project.

    Raises:
        EditError: there is none of that name.
    """
    group = project.groups.get(name)
    if group is None:
        raise EditError(f"There is no group '{name}'.{did_you_mean(name, project.groups)}")
    return group


def known_kind(project: Project, kind: str) -> LayerKind:
    """Return the kind of that id.

    Raises:
        UnknownKindError: neither the catalogue nor the project has one.
    """
    found = kind_named(project, kind)
    if found is None:
        hint = did_you_mean(kind, [*catalogue.entries, *(each.id for each in own_kinds(project))])
        raise UnknownKindError(f"There is no layer kind '{kind}'.{hint}")
    return found


def with_nodes(project: Project, nodes: Iterable[Node]) -> Project:
    """Return the project with nodes of its graph replaced by those of the same name."""
    changed = {node.name: node for node in nodes}
    return replace(project, graph=replace(project.graph, nodes={**project.graph.nodes, **changed}))


def with_group(project: Project, group: Group) -> Project:
    """Return the project with this definition in place of the one of the same name, or added."""
    return replace(project, groups={**project.groups, group.name: group})


def rounded(x: float, y: float) -> tuple[float, float]:
    """Return a position to a tenth, as a file holds it."""
    return round(x, 1), round(y, 1)
