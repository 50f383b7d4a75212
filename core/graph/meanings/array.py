"""Blocks of numbers of one shape."""

from __future__ import annotations

from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import sizes_known
from core.graph.project import Field


def _block(field: Field) -> Sample:
    return Sample("float32", sizes_known(field, "arrays", "Only arrays of one shape can be used."))


_SCALERS = ("none", "standardise", "min-max", "max-abs")

KINDS = (
    MeaningKind(
        "array",
        "Array",
        "A block of numbers of a fixed shape for each sample.",
        _SCALERS,
        ("drop row", "zeros", "mean"),
        _block,
        _block,
        _SCALERS,
    ),
)
