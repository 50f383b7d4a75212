"""A network as papers show it: black on light grounds, families told apart in grey print too, a legend below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from core.graph.order import execution_order
from core.graph.project import End, Project
from core.model.reports import ShapeReport
from core.pictures.drawing import Box, Curve, Drawing, Label, Measure, Part, Point, text_width
from core.pictures.levels import BAR, INSET, LINE, NAME, SMALL, TEXT, Card, Level, Publication, lay_out, only
from core.pictures.tints import tints
from core.pictures.wires import Area, Router

_MARGIN = 12.0
_INK, _LINE, _GREY = "#000000", "#333333", "#555555"
_ARROW = 7.0
_BEHIND = 4.0
_CORNER = 5.0
_SWATCH, _APART = 14.0, 18.0
_LEAST_WIDE = 260.0
"""A legend or caption may take so much width, however narrow the network is."""
_PLUG_INS = "Other"


def publication(
    project: Project,
    shapes: ShapeReport | None,
    what: Publication,
    *,
    names: frozenset[str] | None = None,
    measure: Measure = text_width,
) -> Drawing:
    """Return the picture of a project's graph, or of the named nodes of it.

    ``shapes`` is what the check found, where that is known: sizes at the wires and inferred parameters come from it.
    """
    shown = project if names is None else only(project, names)
    level = lay_out(shown, shapes, what, measure)
    return _Picture(level, what, measure).draw(project.name)


class _Picture:
    """Turns cards in their places into parts of a drawing."""

    def __init__(self, level: Level, what: Publication, measure: Measure) -> None:
        self.level, self.what, self.measure = level, what, measure
        self.down = what.direction == "down"
        self.tints = tints(_families(level))

    def draw(self, title: str) -> Drawing:
        """Return the whole picture."""
        parts = [*self._level(self.level, (0.0, 0.0))]
        left, top, right, bottom = _extent(parts, self.measure)
        width, height = right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN
        wide = max(width, _LEAST_WIDE if self.what.legend or self.what.caption else 0.0)
        parts = [_moved(part, _MARGIN - left + (wide - width) / 2, _MARGIN - top) for part in parts]
        for part, high in (*self._legend(wide), *self._caption(wide)):
            parts.append(_moved(part, 0.0, height))
            height += high
        return Drawing(wide, height, title, _described(self.level), self.what.background, tuple(parts))

    # --- a graph ------------------------------------------------------------------------------------------------------

    def _level(self, level: Level, at: Point) -> Iterator[Part]:
        insides = [card for card in level.cards.values() if card.inner]
        for card in insides:
            yield Part(_told(card), tuple(self._frame(card, (at[0] + card.x, at[1] + card.y))))
        yield Part("", tuple(self._wires(level, at)))
        for card in level.cards.values():
            place = (at[0] + card.x, at[1] + card.y)
            if card.inner:
                yield from self._level(card.inner, self._inside(card, place))
            else:
                yield Part(_told(card), tuple(self._card(card, place)))

    def _inside(self, card: Card, place: Point) -> Point:
        assert card.inner is not None
        return place[0] + (card.width - card.inner.width) / 2, place[1] + BAR

    def _frame(self, card: Card, place: Point) -> Iterator[Box | Label]:
        x, y = place
        if card.repeat:
            yield Box(x + _BEHIND, y + _BEHIND, card.width, card.height, "#f7f7f7", _LINE, 1, _CORNER)
        yield Box(x, y, card.width, card.height, "#f7f7f7", _LINE, 1, _CORNER)
        yield Label(x + INSET / 2, y + NAME * 1.25, _titled(card), NAME, True, "start", _INK)

    def _card(self, card: Card, place: Point) -> Iterator[Box | Label]:
        x, y = place
        if card.dot:
            yield Box(x, y, card.width, card.height, _LINE, radius=card.width / 2)
            return
        if card.group or card.repeat:
            steps = (2, 1) if card.repeat else (1,)
            for step in steps:
                yield Box(x + step * 2.5, y + step * 2.5, card.width, card.height, "#ffffff", _LINE, 0.8, _CORNER)
        off = bool(card.node.mode)
        ground = "#ffffff" if off else self.tints[_family(card)]
        yield Box(x, y, card.width, card.height, ground, _LINE, 1.2 if card.group else 1.0, _CORNER, off)
        ink = _GREY if off else _INK
        baseline = y + (card.height - sum(size * LINE for _text, size, _bold in card.texts)) / 2
        for number, (text, size, bold) in enumerate(card.texts):
            shown = text if number else _titled(card)
            yield Label(x + card.width / 2, baseline + size * 1.02, shown, size, bold, "middle", ink)
            baseline += size * LINE

    # --- wires --------------------------------------------------------------------------------------------------------

    def _wires(self, level: Level, at: Point) -> Iterator[Curve | Label]:
        areas = {name: self._area(card) for name, card in level.cards.items()}
        starts, ends = self._starts(level, areas), self._ends(level, areas)
        labels = self._shapes(level, starts, ends)
        lanes: list[tuple[Area, Point]] = []
        links = sorted(level.graph.links.items(), key=lambda link: abs(ends[link[0]][1] - starts[link[1]][1]))
        for target, source in links:
            others = [area for name, area in areas.items() if name not in (target.node, source.node)]
            others += [self._covered(label) for end, label in labels.items() if end != source]
            yield from self._wire(level, Router(others, lanes), (source, starts[source]), (target, ends[target]), at)
        for label in labels.values():
            yield replace(label, x=label.x + at[0], y=label.y + at[1])

    def _wire(
        self, level: Level, router: Router, begin: tuple[End, Point], finish: tuple[End, Point], at: Point
    ) -> Iterator[Curve]:
        """Yield a wire with its head; of a group that is expanded it runs on to the dot of the port."""
        (source, start), (target, end) = begin, finish
        out, into = self._dot(level, source), self._dot(level, target)
        plain = into is None and not level.cards[target.node].dot
        way = router.way(start, (end[0], end[1] - _ARROW + 1 if plain else end[1]), level.cards[source.node].stem)
        way = (((start,),) if out else ()) + way + (((into,),) if into else ())
        segments = tuple(tuple(self._at(place, at) for place in segment) for segment in way)
        yield Curve(self._at(out or start, at), segments, _LINE, 1.3)
        if plain:
            yield self._arrow(end, at)

    def _dot(self, level: Level, end: End) -> Point | None:
        """Return the middle of a port's dot inside of an expanded group."""
        card = level.cards[end.node]
        inner = card.inner.cards.get(end.port) if card.inner else None
        if inner is None:
            return None
        x, y = self._inside(card, (card.x, card.y))
        x, y = x + inner.x + inner.width / 2, y + inner.y + inner.height / 2
        return (x, y) if self.down else (y, x)

    def _shapes(self, level: Level, starts: dict[End, Point], ends: dict[End, Point]) -> dict[End, Label]:
        """Return what runs through wires, by output: written where they leave, on the side to which none turns."""
        found = {}
        for target, source in level.graph.links.items():
            text = level.cards[source.node].shapes.get(source.port)
            if text and source not in found:
                found[source] = self._shape(text, starts[source], ends[target])
        return found

    def _covered(self, label: Label) -> Area:
        wide = self.measure(label.text, label.size, label.bold)
        left = label.x - (wide if label.anchor == "end" else 0)
        top = label.y - label.size
        if self.down:
            return Area(left, top, left + wide, label.y)
        return Area(top, left, label.y, left + wide)

    def _area(self, card: Card) -> Area:
        x, y, x_end, y_end = card.x, card.y, card.x + card.width, card.y + card.height
        return Area(x, y, x_end, y_end) if self.down else Area(y, x, y_end, x_end)

    def _at(self, place: Point, origin: Point) -> Point:
        u, v = place
        return (origin[0] + u, origin[1] + v) if self.down else (origin[0] + v, origin[1] + u)

    def _starts(self, level: Level, areas: dict[str, Area]) -> dict[End, Point]:
        """Return where wires leave, by output; of a group that is expanded at the side of its output's dot."""
        used: defaultdict[str, dict[End, None]] = defaultdict(dict)
        for source in level.graph.links.values():
            used[source.node][source] = None
        return {
            each: (self._across(level, each, areas[name], (number + 1) / (len(slots) + 1)), areas[name].v_end)
            for name, slots in used.items()
            for number, each in enumerate(slots)
        }

    def _ends(self, level: Level, areas: dict[str, Area]) -> dict[End, Point]:
        """Return where wires arrive, by input: in the order in which they come from the left."""
        fed: defaultdict[str, list[End]] = defaultdict(list)
        for target in level.graph.links:
            fed[target.node].append(target)
        found = {}
        for name, slots in fed.items():

            def left(target: End) -> float:
                area = areas[level.graph.links[target].node]
                return area.u + area.u_end

            for number, each in enumerate(sorted(slots, key=left)):
                across = self._across(level, each, areas[name], (number + 1) / (len(slots) + 1))
                found[each] = (across, areas[name].v)
        return found

    def _across(self, level: Level, end: End, area: Area, share: float) -> float:
        dot = self._dot(level, end)
        return dot[0] if dot else area.u + (area.u_end - area.u) * share

    def _arrow(self, end: Point, at: Point) -> Curve:
        u, v = end
        corners = [self._at(each, at) for each in ((u, v), (u - 3.2, v - _ARROW), (u + 3.2, v - _ARROW))]
        return Curve(corners[0], ((corners[1],), (corners[2],)), fill=_LINE)

    def _shape(self, text: str, start: Point, end: Point) -> Label:
        x, y = start if self.down else (start[1], start[0])
        if not self.down:
            return Label(x + 6, y - 4, text, SMALL, False, "start", _GREY)
        if end[0] > start[0] + 1:
            return Label(x - 5, y + SMALL + 2, text, SMALL, False, "end", _GREY)
        return Label(x + 5, y + SMALL + 4, text, SMALL, False, "start", _GREY)

    # --- below --------------------------------------------------------------------------------------------------------

    def _legend(self, width: float) -> Iterator[tuple[Part, float]]:
        """Yield the families' grounds with their names, in as many rows as the width asks for, and their height."""
        if not self.what.legend or len(self.tints) < 2:
            return
        rows: list[list[tuple[str, float]]] = [[]]
        used = 0.0
        for family in self.tints:
            wide = _SWATCH + 6 + self.measure(family, TEXT, False) + _APART
            if rows[-1] and used + wide - _APART > width - 2 * _MARGIN:
                rows.append([])
                used = 0.0
            rows[-1].append((family, wide))
            used += wide
        items: list[Box | Label] = []
        for number, row in enumerate(rows):
            x = (width - sum(wide for _family, wide in row) + _APART) / 2
            y = 4 + number * TEXT * 1.7
            for family, wide in row:
                items.append(Box(x, y, _SWATCH, _SWATCH - 3, self.tints[family], _LINE, 0.8, 2))
                items.append(Label(x + _SWATCH + 6, y + TEXT - 2, family, TEXT, False, "start", _INK))
                x += wide
        yield Part("Legend", tuple(items)), len(rows) * TEXT * 1.7 + _MARGIN / 2

    def _caption(self, width: float) -> Iterator[tuple[Part, float]]:
        words = self.what.caption.split()
        if not words:
            return
        lines = [words[0]]
        for word in words[1:]:
            longer = f"{lines[-1]} {word}"
            if self.measure(longer, TEXT, False) <= width - 2 * _MARGIN:
                lines[-1] = longer
            else:
                lines.append(word)
        items = (
            Label(width / 2, TEXT + number * TEXT * LINE, line, TEXT, False, "middle", _INK)
            for number, line in enumerate(lines)
        )
        yield Part("Caption", tuple(items)), len(lines) * TEXT * LINE + _MARGIN


