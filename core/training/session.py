"""Everything a training run needs before its first step: the checked project, its data, the network, the run folder."""

from __future__ import annotations

import io
import platform
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from core.atomic import write_atomically
from core.data.augmenting import make_augmenter
from core.data.dataset import Prepared, load
from core.data.splits import PARTS
from core.errors import DataError, SaveError, TrainingError
from core.graph.files import save_project
from core.graph.groups import with_weights_beside
from core.graph.project import Project
from core.model.build import build
from core.training.batches import Order, Samples
from core.training.check import CheckReport, check_project
from core.training.checkpoints import weights_metadata
from core.training.devices import pick_device
from core.training.distributed import Shared, Team
from core.training.job import Job
from core.training.kinds import OptimizerKind
from core.training.meter import Meter
from core.training.monitor import Monitor
from core.training.network import Network
from core.training.objective import combined
from core.training.optimizers import optimizers
from core.training.options import make_optimizer
from core.training.parameter_groups import parameter_groups
from core.training.parts import counts_of, head_of, samples_of
from core.training.runs import FORMAT, Run, write_json
from core.training.schedule import Schedule, make_schedule
from core.training.statistics import Head
from core.training.steps import Observer
from core.versions import installed_version


@dataclass(frozen=True)
class Session:
    """A network on its device with its data. ``validation`` is None where the split has none.

    Of a ``team`` each process has a session; its samples give batches of which this process has its part.
    """

    project: Project
    prepared: Prepared
    network: Network
    training: Samples
    validation: Samples | None
    heads: tuple[Head, ...]
    observer: Observer | None = None
    team: Team | None = None

    @property
    def synchronised(self) -> bool:
        """True where layers of all processes of a team wait for each other, to measure whole batches."""
        return any(isinstance(each, torch.nn.SyncBatchNorm) for each in self.network.module.modules())

    def meter(self) -> Meter:
        """Return a meter that has seen nothing yet."""
        return Meter(self.network.objectives, self.heads, self.network.device)

    def order(self) -> Order:
        """Return the order of the batches, before the first epoch."""
        settings, single = self.project.training, self.network.has_batch_norm
        device = self.network.device
        balanced = self.project.data.sampling == "balanced"
        classes = self.prepared.training.classes if balanced else None
        return Order(
            self.training.count, settings.batch_size, settings.seed, device, drop_single=single, classes=classes
        )

    @property
    def optimizer_kind(self) -> OptimizerKind:
        """The optimizer that the project names."""
        return optimizers[self.project.training.optimizer]

    def optimizer(self) -> Optimizer:
        """Return the optimizer over the network's weights.

        Raises:
            TrainingError: there is none that may change.
        """
        settings, module = self.project.training, self.network.module
        groups = parameter_groups(self.project, self.network.built.report, module)
        if not groups:
            frozen = next(module.parameters(), None) is not None
            reason = "All its layers are frozen. Unfreeze one." if frozen else "Add a layer such as Linear."
            raise TrainingError(f"The network has no weights that may change: there is nothing to train. {reason}")
        return make_optimizer(self.optimizer_kind, groups, settings.learning_rate, settings.optimizer_options)

    def add_weights(self, optimizer: Optimizer, weights: Sequence[Tensor]) -> None:
        """Let an optimizer move more weights, which were frozen when it was made; Muon leaves them to AdamW.

        Raises:
            TrainingError: it takes all weights together, from the start.
        """
        if not self.optimizer_kind.grouped:
            raise TrainingError(f"{self.optimizer_kind.title} cannot take in a layer while it trains: start a new run.")
        part = getattr(optimizer, "parts", (optimizer,))[-1]
        rate = optimizer.param_groups[-1]["lr"]
        group = {"params": list(weights), "lr": rate, "name": "freed while training", "learning_rate_factor": 1.0}
        part.add_param_group(group)
        if part is not optimizer:
            optimizer.param_groups.append(part.param_groups[-1])

    def schedule(self, optimizer: Optimizer, steps_per_epoch: int, epochs: int) -> Schedule:
        """Return the schedule of the learning rate, at its start."""
        higher = self.monitor().higher_is_better
        return make_schedule(self.project.training, optimizer, steps_per_epoch, epochs, higher_is_better=higher)

    def monitor(self) -> Monitor:
        """Return what decides which weights are the best, before the first epoch."""
        return Monitor(self.project.training, self.network.objectives)

    @property
    def metadata(self) -> dict[str, str]:
        """What every weights file says about itself."""
        return weights_metadata(self.project.name, self.prepared.classes)


def ready_report(project: Project) -> CheckReport:
    """Return the check of a project that can be trained.

    Raises:
        TrainingError: it cannot be; ``problems`` says all that is wrong or missing.
    """
    report = check_project(project)
    if not report.ready:
        messages = [each.sentence for each in report.blockers]
        node = next((each.node for each in report.blockers if each.node), None)
        raise TrainingError("This project cannot be trained yet.", problems=messages, node=node)
    return report


