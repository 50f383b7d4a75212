"""Tensors that several layers have together, though they are no one layer that is called several times.

A graph shares whole layers. So a table that is also the matrix of a Linear (the head of many language models) stays one
as a layer that is called once more, with every number of its rows: what that gives is the matrix. A matrix that is no
table becomes a free parameter. All that multiplies by it becomes a product of matrices. Which tensors that concerns is
known only once the whole network was read; it is then read once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from torch import Tensor

from core.kinds import Value

Place = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Where the numbers of a tensor lie, and how: two names of one tensor have the same."""
Read = TypeVar("Read")
TABLE, PRODUCT, ALONE = "Embedding", "Linear", ""


def place_of(tensor: Tensor) -> Place:
    """Return where a tensor's numbers lie; that of an empty one is its own."""
    return tensor.data_ptr() or id(tensor), tuple(tensor.shape), tuple(tensor.stride())


@dataclass(frozen=True)
class Use:
    """What has a tensor: the kind of a layer (``ALONE``: the tensor is there by itself), its name in it, the rest."""

    kind: str
    key: str
    path: str
    params: Mapping[str, Value] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def keeps(self) -> bool:
        """True where it can have the tensor together with others."""
        plain = self.key == "weight" and not self.params.get("max_norm")
        return self.kind == ALONE or (self.kind in (TABLE, PRODUCT) and plain)


@dataclass
class Ties:
    """Who has which tensor, by place, and for which of them that stays so: the table that it is in, None for none."""

    uses: dict[Place, list[Use]] = field(default_factory=dict)
    kept: dict[Place, Use | None] = field(default_factory=dict)
    ends: dict[tuple[Place, bool], str] = field(default_factory=dict)
    """The nodes that give a tensor that is kept as one, as it is and turned."""

    def add(self, tensor: Tensor, use: Use) -> None:
        """Remember that a layer has a tensor."""
        self.uses.setdefault(place_of(tensor), []).append(use)

    def found(self) -> Ties | None:
        """Return what is to be kept as one when the network is read once more; None where there is nothing."""
        kept: dict[Place, Use | None] = {}
        for place, uses in self.uses.items():
            able = [each for each in uses if each.keeps]
            tables = [each for each in able if each.kind == TABLE]
            if len(able) > 1 and len(tables) < 2 and len(place[1]) == 2:
                kept[place] = tables[0] if tables else None
        return Ties(kept=kept) if kept else None

    def tell(self, note: Callable[[str], object], before: Ties) -> None:
        """Say which layers have a tensor together, and which had, as the first reading found (``before``)."""
        for place, uses in before.uses.items():
            whole = _paths(each for each in uses if place in self.kept and each.keeps)
            apart = [each for each in _paths(uses) if each not in whole]
            if len(whole) > 1:
                note(f"{_listed(whole)} have one tensor together. It stays one: training changes it for all of them.")
            if apart and len(whole) + len(apart) > 1:
                note(
                    f"{_listed([*apart, *whole[:1]])} had one tensor together. Here {_listed(apart)} "
                    f"{'have' if len(apart) > 1 else 'has'} one apart with the same values, so that training will "
                    "change them differently."
                )
            table = self.kept.get(place)
            if table is not None and table.params.get("padding_idx") is not None:
                note(
                    f"Row {table.params['padding_idx']} of '{table.path}', the filler, is not learned here. What has "
                    "the tensor together with it learned it there."
                )


def read_tied(read: Callable[[Ties], Read], note: Callable[[Read], Callable[[str], object]]) -> Read:
    """Return what is read, once more where layers in it turn out to have a tensor together, and say which do.

    ``note`` gives what is told, of what was read at last.
    """
    first = Ties()
    found = read(first)
    kept = first.found()
    if kept is not None:
        found = read(kept)
    (kept or first).tell(note(found), before=first)
    return found


def _paths(uses: Iterable[Use]) -> list[str]:
    """Return what the source calls those that have a tensor; a layer's own tensor by itself is that layer."""
    found = list(uses)
    own = {f"{each.path}.{each.key}" for each in found if each.kind != ALONE}
    return list(dict.fromkeys(each.path for each in found if each.path not in own))


def _listed(paths: list[str]) -> str:
    quoted = [f"'{each}'" for each in paths]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]
