"""What a quick line would do at a spot of the canvas: the line as read, and the edit that builds it. No Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

from core.graph.edits import AddNodes, Edit
from core.graph.edits.base import Together
from core.graph.layout import GRID, LAYER_GAP, Size
from core.graph.order import downstream
from core.graph.project import End, Node, Project
from core.graph.quickline import Line, LineProblem, Source, add_line, read_line
from core.graph.quickline.naming import known_words, plain
from core.kinds import LayerKind
from designer.canvas.compose import Boxes, Spot, push_down
from designer.canvas.routing import split

if TYPE_CHECKING:
    from core.model.specs import TensorSpec

_SIGNS = re.compile(r"[>\[\]|()=→]")
_NUMBER = re.compile(r"\s+[a-z]{0,2}[\d(.][\d.,x()*+/-]*(?:\s|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Plan:
    """A line at a spot; ``edit`` is None where the line cannot be built as it is. ``select`` are the last nodes."""

    line: Line
    edit: Edit | None = None
    select: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ground:
    """What a line is built on: the project as looked at, what may be used, what stands where and gives what."""

    project: Project
    kinds: Sequence[LayerKind]
    boxes: Boxes
    spec_of: Callable[[End], TensorSpec | None]
    size_of: Callable[[Node, LayerKind], Size]
    input_rank: int | None = None
    """The rank (batch included) of what the data gives to an Input that is added; None where it gives nothing."""


def is_line(text: str, kinds: Sequence[LayerKind], *, found: bool) -> bool:
    """True where a text is more than the name of a layer; ``found`` says that some layer is called like the text."""
    if _SIGNS.search(text) or _NUMBER.search(text):
        return True
    first, _blank, rest = text.strip().partition(" ")
    return bool(rest) and not found and plain(first) in known_words(kinds)


def make_plan(text: str, spot: Spot, ground: Ground) -> Plan:
    """Return what a line would do at a spot."""
    graph = ground.project.graph
    wire = spot.wire if spot.wire in graph.links else None
    ends = (graph.links[wire],) if wire else spot.sources
    sources = [Source(end, spec.rank if (spec := ground.spec_of(end)) else None) for end in ends]
    line = read_line(text, ground.project, ground.kinds, sources, input_rank=ground.input_rank)
    into = wire or spot.target
    if into and len(line.ends) > 1 and line.problem is None:
        message = f"{len(line.ends)} branches end here, and one wire goes on: join them with add or concat."
        line = replace(line, problem=LineProblem(len(text), len(text) + 1, message))
    if line.problem or not line.nodes:
        return Plan(line)
    if into and line.ends:
        line = replace(line, links=(*line.links, (line.ends[0], into)))
    last = frozenset(end.node for end in line.ends) or frozenset((line.nodes[-1].name,))
    return Plan(line, _edit(line, spot, wire, ground), last)


def _edit(line: Line, spot: Spot, wire: End | None, ground: Ground) -> Edit:
    graph, boxes = ground.project.graph, ground.boxes
    by_id = {kind.id: kind for kind in ground.kinds}
    sizes = {node.name: ground.size_of(node, by_id[node.kind]) for node in line.nodes}
    below = downstream(graph, [wire.node]) if wire else frozenset[str]()
    standing = {name: (box.x, box.y, box.width, box.height) for name, box in boxes.items() if name not in below}
    added = add_line(line, sizes, standing, spot.at)
    if wire is None or not line.ends:
        return added
    entry = next((target for source, target in line.links if source == graph.links[wire]), None)
    edits: list[Edit] = [added]
    if entry:
        first = next(node for node in added.nodes if node.name == entry.node)
        edits += split(graph, wire, entry, first.position)
    room = _room(added, sizes, boxes[wire.node].y)
    if room > 0 and boxes[wire.node].y >= boxes[graph.links[wire].node].y:
        edits.append(push_down(graph, wire.node, room, boxes))
    return Together(tuple(edits), added.label)


def _room(added: AddNodes, sizes: Mapping[str, Size], top: float) -> float:
    """Return how far what follows has to move down for the new nodes."""
    lowest = max(node.position[1] + sizes[node.name][1] for node in added.nodes)
    return GRID * ceil((lowest + LAYER_GAP) / GRID - 1e-6) - top
