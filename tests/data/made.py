"""Data sets made for a test: every meaning, held or read row by row, bound like any other source."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.data.bind import bind
from core.data.source import Array, Column, Lazy, RawData, SourceKind
from core.data.sources import sources
from core.graph.project import DataBinding
from core.kinds import Parameter, Value

_numbers = itertools.count()


@dataclass
class Shelf(Lazy):
    """Values that are handed out row by row, and how many were taken so far."""

    values: Array
    taken: int = 0

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[np.int64]) -> Array:
        self.taken += len(rows)
        found: Array = self.values[rows]
        return found

    def describe(self, row: int) -> str:
        return f"row {row}"

    def digest(self) -> str:
        return str(len(self.values))


def objects(rows: list[Any]) -> Array:
    """Return an array of objects, one a row."""
    values = np.empty(len(rows), dtype=object)
    values[:] = rows
    return values


def made(monkeypatch: pytest.MonkeyPatch, columns: Mapping[str, Column]) -> DataBinding:
    """Bind columns as if a source had read them."""
    raw = RawData(columns)

    def read(_options: Mapping[str, Value], _base: Path | None) -> RawData:
        return raw

    kind = SourceKind("made", "Made", "Made for a test.", read, (Parameter("number", "int", 0, "Which one."),))
    monkeypatch.setitem(sources.entries, "made", kind)
    return bind("made", {"number": next(_numbers)})


def sample(meaning: str, rows: int, seed: int) -> Column:
    """Return a column of a meaning, other values for another seed; its categories are always the same."""
    random = np.random.default_rng(seed)
    words = np.array(["apple", "bread", "cheese", "date"], dtype=object)
    picked = words[random.integers(0, 4 if seed else 3, rows)]
    texts = objects([" ".join(words[random.integers(0, 4, 2 + row % 5)]) + f" {seed}" for row in range(rows)])
    sounds = [random.normal(size=(1, 40 + row)).astype(np.float32) * (seed + 1) / 10 for row in range(rows)]
    steps = [random.normal(size=(2 + row % 4, 3)).astype(np.float32) + seed for row in range(rows)]
    images = [(random.random((3, 6 + row % 3, 8)) * (255 - 50 * seed)).astype(np.uint8) for row in range(rows)]
    days = objects([f"20{10 + 5 * seed + row % 5}-0{1 + row % 9}-1{row % 10}T0{row % 10}:30:00" for row in range(rows)])
    flags = np.array(["no", "yes"], dtype=object)[random.integers(0, 2, rows)]
    columns = {
        "number": Column(random.normal(seed * 100, 1 + seed, rows), "number"),
        "category": Column(picked, "category", tuple(words)),
        "flag": Column(flags if seed == 0 else objects(["yes"] * rows), "flag", ("no", "yes")),
        "labels": Column(objects([tuple(words[: row % 4]) for row in range(rows)]), "labels", tuple(words)),
        "date": Column(days, "date"),
        "text": Column(texts, "text"),
        "sequence": Column(objects(steps), "sequence", sample=(0, 3)),
        "array": Column(random.normal(seed, 1, (rows, 2, 5)).astype(np.float32), "array"),
        "image": Column(objects(images), "image", sample=(3, 0, 8)),
        "mask": Column(random.integers(0, 3, (rows, 6, 8)), "mask", ("sky", "road", "car")),
        "audio": Column(objects(sounds), "audio", sample=(1, 0), rate=8000),
    }
    return columns[meaning]


def mixed(first: Column, second: Column, rows: NDArray[np.int64]) -> Column:
    """Return the first column with some rows taken from the second."""
    assert isinstance(first.values, np.ndarray)
    assert isinstance(second.values, np.ndarray)
    values = first.values.copy()
    values[rows] = second.values[rows]
    return replace(first, values=values)
