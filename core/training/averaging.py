"""Averages of the weights over the course of training, which often generalise better than the last weights.

"ema" is an exponential moving average as used by Tarvainen and Valpola (2017): ``average ← d · average + (1 − d) ·
weights`` after every step. d grows to the chosen decay as ``(1 + n) / (10 + n)`` with the number n of steps (as
TensorFlow has it), so that the first random weights are soon forgotten. "swa" is the mean over the ends of epochs of
Izmailov et al. (2018), whose running statistics of batch normalisation are measured anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from core.graph.project import TrainingSettings

Pass = Callable[[], None]
"""Runs the module over the training data without gradients."""


class Average(Protocol):
    """A copy of the weights that follows them."""

    def after_step(self) -> None:
        """Take the weights after a step of the optimizer into account."""
        ...

    def after_epoch(self, epoch: int, epochs: int, run_over_data: Pass) -> None:
        """Take the weights after epoch ``epoch`` (from 1) of ``epochs`` into account."""
        ...

    @property
    def ready(self) -> bool:
        """True where there is an average to use."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what it takes to go on, as tensors and plain values."""
        ...

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a stored state."""
        ...


class _Copy:
    """Tensors of the module and those that stand in for them."""

    def __init__(self, module: nn.Module) -> None:
        named = [*module.named_parameters(), *module.named_buffers()]
        self.names = [name for name, each in named if each.is_floating_point()]
        self.live = [each.detach() for _, each in named if each.is_floating_point()]
        self.kept = [each.clone() for each in self.live]

    def swap(self) -> None:
        """Exchange the values of the module and of the copy."""
        for live, kept in zip(self.live, self.kept, strict=True):
            before = live.clone()
            live.copy_(kept)
            kept.copy_(before)

    def state(self) -> dict[str, Tensor]:
        return dict(zip(self.names, self.kept, strict=True))

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        for name, kept in zip(self.names, self.kept, strict=True):
            kept.copy_(state[name])


class Exponential:
    """The exponential moving average, running statistics included."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.copy = _Copy(module)
        self._decay = decay
        self._count = 0

    def after_step(self) -> None:
        """Move the average a little towards the weights."""
        self._count += 1
        decay = min(self._decay, (1 + self._count) / (10 + self._count))
        torch._foreach_lerp_(self.copy.kept, self.copy.live, 1.0 - decay)

    def after_epoch(self, epoch: int, epochs: int, run_over_data: Pass) -> None:
        """Nothing: every step counts alike."""

    @property
    def ready(self) -> bool:
        """Always: it starts as the first weights."""
        return True

    def state(self) -> dict[str, Any]:
        """Return the average by name, and the number of steps."""
        return {"values": self.copy.state(), "count": self._count}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over a stored average."""
        self.copy.load_state(state["values"])
        self._count = state["count"]


class OverEpochs:
    """The mean of the weights at the ends of epochs, from a share of all epochs on."""

    def __init__(self, module: nn.Module, start: float) -> None:
        self.copy = _Copy(module)
        self._module = module
        self._start = start
        self._count = self._newest = 0

    def after_step(self) -> None:
        """Nothing: only the ends of epochs count."""

    def after_epoch(self, epoch: int, epochs: int, run_over_data: Pass) -> None:
        """Add the weights to the mean, and measure the running statistics of batch normalisation with it."""
        too_early = epoch <= self._start * epochs and epoch < epochs
        if too_early or epoch <= self._newest:
            return
        self._count += 1
        self._newest = epoch
        torch._foreach_lerp_(self.copy.kept, self.copy.live, 1.0 / self._count)
        if batch_norms(self._module):
            with averaged(self), measured_anew(self._module):
                run_over_data()

    @property
    def ready(self) -> bool:
        """True once an epoch counted."""
        return self._count > 0

    def state(self) -> dict[str, Any]:
        """Return the mean by name, of how many epochs it is, and the newest of them."""
        return {"values": self.copy.state(), "count": self._count, "newest": self._newest}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take over a stored mean."""
        self.copy.load_state(state["values"])
        self._count, self._newest = state["count"], state["newest"]


def make_average(settings: TrainingSettings, module: nn.Module) -> Exponential | OverEpochs | None:
    """Return the average that a project asks for, or None."""
    if settings.average == "ema":
        return Exponential(module, settings.average_decay)
    if settings.average == "swa":
        return OverEpochs(module, settings.average_start)
    return None


@contextmanager
def averaged(average: Exponential | OverEpochs | None) -> Iterator[None]:
    """Let the module be its average inside the block; without one that is ready, nothing changes."""
    if average is None or not average.ready:
        yield
        return
    average.copy.swap()
    try:
        yield
    finally:
        average.copy.swap()


def batch_norms(module: nn.Module) -> list[BatchNorm]:
    """Return the layers that keep running statistics."""
    return [each for each in module.modules() if isinstance(each, BatchNorm) and each.track_running_stats]


@contextmanager
def measured_anew(module: nn.Module) -> Iterator[None]:
    """Measure running statistics from nothing by what passes inside the block; no other layer behaves as in training.

    The statistics are the plain mean over batches (``momentum=None``), as ``torch.optim.swa_utils.update_bn`` has it,
    but without dropout, so that no random numbers are drawn.
    """
    was_training = {each: each.training for each in module.modules()}
    layers = [(each, each.momentum, _counter(each)) for each in batch_norms(module)]
    module.eval()
    for layer, _momentum, _batches in layers:
        layer.reset_running_stats()
        layer.momentum = None
        layer.train()
    try:
        with torch.no_grad():
            yield
    finally:
        for layer, momentum, batches in layers:
            layer.momentum = momentum
            if layer.num_batches_tracked is not None:
                layer.num_batches_tracked.copy_(batches)
        for each, training in was_training.items():
            each.training = training


def _counter(layer: BatchNorm) -> Tensor:
    counter = layer.num_batches_tracked
    return torch.zeros(()) if counter is None else counter.clone()
