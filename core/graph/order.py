"""Walking a graph: who feeds whom, in which order nodes run, and whether a link would close a loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.graph.names import natural_key
from core.graph.project import End, Graph
from core.memo import Memo

_MOST_DIGITS = 20
"""What is longer is no number of a slot; Python refuses to read some thousands of digits as one."""


def slot_key(port: str) -> tuple[str, int]:
    """Sort key of an input end's port: ``inputs.2`` before ``inputs.10``."""
    base, _, index = port.partition(".")
    return base, int(index) if index.isdecimal() and len(index) < _MOST_DIGITS else -1


Linked = tuple[tuple[str, End], ...]
"""Ports of a node, each with the end at the other side of its link."""


@dataclass(frozen=True)
class _Table:
    """Both directions of a graph's links, which it holds on to, so that their identity stays theirs."""

    links: Mapping[End, End]
    into: Mapping[str, Linked]
    out: Mapping[str, Linked]


_tables: Memo[_Table] = Memo(256)


def _table(graph: Graph) -> _Table:
    known = _tables.get(id(graph.links))
    if known is not None:
        return known
    into: dict[str, list[tuple[str, End]]] = defaultdict(list)
    out: dict[str, list[tuple[str, End]]] = defaultdict(list)
    for target, source in graph.links.items():
        into[target.node].append((target.port, source))
        out[source.node].append((source.port, target))
    sorted_in = {name: tuple(sorted(links, key=lambda link: slot_key(link[0]))) for name, links in into.items()}
    return _tables.put(
        id(graph.links), _Table(graph.links, sorted_in, {name: tuple(links) for name, links in out.items()})
    )


def incoming(graph: Graph) -> dict[str, Linked]:
    """Return, for every node, its linked ports and the ends that feed them, in the order of the slots."""
    return dict.fromkeys(graph.nodes, ()) | dict(_table(graph).into)


def outgoing(graph: Graph) -> dict[str, Linked]:
    """Return, for every node, its linked output ports and the ends that they feed."""
    return dict.fromkeys(graph.nodes, ()) | dict(_table(graph).out)


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


def _reach(starts: Iterable[str], neighbours: Mapping[str, Linked]) -> frozenset[str]:
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
    return _reach(names, _table(graph).into)


def downstream(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """Return the named nodes and every node that one of them reaches."""
    return _reach(names, _table(graph).out)
