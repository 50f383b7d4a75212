"""Which node of one graph is which of another that was made of nearly the same network: by name and by the wiring.

Names come first where they mean something: of layers with weights or settings of their own, inputs and outputs. What
has no name in a source (an addition, a reshape) is known by what feeds it, and by what it feeds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

from core.graph.names import natural_key
from core.graph.order import execution_order, incoming, outgoing
from core.graph.project import INPUT, OUTPUT, Graph, Node
from core.layers import catalogue

_Key = Callable[[Node], Hashable | None]


def is_named(node: Node) -> bool:
    """True where a node's name is one that the source says: of a layer, a definition, an input or an output."""
    if node.kind in (INPUT, OUTPUT) or node.group or node.python:
        return not node.shares
    kind = catalogue.find(node.kind)
    return kind is not None and kind.has_module and not node.shares


def paired(one: Graph, other: Graph) -> dict[str, str]:
    """Return the name in ``other`` of every node of ``one`` that is there, too.

    In this order: layers of the same name and kind, then nodes of one kind with the same wiring above or below (again
    and again, as every pair makes others certain), then the same name and kind, inputs and outputs in their order, and
    last nodes of the same name whose kind was changed.
    """
    found = _Pairs(one, other)
    found.by_key(lambda node: (node.name, node.kind) if is_named(node) else None)
    found.by_wiring()
    found.by_key(lambda node: (node.name, node.kind))
    found.by_wiring()
    found.in_order(INPUT)
    found.in_order(OUTPUT)
    found.by_wiring()
    found.by_key(lambda node: node.name)
    return found.pairs


class _Pairs:
    """The pairs found so far, and what is left of both sides."""

    def __init__(self, one: Graph, other: Graph) -> None:
        self.one, self.other = one, other
        self.pairs: dict[str, str] = {}
        self.taken: set[str] = set()
        self._order = [*execution_order(one), *(name for name in one.nodes if name not in set(execution_order(one)))]
        self._rank = {name: index for index, name in enumerate(execution_order(other))}
        self._in, self._out = (incoming(one), incoming(other)), (outgoing(one), outgoing(other))

    def by_key(self, key: _Key) -> None:
        """Pair what has the same key (None: no key), in the order of both graphs."""
        places: dict[Hashable, list[str]] = defaultdict(list)
        for name in self._left(self.other.nodes):
            found = key(self.other.nodes[name])
            if found is not None:
                places[found].append(name)
        for name in self._waiting():
            found = key(self.one.nodes[name])
            if found is not None and places.get(found):
                self._pair(name, places[found].pop(0))

    def by_wiring(self) -> None:
        """Pair what is of one kind and wired to the same, until nothing more follows from what is paired."""
        before = -1
        while len(self.pairs) != before:
            before = len(self.pairs)
            self._along(self._in)
            self._along(self._out)

    def in_order(self, kind: str) -> None:
        """Pair what is left of a kind by the natural order of names, where there are as many on both sides."""
        left = sorted((name for name in self._waiting() if self.one.nodes[name].kind == kind), key=natural_key)
        right = sorted(
            (name for name in self._left(self.other.nodes) if self.other.nodes[name].kind == kind), key=natural_key
        )
        if len(left) == len(right):
            for name, there in zip(left, right, strict=True):
                self._pair(name, there)

    def _along(self, sides: tuple[Mapping[str, Iterable[tuple[str, object]]], ...]) -> None:
        """Pair by what stands at the other ends of a node's links, above it or below it."""
        own = dict(zip(self.other.nodes, self.other.nodes, strict=True))
        places: dict[Hashable, list[str]] = defaultdict(list)
        for name in self._left(self.other.nodes):
            found = _wiring(self.other.nodes[name], sides[1][name], own)
            if found is not None:
                places[found].append(name)
        for name in self._waiting():
            found = _wiring(self.one.nodes[name], sides[0][name], self.pairs)
            candidates = places.get(found, []) if found is not None else []
            if candidates:
                best = name if name in candidates else self._alike(name, candidates)
                candidates.remove(best)
                self._pair(name, best)

    def _alike(self, name: str, candidates: list[str]) -> str:
        """Return the candidate with the same parameters, else the first that runs."""
        node = self.one.nodes[name]
        return next((each for each in candidates if self.other.nodes[each].params == node.params), candidates[0])

    def _pair(self, name: str, there: str) -> None:
        self.pairs[name] = there
        self.taken.add(there)

    def _waiting(self) -> list[str]:
        return [name for name in self._order if name not in self.pairs]

    def _left(self, names: Iterable[str]) -> list[str]:
        left = [name for name in names if name not in self.taken]
        return sorted(left, key=lambda name: self._rank.get(name, len(self._rank)))


def _wiring(node: Node, links: Iterable[tuple[str, object]], known: Mapping[str, str]) -> Hashable | None:
    """Return what a node is wired to in the other graph's names; None where that is nothing, or not all known."""
    ends: set[tuple[str, str, str]] = set()
    for port, end in links:
        there = known.get(end.node)  # type: ignore[attr-defined]  # an End
        if there is None:
            return None
        ends.add((port, there, end.port))  # type: ignore[attr-defined]  # as above
    return (node.kind, bool(node.shares), frozenset(ends)) if ends else None
