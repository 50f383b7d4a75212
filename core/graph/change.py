"""What differs between two projects: the change signal that listeners get, and what an undo step keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from core.graph.project import End, Group, Node, Project

K = TypeVar("K")
V = TypeVar("V")
Delta = Mapping[K, tuple[V | None, V | None]]
"""Old and new value by key; None where the key is absent."""
DRAWN = ("frames", "notes", "routes")
"""What a graph holds besides nodes and links. A change has them among its parts, as ``graph.frames`` and so on."""
_REWRITABLE = frozenset({"data", "groups", "weights"})
_FOR_THE_EYE = frozenset({"groups", "bookmarks", *(f"graph.{name}" for name in DRAWN)})


@dataclass(frozen=True)
class Change:
    """Old and new value of everything that differs: nodes by name, links by target end, other parts by field name."""

    nodes: Delta[str, Node] = field(default_factory=dict)
    links: Delta[End, End] = field(default_factory=dict)
    parts: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.nodes or self.links or self.parts)

    @property
    def only_positions(self) -> bool:
        """True where things were moved, labelled or drawn, in groups too, and nothing else: shapes are the same."""
        return (
            not self.links
            and self.parts.keys() <= _FOR_THE_EYE
            and all(map(_same_but_place, self.nodes.values()))
            and ("groups" not in self.parts or _same_groups_but_places(self.parts["groups"]))
        )

    def reversed(self) -> Change:
        """Return the change that takes this one back."""
        return Change(
            {key: (new, old) for key, (old, new) in self.nodes.items()},
            {key: (new, old) for key, (old, new) in self.links.items()},
            {key: (new, old) for key, (old, new) in self.parts.items()},
        )

    def then(self, later: Change) -> Change:
        """Return this change and a later one as a single change."""
        return Change(_chain(self.nodes, later.nodes), _chain(self.links, later.links), _chain(self.parts, later.parts))

    def rewritten(self, rule: Callable[[Project], Project]) -> Change:
        """Return the change with the parts that name files, old and new, as a rule rewrites a project's."""
        parts = dict(self.parts)
        for name in parts.keys() & _REWRITABLE:
            old, new = (getattr(rule(replace(Project(), **{name: each})), name) for each in parts[name])
            parts[name] = old, new
        return Change(self.nodes, self.links, parts)

    def apply(self, project: Project) -> Project:
        """Return the project after this change."""
        drawn = {name: self.parts[f"graph.{name}"][1] for name in DRAWN if f"graph.{name}" in self.parts}
        nodes, links = _patched(project.graph.nodes, self.nodes), _patched(project.graph.links, self.links)
        graph = replace(project.graph, nodes=nodes, links=links, **drawn)
        parts = {name: new for name, (_old, new) in self.parts.items() if not name.startswith("graph.")}
        return replace(project, graph=graph, **parts)


def difference(old: Project, new: Project) -> Change:
    """Return what turns ``old`` into ``new``; elements that are the same object are never compared by value."""
    parts = {
        each.name: (getattr(old, each.name), getattr(new, each.name))
        for each in fields(Project)
        if each.name != "graph" and getattr(old, each.name) != getattr(new, each.name)
    }
    for name in DRAWN:
        before, after = getattr(old.graph, name), getattr(new.graph, name)
        if before is not after and before != after:
            parts[f"graph.{name}"] = (before, after)
    return Change(_delta(old.graph.nodes, new.graph.nodes), _delta(old.graph.links, new.graph.links), parts)


def _delta(old: Mapping[K, V], new: Mapping[K, V]) -> dict[K, tuple[V | None, V | None]]:
    if old is new:
        return {}
    found: dict[K, tuple[V | None, V | None]] = {}
    for key, value in new.items():
        before = old.get(key)
        if before is not value and before != value:
            found[key] = (before, value)
    if len(new) != len(old) + sum(before is None for before, _ in found.values()):
        found.update({key: (value, None) for key, value in old.items() if key not in new})
    return found


def _patched(old: Mapping[K, V], delta: Delta[K, V]) -> Mapping[K, V]:
    if not delta:
        return old
    patched = dict(old)
    for key, (_before, after) in delta.items():
        if after is None:
            patched.pop(key, None)
        else:
            patched[key] = after
    return patched


def _chain(first: Mapping[K, tuple[Any, Any]], second: Mapping[K, tuple[Any, Any]]) -> dict[K, tuple[Any, Any]]:
    chained = dict(first)
    for key, (old, new) in second.items():
        oldest = chained[key][0] if key in chained else old
        if oldest == new:
            chained.pop(key, None)
        else:
            chained[key] = (oldest, new)
    return chained


def _same_groups_but_places(pair: tuple[Mapping[str, Group], Mapping[str, Group]]) -> bool:
    old, new = pair
    return old.keys() == new.keys() and all(_same_inside(old[name], new[name]) for name in old)


def _same_inside(old: Group, new: Group) -> bool:
    if old is new:
        return True
    moved = _delta(old.graph.nodes, new.graph.nodes)
    same = replace(old, graph=replace(new.graph, links=old.graph.links)) == new
    return same and all(map(_same_but_place, moved.values()))


def _same_but_place(pair: tuple[Node | None, Node | None]) -> bool:
    old, new = pair
    if old is None or new is None:
        return False
    return replace(old, position=new.position, label=new.label, colour=new.colour, collapsed=new.collapsed) == new
