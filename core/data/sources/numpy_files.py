"""NumPy's files: one array (.npy), or several by name (.npz). No Python object is ever unpickled."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.source import Array, Column, RawData, SourceKind
from core.data.sources._arrays import (
    HELD,
    Form,
    StoredRows,
    check_rows,
    columns_of,
    form_of,
    raw_data,
)
from core.data.sources._table import LIMIT, PATH, by_suffix, checked_file, files, path_of
from core.errors import DataError
from core.kinds import Value
from core.progress import report

_BAD_HEADER = (
    ValueError, EOFError, KeyError, TypeError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError,
)  # fmt: skip
Header = tuple[tuple[int, ...], bool, np.dtype[Any]]


class MappedRows(StoredRows):
    """Rows of an array in a .npy file, which the system reads as they are needed."""

    def __init__(self, path: Path, name: str, rows: int, form: Form) -> None:
        super().__init__(path, name, rows, form)
        self._array: Array | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_array": None}

    def _read(self, rows: NDArray[np.int64]) -> Array:
        if self._array is None:
            self._array = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return np.asarray(self._array[rows])


def _header(file: IO[bytes], name: str, path: Path, stored: int) -> Header:
    """Return the shape, order and type that a .npy file declares.

    Args:
        file: the file, at its beginning; it stands after the header then.
        name: what the array is called.
        path: the file that it is in.
        stored: how many bytes there are, header and all.

    Raises:
        DataError: it is no such file, or declares more than there is.
    """
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        version = np.lib.format.read_magic(file)
        shape, fortran, dtype = read[min(version, (2, 0))](file)
    except _BAD_HEADER as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"'{name}' in {path} is no NumPy array ({why}). Save it again with numpy.save.") from error
    if dtype.hasobject:
        raise DataError(
            f"'{name}' in {path} holds Python objects, which could run code when they are read. Save it with "
            "numbers or texts only."
        )
    size = dtype.itemsize
    for length in shape:
        size *= length
    there = stored - file.tell()
    if size < 0 or size > there:
        raise DataError(
            f"'{name}' in {path} should have {units.size(size)} (shape {shape}), but only {units.size(there)} are "
            "there: the file was cut off. Copy or download it again."
        )
    return shape, fortran, dtype


def _read_npy(options: Mapping[str, Value], base: Path | None) -> RawData:
    path = path_of(options, base)
    size = checked_file(path, (".npy",), "a file with the ending .npy", limit=None)
    name = path.stem
    with _plain_words(path, name):
        with path.open("rb") as file:
            shape, _order, dtype = _header(file, name, path, size)
        rows = check_rows({name: shape}, path)
        if size > HELD and len(shape) > 1:
            form = form_of(name, dtype, shape, path)
            column = Column(MappedRows(path, name, rows, form), form.meaning, (), _stays(form, size), sample=form.shape)
            return raw_data({name: column})
        report(0, 0, "reading the array")
        array = np.load(path, allow_pickle=False)
    return raw_data(columns_of({name: array}, path))


def _stays(form: Form, size: int) -> str:
    return f"{form.reason}; {units.size(size)}, read as needed"


def _read_npz(options: Mapping[str, Value], base: Path | None) -> RawData:
    path = path_of(options, base)
    checked_file(path, (".npz",), "a file with the ending .npz")
    with _plain_words(path, path.name), zipfile.ZipFile(path) as archive:
        entries = {each.filename.removesuffix(".npy"): each for each in archive.infolist() if not each.is_dir()}
        unpacked = sum(each.file_size for each in entries.values())
        if unpacked > LIMIT:
            raise DataError(
                f"{path} has {units.size(unpacked)} when it is unpacked; at most {units.size(LIMIT)} are read. Save "
                "its arrays as .npy files: large ones are read row by row."
            )
        arrays: dict[str, Array] = {}
        for index, (name, entry) in enumerate(entries.items()):
            report(index, len(entries), f"reading '{name}'")
            with archive.open(entry) as file:
                shape, fortran, dtype = _header(file, name, path, entry.file_size)
                arrays[name] = _contents(file, shape, fortran, dtype)
    if not arrays:
        raise DataError(f"{path} holds no arrays.")
    return raw_data(columns_of(arrays, path))


def _contents(file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]) -> Array:
    """Return the numbers that follow a header whose size was checked."""
    count = int(np.prod(shape, dtype=object))
    data = file.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise EOFError("the array ends too early")
    flat = np.frombuffer(data, dtype=dtype, count=count)
    return flat.reshape(shape[::-1]).transpose() if fortran else flat.reshape(shape)


@contextmanager
def _plain_words(path: Path, name: str) -> Iterator[None]:
    """Say in plain words what is wrong with a file."""
    try:
        yield
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, MemoryError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"'{name}' in {path} cannot be read ({why}). Copy or save the file again.") from error


KINDS = (
    SourceKind(
        "npy",
        "NumPy array",
        "One array in a .npy file; its first axis counts the samples.",
        _read_npy,
        (PATH,),
        files,
        by_suffix(".npy"),
    ),
    SourceKind(
        "npz",
        "NumPy arrays",
        "Several arrays by name in a .npz file; the first axis of each counts the samples. x_train, y_train, x_test "
        "and y_test become the fields x and y and a column that says which part each row belongs to.",
        _read_npz,
        (PATH,),
        files,
        by_suffix(".npz"),
    ),
)
