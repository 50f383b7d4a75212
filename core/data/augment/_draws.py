"""Chance that depends on nothing but (seed, epoch, sample): the same for any batch size, order, device and resume.

There is no generator whose state would have to be kept: each number is a hash of what it is for. The hash is the
finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
"""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

_STEP = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WHOLE = 2**64


class Draws:
    """Random numbers for some samples in one epoch. ``rows`` (int64) are the samples' numbers within their part."""

    def __init__(self, seed: int, epoch: int, rows: Tensor) -> None:
        self._base = _hashed(seed + _STEP * (epoch + 1))
        self._rows = rows

    def within(self, purpose: str) -> Draws:
        """Return the same samples' numbers for another purpose, independent of these."""
        draws = Draws(0, 0, self._rows)
        draws._base = _hashed(self._base ^ zlib.crc32(purpose.encode()) << 32)
        return draws

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self._rows)

    def uniform(self, purpose: str, count: int = 1) -> Tensor:
        """Return float32 ``(samples, count)`` in [0, 1), independent for different purposes."""
        import torch

        key = _signed(_hashed(self._base + zlib.crc32(purpose.encode())))
        own = _mixed(self._rows * _signed(_STEP) + key)
        places = torch.arange(1, count + 1, device=self._rows.device) * _signed(_STEP)
        bits = _mixed(own[:, None] + places)
        return _logical_shift(bits, 40).float() * 2.0**-24

    def between(self, purpose: str, low: float, high: float) -> Tensor:
        """Return float32 ``(samples,)`` in [low, high)."""
        return low + (high - low) * self.uniform(purpose)[:, 0]

    def chance(self, purpose: str, probability: float) -> Tensor:
        """Return bool ``(samples,)``, True with a probability."""
        return self.uniform(purpose)[:, 0] < probability

    def normal(self, purpose: str, count: int) -> Tensor:
        """Return float32 ``(samples, count)``, normal with mean 0 and deviation 1 (Box and Muller, 1958)."""
        pairs = self.uniform(purpose, 2 * count).view(-1, count, 2)
        radius = (-2 * (-pairs[..., 0]).log1p()).sqrt()
        normal: Tensor = radius * (2 * math.pi * pairs[..., 1]).cos()
        return normal


def _hashed(number: int) -> int:
    number %= _WHOLE
    number = (number ^ (number >> 30)) * _FIRST % _WHOLE
    number = (number ^ (number >> 27)) * _SECOND % _WHOLE
    return number ^ (number >> 31)


def _mixed(numbers: Tensor) -> Tensor:
    """Do what ``_hashed`` does to int64, whose products wrap around as those of unsigned numbers do."""
    numbers = (numbers ^ _logical_shift(numbers, 30)) * _signed(_FIRST)
    numbers = (numbers ^ _logical_shift(numbers, 27)) * _signed(_SECOND)
    return numbers ^ _logical_shift(numbers, 31)


def _logical_shift(numbers: Tensor, bits: int) -> Tensor:
    return (numbers >> bits) & ((1 << (64 - bits)) - 1)


def _signed(number: int) -> int:
    return number - _WHOLE if number >= _WHOLE // 2 else number
