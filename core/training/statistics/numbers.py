"""What is summed of predicted numbers. Every value counts as one, whatever the shape; NaN in a target is padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.training.statistics._base import Head, Statistic, spread

_EPSILON = torch.finfo(torch.float64).eps


class _Numbers(Statistic):
    """Flattens values and gives padding no weight."""

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(self.size)

    size: int

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        counted = ~targets.isnan()
        wanted = torch.where(counted, targets, self.head.centre).reshape(-1).to(self.dtype)
        given = outputs.reshape(-1).to(self.dtype)
        weight = spread(weights, counted, self.dtype)
        self.add(torch.where(weight > 0, given, wanted), wanted, weight)

    def add(self, given: Tensor, wanted: Tensor, weight: Tensor) -> None:
        """Add values, (count,) each."""
        raise NotImplementedError

    def own(self, values: Tensor) -> Tensor:
        """Return values in the target's own units."""
        return values * self.head.scale + self.head.offset


class Errors(_Numbers):
    """Weight and sums of |error|, error², target, target² and error, in own units, the target from ``centre``: (6,)."""

    size = 6

    def add(self, given: Tensor, wanted: Tensor, weight: Tensor) -> None:
        """Add values."""
        error = given - wanted
        wanted = wanted - self.head.centre
        terms = torch.stack((torch.ones_like(error), error.abs(), error * error, wanted, wanted * wanted, error))
        self.sums += terms @ weight

    def result(self) -> Tensor:
        """Return the six sums as float64 on the CPU."""
        one, two = self.head.scale, self.head.scale * self.head.scale
        return self.sums.cpu().double() * torch.tensor([1.0, one, two, one, two, one], dtype=torch.float64)


class Largest(_Numbers):
    """The largest |error| in own units: (1,)."""

    size = 1

    def add(self, given: Tensor, wanted: Tensor, weight: Tensor) -> None:
        """Add values."""
        error = torch.where(weight > 0, (given - wanted).abs() * self.head.scale, torch.zeros_like(given))
        self.sums = torch.maximum(self.sums, error.max()) if len(error) else self.sums

    def add_state(self, state: Mapping[str, Any]) -> None:
        """Take the larger of both."""
        self.sums = torch.maximum(self.sums, state["sums"].to(self.device))


class Moments(_Numbers):
    """Weight and sums of output, target, output², target² and output · target, from ``centre``, scaled: (6,)."""

    size = 6

    def add(self, given: Tensor, wanted: Tensor, weight: Tensor) -> None:
        """Add values."""
        one, other = given - self.head.centre, wanted - self.head.centre
        terms = torch.stack((torch.ones_like(one), one, other, one * one, other * other, one * other))
        self.sums += terms @ weight


class Relative(_Numbers):
    """Weight and sums of |error| / |target| and of 2·|error| / (|target| + |output|), in own units: (3,).

    Smaller divisors than float64's epsilon count as that, as in scikit-learn.
    """

    size = 3

    def add(self, given: Tensor, wanted: Tensor, weight: Tensor) -> None:
        """Add values."""
        given, wanted = self.own(given), self.own(wanted)
        error = (given - wanted).abs()
        share = error / wanted.abs().clamp(min=_EPSILON)
        symmetric = 2 * error / (wanted.abs() + given.abs()).clamp(min=_EPSILON)
        self.sums += torch.stack((torch.ones_like(error), share, symmetric)) @ weight


class Deviance(_Numbers):
    """Weight and sum of Poisson's unit deviance 2·(t·log(t/y) - t + y), in own units; NaN once y ≤ 0 or t < 0: (2,).

    Source: McCullagh and Nelder, Generalized Linear Models, 1989, section 2.3.
    """

    size = 2

    def add(self, given: Tensor, wanted: Tensor, weight: Tensor) -> None:
        """Add values."""
        given, wanted = self.own(given), self.own(wanted)
        deviance = 2 * (torch.xlogy(wanted, wanted / given) - wanted + given)
        possible = (given > 0) & (wanted >= 0) | (weight == 0)
        deviance = torch.where(possible, deviance, torch.nan)
        deviance = torch.where(weight > 0, deviance, 0.0)
        self.sums += torch.stack((torch.ones_like(deviance), deviance)) @ weight


class Angles(Statistic):
    """Weight and sum of the cosine between each sample's output and target, flattened, as the network gives it: (2,).

    Padding counts as 0 on both sides; a vector of length 0 has the cosine 0.
    """

    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(2)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        given = outputs.reshape(len(targets), -1).to(self.dtype)
        wanted = targets.reshape(len(targets), -1).to(self.dtype)
        counted = ~wanted.isnan()
        given, wanted = torch.where(counted, given, 0.0), torch.where(counted, wanted, 0.0)
        lengths = given.norm(dim=1) * wanted.norm(dim=1)
        cosine = (given * wanted).sum(1) / lengths.clamp(min=torch.finfo(self.dtype).tiny)
        weight = torch.ones_like(cosine) if weights is None else weights.to(self.dtype)
        self.sums += torch.stack((torch.ones_like(cosine), cosine)) @ weight
