"""Losses and metrics of one pass over the data, gathered on the device and read back only when asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.training.metrics import by_class
from core.training.objective import OutputObjective
from core.training.statistics import Classes, Head, Statistic, make, wide_float
from core.training.statistics.reading import reader

PENALTY = "penalty"
"""The name of the part of the loss that the layers' own penalties (L1, L2) make."""

_PENDING = 64
"""Batches are added together this many at a time: an update costs the same for one as for all of them."""
_MOST_PENDING_VALUES = 1 << 22
"""Fewer batches wait where they are large: images would fill the memory."""


class _Batch(NamedTuple):
    """What waits to be added; see ``Meter.update``."""

    outputs: Sequence[Tensor]
    targets: Sequence[Tensor]
    losses: Sequence[Tensor]
    counts: Sequence[float | Tensor]
    weights: Tensor | None


class Meter:
    """Sums over samples for every output; batches may come in any number and size.

    ``heads`` say what statistics have to know of each output.
    """

    def __init__(self, objectives: Sequence[OutputObjective], heads: Sequence[Head], device: torch.device) -> None:
        self._objectives = tuple(objectives)
        self._device = device
        self._dtype = wide_float(device)
        self._losses = torch.zeros(2, len(objectives) + 1, dtype=self._dtype, device=device)
        self._penalised = False
        self._statistics: list[dict[str, Statistic]] = [
            {
                name: make(name, head, device)
                for name in dict.fromkeys(each.statistic_for(objective.loss.target) for each in objective.metrics)
            }
            for objective, head in zip(objectives, heads, strict=True)
        ]
        self._readers = [reader(objective.loss, dict(objective.options)) for objective in objectives]
        self._pending: list[_Batch] = []
        self._penalties: list[tuple[Tensor, int]] = []
        self._waiting = 0
        self._added = 0
        """Of how many pending batches the losses are in the sums already: they are read more often than metrics."""
        self.samples = 0

    def update(
        self,
        outputs: Sequence[Tensor],
        targets: Sequence[Tensor],
        losses: Sequence[Tensor],
        counts: Sequence[float | Tensor] | None = None,
        weights: Tensor | None = None,
        penalty: Tensor | None = None,
    ) -> None:
        """Add a batch: outputs as arranged for the loss, prepared targets and mean losses, one of each per head.

        ``counts`` are what each mean divided by (None: the number of samples), as numbers or tensors of shape ().
        ``weights`` (N,) say how much each sample counts in the metrics. ``penalty`` is what the layers add to the loss.
        """
        outputs, losses = [each.detach() for each in outputs], [each.detach() for each in losses]
        size = len(targets[0])
        if counts is None:
            counts = [float(size)] * len(outputs)
        self._pending.append(_Batch(outputs, targets, losses, counts, weights))
        if penalty is not None:
            self._penalties.append((penalty.detach(), size))
        self.samples += size
        for each in outputs:
            self._waiting += each.numel()
        if len(self._pending) == _PENDING or self._waiting >= _MOST_PENDING_VALUES:
            self.flush()

    def flush(self) -> None:
        """Add what is pending to the sums.

        Sums of fractions depend in their last bits on what is added at once. So that a run that was interrupted gives
        the same bits, metrics are added in the same groups of batches whenever losses are read or the state is stored.
        """
        self._add_losses()
        pending, self._pending, self._waiting, self._added = self._pending, [], 0, 0
        for index, statistics in enumerate(self._statistics):
            if statistics and pending:
                read = self._readers[index]
                for outputs, targets, weights in _joined(pending, index):
                    said = outputs if read is None else read(outputs)
                    for statistic in statistics.values():
                        statistic.update(said, targets, weights)

    def _add_losses(self) -> None:
        pending, self._added = self._pending[self._added :], len(self._pending)
        if not pending:
            return
        losses = torch.stack([loss for batch in pending for loss in batch.losses]).to(self._dtype)
        flat = [count for batch in pending for count in batch.counts]
        if any(isinstance(each, Tensor) for each in flat):
            counts = torch.stack([torch.as_tensor(each, dtype=self._dtype, device=self._device) for each in flat])
            # A batch in which nothing counts has no mean.
            losses = torch.where(counts > 0, losses, 0.0)
        else:
            counts = torch.tensor(flat, dtype=self._dtype, device=self._device)
        table = torch.stack((losses * counts, counts)).view(2, len(pending), -1)
        # One after the other, so that it does not matter how many are added at once.
        self._losses[:, :-1] = torch.cat((self._losses[:, None, :-1], table), 1).cumsum(1)[:, -1]
        if self._penalties:
            penalties = torch.stack([each for each, _ in self._penalties]).to(self._dtype)
            sizes = torch.tensor([float(size) for _, size in self._penalties], dtype=self._dtype, device=self._device)
            table = torch.stack((penalties * sizes, sizes))
            self._losses[:, -1] = torch.cat((self._losses[:, -1:], table), 1).cumsum(1)[:, -1]
            self._penalties, self._penalised = [], True

    def loss_sums(self) -> list[tuple[float, float]]:
        """Read back, of every head, the loss summed over what counted so far, and how much that was."""
        return self._read()[:-1]

    def penalty_sum(self) -> tuple[float, float] | None:
        """Read back the layers' penalty summed over the samples so far, and their number; None where there is none."""
        return self._read()[-1] if self._penalised or self._penalties else None

    def _read(self) -> list[tuple[float, float]]:
        self._add_losses()
        sums, counts = self._losses.tolist()
        return list(zip(sums, counts, strict=True))

    def values(self) -> dict[str, float]:
        """Return losses and metrics over all samples; empty before the first. What is undefined is left out."""
        if not self.samples:
            return {}
        self.flush()
        *means, penalty = [total / count if count else math.nan for total, count in self._read()]
        found = loss_values(self._objectives, means, penalty if self._penalised else None)
        for objective, statistics in zip(self._objectives, self._statistics, strict=True):
            results = {name: statistic.result() for name, statistic in statistics.items()}
            for metric in objective.metrics:
                value = metric.compute(results[metric.statistic_for(objective.loss.target)])
                if not math.isnan(value):
                    found[f"{objective.output}/{metric.id}"] = value
        return found

    def confusion(self, output: str) -> Tensor | None:
        """Return the counts (true class, predicted class) of an output, float64 on the CPU.

        None where none of its metrics needs them, or there are more than ``classes.MOST_CLASSES`` classes.
        """
        self.flush()
        for objective, statistics in zip(self._objectives, self._statistics, strict=True):
            counts = statistics.get("classes")
            if objective.output == output and isinstance(counts, Classes):
                return counts.matrix()
        return None

    def by_class(self, output: str) -> dict[str, list[float]]:
        """Return what is said of the single classes or labels of an output (see ``metrics.by_class``).

        Empty where none of its metrics needs their counts.
        """
        self.flush()
        for objective, statistics in zip(self._objectives, self._statistics, strict=True):
            counts = statistics.get("classes") or statistics.get("labels")
            if objective.output == output and counts is not None:
                return by_class(counts.result())
        return {}

    def notes(self) -> dict[str, str]:
        """Return, by output and metric, what the user should know of how it was measured (see ``Kept``)."""
        self.flush()
        found = {}
        for objective, statistics in zip(self._objectives, self._statistics, strict=True):
            for metric in objective.metrics:
                if note := statistics[metric.statistic_for(objective.loss.target)].note():
                    found[f"{objective.output}/{metric.id}"] = note
        return found

    def state(self) -> dict[str, Any]:
        """Return the sums and what waits to be added, as tensors and plain values, to be stored with a checkpoint."""
        self._add_losses()
        return {
            "samples": self.samples,
            "losses": self._losses.cpu().clone(),
            "penalised": self._penalised,
            "pending": [_stored(each) for each in self._pending],
            "statistics": [{name: each.state() for name, each in found.items()} for found in self._statistics],
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from stored sums."""
        self.samples = state["samples"]
        self._losses.copy_(state["losses"])
        self._penalised = state["penalised"]
        self._pending = [_restored(each, self._device) for each in state["pending"]]
        self._added = len(self._pending)
        self._waiting = sum(each.numel() for batch in self._pending for each in batch.outputs)
        for statistics, stored in zip(self._statistics, state["statistics"], strict=True):
            for name, statistic in statistics.items():
                statistic.load_state(stored[name])

    def add(self, state: Mapping[str, Any]) -> None:
        """Add the sums of another meter over other samples, which it has stored after ``flush``."""
        self.flush()
        self.samples += state["samples"]
        self._losses += state["losses"].to(self._device)
        self._penalised = self._penalised or state["penalised"]
        for statistics, stored in zip(self._statistics, state["statistics"], strict=True):
            for name, statistic in statistics.items():
                statistic.add_state(stored[name])


def _stored(batch: _Batch) -> dict[str, Any]:
    """Return what metrics still need of a batch."""
    return {
        "outputs": [each.cpu().clone() for each in batch.outputs],
        "targets": [each.cpu().clone() for each in batch.targets],
        "weights": None if batch.weights is None else batch.weights.cpu().clone(),
    }


def _restored(state: Mapping[str, Any], device: torch.device) -> _Batch:
    outputs, targets = ([each.to(device) for each in state[name]] for name in ("outputs", "targets"))
    weights = state["weights"]
    return _Batch(outputs, targets, [], [], None if weights is None else weights.to(device))


def loss_values(
    objectives: Sequence[OutputObjective], losses: Sequence[float], penalty: float | None = None
) -> dict[str, float]:
    """Name the mean losses of all heads, the total first: the weighted sum of the parts, and the penalty.

    A part is NaN where its loss is, or where nothing counted in it.
    """
    total = sum(objective.weight * loss for objective, loss in zip(objectives, losses, strict=True))
    named = {f"{objective.output}/loss": loss for objective, loss in zip(objectives, losses, strict=True)}
    return {"loss": total + (penalty or 0.0), **named} | ({} if penalty is None else {PENALTY: penalty})


def _joined(pending: Sequence[_Batch], head: int) -> list[tuple[Tensor, Tensor, Tensor | None]]:
    """Return outputs, targets and weights of a head as one batch, or as they came where their shapes differ."""
    outputs = [batch.outputs[head] for batch in pending]
    targets = [batch.targets[head] for batch in pending]
    weights = [batch.weights for batch in pending]
    if targets[0].dim() > 1 and not (_alike(outputs) and _alike(targets)):
        return list(zip(outputs, targets, weights, strict=True))
    weighted = None
    if any(each is not None for each in weights):
        ones = (torch.ones(len(each), device=each.device) for each in targets)
        weighted = torch.cat([one if each is None else each for one, each in zip(ones, weights, strict=True)])
    return [(torch.cat(outputs), torch.cat(targets), weighted)]


def _alike(tensors: Sequence[Tensor]) -> bool:
    """True where tensors differ in their first axis alone."""
    return len({each.shape[1:] for each in tensors}) == 1
