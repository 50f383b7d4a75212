"""Precision, recall, F1 and specificity, averaged over classes or labels in the ways that scikit-learn names.

Macro: the mean over classes. Weighted: the same, each class counting as often as it is true. Micro: over all classes'
counts at once. Positive: of the second of two classes alone. Classes (and labels) that are neither true nor predicted
do not count in a mean; where a divisor is 0, the value is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.training.kinds import TargetType
from core.training.metrics._by_class import present, ratio, share
from core.training.metrics._kind import MetricKind

if TYPE_CHECKING:
    from torch import Tensor

Parts = tuple["Tensor", "Tensor"]
_AVERAGES: tuple[Literal["macro", "micro", "weighted", "positive"], ...] = ("macro", "micro", "weighted", "positive")
_SOURCE = "Van Rijsbergen, Information Retrieval, 1979"
_SAID = {
    "macro": "averaged over the classes, rare ones counting as much as common ones",
    "micro": "over all classes' counts at once",
    "weighted": "averaged over the classes, each as often as it occurs",
    "positive": "of the second of the two classes",
}


def precision_parts(counts: Tensor) -> Parts:
    """Return, by class, how many were predicted rightly and how many were predicted."""
    return counts[0], counts[2]


def recall_parts(counts: Tensor) -> Parts:
    """Return, by class, how many were predicted rightly and how many there are."""
    return counts[0], counts[1]


def f1_parts(counts: Tensor) -> Parts:
    """Return, by class, twice what was predicted rightly, and true and predicted together."""
    return 2 * counts[0], counts[1] + counts[2]


def specificity_parts(counts: Tensor) -> Parts:
    """Return, by class, how many others were rightly not predicted to be of it, and how many others there are."""
    total = counts[1].sum()
    return total - counts[1] - counts[2] + counts[0], total - counts[1]


def averaged(counts: Tensor, parts: Callable[[Tensor], Parts], average: str) -> float:
    """Return a quotient by class, averaged."""
    part, whole = parts(counts)
    if average == "positive":
        return ratio(part[-1], whole[-1])
    if average == "micro":
        return ratio(part.sum(), whole.sum())
    values, weights = share(part, whole), counts[1] if average == "weighted" else present(counts).double()
    return ratio((values * weights).sum(), weights.sum())


def f1_samples(sums: Tensor) -> float:
    """Return the mean over samples of the F1 of their own labels."""
    return ratio(sums[3], sums[0])


def _kinds(stem: str, title: str, said: str, formula: str, parts: Callable[[Tensor], Parts]) -> Iterator[MetricKind]:
    for average in _AVERAGES:
        targets: tuple[TargetType, ...] = (
            ("class", "binary") if average == "positive" else ("class", "binary", "labels")
        )
        yield MetricKind(
            stem if average == "macro" else f"{stem}_{average}",
            f"{title} ({average})",
            f"{said}; {_SAID[average]}.",
            targets,
            "classes",
            partial(averaged, parts=parts, average=average),
            "higher",
            formula,
            _SOURCE,
            two_classes=average == "positive",
            label_statistic="labels",
            automatic=("labels",) if (stem, average) == ("f1", "macro") else (),
            apart=("text",),
        )


_PRECISION = "How much of what was predicted to be of a class is of it"
_RECALL = "How much of what is of a class was predicted to be"
_F1 = "Balance of precision and recall"
_SPECIFICITY = "How much of what is not of a class was not predicted to be"

KINDS = (
    *_kinds("precision", "Precision", _PRECISION, "right / predicted", precision_parts),
    *_kinds("recall", "Recall", _RECALL, "right / true", recall_parts),
    *_kinds("f1", "F1", _F1, "2 · right / (true + predicted)", f1_parts),
    *(
        MetricKind(
            "specificity" if average == "macro" else f"specificity_{average}",
            f"Specificity ({average})",
            f"{_SPECIFICITY}; {_SAID[average]}.",
            ("class", "binary"),
            "classes",
            partial(averaged, parts=specificity_parts, average=average),
            "higher",
            "rightly not predicted / not true",
            "Yerushalmy, Statistical problems in assessing methods of medical diagnosis, 1947",
            two_classes=average == "positive",
            apart=("text",),
        )
        for average in ("macro", "positive")
    ),
    MetricKind(
        "f1_samples",
        "F1 (samples)",
        "Balance of precision and recall of each sample's own labels, averaged over the samples.",
        ("labels",),
        "label_sets",
        f1_samples,
        "higher",
        "mean over samples of 2 · |Ŷ ∩ Y| / (|Ŷ| + |Y|)",
        _SOURCE,
    ),
)
