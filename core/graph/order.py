"""Walking a graph: who feeds whom, in which order nodes run, and whether a link would close a loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from core.graph.names import natural_key
from core.graph.project import End, Graph


def slot_key(port: str) -> tuple[str, int]:
    """Sort key of an input end's port: ``inputs.2`` before ``inputs.10``."""
    base, _, index = port.partition(".")
    return base, int(index) if index.isdecimal() else -1


def incoming(graph: Graph) -> dict[str, list[tuple[str, End]]]:
    """Return, for every node, its linked ports and the ends that feed them, in the order of the slots."""
    found: dict[str, list[tuple[str, End]]] = {name: [] for name in graph.nodes}
    for target, source in graph.links.items():
        found.setdefault(target.node, []).append((target.port, source))
    for links in found.values():
        links.sort(key=lambda link: slot_key(link[0]))
    return found


def outgoing(graph: Graph) -> dict[str, list[tuple[str, End]]]:
    """Return, for every node, its linked output ports and the ends that they feed."""
    found: dict[str, list[tuple[str, End]]] = {name: [] for name in graph.nodes}
    for target, source in graph.links.items():
        found.setdefault(source.node, []).append((source.port, target))
    return found


def execution_order(graph: Graph) -> tuple[str, ...]:
    """Return the nodes so that each comes after those that feed it; a branch is finished before the next one starts.

    Nodes on a loop, and what they feed, are left out. The order depends on names and links alone.
    """
    feeds: dict[str, set[str]] = defaultdict(set)
    waiting = dict.fromkeys(graph.nodes, 0)
    for target, source in graph.links.items():
        if target.node not in feeds[source.node]:
            feeds[source.node].add(target.node)
            waiting[target.node] = waiting.get(target.node, 0) + 1
    ready = sorted((name for name, count in waiting.items() if count == 0), key=natural_key, reverse=True)
    order: list[str] = []
    while ready:
        name = ready.pop()
        order.append(name)
        freed = []
        for follower in feeds[name]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                freed.append(follower)
        ready.extend(sorted(freed, key=natural_key, reverse=True))
    return tuple(order)


def _reach(starts: Iterable[str], neighbours: Mapping[str, list[tuple[str, End]]]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(end.node for _port, end in neighbours.get(name, ()))
    return frozenset(seen)


def upstream(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """Return the named nodes and every node that reaches one of them."""
    return _reach(names, incoming(graph))


def downstream(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """Return the named nodes and every node that one of them reaches."""
    return _reach(names, outgoing(graph))
