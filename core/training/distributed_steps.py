"""The steps of a run that several processes train: each computes on its slice, the gradients are those of the whole.

What a mean loss divides by follows from the targets (see ``Criterion.count``). So its sum over the processes is known
before the backward pass, each process's mean is weighted by its share of it, and the sum of all gradients is the
gradient of the mean over the global batch, however unequal the slices are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from core.errors import TrainingError
from core.graph.project import TrainingSettings
from core.training.averaging import Exponential, OverEpochs
from core.training.batches import Batch
from core.training.distributed import Team
from core.training.meter import Meter
from core.training.network import HeadLosses, Network
from core.training.steps import Steps, share


class TeamSteps(Steps):
    """Takes the steps of one process of a team; a process whose slice is empty adds nothing to the gradients."""

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        settings: TrainingSettings,
        average: Exponential | OverEpochs | None,
        *,
        closure: bool,
        team: Team,
    ) -> None:
        super().__init__(network, optimizer, settings, average, closure=closure)
        self._team = team
        self._synchronised = any(isinstance(each, nn.SyncBatchNorm) for each in network.module.modules())

    def _alone(self, batch: Batch) -> tuple[HeadLosses, Tensor]:
        found, total = self._divided([batch])
        return found[0], total

    def _together(self, batches: Sequence[Batch]) -> list[HeadLosses]:
        return self._divided(batches)[0]

    def _divided(self, batches: Sequence[Batch]) -> tuple[list[HeadLosses], Tensor]:
        network, team = self.network, self._team
        nothing: list[Tensor | float] = [0.0] * len(network.objectives)
        counts = [network.counts(batch) if batch.count else nothing for batch in batches]
        whole = self._sums(counts)
        loss = torch.zeros((), device=network.device)
        found = []
        for batch, own in zip(batches, counts, strict=True):
            if not batch.count:
                self._take_part(batch)
                found.append(HeadLosses([], [], []))
                continue
            one = network.losses(network.forward(batch.inputs), batch)
            shares = [share(part, total) for part, total in zip(own, whole, strict=True)]
            total = network.total(one.losses, [each.to(network.device) for each in shares])
            self._backward(total)
            loss += total.detach()
            found.append(HeadLosses([each.detach() for each in one.outputs], [x.detach() for x in one.losses], own))
        penalty = self._penalty = network.penalty()
        if penalty is not None:
            self._backward(penalty / team.size)
            loss += penalty.detach() / team.size
        self._add_up(loss)
        self.watch.check(loss)
        return found, loss

    def _sums(self, counts: Sequence[Sequence[Tensor | float]]) -> list[Tensor]:
        """Return, of every head, what its mean over the whole step divides by."""
        device = self.network.device
        table = [[torch.as_tensor(each, dtype=torch.float32, device=device) for each in row] for row in counts]
        sums = torch.stack([torch.stack(row) for row in table]).sum(0)
        self._team.add_up([sums])
        return list(sums.unbind())

    def _take_part(self, batch: Batch) -> None:
        """Answer the layers that measure whole batches, which wait for every process."""
        if self._synchronised:
            outputs = self.network.forward(batch.inputs)
            self._backward(torch.stack([each.sum() for each in outputs]).sum() * 0.0)

    def _add_up(self, loss: Tensor) -> None:
        """Add up the gradients and the loss; a weight without a gradient in every process keeps none."""
        weights = self.watch.weights
        missing = [each.grad is None for each in weights]
        for weight in weights:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            elif weight.grad.layout != torch.strided:
                raise TrainingError(
                    "Several processes cannot train with sparse gradients. Choose an optimizer of dense ones, and turn "
                    "'sparse' off in embeddings."
                )
        there = torch.tensor([float(not each) for each in missing], device=loss.device)
        self._team.add_up([loss, there, *(each.grad for each in weights if each.grad is not None)])
        if any(missing):
            for weight, processes in zip(weights, there.tolist(), strict=True):
                if not processes:
                    weight.grad = None

    def _show(self, meter: Meter, batches: Sequence[Batch], found: Sequence[HeadLosses]) -> None:
        for batch, each in zip(batches, found, strict=True):
            if batch.count:
                self.network.show(meter, batch, each, self._penalty)
