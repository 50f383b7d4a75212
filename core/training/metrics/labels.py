"""Metrics of samples that may carry several labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "Tsoumakas, Katakis and Vlahavas, Mining multi-label data, 2010"


def mean_of(sums: Tensor, index: int) -> float:
    """Return a sum over samples divided by their weight, which comes first."""
    return quotient(float(sums[index]), float(sums[0]))


KINDS = (
    MetricKind(
        "subset_accuracy",
        "Subset accuracy",
        "Share of samples with every label right.",
        ("labels",),
        "label_sets",
        partial(mean_of, index=1),
        "higher",
        "Σ [Ŷ = Y] / N",
        _SOURCE,
        automatic=("labels",),
        percent=True,
    ),
    MetricKind(
        "hamming",
        "Hamming loss",
        "Share of all labels that are wrong.",
        ("labels",),
        "label_sets",
        partial(mean_of, index=2),
        "lower",
        "Σ |Ŷ △ Y| / (N·L)",
        _SOURCE,
        automatic=("labels",),
        percent=True,
    ),
    MetricKind(
        "label_ranking",
        "Label ranking average precision",
        "For every label a sample carries: how many of those that score as high or higher it carries too.",
        ("labels",),
        "label_ranks",
        partial(mean_of, index=1),
        "higher",
        "mean over samples and labels of carried / rank",
        _SOURCE,
    ),
)
