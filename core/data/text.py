"""The text of a table file: its encoding, its separator, its header, and every broken row found by number."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.source import Array
from core.data.values import parse_number
from core.errors import DataError, reason_of

SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_LIMIT = 2 * 1024**3
_HEAD = 64 * 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BINARY = {b"PK\x03\x04": "an Excel workbook or a zip archive", b"%PDF": "a PDF", b"\x1f\x8b": "a gzip archive"}


@dataclass(frozen=True)
class TableText:
    """A file's text as UTF-8 bytes without byte order mark and without empty lines at either end.

    ``first_line`` is the number in the file of the first line that is left. ``remarks`` counts lines of remarks above
    the table, which begin with ``#`` and were left out.
    """

    path: Path
    data: bytes
    first_line: int
    encoding: str
    remarks: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about how the text was decoded."""
        notes = []
        if self.encoding not in ("utf-8", "utf-16"):
            notes.append(
                f"{self.path.name} is not UTF-8; it was read as Windows-1252. Look at accented letters and symbols."
            )
        if self.remarks:
            notes.append(f"Left out above the table: {units.plural(self.remarks, 'line')} that begin with #.")
        return tuple(notes)

    @property
    def head(self) -> str:
        """The beginning of the text."""
        return self.data[:_HEAD].decode("utf-8", errors="ignore")


