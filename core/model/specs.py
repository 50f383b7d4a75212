"""What flows through a link: dtype and dimensions, of which some (the batch, a sequence's length) stay open.

An open dimension is known by the two sizes that it has in two runs of the same network: one size says that it is fixed,
two that it varies, and how it follows from the named ones is read off them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import NamedTuple

from core.errors import ExpressionError
from core.expressions import evaluate, names_in

BATCH = "N"
UNKNOWN = "?"
_ABOUT = "≈"
_BATCH_SIZES = (53, 59)
# Lengths: the first of each pair divides by 2, 3, 4, 5, 6, 8, the second (a prime) is one less than such a number. So
# `T//2` and `(T-1)//2` differ in one of them, and a size that only happens to divide in the first fails in the second.
_PRIMES = (479, 719, 1439, 2399, 2879, 3119, 3359, 4079)
MAX_NAMES = len(_PRIMES)
_LARGEST_DIVISOR = 64
_LARGEST_OFFSET = 64
"""How far a layer or a row of them shortens or lengthens a dimension (the batch: not at all). More is a coincidence."""
_ITEM_SIZE = {"bool": 1, "int64": 8, "float64": 8}


class Dim(NamedTuple):
    """A dimension: its size in the first and the second probe, and where they differ the expression for it."""

    a: int
    b: int
    name: str = ""

    @property
    def fixed(self) -> bool:
        """True where the size is always the same."""
        return self.a == self.b

    @property
    def size(self) -> int | str:
        """The size, or the expression for an open one: ``32``, ``N``, ``T-2``."""
        return self.a if self.fixed else self.name

    def __str__(self) -> str:
        """The size as the user reads it."""
        return str(self.size)

    def at(self, batch: int, length: int) -> int:
        """Return the size (at least 1) for a batch size and a length of every other open dimension."""
        text = self.name.removeprefix(_ABOUT)
        if self.fixed or text == UNKNOWN:
            return self.a
        values = {name: batch if name == BATCH else length for name in names_in(text)}
        try:
            return max(1, math.floor(evaluate(text, values)))
        except ExpressionError:
            return self.a


@dataclass(frozen=True)
class TensorSpec:
    """dtype (``float32``) and dimensions, batch included, of one tensor."""

    dtype: str
    dims: tuple[Dim, ...]

    @property
    def shape(self) -> tuple[int | str, ...]:
        """The sizes; open ones as expressions: ``("N", 32, 8, 8)``."""
        return tuple(dim.size for dim in self.dims)

    @property
    def rank(self) -> int:
        """Number of dimensions, batch included."""
        return len(self.dims)

    @property
    def starts_with_batch(self) -> bool:
        """True where the first dimension is the batch."""
        return bool(self.dims) and self.dims[0].name == BATCH

    @property
    def item_size(self) -> int:
        """Bytes of one element."""
        return _ITEM_SIZE.get(self.dtype, 4)

    def probe(self, which: int) -> tuple[int, ...]:
        """The sizes in probe 0 or 1."""
        return tuple(dim.b if which else dim.a for dim in self.dims)

    def sizes(self, batch: int = 1, length: int = 32) -> tuple[int, ...]:
        """Return concrete sizes: ``batch`` for N, ``length`` for every other open dimension."""
        return tuple(dim.at(batch, length) for dim in self.dims)

    def __str__(self) -> str:
        """The shape as the user reads it: ``N × 32 × 8 × 8``."""
        return " × ".join(map(str, self.dims)) or "a single number"


@lru_cache(maxsize=256)
def probes(names: tuple[str, ...]) -> Mapping[str, Dim]:
    """Return the probe sizes of the batch and of (at most MAX_NAMES) other open dimensions, by name."""
    found = {BATCH: Dim(*_BATCH_SIZES, BATCH)}
    for index, (name, prime) in enumerate(zip(names, _PRIMES, strict=False)):
        found[name] = Dim(240 * (index + 1), prime, name)
    return found


@lru_cache(maxsize=1024)
def input_spec(dtype: str, shape: tuple[int | str, ...], names: tuple[str, ...]) -> TensorSpec:
    """Return the spec of a batch of samples of ``shape`` (open dimensions by name)."""
    known = probes(names)
    dims = (known[size] if isinstance(size, str) else Dim(size, size) for size in (BATCH, *shape))
    return TensorSpec(dtype, tuple(dims))


def paired(dtype: str, first: Sequence[int], second: Sequence[int], names: tuple[str, ...]) -> TensorSpec:
    """Return the spec of a tensor that had shape ``first`` in one probe and ``second`` in the other (equal ranks)."""
    return TensorSpec(dtype, tuple(fit(a, b, names) for a, b in zip(first, second, strict=True)))


@lru_cache(maxsize=4096)
def fit(a: int, b: int, names: tuple[str, ...]) -> Dim:
    """Return the dimension with sizes ``a`` and ``b``, and the simplest expression that gives both."""
    if a == b:
        return Dim(a, b)
    found = [fitted for name, dim in probes(names).items() for fitted in _linear(a, b, name, dim)]
    found += _products(a, b, tuple(probes(names).values()))
    return Dim(a, b, min(found)[1] if found else UNKNOWN)


def _linear(a: int, b: int, name: str, dim: Dim) -> Iterator[tuple[int, str]]:
    """Yield (how complicated it is, text) of ``k*name+c`` and ``(name+c)//d``."""
    most = 0 if name == BATCH else _LARGEST_OFFSET
    factor, rest = divmod(b - a, dim.b - dim.a)
    offset = a - factor * dim.a
    if rest == 0 and factor >= 1 and abs(offset) <= most * factor:
        yield abs(offset) + factor.bit_length(), (f"{factor}*{name}" if factor > 1 else name) + _signed(offset)
    for divisor in range(2, _LARGEST_DIVISOR + 1):
        low = max(a * divisor - dim.a, b * divisor - dim.b)
        high = min(a * divisor - dim.a, b * divisor - dim.b) + divisor - 1
        if low <= 0 <= high:
            yield divisor, f"{name}//{divisor}"
        elif low == high and abs(low) <= max(most, divisor * divisor):
            yield divisor + abs(low), f"({name}{_signed(low)})//{divisor}"
        elif low < high and min(abs(low), abs(high)) <= divisor * divisor:
            yield 100 + divisor + abs(low), f"{_ABOUT}{name}/{divisor}"


def _products(a: int, b: int, dims: tuple[Dim, ...]) -> Iterator[tuple[int, str]]:
    for one, two in combinations_with_replacement(dims, 2):
        factor, rest = divmod(a, one.a * two.a)
        if rest == 0 and factor >= 1 and factor * one.b * two.b == b:
            text = f"{one.name}*{two.name}"
            yield 1 + factor.bit_length(), f"{factor}*{text}" if factor > 1 else text


def _signed(offset: int) -> str:
    return f"{offset:+d}" if offset else ""
