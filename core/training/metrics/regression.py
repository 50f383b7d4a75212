"""Metrics for numbers, in the target's own units, all read from the sums of ``core.training.statistics.Errors``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.kinds import MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def mae(sums: Tensor) -> float:
    """Return the mean absolute error."""
    count, absolute, *_ = sums.tolist()
    return float(absolute / count)


def rmse(sums: Tensor) -> float:
    """Return the square root of the mean squared error."""
    count, _absolute, squared, *_ = sums.tolist()
    return float((squared / count) ** 0.5)


def r2(sums: Tensor) -> float:
    """Return the share of the target's variance that is explained; 0 (or 1, if exact) where it has none."""
    count, _absolute, squared, total, total_squared = sums.tolist()
    spread = total_squared - total * total / count
    if spread <= 0:
        return 1.0 if squared == 0 else 0.0
    return float(1 - squared / spread)


KINDS = (
    MetricKind("mae", "MAE", "Mean absolute error, in the target's units.", "errors", mae, "lower", automatic=True),
    MetricKind("rmse", "RMSE", "Root of the mean squared error, in the target's units.", "errors", rmse, "lower"),
    MetricKind(
        "r2",
        "R²",
        "Share of the target's variance that is explained: 1 is exact, 0 no better than the mean.",
        "errors",
        r2,
        "higher",
        automatic=True,
    ),
)
