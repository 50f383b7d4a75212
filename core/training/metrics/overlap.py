"""Overlap of predicted and true areas: IoU (Jaccard) and Dice."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.training.metrics._kind import MetricKind
from core.training.metrics.precision_recall import averaged, f1_parts

if TYPE_CHECKING:
    from torch import Tensor

_JACCARD = "Jaccard, The distribution of the flora in the alpine zone, 1912"
_DICE = "Dice, Measures of the amount of ecologic association between species, 1945"


def iou_parts(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Return, by class, what is both true and predicted, and what is either."""
    return counts[0], counts[1] + counts[2] - counts[0]


def _kind(
    name: str,
    title: str,
    said: str,
    parts: tuple[Callable[[Tensor], tuple[Tensor, Tensor]], str],
    formula: str,
    source: str,
    *,
    automatic: bool = False,
) -> MetricKind:
    of, average = parts
    return MetricKind(
        name,
        title,
        said,
        ("class", "binary"),
        "classes",
        partial(averaged, parts=of, average=average),
        "higher",
        formula,
        source,
        automatic=("class", "binary") if automatic else (),
        meanings=("mask",),
        two_classes=average == "positive",
    )


KINDS = (
    _kind(
        "iou",
        "IoU (mean)",
        "Overlap of predicted and true area divided by both together, averaged over the classes that occur.",
        (iou_parts, "macro"),
        "|Ŷ and Y| / |Ŷ or Y|",
        _JACCARD,
        automatic=True,
    ),
    _kind(
        "iou_positive",
        "IoU (foreground)",
        "Overlap of predicted and true foreground divided by both together.",
        (iou_parts, "positive"),
        "|Ŷ and Y| / |Ŷ or Y|",
        _JACCARD,
    ),
    _kind(
        "dice",
        "Dice (mean)",
        "Twice the overlap divided by the sum of both areas, averaged over the classes that occur.",
        (f1_parts, "macro"),
        "2·|Ŷ and Y| / (|Ŷ| + |Y|)",
        _DICE,
    ),
    _kind(
        "dice_positive",
        "Dice (foreground)",
        "Twice the overlap of predicted and true foreground divided by the sum of both.",
        (f1_parts, "positive"),
        "2·|Ŷ and Y| / (|Ŷ| + |Y|)",
        _DICE,
    ),
)
