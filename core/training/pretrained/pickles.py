"""Looks through the pickles of a file of weights before PyTorch opens them; nothing in them is run or built here.

PyTorch's own reader of weights runs no foreign code, but what it does allow can be made to take all memory
(``bytearray(10**12)``) or to never end (a tuple of itself and itself, eighty times over, as a key). So every opcode is
read first, with what it would build counted instead of built.
https://docs.python.org/3/library/pickletools.html
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from typing import Any, BinaryIO

_LARGEST = 64 * 2**20
"""Bytes that the description of the tensors may have: some 100,000 tensors."""
_MOST_PARTS = 2**24
"""How many things the description may build, those that are the same counted as often as they are used."""
_LEGACY_PICKLES = 5
"""In files of PyTorch before 1.6: magic number, version, machine, the content, and the names of its numbers."""
_ZIP = b"PK\x03\x04"
_ANY_MEMORY = ("builtins bytearray", "__builtin__ bytearray")
_ANY_TIME = ("punycode", "idna")
"""What PyTorch allows and no weights need: a thing that can be of any size, and codecs that take for ever."""


class Trap(Exception):
    """A file is made to do harm; the message says how, to follow "it"."""


class Costly(Exception):
    """A file calls for what weights do not need; the message is its name."""


def look_through(file: BinaryIO) -> None:
    """Look through the pickles of a file as PyTorch would find them; the file is left at its beginning.

    Raises:
        Trap: it would take far more memory or time than a file of its size.
        Costly: it calls something that could.
        ValueError, zipfile.BadZipFile, OSError: it is damaged.
    """
    is_zip = file.read(len(_ZIP)) == _ZIP
    file.seek(0)
    if is_zip:
        _look_into(file)
    else:
        _look_at(io.BytesIO(file.read(_LARGEST)), _LEGACY_PICKLES)
    file.seek(0)


def _look_into(file: BinaryIO) -> None:
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if len({each.filename.lower() for each in entries}) != len(entries):
            raise Trap("holds two entries of one name")
        if sum(each.file_size for each in entries) > size:
            raise Trap("would unpack to more than its size, which no file of PyTorch does")
        for each in entries:
            if each.filename.lower().endswith(".pkl"):
                if each.file_size > _LARGEST:
                    raise Trap(f"describes its tensors in more than {_LARGEST // 2**20} MiB")
                _look_at(io.BytesIO(archive.read(each)), 1)
        if archive.testzip() is not None:  # PyTorch does not look: a flipped bit would become another weight
            raise zipfile.BadZipFile("a checksum is wrong")


def _look_at(content: io.BytesIO, count: int) -> None:
    for _number in range(count):
        _Counting().read(content)


class _Counting:
    """Plays one pickle through: of what it would have on its stack, only how many parts it has."""

    def __init__(self) -> None:
        self.stack: list[int] = []
        self.marks: list[int] = []
        self.memo: dict[Any, int] = {}
        self.built = 0

    def read(self, content: io.BytesIO) -> None:
        """Read to the end of the pickle, where ``content`` is left."""
        try:
            for opcode, argument, _place in pickletools.genops(content):
                self._step(opcode, argument)
        except (IndexError, KeyError, UnicodeError) as error:
            raise ValueError("a pickle that takes what it did not put there") from error

    def _step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        name = opcode.name
        if argument in _ANY_MEMORY or (isinstance(argument, str) and argument.strip().lower() in _ANY_TIME):
            raise Costly(str(argument).rpartition(" ")[2])
        if name == "MARK":
            self.marks.append(len(self.stack))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name == "DUP":
            self.stack.append(self.stack[-1])
        else:
            self._build(opcode)

    def _build(self, opcode: pickletools.OpcodeInfo) -> None:
        """Take from the stack what an opcode takes, and put there what it makes, with as many parts."""
        taken = list(opcode.stack_before)
        parts = 1
        if pickletools.markobject in taken:
            start = self.marks.pop()
            parts += sum(self.stack[start:])
            del self.stack[start:]
            taken = taken[: taken.index(pickletools.markobject)]
        for _each in taken:
            parts += self.stack.pop()
        if parts > _MOST_PARTS:
            raise Trap("would build far more than a file of its size can hold")
        self.stack += [parts] * len(opcode.stack_after)
