"""IDX files, plain or packed by gzip: MNIST, Fashion-MNIST and their kin, as they are downloaded.

The format: two zero bytes, a byte for the type, a byte for the number of axes, each axis as four bytes, the values.
The most significant byte comes first. (http://yann.lecun.com/exdb/mnist/)
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import units
from core.data.source import Array, Column, RawData, SourceKind
from core.data.sources._arrays import check_rows, held_column, raw_data, split_column
from core.data.sources._table import LIMIT, PATH, checked_file, path_of
from core.errors import DataError, reason_of
from core.kinds import Value
from core.progress import report

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_NAME = re.compile(r"(?P<set>.*?)(?P<what>images|labels)[-.]idx[1-9](?P<end>-ubyte)?(?P<packed>\.gz)?", re.IGNORECASE)
_PARTS = re.compile(r"(?<![a-z0-9])(train|t10k|test|valid|val)(?![a-z0-9])", re.IGNORECASE)
_MOST_AXES = 8


@dataclass(frozen=True)
class _Named:
    """What an IDX file's name says: which set it is of, which part, and whether it holds images or labels."""

    path: Path
    family: str
    part: str
    what: str


def _named(path: Path) -> _Named | None:
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    part = _PARTS.search(match["set"])
    family = _PARTS.sub("", match["set"]).lower()
    return _Named(path, family, part[1].lower().replace("t10k", "test") if part else "", match["what"].lower())


def _together(path: Path) -> list[_Named]:
    """Return the files that belong to the chosen one, itself included; of a folder, all of its first set."""
    folder = path if path.is_dir() else path.parent
    try:
        found = [named for each in sorted(folder.iterdir()) if (named := _named(each)) and each.is_file()]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {reason_of(error)}.") from error
    chosen = next((each for each in found if each.path == path), None) if path != folder else next(iter(found), None)
    if chosen is None:
        return []
    # Packed and unpacked copies lie beside each other: sorted by name, the unpacked one comes first.
    kept: dict[tuple[str, str], _Named] = {}
    for each in found:
        if each.family == chosen.family:
            kept.setdefault((each.part, each.what), each)
    kept[chosen.part, chosen.what] = chosen
    return list(kept.values())


def _files(options: Mapping[str, Value], base: Path | None) -> tuple[Path, ...]:
    path = path_of(options, base)
    try:
        return tuple(each.path for each in _together(path)) or (path,)
    except DataError:
        return (path,)  # reading it says what is wrong


def _read(options: Mapping[str, Value], base: Path | None) -> RawData:
    path = path_of(options, base)
    together = _together(path) if path.is_dir() or (path.is_file() and _named(path)) else []
    if not together:
        if path.is_dir():
            raise DataError(f"{path} holds no IDX files, such as train-images-idx3-ubyte.gz.")
        values = read_idx(path)
        check_rows({path.name: values.shape}, path)
        return raw_data({"values": held_column("values", values, path)})
    parts: dict[str, dict[str, Array]] = {}
    for index, each in enumerate(together):
        report(index, len(together), f"reading {each.path.name}")
        parts.setdefault(each.part, {})[each.what[:-1]] = read_idx(each.path)
    notes = tuple(
        f"Of the part '{part}' there is only the file with {next(iter(there))}s: it was left out."
        for part, there in parts.items()
        if len(there) < 2 and any(len(each) == 2 for each in parts.values())
    )
    complete = {part: there for part, there in parts.items() if len(there) == max(map(len, parts.values()))}
    return raw_data(_columns(dict(sorted(complete.items(), key=lambda each: each[0] != "train")), path), notes)


def _columns(parts: Mapping[str, Mapping[str, Array]], path: Path) -> dict[str, Column]:
    counts = {part: check_rows({n: a.shape for n, a in there.items()}, path) for part, there in parts.items()}
    columns = {}
    for field in sorted(next(iter(parts.values()))):
        pieces = [there[field] for there in parts.values() if field in there]
        if len({piece.shape[1:] for piece in pieces}) > 1:
            raise DataError(
                f"The {field}s beside {path} are of different shapes. Keep each set in a folder of its own."
            )
        columns[field] = held_column(field, np.concatenate(pieces), path)
        if field == "label" and pieces[0].ndim == 1:
            columns[field] = _classes(np.concatenate(pieces))
    return {**columns, "split": split_column(counts)} if len(counts) > 1 else columns


def _classes(labels: Array) -> Column:
    different, places = np.unique(labels, return_inverse=True)
    names = np.array([str(each) for each in different.tolist()], dtype=object)
    return Column(names[places], "category", tuple(names), f"{len(names)} classes: the labels beside the images")


def read_idx(path: Path) -> Array:
    """Read one IDX file, packed by gzip or not.

    Returns:
        An array in the machine's byte order, of the shape that the file declares.

    Raises:
        DataError: it is no such file, is cut off, or declares more than there is.
    """
    checked_file(path, ("-ubyte", ".idx", ".gz"), "an IDX file")
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            start = file.read(4)
            if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not 1 <= start[3] <= _MOST_AXES:
                raise DataError(
                    f"{path} is no IDX file: it begins with {start.hex(' ')}. Choose another kind of source."
                )
            sizes = file.read(4 * start[3])
            shape = tuple(np.frombuffer(sizes[: len(sizes) // 4 * 4], dtype=">u4").tolist())
            dtype = np.dtype(_TYPES[start[2]])
            size = dtype.itemsize * int(np.prod(shape, dtype=object))
            if size > LIMIT:
                raise DataError(
                    f"{path} declares {units.size(size)} (shape {shape}); at most {units.size(LIMIT)} are read."
                )
            data = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be unpacked ({reason_of(error)}). Download it again.") from error
    if len(shape) < start[3] or len(data) < size:
        raise DataError(
            f"{path} should have {units.size(size)} (shape {shape}), but has {units.size(len(data))}: it was cut off. "
            "Download it again."
        )
    if len(data) > size:
        raise DataError(
            f"{path} goes on behind the {units.size(size)} that it declares (shape {shape}): it is damaged."
        )
    return np.frombuffer(data, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _accepts(path: Path) -> bool:
    if path.is_dir():
        return bool(_together(path))
    return path.is_file() and (_named(path) is not None or path.name.lower().endswith((".idx", ".idx.gz")))


KINDS = (
    SourceKind(
        "idx",
        "IDX files",
        "MNIST, Fashion-MNIST and their kin as downloaded, packed or not. Images and labels, training and test files "
        "beside each other are read together.",
        _read,
        (PATH,),
        _files,
        _accepts,
    ),
)
