"""What a data source is: the declaration that names it, and the raw columns that reading it yields."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.graph.project import Meaning, Role
from core.kinds import Parameter, Value

Array = NDArray[Any]


class Lazy(ABC):
    """Values too large to be held at once, such as the images of a folder: read when they are asked for.

    Implementations are picklable and may be read from several threads at once.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of rows."""

    @abstractmethod
    def take(self, rows: NDArray[np.int64]) -> Array:
        """Return the values of some rows, in the form that ``Column.values`` would have.

        Raises:
            DataError: a row cannot be read; the message names it.
        """

    @abstractmethod
    def describe(self, row: int) -> str:
        """Return what a row is called in a message: a file's name."""

    @abstractmethod
    def digest(self) -> str:
        """Return a text that changes when the values do, without reading all of them (names and sizes of files)."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column as read, before any preprocessing.

    ``values`` has the rows first, in the form of its meaning:

    - number: float64 ``(rows,)``, NaN where missing
    - category, flag, text, date, identifier: objects ``(rows,)`` of str, None where missing (a date as ISO text)
    - labels: objects ``(rows,)`` of tuples of str
    - sequence: objects ``(rows,)`` of float32 arrays, each ``(steps,)`` or ``(steps, features)``
    - array: float32 ``(rows, *shape)``
    - image: uint8 (0..255) or float32 (0..1) ``(rows, channels, height, width)``; where sizes differ, objects
      ``(rows,)`` of such arrays
    - mask: integers ``(rows, height, width)``, each the index of a pixel's class (255: counts nowhere), or objects
    - audio: objects ``(rows,)`` of float32 arrays ``(channels, samples)`` in -1..1; ``rate`` is in samples per second

    or is ``Lazy``. ``sample`` is one sample's shape where it is not that of ``values`` (0: differs between rows).
    ``reason`` says why the meaning was chosen; ``role`` is a suggestion, ``options`` and ``encoding`` are
    for the field to start with ("" is the usual encoding).
    """

    values: Array | Lazy
    meaning: Meaning
    categories: tuple[str, ...] = ()
    reason: str = ""
    role: Role = "input"
    sample: tuple[int, ...] | None = None
    rate: int = 0
    options: Mapping[str, Value] = field(default_factory=dict)
    encoding: str = ""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """One sample's shape: ``()`` for a cell, ``(channels, height, width)`` for an image; 0 where it differs."""
        if self.sample is not None:
            return self.sample
        return () if isinstance(self.values, Lazy) else tuple(self.values.shape[1:])

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Return the values of some rows; raise DataError where one cannot be read."""
        return self.values.take(rows) if isinstance(self.values, Lazy) else self.values[rows]


@dataclass(frozen=True, eq=False)
class RawData:
    """All columns of a source, by name and of equal length. ``notes`` tell the user what reading had to decide."""

    columns: Mapping[str, Column]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The number of samples."""
        return next((len(column) for column in self.columns.values()), 0)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and values of all columns: equal exactly where the data is equal.

        Of values that are not held in memory, it covers what ``Lazy.digest`` says.
        """
        digest = hashlib.sha256()
        for name, column in self.columns.items():
            digest.update(f"{name}\0".encode())
            _add_values(digest, column.values)
        return digest.hexdigest()


def _add_values(digest: hashlib._Hash, values: Array | Lazy) -> None:
    if isinstance(values, Lazy):
        digest.update(values.digest().encode())
        return
    digest.update(f"{values.dtype}\0{values.shape}\0".encode())
    if values.dtype != object:
        digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return
    if any(isinstance(cell, np.ndarray) for cell in values[:1]):
        for cell in values:
            _add_values(digest, cell)
        return
    digest.update("\0".join("\1" if cell is None else str(cell) for cell in values.tolist()).encode())


def no_files(_options: Mapping[str, Value], _base: Path | None) -> tuple[Path, ...]:
    """Say that a source reads no file of the user's."""
    return ()


def accepts_nothing(_path: Path) -> bool:
    """Say that a source reads no file or folder that was dropped on the window."""
    return False


@dataclass(frozen=True)
class SourceKind:
    """A kind of source, declared once; ``parameters`` are its options.

    ``read`` takes the options (complete and checked) and the folder that relative paths start from (None: the current
    one), and raises DataError where the data cannot be read. Long reading reports through ``core.progress``. ``files``
    names the files that it reads, so that what was read is read again when they change. ``accepts`` says whether a
    file or folder looks like this kind's, by its name and few bytes; such a kind has an option ``path``.
    """

    id: str
    title: str
    help: str
    read: Callable[[Mapping[str, Value], Path | None], RawData]
    parameters: tuple[Parameter, ...] = ()
    files: Callable[[Mapping[str, Value], Path | None], tuple[Path, ...]] = no_files
    accepts: Callable[[Path], bool] = accepts_nothing
