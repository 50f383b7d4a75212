"""The counts that metrics of classes and labels share, and a table of them for people who look at single classes.

``counts`` are rows by class (see ``core.training.statistics.Classes`` and ``Labels``): right, true, predicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def share(part: Tensor, whole: Tensor) -> Tensor:
    """Return part / whole, and 0 where the whole is 0."""
    return part / whole.where(whole != 0, 1) * (whole != 0)


def present(counts: Tensor) -> Tensor:
    """Return which classes are true or predicted at all: the others do not count in means over classes."""
    return (counts[1] + counts[2]) > 0


def ratio(part: Tensor, whole: Tensor) -> float:
    """Return the quotient of two sums, 0 where the second is 0."""
    return float(part / whole) if whole != 0 else 0.0


def quotient(part: float, whole: float) -> float:
    """Return part / whole, and NaN where nothing was counted."""
    return part / whole if whole else float("nan")


def by_class(counts: Tensor) -> dict[str, list[float]]:
    """Return what is said of single classes: samples, precision, recall, F1 and IoU, each a list by class."""
    right, true, predicted = counts[0], counts[1], counts[2]
    found = {
        "samples": true,
        "precision": share(right, predicted),
        "recall": share(right, true),
        "f1": share(2 * right, true + predicted),
        "iou": share(right, true + predicted - right),
    }
    return {name: [float(each) for each in values.tolist()] for name, values in found.items()}
