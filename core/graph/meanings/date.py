"""Moments in time: the year as a number, and what comes round again as places on a circle."""

from __future__ import annotations

from core.errors import ModelError
from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import no_target, values
from core.graph.project import Field
from core.kinds import Parameter

OPTIONS = (
    Parameter("year", "bool", True, "Give the year, scaled by the training rows."),
    Parameter("month", "bool", True, "Give sine and cosine of the month: December is beside January."),
    Parameter("weekday", "bool", True, "Give sine and cosine of the day of the week."),
    Parameter("hour", "bool", True, "Give sine and cosine of the time of day."),
)


def parts_of(field: Field) -> tuple[str, ...]:
    """Return the names of the parts that a date becomes; the year is one value, each other one two."""
    return tuple(name for name, wanted in values(field, OPTIONS).items() if wanted)


def _as_input(field: Field) -> Sample:
    if field.encoding == "timestamp":
        return Sample("float32", (1,))
    width = sum(1 if name == "year" else 2 for name in parts_of(field))
    if not width:
        raise ModelError(f"No part of the date '{field.name}' is chosen: choose at least one, such as the year.")
    return Sample("float32", (width,))


KINDS = (
    MeaningKind(
        "date",
        "Date",
        "A day, with or without the time of day.",
        ("parts", "timestamp"),
        ("median", "most frequent", "drop row"),
        _as_input,
        no_target,
        ("parts",),
        OPTIONS,
        ("input", "group", "time", "split", "ignore"),
    ),
)
