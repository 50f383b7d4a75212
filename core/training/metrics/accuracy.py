"""Accuracies: how much of what was predicted is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor

_FORMULA = "Σ [ŷ = y] / N"


def accuracy(counts: Tensor) -> float:
    """Return the share of samples whose class was predicted."""
    return quotient(float(counts[0].sum()), float(counts[1].sum()))


def token_accuracy(sums: Tensor) -> float:
    """Return the share of places whose token was predicted."""
    return quotient(float(sums[1]), float(sums[0]))


def balanced_accuracy(counts: Tensor) -> float:
    """Return the mean over classes of the share predicted right; classes without a sample do not count."""
    samples = counts[1]
    present = samples > 0
    return float((counts[0][present] / samples[present]).mean())


KINDS = (
    MetricKind(
        "accuracy",
        "Accuracy",
        "Share of samples whose class was predicted.",
        ("class", "binary"),
        "classes",
        accuracy,
        "higher",
        _FORMULA,
        automatic=("class", "binary"),
        apart=("mask", "text"),
        percent=True,
    ),
    MetricKind(
        "balanced_accuracy",
        "Balanced accuracy",
        "The accuracy within each class, averaged: rare classes count as much as common ones.",
        ("class", "binary"),
        "classes",
        balanced_accuracy,
        "higher",
        "mean over classes of right / true",
        "Brodersen et al., The balanced accuracy and its posterior distribution, 2010",
        apart=("text",),
        percent=True,
    ),
    MetricKind(
        "pixel_accuracy",
        "Pixel accuracy",
        "Share of pixels whose class was predicted. A large background makes it high by itself.",
        ("class", "binary"),
        "classes",
        accuracy,
        "higher",
        _FORMULA,
        automatic=("class", "binary"),
        meanings=("mask",),
        percent=True,
    ),
    MetricKind(
        "token_accuracy",
        "Token accuracy",
        "Share of tokens predicted at their place; padding does not count.",
        ("class",),
        "tokens",
        token_accuracy,
        "higher",
        _FORMULA,
        automatic=("class",),
        meanings=("text",),
        percent=True,
    ),
)
