"""What a data source is: the declaration that names it, and the raw columns that reading it yields."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from core.graph.project import Meaning, Role
from core.kinds import Parameter, Value

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Column:
    """One column as read, before any preprocessing.

    ``values`` has the rows first: float64 ``(rows,)`` with NaN for a missing number, objects ``(rows,)`` of str with
    None for a missing word, or float32 ``(rows, channels, height, width)`` in 0..1 for images. ``reason`` says why the
    meaning was chosen; ``role`` is a suggestion.
    """

    values: Array
    meaning: Meaning
    categories: tuple[str, ...] = ()
    reason: str = ""
    role: Role = "input"

    @property
    def shape(self) -> tuple[int, ...]:
        """One sample's shape: ``()`` for a cell, ``(channels, height, width)`` for an image."""
        return tuple(self.values.shape[1:])


@dataclass(frozen=True, eq=False)
class RawData:
    """All columns of a source, by name and of equal length. ``notes`` tell the user what reading had to decide."""

    columns: Mapping[str, Column]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The number of samples."""
        return next((len(column.values) for column in self.columns.values()), 0)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and values of all columns: equal exactly where the data is equal."""
        digest = hashlib.sha256()
        for name, column in self.columns.items():
            digest.update(f"{name}\0{column.values.dtype}\0{column.values.shape}\0".encode())
            if column.values.dtype == object:
                cells = ("\1" if cell is None else cell for cell in column.values.tolist())
                digest.update("\0".join(cells).encode())
            else:
                digest.update(column.values.astype(column.values.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()


def no_files(_options: Mapping[str, Value], _base: Path | None) -> tuple[Path, ...]:
    """Say that a source reads no file of the user's."""
    return ()


@dataclass(frozen=True)
class SourceKind:
    """A kind of source, declared once; ``parameters`` are its options.

    ``read`` takes the options (complete and checked) and the folder that relative paths start from (None: the current
    one), and raises DataError where the data cannot be read. ``files`` names the files that it reads, so that what
    was read is read again when they change.
    """

    id: str
    title: str
    help: str
    read: Callable[[Mapping[str, Value], Path | None], RawData]
    parameters: tuple[Parameter, ...] = ()
    files: Callable[[Mapping[str, Value], Path | None], tuple[Path, ...]] = no_files
