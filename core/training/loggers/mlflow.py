"""Tells an MLflow server, data base or folder of runs."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import Any

from core.kinds import Parameter
from core.loading import load
from core.training.events import EpochEnded, Event, Failed, Finished, RunStarted, StepEnded
from core.training.loggers._kind import LoggerKind, Opened
from core.training.loggers._values import best_weights, end_values, epoch_values, settings_of, start_of, step_values

_NOTE = "mlflow.txt"
"""In the run's folder: the id of MLflow's run, so that a run that goes on is told to the same one."""
_MOST_METRICS, _MOST_SETTINGS, _LONGEST = 900, 90, 500
_DATA_BASES = ("sqlite:", "postgresql", "mysql", "mssql")
_PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
"""A server that does not answer is given up soon, unless the user's environment says otherwise."""


class _MLflow:
    """Writes through MLflow's client, which keeps no state of its own: other uses of MLflow are left alone."""

    def __init__(self, opened: Opened) -> None:
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        for name in ("mlflow", "alembic"):  # they tell of every table that they make
            logging.getLogger(name).setLevel(logging.WARNING)
        tracking, self._entities = load("mlflow.tracking"), load("mlflow.entities")
        self._opened, self._run_folder = opened, opened.run
        self._address = _address(opened)
        self._client: Any = tracking.MlflowClient(tracking_uri=self._address)
        self._pending: list[Any] = []
        self._ended = False
        self._run = self._known_run() or self._new_run()
        self._set(settings_of(opened.project))

    def _known_run(self) -> str:
        note = self._run_folder / _NOTE
        if not note.is_file():
            return ""
        run = note.read_text(encoding="utf-8").strip()
        self._client.update_run(run, status="RUNNING")
        return run

    def _new_run(self) -> str:
        name = str(self._opened.options["experiment"]) or self._opened.project.name or "Layerwright"
        found = self._client.get_experiment_by_name(name)
        experiment = found.experiment_id if found is not None else self._new_experiment(name)
        run = str(self._client.create_run(experiment, run_name=self._run_folder.name).info.run_id)
        (self._run_folder / _NOTE).write_text(run + "\n", encoding="utf-8")
        return run

    def _new_experiment(self, name: str) -> Any:
        # MLflow's own choice beside a data base would be a folder in whatever folder is the current one.
        files = (self._run_folder.absolute().parent / "mlflow-files").as_uri()
        beside = files if self._address.startswith(_DATA_BASES) else None
        return self._client.create_experiment(name, artifact_location=beside)

    def _set(self, settings: dict[str, Any]) -> None:
        """Write settings: as parameters, which MLflow never lets change; what was there is left."""
        known = self._client.get_run(self._run).data.params
        given = [
            self._entities.Param(name, str(value)[:_LONGEST]) for name, value in settings.items() if name not in known
        ]
        for start in range(0, len(given), _MOST_SETTINGS):
            self._client.log_batch(self._run, params=given[start : start + _MOST_SETTINGS])

    def log(self, event: Event) -> None:
        """Write an event's numbers; those of steps wait for the end of their epoch."""
        if isinstance(event, RunStarted):
            self._set(start_of(event))
        elif isinstance(event, StepEnded):
            self._add(step_values(event), event.step)
        elif isinstance(event, EpochEnded):
            self._add(epoch_values(event), event.step)
            self._flush()
        elif isinstance(event, Finished):
            self._add(end_values(event), event.epochs)
            self._flush()
            self._keep_weights()
            self._client.set_tag(self._run, "result", event.reason)
            self._end("KILLED" if event.reason == "stopped" else "FINISHED")
        elif isinstance(event, Failed):
            self._flush()
            self._client.set_tag(self._run, "result", f"failed: {event.message}"[:_LONGEST])
            self._end("FAILED")

    def _add(self, values: dict[str, float], step: int) -> None:
        now = int(time.time() * 1000)
        self._pending += [self._entities.Metric(name, value, now, step) for name, value in values.items()]
        if len(self._pending) >= _MOST_METRICS:
            self._flush()

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        for start in range(0, len(pending), _MOST_METRICS):
            self._client.log_batch(self._run, metrics=pending[start : start + _MOST_METRICS])

    def _keep_weights(self) -> None:
        weights = best_weights(self._run_folder)
        if self._opened.options["checkpoints"] and weights is not None:
            self._client.log_artifact(self._run, str(weights), "weights")

    def _end(self, status: str) -> None:
        self._ended = True
        self._client.set_terminated(self._run, status=status)

    def close(self) -> None:
        """Write what is pending; a run that was not ended was broken off."""
        if not self._ended:
            self._flush()
            self._end("KILLED")


def _address(opened: Opened) -> str:
    """Return where MLflow keeps its runs: as chosen, else a data base beside the runs."""
    chosen = str(opened.options["uri"]).strip()
    if not chosen:
        return f"sqlite:///{(opened.run.absolute().parent / 'mlflow.db').as_posix()}"
    return chosen if "://" in chosen or chosen.startswith("file:") else Path(chosen).absolute().as_uri()


KINDS = (
    LoggerKind(
        "mlflow",
        "MLflow",
        "Tells an MLflow server, data base or folder of each run: settings, curves, result, weights if wanted.",
        "mlflow",
        "mlflow",
        _MLflow,
        (
            Parameter(
                "uri",
                "text",
                "",
                "Where MLflow keeps its runs: the address of a server (http://…), a data base (sqlite:///…) or a "
                "folder. Empty: the data base mlflow.db beside the runs.",
            ),
            Parameter("experiment", "text", "", "The experiment that runs belong to. Empty: the project's name."),
            Parameter("checkpoints", "bool", False, "Give MLflow the best weights at the end of a run."),
        ),
    ),
)
