"""The training loop: epochs and steps in their order, telling what happens as events and obeying a control.

It knows nothing of threads, windows or terminals. On the CPU the same job gives the same bits, interrupted or not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from core.errors import SaveError, TrainingError
from core.training.averaging import averaged
from core.training.batches import Batch
from core.training.checkpoints import Best, Checkpoints
from core.training.choices import doubtful
from core.training.control import Control
from core.training.course import Course
from core.training.diagnostics.observer import make_observer
from core.training.events import (
    Changed,
    CheckpointSaved,
    Confused,
    EpochEnded,
    Finished,
    Message,
    Paused,
    Progress,
    Resumed,
    RunStarted,
    StepEnded,
    Values,
)
from core.training.failures import first_not_finite, not_finite_message
from core.training.meter import Meter, loss_values
from core.training.obeying import obey
from core.training.parts import data_doubts
from core.training.recorder import Recorder
from core.training.results.live import confusions
from core.training.runs import write_json
from core.training.session import Session
from core.training.steps import Observer
from core.training.summary import Status, Summary
from core.training.watch import NotFiniteError

_REPORT_SECONDS = 0.1
_SHORTEST_BETWEEN_CHECKPOINTS = 1.0
Ending = Literal["completed", "early", "stopped"]
Sum = tuple[float, float]
Reading = tuple[list[Sum], Sum | None]
"""Of every head, the sum of its losses and how much that is of; the same of the layers' penalties."""


