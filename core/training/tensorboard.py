"""A log for TensorBoard beside the run's own: an option, and never a reason for training to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.loading import load
from core.training.events import EpochEnded, Event, Finished, Message, StepEnded

FOLDER = "tensorboard"


class TensorBoardLog:
    """Passes events on and writes their numbers into the run's ``tensorboard`` folder.

    A package that is missing, or a disk that is full, ends the log with one ``Message``; training goes on.
    """

    def __init__(self, run: Path, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._writer: Any = None
        try:
            self._writer = load("torch.utils.tensorboard").SummaryWriter(str(run / FOLDER))
        except ImportError:
            self._give_up("the package is not installed: pip install layerwright[tensorboard]")
        except OSError as error:
            self._give_up(str(error.strerror or error))

    def __call__(self, event: Event) -> None:
        """Pass an event on and log its numbers."""
        self._emit(event)
        if self._writer is None:
            return
        try:
            self._write(event)
        except OSError as error:
            self._give_up(str(error.strerror or error))

    def _write(self, event: Event) -> None:
        if isinstance(event, StepEnded):
            self._scalars("step", event.values, event.step)
            self._writer.add_scalar("learning rate", event.learning_rate, event.step)
        elif isinstance(event, EpochEnded):
            self._scalars("training", event.training, event.step)
            self._scalars("validation", event.validation, event.step)
            self._writer.add_scalar("samples per second", event.samples_per_second, event.step)
            self._writer.flush()
        elif isinstance(event, Finished):
            self._writer.flush()

    def _scalars(self, part: str, values: Any, step: int) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{name}/{part}", value, step)

    def _give_up(self, why: str) -> None:
        self._writer = None
        self._emit(Message(f"No log is written for TensorBoard: {why}. Training goes on.", "warning", "tensorboard"))

    def close(self) -> None:
        """Write what is pending and close the file."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()


@contextmanager
def logged(run: Path, emit: Callable[[Event], None], *, wanted: bool) -> Iterator[Callable[[Event], None]]:
    """Give what events are to be told to: ``emit``, by way of a log for TensorBoard where one is wanted."""
    if not wanted:
        yield emit
        return
    log = TensorBoardLog(run, emit)
    try:
        yield log
    finally:
        log.close()
