"""Nodes as text: what copy puts on the clipboard, readable in a chat and pasteable into another window."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from core.errors import EditError
from core.graph.edits import AddNodes
from core.graph.names import check_name, natural_key, unique_name
from core.graph.project import End, Graph, Node
from core.kinds import Value

_APPLICATION = "layerwright"
_CONTENT = "nodes"
_VERSION = 1
_MOST_CHARACTERS = 20_000_000


@dataclass(frozen=True)
class Fragment:
    """Nodes and the links (source, target) among them."""

    nodes: tuple[Node, ...]
    links: tuple[tuple[End, End], ...]


def fragment_of(graph: Graph, names: Collection[str]) -> Fragment:
    """Return the named nodes and the links among them."""
    nodes = tuple(graph.nodes[name] for name in sorted(names, key=natural_key))
    inner = sorted((t, s) for t, s in graph.links.items() if t.node in names and s.node in names)
    return Fragment(nodes, tuple((source, target) for target, source in inner))


def to_text(fragment: Fragment) -> str:
    """Return the fragment as JSON."""
    nodes = [
        {"name": each.name, "kind": each.kind, "params": dict(each.params), "label": each.label,
         "position": list(each.position), "extra": dict(each.extra)}
        for each in fragment.nodes
    ]  # fmt: skip
    links = [{"from": str(source), "to": str(target)} for source, target in fragment.links]
    head = {"application": _APPLICATION, "content": _CONTENT, "version": _VERSION}
    return json.dumps({**head, "nodes": nodes, "links": links}, indent=1)


def from_text(text: str) -> Fragment:
    """Read what ``to_text`` wrote.

    Raises:
        EditError: the text is something else; the message says what.
    """
    if not text.strip():
        raise EditError("The clipboard holds no text: copy some nodes first.")
    try:
        raw = json.loads(text) if len(text) <= _MOST_CHARACTERS else None
    except (ValueError, RecursionError) as error:
        raise EditError("The clipboard holds text that is no Layerwright nodes: copy some nodes first.") from error
    if not isinstance(raw, dict) or raw.get("application") != _APPLICATION or raw.get("content") != _CONTENT:
        raise EditError("The clipboard holds text that is no Layerwright nodes: copy some nodes first.")
    if raw.get("version") != _VERSION:
        found = raw.get("version")
        raise EditError(f"These nodes were copied from another version ({found!r}; this one reads {_VERSION}).")
    try:
        nodes = tuple(_node(each) for each in raw["nodes"])
        links = tuple((_end(each["from"]), _end(each["to"])) for each in raw["links"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EditError(f"The copied nodes are damaged: {type(error).__name__} {error}.") from error
    names: set[str] = set()
    for node in nodes:
        check_name(node.name, names)
        names.add(node.name)
    return Fragment(nodes, links)


def _node(raw: dict[str, Any]) -> Node:
    if not isinstance(raw["name"], str) or not isinstance(raw["kind"], str):
        raise TypeError("name and kind must be text")
    params = {str(key): _value(value) for key, value in dict(raw.get("params", {})).items()}
    extra = {str(key): value for key, value in dict(raw.get("extra", {})).items()}
    x, y = (float(each) for each in raw["position"])
    if not abs(x) + abs(y) < 1e9:
        raise ValueError("a position is out of range")
    return Node(raw["name"], raw["kind"], params, str(raw.get("label", "")), (x, y), extra)


def _value(raw: Any) -> Value:
    return tuple(_value(each) for each in raw) if isinstance(raw, list) else raw


def _end(text: str) -> End:
    node, _, port = text.partition(".")
    return End(node, port)


def paste_edit(graph: Graph, fragment: Fragment, offset: tuple[float, float]) -> AddNodes:
    """Return the edit that adds a fragment under names of its own, moved by ``offset``."""
    taken = set(graph.nodes)
    names: dict[str, str] = {}
    for node in fragment.nodes:
        names[node.name] = unique_name(node.name, taken) if node.name in taken else node.name
        taken.add(names[node.name])
    nodes = tuple(
        replace(node, name=names[node.name], position=(node.position[0] + offset[0], node.position[1] + offset[1]))
        for node in fragment.nodes
    )
    links = tuple(
        (End(names[source.node], source.port), End(names[target.node], target.port))
        for source, target in fragment.links
        if source.node in names and target.node in names
    )
    return AddNodes(nodes, links)
