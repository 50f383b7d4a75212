"""Tables in text files: whatever separator, encoding and words for "missing" they use, columns with their meanings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.infer import infer_column, suggest_target
from core.data.source import RawData, SourceKind
from core.data.text import TableText, blank_rows, find_separator, has_padding, header, read_text
from core.errors import DataError
from core.kinds import Parameter, Value

if TYPE_CHECKING:
    import polars as pl

_MISSING = "NA, N/A, NaN, null, ?"


def table_path(options: Mapping[str, Value], base: Path | None) -> Path:
    """Return the file's path: a relative one starts from ``base``, the project file's folder."""
    try:
        path = Path(options["path"]).expanduser()
    except RuntimeError as error:
        raise DataError(f"{options['path']} cannot be found: there is no such user.") from error
    return path if path.is_absolute() else (base or Path()) / path


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    return (table_path(options, base),)


def read_table(options: Mapping[str, Value], base: Path | None) -> RawData:
    """Read a whole table and infer what its columns mean; raise DataError where it is broken, naming the rows."""
    if not str(options["path"]).strip():
        raise DataError("No file is chosen. Set the option 'path' to a CSV file.")
    text = read_text(table_path(options, base))
    separator = "\t" if options["separator"] == "tab" else options["separator"]
    if separator == "auto":
        separator = find_separator(text.head)
    names = header(text, separator)
    missing = [word.strip() for word in str(options["missing_words"]).split(",") if word.strip()]
    frame = _frame(text, separator, names, missing)
    if not frame.height:
        raise DataError(f"{text.path} has column names but no rows. Add at least one row below the first line.")
    comma = options["decimal"] == "," or (options["decimal"] == "auto" and separator != ",")
    columns = {name: infer_column(name, frame[name], comma=comma, last=name == names[-1]) for name in names}
    return RawData(suggest_target(columns), text.notes)


def _frame(text: TableText, separator: str, names: tuple[str, ...], missing: list[str]) -> pl.DataFrame:
    """Return all cells as stripped text, null where missing; empty lines are left out."""
    import polars as pl

    try:
        frame = pl.read_csv(
            text.data, separator=separator, infer_schema=False, new_columns=list(names), null_values=["", *missing]
        )
    except pl.exceptions.PolarsError as error:
        blank_rows(text, separator, len(names))
        why = str(error).splitlines()[0]
        raise DataError(
            f"{text.path} cannot be divided into cells ({why}). Look for stray quotation marks and separators."
        ) from error
    # polars refuses rows that are too long, and fills short and empty ones up with nulls.
    if frame[:, -1].null_count() and len(names) > 1 and (blank := blank_rows(text, separator, len(names))):
        frame = frame.with_row_index("\0row").filter(~pl.col("\0row").is_in(blank)).drop("\0row")
    if not has_padding(text, separator):
        return frame
    return pl.DataFrame([_stripped(column, ["", *missing]) for column in frame])


def _stripped(words: pl.Series, missing: list[str]) -> pl.Series:
    """Return a column without blanks around its cells; what turns out to be a word for missing becomes null."""
    stripped = words.str.strip_chars()
    if stripped.str.len_bytes().sum() == words.str.len_bytes().sum():
        return words
    return stripped.set(stripped.is_in(missing), None)


KINDS = (
    SourceKind(
        "csv",
        "CSV file",
        "A table in a text file; the first line holds the column names.",
        read_table,
        (
            Parameter("path", "text", help="The file; a relative path starts from the project file's folder."),
            Parameter(
                "separator", "choice", "auto", "What stands between cells.", choices=("auto", ",", ";", "tab", "|")
            ),
            Parameter(
                "decimal",
                "choice",
                "auto",
                "Decimal point or comma; auto also accepts a comma where it is not the separator.",
                choices=("auto", ".", ","),
            ),
            Parameter(
                "missing_words", "text", _MISSING, "Cells with one of these words are missing, as empty ones are."
            ),
        ),
        _files,
    ),
)
