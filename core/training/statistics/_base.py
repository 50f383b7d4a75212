"""What a statistic is, what it has to know of an output, and how outputs of every form become classes and numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.training.kinds import TargetType


@dataclass(frozen=True)
class Head:
    """What a statistic has to know of an output.

    ``target`` is the type of what it learns; ``TargetType`` says what outputs and targets are.
    ``width`` is the number of classes or labels. A number in the target's own units is ``value · scale + offset``;
    ``centre``, in scaled units, is any constant near the targets' mean: it keeps variances exact and changes no
    metric. ``span`` is the difference between the darkest and the brightest an image may hold, in own units.
    ``space`` is the token that parts words (None: every token is a word).
    """

    target: TargetType = "class"
    width: int = 1
    scale: float = 1.0
    offset: float = 0.0
    centre: float = 0.0
    span: float = 1.0
    space: int | None = None


class Statistic(ABC):
    """Sums that grow with every batch."""

    sums: Tensor

    def __init__(self, head: Head, device: torch.device) -> None:
        self.head = head
        self.dtype = wide_float(device)
        self.device = device

    @abstractmethod
    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch: what is predicted (see ``TargetType``), and prepared targets.

        ``weights`` (N,) say how much each sample counts; None: all alike.
        """

    def result(self) -> Tensor:
        """Return the sums as float64 on the CPU, ready for a metric."""
        return self.sums.cpu().double()

    def state(self) -> dict[str, Any]:
        """Return what it takes to go on from here to the same bit, as tensors and plain values."""
        return {"sums": self.sums.detach().cpu().clone()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state."""
        self.sums = state["sums"].to(self.device, copy=True)

    def add_state(self, state: Mapping[str, Any]) -> None:
        """Add what was stored of other samples."""
        self.sums = self.sums + state["sums"].to(self.device)

    def zeros(self, *size: int) -> Tensor:
        """Return zeros of the widest floating type."""
        return torch.zeros(size, dtype=self.dtype, device=self.device)

    def note(self) -> str:
        """Return what the user should know of how this was counted; usually nothing."""
        return ""


def wide_float(device: torch.device) -> torch.dtype:
    """Return the widest floating type of the device: Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def spread(weights: Tensor | None, counted: Tensor, dtype: torch.dtype) -> Tensor:
    """Return how much every place counts, flat: nothing where ``counted`` (N, …) is False, else its sample's weight."""
    if weights is None:
        return counted.reshape(-1).to(dtype)
    each = weights.to(dtype).view(-1, *[1] * (counted.dim() - 1))
    return torch.where(counted, each, torch.zeros_like(each)).reshape(-1)


def true_classes(head: Head, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the true class (int64) and whether the place counts, both in the shape of ``targets``."""
    counted = targets >= 0
    if head.target == "binary":
        return (targets > 0.5).long(), counted
    return torch.where(counted, targets.long(), 0), counted


def predicted_classes(head: Head, outputs: Tensor) -> Tensor:
    """Return the class of the highest score (of equal ones the first), flat; a single score above 0 is a yes."""
    return (outputs.argmax(1) if head.target == "class" else (outputs > 0).long()).reshape(-1)


def scores_by_class(outputs: Tensor) -> Tensor:
    """Return outputs (N, classes, …) as (places, classes)."""
    return outputs.movedim(1, -1).reshape(-1, outputs.shape[1])


def log_probabilities(head: Head, outputs: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the logarithms of the classes' probabilities, (places, classes); of a single score those of no and yes."""
    if head.target == "class":
        return functional.log_softmax(scores_by_class(outputs).to(dtype), 1)
    score = outputs.reshape(-1).to(dtype)
    return torch.stack((functional.logsigmoid(-score), functional.logsigmoid(score)), 1)
