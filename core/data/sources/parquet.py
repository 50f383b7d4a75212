"""Parquet files: columns keep the types that the file gives them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.data.source import RawData, SourceKind
from core.data.sources._table import PATH, by_suffix, checked_file, files, path_of, plain_columns, table
from core.errors import DataError, reason_of
from core.kinds import Value
from core.progress import report

_SUFFIXES = (".parquet", ".pq")
_READINGS = 50
"""About how often the file is opened: between two readings the work can be cancelled."""


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    import polars as pl

    path = path_of(options, base)
    checked_file(path, _SUFFIXES, "a Parquet file", limit=None)
    try:
        with path.open("rb") as file:
            names = list(pl.read_parquet_schema(file))
        columns = []
        step = 1 + len(names) // _READINGS
        for start in range(0, len(names), step):
            report(start, len(names), f"reading '{names[start]}'")
            some = names[start : start + step]
            columns += pl.read_parquet(path, columns=some, glob=False, hive_partitioning=False).get_columns()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, MemoryError) as error:
        why = reason_of(error).splitlines()[0] if isinstance(error, Exception) else "its pages are damaged"
        raise DataError(
            f"{path} is no Parquet file that can be read ({why}). It may be cut off: copy or download it again."
        ) from error
    cells = plain_columns(pl.DataFrame(columns), [""])
    columns.clear()
    return table(cells, path, typed=True)


KINDS = (
    SourceKind(
        "parquet",
        "Parquet file",
        "A table whose columns have types, as pandas, Spark and the Hugging Face hub write it.",
        _read,
        (PATH,),
        files,
        by_suffix(*_SUFFIXES),
    ),
)
