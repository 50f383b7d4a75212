"""Will it fit? What training takes in memory at the chosen batch, and the largest batch that the device can hold."""

from __future__ import annotations

from dataclasses import dataclass

from core.graph.project import Project, TrainingSettings
from core.machine import physical_memory
from core.model.cost import CostReport
from core.model.memory import MemoryReport, training_memory
from core.model.reports import ShapeReport
from core.training.devices import pick_device
from core.training.optimizers import optimizers
from core.training.options import make_optimizer, options_of


@dataclass(frozen=True)
class Budget:
    """``memory`` in detail, for training with ``batch`` samples on ``device``, which has ``capacity`` bytes.

    ``capacity`` is 0 where the device does not say; then there is no largest batch (None). Nor is there one where a
    sample takes nothing, as in an empty network.
    """

    memory: MemoryReport
    batch: int
    device: str
    capacity: int

    @property
    def needed(self) -> int:
        """Bytes that training takes at the chosen batch."""
        return self.memory.at(self.batch)

    @property
    def fits(self) -> bool:
        """True where the chosen batch fits, as far as is known."""
        return self.largest_batch is None or self.batch <= self.largest_batch

    @property
    def largest_batch(self) -> int | None:
        """The largest batch that fits, or None where the device's memory is not known or a sample takes none."""
        return self.memory.largest_batch(self.capacity) if self.capacity and self.memory.per_sample else None


def budget(project: Project, shapes: ShapeReport, costs: CostReport) -> Budget:
    """Return what training a checked project takes on the device that it is set to.

    Raises:
        TrainingError: this machine has no such device.
    """
    training = project.training
    device = pick_device(training.device)
    memory = training_memory(project, shapes, costs, states_per_weight(training))
    return Budget(memory, training.batch_size, device.type, capacity_of(device.type))


def states_per_weight(training: TrainingSettings) -> int:
    """Return how many numbers the optimizer keeps for each weight, as a step of the real one shows."""
    import torch

    kind = optimizers.find(training.optimizer)
    if kind is None:
        return 0
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    weight.grad = torch.zeros(2, 2)
    if kind.closure:
        # Two vectors for every step in its history, the last gradient and the direction (torch.optim.LBFGS).
        defaults = {each.name: each.default for each in options_of(kind)}
        return 2 + 2 * int(training.optimizer_options.get("history_size", defaults["history_size"]))
    if kind.gradients == "sparse":
        weight.grad = weight.grad.to_sparse()
    optimizer = make_optimizer(kind, [weight], training.learning_rate, training.optimizer_options)
    optimizer.step()
    kept = (each for each in optimizer.state[weight].values() if isinstance(each, torch.Tensor))
    return sum(each.shape == weight.shape for each in kept)


def capacity_of(device: str) -> int:
    """Return the memory of a device in bytes; 0 where it is not known."""
    import torch

    if device == "cuda":
        return int(torch.cuda.mem_get_info()[1])
    if device == "mps":
        return int(torch.mps.recommended_max_memory())
    return physical_memory()
