"""A project's data divided and fitted once, so that any of its samples can be shown at once.

Rows are divided and fields fitted exactly as for training, but for images and sounds: what those need is learnt from a
few of them, since what is shown does not depend on it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.data.arrange import MOST_FITTED, Arranged, arrange
from core.data.augmenting import Augmenter, make_augmenter
from core.data.fitted import FittedField, fit
from core.data.preprocessing import Preprocessing
from core.data.preview import FieldFacts, facts_of
from core.data.reading import read
from core.data.sample_forms import form_of
from core.data.source import Array, Column, Lazy, RawData
from core.data.splits import PARTS, PartName
from core.data.values import indices_of
from core.errors import DataError, ModelError
from core.graph.binding import NEXT_TARGET, bound_fields, entry_of, target_of
from core.graph.meanings import meanings
from core.graph.project import INPUT, OUTPUT, DataBinding, Field, Project
from core.progress import report

PartChoice = Literal["all", "training", "validation", "test"]
"""A part, or all rows of the source, with those that are left out."""
Use = Literal["input", "target", ""]
_FEW = 64
_KEPT = 3
_AT_ONCE = 20_000
"""Rows whose classes are looked at together: other threads have their turn in between."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Pipeline:
    """What decides which samples come out: two projects with equal pipelines show the same."""

    binding: DataBinding
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    following: tuple[str, ...]
    """Targets that are the next token of a text, as ``next:FIELD``."""
    seed: int

    def use(self, name: str) -> Use:
        """Return what a field is for in the network."""
        return "input" if name in self.inputs else "target" if name in self.targets else ""


@dataclass(frozen=True)
class Only:
    """A filter: samples whose field has this category."""

    field: str
    word: str


def pipeline(project: Project) -> Pipeline:
    """Return what decides which samples come out of a project: its fields by the network, else by their roles."""
    binding = project.data
    names = [name for node in project.graph.of_kind(INPUT) for name in bound_fields(node)]
    entries = [entry_of(binding.fields, name) for name in names]
    inputs = [entry.field.name for entry in entries if entry is not None]
    targets = [name for node in project.graph.of_kind(OUTPUT) if binding.field(name := target_of(node)) is not None]
    following = [name for node in project.graph.of_kind(OUTPUT) if (name := target_of(node)).startswith(NEXT_TARGET)]
    following = [name for name in following if binding.field(name.removeprefix(NEXT_TARGET)) is not None]
    inputs = inputs or [field.name for field in binding.with_role("input")]
    if not following:
        targets = targets or [field.name for field in binding.with_role("target")]
    only_targets = tuple(dict.fromkeys(name for name in targets if name not in inputs))
    return Pipeline(binding, tuple(dict.fromkeys(inputs)), only_targets, tuple(following), project.training.seed)


