"""Sheets of Excel workbooks (and of LibreOffice's): dates, flags and numbers keep the type they have in the sheet."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from core import units
from core.data.source import RawData, SourceKind
from core.data.sources._table import (
    LIMIT,
    MISSING_WORDS,
    PATH,
    by_suffix,
    checked_file,
    files,
    missing_words,
    optional,
    path_of,
    plain_columns,
    table,
)
from core.errors import DataError
from core.kinds import Parameter, Value
from core.progress import report

if TYPE_CHECKING:
    import polars as pl

_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    path = path_of(options, base)
    checked_file(path, _SUFFIXES, "an Excel workbook")
    _check_archive(path)
    fastexcel = optional("fastexcel", "fastexcel", "Excel workbooks")
    report(0, 0, "reading the workbook")
    try:
        book = fastexcel.read_excel(path)
        sheet = _sheet_name(book.sheet_names, str(options["sheet"]).strip(), path)
        report(0, 0, f"reading the sheet '{sheet}'")
        loaded = book.load_sheet(sheet, schema_sample_rows=None, skip_whitespace_tail_rows=True)
        frame = loaded.to_polars()
    except fastexcel.FastExcelError as error:
        why = str(error).splitlines()[0]
        raise DataError(f"{path} is no Excel workbook that can be read ({why}). Save it again as .xlsx.") from error
    others = [name for name in book.sheet_names if name != sheet]
    return _table(frame, path, sheet, others, missing_words(options))


def _table(frame: pl.DataFrame, path: Path, sheet: str, others: list[str], missing: list[str]) -> RawData:
    import polars as pl

    frame = pl.DataFrame(plain_columns(frame, missing)).filter(~pl.all_horizontal(pl.all().is_null()))
    elsewhere = f" The other sheets are: {', '.join(others[:10])}." if others else ""
    if not frame.height:
        raise DataError(
            f"The sheet '{sheet}' of {path} is empty: it needs a row of column names and at least one row of values "
            f"below it.{elsewhere}"
        )
    names = {name: f"column {index + 1}" for index, name in enumerate(frame.columns) if name.startswith("__UNNAMED__")}
    empty = [name for name in names if frame[name].null_count() == frame.height]
    notes = (f"The sheet '{sheet}' was read.{elsewhere}",) if others else ()
    named = {old: new for old, new in names.items() if old not in empty}
    return table(frame.drop(empty).rename(named).get_columns(), path, notes)


def _sheet_name(there: list[str], wanted: str, path: Path) -> str:
    if not there:
        raise DataError(f"{path} has no sheets.")
    if wanted and wanted not in there:
        raise DataError(f"{path} has no sheet '{wanted}'. Its sheets are: {', '.join(there[:20])}.")
    return wanted or there[0]


def _check_archive(path: Path) -> None:
    """Refuse a workbook that is small on disk and would fill the memory when it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return  # the older .xls is no archive; the reader says what else is wrong
    if unpacked > LIMIT:
        raise DataError(f"{path} has {units.size(unpacked)} when it is unpacked; at most {units.size(LIMIT)} are read.")


KINDS = (
    SourceKind(
        "excel",
        "Excel workbook",
        "A sheet of a workbook; its first row holds the column names.",
        _read,
        (
            PATH,
            Parameter("sheet", "text", "", "The name of the sheet; empty: the first one."),
            MISSING_WORDS,
        ),
        files,
        by_suffix(*_SUFFIXES),
    ),
)
