"""Yes or no: one of two words."""

from __future__ import annotations

from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import with_classes
from core.graph.project import Field


def _as_input(field: Field) -> Sample:
    with_classes(field)
    return Sample("float32", (1,))


def _as_target(field: Field) -> Sample:
    with_classes(field)
    return Sample("int64", ())


KINDS = (
    MeaningKind(
        "flag",
        "Flag",
        "Yes or no: one of two values, which become 0 and 1.",
        ("none",),
        ("most frequent", "drop row"),
        _as_input,
        _as_target,
        roles=("input", "target", "group", "split", "ignore"),
        classes=lambda _field: 2,
    ),
)
