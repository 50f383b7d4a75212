"""The edit of what a sweep tries, and what becomes of its places where a node gets another name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.graph.edits.base import ProjectEdit
from core.graph.project import Dimension, Project, Search


@dataclass(frozen=True)
class SetSearch(ProjectEdit):
    """Change what a sweep varies, how, and by what it judges."""

    search: Search
    merge_key: str = ""
    label: str = "Change sweep"

    def apply(self, project: Project) -> Project:
        """Return the next project."""
        return replace(project, search=self.search)


def with_dimension(search: Search, dimension: Dimension) -> Search:
    """Return the search with a dimension in place of the one of the same place, or added."""
    places = [each.place for each in search.dimensions]
    if dimension.place not in places:
        return replace(search, dimensions=(*search.dimensions, dimension))
    changed = tuple(dimension if each.place == dimension.place else each for each in search.dimensions)
    return replace(search, dimensions=changed)


def without_dimension(search: Search, place: str) -> Search:
    """Return the search without what it varies at a place."""
    return replace(search, dimensions=tuple(each for each in search.dimensions if each.place != place))


def searched_nodes(search: Search, group: str) -> frozenset[str]:
    """Return the nodes of the network ("") or of a group that a search varies."""
    found = set()
    for each in search.dimensions:
        head, _, rest = each.place.partition("/")
        owner, _, node = rest.partition("/")[0].rpartition(":")
        if head == "node" and owner == group:
            found.add(node)
    return frozenset(found)


def with_places_renamed(project: Project, old: str, new: str) -> Project:
    """Return the project with its searched places below ``old`` ("node/conv1/", "node/Block:") below ``new``."""

    def renamed(place: str) -> str:
        whole = f"{place}/"
        return (new + whole.removeprefix(old)).removesuffix("/") if whole.startswith(old) else place

    dimensions = tuple(replace(each, place=renamed(each.place)) for each in project.search.dimensions)
    if dimensions == project.search.dimensions:
        return project
    return replace(project, search=replace(project.search, dimensions=dimensions))
