"""A few samples while they are read, prepared, augmented and decoded; each trouble stays with its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.data.fitted import FittedField, gaps
from core.data.meaning import CELLS
from core.data.sample_arrangement import Arrangement, PartChoice, Rows
from core.data.sample_forms import (
    Curve,
    Shown,
    Sound,
    Tokens,
    curve,
    decoded_number,
    decoded_shown,
    decoded_text,
    envelope,
    prepared_text,
    raw_shown,
    raw_text,
)
from core.data.source import Array, Column
from core.data.splits import PartName
from core.errors import DataError
from core.graph.meanings import meanings
from core.graph.project import Field
from core.loading import load


@dataclass(frozen=True, eq=False)
class Cell:
    """One value of a sample.

    ``raw`` is the value as read (empty where it is ``missing``), ``prepared`` the numbers that the network gets,
    ``decoded`` what these mean in the field's terms. ``shown`` is there for what is no text or number. ``problem``
    says why there is no value.
    """

    raw: str = ""
    prepared: str = ""
    decoded: str = ""
    missing: bool = False
    shown: Shown = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class SampleRow:
    """One sample: its place in the part (or among those filtered), its row in the source from 0, and its values.

    ``part`` is empty where the row is left out; ``mixed`` tells which sample was blended into it.
    """

    place: int
    row: int
    part: PartName | Literal[""]
    cells: Mapping[str, Cell]
    mixed: str = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the row."""
        return tuple(dict.fromkeys(cell.problem for cell in self.cells.values() if cell.problem))


