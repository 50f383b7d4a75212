"""The confusion matrix while training goes on, from what the validation pass has counted anyway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.training.events import Confused
from core.training.meter import Meter

MOST_CLASSES = 100
"""Matrices of more classes are neither logged nor shown while training."""


def confusions(meter: Meter, classes: Mapping[str, Sequence[str]], epoch: int) -> Iterator[Confused]:
    """Yield the matrix of every output whose metrics count classes; ``classes`` are the names by Output."""
    for output, names in classes.items():
        counts = meter.confusion(output)
        if counts is None or len(counts) > MOST_CLASSES:
            continue
        known = (*names, *(str(index) for index in range(len(names), len(counts))))[: len(counts)]
        whole = bool((counts == counts.round()).all())
        rows = tuple(tuple(int(each) if whole else each for each in row) for row in counts.tolist())
        yield Confused(epoch, output, known, rows)
