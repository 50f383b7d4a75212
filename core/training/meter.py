"""Losses and metrics of one pass over the data, gathered on the device and read back only when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from core.training.objective import OutputObjective
from core.training.statistics import Confusion, Errors, Statistic, wide_float

_PENDING = 32
"""Batches are added together this many at a time: an update costs the same for one as for all of them."""
_MOST_PENDING_VALUES = 1 << 22
"""Fewer batches wait where they are large: images would fill the memory."""


class Meter:
    """Sums over samples for every output; batches may come in any number and size.

    ``scales`` and ``centres`` are one a head: what a target's values are multiplied by to be in its own units again,
    and a constant near their mean (see ``Errors``).
    """

    def __init__(
        self,
        objectives: Sequence[OutputObjective],
        widths: Sequence[int],
        scales: Sequence[float],
        centres: Sequence[float],
        device: torch.device,
    ) -> None:
        self._objectives = tuple(objectives)
        self._device = device
        self._dtype = wide_float(device)
        self._losses = torch.zeros(len(objectives), dtype=self._dtype, device=device)
        self._statistics: list[Statistic | None] = [
            _statistic(objective, width, scale, centre, device)
            for objective, width, scale, centre in zip(objectives, widths, scales, centres, strict=True)
        ]
        self._pending: list[tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]] = []
        self._waiting = 0
        self.samples = 0

    def update(self, outputs: Sequence[Tensor], targets: Sequence[Tensor], losses: Sequence[Tensor]) -> None:
        """Add a batch: arranged outputs, prepared targets and mean losses, one of each per head."""
        outputs = [each.detach() for each in outputs]
        self._pending.append((outputs, targets, [each.detach() for each in losses]))
        self.samples += len(targets[0])
        self._waiting += sum(each.numel() for each in outputs)
        if len(self._pending) == _PENDING or self._waiting >= _MOST_PENDING_VALUES:
            self.flush()

    def flush(self) -> None:
        """Add what is pending to the sums."""
        if not self._pending:
            return
        pending, self._pending, self._waiting = self._pending, [], 0
        counts = torch.tensor([float(len(targets[0])) for _, targets, _ in pending], dtype=self._dtype)
        losses = torch.stack([loss for _, _, losses in pending for loss in losses]).to(self._dtype)
        self._losses += counts.to(self._device) @ losses.view(len(pending), -1)
        for head, statistic in enumerate(self._statistics):
            if statistic is not None:
                outputs = torch.cat([batch[0][head] for batch in pending])
                statistic.update(outputs, torch.cat([batch[1][head] for batch in pending]))

    def loss_sums(self) -> list[float]:
        """Read the loss of every head back, summed over the samples so far."""
        self.flush()
        sums: list[float] = self._losses.tolist()
        return sums

    def values(self) -> dict[str, float]:
        """Return losses and metrics over all samples; empty before the first."""
        if not self.samples:
            return {}
        found = loss_values(self._objectives, [each / self.samples for each in self.loss_sums()])
        for objective, statistic in zip(self._objectives, self._statistics, strict=True):
            if statistic is not None:
                sums = statistic.result()
                found |= {f"{objective.output}/{metric.id}": metric.compute(sums) for metric in objective.metrics}
        return found

    def state(self) -> dict[str, Any]:
        """Return the sums as tensors and plain values, to be stored with a checkpoint."""
        self.flush()
        sums = [None if each is None else each.sums.cpu() for each in self._statistics]
        return {"samples": self.samples, "losses": self._losses.cpu(), "statistics": sums}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from stored sums."""
        self.samples = state["samples"]
        self._losses.copy_(state["losses"])
        for statistic, sums in zip(self._statistics, state["statistics"], strict=True):
            if statistic is not None:
                statistic.sums.copy_(sums)


def loss_values(objectives: Sequence[OutputObjective], losses: Sequence[float]) -> dict[str, float]:
    """Name the mean losses of all heads, the weighted total first."""
    total = sum(objective.weight * loss for objective, loss in zip(objectives, losses, strict=True))
    named = {f"{objective.output}/loss": loss for objective, loss in zip(objectives, losses, strict=True)}
    return {"loss": total, **named}


def _statistic(
    objective: OutputObjective, width: int, scale: float, centre: float, device: torch.device
) -> Statistic | None:
    if not objective.metrics:
        return None
    if objective.loss.target == "number":
        return Errors(scale, centre, device)
    binary = objective.loss.target == "binary"
    return Confusion(max(objective.classes, width), binary=binary, device=device)
