"""Samples too large to be held: read and prepared by threads, some batches ahead of the step that needs them.

Threads, not processes: decoding images and sounds happens outside of Python's lock, nothing has to be copied between
processes, and it works alike beside a window, on every system and in a process of its own.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from core.data.augmenting import Augmenter
from core.data.dataset import Part
from core.training.batches import Batch, Samples, augmented
from core.training.criterion import Criterion


class Streamed(Samples):
    """Samples that are read when they are asked for.

    Args:
        part: the part of the data; its ``read`` may be called from any thread.
        inputs: names of the Input nodes in the order of ``forward``.
        outputs: names of the Output nodes and the criterion of each, in the order of the heads.
        device: where batches go.
        augmenter: what is done to training samples.
    """

    def __init__(
        self,
        part: Part,
        inputs: Sequence[str],
        outputs: Sequence[tuple[str, Criterion]],
        device: torch.device,
        augmenter: Augmenter | None = None,
    ) -> None:
        self._part = part
        self._inputs = tuple(inputs)
        self._outputs = tuple(outputs)
        self._device = device
        self._augmenter = augmenter
        self._workers = max(1, min(8, (os.cpu_count() or 1) - 1))

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self._part)

    def take(self, rows: Tensor, epoch: int | None = None) -> Batch:
        """Return the samples with these numbers (int64), in that order.

        Raises:
            DataError: a row cannot be read.
        """
        return self._placed(self._read(rows.cpu()), epoch)

    def batches(self, rows: Iterable[Tensor], epoch: int | None = None) -> Iterator[Batch]:
        """Yield a batch for each of ``rows``; the next few are read meanwhile.

        Raises:
            DataError: a row cannot be read.
        """
        waiting: deque[Future[Batch]] = deque()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reading")
        try:
            for each in rows:
                waiting.append(pool.submit(self._read, each.cpu()))
                if len(waiting) > self._workers:
                    yield self._placed(waiting.popleft().result(), epoch)
            while waiting:
                yield self._placed(waiting.popleft().result(), epoch)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, rows: Tensor) -> Batch:
        inputs, targets = self._part.read(rows.numpy())
        weights = None if self._part.weights is None else self._part.weights[rows]
        wanted = [criterion.prepare(targets[name]) for name, criterion in self._outputs]
        batch = Batch([inputs[name] for name in self._inputs], wanted, rows, weights)
        return _pinned(batch) if self._device.type == "cuda" else batch

    def _placed(self, batch: Batch, epoch: int | None) -> Batch:
        def there(tensor: Tensor) -> Tensor:
            return tensor.to(self._device, non_blocking=True)

        weights = None if batch.weights is None else there(batch.weights)
        moved = Batch([there(x) for x in batch.inputs], [there(x) for x in batch.targets], there(batch.rows), weights)
        return moved if epoch is None or not self._augmenter else augmented(moved, self._augmenter, epoch)


def _pinned(batch: Batch) -> Batch:
    """Return a batch in memory from which a GPU fetches it while it computes."""
    return Batch(
        [each.pin_memory() for each in batch.inputs],
        [each.pin_memory() for each in batch.targets],
        batch.rows,
        batch.weights,
    )
