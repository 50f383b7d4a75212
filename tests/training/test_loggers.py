"""Loggers: what they are told is what the run measured, and none of them ever stops training."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cli.command import UsageError
from core.cli.settings import override
from core.graph.files import save_project
from core.graph.project import Project
from core.kinds import Value
from core.training import telling
from core.training.control import Control
from core.training.events import Event, Message, StepEnded
from core.training.job import Job
from core.training.loggers import loggers
from core.training.loggers._kind import LoggerKind, Opened
from core.training.loop import train
from core.training.runs import Run
from core.training.telling import logged
from tests.cli.conftest import drive
from tests.training.building import moons


def _with(project: Project, *names: str, **options: dict[str, Value]) -> Project:
    return replace(project, training=replace(project.training, loggers=names, logger_options=options))


def _trained(project: Project, run: Path, **job: Any) -> list[Event]:
    events: list[Event] = []
    assert train(Job(project, run, **job), events.append, Control()).status == "completed"
    return events


def _complaints(events: list[Event]) -> list[Message]:
    names = {kind.id for kind in loggers}
    return [each for each in events if isinstance(each, Message) and each.topic in names]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a logger as long as it takes: a busy machine may load its library for a minute."""
    monkeypatch.setattr(telling, "LAST_WORDS", 600.0)


@pytest.mark.usefixtures("patient")
class TestTensorBoard:
    def test_the_log_holds_what_the_run_measured(self, tmp_path: Path) -> None:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        assert not _complaints(_trained(_with(moons(epochs=2), "tensorboard"), tmp_path / "run"))
        log = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
        log.Reload()
        epochs = Run.open(tmp_path / "run").epochs()
        told = [(each.step, each.value) for each in log.Scalars("loss/validation")]
        assert [step for step, _value in told] == [each.step for each in epochs]
        assert [value for _step, value in told] == pytest.approx([each.validation["loss"] for each in epochs])

    def test_a_missing_package_is_said_once_and_training_goes_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "tensorboard", None)
        monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
        (said,) = _complaints(_trained(_with(moons(epochs=2), "tensorboard"), tmp_path / "run"))
        assert "layerwright[tensorboard]" in said.text
        assert json.loads(json.dumps(said.to_json()))["severity"] == "warning"


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestMLflow:
    def test_a_data_base_holds_settings_curves_and_result_also_of_a_run_that_went_on(self, tmp_path: Path) -> None:
        from mlflow.tracking import MlflowClient

        address = f"sqlite:///{tmp_path / 'told.db'}"
        options = {"uri": address, "experiment": "points", "checkpoints": True}
        project = _with(moons(epochs=2), "mlflow", mlflow=options)
        assert not _complaints(_trained(project, tmp_path / "run"))
        assert not _complaints(_trained(project, tmp_path / "run", resume=True, epochs=3))
        client = MlflowClient(address)
        experiment = client.get_experiment_by_name("points")
        assert experiment is not None
        (found,) = client.search_runs([experiment.experiment_id])
        assert found.info.status == "FINISHED"
        assert found.data.params["optimizer"] == "Adam"
        assert found.data.params["weights"] == "65"
        assert found.data.tags["result"] == "completed"
        epochs = Run.open(tmp_path / "run").epochs()
        history = client.get_metric_history(found.info.run_id, "validation/loss")
        assert [each.step for each in history] == [each.step for each in epochs]
        assert [each.value for each in history] == pytest.approx([each.validation["loss"] for each in epochs])
        (kept,) = (tmp_path / "mlflow-files").rglob("best.safetensors")
        assert kept.read_bytes() == Run.open(tmp_path / "run").weights("best").read_bytes()
        assert found.data.metrics["best_epoch"] == Run.open(tmp_path / "run").summary().best_epoch

    def test_a_server_that_is_not_there_is_said_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        project = _with(moons(epochs=2), "mlflow", mlflow={"uri": f"http://127.0.0.1:{port}"})
        (said,) = _complaints(_trained(project, tmp_path / "run"))
        assert said.text.startswith("MLflow is told no more of this run: ")


@pytest.mark.slow
@pytest.mark.usefixtures("patient")
class TestWeightsAndBiases:
    def test_offline_by_default_it_writes_into_the_run_folder(self, tmp_path: Path) -> None:
        assert not _complaints(_trained(_with(moons(epochs=2), "wandb"), tmp_path / "run"))
        (written,) = (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")
        wanted = (b"validation/loss", b"learning_rate", b"best_epoch")
        until = time.monotonic() + 600
        while not all(name in written.read_bytes() for name in wanted):  # a process of its own writes it
            assert time.monotonic() < until

    def test_online_without_a_key_asks_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("WANDB_API_KEY", raising=False)
        monkeypatch.setenv("NETRC", str(tmp_path / "none"))
        project = _with(moons(epochs=1), "wandb", wandb={"mode": "online"})
        (said,) = _complaints(_trained(project, tmp_path / "run"))
        assert "wandb login" in said.text


# --- loggers that fail ------------------------------------------------------------------------------------------------


class _Odd:
    """Fails where it is told to."""

    def __init__(self, where: str, event: threading.Event) -> None:
        self._where, self._event = where, event
        if where == "open":
            raise RuntimeError("no such server\nand a long story")
        if where == "exit":
            sys.exit(1)
        self.told: list[Event] = []

    def log(self, event: Event) -> None:
        """Take an event."""
        self.told.append(event)
        if self._where == "disk":
            raise OSError(28, "No space left on device")
        if self._where == "hang":
            self._event.wait()

    def close(self) -> None:
        """Finish."""
        if self._where == "close":
            raise ValueError("cannot finish")


@contextmanager
def _registered(where: str) -> Iterator[threading.Event]:
    release = threading.Event()
    kind = LoggerKind("odd", "Odd", "", "odd", "odd", lambda _opened: _Odd(where, release))
    loggers.entries["odd"] = kind
    try:
        yield release
    finally:
        del loggers.entries["odd"]
        release.set()


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("open", "no such server."),
        ("exit", "the end of the program"),
        ("disk", "No space left"),
        ("close", "cannot finish"),
    ],
)
@pytest.mark.usefixtures("patient")
def test_a_failing_logger_is_said_once_and_the_rest_is_told(tmp_path: Path, where: str, why: str) -> None:
    with _registered(where):
        events = _trained(_with(moons(epochs=3), "odd"), tmp_path / "run")
        (said,) = _complaints(events)
        assert why in said.text
        assert said.text.endswith("Training goes on.")
    assert Run.open(tmp_path / "run").summary().epochs == 3


