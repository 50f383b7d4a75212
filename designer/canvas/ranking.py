"""Which layer kinds the add palette offers, in which order: by the text typed, what fits, what usually follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.graph.kinds import own_kinds
from core.graph.project import Project
from core.kinds import LayerKind
from core.layers import catalogue
from designer.canvas.fitting import misfit

if TYPE_CHECKING:
    from core.model.specs import TensorSpec

_FOLLOWERS = {
    "": ("Input & output", "Convolution", "Core"),
    "Input & output": ("Convolution", "Core", "Shape", "Recurrent"),
    "Core": ("Activation", "Normalisation", "Regularisation", "Core", "Input & output"),
    "Convolution": ("Activation", "Normalisation", "Pooling", "Convolution"),
    "Pooling": ("Convolution", "Shape", "Regularisation"),
    "Normalisation": ("Activation", "Convolution", "Core"),
    "Regularisation": ("Core", "Convolution", "Input & output"),
    "Recurrent": ("Core", "Regularisation", "Recurrent", "Normalisation"),
    "Activation": ("Pooling", "Convolution", "Core", "Regularisation", "Input & output"),
    "Shape": ("Core", "Convolution", "Recurrent"),
    "Merge": ("Activation", "Core", "Convolution"),
    "Padding": ("Convolution", "Pooling"),
    "Attention": ("Regularisation", "Merge", "Normalisation", "Core"),
    "Vision": ("Convolution", "Activation"),
    "Arithmetic": ("Activation", "Core", "Arithmetic"),
    "Selection": ("Core", "Merge"),
    "Values": ("Arithmetic", "Merge"),
    "Groups": ("Groups", "Pooling", "Convolution", "Core"),
}
"""Families in the order in which they usually follow a family, or (after nothing) begin a network."""


@dataclass(frozen=True)
class Wanted:
    """What a new node must be able to do: take a link (with this tensor), give one, follow a family."""

    takes: int = 0
    gives: bool = False
    spec: TensorSpec | None = None
    after: str = ""


@dataclass(frozen=True)
class Offer:
    """A kind on offer; ``why_not`` says why it does not fit (empty where it does)."""

    kind: LayerKind
    why_not: str = ""


def kinds_for(project: Project, group: str) -> tuple[LayerKind, ...]:
    """Return all kinds that may stand in a group (or, for "", in the network): in itself a group may never stand."""

    def reaches(name: str, seen: frozenset[str]) -> bool:
        inside = project.groups[name].uses & project.groups.keys() if name not in seen else frozenset[str]()
        return name == group or any(reaches(each, seen | {name}) for each in inside)

    own = (kind for kind in own_kinds(project) if not (kind.group and group and reaches(kind.group, frozenset())))
    return (*own, *catalogue)


def offers(kinds: Iterable[LayerKind], text: str, wanted: Wanted) -> list[Offer]:
    """Return what to list, best first; kinds that do not fit come last and only where a text asks for them.

    Among equals, the first kind of every family comes before the second of any: what is listed at first is a choice.
    """
    words = text.lower().split()
    usual = _FOLLOWERS.get(wanted.after, ())
    seen: Counter[str] = Counter()
    found: list[tuple[tuple[int, int, int, int], Offer]] = []
    for kind in kinds:
        match = max((_match(kind, word) for word in words), default=0)
        if words == kind.display.lower().split():
            match = 0
        if match == _NO_MATCH or not _can_link(kind, wanted):
            continue
        why_not = misfit(kind.inputs[0], wanted.spec) if wanted.takes and kind.inputs else ""
        if why_not and not words:
            continue
        place = usual.index(kind.family) if kind.family in usual else len(usual)
        found.append(((bool(why_not), match, seen[kind.family], place), Offer(kind, why_not)))
        seen[kind.family] += 1
    return [offer for _key, offer in sorted(found, key=lambda each: each[0])]


def _can_link(kind: LayerKind, wanted: Wanted) -> bool:
    return (not wanted.takes or bool(kind.inputs)) and (not wanted.gives or bool(kind.outputs))


_NO_MATCH = 9


def _match(kind: LayerKind, word: str) -> int:
    """Return how well a word matches a kind: 1 best, ``_NO_MATCH`` not at all."""
    name = kind.display.lower()
    if name.startswith(word) or kind.name_stem.startswith(word):
        return 1
    if any(keyword.startswith(word) for keyword in kind.keywords):
        return 2
    if word in name:
        return 3
    if any(word in keyword for keyword in kind.keywords) or kind.family.lower().startswith(word):
        return 4
    return 5 if _in_order(word, name) else _NO_MATCH


def _in_order(word: str, name: str) -> bool:
    letters = iter(name)
    return len(word) > 1 and all(letter in letters for letter in word)
