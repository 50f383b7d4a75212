"""Top-k accuracy: the id ends in k, as in ``top_5``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.training.metrics._by_class import quotient
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor


def top_k(ranks: Tensor, k: int) -> float:
    """Return the share of samples whose class is among the ``k`` highest scores."""
    return quotient(float(ranks[:k].sum()), float(ranks.sum()))


def _top(k: int) -> MetricKind:
    return MetricKind(
        f"top_{k}",
        f"Top-{k} accuracy",
        f"Share of samples whose class is among the {k} highest scores.",
        ("class",),
        "ranks",
        partial(top_k, k=k),
        "higher",
        "Σ [rank of y ≤ k] / N",
        "Russakovsky et al., ImageNet large scale visual recognition challenge, 2015",
        percent=True,
        numbered=_top,
    )


KINDS = (_top(3), _top(5))
