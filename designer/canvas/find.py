"""Finding what is in the whole project. No Qt.

Nodes are found by name, label, kind, family, shape, rank and the words of a problem, frames by their title and notes by
their text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Literal

from core.graph.kinds import kind_of
from core.graph.names import natural_key
from core.graph.order import execution_order
from core.graph.project import Frame, Graph, Node, Note, Project
from core.kinds import LayerKind
from designer.canvas.drawn.naming import frame_name, note_name

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import ShapeReport
    from core.model.specs import TensorSpec

MOST_PLACES = 20_000
"""More uses of groups inside groups than this are not looked through."""
_SHAPE = re.compile(r"^\(?\s*[\w?]+(?:\s*[x×*,]\s*[\w?]+)+\s*\)?$", re.IGNORECASE)
_RANK = re.compile(r"\b(?:rank|dims?)\s*[:=]?\s*(\d+)\b|\b(\d+)d\s+tensor\b", re.IGNORECASE)
_SIGN = re.compile(r"\s*[x×*,]\s*", re.IGNORECASE)
_ANY = "?"


@dataclass(frozen=True)
class Place:
    """A node, frame or note, with the group nodes that lead to it from the root on; ``kind`` is a node's."""

    path: tuple[str, ...]
    thing: Node | Frame | Note
    kind: LayerKind | None = None

    @property
    def name(self) -> str:
        """The name in its graph."""
        return self.thing.name

    @property
    def drawn(self) -> Literal["", "frame", "note"]:
        """What it is where it is no node; also the name of its icon."""
        return "frame" if isinstance(self.thing, Frame) else "note" if isinstance(self.thing, Note) else ""

    @property
    def written(self) -> str:
        """The way to it as the user reads it: ``stage1 / conv1``."""
        thing = self.thing
        title = frame_name(thing) if isinstance(thing, Frame) else note_name(thing) if isinstance(thing, Note) else ""
        return " / ".join((*self.path, title or thing.name))


def places(project: Project) -> Iterator[Place]:
    """Yield the nodes of the project in running order, each group's inside right after the group's node.

    The frames and then the notes of a graph follow its nodes.
    """

    def inside(graph: Graph, path: tuple[str, ...], opened: frozenset[str]) -> Iterator[Place]:
        for name in running(graph):
            node = graph.nodes[name]
            yield Place(path, node, kind_of(project, graph.nodes.get(node.shares, node)))
            if node.group in project.groups and node.group not in opened:
                yield from inside(project.groups[node.group].graph, (*path, name), opened | {node.group})
        for drawn in (graph.frames, graph.notes):
            yield from (Place(path, drawn[name]) for name in sorted(drawn, key=natural_key))

    return islice(inside(project.graph, (), frozenset()), MOST_PLACES)


def running(graph: Graph) -> tuple[str, ...]:
    """Return all nodes in the order in which they run; those on a loop come last."""
    order = execution_order(graph)
    return (*order, *sorted(graph.nodes.keys() - set(order), key=natural_key))


@dataclass(frozen=True)
class Facts:
    """What the last check knows: all problems, and the shapes by path."""

    problems: Collection[Problem] = ()
    shapes: ShapeReport | None = None

    @cached_property
    def _by_place(self) -> dict[tuple[tuple[str, ...], str], list[Problem]]:
        found: dict[tuple[tuple[str, ...], str], list[Problem]] = {}
        for problem in self.problems:
            found.setdefault((problem.path, problem.node), []).append(problem)
        return found

    def problems_at(self, place: Place) -> list[Problem]:
        """Return the problems of a node, without those inside it."""
        return [] if place.drawn else self._by_place.get((place.path, place.name), [])

    def specs(self, place: Place) -> tuple[TensorSpec, ...]:
        """Return what a node gives, and where it gives nothing what it takes."""
        around = self.shapes.inside(place.path) if self.shapes else None
        found = around.nodes.get(place.name) if around and not place.drawn else None
        return tuple((found.outputs or found.inputs).values()) if found else ()


class Index:
    """Everything that can be found, with its words read once: a query then costs the same however it is asked."""

    def __init__(self, project: Project, facts: Facts) -> None:
        self._entries = [_Entry(place, _words(place, facts), facts) for place in places(project)]

    def find(self, query: str) -> list[Place]:
        """Return what matches all parts of a query, in running order; none where it is empty."""
        tests = list(_tests(query))
        if not tests:
            return []
        found = self._entries
        for test in tests:
            found = [entry for entry in found if test(entry)]
        return [entry.place for entry in found]


@dataclass
class _Entry:
    """A node, frame or note, the words that find it (in lower case, one to a line), and what it gives."""

    place: Place
    words: str
    facts: Facts

    @cached_property
    def sizes(self) -> tuple[tuple[str, ...], ...]:
        """The sizes of every tensor that it gives, as they are written."""
        return tuple(tuple(str(dim).casefold() for dim in spec.dims) for spec in self.facts.specs(self.place))

    @cached_property
    def ranks(self) -> tuple[int | None, ...]:
        """The rank of every tensor that it gives."""
        return tuple(spec.rank for spec in self.facts.specs(self.place))


def _words(place: Place, facts: Facts) -> str:
    node, kind = place.thing, place.kind
    if isinstance(node, Frame | Note):
        text = node.title if isinstance(node, Frame) else node.text
        return "\n".join((text or node.name, place.drawn)).casefold()
    texts = [node.name, node.label, node.kind.partition(":")[2] or node.kind]
    if kind is not None:
        texts += [kind.display, kind.family]
    for problem in facts.problems_at(place):
        texts += [problem.severity, "problem", problem.message]
    return "\n".join(texts).casefold()


_Test = Callable[[_Entry], bool]


def _tests(query: str) -> Iterable[_Test]:
    """Yield what a node must hold: a rank (``rank 4``), a shape (``64×56×56``, ``?`` is any size), or a word."""
    for found in _RANK.finditer(query):
        yield _has_rank(int(found[1] or found[2]))
    rest = _RANK.sub(" ", query).strip()
    if " " in rest and _is_shape(rest):
        yield _has_shape(rest)
        return
    for word in rest.split():
        yield _either(_has_shape(word), _has_word(word.casefold())) if _is_shape(word) else _has_word(word.casefold())


def _either(first: _Test, second: _Test) -> _Test:
    return lambda entry: first(entry) or second(entry)


def _is_shape(text: str) -> bool:
    """True for sizes with times signs between them: at least one of them must be a number, or all stand for any."""
    sizes = _SIGN.split(text.strip("() "))
    return bool(_SHAPE.match(text)) and any(size.isdecimal() for size in sizes) and len(sizes) > 1


def _has_rank(rank: int) -> _Test:
    return lambda entry: rank in entry.ranks


def _has_shape(text: str) -> _Test:
    wanted = [size.casefold() for size in _SIGN.split(text.strip("() ")) if size]
    return lambda entry: any(_contains(sizes, wanted) for sizes in entry.sizes)


def _contains(sizes: tuple[str, ...], wanted: list[str]) -> bool:
    starts = range(len(sizes) - len(wanted) + 1)
    return any(all(want in (_ANY, size) for want, size in zip(wanted, sizes[start:], strict=False)) for start in starts)


def _has_word(word: str) -> _Test:
    return lambda entry: word in entry.words
