"""What stands on the cards of a picture and how large they are, where each is, for a graph and the groups in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from core.graph.kinds import kind_of
from core.graph.layout import layered_layout
from core.graph.project import INPUT, OUTPUT, End, Graph, Node, Project
from core.graph.shorthand import main_parameters
from core.model.reports import NodeReport, ShapeReport
from core.pictures.drawing import Measure, shortened

Direction = Literal["down", "right"]
NAME, TEXT, SMALL = 14.0, 12.0, 11.0
"""Sizes of texts: titles, what is below them, and shapes at wires."""
LINE = 1.35
"""Height of a line of text, as a multiple of its size."""
TIMES = "\N{MULTIPLICATION SIGN}"
_WIDEST, _LEAST_WIDE, _LEAST_HIGH = 240.0, 84.0, 34.0
_PAD_X, _PAD_Y = 12.0, 8.0
_DOT = 6.0
INSET, BAR = 16.0, 28.0
"""Around the inside of an expanded group, and its title above."""
_STEM, _MOST = 15.0, 190.0


@dataclass(frozen=True)
class Publication:
    """What a picture for a paper shows. ``background`` "" is transparent."""

    direction: Direction = "down"
    shapes: bool = True
    parameters: bool = True
    names: bool = False
    legend: bool = True
    expanded: bool = False
    """The inside of groups is shown, one level deep."""
    background: str = "#ffffff"
    caption: str = ""


@dataclass
class Card:
    """A node: its texts (with size and boldness), its size, and where its corner is within its graph.

    ``shapes`` are texts by output slot, ``stem`` is how far wires run straight out of it, so that there is room for
    these. A ``dot`` is where a group's input or output comes in.
    """

    node: Node
    family: str
    title: str
    texts: tuple[tuple[str, float, bool], ...]
    width: float
    height: float
    repeat: str = ""
    group: bool = False
    shapes: Mapping[str, str] = field(default_factory=dict)
    stem: float = 0.0
    beside: float = 0.0
    """How wide the shapes are."""
    inner: Level | None = None
    dot: bool = False
    x: float = 0.0
    y: float = 0.0


@dataclass
class Level:
    """A graph with its cards in their places; it begins at (0, 0)."""

    graph: Graph
    cards: dict[str, Card]
    width: float = 0.0
    height: float = 0.0


def lay_out(
    project: Project, shapes: ShapeReport | None, what: Publication, measure: Measure, deeper: bool = False
) -> Level:
    """Return the project's graph laid out; ``deeper``: it is the inside of a group, with dots for its ports."""
    cards = {}
    for name, node in project.graph.nodes.items():
        found = shapes.nodes.get(name) if shapes else None
        cards[name] = _card(project, node, found, what, measure, deeper)
    level = Level(project.graph, cards)
    _place(level, what)
    return level


def _card(
    project: Project, node: Node, found: NodeReport | None, what: Publication, measure: Measure, deeper: bool
) -> Card:
    if deeper and node.kind in (INPUT, OUTPUT):
        return Card(node, "", node.name, (), _DOT, _DOT, dot=True)
    kind = kind_of(project, node)
    texts = _texts(project, node, found, what)
    repeat = f"{TIMES}{_repeat(node, found)}" if _repeat(node, found) != "1" else ""
    room = _WIDEST - 2 * _PAD_X
    head = measure(f" {repeat}", NAME, True) if repeat else 0.0
    shown = tuple((shortened(text, size, bold, room - head * bold, measure), size, bold) for text, size, bold in texts)
    wide = max(measure(text, size, bold) + head * bold for text, size, bold in shown) + 2 * _PAD_X
    high = sum(size * LINE for _text, size, _bold in shown) + 2 * _PAD_Y
    family = kind.family if kind else ""
    card = Card(node, family, texts[0][0], shown, max(wide, _LEAST_WIDE), max(high, _LEAST_HIGH), repeat)
    card.group = bool(kind and kind.group)
    if what.shapes and found:
        specs = {slot: str(spec).replace(" ", "") for slot, spec in found.outputs.items()}
        card.shapes = {slot: shortened(text, SMALL, False, _MOST, measure) for slot, text in specs.items()}
        _leave_room(project.graph, card, what, measure)
    if what.expanded and not deeper and kind and kind.group and not node.mode:
        _expand(card, project, kind.group, found, what, measure)
    return card


