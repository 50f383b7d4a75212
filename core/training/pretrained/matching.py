"""Which tensor of a file belongs to which of a network: by name and shape, else by how names end, else by order.

Each step only takes what cannot be meant otherwise: where two tensors would do, none is taken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal

from core.graph.names import natural_key
from core.model.tensors import Shapes, TensorShape

Way = Literal["name", "place", "order", "shape"]
"""How a tensor was found: by its name; by the same name in another place; by the order of the layers; as the only layer
of its shapes."""
Matches = dict[str, tuple[str, Way]]
"""By the network's name: the name in the file and how it was found."""
_MOST_PAIRS = 250_000


def match(wanted: Shapes, stored: Shapes, *, ordered: bool) -> Matches:
    """Bring the tensors of a network together with those of a file; ``ordered``: the file has them in their order."""
    found: Matches = {name: (name, "name") for name, shape in wanted.items() if stored.get(name) == shape}
    _by_place(found, wanted, stored)
    _by_layers(found, wanted, stored, ordered=ordered)
    return found


def _left(found: Matches, wanted: Shapes, stored: Shapes) -> tuple[dict[str, TensorShape], dict[str, TensorShape]]:
    """Return what has not been matched: of the network (but what has its name in the file), and of the file."""
    used = {name for name, _way in found.values()}
    own = {name: shape for name, shape in wanted.items() if name not in found and name not in stored}
    return own, {name: shape for name, shape in stored.items() if name not in used and name not in wanted}


# --- the same names in another place ----------------------------------------------------------------------------------


def _by_place(found: Matches, wanted: Shapes, stored: Shapes) -> None:
    """Match names that differ in what stands in front (``backbone.conv1.weight``, ``conv1.weight``).

    Whichever two beginnings bring most tensors together are taken first.
    """
    own, other = _left(found, wanted, stored)
    votes: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for name, source, end in _same_ends(own, other):
        if own[name] == other[source]:
            votes[name[: len(name) - len(end)], source[: len(source) - len(end)]].append((name, source))
    while votes:
        most = max(map(len, votes.values()))
        best = [pair for pair, names in votes.items() if len(names) == most]
        names, sources = (Counter(each[side] for pair in best for each in votes[pair]) for side in (0, 1))
        clear = [pair for pair in best if all(names[a] == 1 and sources[b] == 1 for a, b in votes[pair])]
        for pair in clear:
            found.update({name: (source, "place") for name, source in votes[pair]})
        gone = {*names}, {*sources}  # those that two beginnings claim are claimed by none
        votes = {
            pair: rest
            for pair, each in votes.items()
            if pair not in best and (rest := [(a, b) for a, b in each if a not in gone[0] and b not in gone[1]])
        }


def _same_ends(own: Shapes, other: Shapes) -> Iterator[tuple[str, str, str]]:
    """Yield pairs of names with the longest end that they share.

    That is at least a layer and its tensor, or the whole of one of them.
    """
    by_end: dict[str, list[str]] = defaultdict(list)
    for name in other:
        for end in _ends(name):
            by_end[end].append(name)
    pairs = 0
    for name in own:
        seen: set[str] = set()
        for end in _ends(name):  # the longest first
            sources = by_end.get(end, [])
            pairs += len(sources)
            if pairs > _MOST_PAIRS:
                return
            for source in sources:
                if source not in seen and (end.count(".") or end in (name, source)):
                    yield name, source, end
            seen.update(sources)


def _ends(name: str) -> Iterator[str]:
    parts = name.split(".")
    for at in range(len(parts)):
        yield ".".join(parts[at:])


# --- layers of the same shapes ----------------------------------------------------------------------------------------

_Layer = tuple[tuple[str, TensorShape], ...]


def _by_layers(found: Matches, wanted: Shapes, stored: Shapes, *, ordered: bool) -> None:
    """Match whole layers whose tensors are called alike and have the same shapes, whatever the layers are called.

    Where both sides have the same layers in the same order, all of them; else those there is just one of.
    """
    own, other = (_layers(each) for each in _left(found, wanted, stored))
    if ordered and list(own.values()) == list(other.values()):
        pairs = list(zip(own, other, strict=True))
        way: Way = "order"
    else:
        singles = _single(own), _single(other)
        pairs = [(singles[0][each], singles[1][each]) for each in singles[0].keys() & singles[1].keys()]
        way = "shape"
    for layer, source in sorted(pairs, key=lambda pair: natural_key(pair[0])):
        for tensor, _shape in own[layer]:
            found[_joined(layer, tensor)] = (_joined(source, tensor), way)


def _layers(shapes: Shapes) -> dict[str, _Layer]:
    layers: dict[str, list[tuple[str, TensorShape]]] = defaultdict(list)
    for name, shape in shapes.items():
        layer, _dot, tensor = name.rpartition(".")
        layers[layer].append((tensor, shape))
    return {layer: tuple(sorted(tensors, key=lambda each: each[0])) for layer, tensors in layers.items()}


def _single(layers: Mapping[str, _Layer]) -> dict[_Layer, str]:
    counts = Counter(layers.values())
    return {each: layer for layer, each in layers.items() if counts[each] == 1}


def _joined(layer: str, tensor: str) -> str:
    return f"{layer}.{tensor}" if layer else tensor
