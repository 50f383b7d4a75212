"""Training as seen in a terminal: a bar that moves and a line per epoch on stderr, and with ``--json`` every event.

Where stderr is no terminal (a log file, a pipe) there is no bar, only the lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from core import units
from core.cli.command import note, print_json
from core.machine import device_title
from core.progress import watching
from core.training.control import Control
from core.training.events import (
    Changed,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Message,
    Paused,
    Progress,
    Resumed,
    RunStarted,
)

if TYPE_CHECKING:
    from tqdm import tqdm

_LOOKS = "{desc} |{bar}| {percentage:3.0f} %{postfix}"
_STARTING = "starting …"


@contextmanager
def shown_progress() -> Iterator[None]:
    """Show on one line of a terminal how far the work inside the block is; elsewhere nothing is shown."""
    if not sys.stderr.isatty():
        yield
        return
    widest = 0

    def told(done: int, total: int, what: str) -> bool:
        nonlocal widest
        text = f"{what} … {100 * done / total:.0f} %" if total else f"{what} …"
        widest = max(widest, len(text))
        print(text.ljust(widest), end="\r", file=sys.stderr, flush=True)
        return True

    try:
        with watching(told):
            yield
    finally:
        print(" " * widest, end="\r", file=sys.stderr, flush=True)


class TrainingReporter:
    """Turns training events into output; use as a context manager so that the bar is closed.

    Where the reader of the events goes away (``| head``) the training is stopped through ``control``. What layers and
    loggers print meanwhile goes to stderr, where it comes between no results.
    """

    def __init__(self, control: Control, *, as_json: bool) -> None:
        self._control = control
        self._as_json = as_json
        self._bar: tqdm[NoReturn] | None = None
        self._in_terminal = sys.stderr.isatty()
        self._epochs = 0
        self._stdout = sys.stdout
        self._redirected = redirect_stdout(sys.stderr)
        self.run = ""
        """The run's folder, once training has begun."""

    def __enter__(self) -> TrainingReporter:
        if self._in_terminal:
            print(_STARTING, end="\r", file=sys.stderr, flush=True)
        self._stdout = sys.stdout
        self._redirected.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._redirected.__exit__(kind, error, trace)
        if self._bar is not None:
            self._bar.close()
        elif self._in_terminal:
            print(" " * len(_STARTING), end="\r", file=sys.stderr, flush=True)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if self._as_json:
            self._pass_on(event)
        if isinstance(event, RunStarted):
            self._start(event)
        elif isinstance(event, Progress):
            self._move(event)
        elif isinstance(event, EpochEnded):
            self._say(epoch_line(event, self._epochs))
        elif isinstance(event, Paused | Resumed):
            self._say("paused" if isinstance(event, Paused) else "going on")
        elif isinstance(event, Changed | Message):
            self._say(event.text)
        elif isinstance(event, Failed):
            self._offer(event)
        elif isinstance(event, Finished):
            self._finish(event)

    def _pass_on(self, event: Event) -> None:
        try:
            print_json(event.to_json(), self._stdout)
        except BrokenPipeError:
            self._as_json = False
            self._control.stop()

    def _start(self, event: RunStarted) -> None:
        self.run, self._epochs = event.run, event.epochs
        samples = f"{event.training_samples:,} training and {event.validation_samples:,} validation samples"
        note(f"training {units.plural(event.parameters, 'parameter')} on {device_title(event.device)}: {samples}")
        if self._in_terminal:
            from tqdm import tqdm

            total = event.epochs * event.steps_per_epoch
            self._bar = tqdm(total=total, file=sys.stderr, dynamic_ncols=True, leave=False, bar_format=_LOOKS)

    def _move(self, event: Progress) -> None:
        if self._bar is not None:
            self._bar.n = event.step
            self._bar.set_description_str(f"epoch {event.epoch}/{event.epochs}", refresh=False)
            rate, left = units.count(event.samples_per_second), units.duration(event.seconds_left)
            self._bar.set_postfix_str(f"{rate} samples/s, {left} left", refresh=False)
            self._bar.refresh()

    def _finish(self, event: Finished) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._in_terminal = False
        how = "ended early, for nothing got better," if event.reason == "early" else event.reason
        note(f"{how} after {units.plural(event.epochs, 'epoch')} in {units.duration(event.seconds)}")
        if event.best_epoch:
            note(f"best epoch {event.best_epoch}: {values_line(event.best)}")

    def _offer(self, event: Failed) -> None:
        if event.offer:
            note(f"to try: {' '.join(f'--set {name}={value}' for name, value in event.offer.items())}")

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        else:
            note(text)


def epoch_line(event: EpochEnded, epochs: int) -> str:
    """Write one epoch's results on a line: ``epoch  3/20  loss 0.1234  · validation  loss 0.0987  accuracy 0.971``."""
    parts = [f"epoch {event.epoch:>{len(str(epochs))}}/{epochs}", values_line(event.training, width=9)]
    if event.validation:
        parts += ["· validation", values_line(event.validation, width=9)]
    return "  ".join(parts).rstrip()


def values_line(values: Mapping[str, float], *, width: int = 0) -> str:
    """Write named numbers on a line, four significant digits each, padded to a width so that lines align."""
    return "  ".join(f"{name} {f'{value:#.4g}'.rstrip('.'):<{width}}" for name, value in short_names(values).items())


def short_names(values: Mapping[str, float]) -> dict[str, float]:
    """Leave out what says nothing where there is one output: its name, and its loss, which is the total."""
    outputs = {name.partition("/")[0] for name in values if "/" in name}
    if len(outputs) != 1 or "loss" not in values:
        return dict(values)
    loss = f"{outputs.pop()}/loss"
    return {name.rpartition("/")[2]: value for name, value in values.items() if name != loss}
