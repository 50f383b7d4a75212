"""Measured numbers: scaled, with gaps filled; the usual meaning of a table's column."""

from __future__ import annotations

from core.graph.meanings._kind import MeaningKind, Sample
from core.graph.meanings._options import values
from core.graph.project import Field
from core.kinds import Parameter

OPTIONS = (
    Parameter(
        "log",
        "choice",
        "none",
        "Take the logarithm first, where numbers range over powers of ten: log1p is log(1 + x) for numbers above -1, "
        "signed log is sign(x) · log(1 + |x|) for all.",
        choices=("none", "log1p", "signed log"),
    ),
    Parameter(
        "clip_low",
        "float",
        0.0,
        "Numbers below this percentile of the training rows are raised to it; 0: none.",
        minimum=0,
        maximum=100,
        unit="%",
    ),
    Parameter(
        "clip_high",
        "float",
        100.0,
        "Numbers above this percentile of the training rows are lowered to it; 100: none.",
        minimum=0,
        maximum=100,
        unit="%",
    ),
    Parameter("constant", "float", 0.0, "What stands in for a missing number where missing is 'constant'."),
    Parameter("indicator", "bool", False, "Give a second value for every sample: 1 where the number is missing."),
)


def _as_input(field: Field) -> Sample:
    return Sample("float32", (2 if values(field, OPTIONS)["indicator"] else 1,))


def _as_target(_field: Field) -> Sample:
    return Sample("float32", (1,))


_SCALERS = ("standardise", "min-max", "robust", "max-abs", "quantile", "none")

KINDS = (
    MeaningKind(
        "number",
        "Number",
        "Something measured or counted, where larger means more.",
        _SCALERS,
        ("mean", "median", "most frequent", "constant", "drop row"),
        _as_input,
        _as_target,
        _SCALERS,
        OPTIONS,
        ("input", "target", "weight", "group", "time", "split", "ignore"),
    ),
)
