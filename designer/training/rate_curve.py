"""The learning rate of every step of a training that has not begun, worked out beside the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from core.graph.binding import bound_fields, target_of
from core.graph.project import INPUT, OUTPUT, Project, TrainingSettings
from core.progress import watching

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_STEPS = 200_000
"""More steps than these are not drawn: the first ones show the course."""
STEPS_TO_SHOW = 100
"""Steps in an epoch that are drawn while nobody knows how many samples there are."""


@dataclass(frozen=True, eq=False)
class RateCurve:
    """``rates`` has the learning rate of each step, shape (steps,); ``note`` is to be read with it.

    ``samples`` is how many the training part has, 0 where that is not known; then ``steps_per_epoch`` is a guess.
    ``reason`` says why there is no curve.
    """

    rates: NDArray[np.float64] | None
    steps_per_epoch: int
    epochs: int
    samples: int = 0
    note: str = ""
    reason: str = ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("RateCurve", text)


def steps_per_epoch(samples: int, settings: TrainingSettings) -> int:
    """Return how many steps of the optimizer an epoch has: batches divided by what is accumulated, rounded up."""
    batches = -(-samples // max(1, settings.batch_size))
    return max(1, -(-batches // max(1, settings.accumulate)))


def rate_curve(settings: TrainingSettings, samples: int, wanted: Callable[[], bool]) -> RateCurve | None:
    """Return the curve, or None once ``wanted`` says that nobody waits for it any more."""
    import numpy as np

    from core.errors import LayerwrightError
    from core.training.schedule import make_schedule, preview_note

    steps = steps_per_epoch(samples, settings) if samples else STEPS_TO_SHOW
    epochs = max(1, settings.epochs)
    drawn = min(epochs, max(1, MOST_STEPS // steps))
    try:
        schedule = make_schedule(settings, None, steps, epochs)
        rates = np.empty((drawn, steps))
        for epoch in rates:
            if not wanted():
                return None
            if schedule.kind.counts == "epochs":
                epoch[:] = schedule.rate
            else:
                for step in range(steps):
                    epoch[step] = schedule.rate
                    schedule.step_batch()
            schedule.step_epoch()
    except (LayerwrightError, ValueError, ArithmeticError) as error:
        return RateCurve(None, steps, epochs, samples, reason=str(error))
    note = preview_note(settings)
    if not samples and not note:
        note = _tr("Drawn with {0} steps an epoch: how many there are follows from the data.").format(steps)
    if drawn < epochs:
        note = f"{note} {_tr('Only the first {0} epochs are drawn.').format(drawn)}".strip()
    return RateCurve(rates.reshape(-1), steps, epochs, samples, note)


def training_samples(project: Project, base: Path | None, wanted: Callable[[], bool]) -> int:
    """Return how many samples the training part has; 0 where the data cannot be read or is not complete yet.

    It is 0, too, once ``wanted`` says that nobody waits for it any more.
    """
    from core.data.arrange import arrange
    from core.data.reading import read
    from core.errors import LayerwrightError

    inputs = {node.name: bound_fields(node) for node in project.graph.of_kind(INPUT)}
    targets = {node.name: target_of(node) for node in project.graph.of_kind(OUTPUT) if target_of(node)}
    if not project.data.source or not targets:
        return 0
    with watching(lambda _done, _whole, _what: wanted()):
        try:
            raw = read(project.data.source, project.data.options, base)
            return len(arrange(raw, project.data, inputs, targets).division.training)
        except LayerwrightError:
            return 0


def counted(project: Project) -> tuple[object, ...]:
    """Return all that the number of samples depends on: where it is equal, the number is."""
    wiring = [(node.name, bound_fields(node)) for node in project.graph.of_kind(INPUT)]
    targets = [(node.name, target_of(node)) for node in project.graph.of_kind(OUTPUT)]
    return project.data, tuple(wiring), tuple(targets)
