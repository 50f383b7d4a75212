"""Edits of what is on the canvas for the eye alone: frames, notes, the course of wires, colours, bookmarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.errors import EditError
from core.graph.edits.base import BaseEdit, ProjectEdit, node_of, with_nodes
from core.graph.project import Bookmark, Colour, End, Frame, Graph, Note, Point, Project

DIGITS = tuple("123456789")
"""Under which bookmarks are kept."""


@dataclass(frozen=True)
class SetFrames(BaseEdit):
    """Add frames, or put others in the place of those of the same name."""

    frames: tuple[Frame, ...]
    label: str = "Change frame"
    merge_key: str = ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        _refuse_double(self.frames, project.graph.notes)
        frames = {**project.graph.frames, **{frame.name: frame for frame in self.frames}}
        return replace(project, graph=replace(project.graph, frames=frames))


@dataclass(frozen=True)
class SetNotes(BaseEdit):
    """Add notes, or put others in the place of those of the same name."""

    notes: tuple[Note, ...]
    label: str = "Change note"
    merge_key: str = ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        _refuse_double(self.notes, project.graph.frames)
        notes = {**project.graph.notes, **{note.name: note for note in self.notes}}
        return replace(project, graph=replace(project.graph, notes=notes))


@dataclass(frozen=True)
class RemoveDrawn(BaseEdit):
    """Remove frames and notes by name; what a frame holds stays."""

    names: frozenset[str]
    label: str = "Delete"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        unknown = self.names - graph.frames.keys() - graph.notes.keys()
        if unknown:
            raise EditError(f"There is no frame or note '{min(unknown)}'.")
        frames, notes = (_without(each, self.names) for each in (graph.frames, graph.notes))
        return replace(project, graph=replace(graph, frames=frames, notes=notes))


@dataclass(frozen=True)
class SetRoute(BaseEdit):
    """Lead the wire that ends at ``target`` through points, in their order from its source; none lead it straight."""

    target: End
    points: tuple[Point, ...]
    label: str = "Change wire"
    merge_key: str = ""

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        if self.target not in graph.links:
            raise EditError(f"Nothing is linked to '{self.target}'.")
        routes = _without(graph.routes, {self.target})
        if self.points:
            routes = {**routes, self.target: self.points}
        return replace(project, graph=replace(graph, routes=routes))


@dataclass(frozen=True)
class SetColour(BaseEdit):
    """Mark nodes with a colour; an empty one takes the mark away."""

    names: frozenset[str]
    colour: Colour
    label: str = "Change colour"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        nodes = (node_of(project.graph, name) for name in sorted(self.names))
        return with_nodes(project, [replace(node, colour=self.colour) for node in nodes])


@dataclass(frozen=True)
class SetCollapsed(BaseEdit):
    """Show only the names of nodes, or all of them again."""

    names: frozenset[str]
    collapsed: bool

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return "Collapse" if self.collapsed else "Expand"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        nodes = (node_of(project.graph, name) for name in sorted(self.names))
        return with_nodes(project, [replace(node, collapsed=self.collapsed) for node in nodes])


@dataclass(frozen=True)
class SetBookmark(ProjectEdit):
    """Keep a place of the canvas under a digit from 1 to 9, or with None forget it."""

    digit: str
    bookmark: Bookmark | None

    @property
    def label(self) -> str:
        """What the Undo menu calls it."""
        return f"Set bookmark {self.digit}" if self.bookmark else f"Remove bookmark {self.digit}"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        if self.digit not in DIGITS:
            raise EditError(f"Bookmarks are kept under the digits 1 to 9, not '{self.digit}'.")
        bookmarks = _without(project.bookmarks, {self.digit})
        if self.bookmark is not None:
            bookmarks = dict(sorted({**bookmarks, self.digit: self.bookmark}.items()))
        return replace(project, bookmarks=bookmarks)


def without_loose_routes(project: Project) -> Project:
    """Return the project without the courses of wires that are gone, in groups too."""
    graph = _tidy(project.graph)
    groups = {name: _tidy(group.graph) for name, group in project.groups.items()}
    if graph is not project.graph:
        project = replace(project, graph=graph)
    loose = {name: each for name, each in groups.items() if each is not project.groups[name].graph}
    if loose:
        tidied = {name: replace(project.groups[name], graph=each) for name, each in loose.items()}
        project = replace(project, groups={**project.groups, **tidied})
    return project


def _refuse_double(drawn: Iterable[Frame | Note], others: Mapping[str, Frame | Note]) -> None:
    """Raise EditError where a frame would have a note's name, or a note a frame's: a name says which is meant."""
    taken = sorted({each.name for each in drawn} & others.keys())
    if taken:
        kinds = ("note", "frame") if isinstance(others[taken[0]], Note) else ("frame", "note")
        raise EditError(f"There is already a {kinds[0]} named '{taken[0]}': the {kinds[1]} needs another name.")


def _tidy(graph: Graph) -> Graph:
    gone = graph.routes.keys() - graph.links.keys()
    return replace(graph, routes=_without(graph.routes, gone)) if gone else graph


def _without(entries: Mapping[Any, Any], names: Iterable[Any]) -> dict[Any, Any]:
    gone = frozenset(names)
    return {name: each for name, each in entries.items() if name not in gone}
