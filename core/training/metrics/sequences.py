"""Error rates of sequences: how many edits lie between what was predicted and what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "Levenshtein, Binary codes capable of correcting deletions, insertions and reversals, 1966"


def error_rate(sums: Tensor) -> float:
    """Return the edits divided by the length of what was meant, over all sequences together."""
    return quotient(float(sums[0]), float(sums[1]))


def exact(sums: Tensor) -> float:
    """Return the share of sequences without an edit."""
    return quotient(float(sums[2]), float(sums[3]))


KINDS = (
    MetricKind(
        "cer",
        "Character error rate",
        "Insertions, deletions and replacements per token that was meant; it may exceed 1.",
        ("text", "class"),
        "edits",
        error_rate,
        "lower",
        "(I + D + R) / length",
        _SOURCE,
        automatic=("text",),
        meanings=("text",),
        percent=True,
    ),
    MetricKind(
        "wer",
        "Word error rate",
        "Inserted, deleted and replaced words per word that was meant; where tokens are words it is the rate of these.",
        ("text", "class"),
        "words",
        error_rate,
        "lower",
        "(I + D + R) / words",
        _SOURCE,
        meanings=("text",),
        percent=True,
    ),
    MetricKind(
        "exact_match",
        "Exact match",
        "Share of sequences that are right from beginning to end.",
        ("text", "class"),
        "edits",
        exact,
        "higher",
        "Σ [ŷ = y] / N",
        meanings=("text",),
        percent=True,
    ),
)
