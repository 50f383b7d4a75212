"""Numbers that follow one another, a different count in each sample."""

from __future__ import annotations

from core.errors import ModelError
from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import LENGTH, OPEN, values
from core.graph.project import Field

OPTIONS = (LENGTH,)


def _steps(field: Field) -> Sample:
    if len(field.shape) not in (1, 2) or any(size < 0 for size in field.shape) or 0 in field.shape[1:]:
        raise ModelError(
            f"'{field.name}' has the shape {field.shape}: a sequence has steps, or steps and a fixed number of "
            "features. Read the data again."
        )
    length = values(field, OPTIONS)["length"] or field.shape[0] or OPEN
    return Sample("float32", (length, *field.shape[1:]))


_SCALERS = ("none", "standardise", "min-max")

KINDS = (
    MeaningKind(
        "sequence",
        "Sequence",
        "Numbers in a row, such as a signal: steps, or steps with several values each; samples may differ in length.",
        _SCALERS,
        ("empty", "drop row"),
        _steps,
        _steps,
        _SCALERS,
        OPTIONS,
        parts=("length", "mask"),
    ),
)
