"""Metrics for categories, all of them read from one confusion matrix (rows: true class, columns: predicted)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.kinds import MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def accuracy(confusion: Tensor) -> float:
    """Return the share of samples whose class was predicted."""
    return float(confusion.trace() / confusion.sum())


def balanced_accuracy(confusion: Tensor) -> float:
    """Return the mean over classes of the share predicted right; classes without a sample do not count."""
    samples = confusion.sum(1)
    present = samples > 0
    return float((confusion.diagonal()[present] / samples[present]).mean())


def f1(confusion: Tensor) -> float:
    """Return the mean over classes of 2·right / (true + predicted); classes neither true nor predicted do not count."""
    both = confusion.sum(0) + confusion.sum(1)
    present = both > 0
    return float((2 * confusion.diagonal()[present] / both[present]).mean())


KINDS = (
    MetricKind(
        "accuracy",
        "Accuracy",
        "Share of samples whose class was predicted.",
        "confusion",
        accuracy,
        "higher",
        automatic=True,
    ),
    MetricKind(
        "balanced_accuracy",
        "Balanced accuracy",
        "The accuracy within each class, averaged: rare classes count as much as common ones.",
        "confusion",
        balanced_accuracy,
        "higher",
    ),
    MetricKind(
        "f1",
        "F1 (macro)",
        "Balance of precision and recall within each class, averaged over the classes.",
        "confusion",
        f1,
        "higher",
    ),
)
