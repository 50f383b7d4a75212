"""The training loop in one of several processes: the main one is steered, tells and writes; all decide alike.

Whatever depends on the clock or on the user is decided by the main process and told to the others at a *look*. Looks
come about ten times a second, after a number of steps that is agreed at the look before: no step waits for one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.data.augment import augmentations
from core.errors import SaveError, TrainingError
from core.training.checkpoints import Best, Checkpoints
from core.training.control import Control
from core.training.distributed import Shared, Team, TeamLost
from core.training.events import Event, Message, Values
from core.training.meter import Meter
from core.training.randomness import random_state, set_random_state
from core.training.recorder import Recorder
from core.training.session import Session
from core.training.steps import Observer
from core.training.summary import Summary
from core.training.trainer import Reading, Trainer

_LOOK_SECONDS = 0.1
_HEARTBEAT = 1.0
"""Seconds between two signs of life while training is paused."""
_EACH = "random_of_each"


class TeamTrainer(Trainer):
    """Trains one process's part of every batch. ``control`` steers it in the main process; any may be stopped."""

    def __init__(
        self, session: Session, epochs: int, control: Control, folder: Path, checkpoint_seconds: float, team: Team
    ) -> None:
        super().__init__(session, epochs, Control(), folder, checkpoint_seconds)
        self._team = team
        self._asked = control
        self._report_asked = self._ended_alike = False
        self._each: list[dict[str, Any]] = []
        """The random states of the processes that wrote the checkpoint."""
        self._period = self._steps_left = 1
        self._looked = time.perf_counter()
        if not team.is_main:
            self._checkpoints = _Unwritten(folder, {})

    # --- looks --------------------------------------------------------------------------------------------------------

    def _is_wanted(self) -> bool:
        self._steps_left -= 1
        if self._steps_left <= 0:
            self._look()
        return self._control.wanted

    def _look(self) -> None:
        """Learn what the user asks of the main process, and what the clock says there."""
        now = time.perf_counter()
        pace = self._period / max(now - self._looked, 1e-9)
        period = max(1, min(int(pace * _LOOK_SECONDS), 2 * self._period))
        is_main, asked = self._team.is_main, self._asked
        stopping = asked.stopping  # asked first: what was given before the stop is then among the commands
        commands = asked.take() if is_main else ()
        stop, paused, told, report, period = map(
            int,
            self._team.most(
                (
                    stopping,
                    is_main and asked.paused,
                    bool(commands),
                    is_main and super()._report_is_due(),
                    period if is_main else 0,
                )
            ),
        )
        for command in self._team.told(commands) if told else ():
            self._control.give(command)
        if stop:
            self._control.stop()
        elif paused != self._control.paused:
            (self._control.pause if paused else self._control.resume)()
        self._report_asked = self._report_asked or bool(report)
        self._period = self._steps_left = period
        self._looked = now

    def _wait(self) -> None:
        if self._team.is_main:
            self._asked.wait(_HEARTBEAT)
        self._look()

    def _report_is_due(self) -> bool:
        due, self._report_asked = self._report_asked, False
        return due

    def _checkpoint_is_due(self, pause: float) -> bool:
        return bool(self._team.most([self._team.is_main and super()._checkpoint_is_due(pause)])[0])

    def _validate(self) -> Values | None:
        self._team.settle(self.network.module, self.course.average)
        self._period = self._steps_left = 1  # batches take another time here than steps
        found = super()._validate()
        self._period = self._steps_left = 1
        return found

    # --- what is summed over all processes ----------------------------------------------------------------------------

    def _samples_so_far(self) -> int:
        return int(self._team.sums([self.course.meter.samples])[0])

    def _whole(self, meter: Meter) -> Meter:
        meter.flush()
        whole = self.session.meter()
        for state in self._team.gathered(meter.state()):
            whole.add(state)
        return whole

    def _meter_reading(self) -> Reading:
        losses, penalty = super()._meter_reading()
        flat = [each for pair in losses for each in pair]
        flat = self._team.sums([*flat, float(penalty is not None), *(penalty or (0.0, 0.0))])
        pairs = list(zip(flat[::2], flat[1::2], strict=False))[: len(losses)]
        is_penalised, *sums = flat[2 * len(losses) :]
        return pairs, (sums[0], sums[1]) if is_penalised else None

    def _not_finite(self, what: str) -> TrainingError:
        error = super()._not_finite(what)
        self._ended_alike = True
        return error

    def _find_not_finite(self) -> tuple[str, str]:
        found = ("", "") if self.session.synchronised else super()._find_not_finite()
        return next((each for each in self._team.gathered(found) if each != ("", "")), ("", ""))

    def _recent(self) -> list[Any]:
        samples = self.session.training
        assert isinstance(samples, Shared)
        return list(samples.whole.batches((each for each in self._unread if len(each)), self.course.epoch))

    # --- what the main process alone does -----------------------------------------------------------------------------

    def _make_observer(self) -> Observer | None:
        alone = self._team.is_main and not self.session.synchronised
        return super()._make_observer() if alone else None

    def _tell_ways(self) -> None:
        for text in _notes(self.session, self._team):
            self._tell(Message(text, "info", "distributed"))

    def _store(self, summary: Summary) -> None:
        if self._team.is_main:
            super()._store(summary)

    def _write_checkpoint(self, state: Mapping[str, object]) -> None:
        problem = ""
        try:
            super()._write_checkpoint(state)
        except SaveError as error:
            problem = error.message
        if problem := self._team.told(problem):
            raise SaveError(problem)

    def fail(self, message: str) -> None:
        """Keep the best weights and note in the run folder why training ended.

        Where all processes end here, at values that are not finite, the last good weights are kept, too. Else nothing
        is asked of the others.

        Raises:
            SaveError: the folder cannot be written.
        """
        course, state = self.course, None
        if self._ended_alike and course.step and self._weights_are_finite():
            with suppress(TeamLost):  # the checkpoint before is kept
                state = self._state()
        if course.best is not None:
            self._checkpoints.save_best(course.best)
        if state is not None:
            self._checkpoints.save_last(course.epoch, state)
        self.write_summary("failed", message)

    # --- the state ----------------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, object]:
        self._team.settle(self.network.module, self.course.average)
        meter = self._whole(self.course.meter)
        each = self._team.gathered(random_state(self.network.device))
        return {**super()._state(), "meter": meter.state(), _EACH: each}

    def _load_state(self) -> dict[str, Any]:
        state = self._team.by_main(super()._load_state)
        self._each = state.get(_EACH, [])
        return state

    def restore(self, record: Recorder, epochs: int | None, *, finished: bool) -> None:
        """Go on from the last checkpoint, whatever number of processes wrote it; see ``Trainer.restore``."""
        super().restore(record, epochs, finished=finished)
        if not self._team.is_main:
            self.course.meter = self.session.meter()
        if self._team.rank < len(self._each):
            set_random_state(self._each[self._team.rank])
        elif not self._team.is_main:
            self._team.sow(self.session.project.training.seed + self.course.step)


