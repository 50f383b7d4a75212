"""Makes the edits behind the canvas's commands: where a new node goes, what it is linked to, what makes room. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import ceil

from core.graph.edits import AddNodes, Connect, Disconnect, Edit, InsertOnLink, MoveNodes, RemoveNodes, Together
from core.graph.layout import FAN_GAP, GRID, LAYER_GAP, NODE_GAP, Position, Size
from core.graph.names import unique_name
from core.graph.order import downstream
from core.graph.project import End, Graph, Node, Project
from core.kinds import LayerKind
from designer.canvas.fitting import exits, first_output
from designer.canvas.routing import carried, split


@dataclass(frozen=True)
class Box:
    """A node's place: top left corner and size, in scene units."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> float:
        """Middle of its width."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height

    def meets(self, other: Box, gap: float) -> bool:
        """True where the two are nearer than ``gap``."""
        return (
            self.x < other.x + other.width + gap
            and other.x < self.x + self.width + gap
            and self.y < other.bottom + gap
            and other.y < self.bottom + gap
        )


Boxes = Mapping[str, Box]


@dataclass(frozen=True)
class Spot:
    """Where a new node goes and what it is linked to.

    ``at`` is the middle of its upper edge (None: below what feeds it). ``sources`` feed its inputs in order; ``target``
    is the input that it feeds; ``wire`` the input whose link it is put into.
    """

    at: Position | None = None
    sources: tuple[End, ...] = ()
    target: End | None = None
    wire: End | None = None


def snapped(value: float) -> float:
    """Return the nearest grid line."""
    return GRID * round(value / GRID)


def _below(value: float, gap: float = LAYER_GAP) -> float:
    return GRID * ceil((value + gap) / GRID - 1e-6)


def spot_after(project: Project, selection: Collection[str], boxes: Boxes) -> Spot:
    """Return the spot after the selection: in the only wire that leaves it, else below it, fed by all of it."""
    names = sorted((name for name in selection if name in boxes), key=lambda name: boxes[name].centre)
    sources = tuple(end for name in names if (end := first_output(project, name)))
    if len(sources) == 1:
        followers = [target for target, source in project.graph.links.items() if source == sources[0]]
        if len(followers) == 1:
            return Spot(sources=sources, wire=followers[0])
    return Spot(sources=sources)


def add_edit(graph: Graph, kind: LayerKind, spot: Spot, boxes: Boxes, size: Size) -> tuple[Edit, str]:
    """Return the edit that adds a node of a kind at a spot, and the node's name; links that cannot be are left out."""
    name = unique_name(kind.name_stem, graph.nodes)
    if spot.wire and spot.wire in graph.links and kind.inputs and kind.outputs:
        return _insertion(graph, Node(name, kind.id), kind, spot, boxes, size), name
    taken = kind.input_slots(len(spot.sources))
    links = [(source, End(name, port)) for source, port in zip(spot.sources, taken, strict=False)]
    if spot.target and kind.outputs:
        links.append((End(name, exits(kind)[0]), spot.target))
    place = _place(spot, boxes, size, fed=bool(taken))
    return AddNodes((Node(name, kind.id, position=place),), tuple(links)), name


def _place(spot: Spot, boxes: Boxes, size: Size, *, fed: bool) -> Position:
    if spot.at:
        return snapped(spot.at[0]) - size[0] / 2, snapped(spot.at[1])
    feeding = [boxes[source.node] for source in spot.sources]
    if not feeding:
        feeding = list(boxes.values())
    if not feeding:
        return -size[0] / 2, 0.0
    if fed:
        centre = snapped(sum(box.centre for box in feeding) / len(feeding))
        top = _below(max(box.bottom for box in feeding), FAN_GAP if len(feeding) > 1 else LAYER_GAP)
    else:
        centre = snapped(max(box.x + box.width for box in feeding) + NODE_GAP + size[0] / 2)
        top = snapped(min(box.y for box in feeding))
    place = Box(centre - size[0] / 2, top, *size)
    for _turn in range(len(boxes)):
        blocking = next((box for box in boxes.values() if place.meets(box, GRID / 2)), None)
        if blocking is None:
            break
        step = blocking.x + blocking.width + NODE_GAP - place.x
        place = replace(place, x=place.x + GRID * ceil(step / GRID))
    return place.x, place.y


