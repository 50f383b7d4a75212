"""Named arrays as columns: what their type, shape and name say of them, and reading large ones row by row."""

from __future__ import annotations

import hashlib
import os
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.infer import Hints, infer_column
from core.data.roles import suggest_roles
from core.data.source import Array, Column, Lazy, RawData
from core.data.sources._table import stripped
from core.data.values import number_text
from core.errors import DataError, reason_of
from core.graph.project import Meaning

HELD = 512 * 1024**2
"""Arrays of more bytes than this stay in their file and are read row by row."""

MOST_ROWS = 1_000_000_000
_MOST_CLASSES = 1000
_STAMP = 1024**2
_MASK_NAMES = {"mask", "masks", "segmentation", "segmentations", "annotation", "annotations"}
_PART = re.compile(
    r"(?:(.+?)[_/ -]?)?(train|training|valid|validation|val|dev|test)(?:ing)?(?:[_/ -]?(.+))?", re.IGNORECASE
)


@dataclass(frozen=True)
class Form:
    """What an array's samples are: their meaning, one sample's shape, and how raw rows are brought to it."""

    meaning: Meaning
    shape: tuple[int, ...]
    reason: str
    channels_last: bool = False

    def applied(self, rows: Array) -> Array:
        """Return raw rows in the form that ``Column`` says for the meaning."""
        if self.meaning == "array":
            with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes infinite
                return rows.astype(np.float32, copy=False)
        if self.channels_last:
            rows = np.moveaxis(rows, -1, 1)
        return np.ascontiguousarray(rows.reshape(len(rows), *self.shape))


class StoredRows(Lazy):
    """Rows of an array that stays in its file; each reading takes only the rows that are asked for."""

    def __init__(self, path: Path, name: str, rows: int, form: Form) -> None:
        self.path = path
        self.name = name
        self.form = form
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Return the values of some rows; raise DataError where the file cannot be read any more."""
        if not len(rows):
            raw = self._read(np.zeros(0, dtype=np.int64))
        else:
            order, places = np.unique(rows, return_inverse=True)
            try:
                raw = self._read(order)[places]
            except (OSError, ValueError, KeyError, EOFError) as error:
                raise DataError(
                    f"'{self.name}' in {self.path} cannot be read from row {order[0] + 1}: {reason_of(error)}."
                ) from error
        return self.form.applied(raw)

    @abstractmethod
    def _read(self, rows: NDArray[np.int64]) -> Array:
        """Return raw rows; the indices rise and are all different."""

    def describe(self, row: int) -> str:
        """Return the array's name and the row."""
        return f"{self.name}, row {row + 1}"

    def digest(self) -> str:
        """Return the array's name and form, the file's size, and the SHA-256 of its beginning and end."""
        digest = hashlib.sha256()
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            for start in (0, max(0, size - _STAMP)):
                file.seek(start)
                digest.update(file.read(_STAMP))
        return f"{self.name}\0{self._rows}\0{self.form}\0{size}\0{digest.hexdigest()}"


def form_of(name: str, dtype: np.dtype[Any], shape: tuple[int, ...], path: Path) -> Form:
    """Return what the samples of an array with two axes or more are.

    Raises:
        DataError: there is nothing in a sample, or it is no number.
    """
    sample = shape[1:]
    if dtype.kind not in "biuf":
        raise DataError(f"'{name}' in {path} holds {_type_name(dtype)}: only numbers can have more than one axis.")
    if not np.prod(sample, dtype=object):
        raise DataError(f"'{name}' in {path} has the shape {shape}: its samples hold nothing.")
    if dtype.kind in "iu" and len(sample) == 2 and re.split(r"[_/ .-]", name.lower())[-1] in _MASK_NAMES:
        return Form("mask", sample, f"whole numbers of {sample[0]} by {sample[1]} for each sample, and named so")
    if dtype == np.uint8 and min(sample[:2]) >= 1:
        if len(sample) == 2 and min(sample) >= 4:
            return Form(
                "image", (1, *sample), f"grey images of {sample[0]} by {sample[1]}: bytes with two axes a sample"
            )
        if len(sample) == 3 and sample[0] in (1, 3, 4):
            return Form("image", sample, f"images of {sample[1]} by {sample[2]}: bytes with {sample[0]} channels first")
        if len(sample) == 3 and sample[2] in (1, 3, 4):
            shape = (sample[2], *sample[:2])
            reason = f"images of {sample[0]} by {sample[1]}: bytes with {sample[2]} channels last"
            return Form("image", shape, reason, channels_last=True)
    return Form("array", sample, f"{_type_name(dtype)} of the shape {sample} for each sample")


def _type_name(dtype: np.dtype[Any]) -> str:
    names = {"O": "Python objects", "c": "complex numbers", "V": "records", "S": "texts", "U": "texts"}
    return names.get(dtype.kind, str(dtype.newbyteorder("=")) + " numbers")


def held_column(name: str, values: Array, path: Path) -> Column:
    """Return an array that is held in memory as a column, by its type and shape.

    Raises:
        DataError: it is of a type that cannot be learnt from.
    """
    import polars as pl

    if values.dtype.kind in "OcV":
        raise DataError(f"'{name}' in {path} holds {_type_name(values.dtype)}. Save it as numbers or texts.")
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.ndim > 1 and np.prod(values.shape[1:]) == 1 and values.dtype.kind != "u":
        values = values.reshape(len(values))
    if values.ndim > 1:
        form = form_of(name, values.dtype, values.shape, path)
        categories: tuple[str, ...] = ()
        if form.meaning == "mask":
            classes = np.setdiff1d(np.unique(values), [255])
            categories = tuple(str(index) for index in range(int(classes.max(initial=0)) + 1))
            if len(categories) > _MOST_CLASSES or bool((classes < 0).any()):
                form = Form("array", values.shape[1:], f"{_type_name(values.dtype)}: too many values for classes")
                categories = ()
        held = form.applied(values)
        bad = held.size - int(np.isfinite(held).sum()) if held.dtype.kind == "f" else 0
        reason = f"{form.reason}; {units.plural(bad, 'value')} missing or infinite" if bad else form.reason
        return Column(held, form.meaning, categories, reason)
    if values.dtype.kind in "SU":
        words = [each.decode("utf-8", "replace") if isinstance(each, bytes) else each for each in values.tolist()]
        return text_column(name, words, values.shape, path)
    if values.dtype == np.float16:
        values = values.astype(np.float32)
    column = infer_column(name, pl.Series(name, values), Hints())
    return _counted(name, column, values) if column.meaning == "number" else column