class Unrecorded(Recorder):
    """The log of a process that writes none."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, lambda _event: None)

    def __enter__(self) -> Unrecorded:
        return self

    def __call__(self, event: Event) -> None:
        """Nothing: the main process tells of it."""

    @property
    def size(self) -> int:
        """There is nothing in it."""
        return 0


class _Unwritten(Checkpoints):
    """The checkpoints of a process that writes none."""

    def save_last(self, epoch: int, state: Mapping[str, Any]) -> None:
        """Nothing: the main process does it."""

    def save_best(self, best: Best) -> bool:
        """Nothing: the main process does it."""
        return False

    def load_best(self) -> Best | None:
        """None: the main process keeps them."""
        return None


def _notes(session: Session, team: Team) -> list[str]:
    """Return what is to be known of a training in several processes."""
    size = session.project.training.batch_size
    used = {name for field in session.project.data.fields for name in field.augment}
    notes = [f"{team.size} processes train together: each batch of {size} is divided among them."]
    if session.network.has_batch_norm and not session.synchronised:
        notes.append(
            "Batch normalisation measures each process's part of a batch by itself, for it can measure whole batches "
            "of several processes on CUDA GPUs alone. What it keeps for validation and prediction is the mean of what "
            f"the {team.size} processes measured. So the curves differ a little from those of one process."
        )
    if any(kind.mix is not None for kind in augmentations if kind.id in used):
        notes.append("Samples are mixed with others of the same process's part of a batch.")
    return notes
