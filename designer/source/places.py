"""Which lines of the source are whose: from nodes to lines and back, across the classes of groups."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.graph.project import INPUT, OUTPUT, Project
from designer.place import groups_along

if TYPE_CHECKING:
    from core.model.source import Source


@dataclass(frozen=True)
class Places:
    """Nodes by line and lines by node; a key is the group that a node is in ("" for the network) and its name."""

    by_line: dict[int, tuple[str, tuple[str, ...]]]
    by_node: dict[tuple[str, str], tuple[int, ...]]
    heads: dict[str, int]
    """The line of each group's class; "" is the network's."""

    def lines(self, group: str, names: Iterable[str]) -> list[int]:
        """Return all lines of some nodes of one graph, from the first on."""
        return sorted({line for name in names for line in self.by_node.get((group, name), ())})

    def nodes(self, lines: Iterable[int]) -> tuple[str, tuple[str, ...]]:
        """Return the group and the nodes that lines belong to: those of the first line's graph."""
        group, found = "", dict[str, None]()
        for line in lines:
            owner, names = self.by_line.get(line, ("", ()))
            if names and (not found or owner == group):
                group = owner
                found.update(dict.fromkeys(names))
        return group, tuple(found)


def places_of(source: Source, project: Project) -> Places:
    """Return the places in a source. Inputs have the line of ``forward``, outputs that of ``return``."""
    by_line: dict[int, tuple[str, tuple[str, ...]]] = {
        line: ("", (name,)) for line, name in source.nodes_by_line.items()
    }
    by_line |= {line: (group, (name,)) for line, (group, name) in source.group_lines.items()}
    heads: dict[str, int] = {}
    classes = [each for each in ast.parse(source.text).body if isinstance(each, ast.ClassDef)]
    for each in classes:
        group = "" if each is classes[-1] else source.classes.get(each.name, each.name)
        if group and group not in project.groups:
            continue
        graph = project.groups[group].graph if group else project.graph
        heads.setdefault(group, each.lineno)
        for method in each.body:
            if isinstance(method, ast.FunctionDef) and method.name == "forward":
                for line in _head(method):
                    by_line.setdefault(line, (group, tuple(node.name for node in graph.of_kind(INPUT))))
                last = method.body[-1]
                for line in range(last.lineno, (last.end_lineno or last.lineno) + 1):
                    by_line.setdefault(line, (group, tuple(node.name for node in graph.of_kind(OUTPUT))))
    by_node: dict[tuple[str, str], tuple[int, ...]] = {}
    for line, (group, names) in sorted(by_line.items()):
        for name in names:
            by_node[group, name] = (*by_node.get((group, name), ()), line)
    return Places(by_line, by_node, heads)


def _head(method: ast.FunctionDef) -> range:
    return range(method.lineno, method.body[0].lineno)


def way_to(project: Project, group: str, near: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return group nodes to be opened to look inside a group: ``near`` where that leads there, else the shortest way.

    None where the group is used nowhere.
    """
    for path in (near[:depth] for depth in range(len(near), -1, -1)):
        if (groups_along(project, path) or ("",))[-1] == group:
            return path
    waiting: deque[tuple[str, ...]] = deque([()])
    seen: set[str] = set()
    while waiting:
        path = waiting.popleft()
        inside = (groups_along(project, path) or ("",))[-1]
        if inside == group:
            return path
        if inside in seen:
            continue
        seen.add(inside)
        graph = project.groups[inside].graph if inside else project.graph
        waiting.extend((*path, node.name) for node in graph.nodes.values() if node.group in project.groups)
    return None
