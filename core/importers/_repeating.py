"""Turns neighbours that are uses of one group, each feeding the next, into one use of it that is repeated.

Their weights are called as PyTorch calls those of a row of modules: what were the nodes ``blocks_0`` and ``blocks_1``
becomes the node ``blocks``, whose weights are ``blocks.0.conv.weight`` and ``blocks.1.conv.weight``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.graph.names import free_name, natural_key
from core.graph.project import INPUT, OUTPUT, End, Graph, Project

_NUMBERED = re.compile(r"(?P<row>.*?)\.?(?P<number>\d+)")


@dataclass(frozen=True)
class Row:
    """Uses of a group in the order in which they run, and the port where each takes what the one before gave."""

    names: tuple[str, ...]
    port: str


def rows(project: Project, paths: Mapping[str, str], scopes: Mapping[str, object]) -> list[Row]:
    """Return the uses of groups that make up each row.

    ``paths`` says what each use of a group is called in the source, ``scopes`` what it stands in: the parts of a row
    stand in the same and are numbered one after another. What enters at the other ports is the same for all of them.
    """
    look = _Look(project, paths, scopes)
    found: list[Row] = []
    done: set[str] = set()
    for name in project.graph.nodes:
        if name in done or not look.may_stand_in_row(name):
            continue
        row, port = [name], ""
        while (step := look.next(row[-1], port)) is not None:
            row.append(step.node)
            port = step.port
        done.update(row)
        if len(row) > 1:
            found.append(Row(tuple(row), port))
    return found


class _Look:
    """Looks which use of a group follows which."""

    def __init__(self, project: Project, paths: Mapping[str, str], scopes: Mapping[str, object]) -> None:
        self._project, self._graph, self._paths, self._scopes = project, project.graph, paths, scopes
        readers = Counter(self._graph.links.values())
        self._sharing = {node.shares for node in self._graph.nodes.values()}
        self._follows = {source.node: target for target, source in self._graph.links.items() if readers[source] == 1}

    def may_stand_in_row(self, name: str) -> bool:
        """True for a use of a group with weights of its own that gives one thing."""
        node = self._graph.nodes[name]
        if not node.group or node.shares or name in self._sharing or node.repeat != 1:
            return False
        return len(self._project.groups[node.group].graph.of_kind(OUTPUT)) == 1

    def next(self, name: str, port: str) -> End | None:
        """Return where the next of a row takes what a use gives: at ``port``, if that is not empty."""
        target = self._follows.get(name)
        if target is None or not self.may_stand_in_row(target.node) or target.port != (port or target.port):
            return None
        one, other = self._graph.nodes[name], self._graph.nodes[target.node]
        if (one.kind, one.params, self._scopes.get(name)) != (other.kind, other.params, self._scopes.get(target.node)):
            return None
        places = [_NUMBERED.fullmatch(self._paths.get(each, "")) for each in (name, target.node)]
        if places[0] is None or places[1] is None or places[0]["row"] != places[1]["row"]:
            return None
        if int(places[1]["number"]) != int(places[0]["number"]) + 1:
            return None
        same = _besides(self._graph, name, target.port) == _besides(self._graph, target.node, target.port)
        main = target.port == _main_port(self._project, one.group)
        return target if same and (main or _is_only_here(self._project, one.group)) else None


def _main_port(project: Project, group: str) -> str:
    """Return the port where a repeated group takes what it gave before; all else goes into every repetition."""
    return min((each.name for each in project.groups[group].graph.of_kind(INPUT)), key=natural_key, default="")


def _is_only_here(project: Project, group: str) -> bool:
    """True where no use of a group is repeated yet, or stands in another group: its ports may be named anew."""
    here = all(node.repeat == 1 for node in project.graph.nodes.values() if node.group == group)
    return here and not any(group in each.uses for each in project.groups.values())


def _besides(graph: Graph, name: str, port: str) -> dict[str, End]:
    """Return what enters a node at its other ports."""
    return {
        target.port: source for target, source in graph.links.items() if target.node == name and target.port != port
    }


def led_by(project: Project, group: str, port: str) -> Project:
    """Return a project in which a port of a group is its first: it and the one that was first swap their names."""
    first = _main_port(project, group)
    swapped = {port: first, first: port}
    if port == first:
        return project
    definition = project.groups[group]
    nodes = {swapped.get(key, key): replace(node, name=swapped.get(key, key))
             for key, node in definition.graph.nodes.items()}  # fmt: skip
    links = {
        target: replace(source, node=swapped.get(source.node, source.node))
        for target, source in definition.graph.links.items()
    }
    inside = replace(definition, graph=replace(definition.graph, nodes=nodes, links=links))
    users = {name for name, node in project.graph.nodes.items() if node.group == group}
    outside = {
        replace(target, port=swapped.get(target.port, target.port)) if target.node in users else target: source
        for target, source in project.graph.links.items()
    }
    graph = replace(project.graph, links=outside)
    return replace(project, graph=graph, groups={**project.groups, group: inside})


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
