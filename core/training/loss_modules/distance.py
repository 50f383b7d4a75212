"""Distances between what was predicted and what was wanted."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.training.loss_modules._reduce import Reduction, reduced


class LogCoshLoss(nn.Module):
    """``log(cosh(error))``: half the square of small errors, the absolute value of large ones less log 2.

    Written ``|e| + log(1 + exp(-2 |e|)) - log 2``, which never overflows. Inputs and targets are of one shape.
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.reduction: Reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss, of shape () or, unreduced, that of the targets."""
        error = input - target
        return reduced(error + functional.softplus(-2 * error) - math.log(2), self.reduction)


class PercentageLoss(nn.Module):
    """Mean absolute percentage error: ``100 |error| / max(|target|, eps)``.

    Inputs and targets are of one shape.

    Args:
        eps: The smallest divisor, for targets of zero.
    """

    def __init__(self, eps: float = 1e-6, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.eps = eps
        self.reduction: Reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss in percent, of shape () or, unreduced, that of the targets."""
        return reduced(100 * (input - target).abs() / target.abs().clamp(min=self.eps), self.reduction)


class CosineLoss(nn.Module):
    """``1 - cos`` of the angle between what was predicted and the target; their lengths do not matter.

    Inputs and targets are of one shape (N, …); all values of a sample are one vector.

    Args:
        eps: The smallest product of lengths, for vectors of zeros.
    """

    def __init__(self, eps: float = 1e-8, reduction: Reduction = "mean") -> None:
        super().__init__()
        self.eps = eps
        self.reduction: Reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss, of shape () or, unreduced, (N,)."""
        cosine = functional.cosine_similarity(input.flatten(1), target.flatten(1), eps=self.eps)
        return reduced(1 - cosine, self.reduction)


class TripletDistanceLoss(nn.TripletMarginWithDistanceLoss):
    """PyTorch's triplet loss with a distance chosen by its name.

    Anchor, positive and negative are (N, D) each.

    Args:
        distance: How far two vectors are from each other.
        margin: By how much the negative has to be farther from the anchor than the positive.
        swap: Take the distance between positive and negative where that is the smaller one.
    """

    def __init__(
        self,
        distance: Literal["euclidean", "squared", "manhattan", "cosine"] = "cosine",
        margin: float = 1.0,
        swap: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        function = {"euclidean": _euclidean, "squared": _squared, "manhattan": _manhattan, "cosine": _cosine}[distance]
        super().__init__(distance_function=function, margin=margin, swap=swap, reduction=reduction)


def _euclidean(a: Tensor, b: Tensor) -> Tensor:
    return functional.pairwise_distance(a, b)


def _squared(a: Tensor, b: Tensor) -> Tensor:
    return torch.square(a - b).sum(-1)


def _manhattan(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().sum(-1)


def _cosine(a: Tensor, b: Tensor) -> Tensor:
    return 1 - functional.cosine_similarity(a, b)
