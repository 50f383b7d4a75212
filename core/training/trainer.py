"""The training loop: plain steps over tensors, telling what happens as events and obeying a control at every step.

It knows nothing of threads, windows or terminals. On the CPU the same job gives the same bits, interrupted or not.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, Literal

import torch

from core.errors import TrainingError
from core.training.checkpoints import Best, Checkpoints
from core.training.control import Control
from core.training.events import (
    CheckpointSaved,
    EpochEnded,
    Finished,
    LearningRateChanged,
    Paused,
    Progress,
    Resumed,
    RunStarted,
    StepEnded,
    Values,
)
from core.training.failures import first_not_finite, not_finite_message
from core.training.meter import loss_values
from core.training.recorder import Recorder
from core.training.runs import write_json
from core.training.session import Session
from core.training.summary import Status, Summary

_REPORT_SECONDS = 0.1
_SHORTEST_BETWEEN_CHECKPOINTS = 1.0


class Trainer:
    """The state of a training run and its steps, in the order in which they happen."""

    def __init__(
        self, session: Session, epochs: int, control: Control, folder: Path, checkpoint_seconds: float
    ) -> None:
        self.session = session
        self.network = session.network
        self._folder = folder
        self._checkpoint_seconds = checkpoint_seconds
        self._epochs = epochs
        self._checkpoints = Checkpoints(folder / "checkpoints", session.metadata)
        self._control = control
        self._optimizer = session.optimizer()
        self._order = session.order()
        self._meter = session.meter()
        self._epoch = self._step = 0
        self._in_epoch = False
        self._best: Best | None = None
        self._training: Values = {}
        self._validation: Values = {}
        self._seconds_before = 0.0
        self._started = time.perf_counter()
        self._rows = torch.empty(0, dtype=torch.int64)

    # --- the course of a run ------------------------------------------------------------------------------------------

    def run(self, record: Recorder) -> Summary:
        """Train until all epochs are done or the control says stop."""
        self._record = record
        self._first_step = self._step
        self._started = self._saved = self._last_report = time.perf_counter()
        self._reported = self._meter.samples, self._meter.loss_sums()
        record(self._run_started())
        self.write_summary("running")
        while self._epoch < self._epochs and self._train_epoch():
            pass
        return self._conclude("completed" if self._epoch >= self._epochs else "stopped")

    def _train_epoch(self) -> bool:
        """Train and validate one epoch, or what is left of it; False where the control ended it."""
        if not self._in_epoch:
            self._order.shuffle()
            self._meter = self.session.meter()
            self._reported = 0, [0.0] * len(self.network.objectives)
            self._in_epoch = True
        began, samples = self._seconds, self._meter.samples
        self.network.module.train()
        while self._order.cursor < self._order.steps:
            if self._control.wanted and not self._obey():
                return False
            self._take_step()
            if time.perf_counter() - self._last_report >= _REPORT_SECONDS:
                self._report()
        seconds = self._seconds - began
        validation = self._validate()
        if validation is None:
            return False
        self._end_epoch(validation, self._seconds - began, (self._meter.samples - samples) / max(seconds, 1e-9))
        return True

    def _take_step(self) -> None:
        network = self.network
        self._rows = self._order.next()
        inputs, targets = self.session.training.take(self._rows)
        self._optimizer.zero_grad()
        outputs, losses = network.losses(network.forward(inputs), targets)
        torch.autograd.backward(network.total(losses))
        self._optimizer.step()
        network.constrain()
        self._meter.update(outputs, targets, losses)
        self._step += 1

    def _validate(self) -> Values | None:
        """Return the values over the validation set (none where there is no such set); None where it was ended."""
        meter = self.session.meter()
        if self.session.validation is not None:
            batch_size = self.session.project.training.batch_size
            if not self.network.measure(self.session.validation, meter, batch_size, self._go_on):
                return None
        return meter.values()

    def _go_on(self) -> bool:
        return not self._control.wanted or self._obey()

    def _end_epoch(self, validation: Values, seconds: float, rate: float) -> None:
        training = self._meter.values()
        monitored = validation.get("loss", training["loss"])
        self._require_finite(training["loss"], monitored)
        self._training, self._validation = training, validation
        self._epoch += 1
        self._in_epoch = False
        self._record(EpochEnded(self._epoch, self._step, training, validation, seconds, rate))
        if self._best is None or monitored < self._best.value:
            weights = {name: each.detach().clone() for name, each in self.network.module.state_dict().items()}
            self._best = Best(self._epoch, monitored, validation or training, weights)
        pause = min(_SHORTEST_BETWEEN_CHECKPOINTS, self._checkpoint_seconds)
        if time.perf_counter() - self._saved >= pause and self._epoch < self._epochs:
            self._save()

    def _conclude(self, reason: Literal["completed", "stopped"]) -> Summary:
        self._save()
        if self._best is None:
            # Stopped within the first epoch: there is nothing better than the last weights.
            weights = self.network.module.state_dict()
            self._checkpoints.save_best(Best(0, math.inf, {}, weights))
        best_epoch, best = (self._best.epoch, self._best.values) if self._best else (0, {})
        summary = self.write_summary(reason)
        self._record(Finished(reason, self._epoch, best_epoch, best, self._seconds))
        return summary

    def fail(self, message: str) -> None:
        """Keep the best weights so far, and note in the run folder why training ended.

        Raises:
            SaveError: the folder cannot be written.
        """
        if self._best is not None:
            self._checkpoints.save_best(self._best)
        self.write_summary("failed", message)

    # --- what happens between two steps -------------------------------------------------------------------------------

    def _obey(self) -> bool:
        """Do what the control asks for; False where it says stop."""
        control = self._control
        rate = control.take_learning_rate()
        if rate is not None:
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._record(LearningRateChanged(rate, self._epoch + 1, self._step))
        if control.paused:
            self._record(Paused(self._epoch + 1, self._step))
            began = time.perf_counter()
            control.wait()
            self._started += time.perf_counter() - began
            if not control.stopping:
                self._record(Resumed(self._epoch + 1, self._step))
                return self._obey()
        return not control.stopping

    def _report(self) -> None:
        """Read the losses back, tell how far training is, and save where that is due."""
        now = time.perf_counter()
        sums, samples = self._meter.loss_sums(), self._meter.samples
        self._require_finite(*sums)
        before, sums_before = self._reported
        if samples > before:
            recent = [(new - old) / (samples - before) for new, old in zip(sums, sums_before, strict=True)]
            values = loss_values(self.network.objectives, recent)
            self._record(StepEnded(self._step, self._epoch + 1, values, self._learning_rate))
        self._reported = samples, sums
        steps = self._order.steps * self._epochs
        rate = (self._step - self._first_step) / max(self._seconds - self._seconds_before, 1e-9)
        per_second = rate * self.session.training.count / self._order.steps
        left = (steps - self._step) / rate if rate else 0.0
        self._record(Progress(self._epoch + 1, self._epochs, self._step, steps, per_second, left))
        self._last_report = now
        if now - self._saved >= self._checkpoint_seconds:
            self._save()

    def _require_finite(self, *losses: float) -> None:
        if not all(map(math.isfinite, losses)):
            self._not_finite("loss")

    def _not_finite(self, what: str) -> None:
        inputs, _targets = self.session.training.take(self._rows)
        node = first_not_finite(self.network, inputs)
        message = not_finite_message(what, node, self._epoch + 1, self._step, self._learning_rate)
        raise TrainingError(message, node=node or None)

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """Write the best and the last weights, and the state to resume from, unless they are not finite."""
        self._require_finite(*self._meter.loss_sums())
        weights = self.network.module.parameters()
        if not bool(torch.stack([each.detach().isfinite().all() for each in weights]).all()):
            self._not_finite("weights")
        if self._best is not None and self._checkpoints.save_best(self._best):
            self._record(CheckpointSaved("best", self._best.epoch))
        self._checkpoints.save_last(self._epoch, self._state())
        self._record(CheckpointSaved("last", self._epoch))
        self.write_summary("running")
        self._saved = time.perf_counter()

    def _state(self) -> dict[str, Any]:
        cuda = torch.cuda.get_rng_state_all() if self.network.device.type == "cuda" else []
        return {
            "epoch": self._epoch,
            "step": self._step,
            "in_epoch": self._in_epoch,
            "order": self._order.state(),
            "meter": self._meter.state(),
            "model": self.network.module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "random": {"cpu": torch.get_rng_state(), "cuda": cuda},
            "training": dict(self._training),
            "validation": dict(self._validation),
            "seconds": self._seconds,
            "log_size": self._record.size,
        }

    def restore(self, record: Recorder) -> None:
        """Go on from the last checkpoint of the run folder; what was logged after it is cut off.

        Raises:
            TrainingError: there is none, it is damaged, or nothing is left to do.
        """
        state = self._checkpoints.load_state()
        if state["epoch"] >= self._epochs:
            raise TrainingError(
                f"The run is complete: it has trained its {self._epochs} epochs. Ask for more epochs to go on with it."
            )
        if state["order"]["batch_size"] != self.session.project.training.batch_size:
            raise TrainingError("The checkpoint was made with another batch size: the run's project was changed.")
        self._epoch, self._step, self._in_epoch = state["epoch"], state["step"], state["in_epoch"]
        self.network.module.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._order.load_state(state["order"])
        self._meter.load_state(state["meter"])
        self._training, self._validation = state["training"], state["validation"]
        self._seconds_before = state["seconds"]
        self._best = self._checkpoints.load_best()
        record.cut(state["log_size"])
        torch.set_rng_state(state["random"]["cpu"])
        if self.network.device.type == "cuda" and state["random"]["cuda"]:
            torch.cuda.set_rng_state_all(state["random"]["cuda"])

    # --- small things -------------------------------------------------------------------------------------------------

    @property
    def _learning_rate(self) -> float:
        return float(self._optimizer.param_groups[0]["lr"])

    @property
    def _seconds(self) -> float:
        """Time spent training, pauses left out."""
        return self._seconds_before + time.perf_counter() - self._started

    def _run_started(self) -> RunStarted:
        validation = self.session.validation
        return RunStarted(
            run=str(self._folder),
            epochs=self._epochs,
            steps_per_epoch=self._order.steps,
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
        best_epoch, best = (self._best.epoch, self._best.values) if self._best else (0, {})
        summary = Summary(
            status,
            self._epoch,
            self._step,
            best_epoch,
            dict(best),
            dict(self._training),
            dict(self._validation),
            self._seconds,
            message,
        )
        write_json(self._folder / "summary.json", summary.to_json())
        return summary
