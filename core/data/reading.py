"""Reads a source with checked options and remembers the last few; finds the source for a file that was dropped."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from core.data.source import Lazy, RawData, SourceKind, accepts_nothing
from core.data.sources import sources
from core.data.text import first_rows
from core.errors import DataError, UnknownKindError
from core.kinds import Value
from core.parameters import check_named

_REMEMBERED = 4
_lock = threading.Lock()
_recent: OrderedDict[tuple[object, ...], RawData] = OrderedDict()


def read(source: str, options: Mapping[str, Value], base: Path | None = None) -> RawData:
    """Read all of a source; ``base`` is the folder that relative paths start from.

    Raises:
        DataError: there is no such source, an option is wrong, or the data cannot be read.
    """
    kind = find_source(source)
    complete = complete_options(kind, options)
    stamps = tuple(_stamp(path) for path in kind.files(complete, base))
    key = (source, tuple(sorted((name, repr(value)) for name, value in complete.items())), stamps)
    with _lock:
        if key in _recent:
            _recent.move_to_end(key)
            return _recent[key]
    raw = kind.read(complete, base)
    for column in raw.columns.values():
        if not isinstance(column.values, Lazy):
            column.values.setflags(write=False)
    with _lock:
        _recent[key] = raw
        while len(_recent) > _REMEMBERED:
            _recent.popitem(last=False)
    return raw


def find_source(source: str) -> SourceKind:
    """Return the kind of a source by its id; raise DataError where there is none."""
    if not source:
        raise DataError("No data is bound yet. Choose a data source first.")
    try:
        return sources[source]
    except UnknownKindError as error:
        raise DataError(f"{error.message} There are: {', '.join(sources.entries)}.") from error


def complete_options(kind: SourceKind, options: Mapping[str, Value]) -> dict[str, Value]:
    """Return the options with the defaults filled in; raise DataError with all that is wrong with them."""
    problems = [each.message for each in check_named(kind.title, kind.parameters, options)]
    for parameter in kind.parameters:
        if parameter.required and parameter.name not in options:
            problems.append(f"The option '{parameter.name}' is needed: {parameter.help}")
    if problems:
        raise DataError(f"The options of the data source '{kind.id}' are not right.", problems=problems)
    return {each.name: options.get(each.name, each.default) for each in kind.parameters}


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return (str(path.absolute()), 0, -1)  # reading it says what is wrong
    return (str(path.resolve()), status.st_mtime_ns, status.st_size)


def source_for(path: Path) -> tuple[str, dict[str, Value]]:
    """Return the source and the options that read a file or folder which was dropped on the window.

    Raises:
        DataError: no source knows it; the message says what can be read.
    """
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        raise DataError(f"{path} does not exist. Choose the file or folder again.")
    for kind in sources:
        if kind.accepts(path):
            return kind.id, {"path": str(path)}
    if path.is_file() and _is_text_table(path):
        return "csv", {"path": str(path)}
    titles = ", ".join(kind.title for kind in sources if kind.accepts is not accepts_nothing)
    what = "folder" if path.is_dir() else "file"
    raise DataError(f"No source knows what the {what} {path} holds. What can be read: {titles}.")


def _is_text_table(path: Path) -> bool:
    """Say whether a file with a name of another kind, such as ``.txt`` or ``.data``, begins as a table does."""
    try:
        first = first_rows(path, 5)
    except DataError:
        return False
    return len(first.names) > 1 and bool(first.rows) and all(len(row) == len(first.names) for row in first.rows)
