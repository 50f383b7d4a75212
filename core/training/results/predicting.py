"""Predictions for raw rows, a batch at a time: each row gets an answer, or is said to have none and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.data.checking import stray_notes
from core.data.preprocessing import Preprocessing
from core.data.source import Array, Lazy
from core.errors import DataError
from core.progress import report
from core.training.network import Network
from core.training.results.given import CELLS, Raw, column_of
from core.training.results.reading import Answer, OutputReader, together
from core.training.results.resting import at_rest

_SMALLEST_BATCH = 256
_MOST_NOTES = 20
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network says of ``count`` given rows.

    ``rows`` are the numbers (from 0) of those that have an answer, in their order; ``answers`` hold as many, by
    Output. ``problems`` says of every other row why it has none. With windows a row's answer is of the window that
    ends with it. ``notes`` are what the user should know, such as values that were never seen in training.
    """

    count: int
    rows: Rows
    answers: Mapping[str, Answer]
    problems: Mapping[int, str]
    notes: tuple[str, ...] = ()


class Block(NamedTuple):
    """Rows ready for the network: their numbers, and a tensor for each Input in the order of ``forward``."""

    rows: Rows
    inputs: list[Tensor]


def predict(
    network: Network, preprocessing: Preprocessing, readers: Sequence[OutputReader], columns: Raw, batch_size: int
) -> Predictions:
    """Return what a network says of raw rows; see ``Predictions``. It reports through ``core.progress``.

    Raises:
        DataError: a column that the inputs need is not there, or columns differ in length.
        Cancelled: whoever watches the progress wants no more of it.
    """
    feeder = Feeder(network, preprocessing, columns, max(batch_size, _SMALLEST_BATCH))
    found: dict[str, list[Answer]] = {each.output: [] for each in readers}
    rows: list[Rows] = []
    for block in feeder.blocks():
        with at_rest(network):
            block, raw = feeder.answered(block, network.forward(block.inputs))
            if not len(block.rows):
                continue
            for reader, output in zip(readers, raw, strict=True):
                found[reader.output].append(reader.answer(reader.arranged(output), feeder.tokens(block)))
        rows.append(block.rows)
    answers = {name: together(parts) for name, parts in found.items() if parts}
    return Predictions(
        feeder.count,
        np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64),
        answers,
        dict(sorted(feeder.problems.items())),
        feeder.notes,
    )


