"""What a sampler and a pruner are: one entry of a table each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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


@dataclass(frozen=True)
class PrunerKind:
    """A way to end trials early. ``make`` takes the number of epochs and returns Optuna's pruner."""

    id: str
    title: str
    help: str
    make: Callable[[int], Any]