def _insertion(graph: Graph, node: Node, kind: LayerKind, spot: Spot, boxes: Boxes, size: Size) -> Edit:
    assert spot.wire is not None
    upper = boxes[graph.links[spot.wire].node]
    if spot.at:
        place = (snapped(spot.at[0]) - size[0] / 2, snapped(spot.at[1]))
    else:
        place = (snapped(upper.centre) - size[0] / 2, _below(upper.bottom))
    place = _clear_of(Box(*place, *size), upper)
    edits: list[Edit] = [InsertOnLink(replace(node, position=place), spot.wire)]
    entry = End(node.name, kind.input_slots(1)[0])
    edits += [*split(graph, spot.wire, entry, place), *_room(graph, Box(*place, *size), spot.wire, boxes)]
    return Together(tuple(edits), f"Insert {node.name}")


def _clear_of(box: Box, upper: Box) -> Position:
    """Return where a node goes that is put into the wire below another: further down where it would lie on it."""
    return (box.x, _below(upper.bottom)) if box.meets(upper, GRID / 2) else (box.x, box.y)


def _room(graph: Graph, box: Box, wire: End, boxes: Boxes, but: str = "") -> list[Edit]:
    """Return the edit that pushes down what a wire leads to where a node put into the wire needs the room."""
    upper, lower = boxes[graph.links[wire].node], boxes[wire.node]
    shift = _below(box.bottom) - lower.y
    return [push_down(graph, wire.node, shift, boxes, but)] if shift > 0 and lower.y >= upper.y else []


def push_down(graph: Graph, name: str, shift: float, boxes: Boxes, but: str = "") -> Edit:
    """Return the edit that moves a node and all that it feeds down."""
    names = downstream(graph, [name]) - {but}
    return carried(graph, {each: (boxes[each].x, boxes[each].y + shift) for each in names})


def insertion_links(graph: Graph, name: str, kind: LayerKind, wire: End) -> Edit:
    """Return the edit that links an unlinked node into a wire and moves nothing."""
    links = (graph.links[wire], End(name, kind.input_slots(1)[0])), (End(name, exits(kind)[0]), wire)
    return Together(tuple(Connect(source, target) for source, target in links), f"Insert {name}")


def splice_edit(graph: Graph, name: str, kind: LayerKind, wire: End, place: Position, boxes: Boxes) -> Edit:
    """Return the edit that puts an existing, unlinked node at a place and into a wire, making room below."""
    size = boxes[name].width, boxes[name].height
    place = _clear_of(Box(*place, *size), boxes[graph.links[wire].node])
    edits: list[Edit] = [
        MoveNodes({name: place}),
        insertion_links(graph, name, kind, wire),
        *split(graph, wire, End(name, kind.input_slots(1)[0]), place),
        *_room(graph, Box(*place, *size), wire, boxes, but=name),
    ]
    return Together(tuple(edits), f"Insert {name}")


def removal(names: frozenset[str], wires: Collection[End], *, bridge: bool) -> Edit | None:
    """Return the edit that deletes nodes and wires, or None where there is nothing to delete."""
    loose = frozenset(end for end in wires if end.node not in names)
    edits: list[Edit] = [Disconnect(loose)] if loose else []
    if names:
        edits.append(RemoveNodes(names, bridge=bridge))
    if len(edits) == 2:
        return Together(tuple(edits), "Delete")
    return edits[0] if edits else None


def links_of(graph: Graph, names: Collection[str]) -> frozenset[End]:
    """Return the input ends of all links at the named nodes."""
    return frozenset(target for target, source in graph.links.items() if target.node in names or source.node in names)
