"""Areas under curves, which need the order of all samples' scores (see ``core.training.statistics.Kept``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def steps(rows: Tensor, column: int) -> tuple[Tensor, Tensor]:
    """Return the weight of true and of false positives, with every distinct score as the threshold, the highest first.

    ``rows`` are weight, targets and scores, (samples, 1 + columns + columns); both results begin with 0.
    """
    columns = (rows.shape[1] - 1) // 2
    score, order = rows[:, 1 + columns + column].sort(descending=True)
    weight, truth = rows[order, 0], rows[order, 1 + column]
    last = score.new_ones(len(score)).bool()
    last[:-1] = score[1:] != score[:-1]
    table = rows.new_zeros(2, int(last.sum()) + 1)
    table[0, 1:] = (weight * truth).cumsum(0)[last]
    table[1, 1:] = (weight * (1 - truth)).cumsum(0)[last]
    return table[0], table[1]


def roc_area(rows: Tensor, column: int) -> float:
    """Return the area under the ROC curve by trapezoids; NaN where one of the two classes is missing."""
    true, false = steps(rows, column)
    whole = float(true[-1] * false[-1])
    area = float(((false[1:] - false[:-1]) * (true[1:] + true[:-1])).sum()) / 2
    return area / whole if whole else float("nan")


def precision_area(rows: Tensor, column: int) -> float:
    """Return the mean of the precisions, weighted by the gain in recall; NaN where no sample is positive."""
    true, false = steps(rows, column)
    if not true[-1]:
        return float("nan")
    precision = true[1:] / (true[1:] + false[1:])
    return float(((true[1:] - true[:-1]) * precision).sum() / true[-1])


def mean_over_columns(rows: Tensor, area: Callable[[Tensor, int], float]) -> float:
    """Return the mean of an area over classes or labels; those of which it is undefined do not count."""
    found = [area(rows, column) for column in range((rows.shape[1] - 1) // 2)]
    defined = [each for each in found if each == each]
    return sum(defined) / len(defined) if defined else float("nan")


def best_accuracy(rows: Tensor) -> float:
    """Return the accuracy at the threshold that makes it highest."""
    true, false = steps(rows, 0)
    total = float(true[-1] + false[-1])
    return float((true + false[-1] - false).max()) / total if total else float("nan")


KINDS = (
    MetricKind(
        "auroc",
        "AUROC",
        "Chance that a sample of a class scores higher for it than one that is not; 0.5 is guessing. Averaged over the "
        "classes, those without samples left out.",
        ("class", "binary", "labels"),
        "kept",
        partial(mean_over_columns, area=roc_area),
        "higher",
        "∫ true positive rate d(false positive rate)",
        "Hanley and McNeil, The meaning and use of the area under a ROC curve, 1982",
        apart=("text", "mask"),
    ),
    MetricKind(
        "average_precision",
        "Average precision",
        "Area under the curve of precision over recall, averaged over the classes; it shows what rare classes suffer.",
        ("class", "binary", "labels"),
        "kept",
        partial(mean_over_columns, area=precision_area),
        "higher",
        "Σ (Rᵢ - Rᵢ₋₁)·Pᵢ",
        "Zhu, Recall, precision and average precision, 2004",
        apart=("text", "mask"),
    ),
    MetricKind(
        "verification_accuracy",
        "Accuracy at the best threshold",
        "Share of yes and no told rightly, such as whether pairs belong together, at the threshold that serves best.",
        ("binary",),
        "kept",
        best_accuracy,
        "higher",
        "max over t of Σ [(s ≥ t) = y] / N",
        "Huang et al., Labeled faces in the wild, 2007",
        apart=("mask",),
        percent=True,
    ),
)
