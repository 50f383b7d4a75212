"""Values that are kept, for metrics that need the order of all samples: areas under curves, ranks, thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core import units
from core.training.statistics._base import Head, Statistic, log_probabilities, scores_by_class, spread, true_classes

MOST_VALUES = 5_000_000
"""At most so many values are kept (20 MB). Beyond them a random half of the rows stays, and so on."""


class Kept(Statistic):
    """Weight, targets and outputs of every sample: ``result`` is (samples, 1 + columns + columns).

    A class counts as one column a class (1 or 0; probability), a yes or no as one column, labels as one each, numbers
    as one.

    Beyond ``MOST_VALUES`` the rows are thinned: which stay follows from their number alone, so that the result does
    not depend on the batches. It then is an estimate, and ``note`` says so.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.seen = 0
        self._halvings = 0
        self._held = 0
        self._rows: list[Tensor] = []
        self._numbers: list[Tensor] = []

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        rows = self._columns(outputs, targets, weights)
        numbers = torch.arange(self.seen, self.seen + len(rows), device=rows.device)
        self.seen += len(rows)
        self._add(rows, numbers)
        while self._held * rows.shape[1] > MOST_VALUES:
            self._halvings += 1
            rows, numbers = torch.cat(self._rows), torch.cat(self._numbers)
            self._rows, self._numbers, self._held = [], [], 0
            self._add(rows, numbers)

    def _add(self, rows: Tensor, numbers: Tensor) -> None:
        if self._halvings:
            stays = _drawn(numbers, self._halvings)
            rows, numbers = rows[stays], numbers[stays]
        self._rows.append(rows)
        self._numbers.append(numbers)
        self._held += len(rows)

    def _columns(self, outputs: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
        head = self.head
        if head.target == "number":
            counted = ~targets.isnan()
            wanted = torch.where(counted, targets, 0.0).reshape(-1, 1)
            given = outputs.reshape(-1, 1)
        elif head.target == "labels":
            counted, wanted, given = torch.ones_like(targets[:, 0], dtype=torch.bool), targets, outputs
        else:
            truth, counted = true_classes(head, targets)
            wanted = truth.reshape(-1, 1)
            classes = head.target == "class"
            given = scores_by_class(outputs) if classes else outputs.reshape(-1, 1)
        return torch.cat((spread(weights, counted, torch.float32)[:, None], wanted.float(), given.float()), 1)

    def result(self) -> Tensor:
        """Return the rows that count as float64 on the CPU."""
        if not self._rows:
            return torch.zeros(0, 3, dtype=torch.float64)
        rows = torch.cat(self._rows).cpu().double()
        rows = rows[rows[:, 0] > 0]
        if self.head.target != "class":
            return rows
        truth = functional.one_hot(rows[:, 1].long(), rows.shape[1] - 2).double()
        shares = log_probabilities(self.head, rows[:, 2:], torch.float64).exp()
        return torch.cat((rows[:, :1], truth, shares), 1)

    def state(self) -> dict[str, Any]:
        """Return what it takes to go on from here, as tensors and plain values."""
        rows = torch.cat(self._rows).cpu() if self._rows else None
        numbers = torch.cat(self._numbers).cpu() if self._numbers else None
        return {"rows": rows, "numbers": numbers, "seen": self.seen, "halvings": self._halvings}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state."""
        self.seen, self._halvings = state["seen"], state["halvings"]
        self._rows = [] if state["rows"] is None else [state["rows"].to(self.device)]
        self._numbers = [] if state["numbers"] is None else [state["numbers"].to(self.device)]
        self._held = sum(map(len, self._rows))

    def add_state(self, state: Mapping[str, Any]) -> None:
        """Put rows of other samples behind those there are; all are thinned as far as the thinnest."""
        self._halvings = max(self._halvings, state["halvings"])
        held = list(zip(self._rows, self._numbers, strict=True))
        if state["rows"] is not None:
            held.append((state["rows"].to(self.device), state["numbers"].to(self.device)))
        self._rows, self._numbers, self._held = [], [], 0
        for rows, numbers in held:
            self._add(rows, numbers)
        self.seen += state["seen"]

    def note(self) -> str:
        """Return that this rests on a part of the samples, where it does."""
        if not self._halvings:
            return ""
        return f"estimated from {self._held:,} of {units.plural(self.seen, 'value')}, drawn at random"


def _drawn(numbers: Tensor, halvings: int) -> Tensor:
    """Return which row numbers stay after so many halvings: those whose scrambled bits begin with zeros.

    The scrambling is the 64-bit finaliser of Steele, Lea and Flood, Fast splittable pseudorandom number generators,
    2014, with constants that fit a signed number.
    """
    mixed = (numbers + 1) * 0x1E3779B97F4A7C15
    mixed = (mixed ^ ((mixed >> 30) & 0x3FFFFFFFF)) * 0x3F58476D1CE4E5B9
    mixed = (mixed ^ ((mixed >> 27) & 0x1FFFFFFFFF)) * 0x14D049BB133111EB
    mixed = mixed ^ ((mixed >> 31) & 0x1FFFFFFFF)
    return (mixed & ((1 << halvings) - 1)) == 0
