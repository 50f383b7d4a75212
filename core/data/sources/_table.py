"""What all table files share: the option ``path``, checks before a file is opened, and columns with their meanings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from core import units
from core.data.infer import Hints, infer_column
from core.data.linked import follow
from core.data.roles import suggest_roles
from core.data.source import Column, RawData
from core.errors import DataError, reason_of
from core.kinds import Parameter, Value
from core.loading import load
from core.progress import report

if TYPE_CHECKING:
    import polars as pl

LIMIT = 2 * 1024**3
"""The largest file that is read at once, bytes."""

PATH = Parameter("path", "text", help="The file; a relative path starts from the project file's folder.")
MISSING_WORDS = Parameter(
    "missing_words",
    "text",
    "NA, N/A, NaN, null, ?",
    "Cells with one of these words are missing, as empty ones are.",
)


def missing_words(options: Mapping[str, Value]) -> list[str]:
    """Return the words that stand for a missing value, the empty one among them."""
    return ["", *(word.strip() for word in str(options["missing_words"]).split(",") if word.strip())]


def stripped(words: pl.Series, missing: Sequence[str]) -> pl.Series:
    """Return text without blanks around it; what is one of the words for missing becomes null."""
    short = words.str.strip_chars()
    return short.set(short.is_in(missing), None)


def path_of(options: Mapping[str, Value], base: Path | None) -> Path:
    """Return the path that is chosen: a relative one starts from ``base``, the project file's folder."""
    if not str(options["path"]).strip():
        raise DataError("No file is chosen. Set the option 'path'.")
    try:
        path = Path(options["path"]).expanduser()
    except RuntimeError as error:
        raise DataError(f"{options['path']} cannot be found: there is no such user.") from error
    return path if path.is_absolute() else (base or Path()) / path


def files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    """Name the one file of a source."""
    return (path_of(options, base),)


def by_suffix(*suffixes: str) -> Callable[[Path], bool]:
    """Return what says whether a path is a file with one of these endings, in lower case with their points."""

    def accepts(path: Path) -> bool:
        return path.name.lower().endswith(suffixes) and path.is_file()

    return accepts


def checked_file(path: Path, suffixes: tuple[str, ...], what: str, limit: int | None = LIMIT) -> int:
    """Return the size of a file that is to be read, in bytes.

    Args:
        path: the file.
        suffixes: endings of files of this kind, to name some where the path leads nowhere.
        what: what the file should be, with its article.
        limit: the most bytes that are read; None: any number.

    Raises:
        DataError: there is no such file, it is none, is empty, or too large.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder, not a file. Choose {what} in it.")
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is a device or a pipe, not a file. Choose {what}.")
        size = path.stat().st_size
    except FileNotFoundError as error:
        folder = path.parent
        found = (
            sorted(each.name for each in folder.iterdir() if each.name.lower().endswith(suffixes))
            if folder.is_dir()
            else []
        )
        there = f" In its folder are: {', '.join(found[:5])}." if found else ""
        raise DataError(f"{path} does not exist.{there} Choose the file again.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}.") from error
    if not size:
        raise DataError(f"{path} is empty. Choose {what} that holds data.")
    if limit is not None and size > limit:
        raise DataError(f"{path} has {units.size(size)}; at most {units.size(limit)} are read.")
    return size


def optional(module: str, package: str, what: str) -> ModuleType:
    """Return the reader of a heavy format.

    Raises:
        DataError: it is not installed; the message says how it is.
    """
    try:
        return load(module)
    except ImportError as error:
        raise DataError(
            f"{what} are read by {package}, which is not installed: pip install layerwright[data]"
        ) from error


def plain_columns(frame: pl.DataFrame, missing: Sequence[str]) -> list[pl.Series]:
    """Return the columns of a frame with records within cells laid out as columns (``a.b``), and its text stripped.

    A record with the bytes of a file in it (``bytes`` and ``path``, as the Hugging Face hub stores images) becomes
    those bytes.

    Args:
        frame: columns of any type.
        missing: words that stand for a missing value.
    """
    import polars as pl

    columns: dict[str, pl.Series] = {}
    waiting = frame.get_columns()[::-1]
    while waiting:
        column = waiting.pop()
        name = column.name
        if isinstance(column.dtype, pl.Struct):
            fields = {each.name: column.struct.field(each.name) for each in column.dtype.fields}
            if "bytes" in fields and fields["bytes"].dtype == pl.Binary:  # a file within a cell
                columns[name] = fields["bytes"].alias(name)
            else:
                waiting += [cells.alias(f"{name}.{inner}") for inner, cells in reversed(fields.items())]
            continue
        while name in columns:
            name += " (2)"
        columns[name] = (stripped(column, missing) if column.dtype == pl.String else column).alias(name)
    return list(columns.values())


def table(
    columns: list[pl.Series], path: Path, notes: tuple[str, ...] = (), *, comma: bool = False, typed: bool = False
) -> RawData:
    """Infer what the columns of a table mean.

    Args:
        columns: all cells: text, or of the type that the file gives them. The list is used up column by column, so that
            a long table is not held twice.
        path: the file, from whose folder paths in cells start.
        notes: what the user should know of the reading.
        comma: whether numbers may have a decimal comma.
        typed: whether words are words even where they look like numbers.

    Raises:
        DataError: there are no columns or rows, or the files that cells name cannot be read.
    """
    if not columns or not len(columns[0]):
        raise DataError(f"{path} has {'column names' if columns else 'neither columns'} but no rows. Add at least one.")
    linked = follow(columns, path.parent)
    if linked.rows is not None:
        columns = [each[linked.rows] for each in columns]
    count, last = len(columns), columns[-1].name
    found: dict[str, Column] = {}
    columns.reverse()
    while columns:
        cells = columns.pop()
        name = cells.name
        report(len(found), count, f"looking at '{name}'")
        column = linked.columns.get(name) or infer_column(name, cells, Hints(comma, name == last, typed))
        if name in linked.reasons:
            column = replace(column, reason=f"{column.reason}; {linked.reasons[name]}")
        found[name] = column
    return RawData(suggest_roles(found), (*notes, *linked.notes))
