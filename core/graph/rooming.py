"""Finds room for a few new nodes beside those that are placed already, without moving any of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.graph.layout import FAN_GAP, LAYER_GAP, NODE_GAP, NODE_SIZE, Position, layered_layout
from core.graph.order import execution_order, incoming, outgoing
from core.graph.project import Graph

_STEPS = 200


def placed_beside(graph: Graph, names: Sequence[str], wishes: Mapping[str, Position] | None = None) -> Graph:
    """Return the graph with the named nodes placed: below what feeds them, above what they feed, where it is free.

    Where no other node is there, or none of them is linked with one, they lie as a layout of their own would have them
    (``wishes``, else the layered one), to the right of all others.
    """
    fresh = set(names)
    places = {name: node.position for name, node in graph.nodes.items() if name not in fresh}
    above, below = incoming(graph), outgoing(graph)
    waiting = [name for name in execution_order(graph) if name in fresh]
    waiting += [name for name in names if name not in waiting]
    lone = [name for name in waiting if not _linked(graph, name, fresh)]
    for name in waiting:
        if name in lone:
            continue
        feeding = [places[end.node] for _port, end in above[name] if end.node in places]
        fed = [places[end.node] for _port, end in below[name] if end.node in places]
        places[name] = _free(_between(feeding, fed), places)
    if lone:
        right = max((x + NODE_SIZE[0] for x, _y in places.values()), default=-NODE_GAP) + NODE_GAP
        top = min((y for _x, y in places.values()), default=0.0)
        laid = dict(wishes) if wishes else layered_layout(graph)
        left, high = (min(laid[name][axis] for name in lone) for axis in (0, 1))
        for name in lone:
            places[name] = right + laid[name][0] - left, top + laid[name][1] - high
    nodes = {
        name: replace(node, position=(round(places[name][0], 1), round(places[name][1], 1))) if name in fresh else node
        for name, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def _linked(graph: Graph, name: str, fresh: set[str]) -> bool:
    """True where a node is linked with a placed one, directly or through other new ones."""
    above, below = incoming(graph), outgoing(graph)
    seen, waiting = {name}, [name]
    while waiting:
        each = waiting.pop()
        for _port, end in (*above[each], *below[each]):
            if end.node not in fresh:
                return True
            if end.node not in seen:
                seen.add(end.node)
                waiting.append(end.node)
    return False


def _between(above: Sequence[Position], below: Sequence[Position]) -> Position:
    width, height = NODE_SIZE
    if above and below:
        x = sum(each[0] for each in above) / len(above)
        top, bottom = max(each[1] for each in above), min(each[1] for each in below)
        room = bottom - top >= 2 * height + LAYER_GAP
        return (x, (top + bottom) / 2) if room else (x + width + NODE_GAP, (top + bottom) / 2)
    if above:
        return sum(each[0] for each in above) / len(above), max(each[1] for each in above) + height + FAN_GAP
    if below:
        return sum(each[0] for each in below) / len(below), min(each[1] for each in below) - height - FAN_GAP
    return 0.0, 0.0


def _free(place: Position, taken: Mapping[str, Position]) -> Position:
    """Return the place, or the next one to its right where no node stands."""
    width, height = NODE_SIZE
    x, y = place
    for _step in range(_STEPS):
        near = [left for left, top in taken.values() if abs(left - x) < width + NODE_GAP / 2 and abs(top - y) < height]
        if not near:
            break
        x = max(near) + width + NODE_GAP
    return x, y
