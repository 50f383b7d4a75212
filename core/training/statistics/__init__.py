"""Sums over samples, kept as tensors on the device, from which every metric is computed without looking at batches."""

from __future__ import annotations

import torch

from core.training.statistics._base import Head, Statistic, wide_float
from core.training.statistics.classes import Classes, Probabilities, Ranks
from core.training.statistics.images import SignalToNoise, Similarity
from core.training.statistics.kept import Kept
from core.training.statistics.labels import LabelRanks, Labels, LabelSets
from core.training.statistics.numbers import Angles, Deviance, Errors, Largest, Moments, Relative
from core.training.statistics.sequences import Edits, Tokens, Words

__all__ = ["STATISTICS", "Classes", "Head", "Kept", "Statistic", "make", "wide_float"]

STATISTICS: dict[str, type[Statistic]] = {
    "classes": Classes,
    "probabilities": Probabilities,
    "ranks": Ranks,
    "kept": Kept,
    "labels": Labels,
    "label_sets": LabelSets,
    "label_ranks": LabelRanks,
    "errors": Errors,
    "largest": Largest,
    "moments": Moments,
    "relative": Relative,
    "deviance": Deviance,
    "angles": Angles,
    "tokens": Tokens,
    "edits": Edits,
    "words": Words,
    "signal": SignalToNoise,
    "similarity": Similarity,
}
"""What a metric may need, by the name it is declared with."""


def make(name: str, head: Head, device: torch.device) -> Statistic:
    """Return a statistic of that name that has seen nothing yet."""
    return STATISTICS[name](head, device)
