"""Predictions as a table: one line for every given row, in their order, also for those that have no answer."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.atomic import write_atomically
from core.data.source import Array
from core.errors import DataError
from core.training.results.predicting import Predictions
from core.training.results.reading import Answer

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".npz")
_MOST_COLUMNS = 100
"""Probabilities or values of more columns are not written one by one."""


def frame_of(predictions: Predictions, names: Sequence[str] = ()) -> pl.DataFrame:
    """Return predictions as a table.

    The first column is ``file`` where the rows have ``names``, else ``row`` (from 1). Each Output gives a column of its
    name; a class also ``NAME/CLASS`` with the probability of each (of more than 100 classes only ``NAME/probability``,
    that of the one predicted), labels likewise. ``problem`` says why a row has no answer; without any it is left out.

    Raises:
        DataError: an output gives images, masks or the like, which fit into no table.
    """
    import polars as pl

    columns: dict[str, Any] = {"file": list(names)} if names else {"row": np.arange(1, predictions.count + 1)}
    for answer in predictions.answers.values():
        for name, values in _columns(answer).items():
            columns[_free(name, columns)] = _spread(values, predictions)
    if predictions.problems:
        problems = [predictions.problems.get(row) for row in range(predictions.count)]
        columns[_free("problem", columns)] = pl.Series(problems, dtype=pl.String)
    return pl.DataFrame(columns)


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return a column's name, with an underscore behind it where there is such a column already."""
    while name in taken:
        name += "_"
    return name


def _columns(answer: Answer) -> dict[str, Array]:
    output, values = answer.output, answer.values
    if answer.kind in ("class", "text"):
        found: dict[str, Array] = {output: values}
    elif answer.kind == "labels":
        found = {output: np.array(["; ".join(words) for words in values], dtype=object)}
    else:
        found = _numbers(answer)
    shares = answer.probabilities
    if shares is None:
        return found
    if shares.shape[1] <= _MOST_COLUMNS:
        names = (*answer.classes, *map(str, range(len(answer.classes), shares.shape[1])))
        return found | {f"{output}/{name}": shares[:, place] for place, name in enumerate(names[: shares.shape[1]])}
    sure = answer.confidence
    return found if sure is None else found | {f"{output}/probability": sure}


def _numbers(answer: Answer) -> dict[str, Array]:
    values = answer.values
    size = math.prod(values.shape[1:])
    if values.dtype == object or size > _MOST_COLUMNS or values.ndim > 2:
        what = "values of different lengths" if values.dtype == object else f"arrays of the shape {values.shape[1:]}"
        raise DataError(f"'{answer.output}' gives {what}, which fit into no table: write to a file that ends in .npz.")
    if size == 1:
        return {answer.output: values.reshape(len(values))}
    return {f"{answer.output}/{place}": values[:, place] for place in range(size)}


def _spread(values: Array, predictions: Predictions) -> list[Any]:
    """Return the values of all given rows, None where there is no answer."""
    cells: list[Any] = [None] * predictions.count
    for row, value in zip(predictions.rows.tolist(), values.tolist(), strict=True):
        cells[row] = value
    return cells


def write_predictions(predictions: Predictions, path: Path, names: Sequence[str] = ()) -> None:
    """Write predictions to a file: CSV, TSV, JSON lines or Parquet by its ending, or NPZ, which holds arrays too.

    An NPZ file has ``rows`` (from 0) of those with an answer, and by Output its values and ``NAME/probabilities``.

    Raises:
        DataError: the ending is of no such file, or the answers do not fit into a table.
        SaveError: it cannot be written.
    """
    suffix = check_suffix(path)
    buffer = io.BytesIO()
    if suffix == ".npz":
        np.savez_compressed(buffer, allow_pickle=False, **_arrays(predictions))
    elif suffix == ".parquet":
        frame_of(predictions, names).write_parquet(buffer)
    elif suffix == ".jsonl":
        frame_of(predictions, names).write_ndjson(buffer)
    else:
        frame_of(predictions, names).write_csv(buffer, separator="\t" if suffix == ".tsv" else ",")
    write_atomically(path, buffer.getvalue())


def check_suffix(path: Path) -> str:
    """Return a file's ending in lower case; raise DataError where predictions are not written to such files."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"'{path.name}' must end in one of {', '.join(SUFFIXES)}, which says how it is written.")
    return suffix


def _arrays(predictions: Predictions) -> dict[str, Any]:
    arrays: dict[str, Array] = {"rows": predictions.rows}
    for answer in predictions.answers.values():
        values = answer.values
        if answer.kind in ("class", "text", "labels"):
            words = ["; ".join(each) if isinstance(each, tuple) else each or "" for each in values]
            values = np.array(words, dtype=np.str_)
        if values.dtype == object:
            raise DataError(f"'{answer.output}' gives values of different lengths, which fit into no array.")
        arrays[answer.output] = values
        if answer.probabilities is not None:
            arrays[f"{answer.output}/probabilities"] = answer.probabilities
    return arrays
