"""Taking frames and notes along where nodes are laid out anew: frames keep around what they held. No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from math import ceil

from core.graph.edits import Edit
from core.graph.layout import GRID
from core.graph.project import Frame, Graph, Note
from designer.canvas.compose import Box, Boxes
from designer.canvas.drawn.places import (
    TITLE,
    Content,
    around,
    box_of,
    boxes_of,
    content_box,
    drawn_edits,
    framed,
    holds,
    inside,
)

GAP = 8.0
"""Between a frame and what is outside, at least (scene units)."""
_NEAR = 240.0
"""A note this near to a node (scene units) belongs to it."""


@dataclass
class Following:
    """Takes frames and notes along where nodes are laid out anew; ``after`` are the nodes' new places.

    Nodes below a frame's title or lower edge move down until it has room. A note follows the node nearest to it (in its
    own frame, where it is in one). A frame keeps its distance to what it held, the innermost first; where it would
    cover other nodes so, or never had room for what it held, it stands as close as it can.
    """

    graph: Graph
    before: Boxes
    after: dict[str, tuple[float, float]]
    frames: dict[str, Frame] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._notes_placed = False
        self._close: dict[str, Box] = {}
        self._now = {name: _at(box, self.after.get(name)) for name, box in self.before.items()}
        frames = self.graph.frames
        self._holding = {name: inside(self.graph, frame, self.before) for name, frame in frames.items()}
        self._by_size = sorted(frames, key=lambda name: (box_of(frames[name]).area, name))
        for name in self._by_size:
            if self._holding[name].nodes:
                self._make_room(name)

    def edits(self) -> list[Edit]:
        """Return the edits that put frames and notes where they belong."""
        graph = self.graph
        for name, note in graph.notes.items():
            home = next((self._holding[each] for each in self._by_size if name in self._holding[each].notes), None)
            self._follow(note, home.nodes if home and home.nodes else None)
        self._notes_placed = True
        self._close.clear()
        for name in self._by_size:
            self._keep_around(graph.frames[name], self._holding[name])
        return drawn_edits(self.frames.values(), self.notes.values())

    def _make_room(self, name: str) -> None:
        """Move what lies below the title or the lower edge of a frame down, as far as it is in its way."""
        held = self._holding[name].nodes
        top, low = min(self._now[each].y for each in held), max(self._now[each].y for each in held)
        tight = self._tight(name)
        above = [box.bottom for box in self._in_the_way(name, tight) if box.y < top]
        if above:
            step = self._push_down(top, max(above) - tight.y + GAP)
            tight, low = self._tight(name), low + step
        below = [box.y for each, box in self._now.items() if each not in held and box.y > low and _meet(box, tight)]
        if below:
            self._push_down(min(below), tight.bottom - min(below) + GAP)

    def _in_the_way(self, name: str, place: Box) -> list[Box]:
        """Return what meets a place of a frame: nodes that are not in it, and frames that hold none of its nodes."""
        held = self._holding[name].nodes
        found = [box for each, box in self._now.items() if _meet(box, place) and each not in held]
        others = (each for each in self._by_size if self._holding[each].nodes and not held & self._holding[each].nodes)
        return found + [box for each in others if _meet(box := self._tight(each), place)]

    def _tight(self, name: str) -> Box:
        """Return the smallest place of a frame around its nodes and the frames in it, where they are now."""
        found = self._close.get(name)
        if found is None:
            content = self._holding[name]
            boxes = [self._now[each] for each in content.nodes]
            boxes += [self._tight(each) for each in content.frames if self._holding[each].nodes]
            if self._notes_placed:
                boxes += boxes_of((), (self.notes.get(each, self.graph.notes[each]) for each in content.notes))
            box = around(boxes)
            assert box is not None
            found = self._close[name] = box_of(framed(self.graph.frames[name], box))
        return found

    def _push_down(self, line: float, by: float) -> float:
        """Move all nodes that are laid out and begin at a line or below it down; return how far."""
        step = GRID * ceil(by / GRID)
        for name, (x, y) in self.after.items():
            if y >= line:
                self.after[name] = x, y + step
                self._now[name] = _at(self.before[name], self.after[name])
        self._close.clear()
        return step

    def _follow(self, note: Note, near: Collection[str] | None) -> None:
        box = box_of(note)
        reach = {name: _distance(box, self.before[name]) for name in self.before if near is None or name in near}
        nearest = min(reach, key=lambda name: (reach[name], name), default=None)
        if nearest is None or (near is None and reach[nearest] > _NEAR):
            return
        dx, dy = self._now[nearest].x - self.before[nearest].x, self._now[nearest].y - self.before[nearest].y
        if dx or dy:
            self.notes[note.name] = replace(note, position=(box.x + dx, box.y + dy))

    def _keep_around(self, frame: Frame, content: Content) -> None:
        old = content_box(self.graph, content, self.before)
        if old is None or not content.nodes:
            return
        graph = replace(
            self.graph, frames={**self.graph.frames, **self.frames}, notes={**self.graph.notes, **self.notes}
        )
        new = content_box(graph, content, self._now)
        assert new is not None
        box = box_of(frame)
        position = (box.x + new.x - old.x, box.y + new.y - old.y)
        size = (box.width + new.width - old.width, box.height + new.height - old.height)
        found = replace(frame, position=position, size=size)
        had_room = holds(replace(box, y=box.y + TITLE, height=box.height - TITLE), old)
        if not had_room or self._in_the_way(frame.name, box_of(found)):
            for name in content.frames:
                if self._holding[name].nodes:
                    self._stand_close(name)
            self._stand_close(frame.name)
        elif found != frame:
            self.frames[frame.name] = found

    def _stand_close(self, name: str) -> None:
        box = self._tight(name)
        self.frames[name] = replace(self.graph.frames[name], position=(box.x, box.y), size=(box.width, box.height))


def _at(box: Box, place: tuple[float, float] | None) -> Box:
    return Box(*place, box.width, box.height) if place else box


def _meet(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def _distance(one: Box, other: Box) -> float:
    across = max(one.x - other.x - other.width, other.x - one.x - one.width, 0.0)
    down = max(one.y - other.bottom, other.y - one.bottom, 0.0)
    return float((across**2 + down**2) ** 0.5)