class Feeder:
    """Turns raw columns into blocks for the network, of ``size`` rows at most; ``problems`` grows while they are taken.

    Raises:
        DataError: a column that the inputs need is not there, or columns differ in length.
    """

    def __init__(self, network: Network, preprocessing: Preprocessing, columns: Raw, size: int) -> None:
        self._network = network
        self._preprocessing = preprocessing
        self.count = preprocessing.count_of(columns)
        self._columns = {name: columns[name] for name in preprocessing.needed}
        self._fields = {name: preprocessing.fields[name] for name in self._columns}
        self._size = size
        self._strange: dict[str, None] = {}
        self.problems: dict[int, str] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the rows taken so far."""
        return tuple(self._strange)

    def blocks(self) -> Iterator[Block]:
        """Yield the rows that can be predicted."""
        # A window reaches over rows of several batches: it is laid over all of them.
        size = max(self.count, 1) if self._preprocessing.window.length else self._size
        report(0, self.count, "Predicting")
        for start in range(0, self.count, size):
            numbers = np.arange(start, min(start + size, self.count))
            yield from self._prepared(numbers)
            report(int(numbers[-1]) + 1, self.count, "Predicting")

    def answered(self, block: Block, outputs: Sequence[Tensor]) -> tuple[Block, Sequence[Tensor]]:
        """Return the rows for which no output is NaN, with their outputs; of the others it is noted."""
        bad = np.zeros(len(block.rows), dtype=np.bool_)
        for each in outputs:
            if len(bad) and len(each) == len(bad):
                bad |= each.isnan().reshape(len(bad), -1).any(1).cpu().numpy()
        if not bad.any():
            return block, outputs
        self.problems.update(
            {int(row): "The network gives NaN, which is no number, for this row." for row in block.rows[bad]}
        )
        good = np.flatnonzero(~bad)
        kept = Block(block.rows[good], [each[good] for each in block.inputs])
        return kept, [each[good] if len(each) == len(bad) else each for each in outputs]

    def tokens(self, block: Block) -> Tensor | None:
        """Return which steps of a text input hold a token, bool (N, steps); None where there is not one such input."""
        texts = [
            tensor
            for name, tensor in zip(self._network.built.inputs, block.inputs, strict=True)
            if [self._meaning(each) for each in self._preprocessing.inputs[name]] == ["text"]
        ]
        return texts[0] != 0 if len(texts) == 1 else None

    def _meaning(self, name: str) -> str:
        entry = self._preprocessing.entry(name)
        return "" if entry.part else entry.field.meaning

    def _prepared(self, numbers: Rows) -> Iterator[Block]:
        good, columns = self._read(numbers)
        if len(good):
            yield from self._encoded(good, columns)

    def _encoded(self, good: Rows, columns: Mapping[str, Array]) -> Iterator[Block]:
        try:
            transformed = self._preprocessing.transform(columns)
        except DataError as error:
            if len(good) == 1 or self._preprocessing.window.length:
                self.problems.update({int(row): _told(error) for row in good})
                return
            # One row that does not fit shall not take the others with it.
            for half in (slice(0, len(good) // 2), slice(len(good) // 2, None)):
                yield from self._encoded(good[half], {name: values[half] for name, values in columns.items()})
            return
        yield from self._cut(good, columns, transformed.rows, transformed.inputs)

    def _cut(
        self, good: Rows, columns: Mapping[str, Array], kept: Rows, inputs: Mapping[str, Tensor]
    ) -> Iterator[Block]:
        """Yield what was prepared in batches, and note the rows that were left out."""
        out = np.setdiff1d(np.arange(len(good)), kept)
        self.problems.update({int(good[place]): self._why_not(columns, int(place)) for place in out})
        device = self._network.device
        for start in range(0, len(kept), self._size):
            batch = slice(start, start + self._size)
            tensors = [inputs[name][batch].to(device) for name in self._network.built.inputs]
            yield Block(good[kept[batch]], tensors)

    def _read(self, numbers: Rows) -> tuple[Rows, dict[str, Array]]:
        """Return the rows whose values can be read, and their columns."""
        columns: dict[str, Array] = {}
        bad: dict[int, str] = {}
        for name, fitted in self._fields.items():
            values, problems = column_of(fitted, _taken(self._columns[name], numbers, bad))
            columns[name] = values
            bad |= {row: text for row, text in problems.items() if row not in bad}
        cells = {name: fitted.field for name, fitted in self._fields.items() if fitted.field.meaning in CELLS}
        self._strange |= dict.fromkeys(stray_notes(columns, cells)[: max(_MOST_NOTES - len(self._strange), 0)])
        self.problems.update({int(numbers[row]): text for row, text in bad.items()})
        keep = np.setdiff1d(np.arange(len(numbers)), np.array(list(bad), dtype=np.int64))
        return numbers[keep], {name: values[keep] for name, values in columns.items()}

    def _why_not(self, columns: Mapping[str, Array], place: int) -> str:
        empty = [
            f"'{name}'"
            for name, fitted in self._fields.items()
            if fitted.field.missing == "drop row" and fitted.gaps(columns[name][place : place + 1])[0]
        ]
        if empty:
            return f"{', '.join(empty)} is missing, and rows without it were left out in training too."
        length = self._preprocessing.window.length
        return f"No whole window of {length} rows without a gap ends here."


def _taken(values: Sequence[Any] | Array | Lazy, numbers: Rows, bad: dict[int, str]) -> Sequence[Any] | Array:
    """Return the values of some rows; those that cannot be read are None, and ``bad`` says why."""
    if not isinstance(values, Lazy):
        return values[int(numbers[0]) : int(numbers[-1]) + 1] if len(numbers) else []
    try:
        return list(values.take(numbers))
    except DataError:
        cells: list[Any] = []
        for place, row in enumerate(numbers):
            try:
                cells.append(values.take(np.array([row]))[0])
            except DataError as error:
                cells.append(None)
                bad[place] = _told(error)
        return cells


def _told(error: DataError) -> str:
    return " ".join((error.message, *error.problems))
