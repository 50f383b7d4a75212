"""Where the nodes of a quick line go: laid out as a drawing of its own, below what feeds it, and clear of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from core.graph.edits import AddNodes
from core.graph.layout import GRID, NODE_GAP, NODE_SIZE, Position, Size, layered_layout
from core.graph.project import Graph, Node
from core.graph.quickline.building import Line

Area = tuple[float, float, float, float]
"""x, y, width and height, in scene units."""
_LITTLE = 3 * GRID


def add_line(
    line: Line, sizes: Mapping[str, Size], standing: Mapping[str, Area], at: Position | None = None
) -> AddNodes:
    """Return the edit that adds a line's nodes and links.

    ``sizes`` are those of the new nodes by name, ``standing`` the areas of the nodes that are there. The first row goes
    below what feeds the line; ``at`` is the middle of its upper edge where the user pointed to a place.
    """
    feeding = {source.node: standing[source.node] for source, _target in line.links if source.node in standing}
    local = Graph({node.name: node for node in line.nodes}, {})
    inner = {target: source for source, target in line.links}
    if feeding and at is None:
        local = replace(local, nodes={**{name: Node(name, "") for name in feeding}, **local.nodes}, links=inner)
    else:
        local = replace(local, links={t: s for t, s in inner.items() if s.node in local.nodes})
    measures = {**{name: area[2:] for name, area in feeding.items()}, **sizes}
    drawn = layered_layout(local, measures)
    places = {node.name: drawn[node.name] for node in line.nodes}
    dx, dy = _shift(places, drawn, sizes, feeding, standing, at)
    moved = {name: (x + dx, y + dy) for name, (x, y) in places.items()}
    if len(feeding) == 1:
        (x, _y, width, _height), *_none = feeding.values()
        moved = _straightened(moved, local, drawn, sizes, x + width / 2)
    if at is None:
        moved = _clear(moved, sizes, standing)
    return AddNodes(tuple(replace(node, position=moved[node.name]) for node in line.nodes), line.links)


def _shift(
    places: Mapping[str, Position],
    drawn: Mapping[str, Position],
    sizes: Mapping[str, Size],
    feeding: Mapping[str, Area],
    standing: Mapping[str, Area],
    at: Position | None,
) -> Position:
    """Return how far the drawing is moved as a whole."""
    top = min((y for _x, y in places.values()), default=0.0)
    row = [name for name, (_x, y) in places.items() if y == top]
    left, right = min(places[name][0] for name in row), max(places[name][0] + _width(sizes, name) for name in row)
    middle = (left + right) / 2
    if at is not None:
        return _snapped(at[0]) - _snapped(middle), _snapped(at[1]) - top
    if feeding:
        lowest = max(feeding, key=lambda name: (feeding[name][1] + feeding[name][3], name))
        _x, y, _wide, height = feeding[lowest]
        centre = sum(area[0] + area[2] / 2 for area in feeding.values()) / len(feeding)
        drawn_centre = sum(drawn[name][0] + feeding[name][2] / 2 for name in feeding) / len(feeding)
        gap = min(places[node][1] for node in places) - max(drawn[each][1] + feeding[each][3] for each in feeding)
        return _snapped(centre - drawn_centre), GRID * ceil((y + height + max(gap, GRID)) / GRID - 1e-6) - top
    if standing:
        edge = max(x + width for x, _y, width, _height in standing.values())
        return GRID * ceil((edge + NODE_GAP - left) / GRID), min(area[1] for area in standing.values()) - top
    return -_snapped(middle), -top


def _straightened(
    moved: Mapping[str, Position],
    local: Graph,
    drawn: Mapping[str, Position],
    sizes: Mapping[str, Size],
    centre: float,
) -> dict[str, Position]:
    """Put what every path runs through exactly below the source where it is a little aside."""
    found = dict(moved)
    spans = [(drawn[source.node][1], drawn[target.node][1]) for target, source in local.links.items()]
    for name, (x, y) in moved.items():
        row = drawn[name][1]
        alone = sum(1 for each in moved if drawn[each][1] == row) == 1
        passed = any(above < row < below for above, below in spans)
        wanted = _snapped(centre) - _width(sizes, name) / 2
        if alone and not passed and abs(wanted - x) <= _LITTLE:
            found[name] = (wanted, y)
    return found


def _clear(
    places: Mapping[str, Position], sizes: Mapping[str, Size], standing: Mapping[str, Area]
) -> dict[str, Position]:
    """Move the whole to the right until it stands on nothing."""
    rows = []
    for name, (x, y) in places.items():
        width, height = sizes.get(name, NODE_SIZE)
        for left, top, wide, high in standing.values():
            if y < top + high + GRID / 2 and top < y + height + GRID / 2:
                rows.append((x, width, left, wide))
    shift = 0.0
    while step := max(
        (
            left + wide + NODE_GAP - x - shift
            for x, width, left, wide in rows
            if x + shift < left + wide + GRID / 2 and left < x + shift + width + GRID / 2
        ),
        default=0.0,
    ):
        shift += GRID * ceil(step / GRID)
    return {name: (x + shift, y) for name, (x, y) in places.items()}


def _width(sizes: Mapping[str, Size], name: str) -> float:
    return sizes.get(name, NODE_SIZE)[0]


def _snapped(value: float) -> float:
    return GRID * round(value / GRID)
