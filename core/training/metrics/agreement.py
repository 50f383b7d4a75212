"""Agreement beyond chance: Cohen's kappa and Matthews' correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def kappa(counts: Tensor) -> float:
    """Return the agreement beyond what chance would give; undefined where chance alone gives all."""
    right, true, predicted = counts[0].sum(), counts[1], counts[2]
    total = true.sum()
    expected = (true * predicted).sum() / total
    return 1 - quotient(float(total - right), float(total - expected))


def quadratic_kappa(counts: Tensor) -> float:
    """Return the same with disagreements weighted by the square of the classes' distance in their whole list."""
    true, predicted = counts[1], counts[2]
    index = true.cumsum(0).new_ones(len(true)).cumsum(0)
    total = true.sum()
    # The expected sum of (i - j)², written out, so that no matrix of classes is needed.
    spread = (true * index**2).sum() * predicted.sum() + (predicted * index**2).sum() * total
    expected = (spread - 2 * (true * index).sum() * (predicted * index).sum()) / total
    return 1 - quotient(float(counts[3].sum()), float(expected))


def mcc(counts: Tensor) -> float:
    """Return the correlation of true and predicted class; 0 where one of them is always the same."""
    right, true, predicted = counts[0].sum(), counts[1], counts[2]
    total = true.sum()
    together = right * total - (true * predicted).sum()
    apart = (total * total - (predicted * predicted).sum()) * (total * total - (true * true).sum())
    return float(together / apart.sqrt()) if apart > 0 else 0.0


KINDS = (
    MetricKind(
        "kappa",
        "Cohen's kappa",
        "Agreement of prediction and truth beyond chance: 1 is perfect, 0 what guessing by frequency gives.",
        ("class", "binary"),
        "classes",
        kappa,
        "higher",
        "(observed - expected) / (1 - expected)",
        "Cohen, A coefficient of agreement for nominal scales, 1960",
        apart=("text",),
    ),
    MetricKind(
        "kappa_quadratic",
        "Cohen's kappa (quadratic)",
        "Agreement beyond chance for classes with an order: being far off counts by the square of the distance.",
        ("class", "binary"),
        "classes",
        quadratic_kappa,
        "higher",
        "1 - Σ (i - j)²·observed / Σ (i - j)²·expected",
        "Cohen, Weighted kappa, 1968",
        apart=("text", "mask"),
    ),
    MetricKind(
        "mcc",
        "Matthews correlation",
        "Correlation of prediction and truth, from -1 to 1; trustworthy where one class is rare.",
        ("class", "binary"),
        "classes",
        mcc,
        "higher",
        "(right·N - Σ true·predicted) / √((N² - Σ predicted²)·(N² - Σ true²))",
        "Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, 2004",
        apart=("text",),
    ),
)
