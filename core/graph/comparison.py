"""What differs between two projects, in lines that a person can read before choosing one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.graph.change import Change, difference
from core.graph.names import natural_key
from core.graph.project import Graph, Node, Project

_NAMES = 6
_PARTS = {
    "name": "the project's name",
    "notes": "the project's notes",
    "variables": "variables",
    "data": "data",
    "training": "training settings",
    "bookmarks": "bookmarks",
    "extra": "entries that this version of Layerwright does not know",
    "graph.frames": "frames",
    "graph.notes": "notes on the canvas",
    "graph.routes": "the course of wires",
}


def compare(old: Project, new: Project) -> tuple[str, ...]:
    """Return what was added, removed and changed from ``old`` to ``new``, one line each; none where they are equal."""
    return tuple(_lines(difference(old, new)))


def _lines(change: Change) -> Iterator[str]:
    yield from _of_graph(change, "")
    for key, what in (("groups", "group"), ("code", "Python layer")):
        if key in change.parts:
            yield from _of_definitions(*change.parts[key], what)
    others = [_PARTS.get(key, key) for key in change.parts if key not in ("groups", "code")]
    if others:
        yield f"Different: {', '.join(others)}"


def _of_graph(change: Change, where: str) -> Iterator[str]:
    yield from _named("Added", [name for name, (old, _new) in change.nodes.items() if old is None], "node", where)
    yield from _named("Removed", [name for name, (_old, new) in change.nodes.items() if new is None], "node", where)
    both = [(old, new) for old, new in change.nodes.values() if old is not None and new is not None]
    moved = {old.name for old, new in both if _only_moved(old, new)}
    yield from _named("Changed", [old.name for old, _new in both if old.name not in moved], "node", where)
    yield from _named("Moved", sorted(moved), "node", where)
    if change.links:
        yield f"Different links{where}: {len(change.links)}"


def _only_moved(old: Node, new: Node) -> bool:
    return all(getattr(old, key) == getattr(new, key) for key in old.__dataclass_fields__ if key != "position")


def _of_definitions(old: Mapping[str, Any], new: Mapping[str, Any], what: str) -> Iterator[str]:
    yield from _named("Added", [name for name in new if name not in old], what, "")
    yield from _named("Removed", [name for name in old if name not in new], what, "")
    changed = [name for name in new if name in old and old[name] != new[name]]
    yield from _named("Changed", changed, what, "")
    for name in sorted(changed, key=natural_key):
        before, after = (getattr(each[name], "graph", Graph()) for each in (old, new))
        yield from _of_graph(difference(Project(graph=before), Project(graph=after)), f" in {name}")


def _named(verb: str, names: list[str], what: str, where: str) -> Iterator[str]:
    if names:
        shown = sorted(names, key=natural_key)[:_NAMES]
        more = f" and {len(names) - _NAMES:,} more" if len(names) > _NAMES else ""
        many = f"{len(names):,} {what}s" if len(names) > 1 else what
        yield f"{verb} {many}{where}: {', '.join(shown)}{more}"
