"""Starting and ending a training run: what goes wrong in between becomes one event and one error in plain words."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import torch

from core.errors import LayerwrightError, SaveError, TrainingError
from core.model.build import Built, is_out_of_memory
from core.training.control import Control
from core.training.distributed import Team, TeamLost
from core.training.distributed_trainer import TeamTrainer, Unrecorded
from core.training.events import Event, Failed
from core.training.failures import explain
from core.training.job import Job
from core.training.precision import tuned
from core.training.recorder import Emit, Recorder, note_failure
from core.training.runs import Run
from core.training.session import Session, check_same_data, limited_threads, make_run_folder, open_session
from core.training.summary import Summary
from core.training.telling import logged
from core.training.trainer import Trainer
from core.training.transfer import take_over
from core.training.watch import NotFiniteError


def train(job: Job, emit: Emit, control: Control, team: Team | None = None) -> Summary:
    """Train a project, or go on with a run; returns when it is completed or stopped.

    Events go to ``emit`` from the thread that called; ``control`` may be used from any other. Torch's random state is
    set from the project's seed and left where training leaves it. Of a ``team`` every process calls it with the same
    job; only the main one emits events and writes the run folder.

    Raises:
        TrainingError: it could not start or go on. ``Failed`` was emitted, once, with the same message.
    """
    if team is not None and not team.is_main:
        emit = _nothing
    running = _Running(job, team)
    try:
        return running.run(emit, control)
    except Exception as error:
        failure = running.explain(error)
        details = traceback.format_exc()
    # Outside of the except block nothing holds on to the tensors of the failed step.
    failed = Failed(str(failure), failure.node or "", details, running.offer, running.cause)
    emit(replace(failed, details=details + running.close(failed)))
    raise failure


def _nothing(_event: Event) -> None:
    """The main process tells."""


class _Running:
    """One call of ``train``: keeps what a failure has to be reported to."""

    def __init__(self, job: Job, team: Team | None) -> None:
        self._job = job
        self._team = team
        self._settings = job.project.training
        self._trainer: Trainer | None = None
        self._built: Built | None = None
        self.offer: Mapping[str, Any] = {}
        self.cause: Literal["", "not-finite", "memory", "disk", "died"] = ""

    def run(self, emit: Emit, control: Control) -> Summary:
        job = self._job
        run = Run.open(job.run) if job.resume else None
        finished = run is not None and run.summary().status == "completed"
        threads = job.threads or (run.settings.get("threads") if run else None)
        with limited_threads(threads):
            trainer = self._resumed(run, control) if run else self._started(control)
            course = trainer.course
            steps = course.steps_per_epoch * course.epochs
            with (
                tuned(trainer.network.device, steps),
                self._logged(trainer, emit) as told,
                self._recorder(told) as record,
            ):
                if run:
                    trainer.restore(record, job.epochs, finished=finished)
                self._trainer = trainer
                return trainer.run(record)

    @property
    def _is_main(self) -> bool:
        return self._team is None or self._team.is_main

    def _logged(self, trainer: Trainer, emit: Emit) -> AbstractContextManager[Emit]:
        return logged(trainer.session.project, self._job.run, emit) if self._is_main else nullcontext(emit)

    def _recorder(self, emit: Emit) -> Recorder:
        path = self._job.run / "metrics.jsonl"
        return Recorder(path, emit) if self._is_main else Unrecorded(path)

    def _trainer_of(self, session: Session, epochs: int, control: Control) -> Trainer:
        job, team = self._job, self._team
        if team is None:
            return Trainer(session, epochs, control, job.run, job.checkpoint_seconds)
        return TeamTrainer(session, epochs, control, job.run, job.checkpoint_seconds, team)

    def _started(self, control: Control) -> Trainer:
        job, team = self._job, self._team
        session = open_session(job.project, job.base, job.device, team)
        self._built = session.network.built
        trainer = self._trainer_of(session, _epochs(job, job.project.training.epochs), control)
        seed = job.project.training.seed
        torch.manual_seed(seed) if team is None else team.sow(seed)
        if job.start_from is not None:
            take_over(trainer.course, job.start_from)
        make = partial(make_run_folder, job, session, trainer.course.epochs)
        make() if team is None else team.by_main(make)
        return trainer

    def _resumed(self, run: Run, control: Control) -> Trainer:
        job, project = self._job, run.project()
        self._settings = project.training
        device = job.device or run.settings.get("device")
        session = open_session(project, job.base or run.base, device, self._team)
        self._built = session.network.built
        check_same_data(run, session)
        epochs = _epochs(job, int(run.settings["epochs"]))
        return self._trainer_of(session, epochs, control)

    def explain(self, error: Exception) -> TrainingError:
        """Return the error in plain words."""
        if isinstance(error, SaveError):
            self.cause = "disk"
        elif isinstance(error, TeamLost):
            self.cause = "died"
        elif isinstance(error.__cause__, NotFiniteError):
            self.cause = "not-finite"
        elif is_out_of_memory(error):
            self.cause = "memory"
        if isinstance(error, LayerwrightError):
            return TrainingError(error.message, problems=error.problems, node=error.node)
        found = explain(error, self._built, self._settings)
        self.offer = found.offer
        return TrainingError(found.message, node=found.node or None)

    def close(self, failed: Failed) -> str:
        """Note a failure in the run folder, if there is one; return what is to be added to its details."""
        if self._trainer is None:
            return ""
        try:
            self._trainer.fail(failed.message)
            if self._is_main:
                note_failure(self._job.run, failed)
        except (SaveError, OSError) as error:
            # A full disk is often what failed in the first place.
            return f"\nThe run folder could not be updated: {error}"
        return ""


def _epochs(job: Job, planned: int) -> int:
    if job.epochs is not None and job.epochs < 1:
        raise TrainingError(f"epochs must be at least 1, not {job.epochs}.")
    return planned if job.epochs is None else job.epochs
