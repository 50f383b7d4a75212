"""Raw rows of the data a run learned from, to compare what was exported with: some have gaps or unknown words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.fitted import FittedField
from core.data.preprocessing import Preprocessing
from core.data.reading import read
from core.data.source import Array, RawData
from core.errors import DataError
from core.progress import report
from core.training.runs import Run

Columns = Mapping[str, Array]
UNKNOWN_WORD = "something never seen"
_COUNT = 12
_MADE_STEPS = 7


@dataclass(frozen=True, eq=False)
class RawRows:
    """Rows by column, and whether they are ``stored`` in the run's data; else they were made up."""

    columns: Columns
    stored: bool


def raw_rows(run: Run, preprocessing: Preprocessing) -> RawRows:
    """Return rows for what the inputs need, in the form that ``core.data.source.Column`` says.

    They are validation rows of the run's data (training rows where it has none), or made up where the data cannot be
    read any more. Where fields of a table allow, each has a row more without a value, and one with an unknown word;
    among rows that windows are laid over, some of them have it.
    """
    stored = _stored(run, preprocessing)
    taken = stored or _made(preprocessing)
    columns = {name: _cells(preprocessing.fields[name], values) for name, values in taken.items()}
    odd = [(name, cell) for name in columns for cell in _odd(preprocessing.fields[name])]
    for place, (name, cell) in enumerate(odd):
        if not preprocessing.window.length:
            columns = {key: _with_row(values, key == name, cell) for key, values in columns.items()}
        elif cell is not None or preprocessing.fields[name].field.missing != "drop row":
            columns[name][place % len(columns[name])] = cell
    return RawRows(columns, bool(stored))


def _stored(run: Run, preprocessing: Preprocessing) -> dict[str, Array]:
    """Return rows of the data; nothing where it is gone, or has changed its columns."""
    project = run.project()
    try:
        raw = read(project.data.source, project.data.options, run.base)
        rows = _numbers(run, raw, preprocessing)
        report(0, 0, "Reading rows to compare with")
        return {name: raw.columns[name].take(rows) for name in preprocessing.needed}
    except (DataError, OSError, KeyError, ValueError, IndexError):
        return {}


def _numbers(run: Run, raw: RawData, preprocessing: Preprocessing) -> NDArray[np.int64]:
    length = preprocessing.window.length
    if length:
        return np.arange(min(raw.rows, 2 * length + _COUNT))
    with np.load(run.path / "splits.npz", allow_pickle=False) as splits:
        rows = splits["validation"] if len(splits["validation"]) else splits["training"]
    return np.asarray(rows[:_COUNT], dtype=np.int64)


def _cells(fitted: FittedField, values: Array) -> Array:
    """Return a table's cells as objects, so that a gap fits among them; everything else as it is."""
    return values.astype(object) if fitted.field.meaning in ("number", "category", "flag", "date", "text") else values


def _odd(fitted: FittedField) -> tuple[Any, ...]:
    """Return the cells that are worth a row of their own."""
    if fitted.field.meaning in ("number", "date"):
        return (None,)
    return (None, UNKNOWN_WORD) if fitted.field.meaning in ("category", "flag", "text") else ()


def _with_row(values: Array, own: bool, cell: Any) -> Array:
    """Return values with their first row once more, which holds ``cell`` where the column is its ``own``."""
    more = values[:1].copy()
    if own:
        more[0] = cell
    return np.concatenate([values, more])


# --- where there is no data -------------------------------------------------------------------------------------------


def _made(preprocessing: Preprocessing) -> dict[str, Array]:
    """Return rows that look like what was learnt from."""
    random = np.random.default_rng(0)
    count = max(_COUNT, preprocessing.window.length + 2)
    return {name: _made_cells(preprocessing.fields[name], count, random) for name in preprocessing.needed}


def _made_cells(fitted: FittedField, count: int, random: np.random.Generator) -> Array:
    field, state = fitted.field, fitted.state
    if field.meaning == "number":
        return np.asarray(state["fill"] + state["scale"] * np.abs(random.standard_normal(count)), dtype=np.float64)
    if field.meaning == "date":
        return np.array([str(np.datetime64(int(state["fill"]) + 86_400 * row, "s")) for row in range(count)], object)
    if field.meaning in ("category", "flag"):
        return np.array([field.categories[row % len(field.categories)] for row in range(count)], dtype=object)
    if field.meaning == "text":
        words = [word for word in fitted.classes[4:24] if word.isalnum()] or ["text"]
        return np.array([" ".join(random.choice(words, 3 + row % 5)) for row in range(count)], dtype=object)
    if field.meaning == "labels":
        return _objects([tuple(field.categories[: row % 3]) for row in range(count)])
    shape = tuple(size or _MADE_STEPS for size in field.shape)
    if field.meaning == "mask":
        return np.zeros((count, *shape), dtype=np.int64)
    block = random.random((count, *shape), dtype=np.float32)
    return _objects(list(block)) if field.meaning in ("sequence", "audio") else block


def _objects(values: list[Any]) -> Array:
    cells = np.empty(len(values), dtype=object)
    for row, each in enumerate(values):
        cells[row] = each
    return cells
