"""One step of training: batches come in, gradients are taken and looked at, and the weights move.

Several batches to a step (gradient accumulation) give the gradients of one batch of all their samples: what the mean
loss of all is divided by follows from the targets, so each batch's mean is weighted by its part of that beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, overload

import torch
from torch import Tensor
from torch.optim import Optimizer

from core.graph.project import TrainingSettings
from core.training.averaging import Exponential, OverEpochs
from core.training.batches import Batch
from core.training.meter import Meter
from core.training.network import HeadLosses, Network
from core.training.watch import NotFiniteError, Watch


class Observer(Protocol):
    """Looks into the network at the steps that it wants; see ``core.training.diagnostics``."""

    def wants(self, step: int) -> bool:
        """Say whether to look at this step; ``step`` is the number of steps taken before it."""
        ...

    def before_step(self, step: int) -> None:
        """Look before the forward pass."""
        ...

    def after_backward(self, step: int, batch: Batch) -> None:
        """Look at the gradients; ``batch`` is the step's last."""
        ...

    def after_step(self, step: int) -> None:
        """Look at the weights, which have moved."""
        ...

    def obey(self, what: str, value: str) -> None:
        """Carry out a command about what to look at: "pin" or "sample"."""
        ...


class Steps:
    """Takes the steps of a run. ``take`` is all that happens between two looks at the control."""

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        settings: TrainingSettings,
        average: Exponential | OverEpochs | None,
        *,
        closure: bool,
    ) -> None:
        self.network = network
        self.optimizer = optimizer
        self.average = average
        self.scaler = network.precision.scaler
        self.observer: Observer | None = None
        self._parts: Sequence[Optimizer] = getattr(optimizer, "parts", (optimizer,))
        self.watch = Watch(network.module, self._parts, network.device, scaled=self.scaler is not None)
        self._closure = closure
        self._penalty: Tensor | None = None
        self._clip = settings.clip
        self._clip_at = settings.clip_at

    def take(self, batches: Sequence[Batch], meter: Meter, step: int) -> None:
        """Make one step with the samples of all batches, and add them to the meter.

        Raises:
            NotFiniteError: the loss or a gradient is not finite; the step was not made.
        """
        observer = self.observer if self.observer is not None and self.observer.wants(step) else None
        if observer is not None:
            observer.before_step(step)
        self.watch.keep()
        found: Sequence[HeadLosses]
        if self._closure:
            found = self._search(batches[0])
        else:
            self._clear()
            found = (self._alone(batches[0])[0],) if len(batches) == 1 else self._together(batches)
            self._limit()
            if observer is not None:
                observer.after_backward(step, batches[-1])
            self._move()
        self.network.constrain()
        if self.average is not None:
            self.average.after_step()
        self._show(meter, batches, found)
        if observer is not None:
            observer.after_step(step)

    def _show(self, meter: Meter, batches: Sequence[Batch], found: Sequence[HeadLosses]) -> None:
        for batch, each in zip(batches, found, strict=True):
            self.network.show(meter, batch, each, self._penalty)

    def _clear(self) -> None:
        # What the optimizers' own zero_grad does, without the marks for a profiler, which take longer than the work.
        for each in self.watch.weights:
            each.grad = None

    def _alone(self, batch: Batch) -> tuple[HeadLosses, Tensor]:
        network = self.network
        found = network.losses(network.forward(batch.inputs), batch)
        total = self._with_penalty(network.total(found.losses))
        self._backward(total)
        self.watch.check(total)
        return found, total

    def _with_penalty(self, total: Tensor) -> Tensor:
        penalty = self._penalty = self.network.penalty()
        return total if penalty is None else total + penalty

    def _together(self, batches: Sequence[Batch]) -> list[HeadLosses]:
        network = self.network
        counts = [network.counts(batch) for batch in batches]
        whole = [_sum(each) for each in zip(*counts, strict=True)]
        found, losses = [], []
        for batch, own in zip(batches, counts, strict=True):
            one = network.losses(network.forward(batch.inputs), batch)
            total = network.total(one.losses, [share(part, total) for part, total in zip(own, whole, strict=True)])
            self._backward(total)
            losses.append(total.detach())
            found.append(HeadLosses([each.detach() for each in one.outputs], [x.detach() for x in one.losses], own))
        penalty = self._penalty = network.penalty()
        if penalty is not None:
            self._backward(penalty)
            losses.append(penalty.detach())
        self.watch.check(torch.stack(losses).sum())
        return found

    def _backward(self, total: Tensor) -> None:
        torch.autograd.backward(total if self.scaler is None else self.scaler.scale(total))

    def _limit(self) -> None:
        if self._clip == "none":
            return
        if self.scaler is not None:
            for part in self._parts:
                self.scaler.unscale_(part)
        weights = [each for group in self.optimizer.param_groups for each in group["params"]]
        if self._clip == "norm":
            torch.nn.utils.clip_grad_norm_(weights, self._clip_at)
        else:
            torch.nn.utils.clip_grad_value_(weights, self._clip_at)

    def _move(self) -> None:
        if self.scaler is None:
            self.optimizer.step()
            return
        for part in self._parts:
            self.scaler.step(part)
        self.scaler.update()

    def _search(self, batch: Batch) -> tuple[HeadLosses]:
        """Let an optimizer that runs the network itself look for its step; the meter gets the first of its runs."""
        weights = [each for group in self.optimizer.param_groups for each in group["params"]]
        before = [each.detach().clone() for each in weights]
        runs: list[HeadLosses] = []

        def closure() -> Tensor:
            self._clear()
            found, total = self._alone(batch)
            self._limit()
            runs.append(found)
            return total

        run: Callable[[], float] = closure  # type: ignore[assignment]  # torch's stubs want a float; a tensor is as good
        try:
            self.optimizer.step(run)
        except NotFiniteError:
            with torch.no_grad():
                for weight, kept in zip(weights, before, strict=True):
                    weight.copy_(kept)
            raise
        return (runs[0],)


def _sum(counts: Sequence[Tensor | float]) -> Tensor | float:
    total = counts[0]
    for each in counts[1:]:
        total = total + each
    return total


@overload
def share(part: Tensor | float, whole: Tensor) -> Tensor: ...
@overload
def share(part: Tensor | float, whole: Tensor | float) -> Tensor | float: ...
def share(part: Tensor | float, whole: Tensor | float) -> Tensor | float:
    """Return a part's share of the whole, 0 where there is nothing."""
    if isinstance(whole, Tensor):
        return part / torch.where(whole > 0, whole, torch.ones_like(whole))
    return part / whole if whole else 0.0
