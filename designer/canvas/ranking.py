"""Which layer kinds the add palette offers, in which order: by the text typed, what fits, what usually follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.kinds import own_kinds
from core.graph.project import INPUT, OUTPUT, Project
from core.graph.quickline.ranks import rank_after
from core.kinds import LayerKind, Port
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
    """What a new node must be able to do: take a link (with this tensor), give one (to this port), follow a family.

    ``before`` is the family of what it feeds. ``ports``: it stands in a group, whose ports are Input and Output nodes.
    """

    takes: int = 0
    gives: bool = False
    spec: TensorSpec | None = None
    after: str = ""
    into: Port | None = None
    before: str = ""
    ports: bool = False


@dataclass(frozen=True)
class Offer:
    """A kind on offer; ``why_not`` says why it does not fit (empty where it does)."""

    kind: LayerKind
    why_not: str = ""
    port: bool = False
    """It would be a port of the group."""

    @property
    def display(self) -> str:
        """The kind's name as the user reads it here."""
        if not self.port:
            return self.kind.display
        text = "Input port of the group" if self.kind.id == INPUT else "Output port of the group"
        return QCoreApplication.translate("Canvas", text)

    @property
    def help(self) -> str:
        """One line about it."""
        if not self.port:
            return self.kind.help
        return QCoreApplication.translate("Canvas", "Every use of the group gets this port.")


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
    usual = _FOLLOWERS.get(wanted.after, ()) if wanted.after or not wanted.before else _leaders(wanted.before)
    seen: Counter[str] = Counter()
    found: list[tuple[tuple[int, ...], Offer]] = []
    for kind in kinds:
        match = match_of(kind, words)
        if match == NO_MATCH or not _can_link(kind, wanted):
            continue
        why_not = misfit(kind.inputs[0], wanted.spec) if wanted.takes and kind.inputs else ""
        why_not = why_not or gives_wrong(kind, wanted.spec, wanted.into)
        if why_not and not words:
            continue
        place = usual.index(kind.family) if kind.family in usual else len(usual)
        port = wanted.ports and kind.id in (INPUT, OUTPUT)
        if port and (wanted.takes or wanted.gives):
            place = min(place, _PORT_PLACE)
        found.append(
            ((bool(why_not), match, _vague(kind, wanted.into), seen[kind.family], place), Offer(kind, why_not, port))
        )
        seen[kind.family] += 1
    return [offer for _key, offer in sorted(found, key=lambda each: each[0])]


def _leaders(family: str) -> tuple[str, ...]:
    """Return the families that usually stand before a family, the likeliest first."""
    found = [(followers.index(family), name) for name, followers in _FOLLOWERS.items() if name and family in followers]
    return tuple(name for _place, name in sorted(found))


def _vague(kind: LayerKind, into: Port | None) -> bool:
    """Return whether a port wants whole numbers or flags and a kind gives whatever it takes: seldom those."""
    if into is None or into.dtype not in ("int", "bool") or kind.id == INPUT:
        return False
    return not kind.outputs or kind.outputs[0].dtype != into.dtype


def gives_wrong(kind: LayerKind, spec: TensorSpec | None, into: Port | None) -> str:
    """Return why what a kind gives cannot go into a port, as far as that can be told without running it."""
    if into is None or not kind.outputs:
        return ""
    given = kind.outputs[0].dtype
    if "any" not in (given, into.dtype) and given != into.dtype:
        text = "Gives {given} numbers, {port} takes {taken}"
        return QCoreApplication.translate("Canvas", text).format(given=given, port=into.name, taken=into.dtype)
    rank = rank_after(kind, {}, (spec.rank if spec else None,)) if kind.id != INPUT else None
    if rank is None or not into.ranks or rank in (*into.ranks, *into.unbatched) or (spec is None and kind.id in _LOOSE):
        return ""
    text = "Gives {rank} dimensions (batch included), {port} takes {ranks}"
    ranks = ", ".join(map(str, into.ranks))
    return QCoreApplication.translate("Canvas", text).format(rank=rank, port=into.name, ranks=ranks)


def _can_link(kind: LayerKind, wanted: Wanted) -> bool:
    return (not wanted.takes or bool(kind.inputs)) and (not wanted.gives or bool(kind.outputs))


NO_MATCH = 9
_PORT_PLACE = 3
"""A port of the group stands among the first in the list: it is one of the usual ends."""
_LOOSE = frozenset({"Linear", "Bilinear", "Embedding", "Flatten", "Unflatten", "Reshape", "FreeParameter"})
"""What they give follows from what arrives or from their parameters."""


def match_of(kind: LayerKind, words: Sequence[str]) -> int:
    """Return how well the words typed match a kind: 0 it is called so, 1 best, ``NO_MATCH`` not at all."""
    if words == kind.display.lower().split():
        return 0
    return max((_match(kind, word) for word in words), default=0)


def _match(kind: LayerKind, word: str) -> int:
    """Return how well a word matches a kind: 1 best, ``NO_MATCH`` not at all."""
    name = kind.display.lower()
    if name.startswith(word) or kind.name_stem.startswith(word):
        return 1
    if any(keyword.startswith(word) for keyword in kind.keywords):
        return 2
    if word in name:
        return 3
    if any(word in keyword for keyword in kind.keywords) or kind.family.lower().startswith(word):
        return 4
    return 5 if _in_order(word, name) else NO_MATCH


def _in_order(word: str, name: str) -> bool:
    letters = iter(name)
    return len(word) > 1 and all(letter in letters for letter in word)
