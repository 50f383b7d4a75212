"""What only names a sample: nothing can be learnt from it."""

from __future__ import annotations

from core.errors import ModelError
from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.project import Field


def _refuse(field: Field) -> Sample:
    raise ModelError(
        f"'{field.name}' holds {field.meaning}s, not numbers or categories. Leave it out, or change what it means in "
        "the data panel."
    )


KINDS = (
    MeaningKind(
        "identifier",
        "Identifier",
        "A name or number that only tells samples apart. It can say which samples stay together, but is no input.",
        ("none",),
        ("drop row",),
        _refuse,
        _refuse,
        roles=("group", "time", "split", "ignore"),
    ),
)
