"""Folders of images, sounds or texts: which files there are, and what their folders and metadata files say of each."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.infer import Hints, infer_column
from core.data.roles import suggest_roles
from core.data.source import Array, Column
from core.data.splits import part_of
from core.data.text import find_separator, header, read_text
from core.data.values import category_order
from core.errors import DataError, reason_of
from core.graph.names import natural_key
from core.progress import report

if TYPE_CHECKING:
    import polars as pl

SHOWN = 5
"""How many files a message names."""
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"),
    "sound": (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif"),
    "text": (".txt",),
}
"""The endings of files of each kind, in lower case."""
_METADATA = ("metadata.csv", "metadata.tsv", "metadata.jsonl")
_NAME_COLUMNS = ("file_name", "filename", "file", "path")
_DEEPEST = 8
_PEEKED = 300


@dataclass(frozen=True)
class Files:
    """Files of one kind below ``root``: their paths from there, with ``/`` between names, in natural order.

    ``sizes`` are in bytes. ``metadata`` are the files that describe them, ``others`` counts endings of what was left
    out.
    """

    root: Path
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    metadata: tuple[str, ...] = ()
    others: tuple[tuple[str, int], ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def path(self, row: int) -> Path:
        """Return the path of a file."""
        return self.root / self.names[row]

    def only(self, rows: Sequence[int]) -> Files:
        """Return some of the files."""
        return replace(self, names=tuple(self.names[row] for row in rows), sizes=tuple(self.sizes[row] for row in rows))

    @cached_property
    def digest(self) -> str:
        """A text that changes with names and sizes of the files."""
        lines = (f"{name}\0{size}" for name, size in zip(self.names, self.sizes, strict=True))
        return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


class RowsOfFiles:
    """For values that are read from ``files``, one a row (see ``core.data.source.Lazy``)."""

    files: Files

    def content(self, row: int) -> Path:
        """Return a file's path."""
        return self.files.path(row)

    def describe(self, row: int) -> str:
        """Return a file's name."""
        return self.files.names[row]

    def digest(self) -> str:
        """Return a text that changes with names and sizes of the files."""
        return self.files.digest


def list_files(root: Path, family: str) -> Files:
    """Return all files of a kind below a folder; hidden files are left out, links are followed.

    Raises:
        DataError: it is no folder, cannot be read, or has no such file.
    """
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise DataError(f"{root} {what}. Choose the folder that holds the {family}s.")
    found: list[tuple[str, int]] = []
    metadata: list[str] = []
    others: Counter[str] = Counter()
    for entry, name in _walk(root):
        if name.rpartition("/")[2].lower() in _METADATA:
            metadata.append(name)
        elif name.lower().endswith(FAMILIES[family]):
            found.append((name, entry.stat().st_size))
        else:
            others[PurePosixPath(name).suffix.lower() or "no ending"] += 1
        if len(found) % 1000 == 999:
            report(0, 0, f"finding {family}s: {len(found):,}")
    if not found:
        there = f" It holds {_endings(others.most_common(3))}." if others else ""
        raise DataError(f"{root} holds no {family}s ({', '.join(FAMILIES[family])}).{there} Choose another folder.")
    found.sort(key=lambda each: natural_key(each[0]))
    names, sizes = zip(*found, strict=True)
    return Files(root, names, sizes, tuple(sorted(metadata)), tuple(others.most_common(3)))


