"""Reads a source with checked options, and remembers the last few, so that looking at the same data twice is cheap."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from core.data.source import RawData, SourceKind
from core.data.sources import sources
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