@dataclass(frozen=True)
class FirstRows:
    """The beginning of a table file, for showing before all of it is read."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    separator: str
    encoding: str


def first_rows(path: Path, count: int = 100) -> FirstRows:
    """Read only as much of a table file as its header and first ``count`` rows take.

    Raises:
        DataError: the file cannot be opened, is no text or is empty.
    """
    size: int | None = _HEAD
    while True:
        raw = _read_bytes(path, size)
        ended = size is None or len(raw) < size
        if not ended and raw.startswith(_UTF_16):
            size = None
            continue
        if ended or b"\n" in raw:
            text = decode(path, raw if ended else raw[: raw.rfind(b"\n")])
            separator = find_separator(text.head)
            table = _parse(text, separator)
            if ended or len(table) > count + 1:
                break
        size = (size or _HEAD) * 4
    rows = tuple(tuple(row) for row in table[1:] if row)
    names = tuple(name.strip() or f"column {index + 1}" for index, name in enumerate(table[0]))
    return FirstRows(names, rows[:count], separator, text.encoding)


def _parse(text: TableText, separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text.data.decode("utf-8"), newline=""), delimiter=separator))
    except csv.Error as error:
        raise DataError(f"{text.path} cannot be read as a table: {reason_of(error)}.") from error


def read_text(path: Path) -> TableText:
    """Read a whole file as text; raise DataError where it cannot be opened, is too large, no text or empty."""
    return decode(path, _read_bytes(path, None))


def _read_bytes(path: Path, size: int | None) -> bytes:
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder, not a file. Choose a CSV file in it.")
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is a device or a pipe, not a file. Choose a CSV file.")
        if path.stat().st_size > _LIMIT and size is None:
            raise DataError(f"{path} has {units.size(path.stat().st_size)}; at most {units.size(_LIMIT)} are read.")
        with path.open("rb") as file:
            return file.read(size)
    except FileNotFoundError as error:
        near = sorted(each.name for each in path.parent.glob("*.csv"))[:5] if path.parent.is_dir() else []
        there = f" In its folder are: {', '.join(near)}." if near else ""
        raise DataError(f"{path} does not exist.{there} Choose the file again.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}.") from error


def decode(path: Path, raw: bytes) -> TableText:
    """Decode as UTF-8 (with or without byte order mark), UTF-16 with one, or else Windows-1252.

    Raises:
        DataError: it is no text, or nothing is in it.
    """
    for magic, what in _BINARY.items():
        if raw.startswith(magic):
            raise DataError(f"{path} is {what}, not a text table. Save it as CSV (UTF-8) and choose that file.")
    encoding = "utf-16" if raw.startswith(_UTF_16) else "utf-8"
    try:
        if encoding == "utf-16":
            raw = raw.decode("utf-16").encode()
        elif not raw.isascii():
            raw.decode("utf-8")
    except UnicodeDecodeError:
        raw, encoding = _from_windows(path, raw), "cp1252"
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in raw:
        raise DataError(f"{path} is no text: it holds zero bytes. Save the table as CSV (UTF-8).")
    if b"\r" in raw and b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    stripped = raw.lstrip(b"\r\n") if raw[:1] in (b"\r", b"\n") else raw
    if not stripped[:_HEAD].strip() and not stripped.strip():
        raise DataError(f"{path} is empty. It needs a line of column names and at least one row.")
    table, remarks = _without_remarks(stripped)
    lines_before = raw.count(b"\n", 0, len(raw) - len(table))
    return TableText(path, table.rstrip(b"\r\n"), 1 + lines_before, encoding, remarks)


def _without_remarks(data: bytes) -> tuple[bytes, int]:
    """Return a table without what stands above its names, and how many lines of remarks that were.

    That is a line such as ``sep=;``, which is for Excel, and lines that begin with ``#`` – unless they are divided into
    as many cells as what follows, as names are.
    """
    if re.match(rb"(?i)sep=[^\r\n]\r?\n", data):
        data = data.split(b"\n", 1)[1].lstrip(b"\r\n")
    head = data[:_HEAD].decode("utf-8", errors="ignore").splitlines()
    count = next((place for place, line in enumerate(head) if not line.startswith("#")), 0)
    if not count:
        return data, 0
    separator = find_separator("\n".join(head[count:]))
    if head[count - 1].count(separator) == head[count].count(separator) > 0:
        count -= 1  # the last of them holds the names
    for _ in range(count):
        data = data.split(b"\n", 1)[1]
    return data.lstrip(b"\r\n"), count


def _from_windows(path: Path, raw: bytes) -> bytes:
    try:
        return raw.decode("cp1252").encode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path} is neither UTF-8 nor Windows-1252 text: byte {raw[error.start]:#04x} in line {line} is not "
            "allowed in either. Save the table as CSV (UTF-8)."
        ) from error


def has_padding(text: TableText, separator: str) -> bool:
    """Say whether a cell may begin or end with blanks. (Looking at the bytes is far quicker than at each cell.)"""
    marks = (separator.encode(), b"\n", b"\r", b'"')
    edges = text.data[:1] in b" \t" or text.data[-1:] in b" \t"
    known = (b" ", b"\t") if text.data.isascii() else (b" ", b"\t", "\u00a0".encode())
    blanks = [blank for blank in known if blank != marks[0] and blank in text.data]
    return edges or any(blank + mark in text.data or mark + blank in text.data for blank in blanks for mark in marks)


def find_separator(head: str) -> str:
    """Return the separator that divides the header and most of the first rows into the same number of cells."""
    best, best_score = ",", (0.0, 0)
    lines = head.splitlines()[:100]
    text = "\n".join(lines if len(lines) < 3 else lines[:-1])
    for separator in SEPARATORS:
        counts = [len(row) for row in csv.reader(io.StringIO(text), delimiter=separator) if row]
        if counts and counts[0] > 1:
            score = (sum(count == counts[0] for count in counts) / len(counts), counts[0])
            # On a tie the comma loses: it is then the decimal comma.
            if score >= best_score:
                best, best_score = separator, score
    return best


def header(text: TableText, separator: str) -> tuple[str, ...]:
    """Return the column names of the first line; one without a name becomes ``column 3``, a second ``a`` ``a (2)``.

    Raises:
        DataError: the line is too long to be divided.
    """
    names: dict[str, None] = {}
    for index, cell in enumerate(_first_cells(text, separator)):
        wanted, count = cell or f"column {index + 1}", 1
        name = wanted
        while name in names:
            count += 1
            name = f"{wanted} ({count})"
        names[name] = None
    return tuple(names)


def told_apart(text: TableText, separator: str) -> tuple[str, ...]:
    """Return the column names that stand in the first line more than once."""
    counts = Counter(cell for cell in _first_cells(text, separator) if cell)
    return tuple(cell for cell, count in counts.items() if count > 1)


def has_names(text: TableText, separator: str) -> bool:
    """Say whether the first line holds names: values are all numbers, or some with a point or a comma."""
    cells = _first_cells(text, separator)
    numbers = [cell for cell in cells if not math.isnan(parse_number(cell))]
    return not numbers or (len(numbers) < len(cells) and not any("." in each or "," in each for each in numbers))


def with_names(text: TableText, separator: str) -> TableText:
    """Return a table whose first line holds values with a line of names above it: ``column 1``, ``column 2``…"""
    count = len(_first_cells(text, separator))
    names = separator.join(f"column {index + 1}" for index in range(count))
    return replace(text, data=names.encode() + b"\n" + text.data, first_line=text.first_line - 1)


def _first_cells(text: TableText, separator: str) -> list[str]:
    lines = io.TextIOWrapper(io.BytesIO(text.data), "utf-8", newline="")
    try:
        return [cell.strip() for cell in next(csv.reader(lines, delimiter=separator))]
    except csv.Error as error:
        raise DataError(f"{text.path} cannot be read as a table: {reason_of(error)}.") from error


@dataclass(frozen=True)
class Records:
    """Where each record of a text starts and ends (byte offsets), and how many cells it has."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    cells: NDArray[np.int64]


