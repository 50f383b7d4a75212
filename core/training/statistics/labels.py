"""What is counted where a sample may carry several labels, or none."""

from __future__ import annotations

import torch
from torch import Tensor

from core.training.statistics._base import Head, Statistic


def _weight(weights: Tensor | None, targets: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.ones(len(targets), dtype=dtype, device=targets.device) if weights is None else weights.to(dtype)


class Labels(Statistic):
    """Counts by label, (3, labels): predicted rightly, carried, predicted."""

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(3, head.width)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch: scores and targets (N, labels)."""
        predicted, carried = outputs > 0, targets > 0.5
        counts = torch.stack((predicted & carried, carried, predicted)).to(self.dtype)
        self.sums += torch.einsum("cnl,n->cl", counts, _weight(weights, targets, self.dtype))


class LabelSets(Statistic):
    """Weight and sums over samples, (4,): all labels right, share of labels wrong, F1 of the sample's own labels."""

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(4)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch: scores and targets (N, labels)."""
        predicted, carried = outputs > 0, targets > 0.5
        wrong = (predicted != carried).to(self.dtype).mean(1)
        both = (predicted & carried).sum(1).to(self.dtype)
        either = predicted.sum(1) + carried.sum(1)
        f1 = 2 * both / either.clamp(min=1)
        terms = torch.stack((torch.ones_like(wrong), (wrong == 0).to(self.dtype), wrong, f1))
        self.sums += terms @ _weight(weights, targets, self.dtype)


class LabelRanks(Statistic):
    """Weight and sum over samples of the label ranking average precision, (2,).

    For each label carried: the share of carried ones among all that score at least as high; averaged. Samples that
    carry all labels or none count 1. Source: Tsoumakas, Katakis and Vlahavas, Mining Multi-label Data, 2010.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(2)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch: scores and targets (N, labels)."""
        carried = targets > 0.5
        total = torch.zeros(len(targets), dtype=self.dtype, device=targets.device)
        for label in range(targets.shape[1]):
            as_high = outputs >= outputs[:, label : label + 1]
            share = (as_high & carried).sum(1) / as_high.sum(1).clamp(min=1).to(self.dtype)
            total += share * carried[:, label]
        count = carried.sum(1)
        mean = total / count.clamp(min=1)
        mean = torch.where((count == 0) | (count == targets.shape[1]), 1.0, mean)
        self.sums += torch.stack((torch.ones_like(mean), mean)) @ _weight(weights, targets, self.dtype)