def test_one_that_hangs_holds_up_neither_steps_nor_the_end_for_long(tmp_path: Path) -> None:
    told: list[Event] = []
    step = StepEnded(1, 1, {"loss": 1.0}, 0.1)
    with _registered("hang"), logged(_with(moons(), "odd"), tmp_path, told.append, patience=0.05) as tell:
        for _ in range(20_000):
            tell(step)
    assert told.count(step) == 20_000
    (said,) = _complaints_of(told)
    assert "too slow" in said.text or "did not finish" in said.text


def test_several_that_hang_are_waited_for_once_and_each_is_said(tmp_path: Path) -> None:
    told: list[Event] = []
    release = threading.Event()
    names = [f"odd{number}" for number in range(3)]
    for name in names:
        loggers.entries[name] = LoggerKind(name, name, "", name, name, lambda _opened: _Odd("hang", release))
    try:
        with logged(_with(moons(), *names), tmp_path, told.append, patience=0.2) as tell:
            tell(StepEnded(1, 1, {"loss": 1.0}, 0.1))
    finally:
        for name in names:
            del loggers.entries[name]
        release.set()
    assert [each.topic for each in _complaints_of(told)] == names


class _Loud(_Odd):
    """Prints what it is told, from a thread of its own."""

    def log(self, event: Event) -> None:
        """Take an event."""
        thread = threading.Thread(target=print, args=("loud:", type(event).__name__))
        thread.start()
        thread.join()


@pytest.mark.usefixtures("patient")
def test_what_one_prints_comes_between_no_results(tmp_path: Path) -> None:
    save_project(_with(moons(epochs=1), "odd"), tmp_path / "moons.layerwright")
    loggers.entries["odd"] = LoggerKind("odd", "Odd", "", "odd", "odd", lambda _opened: _Loud("", threading.Event()))
    try:
        done = drive("train", tmp_path / "moons.layerwright", "--json")
    finally:
        del loggers.entries["odd"]
    assert done.status == 0
    assert done.objects[-1]["summary"]["status"] == "completed"
    assert "loud: Finished" in done.err


def _complaints_of(events: list[Event]) -> list[Message]:
    return [each for each in events if isinstance(each, Message)]


@pytest.mark.usefixtures("patient")
def test_a_failure_of_the_run_is_told_too(tmp_path: Path) -> None:
    seen: list[_Odd] = []

    def open_it(_opened: Opened) -> _Odd:
        seen.append(_Odd("", threading.Event()))
        return seen[0]

    loggers.entries["odd"] = LoggerKind("odd", "Odd", "", "odd", "odd", open_it)
    try:
        with pytest.raises(ValueError, match="broken"), logged(_with(moons(), "odd"), tmp_path, lambda _event: None):
            raise ValueError("broken")
    finally:
        del loggers.entries["odd"]
    assert [type(each).__name__ for each in seen[0].told] == ["Failed"]


def test_one_that_does_not_exist_is_said(tmp_path: Path) -> None:
    events = _trained(_with(moons(epochs=1), "clay-tablets"), tmp_path / "run")
    assert any(isinstance(each, Message) and "clay-tablets" in each.text for each in events)


class TestOnTheCommandLine:
    def test_names_and_options_are_set(self) -> None:
        training = override(moons(), ["loggers=tensorboard, mlflow", "mlflow.experiment=points"]).training
        assert training.loggers == ("tensorboard", "mlflow")
        assert training.logger_options == {"mlflow": {"experiment": "points"}}
        assert override(moons(), ["loggers=none"]).training.loggers == ()

    @pytest.mark.parametrize(("text", "why"), [("mlflow.colour=red", "colour"), ("wandb.mode=loud", "mode")])
    def test_what_does_not_exist_is_refused(self, text: str, why: str) -> None:
        with pytest.raises(UsageError) as caught:
            override(moons(), [text])
        assert why in str(caught.value)

    def test_an_unknown_logger_is_refused(self) -> None:
        with pytest.raises(UsageError, match="tensorboard"):
            override(moons(), ["loggers=tensorbord"])


def test_every_logger_has_a_help_and_a_default_for_each_option() -> None:
    for kind in loggers:
        assert kind.help.endswith(".")
        assert not any(each.required for each in kind.parameters)
