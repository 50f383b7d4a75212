"""Everything a training run needs before its first step: the checked project, its data, the network, the run folder."""

from __future__ import annotations

import io
import platform
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from core.atomic import write_atomically
from core.data.dataset import Part, Prepared, load
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
from core.training.job import Job
from core.training.meter import Meter
from core.training.network import Network
from core.training.objective import arriving, output_width
from core.training.optimizers import optimizers
from core.training.options import make_optimizer
from core.training.runs import FORMAT, Run, write_json
from core.versions import installed_version


@dataclass(frozen=True)
class Session:
    """A network on its device with its data. ``validation`` is None where the split has none."""

    project: Project
    prepared: Prepared
    network: Network
    training: Samples
    validation: Samples | None
    scales: tuple[float, ...]
    centres: tuple[float, ...]
    widths: tuple[int, ...]

    def meter(self) -> Meter:
        """Return a meter that has seen nothing yet."""
        return Meter(self.network.objectives, self.widths, self.scales, self.centres, self.network.device)

    def order(self) -> Order:
        """Return the order of the batches, before the first epoch."""
        settings, single = self.project.training, self.network.has_batch_norm
        device = self.network.device
        return Order(self.training.count, settings.batch_size, settings.seed, device, drop_single=single)

    def optimizer(self) -> Optimizer:
        """Return the optimizer over the network's weights."""
        settings = self.project.training
        weights = [each for each in self.network.module.parameters() if each.requires_grad]
        if not weights:
            frozen = next(self.network.module.parameters(), None) is not None
            reason = "All its layers are frozen. Unfreeze one." if frozen else "Add a layer such as Linear."
            raise TrainingError(f"The network has no weights that may change: there is nothing to train. {reason}")
        return make_optimizer(
            optimizers[settings.optimizer], weights, settings.learning_rate, settings.optimizer_options
        )

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


def open_session(project: Project, base: Path | None, device: str | None) -> Session:
    """Check the project, read its data, build its network with fresh weights from the project's seed.

    Raises:
        TrainingError, DataError, ModelError: something of that does not work; the message says what.
    """
    project = with_weights_beside(project, base)
    report = ready_report(project)
    target = pick_device(device or project.training.device)
    prepared = load(project, base)
    network = Network(build(project, report.shapes), report.objectives, target)
    widths = tuple(output_width(arriving(report.shapes, each.output)) or 1 for each in network.objectives)
    training = samples_of(prepared.training, network, widths)
    if training is None:
        raise DataError("No rows are left for training: make the shares for validation and testing smaller.")
    scales = tuple(prepared.target_scale(each.output)[1] for each in network.objectives)
    centres = tuple(0.0 if each.classes else _mean(training, index) for index, each in enumerate(network.objectives))
    validation = samples_of(prepared.validation, network, widths)
    return Session(project, prepared, network, training, validation, scales, centres, widths)


def _mean(samples: Samples, index: int) -> float:
    return float(samples.targets[index].mean())


def samples_of(part: Part, network: Network, widths: Sequence[int]) -> Samples | None:
    """Return a split as tensors on the network's device, or None where it is empty.

    Raises:
        DataError: a class index is outside of what its output can give.
    """
    if not len(part):
        return None
    inputs = tuple(part.inputs[name].to(network.device) for name in network.built.inputs)
    targets = []
    for objective, criterion, width in zip(network.objectives, network.criteria, widths, strict=True):
        values = part.targets[objective.output]
        if objective.classes:
            _check_classes(values, max(width, 2) if objective.loss.target == "binary" else width, objective.target.name)
        targets.append(criterion.prepare(values).to(network.device))
    return Samples(inputs, tuple(targets))


def _check_classes(values: Tensor, classes: int, name: str) -> None:
    # On a GPU an index beyond the classes would end the whole process's use of it.
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= classes:
        raise DataError(f"The target '{name}' holds class {low if low < 0 else high}; there are {classes}, from 0.")


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
        "seed": training.seed,
        "device": session.network.device.type,
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
