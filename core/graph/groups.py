"""Who uses which definition: walking groups and Python layers of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

from core.errors import EditError
from core.graph.names import natural_key
from core.graph.project import GROUP_PREFIX, Graph, Group, Project

DEEPEST = 50
"""How many groups may stand inside each other."""


def graphs(project: Project) -> Iterator[tuple[str, Graph]]:
    """Yield the network's graph under the name "", then every group's under its own."""
    yield "", project.graph
    for name in sorted(project.groups, key=natural_key):
        yield name, project.groups[name].graph


def with_graphs(project: Project, changed: Mapping[str, Graph]) -> Project:
    """Return the project with other graphs, by name as ``graphs`` gives them."""
    groups = {
        name: replace(group, graph=changed[name]) if name in changed and changed[name] is not group.graph else group
        for name, group in project.groups.items()
    }
    same = all(groups[name] is project.groups[name] for name in groups)
    return replace(project, graph=changed.get("", project.graph), groups=project.groups if same else groups)


def users(project: Project, kind: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return where a kind (``group:Name``, ``python:Name``) is used: the graph's name and its nodes' names."""
    found = []
    for name, graph in graphs(project):
        nodes = tuple(node.name for node in graph.of_kind(kind))
        if nodes:
            found.append((name, nodes))
    return found


def needed(groups: Mapping[str, Group], names: Iterable[str]) -> tuple[str, ...]:
    """Return the named groups and all that they use, directly or not; each after those that it uses.

    The project has no recursion (see ``recursion``).
    """
    found: set[str] = set()
    waiting = [name for name in names if name in groups]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += groups[name].uses & groups.keys()
    return tuple(name for name in _order(groups) if name in found)


def _order(groups: Mapping[str, Group]) -> tuple[str, ...]:
    return tuple(
        TopologicalSorter(
            {name: sorted(groups[name].uses & groups.keys()) for name in sorted(groups, key=natural_key)}
        ).static_order()
    )


def python_layers(graphs_: Iterable[Graph]) -> frozenset[str]:
    """Return the names of the Python layers that nodes of these graphs use."""
    return frozenset(node.python for graph in graphs_ for node in graph.nodes.values() if node.python)


def recursion_problem(groups: Mapping[str, Group]) -> str:
    """Return what is wrong where a group uses itself, directly or through others, or groups nest too deeply."""
    try:
        order = _order(groups)
    except CycleError as error:
        chain = error.args[1][::-1]
        if len(chain) == 2:
            return f"The group {chain[0]} cannot stand inside itself."
        steps = ", ".join(f"{one} would use {other}" for one, other in pairwise(chain))
        return f"A group cannot stand inside itself, not even through others: {steps}."
    depth: dict[str, int] = {}
    for name in order:
        depth[name] = 1 + max((depth[each] for each in groups[name].uses if each in groups), default=0)
        if depth[name] > DEEPEST:
            return f"Groups inside each other may be {DEEPEST} levels deep; with {name} it would be more."
    return ""


def refuse_recursion(project: Project) -> Project:
    """Return the project.

    Raises:
        EditError: a group uses itself, directly or through others, or groups nest too deeply.
    """
    problem = recursion_problem(project.groups)
    if problem:
        raise EditError(problem)
    return project


def with_kind_renamed(graph: Graph, kinds: Mapping[str, str]) -> Graph:
    """Return a graph whose nodes of some kinds are of others; the same graph where it has none of them."""
    nodes = {
        name: replace(node, kind=kinds[node.kind]) if node.kind in kinds else node for name, node in graph.nodes.items()
    }
    return graph if all(nodes[name] is graph.nodes[name] for name in nodes) else replace(graph, nodes=nodes)


def group_id(name: str) -> str:
    """Return the kind of nodes that use a group."""
    return GROUP_PREFIX + name


def with_weights_beside(project: Project, base: Path | None) -> Project:
    """Return the project with the relative paths of weights, its own and its groups', made absolute against a folder.

    ``base`` is the folder of the project's file.
    """
    if base is None or not _names_weights(project):
        return project
    return _with_paths(project, lambda path: str(base / path) if path else "")


def without_weights(project: Project) -> Project:
    """Return the project with fresh weights, its own and its groups': for a network that is given others anyway."""
    return _with_paths(project, lambda _path: "") if _names_weights(project) else project


def _names_weights(project: Project) -> bool:
    return bool(project.weights) or any(group.weights for group in project.groups.values())


def _with_paths(project: Project, moved: Callable[[str], str]) -> Project:
    groups = {
        name: replace(group, weights=moved(group.weights)) if group.weights else group
        for name, group in project.groups.items()
    }
    return replace(project, weights=moved(project.weights), groups=groups)
