"""Training in the background on real projects: start, pause, continue, stop, refuse, fail, close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.edits import SetParameters, SetTraining
from core.graph.project import Node, Project, TrainingSettings
from core.training.events import EpochEnded, Failed, Finished, RunStarted, StepEnded
from core.training.runs import Run
from designer.session import Session
from designer.training.runner import TrainingRunner, default_runs_root

from .conftest import WAIT, chain, change, checked, classifier

Make = Callable[[Session], TrainingRunner]
Open = Callable[..., Session]
LONG = 100_000
"""Epochs of a training that would not end by itself."""


def states_of(runner: TrainingRunner) -> list[str]:
    states: list[str] = []
    runner.state_changed.connect(states.append)
    return states


def endless(session: Session) -> None:
    change(session, SetTraining(replace(session.project.training, epochs=LONG)))


def test_a_run_goes_through_its_states_and_leaves_its_folder(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    runner, events = make_runner(iris), []
    states = states_of(runner)
    runner.event_received.connect(events.append)
    checked(qtbot, iris)
    assert runner.start()
    assert not runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    assert states == ["starting", "running", "finished"]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], Finished)
    assert sum(isinstance(event, EpochEnded) for event in events) == 6
    assert runner.run is not None
    assert Run.open(runner.run).summary().status == "completed"
    assert runner.result == events[-1]


def test_start_waits_for_the_check_of_the_newest_edit(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    runner = make_runner(iris)
    checked(qtbot, iris)
    change(iris, SetParameters({"linear1": {"out_features": 5}}))
    assert not iris.report_is_current
    assert runner.start()
    assert runner.state == "starting"
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)


def test_a_project_that_cannot_be_trained_is_refused_with_the_reasons(
    qtbot: QtBot, open_session: Open, make_runner: Make
) -> None:
    session = open_session(classifier())
    runner = make_runner(session)
    checked(qtbot, session)
    assert not runner.start()
    assert runner.state == "idle"
    assert "no data" in session.refused_texts[0]  # type: ignore[attr-defined]


def test_the_check_that_answers_later_can_still_refuse(qtbot: QtBot, open_session: Open, make_runner: Make) -> None:
    session = open_session(Project())
    runner = make_runner(session)
    assert runner.start()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=WAIT)
    assert session.refused_texts  # type: ignore[attr-defined]
    assert runner.run is None


def test_pause_holds_the_training_and_continue_lets_it_go_on(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    endless(iris)
    runner, steps = make_runner(iris), []
    states = states_of(runner)
    runner.event_received.connect(lambda event: steps.append(event.step) if isinstance(event, StepEnded) else None)
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "running" and bool(steps), timeout=WAIT)
    runner.pause()
    qtbot.waitUntil(lambda: runner.state == "paused", timeout=WAIT)
    held = steps[-1]
    qtbot.wait(150)
    assert steps[-1] == held
    runner.go_on()
    qtbot.waitUntil(lambda: runner.state == "running" and steps[-1] > held, timeout=WAIT)
    runner.stop()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    assert states == ["starting", "running", "paused", "running", "stopping", "finished"]


def test_stop_keeps_the_best_and_the_last_weights(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    endless(iris)
    runner, epochs = make_runner(iris), []
    runner.event_received.connect(lambda event: epochs.append(event) if isinstance(event, EpochEnded) else None)
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: len(epochs) > 2, timeout=WAIT)
    runner.stop()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    assert isinstance(runner.result, Finished)
    assert runner.result.reason == "stopped"
    assert runner.run is not None
    run = Run.open(runner.run)
    assert run.weights("best").is_file()
    assert run.weights("last").is_file()


def words_project(folder: Path, rows: int) -> Project:
    """Return a network whose table of embeddings has that many rows; the data has four words."""
    table = folder / "words.csv"
    table.write_text("word,answer\n" + "\n".join(f"{word},{word > 'b'}" for word in "abcd" * 10) + "\n")
    data = bind("csv", {"path": str(table)})
    fields = tuple(replace(field, encoding="index") if field.name == "word" else field for field in data.fields)
    graph = chain(
        Node("word", "Input", {"fields": ("word",)}),
        Node("identity1", "Identity"),  # the check looks only at what an Input feeds directly
        Node("embedding1", "Embedding", {"num_embeddings": rows, "embedding_dim": 4}),
        Node("flatten1", "Flatten"),
        Node("linear1", "Linear", {"out_features": 2}),
        Node("answer", "Output", {"target": "answer"}),
    )
    return Project("Words", data=replace(data, fields=fields), graph=graph, training=TrainingSettings(epochs=2))


def test_a_failure_names_the_node_and_the_next_run_works(
    qtbot: QtBot, open_session: Open, make_runner: Make, tmp_path: Path
) -> None:
    session = open_session(words_project(tmp_path, rows=2))
    runner, failures = make_runner(session), []
    runner.failed.connect(failures.append)
    checked(qtbot, session)
    assert runner.start()
    qtbot.waitUntil(lambda: runner.state == "failed", timeout=WAIT)
    assert isinstance(runner.result, Failed)
    assert failures == [runner.result]
    assert runner.result.node == "embedding1"
    assert "num_embeddings" in runner.result.message
    change(session, SetParameters({"embedding1": {"num_embeddings": 4}}))
    assert runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    assert len(failures) == 1


def test_data_that_is_gone_is_told_and_the_next_run_works(
    qtbot: QtBot, open_session: Open, make_runner: Make, tmp_path: Path
) -> None:
    session = open_session(words_project(tmp_path, rows=4))
    runner, failures = make_runner(session), []
    runner.failed.connect(failures.append)
    checked(qtbot, session)
    table = tmp_path / "words.csv"
    table.rename(tmp_path / "away.csv")
    assert runner.start()
    qtbot.waitUntil(lambda: runner.state == "failed", timeout=WAIT)
    assert "words.csv" in failures[0].message
    (tmp_path / "away.csv").rename(table)
    assert runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)


def test_closing_while_training_ends_it_cleanly(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    endless(iris)
    runner = make_runner(iris)
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "running", timeout=WAIT)
    runner.close()
    assert runner.state == "finished"
    assert runner.run is not None
    assert Run.open(runner.run).summary().status == "stopped"


def test_runs_lie_beside_the_project_file(qtbot: QtBot, open_session: Open, tmp_path: Path) -> None:
    saved = open_session(Project(), tmp_path / "net.layerwright")
    assert default_runs_root(saved) == tmp_path / "runs"
    unsaved = default_runs_root(open_session(Project()))
    assert unsaved.is_absolute()
    assert unsaved.name == "runs"
