"""The edits behind the points that lead wires: adding, moving and removing them, and taking them along. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from core.graph.edits import Edit, MoveNodes, SetRoute, Together
from core.graph.layout import Position
from core.graph.project import End, Graph, Point

Spot = tuple[End, int]
"""A point of a wire: the input end of its link, and its number from the source on."""


def together(edits: Iterable[Edit], label: str, merge_key: str = "") -> Edit | None:
    """Return several edits as one step; the only one as it is; None where there is none."""
    every = tuple(edits)
    return every[0] if len(every) == 1 else Together(every, label, merge_key) if every else None


def tidy(point: Point) -> Point:
    """Return a point to a tenth, as a file holds it."""
    return round(point[0], 1), round(point[1], 1)


def with_point(graph: Graph, target: End, index: int, place: Point, label: str) -> SetRoute:
    """Return the edit that leads a wire through one more place, in front of the point of that number."""
    points = list(graph.routes.get(target, ()))
    points.insert(index, tidy(place))
    return SetRoute(target, tuple(points), label)


def without_points(graph: Graph, spots: Collection[Spot], label: str) -> list[Edit]:
    """Return the edits that take points away."""
    edits: list[Edit] = []
    for target in sorted({target for target, _index in spots}):
        points = graph.routes.get(target, ())
        left = tuple(point for index, point in enumerate(points) if (target, index) not in spots)
        if left != points:
            edits.append(SetRoute(target, left, label))
    return edits


def straight(graph: Graph, targets: Iterable[End], label: str) -> list[Edit]:
    """Return the edits that take all points of the given wires away."""
    return [SetRoute(target, (), label) for target in sorted(set(targets) & graph.routes.keys())]


def shifted(points: Iterable[Point], dx: float, dy: float) -> tuple[Point, ...]:
    """Return points moved by a step."""
    return tuple(tidy((x + dx, y + dy)) for x, y in points)


def carried(graph: Graph, places: Mapping[str, Position], label: str = "Move", merge_key: str = "") -> Edit:
    """Return the edit that moves nodes; a wire whose two ends go the same way takes its points along."""
    steps = {}
    for name, (x, y) in places.items():
        old = graph.nodes[name].position
        steps[name] = (round(x - old[0], 3), round(y - old[1], 3))
    edits: list[Edit] = [MoveNodes(places, label, merge_key)]
    for target, points in graph.routes.items():
        step = steps.get(target.node)
        source = graph.links.get(target)
        if source and step and any(step) and steps.get(source.node) == step:
            edits.append(SetRoute(target, shifted(points, *step), label))
    return edits[0] if len(edits) == 1 else Together(tuple(edits), label, merge_key)


def split(graph: Graph, target: End, entry: End, place: Position) -> list[Edit]:
    """Return the edits that share a wire's points between its two parts once a node stands in it at a place.

    ``entry`` is the node's input; the points above the node lead there, the others to ``target``.
    """
    points = graph.routes.get(target, ())
    above = next((index for index, (_x, y) in enumerate(points) if y > place[1]), len(points))
    return [SetRoute(entry, points[:above]), SetRoute(target, points[above:])] if above else []
