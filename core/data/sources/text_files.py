"""Texts: a file each in folders that are classes, or one long text cut into pieces or lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core import units
from core.data.folders import FAMILIES, Files, described, family_of, kept, list_files, watched
from core.data.source import Array, Column, RawData, SourceKind
from core.data.sources._table import checked_file, path_of
from core.data.text import decode
from core.errors import DataError, reason_of
from core.kinds import Parameter, Value
from core.progress import report

_LIMIT = 1024**3
"""The most bytes of text that are held."""


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    path = path_of(options, base)
    folder = path.is_dir()
    if folder:
        files = list_files(path, "text")
        columns, notes = described(files, "text")
    else:
        size = checked_file(path, FAMILIES["text"], "a text file", _LIMIT)
        files, columns, notes = Files(path.parent, (path.name,), (size,)), {}, ()
    if sum(files.sizes) > _LIMIT:
        raise DataError(f"{path} holds {units.size(sum(files.sizes))} of text; at most {units.size(_LIMIT)} are held.")
    how = options["sample"]
    if how == "auto":
        how = "file" if folder and len(files) > 1 else "piece"
    texts, rows, told = _texts(files, how, options["piece"])
    pieces = how == "piece"
    suggested = {"vocabulary": 258, "length": options["piece"], "lower": False} if pieces else {}
    encoding = "character" if pieces else ""
    text = Column(texts, "text", reason=_reason(texts, how), options=suggested, encoding=encoding)
    return RawData({"text": text, **kept(columns, rows)}, (*notes, *told))


def _texts(files: Files, how: str, piece: int) -> tuple[Array, Array, list[str]]:
    """Return the samples, the file that each is from, and notes."""
    samples: list[str] = []
    rows: list[int] = []
    notes: list[str] = []
    empty: list[str] = []
    for row in range(len(files)):
        if row % 64 == 0:
            report(row, len(files), "reading the texts")
        text, told = _content(files.path(row))
        notes += told
        found = _cut(text, how, piece)
        if not found:
            empty.append(files.names[row])
        samples += found
        rows += [row] * len(found)
    if not samples:
        raise DataError(f"{files.root} holds no text: {units.plural(len(files), 'file')}, all of them empty.")
    if empty:
        notes.append(f"{units.plural(len(empty), 'empty file')} left out, such as '{empty[0]}'.")
    values = np.empty(len(samples), dtype=object)
    values[:] = samples
    return values, np.array(rows, dtype=np.int64), notes[:10]


def _content(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a file's text with line ends as ``\\n``, and notes on how it was decoded."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}.") from error
    if not raw.strip(b"\xef\xbb\xbf\r\n\t "):
        return "", ()
    found = decode(path, raw)
    return found.data.decode("utf-8").replace("\r\n", "\n"), found.notes


def _cut(text: str, how: str, piece: int) -> list[str]:
    """Return a text's samples: itself, its lines, or pieces one after another; a last one of one letter is dropped."""
    if how == "line":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if how == "piece":
        pieces = [text[start : start + piece] for start in range(0, len(text), piece)]
        return [each for each in pieces if len(each) > 1]
    return [text] if text.strip() else []


def _reason(texts: Array, how: str) -> str:
    lengths = [len(text) for text in texts]
    what = {"file": "text", "line": "line", "piece": "piece"}[how]
    return f"{units.plural(len(texts), what)} of {min(lengths):,} to {max(lengths):,} letters"


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    return watched(path_of(options, base))


def _accepts(path: Path) -> bool:
    return (path.is_file() and path.name.lower().endswith(FAMILIES["text"])) or family_of(path) == "text"


KINDS = (
    SourceKind(
        "text_files",
        "Text files",
        "Texts in a folder, where sub-folders are classes, or one long text that is cut into pieces, of which a "
        "network learns what comes next.",
        _read,
        (
            Parameter(
                "path", "text", help="The file or folder; a relative path starts from the project file's folder."
            ),
            Parameter(
                "sample",
                "choice",
                "auto",
                "What a sample is: a whole file, a line, or a piece; auto takes the files of a folder, and pieces of a "
                "single text.",
                choices=("auto", "file", "line", "piece"),
            ),
            Parameter("piece", "int", 256, "Letters in a piece; none is in two pieces.", minimum=2, maximum=1_000_000),
        ),
        _files,
        _accepts,
    ),
)
