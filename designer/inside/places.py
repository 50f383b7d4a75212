"""Nodes as training names them (``block/0/conv1``) and as the canvas does: ``("block", "conv1")``."""

from __future__ import annotations

from collections.abc import Iterable

from core.graph.project import INPUT, OUTPUT, End, Project

Place = tuple[str, ...]
"""The group nodes that lead to a node, from the root on, and the node."""


def place_of(path: str) -> Place:
    """Return where the canvas shows what training calls ``path``: numbers of repetitions are no places."""
    return tuple(part for part in path.split("/") if not part.isdigit())


def path_of(place: Place, known: Iterable[str]) -> str:
    """Return what training calls a place (of a repeated group: its first repetition); empty where it knows none."""
    return next((path for path in known if place_of(path) == place), "")


def answering(project: Project) -> dict[str, str]:
    """Return by Output the node whose result it takes, as far as training looks into that node."""
    found = {}
    for name, node in project.graph.nodes.items():
        source = project.graph.links.get(End(name, "input")) if node.kind == OUTPUT else None
        feeding = project.graph.nodes.get(source.node) if source else None
        if feeding is not None and feeding.kind != INPUT and not feeding.shares:
            found[name] = feeding.name
    return found
