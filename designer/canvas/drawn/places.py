"""Where frames and notes are and what lies inside: the rules by which frames carry, fit, and follow. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from math import isfinite

from core.graph.edits import Edit, SetFrames, SetNotes, Together
from core.graph.names import unique_name
from core.graph.project import Frame, Graph, Note
from designer.canvas import routing
from designer.canvas.compose import Box, Boxes, snapped

TITLE = 28.0
"""Height of the bar in which a frame's title stands (scene units)."""
PADDING = 20.0
LEAST_FRAME = (100.0, 80.0)
LEAST_NOTE = (100.0, 48.0)
_FARTHEST = 1e6


def box_of(drawn: Frame | Note) -> Box:
    """Return the place and size of a frame or note, within what can be drawn whatever a file says."""
    least = LEAST_FRAME if isinstance(drawn, Frame) else LEAST_NOTE
    x, y = (_sound(value, -_FARTHEST) for value in drawn.position)
    width, height = (max(_sound(value, 0.0), lower) for value, lower in zip(drawn.size, least, strict=True))
    return Box(x, y, width, height)


def _sound(value: float, least: float) -> float:
    return min(max(value, least), _FARTHEST) if isfinite(value) else 0.0


def boxes_of(frames: Iterable[Frame], notes: Iterable[Note]) -> list[Box]:
    """Return the places and sizes of frames and notes."""
    return [*map(box_of, frames), *map(box_of, notes)]


def drawn_of(graph: Graph, names: Collection[str] | None = None) -> tuple[tuple[Frame, ...], tuple[Note, ...]]:
    """Return the frames and the notes of these names, by default all."""
    frames = tuple(each for name, each in graph.frames.items() if names is None or name in names)
    return frames, tuple(each for name, each in graph.notes.items() if names is None or name in names)


def new_name(graph: Graph, stem: str, taken: Collection[str] = ()) -> str:
    """Return a name that no frame, note or node has, so that a name says which of them is meant."""
    return unique_name(stem, {*graph.frames, *graph.notes, *graph.nodes, *taken})


@dataclass(frozen=True)
class Content:
    """Nodes, frames and notes by name."""

    nodes: frozenset[str] = frozenset()
    frames: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()

    @property
    def drawn(self) -> frozenset[str]:
        """Names of the frames and notes."""
        return self.frames | self.notes

    def __bool__(self) -> bool:
        return bool(self.nodes or self.frames or self.notes)


def inside(graph: Graph, frame: Frame, boxes: Boxes) -> Content:
    """Return what lies in a frame: nodes and notes whose middle does, and frames that do as a whole."""
    around = box_of(frame)
    frames = {
        name
        for name, each in graph.frames.items()
        if name != frame.name and holds(around, box_of(each)) and _first(frame, each)
    }
    nodes = {name for name, box in boxes.items() if _holds_middle(around, box)}
    notes = {name for name, each in graph.notes.items() if _holds_middle(around, box_of(each))}
    return Content(frozenset(nodes), frozenset(frames), frozenset(notes))


def _first(frame: Frame, other: Frame) -> bool:
    """Of two frames of the same place and size only one holds the other."""
    return box_of(frame) != box_of(other) or frame.name < other.name


def holds(around: Box, box: Box) -> bool:
    """True where a box lies within another as a whole."""
    right, end = around.x + around.width, around.bottom
    return around.x <= box.x and around.y <= box.y and box.x + box.width <= right and box.bottom <= end


def _holds_middle(around: Box, box: Box) -> bool:
    x, y = box.centre, box.y + box.height / 2
    return around.x <= x <= around.x + around.width and around.y <= y <= around.bottom


def carried(graph: Graph, nodes: Collection[str], drawn: Collection[str], boxes: Boxes) -> Content:
    """Return what moves where these nodes, frames and notes do: the same with the frames' content."""
    found = Content(frozenset(nodes), frozenset(drawn) & graph.frames.keys(), frozenset(drawn) & graph.notes.keys())
    for name in found.frames:
        more = inside(graph, graph.frames[name], boxes)
        found = Content(found.nodes | more.nodes, found.frames | more.frames, found.notes | more.notes)
    return found


def move_edit(graph: Graph, content: Content, dx: float, dy: float, label: str = "Move", merge_key: str = "") -> Edit:
    """Return the edit that moves things by a step; the points of wires between them go along."""

    def moved(place: tuple[float, float]) -> tuple[float, float]:
        return round(place[0] + dx, 1), round(place[1] + dy, 1)

    edits: list[Edit] = []
    if content.nodes:
        edits.append(routing.carried(graph, {name: moved(graph.nodes[name].position) for name in content.nodes}))
    edits += drawn_edits(
        [replace(graph.frames[name], position=moved(graph.frames[name].position)) for name in sorted(content.frames)],
        [replace(graph.notes[name], position=moved(graph.notes[name].position)) for name in sorted(content.notes)],
    )
    return Together(tuple(edits), label, merge_key)


def drawn_edits(frames: Collection[Frame], notes: Collection[Note]) -> list[Edit]:
    """Return the edits that set frames and notes, where there are any."""
    edits: list[Edit] = [SetFrames(tuple(frames))] if frames else []
    return [*edits, SetNotes(tuple(notes))] if notes else edits


def around(boxes: Collection[Box]) -> Box | None:
    """Return the box around others, or None where there are none."""
    if not boxes:
        return None
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    width, height = max(box.x + box.width for box in boxes) - left, max(box.bottom for box in boxes) - top
    return Box(left, top, width, height)


def framed(frame: Frame, content: Box) -> Frame:
    """Return a frame so that it stands around a box with room for its title, on the grid."""
    left, top = snapped(content.x - PADDING - 4), snapped(content.y - PADDING - TITLE - 4)
    right, bottom = snapped(content.x + content.width + PADDING + 4), snapped(content.bottom + PADDING + 4)
    return replace(frame, position=(left, top), size=(right - left, bottom - top))


def content_box(graph: Graph, content: Content, boxes: Boxes) -> Box | None:
    """Return the box around nodes, frames and notes."""
    drawn = boxes_of((graph.frames[name] for name in content.frames), (graph.notes[name] for name in content.notes))
    return around([*(boxes[name] for name in content.nodes if name in boxes), *drawn])
