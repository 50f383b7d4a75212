"""Gathers, batch by batch, what the pictures of one output need: sums, and a bounded number of single values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.training.metrics import by_class
from core.training.results.curves import Calibration, Curve, calibration_of, curve_of
from core.training.results.outcome import ClassLine, Confusion, Pair, Points, Rows, Texts
from core.training.results.reading import OutputReader
from core.training.statistics import Head, Kept, Statistic, make
from core.training.statistics._base import predicted_classes, true_classes
from core.training.statistics.sequences import Edits

MOST_CLASSES = 512
"""Confusion matrices of more classes are not counted."""
MOST_CURVES = 100
MOST_POINTS = 200_000
MOST_PAIRS = 2000
_MOST_IN_A_CELL = 500
_NO_CURVES = "There are curves for {most} classes at most; this output has {count}."


class Watcher:
    """Everything about one output over all batches. ``samples`` is how many will come."""

    def __init__(self, reader: OutputReader, head: Head, samples: int, device: torch.device) -> None:
        self._reader = reader
        self._head = head
        self._device = device
        self._losses: list[Tensor] = []
        self._seen = 0
        self._points = _PointGatherer(reader, samples)
        self._texts = _TextGatherer(reader, head, device)
        self._sums: dict[str, Statistic] = {name: make(name, head, device) for name in self._wanted()}
        self._counts: NDArray[np.int64] | None = None
        self._cells: dict[int, list[int]] = {}

    @property
    def _classes(self) -> int:
        return self._head.width if self._head.target == "class" else 2

    def _wanted(self) -> list[str]:
        target, kind = self._reader.target, self._reader.kind
        if target == "labels":
            return ["labels", *(["kept"] if self._head.width <= MOST_CURVES else [])]
        if target not in ("class", "binary"):
            return []
        curves = kind == "class" and self._classes <= MOST_CURVES
        return ["classes", "probabilities", *(["kept"] if curves else [])]

    def add(self, outputs: Tensor, targets: Tensor, weights: Tensor | None, rows: Rows) -> None:
        """Take a batch: arranged outputs, prepared targets, the samples' weights and rows of the source."""
        self._losses.append(self._reader.criterion.each(outputs, targets).double().cpu())
        said = self._reader.said(outputs)
        for each in self._sums.values():
            each.update(said, targets, weights)
        if self._reader.target in ("class", "binary") and self._classes <= MOST_CLASSES:
            self._add_classes(said, targets, rows)
        if self._reader.target == "number":
            self._points.add(said, targets, rows)
        if self._reader.kind == "text":
            self._texts.add(said, targets, rows)

    def _add_classes(self, said: Tensor, targets: Tensor, rows: Rows) -> None:
        count = self._classes
        truth, counted = true_classes(self._head, targets)
        codes = (truth.reshape(-1) * count + predicted_classes(self._head, said)).cpu().numpy()
        there = counted.reshape(-1).cpu().numpy()
        found = np.bincount(codes[there], minlength=count * count)
        self._counts = found if self._counts is None else self._counts + found
        by_row = np.where(there, codes, -1).reshape(len(rows), -1)
        if by_row.shape[1] == 1:
            pairs = [(int(code), int(row)) for code, row in zip(by_row[:, 0], rows, strict=True)]
        else:
            pairs = [
                (code, int(row)) for each, row in zip(by_row, rows, strict=True) for code in np.unique(each).tolist()
            ]
        for code, row in pairs:
            members = self._cells.setdefault(code, [])
            if code >= 0 and len(members) < _MOST_IN_A_CELL:
                members.append(row)

    # --- what came of it --------------------------------------------------------------------------------------------

    def losses(self) -> NDArray[np.float64]:
        """Return the loss of every sample, float64 (samples,)."""
        return np.asarray(torch.cat(self._losses).numpy())

    def confusion(self) -> Confusion | None:
        """Return the confusion matrix, or None where the output chooses no class."""
        if self._counts is None:
            return None
        count = self._classes
        cells = {divmod(code, count): np.array(rows) for code, rows in self._cells.items() if code >= 0}
        return Confusion(self._names(), self._counts.reshape(count, count), cells)

    def lines(self) -> tuple[ClassLine, ...]:
        """Return the table of classes or labels."""
        sums = self._sums.get("classes") or self._sums.get("labels")
        if sums is None:
            return ()
        columns = by_class(sums.result())
        return tuple(
            ClassLine(name, *values)
            for name, *values in zip(self._names(), *(columns[each] for each in _COLUMNS), strict=True)
        )

    def curves(self) -> tuple[Curve, ...]:
        """Return the ROC and precision-recall curves: of one score one, else one against the rest each."""
        kept = self._sums.get("kept")
        if kept is None:
            return ()
        rows, names = kept.result(), self._names()
        if self._reader.target == "binary":
            return (curve_of(rows, 0, names[-1]),)
        return tuple(curve_of(rows, column, name) for column, name in enumerate(names))

    def calibration(self) -> Calibration | None:
        """Return how sure the network was against how often it was right."""
        sums = self._sums.get("probabilities")
        return None if sums is None else calibration_of(sums.result())

    def points(self) -> Points | None:
        """Return predicted numbers against true ones."""
        return self._points.result() if self._reader.target == "number" else None

    def texts(self) -> Texts | None:
        """Return texts against what was read."""
        return self._texts.result() if self._reader.kind == "text" else None

    def notes(self) -> tuple[str, ...]:
        """Return what was left out, and why."""
        told = []
        kept = self._sums.get("kept")
        if isinstance(kept, Kept) and kept.note():
            told.append(f"The curves are {kept.note()}.")
        classes = self._head.width if self._reader.target == "labels" else self._classes
        if kept is None and self._reader.kind in ("class", "labels"):
            told.append(_NO_CURVES.format(most=MOST_CURVES, count=classes))
        return tuple(told)

    def _names(self) -> tuple[str, ...]:
        """Return a name for every class that the output can give, those without one by their number."""
        width = self._head.width if self._reader.target == "labels" else self._classes
        names = self._reader.classes[:width]
        return (*names, *(str(index) for index in range(len(names), width)))