@dataclass(eq=False)
class Arrangement:
    """A pipeline with its data divided; columns that are read row by row are fitted when they are first shown.

    ``problem`` says why rows could not be divided, ``problems`` by field why it cannot be prepared.
    """

    pipeline: Pipeline
    raw: RawData
    arranged: Arranged | None
    problem: str
    lock: threading.RLock = attribute(default_factory=threading.RLock)
    _fitted: dict[str, FittedField | None] = attribute(default_factory=dict)
    _facts: dict[tuple[PartChoice, str], FieldFacts] = attribute(default_factory=dict)
    _classes: dict[str, NDArray[np.int64]] = attribute(default_factory=dict)
    problems: dict[str, str] = attribute(default_factory=dict)

    @property
    def fields(self) -> list[Field]:
        """The fields whose columns are there; what the network takes and learns comes first."""
        there = [each for each in self.pipeline.binding.fields if each.name in self.raw.columns]
        order = {"target": 0, "input": 1, "": 2}
        return sorted(there, key=lambda each: order[self.pipeline.use(each.name)])

    @cached_property
    def _parts(self) -> NDArray[np.int8]:
        """The number of each row's part, -1 where it is left out."""
        parts = np.full(self.raw.rows, -1, dtype=np.int8)
        if self.arranged is not None:
            for number, name in enumerate(PARTS):
                parts[self.arranged.division.part(name)] = number
        return parts

    def part_of(self, row: int) -> PartName | Literal[""]:
        """Return the part that a row is in."""
        number = int(self._parts[row])
        return PARTS[number] if number >= 0 else ""

    def rows(self, part: PartChoice, only: Only | None) -> tuple[Rows, Rows]:
        """Return rows of the source, and their numbers within the part."""
        if part == "all" or self.arranged is None:
            rows: Rows = np.arange(self.raw.rows if part == "all" else 0)
        else:
            rows = self.arranged.division.part(part)
        numbers = np.arange(len(rows))
        if only is None:
            return rows, numbers
        kept = numbers[self._indices(only.field)[rows] == self._index(only)]
        return rows[kept], kept

    def _index(self, only: Only) -> int:
        field = self.pipeline.binding.field(only.field)
        return field.categories.index(only.word) if field and only.word in field.categories else -9

    def _indices(self, name: str) -> NDArray[np.int64]:
        known = self._classes
        if name not in known:
            field, column = self.pipeline.binding.field(name), self.raw.columns.get(name)
            if field is None or column is None:
                return np.full(self.raw.rows, -1)
            parts = []
            for start in range(0, max(self.raw.rows, 1), _AT_ONCE):
                report(start, self.raw.rows, f"looking at the classes of '{name}'")
                rows = np.arange(start, min(start + _AT_ONCE, self.raw.rows))
                parts.append(indices_of(column.take(rows), field.categories))
            known[name] = np.concatenate(parts)
        return known[name]

    def facts(self, part: PartChoice, field: Field) -> FieldFacts:
        """Return facts about a field over a part; found out once."""
        column = self.raw.columns[field.name]
        if part == "all":
            return facts_of(self.raw, field)
        key = (part, field.name)
        if key not in self._facts:
            rows = self.rows(part, None)[0]
            values = _Some(column.values, rows) if isinstance(column.values, Lazy) else column.values[rows]
            self._facts[key] = facts_of(RawData({field.name: replace(column, values=values)}), field)
        return self._facts[key]

    def fitted(self, name: str) -> FittedField | None:
        """Return a field as it is prepared, or None where it is not."""
        if self.arranged is not None and name in self.arranged.preprocessing.fields:
            return self.arranged.preprocessing.fields[name]
        with self.lock:
            if name not in self._fitted:
                self._fitted[name] = self._fit(name)
            return self._fitted[name]

    def _fit(self, name: str) -> FittedField | None:
        field, use = self.pipeline.binding.field(name), self.pipeline.use(name)
        if self.arranged is None or field is None or not use:
            return None
        column, rows = self.raw.columns[name], self.arranged.division.training
        most = _FEW if form_of(field) in ("picture", "mask", "sound") else MOST_FITTED
        if len(rows) > most:
            drawn = np.random.Generator(np.random.PCG64(0)).random(len(rows))
            rows = np.sort(rows[np.argsort(drawn, kind="stable")[:most]])
        try:
            meanings[field.meaning].as_input(field) if use == "input" else meanings[field.meaning].as_target(field)
            return fit(field, _readable(column, rows), column.rate)
        except ModelError as error:
            self.problems[name] = error.message
        except DataError as error:
            self.problems[name] = str(error)
        return None

    def augmenter(self, inputs: Sequence[str]) -> Augmenter:
        """Return what augments these inputs, each alone."""
        fitted = {name: found for name in inputs if (found := self.fitted(name)) is not None}
        plain = Preprocessing(fitted, {name: (name,) for name in inputs}, {})
        return make_augmenter(_project(self.pipeline), plain, list(inputs))


@dataclass(frozen=True, eq=False)
class _Some(Lazy):
    """Some rows of what is read row by row."""

    values: Lazy
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: Rows) -> Array:
        return self.values.take(self.rows[rows])

    def describe(self, row: int) -> str:
        return self.values.describe(int(self.rows[row]))

    def digest(self) -> str:
        return self.values.digest()


_lock = threading.Lock()
_known: list[Arrangement] = []


def _project(wanted: Pipeline) -> Project:
    empty = Project(data=wanted.binding)
    return replace(empty, training=replace(empty.training, seed=wanted.seed))


def arranged(project: Project, base: Path | None) -> Arrangement:
    """Return a project's data, read, divided and fitted; the last few are remembered.

    Raises:
        DataError: the data cannot be read.
        Cancelled: whoever watches the progress wants no more of it.
    """
    wanted = pipeline(project)
    raw = read(wanted.binding.source, wanted.binding.options, base)
    with _lock:
        for known in _known:
            if known.raw is raw and known.pipeline == wanted:
                return known
    report(0, 0, "dividing the rows")
    made = Arrangement(wanted, raw, *_divided(wanted, raw))
    with _lock:
        _known.insert(0, made)
        del _known[_KEPT:]
    return made


def _divided(wanted: Pipeline, raw: RawData) -> tuple[Arranged | None, str]:
    """Divide the rows and fit what is held in memory; return what is wrong where that cannot be done."""
    if not wanted.inputs and not wanted.targets:
        return (
            None,
            "No field is an input or the target: nothing is prepared. Give fields these roles in the data panel.",
        )
    lazy = {name for name, column in raw.columns.items() if isinstance(column.values, Lazy)}
    inputs = {name: (name,) for name in wanted.inputs if name not in lazy}
    learnt = (*wanted.targets, *wanted.following)
    targets = {name: name for name in learnt if name.removeprefix(NEXT_TARGET) not in lazy}
    try:
        return arrange(raw, wanted.binding, inputs, targets), ""
    except (DataError, ModelError) as error:
        return None, str(error)


def _readable(column: Column, rows: Rows) -> Array:
    """Return the values of those of the rows that can be read; raise what is wrong with the first where none can."""
    try:
        return column.take(rows)
    except DataError as error:
        good = [row for row in rows.tolist() if _can_read(column, row)]
        if not good:
            raise error
        return column.take(np.array(good))


def _can_read(column: Column, row: int) -> bool:
    try:
        column.take(np.array([row]))
    except DataError:
        return False
    return True
