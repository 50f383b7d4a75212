"""What is counted of predicted classes: which for which, how sure, and how far down the list the right one was."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from core.training.statistics._base import (
    Head,
    Statistic,
    log_probabilities,
    predicted_classes,
    scores_by_class,
    spread,
    true_classes,
)

MOST_CLASSES = 512
"""Up to so many classes every pair of true and predicted class is counted; the square of more fills the memory."""
BINS = 15
"""Bins of equal width in which confidence is compared with accuracy."""
_LEAST_LOG = math.log(torch.finfo(torch.float64).eps)


class Classes(Statistic):
    """Counts of samples (or pixels) by true and predicted class. Nothing waits for the device.

    ``result`` gives, by class, (4, classes): how many were predicted right, how many are of it, how many were
    predicted to be of it, and the sum of (true - predicted)² over those that are of it. Counts are whole numbers until
    weights come.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.classes = head.width if head.target == "class" else 2
        self.whole = self.classes <= MOST_CLASSES
        size = self.classes**2 if self.whole else 4 * self.classes
        self.sums = torch.zeros(size, dtype=torch.int64, device=device)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        predicted = predicted_classes(self.head, outputs)
        truth, counted = true_classes(self.head, targets)
        truth = truth.reshape(-1)
        if weights is not None and not self.sums.is_floating_point():
            # A tensor made in inference mode could not be added to outside of it.
            with torch.inference_mode(False):
                self.sums = self.sums.to(self.dtype)
        counts = spread(weights, counted, self.sums.dtype)
        if self.whole:
            self.sums.scatter_add_(0, truth.mul_(self.classes).add_(predicted), counts)
            return
        rows = self.sums.view(4, self.classes)
        rows[0].scatter_add_(0, truth, counts * (truth == predicted))
        rows[1].scatter_add_(0, truth, counts)
        rows[2].scatter_add_(0, predicted, counts)
        rows[3].scatter_add_(0, truth, counts * (truth - predicted) ** 2)

    def matrix(self) -> Tensor | None:
        """Return the sums (true class, predicted class) as float64 on the CPU; None where there are too many."""
        return self.sums.cpu().double().view(self.classes, self.classes) if self.whole else None

    def result(self) -> Tensor:
        """Return what was counted by class, (4, classes), as float64 on the CPU."""
        matrix = self.matrix()
        if matrix is None:
            return self.sums.cpu().double().view(4, self.classes)
        index = torch.arange(self.classes, dtype=torch.float64)
        distance = (index[:, None] - index) ** 2
        return torch.stack((matrix.diagonal(), matrix.sum(1), matrix.sum(0), (matrix * distance).sum(1)))


class Ranks(Statistic):
    """Counts of samples by the place of the true class among the scores, the highest first: (classes,).

    Of equal scores the later class comes first, as in scikit-learn's ``top_k_accuracy_score``.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(head.width)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        truth, counted = true_classes(self.head, targets)
        truth, scores = truth.reshape(-1, 1), scores_by_class(outputs)
        own = scores.gather(1, truth)
        later = torch.arange(scores.shape[1], device=scores.device) > truth
        before = (scores > own) | ((scores == own) & later)
        self.sums.scatter_add_(0, before.sum(1), spread(weights, counted, self.dtype))


class Probabilities(Statistic):
    """Sums of what the probabilities say: (3 + 3 · bins,).

    Weight, -log of the true class's probability (none counts as less than float64's epsilon, as in scikit-learn),
    Brier's squared distance (halved for two classes); then by bin of the highest probability: weight, that
    probability, and the weight of what was right.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(3 + 3 * BINS)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        logs = log_probabilities(self.head, outputs, self.dtype)
        truth, counted = true_classes(self.head, targets)
        truth = truth.reshape(-1)
        weight = spread(weights, counted, self.dtype)
        surprise = -logs.gather(1, truth[:, None])[:, 0].clamp(min=_LEAST_LOG)
        shares = logs.exp()
        distance = shares.square().sum(1) - 2 * shares.gather(1, truth[:, None])[:, 0] + 1
        if shares.shape[1] == 2:
            distance = distance / 2
        confidence, predicted = shares.max(1)
        self.sums[:3] += torch.stack((weight, weight * surprise, weight * distance)).sum(1)
        bins = ((confidence * BINS).ceil().long() - 1).clamp(0, BINS - 1)
        table = self.sums[3:].view(3, BINS)
        table[0].scatter_add_(0, bins, weight)
        table[1].scatter_add_(0, bins, weight * confidence)
        table[2].scatter_add_(0, bins, weight * (predicted == truth))
