"""Any number of words a sample, such as the topics of an article."""

from __future__ import annotations

from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import with_classes
from core.graph.project import Field


def _multi_hot(field: Field) -> Sample:
    return Sample("float32", (with_classes(field),))


KINDS = (
    MeaningKind(
        "labels",
        "Labels",
        "Any number of words for each sample, such as topics: one value for each word, 1 where it applies. In a "
        "table's cell they stand between commas, semicolons or bars.",
        ("multi-hot",),
        ("zeros", "drop row"),
        _multi_hot,
        _multi_hot,
        ("multi-hot",),
        classes=lambda field: len(field.categories),
    ),
)
