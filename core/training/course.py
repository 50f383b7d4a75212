"""Where a training run is: all that moves while it trains, and so all that a checkpoint has to hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from core.errors import TrainingError
from core.training.averaging import averaged, make_average
from core.training.batches import Batch
from core.training.checkpoints import Best
from core.training.distributed_steps import TeamSteps
from core.training.events import Values
from core.training.randomness import random_state, set_random_state
from core.training.session import Session
from core.training.steps import Steps


class Course:
    """The state of a run. ``epoch`` and ``step`` count those completed; a step may take several batches."""

    def __init__(self, session: Session, epochs: int) -> None:
        self.session = session
        self.network = session.network
        self.settings = session.project.training
        self.epochs = epochs
        self.order = session.order()
        self.accumulate = max(1, self.settings.accumulate)
        self.steps_per_epoch = -(-self.order.steps // self.accumulate)
        self.optimizer = session.optimizer()
        self.schedule = session.schedule(self.optimizer, self.steps_per_epoch, epochs)
        self.monitor = session.monitor()
        self.average = make_average(self.settings, self.network.module)
        self.steps = self._make_steps()
        self.steps.observer = session.observer
        self.meter = session.meter()
        self.epoch = self.step = 0
        self.rate = self.schedule.rate
        """The learning rate of the last step, before any layer's factor."""
        self.taken = 0
        """Batches of this epoch that were learned from; more of them may be on their way."""
        self.in_epoch = False
        self.best: Best | None = None
        self.training: Values = {}
        self.validation: Values = {}

    def _make_steps(self) -> Steps:
        given = (self.network, self.optimizer, self.settings, self.average)
        closure, team = self.session.optimizer_kind.closure, self.session.team
        return Steps(*given, closure=closure) if team is None else TeamSteps(*given, closure=closure, team=team)

    def begin_epoch(self) -> None:
        """Draw the order of the next epoch."""
        self.order.shuffle()
        self.taken = 0
        self.meter = self.session.meter()
        self.in_epoch = True

    def windows(self) -> Iterator[list[Batch]]:
        """Yield the batches of every step that is left of this epoch; ``advance`` has to follow each."""
        left = self.order.steps - self.order.cursor
        rows = (self.order.next() for _ in range(left))
        window: list[Batch] = []
        for batch in self.session.training.batches(rows, self.epoch):
            window.append(batch)
            if len(window) == self.accumulate:
                yield window
                window = []
        if window:
            yield window

    def advance(self, window: list[Batch]) -> None:
        """Make the step."""
        self.rate = self.schedule.rate
        self.steps.take(window, self.meter, self.step)
        self.schedule.step_batch()
        self.taken += len(window)
        self.step += 1

    def run_over_data(self) -> None:
        """Run the module over the training data, as it is, in the order of the rows."""
        least = 2 if self.network.has_batch_norm else 1
        rows = torch.split(torch.arange(self.session.training.count), self.settings.batch_size)
        with torch.no_grad():
            for batch in self.session.training.batches(each for each in rows if len(each) >= least):
                if batch.count or self.session.synchronised:
                    self.network.forward(batch.inputs)

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of the weights to be judged: the average, where there is one."""
        with averaged(self.average):
            return {name: each.detach().clone() for name, each in self.network.module.state_dict().items()}

    def take_up(self, epoch: int, step: int) -> None:
        """Count on from a run whose weights were taken over; its epochs come on top where it was complete."""
        self.epoch, self.step = epoch, step
        if epoch >= self.epochs:
            self.set_epochs(epoch + self.epochs)
        self.average = make_average(self.settings, self.network.module)
        self.steps.average = self.average
        for _ in range(epoch):
            for _ in range(self.steps_per_epoch):
                self.schedule.step_batch()
            self.schedule.step_epoch()
        self.rate = self.schedule.rate

    def set_epochs(self, epochs: int) -> None:
        """Train so many epochs; the schedule is planned anew for them."""
        self.epochs = epochs
        self.schedule.set_epochs(epochs)

    # --- freezing -----------------------------------------------------------------------------------------------------

    def hold(self, layer: str, *, frozen: bool) -> None:
        """Freeze a layer or let it learn.

        Raises:
            TrainingError: there is no such layer, it has no weights, or nothing would be left that learns.
        """
        module = self.network.module
        self.network.hold(layer, frozen=frozen)
        if not any(each.requires_grad for each in module.parameters()):
            self.network.hold(layer, frozen=False)
            raise TrainingError(f"'{layer}' is the last layer that learns: with it frozen nothing would be trained.")
        if not frozen:
            self._include(list(module.get_submodule(layer).parameters()))
        self.steps.watch.follow(module)

    def _include(self, weights: list[Tensor]) -> None:
        """Let the optimizer move weights that were frozen when it was made."""
        known = {id(each) for group in self.optimizer.param_groups for each in group["params"]}
        if fresh := [each for each in weights if id(each) not in known]:
            self.session.add_weights(self.optimizer, fresh)

    # --- the state ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return what it takes to go on from here to the same bits, as tensors and plain values."""
        names = {id(each): name for name, each in self.network.module.named_parameters()}
        scaler = self.steps.scaler
        return {
            "epochs": self.epochs,
            "epoch": self.epoch,
            "step": self.step,
            "in_epoch": self.in_epoch,
            "batch_size": self.settings.batch_size,
            "accumulate": self.accumulate,
            "order": {**self.order.state(), "cursor": self.taken},
            "meter": self.meter.state(),
            "model": self.network.module.state_dict(),
            "held": dict(self.network.held),
            "optimizer": self.optimizer.state_dict(),
            "optimizer_kind": self.settings.optimizer,
            "optimizer_names": [names[id(each)] for group in self.optimizer.param_groups for each in group["params"]],
            "schedule": self.schedule.state_dict(),
            "monitor": self.monitor.state(),
            "average": None if self.average is None else self.average.state(),
            "scaler": None if scaler is None else scaler.state_dict(),
            "random": random_state(self.network.device),
            "training": dict(self.training),
            "validation": dict(self.validation),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state.

        Raises:
            TrainingError: it was made with other settings, so that its order of batches means nothing here.
        """
        if (state["batch_size"], state["accumulate"]) != (self.settings.batch_size, self.accumulate):
            raise TrainingError("The checkpoint was made with another batch size: the run's project was changed.")
        self.epoch, self.step, self.in_epoch = state["epoch"], state["step"], state["in_epoch"]
        self.network.module.load_state_dict(state["model"])
        for layer, frozen in state["held"].items():
            self.hold(layer, frozen=frozen)
        self.optimizer.load_state_dict(state["optimizer"])
        self.order.load_state(state["order"])
        self.taken = state["order"]["cursor"]
        self.meter.load_state(state["meter"])
        self.schedule.load_state_dict(state["schedule"])
        self.schedule.set_epochs(self.epochs)
        self.rate = self.schedule.rate
        self.monitor.load_state(state["monitor"])
        if self.average is not None and state["average"] is not None:
            self.average.load_state(state["average"])
        if self.steps.scaler is not None and state["scaler"] is not None:
            self.steps.scaler.load_state_dict(state["scaler"])
        self.training, self.validation = state["training"], state["validation"]
        set_random_state(state["random"])