def _titled(card: Card) -> str:
    title = card.texts[0][0] if card.texts else card.title
    return f"{title} {card.repeat}" if card.repeat else title


def _told(card: Card) -> str:
    """Return a card in words."""
    return " ".join((f"{card.node.name}:", _titled(card), *(text for text, _size, _bold in card.texts[1:])))


def _family(card: Card) -> str:
    return card.family or _PLUG_INS


def _families(level: Level) -> list[str]:
    """Return the families of all cards, in the order in which they run."""
    found: dict[str, None] = {}
    for name in dict.fromkeys((*execution_order(level.graph), *level.graph.nodes)):
        card = level.cards[name]
        if card.inner:
            found.update(dict.fromkeys(_families(card.inner)))
        elif not card.dot and not card.node.mode:
            found[_family(card)] = None
    return list(found)


def _described(level: Level) -> str:
    """Return the network as a sentence or two, for those who cannot see the picture."""
    cards = [level.cards[name] for name in execution_order(level.graph)]
    return f"A network of {len(cards)} nodes. " + "; ".join(map(_told, cards)) + "."


def _moved(part: Part, x: float, y: float) -> Part:
    return Part(part.title, tuple(_shifted(item, x, y) for item in part.items))


def _shifted(item: Box | Curve | Label, x: float, y: float) -> Box | Curve | Label:
    if not isinstance(item, Curve):
        return replace(item, x=item.x + x, y=item.y + y)
    segments = tuple(tuple((u + x, v + y) for u, v in segment) for segment in item.segments)
    return replace(item, start=(item.start[0] + x, item.start[1] + y), segments=segments)


def _extent(parts: Iterable[Part], measure: Measure) -> tuple[float, float, float, float]:
    """Return the left, upper, right and lower end of all that is drawn."""
    xs, ys = [0.0], [0.0]
    for item in (item for part in parts for item in part.items):
        if isinstance(item, Box):
            xs += (item.x, item.x + item.width)
            ys += (item.y, item.y + item.height)
        elif isinstance(item, Label):
            wide = measure(item.text, item.size, item.bold)
            left = item.x - {"start": 0.0, "middle": wide / 2, "end": wide}[item.anchor]
            xs += (left, left + wide)
            ys += (item.y - item.size, item.y)
        else:
            places = [item.start, *(place for segment in item.segments for place in segment)]
            xs += [x for x, _y in places]
            ys += [y for _x, y in places]
    return min(xs), min(ys), max(xs), max(ys)
