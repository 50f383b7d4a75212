"""HDF5 files: their data sets become fields; large ones stay in the file and are read row by row."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.source import Array, Column, RawData, SourceKind
from core.data.sources._arrays import (
    HELD,
    MOST_ROWS,
    Form,
    StoredRows,
    check_rows,
    columns_of,
    form_of,
    held_column,
    parts_of,
    raw_data,
    text_column,
)
from core.data.sources._table import PATH, by_suffix, checked_file, files, optional, path_of
from core.errors import DataError
from core.kinds import Parameter, Value
from core.progress import report

_SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5")
_MOST_PACKED = 10_000
"""Packing saves a thousandth at most; a data set that declares more than this many times its bytes is a trap."""


class SetRows(StoredRows):
    """Rows of a data set in an HDF5 file."""

    def __init__(self, path: Path, name: str, rows: int, form: Form) -> None:
        super().__init__(path, name, rows, form)
        self._open()

    def _open(self) -> None:
        self._lock = threading.Lock()
        self._set: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_set")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def _read(self, rows: NDArray[np.int64]) -> Array:
        with self._lock:
            if self._set is None:
                self._set = optional("h5py", "h5py", "HDF5 files").File(self.path, "r")[self.name]
            if not len(rows):
                return np.asarray(self._set[:0])
            first, last = int(rows[0]), int(rows[-1])
            if last - first < 4 * len(rows):  # one stretch is read much faster than single rows
                return np.asarray(self._set[first : last + 1])[rows - first]
            return np.asarray(self._set[rows])


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    path = path_of(options, base)
    size = checked_file(path, _SUFFIXES, "an HDF5 file", limit=None)
    h5py = optional("h5py", "h5py", "HDF5 files")
    try:
        with h5py.File(path, "r") as file:
            sets = _data_sets(file, h5py)
            if not str(options["datasets"]).strip() and _in_parts(sets):
                for name, each in sets.items():
                    _check_size(name, each, path, size)
                return raw_data(columns_of({name: each[...] for name, each in sets.items()}, path))
            chosen, notes = _chosen(sets, str(options["datasets"]), path)
            rows = check_rows({name: each.shape for name, each in chosen.items()}, path)
            columns = {}
            for index, (name, each) in enumerate(chosen.items()):
                report(index, len(chosen), f"reading '{name}'")
                _check_size(name, each, path, size)
                columns[name] = _column(name, each, path, rows)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, MemoryError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is no HDF5 file that can be read ({why}). Copy or save it again.") from error
    return raw_data(columns, notes)


def _in_parts(sets: Mapping[str, Any]) -> bool:
    """Say whether all data sets are numbers of several parts (``train/x``, ``test/x``), small enough to be joined."""
    numbers = all(each.dtype.kind in "biuf" and each.shape for each in sets.values())
    return numbers and sum(each.nbytes for each in sets.values()) <= HELD and parts_of(list(sets)) is not None


def _data_sets(file: Any, h5py: Any) -> dict[str, Any]:
    """Return all data sets by name, in natural order; what links to other files is left alone."""
    found: dict[str, Any] = {}

    def visit(name: str, each: Any) -> None:
        if isinstance(each, h5py.Dataset) and each.shape is not None and not each.external and not each.is_virtual:
            found[name] = each

    file.visititems(visit)
    return found


def _chosen(sets: Mapping[str, Any], wanted: str, path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the data sets to read: those named, else all that have as many samples as most have."""
    names = [name.strip().strip("/") for name in wanted.split(",") if name.strip()]
    listed = ", ".join(f"{name} {each.shape}" for name, each in list(sets.items())[:20])
    unknown = [name for name in names if name not in sets]
    if unknown or not sets:
        there = f"Its data sets are: {listed}." if sets else "It holds no data sets of its own."
        raise DataError(
            f"{path} has no data set '{unknown[0]}'. {there}" if unknown else f"{path} has no data. {there}"
        )
    if names:
        return {name: sets[name] for name in names}, ()
    counts = [each.shape[0] for each in sets.values() if each.shape]
    rows = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
    chosen = {name: each for name, each in sets.items() if each.shape and each.shape[0] == rows}
    if not chosen:
        raise DataError(f"{path} has no data set with samples along its first axis. Its data sets are: {listed}.")
    rest = [f"{name} {each.shape}" for name, each in sets.items() if name not in chosen]
    return chosen, (f"Left out for another number of samples: {', '.join(rest[:10])}.",) if rest else ()


def _check_size(name: str, each: Any, path: Path, size: int) -> None:
    """Refuse a data set that declares far more than is stored."""
    stored = each.id.get_storage_size()
    if each.nbytes > _MOST_PACKED * max(1, min(stored, size)) or each.shape[0] > MOST_ROWS:
        raise DataError(
            f"'{name}' in {path} declares {units.size(each.nbytes)} (shape {each.shape}), but only "
            f"{units.size(stored)} are stored. It was not written to the end, or is damaged."
        )


def _column(name: str, each: Any, path: Path, rows: int) -> Column:
    if each.nbytes > HELD and each.ndim > 1:
        form = form_of(name, each.dtype, each.shape, path)
        reason = f"{form.reason}; {units.size(each.nbytes)}, read as needed"
        return Column(SetRows(path, name, rows, form), form.meaning, (), reason, sample=form.shape)
    if each.nbytes > HELD:
        raise DataError(
            f"'{name}' in {path} has {units.size(each.nbytes)} in one column; at most {units.size(HELD)} fit."
        )
    values: Array = each[...]
    if values.dtype == object:  # texts of any length
        if not all(isinstance(cell, str | bytes) for cell in values.ravel()[:1]):
            raise DataError(f"'{name}' in {path} holds lists of different lengths, which are not read. Leave it out.")
        texts = [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in values.ravel()]
        return text_column(name, texts, values.shape, path)
    return held_column(name, values, path)


KINDS = (
    SourceKind(
        "hdf5",
        "HDF5 file",
        "Data sets by name; the first axis of each counts the samples. train/x, train/y, test/x and test/y become the "
        "fields x and y and a column that says which part each row belongs to.",
        _read,
        (
            PATH,
            Parameter(
                "datasets",
                "text",
                "",
                "The names of the data sets to read, with commas between; empty: all that belong together.",
            ),
        ),
        files,
        by_suffix(*_SUFFIXES),
    ),
)
