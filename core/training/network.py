"""A built model together with the losses of its heads: what a step, a validation pass and an evaluation share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from core.errors import TrainingError
from core.graph.project import TrainingSettings
from core.model.build import Built
from core.training.batches import Batch, Samples
from core.training.criterion import Criterion
from core.training.meter import Meter
from core.training.objective import OutputObjective
from core.training.precision import Precision, Say, channels_last, compiled

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_SMALLEST_PASS = 256
"""Batches of a pass without gradients hold at least this many samples."""


class HeadLosses(NamedTuple):
    """Of every head: outputs arranged for loss and metrics, the mean loss, and what that mean was divided by."""

    outputs: list[Tensor]
    losses: list[Tensor]
    counts: list[Tensor | float]


class Network:
    """The module on its device, and one criterion for every head, in the order of ``objectives``."""

    def __init__(
        self,
        built: Built,
        objectives: Sequence[OutputObjective],
        device: torch.device,
        settings: TrainingSettings | None = None,
        class_counts: Sequence[Tensor | None] = (),
    ) -> None:
        """``class_counts`` are of each head's classes in the training part, for balanced class weights."""
        self.built = built
        self.module: nn.Module = built.module.to(device)
        self.objectives = tuple(objectives)
        self.device = device
        counts = class_counts or [None] * len(self.objectives)
        self.criteria = [
            Criterion.of(each, count).to(device) for each, count in zip(self.objectives, counts, strict=True)
        ]
        self.precision = Precision(settings or TrainingSettings(), device)
        self._weights = [each.weight for each in objectives]
        self._heads = [each.output for each in objectives]
        self._plain = self._weights == [1.0]
        self._penalty: Callable[[], Tensor] | None = getattr(self.module, "penalty", None)
        self._constrain: Callable[[], None] | None = getattr(self.module, "constrain", None)
        self._call: Callable[..., Any] = self.module
        self._images_last = channels_last(self.module, device)
        self._held: dict[str, bool] = {}

    # --- computing ----------------------------------------------------------------------------------------------------

    def forward(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the raw output of every head, in float32 where it was computed in fewer bits."""
        if self._images_last:
            inputs = [
                each.contiguous(memory_format=torch.channels_last) if each.dim() == 4 else each for each in inputs
            ]
        if self.precision.mixed:
            with self.precision.forward():
                raw = self._by_head(self._call(*inputs))
            return [each.float() if each.is_floating_point() else each for each in raw]
        return self._by_head(self._call(*inputs))

    def _by_head(self, result: Any) -> list[Tensor]:
        return [result[head] for head in self._heads] if isinstance(result, dict) else [result]

    def losses(self, raw: Sequence[Tensor], batch: Batch) -> HeadLosses:
        """Return the losses of a batch; where samples were mixed, each counts for both of its targets."""
        found = HeadLosses([], [], [])
        weights, partners, shares = batch.weights, batch.partners, batch.shares
        for criterion, each, target in zip(self.criteria, raw, batch.targets, strict=True):
            outputs = criterion.arrange(each, target)
            if partners is None or shares is None:
                loss, count = criterion(outputs, target, weights), criterion.count(target, weights)
            else:
                loss, count = criterion.mixed(outputs, target, partners, shares, weights)
            found.outputs.append(outputs)
            found.losses.append(loss)
            found.counts.append(count)
        return found

    def show(self, meter: Meter, batch: Batch, found: HeadLosses, penalty: Tensor | None = None) -> None:
        """Add a batch to a meter."""
        meter.update(found.outputs, batch.targets, found.losses, found.counts, batch.weights, penalty)

    def counts(self, batch: Batch) -> list[Tensor | float]:
        """Return what the mean losses of a batch are divided by, which its targets alone decide."""
        weights, partners, shares = batch.weights, batch.partners, batch.shares
        found: list[Tensor | float] = []
        for criterion, target in zip(self.criteria, batch.targets, strict=True):
            if partners is None or shares is None:
                found.append(criterion.count(target, weights))
                continue
            own, rest = (shares, 1 - shares) if weights is None else (shares * weights, (1 - shares) * weights)
            found.append(criterion.count(target, own) + criterion.count(target.index_select(0, partners), rest))
        return found

    def total(self, losses: Sequence[Tensor], shares: Sequence[Tensor | float] | None = None) -> Tensor:
        """Return the sum of the losses, each times the weight of its output.

        ``shares`` are one a head: how much of a step's samples these losses are of, where it takes several batches.
        """
        if shares is not None:
            losses = [share * loss for share, loss in zip(shares, losses, strict=True)]
        if self._plain:
            return losses[0]
        weighted = [weight * loss for weight, loss in zip(self._weights, losses, strict=True)]
        return torch.stack(weighted).sum()

    def penalty(self) -> Tensor | None:
        """Return what the layers add to the loss (L1, L2), or None where they add nothing."""
        return None if self._penalty is None else self._penalty()

    def constrain(self) -> None:
        """Bring the weights back to the layers' constraints (a largest norm, …), as is due after every step."""
        if self._constrain is not None:
            self._constrain()

    def compile(self, example: Batch, say: Say) -> None:
        """Compile the module where this machine can; else say why and go on with it as it is."""
        self._call = compiled(self.module, tuple(example.inputs), say)

    def measure(
        self, samples: Samples, meter: Meter, batch_size: int, go_on: Callable[[], bool] = lambda: True
    ) -> bool:
        """Add all samples to ``meter``, in evaluation mode and without gradients; False where ``go_on`` ended it."""
        self.module.eval()
        try:
            with torch.inference_mode():
                size = max(batch_size, _SMALLEST_PASS)
                rows = torch.split(torch.arange(samples.count, device=self.device), size)
                penalty = self.penalty()
                for batch in samples.batches(rows):
                    if not go_on():
                        return False
                    if not batch.count:
                        continue  # another process of the team has all of it
                    found = self.losses(self.forward(batch.inputs), batch)
                    self.show(meter, batch, found, penalty)
        finally:
            self.train()
        return True

    # --- what learns --------------------------------------------------------------------------------------------------

    @property
    def has_batch_norm(self) -> bool:
        """True where a layer normalises over the batch, and so cannot train on a single sample."""
        return any(isinstance(each, _BATCH_NORMS) for each in self.module.modules())

    def train(self) -> None:
        """Put the module into training mode, but for what is frozen."""
        self.module.train()
        for layer, frozen in self._held.items():
            self.module.get_submodule(layer).train(not frozen)

    @property
    def held(self) -> Mapping[str, bool]:
        """The layers that were frozen (True) or freed (False) since training began, by name, in that order."""
        return dict(self._held)

    def hold(self, layer: str, *, frozen: bool) -> None:
        """Freeze a layer (its weights and running statistics stay as they are), or let it learn.

        Raises:
            TrainingError: there is no such layer.
        """
        try:
            module = self.module.get_submodule(layer)
        except AttributeError as error:
            raise TrainingError(f"There is no layer '{layer}' that could be frozen.") from error
        module.requires_grad_(not frozen)
        module.train(not frozen)
        for parameter in module.parameters() if frozen else ():
            parameter.grad = None
        self._held.pop(layer, None)
        self._held[layer] = frozen
