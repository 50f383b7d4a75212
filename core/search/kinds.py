"""What a sampler and a pruner are: one entry of a table each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from core.errors import UnknownKindError, did_you_mean
from core.registry import HasId


@dataclass(frozen=True)
class SamplerKind:
    """A way to draw the values of trials. ``make`` takes a seed and returns Optuna's sampler (None: the grid, ours).

    ``needs`` is a package that has to be there besides Optuna.
    """

    id: str
    title: str
    help: str
    make: Callable[[int], Any] | None
    needs: str = ""

    @property
    def why_not(self) -> str:
        """Why it cannot be used here; empty where it can."""
        if not self.needs or importlib.util.find_spec(self.needs) is not None:
            return ""
        return f"{self.title} needs the package {self.needs}, which is not installed: pip install {self.needs}."


K = TypeVar("K", bound=HasId)


def kind_in(table: Sequence[K], noun: str, name: str) -> K:
    """Return the entry of a table.

    Raises:
        UnknownKindError: there is none of that id; the message lists those that there are.
    """
    found = next((each for each in table if each.id == name), None)
    if found is None:
        known = [each.id for each in table]
        raise UnknownKindError(
            f"There is no {noun} '{name}' (there are {', '.join(known)}).{did_you_mean(name, known)}"
        )
    return found


@dataclass(frozen=True)
class PrunerKind:
    """A way to end trials early. ``make`` takes the number of epochs and returns Optuna's pruner."""

    id: str
    title: str
    help: str
    make: Callable[[int], Any]
