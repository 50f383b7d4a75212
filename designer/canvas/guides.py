"""What a dragged card is in line with: edges and centres of its neighbours, and equal distances to them. No Qt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from designer.canvas.compose import Box

Line = tuple[float, float, float, float]
"""x and y of one end, x and y of the other."""
_SAME = 0.5
"""What is nearer than this counts as in line (scene units)."""
_MOST_FOR_GAPS = 400
"""Among more neighbours than this no equal distances are looked for."""


@dataclass(frozen=True)
class _Span:
    """A box along one axis, and where it lies across."""

    low: float
    high: float
    across_low: float
    across_high: float

    @property
    def lines(self) -> tuple[float, float, float]:
        """Edge, centre, edge."""
        return self.low, (self.low + self.high) / 2, self.high

    def beside(self, other: _Span) -> bool:
        """True where the two lie in the same row or column."""
        return self.across_low < other.across_high and other.across_low < self.across_high


def _spans(box: Box) -> tuple[_Span, _Span]:
    across = _Span(box.x, box.x + box.width, box.y, box.bottom)
    return across, _Span(box.y, box.bottom, box.x, box.x + box.width)


class _Axis:
    """The neighbours along one axis."""

    def __init__(self, spans: Sequence[_Span]) -> None:
        self.spans = spans
        self._sorted = [sorted((span.lines[kind], number) for number, span in enumerate(spans)) for kind in range(3)]

    def step(self, span: _Span, reach: float) -> float | None:
        """Return the smallest step that brings the span in line or makes distances equal; None where none is near."""
        steps = [*self._steps_to_lines(span, reach), *self._steps_to_gaps(span, reach)]
        return min(steps, key=abs, default=None)

    def _steps_to_lines(self, span: _Span, reach: float) -> list[float]:
        found = []
        for kind, at in enumerate(span.lines):
            values = self._sorted[kind]
            index = bisect_left(values, (at, -1))
            near = [values[each][0] - at for each in (index - 1, index) if 0 <= each < len(values)]
            found += [step for step in near if abs(step) <= reach]
        return found

    def _steps_to_gaps(self, span: _Span, reach: float) -> list[float]:
        size, low, high = span.high - span.low, *self._row(span)
        found = []
        if low and high:
            found.append((low[0].high + high[0].low - size) / 2 - span.low)
        if len(low) > 1:
            found.append(low[0].high + low[0].low - low[1].high - span.low)
        if len(high) > 1:
            found.append(high[0].low - (high[1].low - high[0].high) - size - span.low)
        return [step for step in found if abs(step) <= reach]

    def _row(self, span: _Span) -> tuple[list[_Span], list[_Span]]:
        """Return the two nearest neighbours in the same row at either side, the nearest first."""
        if len(self.spans) > _MOST_FOR_GAPS:
            return [], []
        row = [each for each in self.spans if each.beside(span)]
        low = sorted((each for each in row if each.high <= span.low + _SAME), key=lambda each: -each.high)
        high = sorted((each for each in row if each.low >= span.high - _SAME), key=lambda each: each.low)
        return _apart(low)[:2], _apart(high)[:2]

    def in_line(self, span: _Span) -> list[tuple[float, float, float]]:
        """Return the lines that the span shares with neighbours: where, and from where to where across."""
        found = {}
        for kind in (1, 0, 2):
            at = span.lines[kind]
            values = self._sorted[kind]
            first = bisect_left(values, (at - _SAME, -1))
            last = bisect_left(values, (at + _SAME, len(values)))
            same = [self.spans[number] for _value, number in values[first:last]]
            before = [each for each in same if each.across_high <= span.across_low]
            behind = [each for each in same if each.across_low >= span.across_high]
            if before or behind:
                start = max(before, key=lambda each: each.across_high).across_low if before else span.across_low
                end = min(behind, key=lambda each: each.across_low).across_high if behind else span.across_high
                found[kind] = (at, start, end)
        return [found[1]] if 1 in found else list(found.values())

    def equal_gaps(self, span: _Span) -> list[tuple[float, float, float]]:
        """Return the equal gaps that the span takes part in: from where to where, and where across."""
        low, high = self._row(span)
        between = [(low[0], span)] if low else []
        between += [(span, high[0])] if high else []
        if len(low) > 1:
            between.insert(0, (low[1], low[0]))
        if len(high) > 1:
            between.append((high[0], high[1]))
        gaps = [(one.high, other.low, _middle(one, other)) for one, other in between]
        own = [gap for gap in gaps if gap[0] == span.high or gap[1] == span.low]
        equal = {
            gap for gap in gaps for mine in own if mine != gap and abs(gap[1] - gap[0] - mine[1] + mine[0]) <= _SAME
        }
        return sorted(equal | {mine for mine in own for gap in equal if _length(mine, gap)})


def _length(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    return abs((one[1] - one[0]) - (other[1] - other[0])) <= _SAME


def _middle(one: _Span, other: _Span) -> float:
    """Return the middle of what two spans share across, of the one where they share nothing."""
    low, high = max(one.across_low, other.across_low), min(one.across_high, other.across_high)
    return (low + high) / 2 if low < high else (one.across_low + one.across_high) / 2


def _apart(row: Sequence[_Span]) -> list[_Span]:
    """Return the neighbours of a row, sorted by distance, without those that overlap a nearer one."""
    found: list[_Span] = []
    for span in row:
        if not found or span.high <= found[-1].low + _SAME or span.low >= found[-1].high - _SAME:
            found.append(span)
    return found


class Guides:
    """The neighbours of what is dragged."""

    def __init__(self, neighbours: Collection[Box]) -> None:
        spans = [_spans(box) for box in neighbours]
        self._across = _Axis([across for across, _down in spans])
        self._down = _Axis([down for _across, down in spans])

    def step(self, box: Box, reach: float) -> tuple[float | None, float | None]:
        """Return by how much a box has to go aside and down to be in line; None where nothing is within ``reach``."""
        across, down = _spans(box)
        return self._across.step(across, reach), self._down.step(down, reach)

    def lines(self, box: Box) -> list[Line]:
        """Return the lines between a box and the neighbours that it is in line with."""
        across, down = _spans(box)
        upright = [(x, start, x, end) for x, start, end in self._across.in_line(across)]
        return upright + [(start, y, end, y) for y, start, end in self._down.in_line(down)]

    def gaps(self, box: Box) -> list[Line]:
        """Return the gaps beside a box that are as wide as others there."""
        across, down = _spans(box)
        level = [(start, y, end, y) for start, end, y in self._across.equal_gaps(across)]
        return level + [(x, start, x, end) for start, end, x in self._down.equal_gaps(down)]