_COLUMNS = ("samples", "precision", "recall", "f1", "iou")


class _PointGatherer:
    """Numbers that are true and predicted; of many, some that lie evenly."""

    def __init__(self, reader: OutputReader, samples: int) -> None:
        self._reader = reader
        self._every = -(-samples // MOST_POINTS)
        self._each = max(1, MOST_POINTS // max(samples, 1))
        self._seen = 0
        self._thinned = self._every > 1
        self._found: list[tuple[Rows, NDArray[np.float64], NDArray[np.float64]]] = []

    def add(self, said: Tensor, targets: Tensor, rows: Rows) -> None:
        number = np.arange(self._seen, self._seen + len(rows))
        self._seen += len(rows)
        chosen = np.flatnonzero(number % self._every == 0)
        if not len(chosen):
            return
        places = torch.from_numpy(chosen).to(said.device)
        truth = self._reader.in_units(targets[places]).reshape(len(chosen), -1)
        given = self._reader.in_units(said[places].reshape(targets[places].shape)).reshape(len(chosen), -1)
        width = truth.shape[1]
        if width > self._each:
            self._thinned = True
            columns = np.linspace(0, width - 1, self._each).astype(np.int64)
            truth, given = truth[:, columns], given[:, columns]
        there = ~np.isnan(truth)
        repeated = np.repeat(rows[chosen][:, None], truth.shape[1], axis=1)
        self._found.append((repeated[there], truth[there], given[there]))

    def result(self) -> Points:
        rows, truth, given = (np.concatenate(each) for each in zip(*self._found, strict=True))
        return Points(rows, truth, given, self._thinned)


class _TextGatherer:
    """Texts and what was read of them: all edits, and the first pairs."""

    def __init__(self, reader: OutputReader, head: Head, device: torch.device) -> None:
        self._reader = reader
        self._edits = Edits(head, device)
        self._pairs: list[Pair] = []
        self._sums = [0, 0, 0]

    def add(self, said: Tensor, targets: Tensor, rows: Rows) -> None:
        edits, lengths = (each.cpu().tolist() for each in self._edits.each(said, targets))
        for index, number in enumerate((sum(edits), sum(lengths), edits.count(0))):
            self._sums[index] += number
        room = MOST_PAIRS - len(self._pairs)
        if room <= 0:
            return
        truth = self._reader.truth(targets[:room])
        read: Sequence[str] = self._reader.read_texts(said[:room], targets[:room] >= 0).tolist()
        self._pairs += [
            Pair(int(row), *each) for row, *each in zip(rows[:room], truth, read, edits, lengths, strict=False)
        ]

    def result(self) -> Texts:
        edits, tokens, exact = self._sums
        return Texts(tuple(self._pairs), edits, tokens, exact)
