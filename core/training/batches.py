"""Samples as tensors on the device, and the order in which an epoch takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Samples:
    """A split of the data on the device: inputs in the order of ``forward``, targets in the order of the heads."""

    inputs: tuple[Tensor, ...]
    targets: tuple[Tensor, ...]

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self.targets[0])

    def take(self, rows: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the inputs and targets of some rows, in that order."""
        return (
            [each.index_select(0, rows) for each in self.inputs],
            [each.index_select(0, rows) for each in self.targets],
        )

    def part(self, start: int, stop: int) -> tuple[list[Tensor], list[Tensor]]:
        """Return the inputs and targets of rows ``start`` to ``stop`` (exclusive), without copying."""
        return [each[start:stop] for each in self.inputs], [each[start:stop] for each in self.targets]


class Order:
    """The order of one epoch after the other: a permutation of all samples, cut into batches.

    It draws from a generator of its own, so that nothing else a seed decides moves it. ``drop_single`` leaves out a
    last batch of one sample, which batch normalisation cannot train on.
    """

    def __init__(self, samples: int, batch_size: int, seed: int, device: torch.device, *, drop_single: bool) -> None:
        self._samples = samples
        self._batch_size = batch_size
        self._device = device
        self._generator = torch.Generator().manual_seed(seed)
        self._permutation = torch.empty(0, dtype=torch.int64)
        self._rows = self._permutation
        self.cursor = 0
        single = drop_single and batch_size > 1 and samples > 1 and samples % batch_size == 1
        self.steps = -(-samples // batch_size) - single

    def shuffle(self) -> None:
        """Begin the next epoch."""
        self._set(torch.randperm(self._samples, generator=self._generator))
        self.cursor = 0

    def next(self) -> Tensor:
        """Return the rows of the next batch; ``cursor`` counts those taken."""
        start = self.cursor * self._batch_size
        self.cursor += 1
        return self._rows[start : start + self._batch_size]

    def state(self) -> dict[str, Any]:
        """Return what it takes to go on from here, as tensors and plain values."""
        return {
            "permutation": self._permutation,
            "cursor": self.cursor,
            "batch_size": self._batch_size,
            "generator": self._generator.get_state(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state."""
        self._set(state["permutation"])
        self.cursor = state["cursor"]
        self._generator.set_state(state["generator"])

    def _set(self, permutation: Tensor) -> None:
        self._permutation = permutation
        self._rows = permutation.to(self._device)
