"""From node to node by arrow keys: along the wires, from branch to branch, and across where no wire leads. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from core.graph.order import incoming, outgoing
from core.graph.project import Graph

if TYPE_CHECKING:
    from designer.canvas.compose import Box

_ASIDE = 20.0
"""How far the middle of a node must lie beside another's to be on its left or right."""


def neighbour(graph: Graph, name: str, direction: str, boxes: Mapping[str, Box]) -> str | None:
    """Return the node to walk to from a node.

    Up and down follow wires, to the node most in line; left and right go through the branches, the other nodes that are
    fed by the same node (else that feed the same). Where no wire leads that way, the nearest node that lies there.
    """
    if direction in ("up", "down"):
        table = outgoing(graph) if direction == "down" else incoming(graph)
        linked = {end.node for _port, end in table.get(name, ())} & boxes.keys()
        if linked:
            return min(linked, key=lambda each: (abs(boxes[each].centre - boxes[name].centre), each))
        return _beyond(name, direction, boxes)
    branches = _branches(graph, name, boxes)
    at = branches.index(name) + (1 if direction == "right" else -1)
    return branches[at] if 0 <= at < len(branches) else _beyond(name, direction, boxes, but=branches)


def _branches(graph: Graph, name: str, boxes: Mapping[str, Box]) -> list[str]:
    """Return a node with its siblings, from the left to the right."""
    into, out = incoming(graph), outgoing(graph)
    siblings = {end.node for _port, source in into.get(name, ()) for _out, end in out[source.node]}
    if len(siblings) < 2:
        siblings = {source.node for _port, end in out.get(name, ()) for _in, source in into[end.node]}
    return sorted((siblings & boxes.keys()) | {name}, key=lambda each: (boxes[each].centre, boxes[each].y, each))


def _beyond(name: str, direction: str, boxes: Mapping[str, Box], but: Iterable[str] = ()) -> str | None:
    """Return the nearest node in a direction, wired or not."""
    here, left_out = boxes[name], {name, *but}
    sign = 1 if direction in ("right", "down") else -1
    upright = direction in ("up", "down")

    def away(box: Box) -> tuple[float, float]:
        across, along = box.centre - here.centre, box.y - here.y
        return (along * sign, abs(across)) if upright else (across * sign, abs(along))

    there = {each: away(box) for each, box in boxes.items() if each not in left_out and away(box)[0] > _ASIDE}
    return min(there, key=lambda each: (there[each][0] + 3 * there[each][1], each), default=None)
