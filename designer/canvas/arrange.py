"""Where nodes go when they are aligned, distributed or put below what feeds them. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal

from core.graph.layout import Position
from core.graph.order import execution_order, incoming
from core.graph.project import End, Graph
from designer.canvas.compose import Box, Boxes

Edge = Literal["left", "centre", "right", "top", "middle", "bottom"]
Axis = Literal["across", "down"]
_CLEAR = 6.0
"""How near nodes may come to each other when a wire is straightened."""


def aligned(boxes: Boxes, edge: Edge) -> dict[str, Position]:
    """Return where boxes go so that their edges or centres are in line with the outermost, or with the middle of all.

    ``centre`` puts them on one vertical line, ``middle`` on one horizontal line.
    """
    left, right = min(box.x for box in boxes.values()), max(box.x + box.width for box in boxes.values())
    top, bottom = min(box.y for box in boxes.values()), max(box.bottom for box in boxes.values())
    places: Mapping[Edge, Callable[[Box], Position]] = {
        "left": lambda box: (left, box.y),
        "centre": lambda box: ((left + right) / 2 - box.width / 2, box.y),
        "right": lambda box: (right - box.width, box.y),
        "top": lambda box: (box.x, top),
        "middle": lambda box: (box.x, (top + bottom) / 2 - box.height / 2),
        "bottom": lambda box: (box.x, bottom - box.height),
    }
    return {name: _tidy(*places[edge](box)) for name, box in boxes.items()}


def distributed(boxes: Boxes, axis: Axis) -> dict[str, Position]:
    """Return where boxes go so that the gaps between neighbours are equal; the first and the last stay."""

    def span(box: Box) -> tuple[float, float]:
        return (box.x, box.width) if axis == "across" else (box.y, box.height)

    order = sorted(boxes, key=lambda name: (span(boxes[name])[0], name))
    first, last = boxes[order[0]], boxes[order[-1]]
    room = sum(span(last)) - span(first)[0] - sum(span(box)[1] for box in boxes.values())
    gap = room / (len(order) - 1)
    places, at = {}, span(first)[0]
    for name in order:
        box = boxes[name]
        places[name] = _tidy(at, box.y) if axis == "across" else _tidy(box.x, at)
        at += span(box)[1] + gap
    return places


def straightened(
    graph: Graph, names: Collection[str], boxes: Boxes, port_at: Callable[[End], float]
) -> dict[str, Position]:
    """Return where nodes go so that the wires between them run straight down.

    Each node goes below the first of the given nodes that feeds it; a single node goes below whatever feeds it. A node
    that would come to lie on another stays where it is. ``port_at`` says where an end is now (x in scene units).
    """
    moved: dict[str, Position] = {}
    now = dict(boxes)
    feeding = incoming(graph)
    for name in (each for each in execution_order(graph) if each in names):
        links = [(port, source) for port, source in feeding[name] if len(names) == 1 or source.node in names]
        if not links:
            continue
        port, source = links[0]
        ahead = now[source.node].x - boxes[source.node].x
        step = port_at(source) + ahead - port_at(End(name, port))
        box = now[name]
        there = Box(box.x + step, box.y, box.width, box.height)
        others = (each for other, each in now.items() if other != name)
        if abs(step) > 0.05 and not any(there.meets(other, _CLEAR) for other in others):
            now[name] = there
            moved[name] = _tidy(there.x, there.y)
    return moved


def _tidy(x: float, y: float) -> Position:
    return round(x, 1), round(y, 1)
