"""Columns of a table that name image or sound files, or hold them: what counts is what the files hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.folders import FAMILIES, Files
from core.data.pictures import Examined, Pictures, examine, files_column, picture_column, read_header
from core.data.sounds import ExaminedSounds, SoundFiles, Sounds, examine_sounds, read_sound_header, sound_column
from core.data.source import Column
from core.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 5


@dataclass(frozen=True)
class Linked:
    """What the columns of a table lead to.

    ``columns`` hold the images and sounds of the rows that ``rows`` names (None: all rows). ``reasons`` are for columns
    whose names lead nowhere. ``notes`` tell which rows are left out, and why.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    rows: NDArray[np.int64] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Cells:
    """Files that lie within the cells of a column."""

    cells: pl.Series

    def content(self, row: int) -> BytesIO:
        """Return the bytes of a cell."""
        return BytesIO(self.cells[row] or b"")

    def describe(self, row: int) -> str:
        """Return the column and the row's number."""
        return f"'{self.cells.name}' of row {row + 1}"

    def digest(self) -> str:
        """Return the SHA-256 of all cells."""
        digest = hashlib.sha256()
        for cell in self.cells:
            digest.update(cell)
        return digest.hexdigest()


class _PictureCells(_Cells, Pictures):
    """Images within the cells of a column."""

    def __init__(self, cells: pl.Series, examined: Examined) -> None:
        _Cells.__init__(self, cells)
        Pictures.__init__(self, examined.sizes, examined.channels, examined.deep)


class _SoundCells(_Cells, Sounds):
    """Sounds within the cells of a column."""

    def __init__(self, cells: pl.Series, examined: ExaminedSounds) -> None:
        _Cells.__init__(self, cells)
        Sounds.__init__(self, examined.headers, examined.rate)


def follow(columns: Sequence[pl.Series], folder: Path) -> Linked:
    """Find the columns of a table that name image or sound files, or hold them, and look at the beginning of each.

    Args:
        columns: the table, text stripped.
        folder: where paths start that are not absolute: the folder of the table's file.

    Raises:
        DataError: files are there, but none of a column's can be read.
    """
    found: dict[str, tuple[Files | _Cells, Examined | ExaminedSounds]] = {}
    reasons: dict[str, str] = {}
    for cells in columns:
        name, family = cells.name, _family(cells)
        if not family:
            continue
        look = examine if family == "image" else examine_sounds
        if _holds_bytes(cells):
            within = _Cells(cells)
            found[name] = (within, look(len(cells), within.content, within.describe))
            continue
        files = _files(cells, folder)
        if any(files.sizes):
            found[name] = (files, look(len(files), files.path, partial(_called, files)))
        else:
            first = next(row for row, each in enumerate(files.names) if each)
            reasons[name] = f"looks like names of {family} files, but {files.path(first)} is not there"
    if not found:
        return Linked(reasons=reasons)
    kept = sorted(set.intersection(*(set(examined.rows) for _, examined in found.values())))
    if not kept:
        raise DataError(f"In no row can all files be read that are named in {' and '.join(map(repr, found))}.")
    values = {name: _column(*each, kept) for name, each in found.items()}
    notes = [note for name, (_, examined) in found.items() for note in _notes(name, examined)]
    rows = np.array(kept, dtype=np.int64) if len(kept) < len(columns[0]) else None
    return Linked(values, rows, reasons, tuple(notes))


def _holds_bytes(cells: pl.Series) -> bool:
    import polars as pl

    return cells.dtype == pl.Binary


def _family(cells: pl.Series) -> str:
    """Return which kind of files all cells name by their endings, or the first one holds; else an empty string."""
    import polars as pl

    if cells.dtype not in (pl.String, pl.Binary):
        return ""
    present = cells.drop_nulls() if cells.null_count() else cells
    if cells.dtype == pl.Binary:
        return _family_of_bytes(present[0]) if len(present) else ""
    first = present[0].lower() if len(present) else ""
    family = next((family for family in ("image", "sound") if first.endswith(FAMILIES[family])), "")
    if not family:
        return ""
    endings = "|".join(ending.removeprefix(".") for ending in FAMILIES[family])
    return family if bool(present.str.contains(rf"(?i)\.({endings})$").all()) else ""


def _family_of_bytes(content: bytes) -> str:
    looks = (("image", read_header), ("sound", read_sound_header))
    for family, look in looks:
        try:
            look(BytesIO(content), "")
        except DataError:
            continue
        return family
    return ""


def _files(words: pl.Series, folder: Path) -> Files:
    """Return the files that cells name; one that is not there has no size."""
    names = tuple(str(word).replace("\\", "/") if word else "" for word in words.to_list())
    sizes = []
    for name in names:
        try:
            sizes.append((folder / name).stat().st_size if name else 0)
        except (OSError, ValueError):
            sizes.append(0)
    return Files(folder, names, tuple(sizes))


def _called(files: Files, row: int) -> str:
    return files.names[row] or f"The empty cell in row {row + 1}"


def _column(files: Files | _Cells, examined: Examined | ExaminedSounds, kept: list[int]) -> Column:
    """Return the files of the rows that are kept as a column."""
    how = "holds files" if isinstance(files, _Cells) else "names files"
    if isinstance(examined, Examined):
        images = dict(zip(examined.rows, examined.headers, strict=True))
        seen = Examined(tuple(kept), tuple(images[row] for row in kept), ())
        if isinstance(files, _Cells):
            column = picture_column(_PictureCells(files.cells[kept], seen))
        else:
            column = files_column(files, seen)
    else:
        sounds = dict(zip(examined.rows, examined.headers, strict=True))
        heard = ExaminedSounds(tuple(kept), tuple(sounds[row] for row in kept), ())
        if isinstance(files, _Cells):
            column = sound_column(_SoundCells(files.cells[kept], heard))
        else:
            column = sound_column(SoundFiles(heard.headers, heard.rate, files.only(kept)))
    return replace(column, reason=f"{how}: {column.reason}")


def _notes(name: str, examined: Examined | ExaminedSounds) -> list[str]:
    if not examined.bad:
        return []
    shown = " ".join(examined.bad[:_SHOWN])
    more = f" (and {len(examined.bad) - _SHOWN:,} more)" if len(examined.bad) > _SHOWN else ""
    rows = units.plural(len(examined.bad), "row")
    return [f"{rows} left out, since the file in '{name}' cannot be read: {shown}{more}"]