class Trainer:
    """Trains a session's network into a run folder."""

    def __init__(
        self, session: Session, epochs: int, control: Control, folder: Path, checkpoint_seconds: float
    ) -> None:
        self.session = session
        self.network = session.network
        self.course = Course(session, epochs)
        self._folder = folder
        self._checkpoint_seconds = checkpoint_seconds
        self._checkpoints = Checkpoints(folder / "checkpoints", session.metadata)
        self._control = control
        self._seconds_before = 0.0
        self._started = time.perf_counter()
        self._record: Recorder | None = None
        self._confused: list[Confused] = []
        self._window: list[Batch] = []
        self._unread: list[Tensor] = []
        """On a GPU: the rows of the batches whose losses were not read back yet."""

    # --- the course of a run ------------------------------------------------------------------------------------------

    def run(self, record: Recorder) -> Summary:
        """Train until all epochs are done, nothing gets better any more, or the control says stop."""
        course = self.course
        self._record = record
        self._first_step = course.step
        self._started = self._saved = self._last_report = time.perf_counter()
        self._reported = self._meter_reading()
        self._unread = []
        course.steps.observer = course.steps.observer or self._make_observer()
        self._tell(self._run_started())
        self.write_summary("running")
        if not course.step:
            self._tell_doubts()
        self._tell_ways()
        if self.session.project.training.compile:
            self._compile()
        try:
            while course.epoch < course.epochs and not self._exhausted and self._train_epoch():
                pass
        except NotFiniteError as error:
            raise self._not_finite(error.what) from error
        if course.epoch >= course.epochs:
            return self._conclude("completed")
        if self._exhausted:
            return self._conclude("early")
        self._carry_out_commands()  # what was asked for before the stop, which may come while validating
        return self._conclude("stopped")

    def _make_observer(self) -> Observer | None:
        return make_observer(self.session, self._tell, self._folder)

    @property
    def _exhausted(self) -> bool:
        return self.course.monitor.exhausted

    def _tell_doubts(self) -> None:
        session = self.session
        for text in session.prepared.notes:
            self._tell(Message(text, "info", "data"))
        if doubt := doubtful(session.optimizer_kind, session.project.training.batch_size, session.training.count):
            self._tell(Message(doubt, "warning", "optimizer"))
        for text in data_doubts(session.prepared, self.network.built.report, self.network):
            self._tell(Message(text, "warning", "data"))

    def _tell_ways(self) -> None:
        """Tell how this training, or what is left of it, differs from that of one process."""

    def _compile(self) -> None:
        example = self.session.training.part(0, min(2, self.session.training.count))
        self.network.compile(example, lambda text, topic: self._tell(Message(text, "warning", topic)))

    def _train_epoch(self) -> bool:
        """Train and validate one epoch, or what is left of it; False where the control ended it."""
        course = self.course
        if not course.in_epoch:
            course.begin_epoch()
            self._reported = self._meter_reading()
            self._unread = []
        began, samples = self._seconds, self._samples_so_far()
        keeps_rows = self.network.device.type != "cpu"
        self.network.train()
        for window in course.windows():
            if self._is_wanted() and not self._obey():
                return False
            self._window = window
            if keeps_rows:
                self._unread += [batch.rows for batch in window]
            course.advance(window)
            if self._report_is_due():
                self._report()
        course.steps.watch.verify()
        seconds = self._seconds - began
        if course.average is not None:
            course.average.after_epoch(course.epoch + 1, course.epochs, course.run_over_data)
        validation = self._validate()
        if validation is None:
            return False
        meter = self._whole(course.meter)
        rate = (meter.samples - samples) / max(seconds, 1e-9)
        self._end_epoch(meter.values(), validation, self._seconds - began, rate)
        return True

    def _validate(self) -> Values | None:
        """Return the values over the validation set (none where there is no such set); None where it was ended."""
        meter = self.session.meter()
        if self.session.validation is not None:
            batch_size = self.session.project.training.batch_size
            with averaged(self.course.average):
                if not self.network.measure(self.session.validation, meter, batch_size, self._go_on):
                    return None
        meter = self._whole(meter)
        self._confused = list(confusions(meter, self.session.prepared.classes, self.course.epoch + 1))
        return meter.values()

    def _go_on(self) -> bool:
        return not (self._is_wanted() and self._control.stopping)

    def _end_epoch(self, training: Values, validation: Values, seconds: float, rate: float) -> None:
        course = self.course
        if not all(map(math.isfinite, (training["loss"], validation.get("loss", 0.0)))):
            raise NotFiniteError("loss over an epoch")
        course.training, course.validation = training, validation
        course.epoch += 1
        course.in_epoch = False
        improved = course.monitor.update(course.epoch, training, validation)
        course.schedule.step_epoch(course.monitor.current)
        self._tell(EpochEnded(course.epoch, course.step, training, validation, seconds, rate))
        for each in self._confused:
            self._tell(each)
        if improved:
            course.best = Best(course.epoch, course.monitor.current, validation or training, course.weights())
        pause = min(_SHORTEST_BETWEEN_CHECKPOINTS, self._checkpoint_seconds)
        if course.epoch < course.epochs and self._checkpoint_is_due(pause):
            self._save()

    def _conclude(self, reason: Ending) -> Summary:
        course = self.course
        self._save(needed=True)
        if course.best is None:
            # Stopped within the first epoch: there is nothing better than the last weights.
            self._checkpoints.save_best(Best(0, math.inf, {}, course.weights()))
        best_epoch, best = (course.best.epoch, course.best.values) if course.best else (0, {})
        summary = self.write_summary("stopped" if reason == "stopped" else "completed")
        self._tell(Finished(reason, course.epoch, best_epoch, best, self._seconds))
        return summary

    def fail(self, message: str) -> None:
        """Keep the best and the last good weights, and note in the run folder why training ended.

        Raises:
            SaveError: the folder cannot be written.
        """
        course = self.course
        if course.best is not None:
            self._checkpoints.save_best(course.best)
        if course.step and self._record is not None and self._weights_are_finite():
            self._checkpoints.save_last(course.epoch, self._state())
        self.write_summary("failed", message)

    # --- what several processes have to agree on (see ``distributed_trainer``) ----------------------------------------

    def _is_wanted(self) -> bool:
        """Say whether there is something to obey."""
        return self._control.wanted

    def _wait(self) -> None:
        """Wait, paused, until there may be something to obey."""
        self._control.wait()

    def _report_is_due(self) -> bool:
        return time.perf_counter() - self._last_report >= _REPORT_SECONDS

    def _checkpoint_is_due(self, pause: float) -> bool:
        return time.perf_counter() - self._saved >= pause

    def _samples_so_far(self) -> int:
        """Return how many samples of this epoch were learned from."""
        return self.course.meter.samples

    def _whole(self, meter: Meter) -> Meter:
        """Return a meter that has seen what those of all processes have."""
        return meter

    # --- what happens between two steps -------------------------------------------------------------------------------

    def _obey(self) -> bool:
        """Do what the control asks for; False where it says stop."""
        control = self._control
        while True:
            self._carry_out_commands()
            if control.stopping:
                return False
            if not control.paused:
                return True
            self._pause()

    def _pause(self) -> None:
        course, control = self.course, self._control
        self._tell(Paused(course.epoch + 1, course.step))
        began = time.perf_counter()
        while control.paused:
            self._wait()
            self._carry_out_commands()
        self._started += time.perf_counter() - began
        if not control.stopping:
            self._tell(Resumed(course.epoch + 1, course.step))

    def _carry_out_commands(self) -> None:
        for command in self._control.take():
            if command.what == "checkpoint":
                self._checkpoint_now()
            elif (event := obey(self.course, command)) is not None:
                self._tell(event)

    def _checkpoint_now(self) -> None:
        course = self.course
        if self._save():
            self._tell(Changed("checkpoint", None, "checkpoint", course.epoch + 1, course.step))

    def _report(self) -> None:
        """Read the losses back, tell how far training is, and save where that is due."""
        course = self.course
        course.steps.watch.verify()
        now = time.perf_counter()
        self._unread = []
        before, self._reported = self._reported, self._meter_reading()
        recent = _recent_means(before, self._reported)
        if recent is not None:
            values = loss_values(self.network.objectives, recent[0], penalty=recent[1])
            self._tell(StepEnded(course.step, course.epoch + 1, values, course.rate))
        steps = course.steps_per_epoch * course.epochs
        rate = (course.step - self._first_step) / max(self._seconds - self._seconds_before, 1e-9)
        per_second = rate * self.session.training.count / course.steps_per_epoch
        left = (steps - course.step) / rate if rate else 0.0
        self._tell(Progress(course.epoch + 1, course.epochs, course.step, steps, per_second, left))
        self._last_report = now
        if self._checkpoint_is_due(self._checkpoint_seconds):
            self._save()

    def _not_finite(self, what: str) -> TrainingError:
        """Return the error for values that are not finite, with the node where they began.

        On a GPU the step is one of those since the last report; the weights have stood still since.
        """
        course = self.course
        found = self._find_not_finite()
        message = not_finite_message(what, found, course.epoch + 1, course.step + 1, course.rate)
        return TrainingError(message, node=found[1] or None)

    def _find_not_finite(self) -> tuple[str, str]:
        for batch in self._window if self.network.device.type == "cpu" else self._recent():
            found = first_not_finite(self.network, batch) if batch.count else ("", "")
            if found != ("", ""):
                return found
        return "", ""

    def _recent(self) -> list[Batch]:
        return list(self.session.training.batches(self._unread, self.course.epoch))

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def _save(self, *, needed: bool = False) -> bool:
        """Write the best and the last weights, and the state to resume from; return whether that could be done.

        Where the disk is full the checkpoint before stays, and training goes on unless this one is ``needed``.

        Raises:
            NotFiniteError: the weights are not finite.
            SaveError: it could not be written, and is needed.
        """
        course = self.course
        course.steps.watch.verify()
        if not self._weights_are_finite():
            raise NotFiniteError("weights")
        state = self._state()
        try:
            self._write_checkpoint(state)
        except SaveError as error:
            if needed:
                raise
            text = f"{error.message} Training goes on; a crash would cost what was learned since the last checkpoint."
            self._tell(Message(text, "warning", "checkpoint"))
            return False
        finally:
            self._saved = time.perf_counter()
        return True

    def _write_checkpoint(self, state: Mapping[str, object]) -> None:
        course = self.course
        if course.best is not None and self._checkpoints.save_best(course.best):
            self._tell(CheckpointSaved("best", course.best.epoch))
        self._checkpoints.save_last(course.epoch, state)
        self._tell(CheckpointSaved("last", course.epoch))
        self.write_summary("running")

    def _weights_are_finite(self) -> bool:
        weights = [each.detach() for each in self.network.module.parameters()]
        return bool(torch.stack([each.isfinite().all() for each in weights]).all())

    def _state(self) -> dict[str, object]:
        assert self._record is not None
        return {**self.course.state(), "seconds": self._seconds, "log_size": self._record.size}

    def restore(self, record: Recorder, epochs: int | None, *, finished: bool) -> None:
        """Go on from the last checkpoint of the run folder; what was logged after it is cut off.

        ``epochs`` is how many there shall be (None: as many as were planned when it was written). Where the run was
        ``finished``, it waits anew for an improvement.

        Raises:
            TrainingError: there is none, it is damaged, or nothing is left to do.
        """
        state = self._load_state()
        course = self.course
        course.epochs = epochs or state["epochs"]
        if state["epoch"] >= course.epochs:
            raise TrainingError(
                f"The run is complete: it has trained its {course.epochs} epochs. Ask for more epochs to go on with it."
            )
        course.load_state(state)
        if finished:
            course.monitor.forgive()
        self._seconds_before = state["seconds"]
        course.best = self._checkpoints.load_best()
        record.cut(state["log_size"])

    def _load_state(self) -> dict[str, Any]:
        return self._checkpoints.load_state()

    # --- small things -------------------------------------------------------------------------------------------------

    def _tell(self, event: object) -> None:
        assert self._record is not None
        self._record(event)  # type: ignore[arg-type]

    def _meter_reading(self) -> Reading:
        meter = self.course.meter
        return meter.loss_sums(), meter.penalty_sum()

    @property
    def _seconds(self) -> float:
        """Time spent training, pauses left out."""
        return self._seconds_before + time.perf_counter() - self._started

    def _run_started(self) -> RunStarted:
        validation = self.session.validation
        return RunStarted(
            run=str(self._folder),
            epochs=self.course.epochs,
            steps_per_epoch=self.course.steps_per_epoch,
            device=self.network.device.type,
            parameters=sum(each.numel() for each in self.network.module.parameters()),
            training_samples=self.session.training.count,
            validation_samples=validation.count if validation else 0,
        )

    def write_summary(self, status: Status, message: str = "") -> Summary:
        """Write ``summary.json``: how far the run is, or how it ended.

        Raises:
            SaveError: it cannot be written.
        """
        course = self.course
        best_epoch, best = (course.best.epoch, course.best.values) if course.best else (0, {})
        summary = Summary(
            status,
            course.epoch,
            course.step,
            best_epoch,
            dict(best),
            dict(course.training),
            dict(course.validation),
            self._seconds,
            message,
        )
        self._store(summary)
        return summary

    def _store(self, summary: Summary) -> None:
        write_json(self._folder / "summary.json", summary.to_json())


def _recent_means(before: Reading, now: Reading) -> tuple[list[float], float | None] | None:
    """Return the mean losses and the mean penalty between two readings; None where a head has learned nothing."""
    if any(count <= earlier for (_, count), (_, earlier) in zip(now[0], before[0], strict=True)):
        return None
    losses = [(new - old) / (count - earlier) for (new, count), (old, earlier) in zip(now[0], before[0], strict=True)]
    if now[1] is None:
        return losses, None
    (new, count), (old, earlier) = now[1], before[1] or (0.0, 0.0)
    return losses, (new - old) / (count - earlier) if count > earlier else None