def _endings(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{units.plural(count, 'file')} ({ending})" for ending, count in counts)


def _walk(root: Path) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield every file below a folder with its path from there."""
    for _, prefix, entries in _folders_below(root):
        for entry in entries:
            if entry.is_file():
                yield entry, prefix + entry.name


def _folders_below(root: Path) -> Iterator[tuple[str, str, list[os.DirEntry[str]]]]:
    """Yield a folder and those below, each once however it is linked: its path, that from the root, what it holds.

    Hidden entries and folders are not among what it holds.
    """
    seen: set[str] = set()
    waiting: list[tuple[str, str, int]] = [(str(root), "", 0)]
    while waiting:
        folder, prefix, depth = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen or depth > _DEEPEST:
            continue
        seen.add(real)
        held = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith((".", "__MACOSX")):
                        continue
                    if entry.is_dir():
                        waiting.append((entry.path, f"{prefix}{entry.name}/", depth + 1))
                    else:
                        held.append(entry)
        except OSError as error:
            raise DataError(f"{folder} cannot be read: {reason_of(error)}.") from error
        yield folder, prefix, held


def watched(root: Path) -> tuple[Path, ...]:
    """Return the folders and metadata files whose change means that files came or went."""
    if not root.is_dir():
        return (root,)
    found = [root]
    for folder, _, entries in _folders_below(root):
        found.append(Path(folder))
        found += [Path(entry.path) for entry in entries if entry.name.lower() in _METADATA]
    return tuple(sorted(set(found)))


def family_of(path: Path) -> str:
    """Return the kind of file that a folder mostly holds, by its first few; "" where it is no folder or holds none."""
    if not path.is_dir():
        return ""
    counts: Counter[str] = Counter()
    seen = 0
    try:
        for _, name in _walk(path):
            seen += 1
            counts.update(family for family, endings in FAMILIES.items() if name.lower().endswith(endings))
            if seen >= _PEEKED:
                break
    except DataError:
        return ""
    return counts.most_common(1)[0][0] if counts else ""


# --- what folders and metadata say ------------------------------------------------------------------------------------


def described(files: Files, value: str) -> tuple[dict[str, Column], tuple[str, ...]]:
    """Return what is known of each file besides its content, as columns, and notes for the user.

    Sub-folders are classes ("label"); folders such as ``train`` and ``test`` above them are parts ("split");
    ``metadata.csv`` or ``.jsonl`` with a column ``file_name`` adds its other columns.

    Args:
        files: at least one.
        value: what the files hold, such as "image": no column gets that name.
    """
    parts, labels, notes = _folders(files.names)
    columns: dict[str, Column] = {}
    if files.metadata:
        columns, told = _metadata(files, value)
        notes += told
    if labels is not None and "label" not in columns:
        classes = category_order({label for label in labels if label is not None})
        reason = f"name of the folder that each {value} is in: {len(classes):,} classes"
        # An empty name would never be a folder's, so that there is no doubt about what is missing.
        columns["label"] = Column(_objects(labels), "category", classes, reason, "target")
    if parts is not None and "split" not in columns:
        names = tuple(dict.fromkeys(part for part in parts if part is not None))
        columns["split"] = Column(_objects(parts), "category", names, f"the folder above: {', '.join(names)}", "split")
    if files.others:
        notes.append(f"Left out, as they are no {value}s: {_endings(files.others)}.")
    return suggest_roles(columns) if files.metadata else columns, tuple(notes)


def _objects(cells: Sequence[str | None]) -> Array:
    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    return values


def _folders(names: Sequence[str]) -> tuple[list[str | None] | None, list[str | None] | None, list[str]]:
    """Return each file's part and class by its folders (None: there are none), and notes."""
    paths = [name.split("/") for name in names]
    while len(paths[0]) > 1 and all(len(path) > 1 and path[0] == paths[0][0] for path in paths):
        paths = [path[1:] for path in paths]
    above = {path[0] for path in paths if len(path) > 1}
    places = {name: part_of(name) for name in above}
    notes: list[str] = []
    parts: list[str | None] | None = None
    if "training" in places.values() and len({*places.values()} - {None}) > 1:
        parts = [path[0] if len(path) > 1 and places[path[0]] else None for path in paths]
        paths = [path[1:] if part else path for path, part in zip(paths, parts, strict=True)]
        if outside := parts.count(None):
            notes.append(f"Outside of the folders for training and testing: {units.plural(outside, 'file')}.")
    labels = [path[0] if len(path) > 1 else None for path in paths]
    if len({label for label in labels if label is not None}) < 2:
        return parts, None, notes
    if bare := labels.count(None):
        notes.append(f"In no folder of a class, and so without a label: {units.plural(bare, 'file')}.")
    return parts, labels, notes


def _metadata(files: Files, value: str) -> tuple[dict[str, Column], list[str]]:
    import polars as pl

    frames, commas = zip(*(_metadata_frame(files.root, name) for name in files.metadata), strict=True)
    known = pl.concat(frames, how="diagonal_relaxed")
    notes = []
    once = known.unique("\0file", keep="first", maintain_order=True)
    if len(once) < len(known):
        notes.append(
            f"Named twice in the metadata, where the first counts: {units.plural(len(known) - len(once), 'file')}."
        )
    there = set(files.names)
    absent = [name for name in once["\0file"].to_list() if name not in there]
    if absent:
        notes.append(f"The metadata name {named(absent)}, which are not there.")
    wanted = pl.DataFrame({"\0file": list(files.names)})
    table = wanted.join(once, on="\0file", how="left", maintain_order="left")
    without = len(files) - (len(once) - len(absent))
    if without:
        notes.append(f"Not named in the metadata, so that their cells are missing: {units.plural(without, 'file')}.")
    columns = {}
    names = [name for name in table.columns if name != "\0file"]
    for name in names:
        free = f"{name} (metadata)" if name == value else name
        typed = any(each.endswith(".jsonl") for each in files.metadata)
        columns[free] = infer_column(name, table[name], Hints(any(commas), name == names[-1], typed=typed))
    return columns, notes


def _metadata_frame(root: Path, name: str) -> tuple[pl.DataFrame, bool]:
    """Return a metadata file, its column ``\\0file`` being paths from the root, and if decimal commas are possible."""
    import polars as pl

    path, separator = root / name, ","
    try:
        if name.lower().endswith(".jsonl"):
            frame = pl.read_ndjson(path, infer_schema_length=None)
        else:
            text = read_text(path)
            separator = find_separator(text.head)
            missing = ["", "NA", "N/A", "NaN", "null"]
            frame = pl.read_csv(
                text.data, separator=separator, infer_schema=False, null_values=missing,
                new_columns=list(header(text, separator)),
            )  # fmt: skip
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path} cannot be read: {str(error).splitlines()[0]}.") from error
    key = next((each for each in frame.columns if each.lower() in _NAME_COLUMNS), None)
    if key is None:
        raise DataError(
            f"{path} has no column 'file_name' that says which file each line is about; it has "
            f"{', '.join(frame.columns[:8])}. Rename the column with the names of the files."
        )
    folder = name.rpartition("/")[0]
    keys = [PurePosixPath(folder, str(cell).replace("\\", "/")).as_posix() for cell in frame[key].to_list()]
    return frame.drop(key).with_columns(pl.Series("\0file", keys)), separator != ","


def named(names: Sequence[str]) -> str:
    """Return the first few names in quotation marks, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN:,} more"


def kept(columns: Mapping[str, Column], rows: NDArray[np.int64]) -> dict[str, Column]:
    """Return held columns with some of their rows only."""
    return {name: replace(column, values=column.take(rows)) for name, column in columns.items()}
