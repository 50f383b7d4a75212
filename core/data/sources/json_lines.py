"""JSON lines: a record on each line; records may have different names, lists, and records within them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from core.data.source import RawData, SourceKind
from core.data.sources._table import (
    MISSING_WORDS,
    PATH,
    by_suffix,
    checked_file,
    files,
    missing_words,
    path_of,
    plain_columns,
    table,
)
from core.errors import DataError, reason_of
from core.kinds import Value
from core.progress import report

_SUFFIXES = (".jsonl", ".ndjson")
_SHOWN = 5


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    import polars as pl

    path = path_of(options, base)
    checked_file(path, _SUFFIXES, "a file of JSON lines")
    report(0, 0, "reading the file")
    try:
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}.") from error
    if not data.strip():
        raise DataError(f"{path} is empty. It needs a JSON record on each line.")
    if data.lstrip().startswith(b"["):
        raise DataError(
            f"{path} holds one JSON list. JSON lines have a record on each line, without commas between them."
        )
    try:
        frame = pl.read_ndjson(data, infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, UnicodeDecodeError) as error:
        _name_bad_lines(path, data)
        why = str(error).splitlines()[0]
        raise DataError(f"The records of {path} do not fit together ({why}). Give each name one type.") from error
    if frame.height < data.count(b"\n{"):
        _name_bad_lines(path, data)
    return table(plain_columns(frame, missing_words(options)), path)


def _name_bad_lines(path: Path, data: bytes) -> None:
    """Raise DataError for the lines that hold no JSON record, the first of them by number."""
    problems = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(f"Line {number} is no JSON ({error}): {line[:60].decode('utf-8', errors='replace')}")
            continue
        if not isinstance(record, dict):
            problems.append(f"Line {number} is no record in braces: {line[:60].decode('utf-8', errors='replace')}")
    if problems:
        more = [f"and {len(problems) - _SHOWN:,} more."] if len(problems) > _SHOWN else []
        raise DataError(
            f"{path} has lines that hold no JSON record. Correct or remove them.", problems=problems[:_SHOWN] + more
        )


KINDS = (
    SourceKind(
        "json_lines",
        "JSON lines",
        'A record on each line, such as {"length": 3.2, "kind": "rose"}; lists become arrays, sequences or labels.',
        _read,
        (PATH, MISSING_WORDS),
        files,
        by_suffix(*_SUFFIXES),
    ),
)
