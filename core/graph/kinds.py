"""Which kind a node is of: one of the catalogue, or one that the project defines itself (a group, a Python layer)."""

from __future__ import annotations

from functools import lru_cache

from core.graph.names import natural_key, snake_case
from core.graph.project import GROUP_PREFIX, INPUT, OUTPUT, Graph, Group, GroupParameter, Node, Project
from core.graph.python_layer import python_kind
from core.kinds import LayerKind, Parameter, Port
from core.layers import catalogue
from core.memo import Memo
from core.weights import TRAINING_OPTIONS

GROUPS_FAMILY = "Groups"
_known: Memo[tuple[Group, LayerKind]] = Memo(4096)
"""Kinds by the identity of the group, which they hold on to, so that it stays its own."""


def kind_of(project: Project, node: Node) -> LayerKind | None:
    """Return the kind of a node of the project's graph (or of any of its groups), or None where nobody knows it.

    Equal definitions give the same object, so that a kind may serve as a key.
    """
    shared = project.graph.nodes.get(node.shares) if node.shares else None
    return kind_named(project, (shared or node).kind)


def kind_named(project: Project, kind: str) -> LayerKind | None:
    """Return the kind of that id: ``Conv2d``, ``group:Name`` or ``python:Name``; None where there is none."""
    found = catalogue.find(kind)
    if found is not None:
        return found
    prefix, _, name = kind.partition(":")
    if prefix == "group" and name in project.groups:
        return group_kind(project.groups[name])
    if prefix == "python" and name in project.code:
        return python_kind(project.code[name])
    return None


def own_kinds(project: Project) -> tuple[LayerKind, ...]:
    """Return the kinds that the project defines itself, groups first, each by name."""
    groups = [group_kind(project.groups[name]) for name in sorted(project.groups)]
    return (*groups, *(python_kind(project.code[name]) for name in sorted(project.code)))


def group_kind(group: Group) -> LayerKind:
    """Return a group as a kind: its Input and Output nodes are the ports."""
    known = _known.get(id(group)) or _known.put(id(group), (group, _made(group)))
    return known[1]


def _made(group: Group) -> LayerKind:
    inputs, outputs = (_ports(group.graph, kind) for kind in (INPUT, OUTPUT))
    return _group_kind(group.name, group.help, inputs, outputs, tuple(map(_parameter, group.parameters)))


def ports_of(graph: Graph, kind: str) -> tuple[str, ...]:
    """Return the names of a graph's Input or Output nodes, which are its ports, in natural order."""
    return tuple(sorted((node.name for node in graph.of_kind(kind)), key=natural_key))


def _ports(graph: Graph, kind: str) -> tuple[Port, ...]:
    return tuple(Port(name, graph.nodes[name].label, dtype="any") for name in ports_of(graph, kind))


@lru_cache(maxsize=4096)
def _group_kind(
    name: str, text: str, inputs: tuple[Port, ...], outputs: tuple[Port, ...], own: tuple[Parameter, ...]
) -> LayerKind:
    return LayerKind(
        GROUP_PREFIX + name,
        GROUPS_FAMILY,
        text or "A group of layers.",
        title=name,
        stem=snake_case(name),
        inputs=inputs,
        outputs=outputs,
        parameters=(*own, *TRAINING_OPTIONS),
        face=tuple(each.name for each in own),
        group=name,
    )


def _parameter(own: GroupParameter) -> Parameter:
    return Parameter(own.name, "float" if isinstance(own.default, float) else "int", own.default, own.help)
