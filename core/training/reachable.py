"""What a loss can be on one batch: with the best answer that looks at no input, and with the best one for every sample.

A loss at the start says little of whether a batch was learned: fresh weights may be far worse than knowing nothing, and
some losses never come to zero (label smoothing, Poisson). So both ends are computed, by minimising the loss over the
outputs themselves in place of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.training.batches import Batch
from core.training.network import Network

_MOST_VALUES = 2_000_000
"""Batches with more output values are not measured: it would take longer than learning them."""
_ROUNDS = 60
_APART = 1e-3
"""Where both ends are closer than this share of their size, the batch tells nothing apart."""
_TENTH_OF_THE_SPREAD = math.log(10)


@dataclass(frozen=True)
class Ends:
    """The losses of a batch: ``blind`` with one answer for every sample, ``least`` with the best for each."""

    blind: float
    least: float

    def share(self, loss: float) -> float:
        """Return how much of the way from the one to the other a loss has gone (1: all of it)."""
        return (self.blind - loss) / (self.blind - self.least)


def ends(network: Network, batch: Batch) -> Ends | None:
    """Return what the loss of a batch can be, without penalties; None where that cannot be told.

    That is so for the user's own losses, for losses of distances (which one answer for all makes perfect), for very
    large outputs, and where all samples have the same target.
    """
    kinds = [criterion.kind for criterion in network.criteria]
    if any(kind.form in ("own", "triplet") or kind.gives == "distance" for kind in kinds):
        return None
    with torch.no_grad():
        raw = [each.detach().clone() for each in network.forward(batch.inputs)]
    if sum(each.numel() for each in raw) > _MOST_VALUES or not all(each.is_floating_point() for each in raw):
        return None
    shapes = [_allowed(kind.needs, kind.form) for kind in kinds]

    def loss_of(answers: Sequence[Tensor]) -> Tensor:
        outputs = [shape(answer.expand_as(each)) for shape, answer, each in zip(shapes, answers, raw, strict=True)]
        return network.total(network.losses(outputs, batch).losses)

    blind = _least(loss_of, [_near_zero(each[:1]) for each in raw])
    least = _least(loss_of, [_near_zero(each) for each in raw])
    unbounded = sum(
        objective.weight
        for objective, kind in zip(network.objectives, kinds, strict=True)
        if kind.gives == "mean"  # a density has no least loss: a tenth of the spread will do
    )
    if unbounded:
        least = max(least, blind - unbounded * _TENTH_OF_THE_SPREAD)
    if not (math.isfinite(blind) and math.isfinite(least)) or blind - least <= _APART * max(abs(blind), 1e-6):
        return None
    return Ends(blind, least)


def _allowed(needs: str, form: str) -> Callable[[Tensor], Tensor]:
    """Return what brings free numbers to what a loss takes as it is: probabilities or their logarithms."""
    if needs == "Sigmoid":
        return torch.sigmoid
    if needs == "LogSoftmax":
        return lambda free: functional.log_softmax(free, 1 if form == "class" and free.dim() != 3 else -1)
    return lambda free: free


def _near_zero(like: Tensor) -> Tensor:
    """Return small numbers, the same every time: exactly 0 is a place where some losses have no slope."""
    numbers = torch.randn(like.shape, generator=torch.Generator().manual_seed(0))
    return (0.01 * numbers).to(like)


def _least(loss_of: Callable[[Sequence[Tensor]], Tensor], answers: list[Tensor]) -> float:
    """Return the least loss that is found from these answers on, by L-BFGS with a line search."""
    free = [each.requires_grad_() for each in answers]
    optimizer = torch.optim.LBFGS(free, max_iter=_ROUNDS, line_search_fn="strong_wolfe")
    found: list[float] = []

    def closure() -> float:
        optimizer.zero_grad()
        loss = loss_of(free)
        loss.backward()  # type: ignore[no-untyped-call]
        found.append(float(loss.detach()))
        return found[-1]

    with torch.enable_grad():
        optimizer.step(closure)  # type: ignore[no-untyped-call]
    return min((each for each in found if math.isfinite(each)), default=math.nan)
