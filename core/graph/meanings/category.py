"""One of several words, without an order: a class as a target."""

from __future__ import annotations

from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import values, with_classes
from core.graph.project import Field
from core.kinds import Parameter

OWN = "own category"

OPTIONS = (
    Parameter(
        "unknown",
        "choice",
        "zeros",
        "What a word becomes that is not among the categories: zeros (by index: the most frequent category), a "
        "category of its own behind the others, or the most frequent one.",
        choices=("zeros", OWN, "most frequent"),
    ),
    Parameter(
        "rare",
        "int",
        1,
        "A category that fewer training rows have counts as unknown.",
        minimum=1,
        unit="rows",
    ),
)


def input_classes(field: Field) -> int:
    """Return how many categories an input tells apart: one more where unknown or missing words have their own."""
    own = values(field, OPTIONS)["unknown"] == OWN or field.missing == OWN
    return with_classes(field) + own


def _as_input(field: Field) -> Sample:
    count = input_classes(field)
    return Sample("int64", (1,)) if field.encoding == "index" else Sample("float32", (count,))


def _as_target(field: Field) -> Sample:
    with_classes(field)
    return Sample("int64", ())


KINDS = (
    MeaningKind(
        "category",
        "Category",
        "One of a few different words or codes, such as a species; as a target: the class.",
        ("one-hot", "index"),
        ("most frequent", "zeros", OWN, "drop row"),
        _as_input,
        _as_target,
        ("index",),
        OPTIONS,
        ("input", "target", "group", "split", "ignore"),
        classes=lambda field: len(field.categories),
    ),
)