class Batch:
    """A few samples while they are read, prepared, augmented and decoded."""

    def __init__(
        self, made: Arrangement, part: PartChoice, rows: Rows, numbers: Rows, side: int, most_tokens: int
    ) -> None:
        self.values: dict[str, list[Any]] = {}
        self._made, self._part, self._rows, self._numbers = made, part, rows, numbers
        self._side, self._most_tokens = side, most_tokens
        self._encoded: dict[str, dict[int, Array]] = {}
        self._lengths: dict[str, dict[int, int]] = {}
        self._missing: dict[str, NDArray[np.bool_]] = {}
        self._problems: dict[tuple[str, int], str] = {}
        self._mixed: dict[int, str] = {}
        for field in made.fields:
            self._read(field)
            fitted = made.fitted(field.name)
            if fitted is not None and not (self._windowed and made.pipeline.use(field.name) == "input"):
                self._prepare(field, fitted)

    @property
    def _windowed(self) -> bool:
        return self._part != "all" and bool(self._made.arranged and self._made.arranged.series)

    def _read(self, field: Field) -> None:
        column, name = self._made.raw.columns[field.name], field.name
        try:
            values = list(column.take(self._rows))
        except DataError:
            values = [self._one(column, name, place) for place in range(len(self._rows))]
        self.values[name] = values
        self._missing[name] = np.array([self._is_missing(field, each) for each in values], dtype=np.bool_)

    def _one(self, column: Column, name: str, place: int) -> Any:
        try:
            return column.take(self._rows[place : place + 1])[0]
        except DataError as error:
            self._problems[name, place] = f"Row {int(self._rows[place]) + 1:,}: {error.message}"
            return None

    def _is_missing(self, field: Field, value: Any) -> bool:
        if value is None:
            return True
        cell = np.empty(1, dtype=object)
        cell[0] = value
        return bool(gaps(field, cell if not isinstance(value, float | np.floating) else np.array([value]))[0])

    def _prepare(self, field: Field, fitted: FittedField) -> None:
        name, use = field.name, self._made.pipeline.use(field.name)
        fillable = use == "input" and (field.meaning in CELLS or field.meaning in ("sequence", "array"))
        places = [
            place
            for place in range(len(self._rows))
            if (name, place) not in self._problems and (fillable or not self._missing[name][place])
        ]
        self._encoded[name], self._lengths[name] = {}, {}
        if not places:
            return
        try:
            self._encode(field, fitted, places)
        except DataError:
            for place in places:
                try:
                    self._encode(field, fitted, [place])
                except DataError as error:
                    self._problems[name, place] = f"Row {int(self._rows[place]) + 1:,}: {error.message}"

    def _encode(self, field: Field, fitted: FittedField, places: list[int]) -> None:
        values = _together([self.values[field.name][place] for place in places])
        target = self._made.pipeline.use(field.name) == "target" and field.meaning != "text"
        encoded = fitted.encode_target(values) if target else fitted.encode(values)
        self._encoded[field.name].update(zip(places, encoded, strict=True))
        if "length" in meanings[field.meaning].parts:
            lengths = fitted.encode(values, "length").tolist()
            self._lengths[field.name].update(zip(places, lengths, strict=True))

    def _augment(self, epoch: int) -> None:
        """Augment the samples whose inputs all could be prepared, as training does it."""
        torch = load("torch")
        inputs = [name for name in self._made.pipeline.inputs if name in self._encoded]
        targets = [name for name in self._made.pipeline.targets if name in self._encoded]
        augmenter = self._made.augmenter(inputs)
        good = [
            place
            for place in range(len(self._rows))
            if all(place in self._encoded[name] for name in (*inputs, *targets))
        ]
        if not augmenter or not good:
            return
        tensors = [torch.from_numpy(np.stack([self._encoded[name][each] for each in good])) for name in inputs]
        learnt = [torch.from_numpy(np.stack([self._encoded[name][each] for each in good])) for name in targets]
        changed = augmenter(tensors, learnt, torch.from_numpy(self._numbers[good]), epoch)
        for name, tensor in zip((*inputs, *targets), (*changed.inputs, *changed.targets), strict=True):
            self._encoded[name].update(zip(good, tensor.numpy(), strict=True))
        if changed.mixing is not None:
            pairs = zip(good, changed.mixing.partners.tolist(), changed.mixing.shares.tolist(), strict=True)
            for place, partner, share in pairs:
                if share < 1:
                    row = int(self._rows[good[partner]]) + 1
                    self._mixed[place] = f"{share:.0%} itself, {1 - share:.0%} row {row:,}"

    def finish(self, first: int, epoch: int | None) -> list[SampleRow]:
        """Return the samples; ``first`` is the place of the first one."""
        if epoch is not None and self._part == "training" and not self._windowed:
            self._augment(epoch)
        windows = self._windows() if self._windowed else {}
        found = []
        for place, row in enumerate(self._rows.tolist()):
            cells = {field.name: self._cell(field, place) for field in self._made.fields}
            cells.update({name: cells_of[place] for name, cells_of in windows.items()})
            found.append(SampleRow(first + place, row, self._made.part_of(row), cells, self._mixed.get(place, "")))
        return found

    def _cell(self, field: Field, place: int) -> Cell:
        name, value = field.name, self.values[field.name][place]
        rate = self._made.raw.columns[name].rate
        problem = self._problems.get((name, place), "") or self._made.problems.get(name, "")
        missing = bool(self._missing[name][place])
        raw = "" if missing else raw_text(field, value)
        encoded = self._encoded.get(name, {}).get(place)
        fitted = self._made.fitted(name)
        if encoded is None or fitted is None:
            shown = None if problem else raw_shown(field, value, rate, self._side)
            return Cell(raw, "", "", missing and not problem, shown, problem)
        length = self._lengths.get(name, {}).get(place)
        shown = decoded_shown(fitted, encoded, length, rate, self._most_tokens)
        if isinstance(shown, Sound) and not len(shown.wave):
            shown = replace(shown, wave=envelope(np.asarray(value, dtype=np.float32).mean(axis=0)))
        if isinstance(shown, Tokens) and length is not None:
            encoded = encoded[:length]
        return Cell(raw, prepared_text(encoded), decoded_text(fitted, encoded), missing, shown, problem)

    def before(self, name: str, place: int) -> Shown:
        """Return a value before preparation."""
        field = next(each for each in self._made.fields if each.name == name)
        return raw_shown(field, self.values[name][place], self._made.raw.columns[name].rate, self._side)

    def _windows(self) -> dict[str, list[Cell]]:
        """Return the cells of the inputs: the rows of every sample's window, one after the other."""
        arranged = self._made.arranged
        assert arranged is not None
        spans = arranged.spans(self._rows)
        different, places = np.unique(spans, return_inverse=True)
        found = {}
        for name in self._made.pipeline.inputs:
            fitted = arranged.preprocessing.fields.get(name)
            if fitted is not None:
                values = self._made.raw.columns[name].take(different)
                encoded = fitted.encode(values)[places.reshape(spans.shape)]
                found[name] = [_window_cell(fitted, each) for each in encoded]
        return found


def _window_cell(fitted: FittedField, encoded: Array) -> Cell:
    """Return the cell of a window ``(length, k)``: numbers in their units as a curve, words one after the other."""
    decoded = fitted.decode(encoded)
    shown: Curve | None = None
    if fitted.field.meaning == "number":
        shown = curve(np.asarray(decoded, dtype=np.float64).reshape(len(encoded), -1)[:, 0])
        ends = [decoded_number(fitted, float(shown.points[at, 0])) for at in (0, -1)]
    else:
        ends = [decoded_text(fitted, encoded[at]) for at in (0, -1)]
    return Cell(" … ".join(ends), prepared_text(encoded), " … ".join(ends), shown=shown)


def _together(values: Sequence[Any]) -> Array:
    """Return values as a column holds them: numbers as a block, arrays of one shape too, all else as objects."""
    first = next((each for each in values if each is not None), None)
    if all(isinstance(each, float | np.floating | int | np.integer) for each in values):
        return np.array(values)
    if isinstance(first, np.ndarray) and all(
        isinstance(each, np.ndarray) and each.shape == first.shape and each.dtype == first.dtype for each in values
    ):
        return np.stack(values)
    objects = np.empty(len(values), dtype=object)
    for place, each in enumerate(values):
        objects[place] = each
    return objects
