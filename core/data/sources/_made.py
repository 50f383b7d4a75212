"""What all generated sets share: numbers from a seed that are the same on every machine, their options, columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.source import Array, Column
from core.graph.project import Role
from core.kinds import Parameter, Value

SEED = Parameter("seed", "int", 0, "The same seed gives the same samples.", minimum=0)


class Draws:
    """Random numbers from a seed. Only what numpy promises to keep between versions and machines is used."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """Return numbers from 0 to below 1."""
        return self._generator.random(shape)

    def normal(self, *shape: int) -> NDArray[np.float64]:
        """Return numbers of the standard normal distribution."""
        return self._generator.standard_normal(shape)

    def below(self, limit: int, *shape: int) -> NDArray[np.int64]:
        """Return whole numbers from 0 to below ``limit``."""
        numbers: NDArray[np.int64] = (self.uniform(*shape) * limit).astype(np.int64)
        return numbers

    def one(self, words: Sequence[str]) -> str:
        """Return one of some words."""
        return words[int(self.below(len(words), 1)[0])]

    def order(self, count: int) -> NDArray[np.int64]:
        """Return the numbers below ``count`` in random order."""
        return np.argsort(self.uniform(count), kind="stable")


def draws(options: Mapping[str, Value]) -> Draws:
    """Return the random numbers that the option ``seed`` stands for."""
    return Draws(int(options["seed"]))


def samples(default: int, most: int = 1_000_000) -> Parameter:
    """Return the option of how many samples are made."""
    return Parameter("samples", "int", default, "How many samples to make.", minimum=10, maximum=most)


def noise(default: float, of: str) -> Parameter:
    """Return the option of how much noise is added to something."""
    return Parameter("noise", "float", default, f"Standard deviation of the noise added to {of}.", minimum=0.0)


def numbers(values: Array, reason: str, role: Role = "input") -> Column:
    """Return a column of numbers."""
    return Column(np.ascontiguousarray(values, dtype=np.float64), "number", reason=reason, role=role)


def words(indices: Array, names: Sequence[str], reason: str, flag: bool = False) -> Column:
    """Return the target of a classification from its class indices."""
    values = np.array(names, dtype=object)[np.asarray(indices).astype(np.int64)]
    return Column(values, "flag" if flag else "category", tuple(names), reason, role="target")


def objects(rows: Sequence[Any]) -> Array:
    """Return an array of objects, one a row."""
    values = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        values[place] = row
    return values


def text(rows: Sequence[str], reason: str, role: Role = "input", *, vocabulary: int, letters: bool = True) -> Column:
    """Return a column of texts, which become letters or words."""
    options: dict[str, Value] = {"vocabulary": vocabulary}
    return Column(
        objects(rows), "text", reason=reason, role=role, options=options, encoding="character" if letters else ""
    )
