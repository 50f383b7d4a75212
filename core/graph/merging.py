"""Bringing definitions from elsewhere into a project: equal ones are reused, colliding ones get another name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.errors import EditError
from core.graph.groups import group_id, needed, recursion_problem, with_kind_renamed
from core.graph.names import check_class_name
from core.graph.project import PYTHON_PREFIX, Graph, Group, Project, PythonLayer


def merged(project: Project, groups: Iterable[Group], code: Iterable[PythonLayer]) -> tuple[Project, dict[str, str]]:
    """Return the project with the definitions added, and which kinds (``group:Name``) are now called otherwise.

    Raises:
        EditError: a name cannot be the name of a class, or the groups use each other in a circle.
    """
    incoming = {group.name: group for group in groups}
    layers = {layer.name: layer for layer in code}
    problem = recursion_problem(incoming)
    if problem:
        raise EditError(problem)
    for name in (*incoming, *layers):
        check_class_name(name)
    kinds: dict[str, str] = {}
    all_code, all_groups = dict(project.code), dict(project.groups)
    for name, layer in layers.items():
        for candidate in _candidates(name, {*incoming, *layers}):
            found = all_code.get(candidate)
            if candidate in all_groups or (found and found.source != layer.source):
                continue
            all_code.setdefault(candidate, replace(layer, name=candidate))
            kinds[PYTHON_PREFIX + name] = PYTHON_PREFIX + candidate
            break
    for name in needed(incoming, incoming):
        group = incoming[name]
        group = replace(group, graph=with_kind_renamed(group.graph, kinds))
        for candidate in _candidates(name, {*incoming, *layers}):
            same = all_groups.get(candidate)
            if candidate in all_code or (same and not _equal(same, replace(group, name=candidate))):
                continue
            all_groups.setdefault(candidate, replace(group, name=candidate))
            kinds[group_id(name)] = group_id(candidate)
            break
    return replace(project, groups=all_groups, code=all_code), {old: new for old, new in kinds.items() if old != new}


def _candidates(name: str, incoming: set[str]) -> Iterable[str]:
    """Yield a name and then it with numbers, without those that other incoming definitions have."""
    yield name
    number = 2
    while True:
        if f"{name}{number}" not in incoming:
            yield f"{name}{number}"
        number += 1


def _equal(one: Group, other: Group) -> bool:
    """True where two groups differ at most in the places of their nodes."""
    return one == replace(other, graph=_placed_as(other.graph, one.graph))


def _placed_as(graph: Graph, model: Graph) -> Graph:
    nodes = {
        name: replace(node, position=model.nodes[name].position) if name in model.nodes else node
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)