def open_session(project: Project, base: Path | None, device: str | None, team: Team | None = None) -> Session:
    """Check the project, read its data, build its network with fresh weights from the project's seed.

    In a ``team`` they are those of the main process.

    Raises:
        TrainingError, DataError, ModelError: something of that does not work; the message says what.
    """
    project = with_weights_beside(project, base)
    report = ready_report(project)
    target = pick_device(device or project.training.device) if team is None else team.device
    prepared = load(project, base)
    if not len(prepared.training):
        raise DataError("No rows are left for training: make the shares for validation and testing smaller.")
    objectives = combined(project, report.objectives)
    counts = [counts_of(prepared, each) for each in objectives]
    built = build(project, report.shapes)
    if team is not None:
        team.synchronise(built.module)
    network = Network(built, objectives, target, project.training, counts)
    heads = tuple(head_of(prepared, report.shapes, each) for each in objectives)
    outputs = [each.output for each in objectives]
    augmenter = make_augmenter(project, prepared.preprocessing, network.built.inputs, outputs)
    training = samples_of(prepared.training, network, heads, augmenter)
    assert training is not None
    validation = samples_of(prepared.validation, network, heads)
    session = Session(project, prepared, network, training, validation, heads, team=team)
    return session if team is None else _shared(session, team)


def _shared(session: Session, team: Team) -> Session:
    """Let every process of a team begin with the same weights, and take its part of every batch."""
    team.share(session.network.module)
    apart = session.network.has_batch_norm and not session.synchronised
    training = Shared(session.training, team, least=2 if apart else 1)
    validation = None if session.validation is None else Shared(session.validation, team)
    return replace(session, training=training, validation=validation)


@contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let torch use so many threads on the CPU inside the block (None: as many as it does anyway)."""
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# --- the run folder ---------------------------------------------------------------------------------------------------


def make_run_folder(job: Job, session: Session, epochs: int) -> None:
    """Write what a run is made of, before its first step.

    Raises:
        TrainingError: the folder holds something already.
        SaveError: it cannot be written.
    """
    folder = job.run
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise TrainingError(f"'{folder}' is not empty. Choose another folder, or resume the run that is in it.")
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(f"The run folder '{folder}' cannot be made: {error.strerror or error}.") from error
    save_project(session.project, folder / "project.layerwright")
    write_atomically(folder / "model.py", session.network.built.source.encode())
    write_json(folder / "preprocessing.json", session.prepared.preprocessing.to_json())
    write_atomically(folder / "splits.npz", _splits(session.prepared))
    write_json(folder / "run.json", _settings(job, session, epochs))


def _splits(prepared: Prepared) -> bytes:
    buffer = io.BytesIO()
    rows: dict[str, Any] = {name: prepared.part(name).rows for name in PARTS}
    np.savez_compressed(buffer, **rows)
    return buffer.getvalue()


def _settings(job: Job, session: Session, epochs: int) -> dict[str, Any]:
    training = session.project.training
    return {
        "format": FORMAT,
        "project": session.project.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "epochs": epochs,
        "optimizer": training.optimizer,
        "learning_rate": training.learning_rate,
        "optimizer_options": dict(training.optimizer_options),
        "batch_size": training.batch_size,
        "continues": job.start_from.name if job.start_from else None,
        "seed": training.seed,
        "device": session.network.device.type,
        "processes": 1 if session.team is None else session.team.size,
        "threads": torch.get_num_threads(),
        "outputs": {
            each.output: {
                "target": each.target.name,
                "loss": each.loss.id,
                "weight": each.weight,
                "metrics": [metric.id for metric in each.metrics],
                "classes": list(session.prepared.classes[each.output]),
            }
            for each in session.network.objectives
        },
        "data_hash": session.prepared.data_hash,
        "base": str(job.base.resolve()) if job.base else None,
        "versions": {
            name: installed_version(name, "not installed") for name in ("layerwright", "torch", "numpy", "polars")
        }
        | {"python": platform.python_version()},
    }


def check_same_data(run: Run, session: Session) -> None:
    """Raise TrainingError where the data is not what the run started with, or is split differently."""
    if run.settings.get("data_hash") != session.prepared.data_hash:
        raise TrainingError(
            f"The data has changed since '{run.name}' was started: what it learned and measured is of other rows. "
            "Start a new run instead."
        )
    path = run.path / "splits.npz"
    try:
        with np.load(path, allow_pickle=False) as splits:
            rows = splits["training"]
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        AttributeError,
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise TrainingError(f"'{path}' is missing or cannot be read: the run is damaged.") from error
    if not np.array_equal(rows, session.prepared.training.rows):
        raise TrainingError(f"'{run.name}' was trained on other rows: its splits.npz does not match its project.")
