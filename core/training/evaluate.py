"""Measures a finished run's weights again, from its folder alone."""

from __future__ import annotations

from pathlib import Path

from core.data.splits import PartName
from core.errors import DataError
from core.training.checkpoints import load_weights
from core.training.runs import Run, Which
from core.training.session import check_same_data, open_session, samples_of


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
    session = open_session(run.project(), base or run.base, device)
    check_same_data(run, session)
    load_weights(session.network.module, run.weights(which))
    samples = samples_of(session.prepared.part(split), session.network, session.widths)
    if samples is None:
        raise DataError(f"The run '{run.name}' has no {split} rows. Set the {split} share of the split above 0.")
    meter = session.meter()
    session.network.measure(samples, meter, session.project.training.batch_size)
    return meter.values()
