"""Layered drawing of a graph, top to bottom: where nodes go when nobody placed them, or when the user asks to tidy up.

Longest-path layers, dummy points where a link passes a layer (so that it gets a lane of its own), barycentre ordering,
and least-squares placement that keeps every layer's order (isotonic regression). Pure Python: imports and the command
line use it too.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from core.graph.order import execution_order, slot_key
from core.graph.project import Graph

Size = tuple[float, float]
Position = tuple[float, float]

GRID = 20.0
"""Centres of nodes are put on multiples of this (scene units)."""
NODE_SIZE: Size = (160.0, 54.0)
"""Taken for nodes whose size is not given."""
NODE_GAP = 40.0
LANE_GAP = 24.0
LAYER_GAP = 34.0
"""Between layers where every link runs straight down: room for the shape that is written there."""
FAN_GAP = 56.0
"""Between layers where a link has to turn aside."""
PART_GAP = 100.0

_SWEEPS = 8
_PLACEMENTS = 12


def layered_layout(
    graph: Graph, sizes: Mapping[str, Size] | None = None, step: Callable[[float], object] | None = None
) -> dict[str, Position]:
    """Return the top left corner of every node, in scene units; ``sizes`` are (width, height) by name.

    Parts that are not linked with each other stand side by side. The drawing starts at (0, 0). Nodes on a loop (which
    a document never holds) are put below everything else. ``step`` is called again and again with the share of the work
    that is done (0 to 1); what it raises ends the work.
    """
    sizes = sizes or {}
    order = list(execution_order(graph))
    order += [name for name in graph.nodes if name not in set(order)]
    positions: dict[str, Position] = {}
    left, done = 0.0, 0
    for part in _parts(graph, order):
        placed = _Part(graph, part, sizes, _told(step, done / len(order), len(part) / len(order))).place()
        done += len(part)
        lowest = min(x for x, _y in placed.values())
        positions.update({name: (x - lowest + left, y) for name, (x, y) in placed.items()})
        width = max(x + sizes.get(name, NODE_SIZE)[0] for name, (x, _y) in placed.items()) - lowest
        left = GRID * round((left + width + PART_GAP) / GRID)
    return positions


def _told(step: Callable[[float], object] | None, done: float, share: float) -> Callable[[int], object]:
    """Return what a part tells at each of its turns; it is a share of the whole, and so much is done before it."""
    return (lambda turn: step(done + share * turn / (_SWEEPS + _PLACEMENTS))) if step else lambda _turn: None


def _parts(graph: Graph, order: Sequence[str]) -> list[list[str]]:
    """Split into connected parts, each in execution order, the one that runs first in front."""
    root = {name: name for name in order}

    def find(name: str) -> str:
        while root[name] != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for target, source in graph.links.items():
        if target.node in root and source.node in root:
            root[find(target.node)] = find(source.node)
    parts: dict[str, list[str]] = {}
    for name in order:
        parts.setdefault(find(name), []).append(name)
    return list(parts.values())


@dataclass
class _Point:
    """A node, or a place where a link passes a layer on its way (``width`` 0)."""

    layer: int
    width: float = 0.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


class _Part:
    """One connected part on its way through the four steps."""

    def __init__(
        self, graph: Graph, names: Sequence[str], sizes: Mapping[str, Size], tell: Callable[[int], object]
    ) -> None:
        self.names = names
        self._tell = tell
        self.sizes = {name: sizes.get(name, NODE_SIZE) for name in names}
        members = set(names)
        ends = ((target, source) for target, source in graph.links.items() if target.node in members)
        ordered = sorted(ends, key=lambda link: (link[0].node, slot_key(link[0].port)))
        self.links = list(dict.fromkeys((source.node, target.node) for target, source in ordered))
        depth = self._layers()
        self.points = [_Point(depth[name], self.sizes[name][0]) for name in names]
        self._add_lanes(depth)
        self.rows: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
        for index, point in enumerate(self.points):
            self.rows[point.layer].append(index)

    def _layers(self) -> dict[str, int]:
        position = {name: index for index, name in enumerate(self.names)}
        self.links = [(a, b) for a, b in self.links if position[a] < position[b]]
        feeds: dict[str, list[str]] = {name: [] for name in self.names}
        fed: dict[str, list[str]] = {name: [] for name in self.names}
        for source, target in self.links:
            feeds[source].append(target)
            fed[target].append(source)
        depth: dict[str, int] = {}
        for name in self.names:
            depth[name] = max((depth[before] + 1 for before in fed[name]), default=0)
        for name in reversed(self.names):
            if not fed[name] and feeds[name]:
                depth[name] = min(depth[after] for after in feeds[name]) - 1
        return depth

    def _add_lanes(self, depth: Mapping[str, int]) -> None:
        index_of = {name: index for index, name in enumerate(self.names)}
        lanes: dict[tuple[str, int], int] = {}
        for source, target in self.links:
            previous = index_of[source]
            for layer in range(depth[source] + 1, depth[target]):
                if (source, layer) not in lanes:
                    lanes[source, layer] = len(self.points)
                    self.points.append(_Point(layer))
                    self._join(previous, lanes[source, layer])
                previous = lanes[source, layer]
            self._join(previous, index_of[target])

    def _join(self, upper: int, lower: int) -> None:
        self.points[upper].below.append(lower)
        self.points[lower].above.append(upper)

    def place(self) -> dict[str, Position]:
        self._order_rows()
        centres = self._centres()
        tops, top = [], 0.0
        for row in self.rows:
            tops.append(top)
            heights = [self.sizes[self.names[index]][1] for index in row if index < len(self.names)]
            top += GRID * -(-(max(heights, default=0.0) + self._gap_below(row, centres)) // GRID)
        return {
            name: (GRID * round(centres[index] / GRID) - self.sizes[name][0] / 2, tops[self.points[index].layer])
            for index, name in enumerate(self.names)
        }

    def _gap_below(self, row: Sequence[int], centres: Sequence[float]) -> float:
        turns = (abs(centres[index] - centres[below]) > 1 for index in row for below in self.points[index].below)
        several = any(len(self.points[index].above) > 1 for above in row for index in self.points[above].below)
        return FAN_GAP if several or any(turns) else LAYER_GAP

    def _order_rows(self) -> None:
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            if fewest == 0:
                break
            self._tell(sweep)
            down = sweep % 2 == 0
            place = {index: number for row in self.rows for number, index in enumerate(row)}
            for row in self.rows if down else reversed(self.rows):
                row.sort(key=lambda index: self._barycentre(index, place, down))
                place.update({index: number for number, index in enumerate(row)})
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def _barycentre(self, index: int, place: Mapping[int, int], down: bool) -> float:
        point = self.points[index]
        near = point.above if down else point.below
        return sum(place[each] for each in near) / len(near) if near else place[index]

    def _crossings(self) -> int:
        total = 0
        for upper, lower in pairwise(self.rows):
            place = {index: number for number, index in enumerate(lower)}
            seen: list[int] = []
            for index in upper:
                ends = sorted(place[each] for each in self.points[index].below)
                total += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return total

    def _centres(self) -> list[float]:
        centres = [0.0] * len(self.points)
        for row in self.rows:
            _fit(row, dict.fromkeys(row, (0.0, 1.0)), self._gaps(row), centres)
        for turn in range(_PLACEMENTS):
            self._tell(_SWEEPS + turn)
            down = turn % 2 == 0
            for row in self.rows if down else reversed(self.rows):
                wishes = {index: self._wish(index, centres, down) for index in row}
                _fit(row, wishes, self._gaps(row), centres)
        return centres

    def _gaps(self, row: Sequence[int]) -> list[float]:
        """Return the least distance between the centres of neighbours in a row."""
        gaps = []
        for left, right in pairwise(row):
            a, b = self.points[left], self.points[right]
            gaps.append((a.width + b.width) / 2 + (NODE_GAP if a.width and b.width else LANE_GAP))
        return gaps

    def _wish(self, index: int, centres: Sequence[float], down: bool) -> tuple[float, float]:
        """Return where a point wants to be and how much: lanes and chains most, so that they are straight."""
        point = self.points[index]
        near = point.above if down else point.below
        if not near:
            near = point.below if down else point.above
        if not near:
            return centres[index], 0.1
        weight = 8.0 if not point.width else 4.0 if len(near) == 1 else 1.0
        return _middle([centres[each] for each in near]), weight


def _middle(values: Iterable[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _fit(
    row: Sequence[int], wishes: Mapping[int, tuple[float, float]], gaps: Sequence[float], centres: list[float]
) -> None:
    """Put a row as near to its wishes as its order and gaps allow (weighted isotonic regression, pool adjacent)."""
    offset, offsets = 0.0, []
    pools: list[tuple[float, float, int]] = []
    for number, index in enumerate(row):
        offset += gaps[number - 1] if number else 0.0
        offsets.append(offset)
        wish, weight = wishes[index]
        value, count = wish - offset, 1
        while pools and pools[-1][0] > value:
            other, other_weight, other_count = pools.pop()
            value = (value * weight + other * other_weight) / (weight + other_weight)
            weight, count = weight + other_weight, count + other_count
        pools.append((value, weight, count))
    spread = [value for value, _weight, count in pools for _ in range(count)]
    for index, value, shift in zip(row, spread, offsets, strict=True):
        centres[index] = value + shift
