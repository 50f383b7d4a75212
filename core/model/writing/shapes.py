"""Shapes beside the lines of a class: numbers where all uses agree, else the class's own names, else letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.graph.project import End
from core.model.specs import BATCH
from core.model.writing.expressions import names_of, renamed
from core.model.writing.scope import Scope
from core.model.writing.uses import Use

_LETTERS = {2: ("F",), 3: ("L", "F"), 4: ("C", "H", "W"), 5: ("C", "D", "H", "W")}
_LONGEST = 24


def shape(uses: Sequence[Use], scope: Scope, end: End, names: Mapping[str, str]) -> str:
    """Return what an output end gives in all uses, such as ``N × channels × H × W``.

    ``names`` are the arguments of the class by the placeholders that stand for them.
    """
    specs = [use.report.spec(end) for use in uses]
    if any(spec is None for spec in specs):
        return "unknown"
    texts = {str(spec) for spec in specs}
    if len(texts) == 1:
        return texts.pop()
    rank = scope.rank(end)
    if not rank:
        return "…"
    known = [_dim(uses, scope, end, axis, names) for axis in range(rank)]
    letters = [BATCH if specs[0] and not specs[0].dims[0].fixed else "…", *_LETTERS.get(rank, ("…",) * (rank - 1))]
    if rank == 3 and known[1]:
        letters[2] = "L"
    return " × ".join(text or letter for text, letter in zip(known, letters, strict=True))


def described(uses: Sequence[Use], scope: Scope, end: End, names: Mapping[str, str]) -> str:
    """Return shape and dtype of an output end: ``N × 3 × 8 × 8, float32``."""
    specs = [use.report.spec(end) for use in uses]
    dtypes = sorted({spec.dtype for spec in specs if spec})
    return ", ".join([shape(uses, scope, end, names), " or ".join(dtypes)]) if dtypes else "unknown"


def _dim(uses: Sequence[Use], scope: Scope, end: End, axis: int, names: Mapping[str, str]) -> str:
    """Return one dimension; empty where the uses differ and no name of the class says how."""
    texts = {str(spec.dims[axis]) for use in uses if (spec := use.report.spec(end))}
    if len(texts) == 1:
        return texts.pop()
    text = scope.trace(end, axis)
    if not text or any(name.startswith("_in_") and name not in names for name in names_of(text)):
        return ""
    text = (
        renamed(text, lambda name: names.get(name, name)).replace(" // ", "//").replace(" * ", "*").replace(" + ", "+")
    )
    return text if len(text) <= _LONGEST else ""
