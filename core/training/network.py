"""A built model together with the losses of its heads: what a step, a validation pass and an evaluation share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from core.model.build import Built
from core.training.batches import Samples
from core.training.criterion import Criterion
from core.training.meter import Meter
from core.training.objective import OutputObjective

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_SMALLEST_PASS = 256
"""Batches of a pass without gradients hold at least this many samples."""


class Network:
    """The module on its device, and one criterion for every head, in the order of ``objectives``."""

    def __init__(self, built: Built, objectives: Sequence[OutputObjective], device: torch.device) -> None:
        self.built = built
        self.module: nn.Module = built.module.to(device)
        self.objectives = tuple(objectives)
        self.device = device
        self.criteria = [Criterion(each.loss) for each in objectives]
        self._weights = [each.weight for each in objectives]
        self._heads = [each.output for each in objectives]
        self._plain = self._weights == [1.0]
        self._penalty: Callable[[], Tensor] | None = getattr(self.module, "penalty", None)
        self._constrain: Callable[[], None] | None = getattr(self.module, "constrain", None)

    def forward(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the raw output of every head."""
        result = self.module(*inputs)
        return [result[head] for head in self._heads] if isinstance(result, dict) else [result]

    def losses(self, raw: Sequence[Tensor], targets: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return the outputs arranged for loss and metrics, and the mean loss of every head."""
        outputs = [
            criterion.arrange(each, target) for criterion, each, target in zip(self.criteria, raw, targets, strict=True)
        ]
        found = [
            criterion(each, target) for criterion, each, target in zip(self.criteria, outputs, targets, strict=True)
        ]
        return outputs, found

    def total(self, losses: Sequence[Tensor]) -> Tensor:
        """Return what gradients are taken of: the weighted sum of the losses, and the layers' penalties (L1, L2)."""
        if self._plain:
            total = losses[0]
        else:
            weighted = [weight * loss for weight, loss in zip(self._weights, losses, strict=True)]
            total = torch.stack(weighted).sum()
        return total if self._penalty is None else total + self._penalty()

    def constrain(self) -> None:
        """Bring the weights back to the layers' constraints (a largest norm, …), as is due after every step."""
        if self._constrain is not None:
            self._constrain()

    @property
    def has_batch_norm(self) -> bool:
        """True where a layer normalises over the batch, and so cannot train on a single sample."""
        return any(isinstance(each, _BATCH_NORMS) for each in self.module.modules())

    def measure(
        self, samples: Samples, meter: Meter, batch_size: int, go_on: Callable[[], bool] = lambda: True
    ) -> bool:
        """Add all samples to ``meter``, in evaluation mode and without gradients; False where ``go_on`` ended it."""
        size = max(batch_size, _SMALLEST_PASS)
        was_training = self.module.training
        self.module.eval()
        try:
            with torch.inference_mode():
                for start in range(0, samples.count, size):
                    if not go_on():
                        return False
                    inputs, targets = samples.part(start, start + size)
                    meter.update(*_measured(self, inputs, targets))
        finally:
            self.module.train(was_training)
        return True


def _measured(
    network: Network, inputs: Sequence[Tensor], targets: Sequence[Tensor]
) -> tuple[Sequence[Tensor], Sequence[Tensor], Sequence[Tensor]]:
    outputs, losses = network.losses(network.forward(inputs), targets)
    return outputs, targets, losses