def text_column(name: str, words: Sequence[str], shape: tuple[int, ...], path: Path) -> Column:
    """Return texts, one for each sample, as a column; raise DataError where there are several for each."""
    import polars as pl

    if len(shape) > 1:
        raise DataError(f"'{name}' in {path} holds texts of the shape {shape}: only one text for each sample is read.")
    cells = stripped(pl.Series(name, words, dtype=pl.String), [""])
    return infer_column(name, cells, Hints(typed=True))


def _counted(name: str, column: Column, values: Array) -> Column:
    """Read whole numbers from 0 or 1 on without a gap as classes: so labels are stored beside arrays of samples."""
    if values.dtype.kind not in "iu":
        return column
    different = np.unique(values)
    low, high = int(different[0]), int(different[-1])
    if low not in (0, 1) or high - low + 1 != len(different) or not 2 <= len(different) <= _MOST_CLASSES:
        return column
    if len(values) < 3 * len(different):
        return column
    categories = tuple(number_text(each) for each in different.tolist())
    reason = f"whole numbers from {low} to {high} without a gap in {units.plural(len(values), 'row')}: classes"
    return Column(column.values, "category", categories, reason)


def check_rows(arrays: Mapping[str, tuple[int, ...]], path: Path) -> int:
    """Return how many samples all arrays have, from their shapes.

    Raises:
        DataError: there are none, or the arrays differ in how many they have.
    """
    single = [name for name, shape in arrays.items() if not shape]
    if single:
        raise DataError(f"'{single[0]}' in {path} is a single value: the first axis of an array counts the samples.")
    counts = {name: shape[0] for name, shape in arrays.items()}
    if len(set(counts.values())) > 1:
        raise DataError(
            f"The arrays of {path} have different numbers of samples (their first axis). Choose those that belong "
            "together.",
            problems=[f"'{name}' has {count:,}." for name, count in counts.items()],
        )
    rows = next(iter(counts.values()), 0)
    if not 0 < rows <= MOST_ROWS:
        raise DataError(f"{path} has {rows:,} samples: from 1 to {MOST_ROWS:,} are possible.")
    return rows


def parts_of(names: list[str]) -> dict[str, tuple[str, str]] | None:
    """Return (field, part) for names such as ``x_train`` and ``test_labels``, or None where they are not paired so.

    Every field has to be there for every part.
    """
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        match = _PART.fullmatch(name)
        if match is None or not (match[1] or match[3]):
            return None
        found[name] = ("_".join(each for each in (match[1], match[3]) if each), match[2].lower())
    fields, parts = ({pair[index] for pair in found.values()} for index in (0, 1))
    complete = len(set(found.values())) == len(found) == len(fields) * len(parts)
    return found if complete and len(parts) > 1 and parts & {"train", "training"} else None


def split_column(counts: Mapping[str, int]) -> Column:
    """Return the column that says which part each row belongs to.

    Args:
        counts: how many rows each part has, in the order of the rows.
    """
    words = np.repeat(np.array(list(counts), dtype=object), list(counts.values()))
    said = ", ".join(f"{count:,} {part}" for part, count in counts.items())
    return Column(words, "category", tuple(sorted(counts)), f"the parts that the data comes in: {said}", "split")


def raw_data(columns: Mapping[str, Column], notes: tuple[str, ...] = ()) -> RawData:
    """Return columns with the roles that their names and values suggest."""
    return RawData(suggest_roles(columns), notes)


def columns_of(arrays: Mapping[str, Array], path: Path) -> dict[str, Column]:
    """Return arrays as columns; those of several parts (``x_train``, ``x_test``) one after another."""
    if len(arrays) == 1:
        name, array = next(iter(arrays.items()))
        if array.dtype.names:  # records: each of their names is a field
            arrays = {each: array[each] for each in array.dtype.names}
            check_rows({each: values.shape for each, values in arrays.items()}, path)
            return {each: held_column(each, values, path) for each, values in arrays.items()}
    pairs = parts_of(list(arrays))
    if pairs is None:
        check_rows({name: array.shape for name, array in arrays.items()}, path)
        return {name: held_column(name, array, path) for name, array in arrays.items()}
    parts: dict[str, dict[str, Array]] = {}
    for name, (field, part) in pairs.items():
        parts.setdefault(part, {})[field] = arrays[name]
    counts = {part: check_rows({n: a.shape for n, a in there.items()}, path) for part, there in parts.items()}
    columns = {}
    for field in dict.fromkeys(field for field, _part in pairs.values()):
        pieces = [there[field] for there in parts.values()]
        if len({piece.shape[1:] for piece in pieces}) > 1:
            shapes = " and ".join(str(piece.shape[1:]) for piece in pieces)
            raise DataError(f"'{field}' has samples of different shapes in the parts of {path}: {shapes}.")
        columns[field] = held_column(field, np.concatenate(pieces), path)
    return {**columns, "split" if "split" not in columns else "part of data": split_column(counts)}
