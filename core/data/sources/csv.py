"""Tables in text files: whatever separator, encoding and words for "missing" they use, columns with their meanings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.source import RawData, SourceKind
from core.data.sources._table import MISSING_WORDS, PATH, by_suffix, files, missing_words, path_of, stripped, table
from core.data.text import (
    TableText,
    blank_rows,
    find_separator,
    has_names,
    has_padding,
    header,
    read_text,
    told_apart,
    with_names,
)
from core.errors import DataError
from core.kinds import Parameter, Value
from core.progress import report

if TYPE_CHECKING:
    import polars as pl

_BLOCK = 64 * 1024**2


def read_table(options: Mapping[str, Value], base: Path | None, separator: str = "auto") -> RawData:
    """Read a whole table and infer what its columns mean; raise DataError where it is broken, naming the rows."""
    report(0, 0, "reading the file")
    text = read_text(path_of(options, base))
    if separator == "auto":
        separator = options["separator"]
    separator = {"tab": "\t", "auto": find_separator(text.head)}.get(separator, separator)
    text, told = _named(text, separator, options["names"])
    names = header(text, separator)
    columns = _frame(text, separator, names, missing_words(options)).get_columns()
    comma = options["decimal"] == "," or (options["decimal"] == "auto" and separator != ",")
    path, notes = text.path, (*text.notes, *told)
    del text
    return table(columns, path, notes, comma=comma)


def _named(text: TableText, separator: str, names: str) -> tuple[TableText, tuple[str, ...]]:
    """Return a table whose first line holds its column names, and what the user should know of them."""
    if names == "none":
        return with_names(text, separator), ()
    if names == "auto" and not has_names(text, separator):
        return with_names(text, separator), (
            f"The first line of {text.path.name} holds values, so the columns were named 'column 1', 'column 2' and so "
            "on. If it does hold names, set the option 'names' to 'first line'.",
        )
    twice = told_apart(text, separator)
    if not twice:
        return text, ()
    listed = ", ".join(f"'{name}'" for name in twice[:5])
    return text, (f"Columns of the same name have a number behind it, such as '{twice[0]} (2)': {listed}.",)


def _frame(text: TableText, separator: str, names: tuple[str, ...], missing: list[str]) -> pl.DataFrame:
    """Return all cells as stripped text, null where missing; empty lines are left out."""
    import polars as pl

    try:
        frame = pl.concat(list(_parts(text, separator, names, missing)))
    except pl.exceptions.PolarsError as error:
        blank_rows(text, separator, len(names))
        why = str(error).splitlines()[0]
        raise DataError(
            f"{text.path} cannot be divided into cells ({why}). Look for stray quotation marks and separators."
        ) from error
    # polars refuses rows that are too long, and fills short and empty ones up with nulls.
    if (
        frame.height
        and frame[:, -1].null_count()
        and len(names) > 1
        and (blank := blank_rows(text, separator, len(names)))
    ):
        frame = frame.with_row_index("\0row").filter(~pl.col("\0row").is_in(blank)).drop("\0row")
    if not has_padding(text, separator):
        return frame
    return pl.DataFrame([_stripped(column, missing) for column in frame])


def _parts(text: TableText, separator: str, names: tuple[str, ...], missing: list[str]) -> Iterator[pl.DataFrame]:
    """Divide a text into cells, block by block."""
    import polars as pl

    heading = separator.join(str(index) for index in range(len(names))).encode() + b"\n"
    for start, end in _blocks(text.data):
        report(start, len(text.data), "dividing into cells")
        block = text.data[start:end]  # the same object where it is all
        data = heading + block if start else block
        yield pl.read_csv(data, separator=separator, infer_schema=False, new_columns=list(names), null_values=missing)


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    """Divide a long text at ends of lines that are outside of quotation marks: between them a job can be cancelled."""
    start = end = 0
    while end < len(data):
        end = data.find(b"\n", end + _BLOCK if end == start else end) + 1
        if not end or end == len(data):
            end = len(data)
        elif data.count(b'"', start, end) % 2:
            continue
        yield start, end
        start = end


def _stripped(words: pl.Series, missing: list[str]) -> pl.Series:
    """Return a column without blanks around its cells; what turns out to be a word for missing becomes null."""
    short = words.str.strip_chars().str.len_bytes().sum() < words.str.len_bytes().sum()
    return stripped(words, missing) if short else words


_SEPARATOR = Parameter(
    "separator", "choice", "auto", "What stands between cells.", choices=("auto", ",", ";", "tab", "|")
)
_CELLS = (
    Parameter(
        "names",
        "choice",
        "auto",
        "Whether the first line holds the columns' names; auto looks whether it holds numbers instead.",
        choices=("auto", "first line", "none"),
    ),
    Parameter(
        "decimal",
        "choice",
        "auto",
        "Decimal point or comma; auto also accepts a comma where it is not the separator.",
        choices=("auto", ".", ","),
    ),
    MISSING_WORDS,
)

KINDS = (
    SourceKind(
        "csv",
        "CSV file",
        "A table in a text file; the first line usually holds the column names.",
        read_table,
        (PATH, _SEPARATOR, *_CELLS),
        files,
        by_suffix(".csv"),
    ),
    SourceKind(
        "tsv",
        "TSV file",
        "A table in a text file with tabs between its cells; the first line usually holds the column names.",
        partial(read_table, separator="\t"),
        (PATH, *_CELLS),
        files,
        by_suffix(".tsv", ".tab"),
    ),
)
