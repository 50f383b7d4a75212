"""Looks at every sample of a part of the data: which answers are right, which are wrong, and which worst of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.data.splits import PartName
from core.errors import DataError
from core.progress import report
from core.training.parts import samples_of
from core.training.results.outcome import Outcome, OutputOutcome, Wrong
from core.training.results.reading import OutputReader
from core.training.results.resting import at_rest
from core.training.results.trained import trained_of
from core.training.results.watching import Watcher
from core.training.session import Session

WORST = 50
_SMALLEST_PASS = 256


def examine(session: Session, split: PartName = "validation", worst: int = WORST) -> Outcome:
    """Return what is right and wrong of a session's network on a part of its data.

    Two passes: one over all samples, which keeps only sums, losses and a bounded number of values, so that streamed
    data does not fill the memory; one over the worst. It reports through ``core.progress``. Of a finished run the
    session is ``core.training.results.trained.open_measured``; of a live one, call from the thread that trains it.

    Args:
        session: network and data.
        split: the part that is looked at.
        worst: how many of the samples with the highest loss are kept.

    Raises:
        DataError: the part has no rows, or a row cannot be read.
        Cancelled: whoever watches the progress wants no more of it.
    """
    examination = _Examination(session, split)
    with at_rest(session.network):
        watchers = examination.watched()
        outputs = {
            reader.output: examination.outcome(index, reader, watcher, worst)
            for index, (reader, watcher) in enumerate(zip(examination.readers, watchers, strict=True))
        }
    return Outcome(split, examination.samples.count, outputs)


class _Examination:
    """One part of the data, looked at through one network."""

    def __init__(self, session: Session, split: PartName) -> None:
        samples = samples_of(session.prepared.part(split), session.network, session.heads)
        if samples is None:
            raise DataError(f"There are no {split} rows. Set the {split} share of the split above 0.")
        self.samples = samples
        self.readers = trained_of(session).readers
        self._session = session
        self._network = session.network
        self._rows = session.prepared.part(split).rows
        self._split = split

    def watched(self) -> list[Watcher]:
        """Go over all samples; return what was gathered of every output."""
        count, device = self.samples.count, self._network.device
        watchers = [
            Watcher(reader, head, count, device) for reader, head in zip(self.readers, self._session.heads, strict=True)
        ]
        size = max(self._session.project.training.batch_size, _SMALLEST_PASS)
        starts = range(0, count, size)
        for batch in self.samples.batches(
            torch.arange(each, min(each + size, count), device=device) for each in starts
        ):
            numbers = self._rows[batch.rows.cpu().numpy()]
            outputs = self._network.forward(batch.inputs)
            for reader, watcher, raw, targets in zip(self.readers, watchers, outputs, batch.targets, strict=True):
                watcher.add(reader.criterion.arrange(raw, targets), targets, batch.weights, numbers)
            report(int(batch.rows[-1]) + 1, count, f"Looking at the {self._split} part")
        return watchers

    def outcome(self, index: int, reader: OutputReader, watcher: Watcher, worst: int) -> OutputOutcome:
        """Return what is right and wrong of one output."""
        losses = watcher.losses()
        # What is not finite is worse than anything.
        order = np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[:worst]
        return OutputOutcome(
            reader.output,
            reader.objective.target.name,
            reader.target,
            reader.classes,
            self._rows,
            losses,
            self._wrong(index, reader, order, losses),
            watcher.confusion(),
            watcher.lines(),
            watcher.curves(),
            watcher.calibration(),
            watcher.points(),
            watcher.texts(),
            watcher.notes(),
        )

    def _wrong(
        self, index: int, reader: OutputReader, order: NDArray[np.int64], losses: NDArray[np.float64]
    ) -> tuple[Wrong, ...]:
        """Return samples with what was predicted of them, one batch after the other."""
        found: list[Wrong] = []
        size = self._session.project.training.batch_size
        for start in range(0, len(order), size):
            places = order[start : start + size]
            batch = self.samples.take(torch.from_numpy(places).to(self._network.device))
            targets = batch.targets[index]
            outputs = reader.criterion.arrange(self._network.forward(batch.inputs)[index], targets)
            answer = reader.answer(outputs, targets >= 0 if reader.target == "class" else None)
            shares: Sequence[Any] = [None] * len(places) if answer.confidence is None else answer.confidence.tolist()
            for place, *said in zip(places.tolist(), reader.truth(targets), answer.values, shares, strict=True):
                truth, predicted, share = said
                row, loss = int(self._rows[place]), float(losses[place])
                found.append(Wrong(row, loss, _single(truth), _single(predicted), share))
        return tuple(found)


def _single(value: Any) -> Any:
    """Return a number as Python's own; everything else as it is."""
    return value.item() if isinstance(value, np.generic) else value
