"""Finds a learning rate by the range test of Smith ("Cyclical Learning Rates for Training Neural Networks", 2017).

The rate grows exponentially from step to step until the loss explodes. A good rate is where the smoothed loss falls
most steeply over the logarithm of the rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.training.batches import Batch
from core.training.course import Course
from core.training.trial import one_loss, undisturbed
from core.training.watch import NotFiniteError

_SMOOTHING = 0.9
_EXPLODED = 4.0
"""The test ends where the smoothed loss is so many times its least."""
_FEWEST = 10
"""Steps that are needed to see a slope; the first few say nothing, for the smoothing still settles."""


@dataclass(frozen=True)
class RangeTest:
    """Rates and losses of every step, and the losses smoothed. ``suggestion`` is None where no slope could be seen."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggestion: float | None


def find_learning_rate(
    course: Course,
    *,
    lowest: float = 1e-7,
    highest: float = 10.0,
    steps: int = 100,
    go_on: Callable[[], bool] = lambda: True,
    tell: Callable[[float, float], None] = lambda _rate, _loss: None,
) -> RangeTest:
    """Sweep the learning rate over the course's network and data, which are afterwards as they were.

    ``go_on`` is asked before every step, ``tell`` told each rate and its loss. Rates are before the factors of layers.
    """
    rates: list[float] = []
    losses: list[float] = []
    with undisturbed(course):
        course.network.train()
        windows = _endless(course)
        for step in range(steps):
            rate = lowest * (highest / lowest) ** (step / max(1, steps - 1))
            for group in course.optimizer.param_groups:
                group["lr"] = rate * group.get("learning_rate_factor", 1.0)
            if not go_on():
                break
            try:
                loss = one_loss(course, next(windows))
            except NotFiniteError:
                break
            rates.append(rate)
            losses.append(loss)
            tell(rate, loss)
            if _exploded(losses):
                break
    curve = smoothed(losses)
    return RangeTest(tuple(rates), tuple(losses), tuple(curve), _steepest(rates, curve))


def _endless(course: Course) -> Iterator[list[Batch]]:
    """Yield the windows of one epoch after the other, in an order of their own."""
    order, epoch = course.session.order(), 0
    while True:
        order.shuffle()
        rows = [order.next() for _ in range(order.steps)]
        window: list[Batch] = []
        for batch in course.session.training.batches(rows, epoch):
            window.append(batch)
            if len(window) == course.accumulate:
                yield window
                window = []
        if window:
            yield window
        epoch += 1


def smoothed(losses: list[float]) -> list[float]:
    """Return exponentially smoothed losses, corrected for the start (as TensorBoard and Adam do)."""
    mean, curve = 0.0, []
    for number, loss in enumerate(losses, 1):
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
        curve.append(mean / (1 - _SMOOTHING**number))
    return curve


def _exploded(losses: list[float]) -> bool:
    curve = smoothed(losses)
    return len(curve) > _FEWEST and curve[-1] > _EXPLODED * abs(min(curve))


def _steepest(rates: list[float], curve: list[float]) -> float | None:
    """Return the rate at which the curve falls most over the logarithm of the rate."""
    if len(rates) <= _FEWEST:
        return None
    logs = [math.log(rate) for rate in rates]
    slopes = {
        index: (curve[index + 1] - curve[index - 1]) / (logs[index + 1] - logs[index - 1])
        for index in range(_FEWEST // 2, len(rates) - 1)
    }
    best = min(slopes, key=lambda index: slopes[index])
    return rates[best] if slopes[best] < 0 else None
