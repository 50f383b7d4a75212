"""Samples as tensors on the device, and the order in which an epoch takes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from core.data.augmenting import Augmenter


@dataclass(slots=True)  # not frozen: that would triple what making one costs, which is done at every step
class Batch:
    """What a step gets, on the device: ``inputs`` in the order of ``forward``, ``targets`` in the order of the heads.

    ``rows`` (int64) are the samples' numbers within their part. ``weights`` (float32, one a sample) say how much each
    counts; None: all alike. Where samples were mixed, ``partners`` (int64) are the positions within the batch of
    those that each was mixed with, and ``shares`` (float32) is how much is left of itself: the loss is then
    ``share · loss(target) + (1 − share) · loss(target of the partner)``.
    """

    inputs: list[Tensor]
    targets: list[Tensor]
    rows: Tensor
    weights: Tensor | None = None
    partners: Tensor | None = None
    shares: Tensor | None = None

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self.rows)


class Samples(ABC):
    """A part of the data, from which batches are taken. ``epoch`` counts from 0; None: nothing is augmented."""

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of samples."""

    @abstractmethod
    def take(self, rows: Tensor, epoch: int | None = None) -> Batch:
        """Return the samples with these numbers (int64), in that order."""

    def part(self, start: int, stop: int) -> Batch:
        """Return the samples ``start`` to ``stop`` (exclusive, at most all)."""
        return self.take(torch.arange(start, min(stop, self.count)))

    def batches(self, rows: Iterable[Tensor], epoch: int | None = None) -> Iterator[Batch]:
        """Yield a batch for each of ``rows``."""
        return (self.take(each, epoch) for each in rows)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield all samples in the order of their numbers, so many at a time, as they are."""
        return self.batches(_ranges(self.count, size))


class Held(Samples):
    """Samples that lie on the device: inputs in the order of ``forward``, targets in the order of the heads."""

    def __init__(
        self,
        inputs: Sequence[Tensor],
        targets: Sequence[Tensor],
        weights: Tensor | None = None,
        augmenter: Augmenter | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.targets = tuple(targets)
        self.weights = weights
        self._augmenter = augmenter
        self._device = self.targets[0].device

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self.targets[0])

    def take(self, rows: Tensor, epoch: int | None = None) -> Batch:
        """Return the samples with these numbers (int64), in that order."""
        if rows.device != self._device:
            rows = rows.to(self._device)
        batch = Batch(
            [each.index_select(0, rows) for each in self.inputs],
            [each.index_select(0, rows) for each in self.targets],
            rows,
            None if self.weights is None else self.weights.index_select(0, rows),
        )
        return batch if epoch is None or not self._augmenter else augmented(batch, self._augmenter, epoch)

    def in_order(self, size: int) -> Iterator[Batch]:
        """Yield all samples in the order of their numbers, so many at a time, as they are; nothing is copied."""
        for rows in _ranges(self.count, size):
            start, stop = int(rows[0]), int(rows[-1]) + 1
            weights = None if self.weights is None else self.weights[start:stop]
            inputs, targets = ([each[start:stop] for each in held] for held in (self.inputs, self.targets))
            yield Batch(inputs, targets, rows.to(self._device), weights)


def _ranges(count: int, size: int) -> Iterator[Tensor]:
    return (torch.arange(start, min(start + size, count)) for start in range(0, count, size))


def augmented(batch: Batch, augmenter: Augmenter, epoch: int) -> Batch:
    """Return a batch as the network shall see it in this epoch."""
    found = augmenter(batch.inputs, batch.targets, batch.rows, epoch)
    if found.mixing is None:
        return replace(batch, inputs=found.inputs, targets=found.targets)
    partners, shares = found.mixing.partners, found.mixing.shares
    return replace(batch, inputs=found.inputs, targets=found.targets, partners=partners, shares=shares)


class Order:
    """The order of one epoch after the other: a permutation of all samples, cut into batches.

    It draws from a generator of its own, so that nothing else a seed decides moves it. ``drop_single`` leaves out a
    last batch of one sample, which batch normalisation cannot train on. ``classes`` (int64, one a sample; less than 0:
    none) makes an epoch of as many samples that has every class equally often: rare ones come several times.
    """

    def __init__(
        self,
        samples: int,
        batch_size: int,
        seed: int,
        device: torch.device,
        *,
        drop_single: bool,
        classes: Tensor | None = None,
    ) -> None:
        self._samples = samples
        self._batch_size = batch_size
        self._device = device
        self._generator = torch.Generator().manual_seed(seed)
        self._permutation = torch.empty(0, dtype=torch.int64)
        self._rows = self._permutation
        self._members = [] if classes is None else _members(classes.cpu())
        self.cursor = 0
        single = drop_single and batch_size > 1 and samples > 1 and samples % batch_size == 1
        self.steps = -(-samples // batch_size) - single

    def shuffle(self) -> None:
        """Begin the next epoch."""
        self._set(self._balanced() if self._members else self._permuted(self._samples))
        self.cursor = 0

    def _permuted(self, count: int) -> Tensor:
        return torch.randperm(count, generator=self._generator)

    def _balanced(self) -> Tensor:
        """Draw each class equally often, each time around all of its samples before one comes again."""
        share, rest = divmod(self._samples, len(self._members))
        extra = set(self._permuted(len(self._members))[:rest].tolist())
        drawn = []
        for number, rows in enumerate(self._members):
            wanted = share + (number in extra)
            rounds = -(-wanted // len(rows))
            drawn.append(torch.cat([rows[self._permuted(len(rows))] for _ in range(rounds)])[:wanted])
        together = torch.cat(drawn)
        return together[self._permuted(len(together))]

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


def _members(classes: Tensor) -> list[Tensor]:
    """Return the samples of each class that has some."""
    return [torch.nonzero(classes == each)[:, 0] for each in range(int(classes.max()) + 1) if (classes == each).any()]
