"""Tells Weights & Biases of runs: into files that stay on this machine, unless the user chose to send them."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from core.errors import TrainingError
from core.kinds import Parameter
from core.loading import load
from core.training.events import EpochEnded, Event, Failed, Finished, RunStarted, StepEnded
from core.training.loggers._kind import LoggerKind, Opened
from core.training.loggers._values import best_weights, end_values, epoch_values, settings_of, start_of, step_values

_ONLINE = "online"
_START_SECONDS = 30.0


class _WeightsAndBiases:
    """A run of theirs, whose id follows from the run folder: one that goes on is told to the same."""

    def __init__(self, opened: Opened) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        self._wandb: Any = load("wandb")
        mode = str(opened.options["mode"])
        if mode == _ONLINE and not self._wandb.api.api_key:  # it would ask for one on the terminal
            raise TrainingError("There is no API key of Weights & Biases here: run 'wandb login' once")
        self._opened = opened
        self._failed = False
        name = str(opened.options["project"]).strip() or opened.project.name or "Layerwright"
        self._run: Any = self._wandb.init(
            project=name,
            name=opened.run.name,
            id=hashlib.sha256(str(opened.run.absolute()).encode()).hexdigest()[:16],
            resume="allow" if mode == _ONLINE else None,
            mode=mode,
            dir=str(opened.run),
            config=settings_of(opened.project),
            reinit="create_new",
            settings=self._quiet(),
        )

    def _quiet(self) -> Any:
        """Neither print nor ask nor watch: only what is logged here is written."""
        return self._wandb.Settings(
            silent=True,
            console="off",
            disable_git=True,
            disable_code=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
            x_save_requirements=False,
            init_timeout=_START_SECONDS,
        )

    def log(self, event: Event) -> None:
        """Write an event's numbers."""
        if isinstance(event, RunStarted):
            self._run.config.update(start_of(event), allow_val_change=True)
        elif isinstance(event, StepEnded):
            self._run.log(step_values(event) | {"trainer/step": event.step})
        elif isinstance(event, EpochEnded):
            self._run.log(epoch_values(event) | {"trainer/step": event.step})
        elif isinstance(event, Finished):
            self._run.summary.update({**end_values(event), "result": event.reason})
            self._keep_weights()
        elif isinstance(event, Failed):
            self._failed = True
            self._run.summary.update({"result": f"failed: {event.message}"})

    def _keep_weights(self) -> None:
        weights = best_weights(self._opened.run)
        if self._opened.options["checkpoints"] and weights is not None:
            self._run.save(str(weights), base_path=str(weights.parent), policy="now")

    def close(self) -> None:
        """Write what is pending."""
        self._run.finish(exit_code=int(self._failed))


KINDS = (
    LoggerKind(
        "wandb",
        "Weights & Biases",
        "Writes each run for Weights & Biases. Nothing leaves this machine unless you choose online.",
        "wandb",
        "wandb",
        _WeightsAndBiases,
        (
            Parameter(
                "mode",
                "choice",
                "offline",
                "offline writes files into the run's folder, which 'wandb sync' can send later; online sends as it "
                "goes and needs 'wandb login' once; disabled does nothing.",
                choices=("offline", _ONLINE, "disabled"),
            ),
            Parameter("project", "text", "", "The project that runs belong to. Empty: this project's name."),
            Parameter("checkpoints", "bool", False, "Give it the best weights at the end of a run."),
        ),
    ),
)
