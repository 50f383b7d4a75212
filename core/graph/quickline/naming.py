"""Which layer kind a word of a quick line means; twins (Conv1d, Conv2d, Conv3d) are told apart by what arrives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.errors import did_you_mean
from core.kinds import LayerKind

PASS_ON = frozenset({"id", "skip"})
"""Words for "what arrives goes on as it is"."""
ABBREVIATIONS = {
    "ap": "avgpool",
    "attn": "multiheadattention",
    "attention": "multiheadattention",
    "avg": "average",
    "bn": "batchnorm",
    "cat": "concatenate",
    "convt": "convtranspose",
    "deconv": "convtranspose",
    "dense": "linear",
    "div": "divide",
    "do": "dropout",
    "drop": "dropout",
    "emb": "embedding",
    "embed": "embedding",
    "fc": "linear",
    "flat": "flatten",
    "gap": "adaptiveavgpool",
    "globalpool": "adaptiveavgpool",
    "gmp": "adaptivemaxpool",
    "gn": "groupnorm",
    "in": "instancenorm",
    "last": "laststep",
    "lin": "linear",
    "ln": "layernorm",
    "lrelu": "leakyrelu",
    "mha": "multiheadattention",
    "mp": "maxpool",
    "mul": "multiply",
    "norm": "batchnorm",
    "out": "output",
    "pe": "positionalencoding",
    "plus": "add",
    "pool": "maxpool",
    "resize": "interpolate",
    "rms": "rmsnorm",
    "sdpa": "scaleddotproductattention",
    "sub": "subtract",
    "swish": "silu",
    "up": "upsample",
    "upconv": "convtranspose",
}
_TWIN = re.compile(r"(.+)([123])d")
_USUAL = 2
"""Dimensions of a layer where nobody knows what arrives: images."""


def plain(word: str) -> str:
    """Return a name as it is compared: small letters without blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", word.lower())


def twin(kind: LayerKind) -> str:
    """Return what a kind shares with its twins of other dimensions: ``conv`` for Conv2d; empty where it has none."""
    found = _TWIN.fullmatch(plain(kind.id))
    return found[1] if found else ""


def find_kind(word: str, kinds: Sequence[LayerKind], rank: int | None) -> LayerKind | str:
    """Return the kind that a word means, or why there is none.

    ``rank`` is the number of dimensions (batch included) of what arrives, where it is known.
    """
    names = _names(tuple(kinds))
    name = plain(word)
    found = names.own.get(name) or names.exact.get(name)
    if found is not None:
        return found
    name = ABBREVIATIONS.get(name, name)
    found = names.exact.get(name)
    if found is None and name in names.twins:
        found = _by_rank(names.twins[name], rank)
    if found is not None:
        return found
    several = names.keywords.get(name, ())
    return _one_of(word, several, rank) if several else _unknown(word, names)


def _unknown(word: str, names: _Names) -> str:
    known = [*names.words, *ABBREVIATIONS, *(kind.display for kind in (*names.own.values(), *names.exact.values()))]
    return f"No layer is called '{word}'.{did_you_mean(word, dict.fromkeys(known))}"


def _one_of(word: str, several: Sequence[LayerKind], rank: int | None) -> LayerKind | str:
    twins = {twin(kind) for kind in several}
    if len(several) == 1:
        return several[0]
    if len(twins) == 1 and "" not in twins:
        return _by_rank(several, rank)
    listed = ", ".join(kind.display for kind in several[:4]) + (", …" if len(several) > 4 else "")
    return f"'{word}' may mean several layers: {listed}. Write which one."


def _by_rank(twins: Sequence[LayerKind], rank: int | None) -> LayerKind:
    """Return the twin that takes a tensor of that rank: the one of as many dimensions where several do."""
    wanted = _USUAL if rank is None else rank - 2
    fitting = [kind for kind in twins if rank is None or not kind.inputs[0].ranks or rank in kind.inputs[0].ranks]
    return min(fitting or twins, key=lambda kind: (abs(_dimensions(kind) - wanted), _dimensions(kind)))


def _dimensions(kind: LayerKind) -> int:
    found = _TWIN.fullmatch(plain(kind.id))
    return int(found[2]) if found else 0


class _Names:
    """All words for a set of kinds."""

    def __init__(self, kinds: Sequence[LayerKind]) -> None:
        self.own: dict[str, LayerKind] = {}
        self.exact: dict[str, LayerKind] = {}
        self.twins: dict[str, list[LayerKind]] = {}
        self.keywords: dict[str, list[LayerKind]] = {}
        stems: dict[str, list[LayerKind]] = {}
        for kind in kinds:
            own = bool(kind.group or kind.code)
            for name in (plain(kind.id), plain(kind.display)):
                (self.own if own else self.exact).setdefault(name, kind)
            if base := twin(kind):
                self.twins.setdefault(base, []).append(kind)
            stems.setdefault(plain(kind.name_stem), []).append(kind)
            for keyword in dict.fromkeys(map(plain, kind.keywords)):
                self.keywords.setdefault(keyword, []).append(kind)
        for stem, several in stems.items():
            target = self.own if all(kind.group or kind.code for kind in several) else self.exact
            if len(several) == 1:
                target.setdefault(stem, several[0])
            else:
                self.keywords[stem] = several
        self.words = tuple({**self.twins, **stems})


@lru_cache(maxsize=16)
def _names(kinds: tuple[LayerKind, ...]) -> _Names:
    return _Names(kinds)


def known_words(kinds: Iterable[LayerKind]) -> frozenset[str]:
    """Return all words (without blanks) that surely mean one kind or its twins."""
    names = _names(tuple(kinds))
    return frozenset((*names.own, *names.exact, *names.twins, *ABBREVIATIONS))
