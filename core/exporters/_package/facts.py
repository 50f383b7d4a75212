"""What the writers of ``train.py`` ask of a session: which of the things that a loop may do this one does."""

from __future__ import annotations

from functools import cached_property

import torch

from core.exporters._package.augment import augmenter_of, blends
from core.exporters._package.losses import Example, WrittenLoss, written_loss
from core.exporters._package.metrics import Measured, metrics_text
from core.exporters._package.optimizer import WrittenOptimizer, written_optimizers
from core.exporters._package.schedule import WrittenSchedule, written_schedule
from core.graph.project import TrainingSettings
from core.training.averaging import batch_norms
from core.training.monitor import higher_is_better
from core.training.parameter_groups import parameter_groups
from core.training.parts import counts_of
from core.training.session import Session

_SAMPLES = 4


class Facts:
    """A session, planned for so many epochs, as its loop is written."""

    def __init__(self, session: Session, epochs: int) -> None:
        self.session, self.epochs = session, epochs
        self.network = session.network
        self.settings: TrainingSettings = session.project.training
        self.outputs = [each.output for each in self.network.objectives]
        self.single = len(self.network.built.outputs) == 1
        self.weighted = session.training.part(0, 1).weights is not None
        self.penalised = hasattr(self.network.module, "penalty")
        self.constrained = hasattr(self.network.module, "constrain")
        self.groups = parameter_groups(session.project, self.network.built.report, self.network.module)
        self.closure = session.optimizer_kind.closure
        self.accumulates = self.settings.accumulate > 1 and not self.closure
        self.validated = session.validation is not None
        self.augments, self.blends = bool(augmenter_of(session)), blends(session)
        self.measures_statistics = self.settings.average == "swa" and bool(batch_norms(self.network.module))
        self.measures = any(each.metrics for each in self.network.objectives)

    @property
    def several(self) -> bool:
        """Whether there is more than one optimizer."""
        return len(self.optimizers) > 1

    @property
    def starts(self) -> bool:
        """Whether training starts from weights that lie in ``start.pt``."""
        project = self.session.project
        return bool(project.weights) or any(each.weights for each in project.groups.values())

    @property
    def curve(self) -> str:
        """The curve that decides which epoch is the best."""
        return self.settings.monitor or ("validation/loss" if self.validated else "training/loss")

    @property
    def rises(self) -> bool:
        """Whether more of that curve is better."""
        return higher_is_better(self.curve, self.network.objectives)

    @property
    def weights(self) -> list[float]:
        """What the loss of every output is multiplied by."""
        return [each.weight for each in self.network.objectives]

    @property
    def kept(self) -> tuple[tuple[str, str, str], ...]:
        """What an epoch keeps: name, type, and the expression that makes it, where PART stands for its samples."""
        made = "[Mean()]" if len(self.outputs) == 1 else f"[Mean() for _ in range({len(self.outputs)})]"
        found = [("means", "list[Mean]", made)]
        found += [("penalty_mean", "Mean", "Mean()")] if self.penalised else []
        found += [("metrics", "Metrics", "Metrics(PART.device)")] if self.measures else []
        return tuple(found)

    @property
    def found(self) -> str:
        """What ``losses_of`` returns, as it is taken."""
        return "raw, losses" if self.measures else "losses"

    @cached_property
    def losses(self) -> list[WrittenLoss]:
        """The losses, written for the shapes that a few samples have."""
        batch = self.session.training.part(0, _SAMPLES)
        module, before = self.network.module, torch.get_rng_state()
        module.eval()
        with torch.no_grad():
            raw = self.network.forward(batch.inputs)
        torch.set_rng_state(before)
        self.network.train()
        counts = [counts_of(self.session.prepared, each) for each in self.network.objectives]
        return [
            written_loss(each, Example(outputs, targets, count, weighted=self.weighted, blended=self.blends))
            for each, outputs, targets, count in zip(self.network.objectives, raw, batch.targets, counts, strict=True)
        ]

    @cached_property
    def schedule(self) -> WrittenSchedule:
        """The schedule of the learning rate."""
        return written_schedule(self.session, self.epochs, self.groups)

    @cached_property
    def optimizers(self) -> list[WrittenOptimizer]:
        """The optimizer, or the several of them."""
        return written_optimizers(self.session)

    def metrics_text(self) -> str:
        """Return ``metrics.py``; empty where nothing is measured."""
        found = zip(self.network.objectives, self.session.heads, self.losses, strict=True)
        measured = [Measured(objective, head, loss.arranged) for objective, head, loss in found]
        return metrics_text(measured, weighted=self.weighted)
