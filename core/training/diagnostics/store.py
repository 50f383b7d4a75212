"""Keeps what was seen in the run folder: one file to which each look is appended.

A look is a header (magic, length, CRC-32) and a zlib-compressed body: the length of a JSON description, the
description, and the arrays one after the other. A look that a crash cut off is left out when reading and cut off before
the next is appended; one that was made before a resumed run took up an earlier checkpoint is left out too.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from core.errors import SaveError, TrainingError, reason_of
from core.training.diagnostics.pictures import Picture
from core.training.runs import Run

FILE = Path("diagnostics", "looks.bin")
_HEADER = struct.Struct("<4sQI")
_LENGTH = struct.Struct("<I")
_MAGIC = b"LWD1"
_DTYPES = ("uint8", "uint16")
_QUICK = 1


@dataclass(frozen=True)
class Look:
    """What was kept of one look. ``step`` counts the steps taken, ``epoch`` from 1, as in ``StepEnded``."""

    step: int
    epoch: int
    pictures: tuple[Picture, ...]


class Store:
    """Appends looks to the file of a run folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._checked = False

    def append(self, look: Look) -> None:
        """Add a look.

        Raises:
            SaveError: it could not be written; what the file held is kept.
        """
        body = zlib.compress(_packed(look), _QUICK)
        chunk = _HEADER.pack(_MAGIC, len(body), zlib.crc32(body)) + body
        try:
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                if not self._checked:
                    with self._path.open("rb") as old:
                        file.truncate(sum(_HEADER.size + len(each) for each in _bodies(old)))
                    self._checked = True
                self._write(file, chunk)
        except OSError as error:
            raise SaveError(
                f"'{self._path}' could not be written: {reason_of(error)}. What it held is kept."
            ) from error

    @staticmethod
    def _write(file: BinaryIO, chunk: bytes) -> None:
        before = file.seek(0, 2)
        try:
            while chunk:
                chunk = chunk[file.write(chunk) :]
        except OSError:
            file.truncate(before)
            raise


def read_diagnostics(run: Run) -> tuple[Look, ...]:
    """Return what was kept of a run, in the order of its steps; nothing where diagnostics were off.

    Raises:
        TrainingError: the file cannot be read.
    """
    path = run.path / FILE
    found: list[Look] = []
    try:
        with path.open("rb") as file:
            for body in _bodies(file):
                look = _unpacked(zlib.decompress(body))
                while found and found[-1].step >= look.step:
                    found.pop()
                found.append(look)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, struct.error, zlib.error) as error:
        raise TrainingError(f"'{path}' cannot be read: {error}") from error
    return tuple(found)


def _bodies(file: BinaryIO) -> Iterator[bytes]:
    """Yield the whole looks of a file, up to the first that is not."""
    while len(head := file.read(_HEADER.size)) == _HEADER.size:
        magic, length, checksum = _HEADER.unpack(head)
        if magic != _MAGIC:
            return
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != checksum:
            return
        yield body


def _packed(look: Look) -> bytes:
    described = [
        [each.node, each.kind, each.values.dtype.name, list(each.values.shape), each.low, each.high]
        for each in look.pictures
    ]
    head = json.dumps([look.step, look.epoch, described]).encode()
    arrays = (each.values.astype(each.values.dtype.newbyteorder("<")).tobytes() for each in look.pictures)
    return b"".join((_LENGTH.pack(len(head)), head, *arrays))


def _unpacked(data: bytes) -> Look:
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    step, epoch, described = json.loads(data[_LENGTH.size : start])
    pictures = []
    for node, kind, name, shape, low, high in described:
        values = np.frombuffer(data, _dtype(name), _size(shape), start).reshape(shape)
        start += values.nbytes
        pictures.append(Picture(node, kind, values, low, high))
    return Look(step, epoch, tuple(pictures))


def _dtype(name: str) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
    if name not in _DTYPES:
        raise ValueError(f"there are no pictures of {name}")
    return np.dtype(name).newbyteorder("<")


def _size(shape: Sequence[int]) -> int:
    return int(np.prod(shape))
