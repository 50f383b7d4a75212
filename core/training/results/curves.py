"""ROC and precision-recall curves of one class against the others, thinned to what a plot can show, and calibration."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.training.metrics.curves import precision_area, roc_area, steps
from core.training.statistics.classes import BINS

MOST_POINTS = 500
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """How well an output tells one class from the others, over all thresholds.

    ``roc`` is (false positive rate, true positive rate) from (0, 0) to (1, 1), to be joined by lines;
    ``precision_recall`` is (recall, precision) from recall 0, to be drawn in steps whose height is that of their right
    end. Both have ``MOST_POINTS`` at most. ``auroc`` and ``average_precision`` are those of all samples, NaN where the
    class has no sample, or (of the ROC curve) nothing else has one. ``positives`` is how many samples are of the class.
    """

    name: str
    roc: tuple[Numbers, Numbers]
    precision_recall: tuple[Numbers, Numbers]
    auroc: float
    average_precision: float
    positives: float


@dataclass(frozen=True)
class Calibration:
    """How sure the network was against how often it was right, in bins of equal width of the highest probability.

    Bin i reaches from ``edges[i]`` to ``edges[i + 1]``; ``counts`` are the samples in it, ``confidence`` their mean
    probability and ``accuracy`` the share that was right (NaN where there are none). ``error`` is the mean distance
    between the two, weighted by counts (Naeini, Cooper and Hauskrecht, 2015).
    """

    edges: tuple[float, ...]
    counts: tuple[float, ...]
    confidence: tuple[float, ...]
    accuracy: tuple[float, ...]
    error: float


def curve_of(rows: Tensor, column: int, name: str) -> Curve:
    """Return the curves of one column of what ``core.training.statistics.Kept`` kept."""
    true, false = (each.numpy() for each in steps(rows, column))
    positives, negatives = float(true[-1]), float(false[-1])
    recall = true / positives if positives else np.zeros_like(true)
    fallout = false / negatives if negatives else np.zeros_like(false)
    found = true + false
    precision = np.divide(true, found, out=np.ones_like(true), where=found > 0)
    return Curve(
        name,
        thinned(fallout, recall),
        thinned(recall, precision),
        roc_area(rows, column),
        precision_area(rows, column),
        positives,
    )


def thinned(x: Numbers, y: Numbers, most: int = MOST_POINTS) -> tuple[Numbers, Numbers]:
    """Return at most ``most`` points of a curve, both ends among them; x does not fall.

    Of the pieces between two points that stay, the one whose bounding box is largest is cut first, in the middle of its
    x: whatever lies between the points is inside of the boxes, so that their sum bounds what an area may be off.
    """
    last = len(x) - 1
    kept = {0, last}
    waiting = [(-_box(x, y, 0, last), 0, last)]
    while waiting and len(kept) < most:
        size, start, stop = heapq.heappop(waiting)
        if size == 0:
            break
        middle = int(np.searchsorted(x[start : stop + 1], (x[start] + x[stop]) / 2)) + start
        middle = min(max(middle, start + 1), stop - 1)
        kept.add(middle)
        for piece in ((start, middle), (middle, stop)):
            heapq.heappush(waiting, (-_box(x, y, *piece), *piece))
    places = np.array(sorted(kept))
    return x[places], y[places]


def _box(x: Numbers, y: Numbers, start: int, stop: int) -> float:
    """Return the area of the box around a piece of a curve; 0 where nothing lies between its ends."""
    if stop - start < 2:
        return 0.0
    piece = y[start : stop + 1]
    return float((x[stop] - x[start]) * (piece.max() - piece.min()))


def calibration_of(sums: Tensor) -> Calibration:
    """Return the bins of what ``core.training.statistics.classes.Probabilities`` summed up."""
    counts, confidence, right = (each.numpy() for each in sums[3:].view(3, BINS))
    divisor = np.where(counts > 0, counts, np.nan)
    means, shares = confidence / divisor, right / divisor
    whole = counts.sum()
    error = float(np.nansum(np.abs(shares - means) * counts) / whole) if whole else float("nan")
    edges = tuple(float(each) for each in np.linspace(0, 1, BINS + 1))
    return Calibration(edges, tuple(counts.tolist()), tuple(means.tolist()), tuple(shares.tolist()), error)
