"""Measures a finished run's weights again, from its folder alone."""

from __future__ import annotations

from pathlib import Path

from core.data.splits import PartName
from core.errors import DataError
from core.training.parts import samples_of
from core.training.results.trained import open_measured
from core.training.runs import Run, Which
from core.training.session import Session


def evaluate(
    run: Run,
    split: PartName = "validation",
    *,
    which: Which = "best",
    base: Path | None = None,
    device: str | None = "cpu",
) -> dict[str, float]:
    """Return losses and metrics of a run's weights over a split; on "validation" they are those that were logged.

    ``base`` is the folder that file names in the project are relative to, where it has moved since.

    Raises:
        TrainingError: the run is damaged, has no such weights, or the data has changed.
        DataError: the data cannot be read, or the split has no rows.
    """
    return measured(open_measured(run, which, base, device), split)


def measured(session: Session, split: PartName) -> dict[str, float]:
    """Return losses and metrics of a session's network over a part of its data.

    Raises:
        DataError: the part has no rows, or one cannot be read.
    """
    samples = samples_of(session.prepared.part(split), session.network, session.heads)
    if samples is None:
        raise DataError(f"There are no {split} rows. Set the {split} share of the split above 0.")
    meter = session.meter()
    session.network.measure(samples, meter, session.project.training.batch_size)
    return meter.values()
