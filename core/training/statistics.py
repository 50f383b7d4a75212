"""Sums over samples, kept as tensors on the device, from which every metric is computed without looking at batches."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class Statistic(Protocol):
    """Sums that grow with every batch; ``sums`` can be stored and put back."""

    sums: Tensor

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch."""
        ...

    def result(self) -> Tensor:
        """Return the sums as float64 on the CPU, ready for a metric."""
        ...


def wide_float(device: torch.device) -> torch.dtype:
    """Return the widest floating type of the device: Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


class Confusion:
    """Counts of samples by true and predicted class. Nothing waits for the device.

    ``binary``: outputs are one score each (N,), above zero meaning class 1; else scores by class (N, classes).
    Targets are class indices (N,), of any number type.
    """

    def __init__(self, classes: int, *, binary: bool, device: torch.device) -> None:
        self.classes = classes
        self.binary = binary
        self.sums = torch.zeros(classes * classes, dtype=torch.int64, device=device)

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch."""
        predicted = (outputs > 0).long() if self.binary else outputs.argmax(1)
        cells = targets.long() * self.classes + predicted
        self.sums.scatter_add_(0, cells, torch.ones_like(cells))

    def result(self) -> Tensor:
        """Return the matrix (true class, predicted class) as float64 on the CPU."""
        return self.sums.cpu().double().view(self.classes, self.classes)


class Errors:
    """Count, sum of |error|, of error², of the target and of target², in the target's own units.

    Outputs and targets, of one shape, are ``(value - mean) / scale``; every value counts. The target is counted from
    ``centre`` (in the same scaled units; any constant near its mean), which keeps the variance exact and changes no
    metric.
    """

    def __init__(self, scale: float, centre: float, device: torch.device) -> None:
        self.scale = scale
        self.centre = centre
        self.sums = torch.zeros(5, dtype=wide_float(device), device=device)

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Add a batch."""
        wanted = targets.reshape(-1).to(self.sums.dtype)
        error = outputs.reshape(-1).to(self.sums.dtype) - wanted
        wanted = wanted - self.centre
        ones = torch.ones_like(error)
        self.sums += torch.stack((ones, error.abs(), error * error, wanted, wanted * wanted)).sum(1)

    def result(self) -> Tensor:
        """Return the five sums as float64 on the CPU."""
        one, two = self.scale, self.scale * self.scale
        return self.sums.cpu().double() * torch.tensor([1.0, one, two, one, two], dtype=torch.float64)
