"""How wires run in a picture: straight out of a card, around cards and other wires in their way, into the next card.

Everything here is in coordinates across (u) and along (v) the direction in which the network runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Place = tuple[float, float]
_SAMPLES = 16
_ASIDE = 14.0
_NEAR = 6.0
_SHORT, _LONG = 20.0, 120.0
"""A wire this short has nothing in its way; one this long runs straight where it can."""


@dataclass(frozen=True)
class Area:
    """A rectangle: from ``u`` to ``u_end`` across, from ``v`` to ``v_end`` along."""

    u: float
    v: float
    u_end: float
    v_end: float

    def holds(self, u: float, v: float) -> bool:
        """True where a place is inside, or as near to it as a wire must not come."""
        return self.u - _NEAR < u < self.u_end + _NEAR and self.v - 1 < v < self.v_end + 1


@dataclass
class Router:
    """Finds ways among the cards of one graph, and keeps wires that run side by side apart."""

    areas: Sequence[Area]
    lanes: list[tuple[Area, Place]] = field(default_factory=list)
    """Taken by wires that went around something, each with where its wire began."""

    def way(self, start: Place, end: Place, stem: float) -> tuple[tuple[Place, ...], ...]:
        """Return the segments from one place to another, the first ``stem`` of them straight along."""
        u, v = start[0], start[1] + stem
        bent = ((u, v),), _bend((u, v), end)
        if not self._needs_lane((u, v), end):
            return bent if stem else bent[1:]
        upper, lower = v + _enough(end[1] - v), end[1] - _enough(end[1] - v)
        lane = self._lane(start, end, upper, lower)
        if lane is None:
            return bent if stem else bent[1:]
        self.lanes.append((Area(lane, upper, lane, lower), start))
        return ((u, v),), _bend((u, v), (lane, upper)), ((lane, lower),), _bend((lane, lower), end)

    def _needs_lane(self, start: Place, end: Place) -> bool:
        if end[1] - start[1] < _SHORT:
            return False
        slanted = end[1] - start[1] > _LONG and abs(end[0] - start[0]) > 1
        return slanted or any(area.holds(*place) for place in _samples(start, end) for area in self.areas)

    def _lane(self, start: Place, end: Place, upper: float, lower: float) -> float | None:
        """Return where along is free for all of the way: as near to both ends as there is."""
        taken = [lane for lane, begun in self.lanes if begun != start]
        blocks = [each for each in (*self.areas, *taken) if each.v_end > upper and each.v < lower]
        own = [lane.u for lane, begun in self.lanes if begun == start]
        candidates = [*own, start[0], end[0]]
        for each in blocks:
            candidates += (each.u - _ASIDE, each.u_end + _ASIDE)
        free = [u for u in candidates if not any(each.u - _NEAR < u < each.u_end + _NEAR for each in blocks)]
        return min(free, key=lambda u: (abs(u - start[0]) + abs(u - end[0]), -u), default=None)


def _enough(length: float) -> float:
    return min(34.0, length / 3)


def _bend(start: Place, end: Place) -> tuple[Place, ...]:
    """Return the curve between two places that begins and ends along the direction of the network."""
    if start[0] == end[0]:
        return (end,)
    reach = max((end[1] - start[1]) / 2, 12.0)
    return (start[0], start[1] + reach), (end[0], end[1] - reach), end


def _samples(start: Place, end: Place) -> list[Place]:
    found = []
    for step in range(_SAMPLES + 1):
        t = step / _SAMPLES
        across = t * t * (3 - 2 * t)
        along = 1.5 * t * (1 - t) ** 2 + 1.5 * t * t * (1 - t) + t**3
        found.append((start[0] + (end[0] - start[0]) * across, start[1] + (end[1] - start[1]) * along))
    return found
