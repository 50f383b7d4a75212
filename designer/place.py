"""Where one looks in an open project: a path of groups that were opened, and what is selected in the graph there.

Every canvas has a place of its own; the panels look through that of the canvas which is worked on. Where several
places show one graph, they share the selection.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.graph.change import Change, difference
from core.graph.project import Project

if TYPE_CHECKING:
    from designer.opened import Opened

_Values = tuple[tuple[str, int | float], ...]


class Place(QObject):
    """``path`` names the group nodes that were opened, from the root on; ``selection`` are nodes of the graph there.

    ``drawn`` are the frames and notes that are selected with them.
    """

    here_changed = Signal(object)
    """A Change of the graph that is looked at."""
    view_changed = Signal()
    """Another graph is looked at."""
    selection_changed = Signal(object)
    """The frozenset of selected node names."""
    drawn_changed = Signal(object)
    """The frozenset of the names of selected frames and notes."""
    reveal_requested = Signal(object)
    """The name of a node to be brought into view."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened)
        self.path: tuple[str, ...] = ()
        self.selection: frozenset[str] = frozenset()
        self.drawn: frozenset[str] = frozenset()
        self._opened = opened
        self._groups: tuple[str, ...] = ()
        self._seen: tuple[Project, tuple[str, _Values], Project] | None = None
        opened.places.append(self)

    def leave(self) -> None:
        """Look no longer: the canvas is closed."""
        self._opened.places.remove(self)
        self.deleteLater()

    @property
    def group(self) -> str:
        """The group whose inside is looked at; empty at the root."""
        return self._groups[-1] if self._groups else ""

    @property
    def view(self) -> Project:
        """The project as it looks from here."""
        project = self._opened.document.project
        if not self._groups:
            return project
        key = self.group, self._values()
        if self._seen is None or self._seen[0] is not project or self._seen[1] != key:
            self._seen = project, key, project.inside(self.group, dict(key[1]))
        return self._seen[2]

    def go_to(self, path: tuple[str, ...]) -> bool:
        """Look at the graph that a path of group nodes leads to; False where the path leads nowhere."""
        groups = groups_along(self._opened.document.project, path)
        if len(groups) < len(path):
            return False
        if path != self.path:
            left = self.path[len(path) : len(path) + 1] if self.path[: len(path)] == path else ()
            self._take((), ())
            self.path, self._groups = path, groups
            self.view_changed.emit()
            if left:
                self.select(left)
            for each in self._beside()[:1] if not left else ():
                self._take(each.selection, each.drawn)
        return True

    def select(self, names: Iterable[str], drawn: Iterable[str] = ()) -> None:
        """Select exactly these nodes, frames and notes, as far as they exist, in every view of this graph."""
        if self._take(names, drawn):
            for each in self._beside():
                each.select(self.selection, self.drawn)

    def follow(self, change: Change) -> Change | None:
        """Return a change as one of the graph that is looked at; None where that is another graph now.

        A path whose groups are no more ends where they were. Nobody is told yet, but of a selection that is no more.
        """
        if not self._groups:
            return change
        project, path = self._opened.document.project, self.path
        if path[0] in change.nodes and change.nodes[path[0]][1] is None:
            path = (*_renamed(change), *path[1:]) if _renamed(change) else ()
        groups = groups_along(project, path)
        path = path[: len(groups)]
        if groups != self._groups:
            self.path, self._groups, self.selection, self.drawn = path, groups, frozenset(), frozenset()
            self.selection_changed.emit(self.selection)
            self.drawn_changed.emit(self.drawn)
            return None
        self.path = path
        before, after = change.parts.get("groups", ({}, {}))
        if not after:
            return Change(parts={name: pair for name, pair in change.parts.items() if not name.startswith("graph.")})
        old, new = (Project(graph=groups[self.group].graph) for groups in (before, after))
        inner = difference(old, new)
        outer = {name: pair for name, pair in change.parts.items() if not name.startswith("graph.")}
        return replace(inner, parts={**outer, **inner.parts})

    def tell(self, here: Change | None) -> None:
        """Tell the views what ``follow`` returned, and let the selection follow."""
        if here is None:
            self.view_changed.emit()
            return
        self.here_changed.emit(here)
        gone = {name for name, (_old, new) in here.nodes.items() if new is None}
        if gone & self.selection or here.parts.keys() & {"graph.frames", "graph.notes"}:
            renamed = _renamed(here) if gone & self.selection else frozenset()
            self._take((self.selection - gone) | renamed, self.drawn)

    def _take(self, names: Iterable[str], drawn: Iterable[str]) -> bool:
        """Select here and nowhere else, what exists; return whether that is another selection."""
        graph = self.view.graph
        shown = frozenset(drawn) & (graph.frames.keys() | graph.notes.keys())
        selection = frozenset(names) & frozenset(graph.nodes)
        other = shown != self.drawn, selection != self.selection
        if other[0]:
            self.drawn = shown
            self.drawn_changed.emit(shown)
        if other[1]:
            self.selection = selection
            self.selection_changed.emit(selection)
        return any(other)

    def _beside(self) -> list[Place]:
        """Return the other places that show the same graph."""
        return [each for each in self._opened.places if each is not self and each.group == self.group]

    def _values(self) -> _Values:
        """Return the numbers that the opened use of the group sets for the group's parameters, where they are known."""
        report = self._opened.report
        shapes = report.shapes.inside(self.path[:-1]) if report else None
        found = shapes.nodes.get(self.path[-1]) if shapes else None
        names = [each.name for each in self._opened.document.project.groups[self.group].parameters]
        arguments = found.arguments if found else {}
        return tuple((name, arguments[name]) for name in names if isinstance(arguments.get(name), int | float))


def groups_along(project: Project, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the groups that a path of group nodes opens, as far as it leads anywhere."""
    found: list[str] = []
    graph = project.graph
    for name in path:
        node = graph.nodes.get(name)
        if node is None or node.group not in project.groups:
            break
        found.append(node.group)
        graph = project.groups[node.group].graph
    return tuple(found)


def _renamed(change: Change) -> frozenset[str]:
    """Return the new name where a change renames a node, so that the selection can follow."""
    old = [before for before, after in change.nodes.values() if before and after is None]
    new = [after for before, after in change.nodes.values() if after and before is None]
    if len(old) == len(new) == 1 and replace(old[0], name=new[0].name) == new[0]:
        return frozenset((new[0].name,))
    return frozenset()
