"""A log for TensorBoard in the run's folder."""

from __future__ import annotations

import json
from typing import Any

from core.loading import load
from core.training.events import EpochEnded, Event, Failed, Finished, RunStarted, StepEnded
from core.training.loggers._kind import LoggerKind, Opened
from core.training.loggers._values import settings_of, start_of

FOLDER = "tensorboard"


class _TensorBoard:
    """Writes into the run's ``tensorboard`` folder."""

    def __init__(self, opened: Opened) -> None:
        self._settings = settings_of(opened.project)
        self._writer: Any = load("torch.utils.tensorboard").SummaryWriter(str(opened.run / FOLDER))

    def log(self, event: Event) -> None:
        """Write an event's numbers."""
        writer = self._writer
        if isinstance(event, RunStarted):
            lines = json.dumps({**self._settings, **start_of(event)}, indent=2, default=str).splitlines()
            writer.add_text("settings", "\n".join(f"    {line}" for line in lines))  # Markdown of code
        elif isinstance(event, StepEnded):
            self._scalars("step", event.values, event.step)
            writer.add_scalar("learning rate", event.learning_rate, event.step)
        elif isinstance(event, EpochEnded):
            self._scalars("training", event.training, event.step)
            self._scalars("validation", event.validation, event.step)
            writer.add_scalar("samples per second", event.samples_per_second, event.step)
            writer.flush()
        elif isinstance(event, Finished):
            writer.add_text("result", f"{event.reason}, best epoch {event.best_epoch}")
        elif isinstance(event, Failed):
            writer.add_text("result", f"failed: {event.message}")

    def _scalars(self, part: str, values: Any, step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{name}/{part}", value, step)

    def close(self) -> None:
        """Write what is pending and close the file."""
        self._writer.close()


KINDS = (
    LoggerKind(
        "tensorboard",
        "TensorBoard",
        "Writes curves into the folder 'tensorboard' of each run, to be looked at with tensorboard --logdir.",
        "tensorboard",
        "tensorboard",
        _TensorBoard,
    ),
)
