"""Starting and ending a training run: what goes wrong in between becomes one event and one error in plain words."""

from __future__ import annotations

import traceback

import torch

from core.errors import LayerwrightError, SaveError, TrainingError
from core.model.build import Built
from core.training.control import Control
from core.training.events import Failed
from core.training.failures import explain
from core.training.job import Job
from core.training.recorder import Emit, Recorder
from core.training.runs import Run
from core.training.session import check_same_data, limited_threads, make_run_folder, open_session
from core.training.summary import Summary
from core.training.trainer import Trainer


def train(job: Job, emit: Emit, control: Control) -> Summary:
    """Train a project, or go on with a run; returns when it is completed or stopped.

    Events go to ``emit`` from the thread that called; ``control`` may be used from any other. Torch's random state is
    set from the project's seed and left where training leaves it.

    Raises:
        TrainingError: it could not start or go on. ``Failed`` was emitted, once, with the same message.
    """
    running = _Running(job)
    try:
        return running.run(emit, control)
    except Exception as error:
        failure = running.explain(error)
        details = traceback.format_exc()
    # Outside of the except block nothing holds on to the tensors of the failed step.
    details += running.close(failure, details)
    emit(Failed(str(failure), failure.node or "", details))
    raise failure


class _Running:
    """One call of ``train``: keeps what a failure has to be reported to."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._batch_size = job.project.training.batch_size
        self._trainer: Trainer | None = None
        self._built: Built | None = None

    def run(self, emit: Emit, control: Control) -> Summary:
        job = self._job
        run = Run.open(job.run) if job.resume else None
        threads = job.threads or (run.settings.get("threads") if run else None)
        with limited_threads(threads):
            trainer = self._resumed(run, control) if run else self._started(control)
            with Recorder(job.run / "metrics.jsonl", emit) as record:
                if run:
                    trainer.restore(record)
                self._trainer = trainer
                return trainer.run(record)

    def _started(self, control: Control) -> Trainer:
        job = self._job
        session = open_session(job.project, job.base, job.device)
        self._built = session.network.built
        epochs = _epochs(job, job.project.training.epochs)
        trainer = Trainer(session, epochs, control, job.run, job.checkpoint_seconds)
        torch.manual_seed(job.project.training.seed)
        make_run_folder(job, session, epochs)
        return trainer

    def _resumed(self, run: Run, control: Control) -> Trainer:
        job, project = self._job, run.project()
        self._batch_size = project.training.batch_size
        session = open_session(project, job.base or run.base, job.device or run.settings.get("device"))
        self._built = session.network.built
        check_same_data(run, session)
        epochs = _epochs(job, int(run.settings["epochs"]))
        return Trainer(session, epochs, control, run.path, job.checkpoint_seconds)

    def explain(self, error: Exception) -> TrainingError:
        """Return the error in plain words."""
        if isinstance(error, LayerwrightError):
            return TrainingError(error.message, problems=error.problems, node=error.node)
        message, node = explain(error, self._built, self._batch_size)
        return TrainingError(message, node=node or None)

    def close(self, failure: TrainingError, details: str) -> str:
        """Note a failure in the run folder, if there is one; return what is to be added to its details."""
        if self._trainer is None:
            return ""
        try:
            self._trainer.fail(str(failure))
            with Recorder(self._job.run / "metrics.jsonl", lambda _event: None) as record:
                record(Failed(str(failure), failure.node or "", details))
        except (SaveError, OSError) as error:
            # A full disk is often what failed in the first place.
            return f"\nThe run folder could not be updated: {error}"
        return ""


def _epochs(job: Job, planned: int) -> int:
    if job.epochs is not None and job.epochs < 1:
        raise TrainingError(f"epochs must be at least 1, not {job.epochs}.")
    return planned if job.epochs is None else job.epochs
