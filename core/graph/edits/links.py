"""Edits of links."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.errors import EditError
from core.graph.edits.base import BaseEdit
from core.graph.project import End, Project
from core.graph.rules import check_link


@dataclass(frozen=True)
class Connect(BaseEdit):
    """Link an output end to an input end; what was linked there before gives way."""

    source: End
    target: End
    label: str = "Connect"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        check_link(project, self.source, self.target)
        return replace(project, graph=replace(graph, links={**graph.links, self.target: self.source}))


@dataclass(frozen=True)
class Disconnect(BaseEdit):
    """Remove the links at the given input ends."""

    targets: frozenset[End]
    label: str = "Disconnect"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        graph = project.graph
        for target in self.targets:
            if target not in graph.links:
                raise EditError(f"Nothing is linked to '{target}'.")
        links = {target: source for target, source in graph.links.items() if target not in self.targets}
        return replace(project, graph=replace(graph, links=links))