def _repeat(node: Node, found: NodeReport | None) -> str:
    """Return how often a group is stacked: the number, or the expression while that is not known."""
    return str(found.repeat if found and found.ok else node.repeat)


def _texts(
    project: Project, node: Node, found: NodeReport | None, what: Publication
) -> tuple[tuple[str, float, bool], ...]:
    kind = kind_of(project, node)
    called = kind.display if kind else node.kind.partition(":")[2] or node.kind
    border = node.kind in (INPUT, OUTPUT)
    title = node.label or (node.name if border else called)
    lines = [(title, NAME, True)]
    if what.names and not border:
        lines.append((node.name, TEXT, False))
    known = found.arguments if found else {}
    params = {name: known.get(name, value) for name, value in node.params.items()}
    line = f"= {node.shares}" if node.shares else main_parameters(kind, params, known)
    if what.parameters and line:
        lines.append((line, TEXT, False))
    return tuple(lines)


def _leave_room(graph: Graph, card: Card, what: Publication, measure: Measure) -> None:
    linked = {source.port for source in graph.links.values() if source.node == card.node.name}
    card.shapes = {slot: text for slot, text in card.shapes.items() if slot in linked}
    if card.shapes:
        widest = max(measure(text, SMALL, False) for text in card.shapes.values())
        card.beside = widest
        card.stem = _STEM if what.direction == "down" else widest + 10


def _expand(
    card: Card, project: Project, group: str, found: NodeReport | None, what: Publication, measure: Measure
) -> None:
    """Give a card the inside of its group (of the first repetition)."""
    inside = found.inner[0] if found and found.inner else None
    card.inner = lay_out(project.inside(group), inside, what, measure, deeper=True)
    title = card.texts[0]
    card.texts = (title,)
    head = measure(f"{title[0]} {card.repeat}", NAME, True) + 2 * _PAD_X
    card.width = max(card.inner.width + 2 * INSET, head)
    card.height = card.inner.height + INSET + BAR


def _place(level: Level, what: Publication) -> None:
    """Say where the cards are: the layout runs down, and for a picture that runs to the right it is turned over."""
    down = what.direction == "down"
    sizes = {}
    for name, card in level.cards.items():
        across, along = (card.width, card.height) if down else (card.height, card.width)
        sizes[name] = (across, along + max(card.stem - _STEM, 0.0))
    for name, (u, v) in layered_layout(level.graph, sizes).items():
        card = level.cards[name]
        card.x, card.y = (u, v) if down else (v, u)
    left = min((card.x for card in level.cards.values()), default=0.0)
    top = min((card.y for card in level.cards.values()), default=0.0)
    for card in level.cards.values():
        card.x, card.y = card.x - left, card.y - top
    level.width = max((card.x + card.width for card in level.cards.values()), default=0.0)
    if down:
        beside = (card.x + card.width / 2 + card.beside for card in level.cards.values())
        level.width = max(level.width, *beside, 0.0)
    level.height = max((card.y + card.height for card in level.cards.values()), default=0.0)


def only(project: Project, names: frozenset[str]) -> Project:
    """Return the project with some nodes of its graph and the links among them."""
    graph = project.graph
    nodes = {name: node for name, node in graph.nodes.items() if name in names}
    links: dict[End, End] = {
        target: source for target, source in graph.links.items() if target.node in nodes and source.node in nodes
    }
    return replace(project, graph=replace(graph, nodes=nodes, links=links, routes={}, frames={}, notes={}))
