"""Turns neighbours that are uses of one group, each feeding the next, into one use of it that is repeated.

Their weights are called as PyTorch calls those of a row of modules: what were the nodes ``blocks_0`` and ``blocks_1``
becomes the node ``blocks``, whose weights are ``blocks.0.conv.weight`` and ``blocks.1.conv.weight``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.graph.names import free_name, natural_key
from core.graph.project import INPUT, OUTPUT, End, Graph, Node, Project

_NUMBERED = re.compile(r"(?P<row>.*?)\.?(?P<number>\d+)")


def rows(project: Project, paths: Mapping[str, str], scopes: Mapping[str, object]) -> list[tuple[str, ...]]:
    """Return the names of the nodes that make up each row, in the order in which they run.

    ``paths`` says what each use of a group is called in the source, ``scopes`` what it stands in: the parts of a row
    stand in the same and are numbered one after another.
    """
    graph = project.graph
    readers = Counter(graph.links.values())
    sharing = {node.shares for node in graph.nodes.values()}
    follows = {
        source.node: target.node
        for target, source in graph.links.items()
        if readers[source] == 1 and target.port == _main_port(project, graph.nodes[target.node])
    }
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for name, node in graph.nodes.items():
        if name in done or not _may_stand_in_row(project, node, sharing):
            continue
        row = [name]
        while (later := follows.get(row[-1], "")) and _continues(project, row[-1], later, paths, scopes, sharing):
            row.append(later)
        done.update(row)
        if len(row) > 1:
            found.append(tuple(row))
    return found


def _may_stand_in_row(project: Project, node: Node, sharing: set[str]) -> bool:
    """True for a use of a group with weights of its own that gives one thing."""
    if not node.group or node.shares or node.name in sharing or node.repeat != 1:
        return False
    return len(project.groups[node.group].graph.of_kind(OUTPUT)) == 1


def _main_port(project: Project, node: Node) -> str:
    """Return the port where a repeated group takes what it gave before; all else goes into every repetition."""
    if not node.group:
        return ""
    return min((each.name for each in project.groups[node.group].graph.of_kind(INPUT)), key=natural_key, default="")


def _besides(graph: Graph, name: str, port: str) -> dict[str, End]:
    """Return what enters a node at its other ports."""
    return {
        target.port: source for target, source in graph.links.items() if target.node == name and target.port != port
    }


def _continues(
    project: Project, name: str, later: str, paths: Mapping[str, str], scopes: Mapping[str, object], sharing: set[str]
) -> bool:
    graph = project.graph
    one, other = graph.nodes[name], graph.nodes[later]
    if (one.kind, one.params, scopes.get(name)) != (other.kind, other.params, scopes.get(later)):
        return False
    places = [_NUMBERED.fullmatch(paths.get(each, "")) for each in (name, later)]
    if places[0] is None or places[1] is None or other.shares or later in sharing or other.repeat != 1:
        return False
    port = _main_port(project, one)
    if _besides(graph, name, port) != _besides(graph, later, port):
        return False
    same = places[0]["row"] == places[1]["row"]
    return same and int(places[1]["number"]) == int(places[0]["number"]) + 1


def in_a_row(graph: Graph, row: Sequence[str], path: str) -> tuple[Graph, str, dict[str, str]]:
    """Return the graph with one node for a row, its name, and the new beginning of the weights' names by old node."""
    first, last = graph.nodes[row[0]], row[-1]
    numbered = _NUMBERED.fullmatch(path)
    stem = numbered["row"] if numbered is not None and int(numbered["number"]) == 0 else ""
    taken = [name for name in graph.nodes if name not in row]
    name = free_name(stem, taken) if stem else row[0]
    node = replace(first, name=name, repeat=len(row))
    nodes = {name if key == row[0] else key: node if key == row[0] else each for key, each in graph.nodes.items()
             if key == row[0] or key not in row}  # fmt: skip
    links: dict[End, End] = {}
    for target, source in graph.links.items():
        if target.node in row and target.node != row[0]:
            continue
        target = replace(target, node=name) if target.node == row[0] else target
        links[target] = replace(source, node=name) if source.node == last else source
    return replace(graph, nodes=nodes, links=links), name, {each: f"{name}.{at}" for at, each in enumerate(row)}
