"""Metrics for numbers, in the target's own units. Every value counts as one; padding does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.training.kinds import TargetType
from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor

_NUMBER: tuple[TargetType, ...] = ("number",)
_NOTHING = 1e-12
"""A variance below this share of the mean square is what rounding left of none."""


def mean_of(sums: Tensor, index: int) -> float:
    """Return a sum divided by the weight, which comes first."""
    return quotient(float(sums[index]), float(sums[0]))


def rmse(sums: Tensor) -> float:
    """Return the square root of the mean squared error."""
    return math.sqrt(mean_of(sums, 2)) if sums[0] else math.nan


def r2(sums: Tensor) -> float:
    """Return the share of the target's variance that is explained; 0 (or 1, if exact) where it has none."""
    return _explained(float(sums[2]), sums)


def explained_variance(sums: Tensor) -> float:
    """Return the same without what the predictions are off on average."""
    count, squared, total = float(sums[0]), float(sums[2]), float(sums[5])
    left = squared - quotient(total * total, count)
    return _explained(0.0 if left <= _NOTHING * squared else left, sums)


def _explained(squared: float, sums: Tensor) -> float:
    count, total, total_squared = float(sums[0]), float(sums[3]), float(sums[4])
    spread = total_squared - quotient(total * total, count)
    if spread <= _NOTHING * total_squared:
        return 1.0 if squared == 0 else 0.0
    return 1 - squared / spread


def largest(sums: Tensor) -> float:
    """Return the largest absolute error."""
    return float(sums[0])


def pearson(sums: Tensor) -> float:
    """Return the correlation of prediction and target; undefined where one of them is constant."""
    count, one, other, one_squared, other_squared, product = sums.tolist()
    if not count:
        return math.nan
    spreads = one_squared - one * one / count, other_squared - other * other / count
    if spreads[0] <= _NOTHING * one_squared or spreads[1] <= _NOTHING * other_squared:
        return math.nan
    return float((product - one * other / count) / math.sqrt(spreads[0] * spreads[1]))


def spearman(rows: Tensor) -> float:
    """Return the correlation of the ranks; equal values share their mean rank. Sample weights do not count."""
    import torch

    if not len(rows):
        return math.nan
    ranks = [_ranks(rows[:, column]) for column in (1, 2)]
    one, other = (each - each.mean() for each in ranks)
    spread = float(one.norm() * other.norm())
    return float(torch.dot(one, other)) / spread if spread else math.nan


def _ranks(values: Tensor) -> Tensor:
    ordered, order = values.sort()
    group = ordered.new_zeros(len(values))
    group[1:] = (ordered[1:] != ordered[:-1]).double()
    group = group.cumsum(0).long()
    sizes = group.bincount().double()
    ranks = ordered.new_zeros(len(values))
    ranks[order] = (sizes.cumsum(0) - (sizes - 1) / 2)[group]
    return ranks


def _error(
    name: str, title: str, said: str, compute: Callable[[Tensor], float], formula: str, *, automatic: bool = False
) -> MetricKind:
    chosen = _NUMBER if automatic else ()
    return MetricKind(name, title, said, _NUMBER, "errors", compute, "lower", formula, automatic=chosen)


def _other(
    name: str,
    title: str,
    said: str,
    needs: tuple[str, Callable[[Tensor], float]],
    better: Literal["higher", "lower"],
    formula: str,
    source: str = "",
    *,
    automatic: bool = False,
) -> MetricKind:
    statistic, compute = needs
    chosen = _NUMBER if automatic else ()
    return MetricKind(name, title, said, _NUMBER, statistic, compute, better, formula, source, chosen)


KINDS = (
    _error(
        "mae",
        "MAE",
        "Mean absolute error, in the target's units.",
        partial(mean_of, index=1),
        "mean |ŷ - y|",
        automatic=True,
    ),
    _error(
        "mse", "MSE", "Mean squared error, in the target's units squared.", partial(mean_of, index=2), "mean (ŷ - y)²"
    ),
    _error("rmse", "RMSE", "Root of the mean squared error, in the target's units.", rmse, "√ mean (ŷ - y)²"),
    _other(
        "max_error",
        "Largest error",
        "The largest absolute error, in the target's units.",
        ("largest", largest),
        "lower",
        "max |ŷ - y|",
    ),
    _other(
        "r2",
        "R²",
        "Share of the target's variance that is explained: 1 is exact, 0 no better than the mean.",
        ("errors", r2),
        "higher",
        "1 - Σ (ŷ - y)² / Σ (y - mean y)²",
        "Wright, Correlation and causation, 1921",
        automatic=True,
    ),
    _other(
        "explained_variance",
        "Explained variance",
        "As R², but being off by the same amount everywhere is forgiven.",
        ("errors", explained_variance),
        "higher",
        "1 - Var(ŷ - y) / Var(y)",
        "Wright, Correlation and causation, 1921",
    ),
    _other(
        "mape",
        "MAPE",
        "Mean absolute error as a share of the target: 0.1 is ten per cent. Targets near 0 make it useless.",
        ("relative", partial(mean_of, index=1)),
        "lower",
        "mean |ŷ - y| / |y|",
        "Makridakis, Accuracy measures: theoretical and practical concerns, 1993",
    ),
    _other(
        "smape",
        "SMAPE",
        "Mean absolute error as a share of the mean of target and prediction, from 0 to 2.",
        ("relative", partial(mean_of, index=2)),
        "lower",
        "mean 2·|ŷ - y| / (|ŷ| + |y|)",
        "Makridakis, Accuracy measures: theoretical and practical concerns, 1993",
    ),
    _other(
        "pearson",
        "Pearson correlation",
        "How well a straight line leads from prediction to target, from -1 to 1.",
        ("moments", pearson),
        "higher",
        "Cov(ŷ, y) / √(Var(ŷ)·Var(y))",
        "Pearson, Note on regression and inheritance in the case of two parents, 1895",
    ),
    _other(
        "spearman",
        "Spearman correlation",
        "How well predictions put the targets in order, from -1 to 1. Sample weights do not count.",
        ("kept", spearman),
        "higher",
        "Pearson correlation of the ranks",
        "Spearman, The proof and measurement of association between two things, 1904",
    ),
    _other(
        "poisson_deviance",
        "Poisson deviance",
        "For counts: how unlikely they are under the predicted rates. All predictions must be above 0.",
        ("deviance", partial(mean_of, index=1)),
        "lower",
        "mean 2·(y·log(y / ŷ) - y + ŷ)",
        "McCullagh and Nelder, Generalized linear models, 1989",
    ),
    _other(
        "cosine_similarity",
        "Cosine similarity",
        "Cosine of the angle between predicted and wanted values of a sample, averaged: 1 is the same direction.",
        ("angles", partial(mean_of, index=1)),
        "higher",
        "mean ŷ·y / (|ŷ|·|y|)",
    ),
)