def records(text: TableText, separator: str) -> Records:
    """Find all records: separators and line ends within quotation marks do not count."""
    data = np.frombuffer(text.data, dtype=np.uint8)
    quotes = np.flatnonzero(data == ord('"'))

    def outside(byte: str) -> Array:
        positions: Array = np.flatnonzero(data == ord(byte))
        return positions[np.searchsorted(quotes, positions) % 2 == 0] if len(quotes) else positions

    line_ends = outside("\n")
    starts = np.concatenate([[0], line_ends + 1])
    ends = np.concatenate([line_ends, [len(data)]])
    separators = outside(separator)
    cells = np.searchsorted(separators, ends) - np.searchsorted(separators, starts) + 1
    return Records(starts, ends, cells)


def blank_rows(text: TableText, separator: str, columns: int) -> list[int]:
    """Return the rows (0 is the first below the header) that are empty lines.

    Raises:
        DataError: rows that are not empty have another number of cells than ``columns``; the first ones are named.
    """
    found = records(text, separator)
    wrong = np.flatnonzero(found.cells != columns)
    blank: list[int] = []
    broken: list[int] = []
    for index in wrong.tolist():
        content = text.data[found.starts[index] : found.ends[index]]
        (broken if content.strip() else blank).append(index)
    if text.data.count(b'"') % 2 and (not broken or broken[-1] != len(found.cells) - 1):
        broken.append(len(found.cells) - 1)
    if broken:
        raise DataError(
            f"{text.path} has {units.plural(len(broken), 'broken row')}: the header has "
            f"{units.plural(columns, 'cell')} (separator: {SEPARATOR_NAMES[separator]}). "
            "Correct them in the file, or put cells that hold the separator between quotation marks.",
            problems=_describe(text, found, broken),
        )
    return [index - 1 for index in blank]


def _describe(text: TableText, found: Records, broken: list[int]) -> list[str]:
    lines = []
    for index in broken[:5]:
        start, end = int(found.starts[index]), int(found.ends[index])
        content = text.data[start:end]
        line = text.first_line + text.data.count(b"\n", 0, start)
        what = f"has {units.plural(int(found.cells[index]), 'cell')}"
        if content.count(b'"') % 2:
            what = "has a quotation mark that is never closed"
        shown = content[:60].decode("utf-8", errors="ignore").splitlines()[0]
        lines.append(f"Row {index} (line {line} of the file) {what}: {shown}")
    if len(broken) > 5:
        lines.append(f"and {len(broken) - 5:,} more.")
    return lines
