"""Going on with a run: resumed, with more epochs, in a process of its own, after a death, with a changed network."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QInputDialog
from pytestqt.qtbot import QtBot

from core.graph.edits import RemoveNodes, Rename, SetParameters, SetTraining
from core.training.checkpoints import read_weights
from core.training.events import EpochEnded, Failed, Finished, RunStarted
from core.training.runs import Run
from designer.session import Session
from designer.training.bar import TrainBar
from designer.training.runner import TrainingRunner
from designer.training.takeover import TakeoverDialog
from tests.designer.panels.conftest import WAIT, change, checked

from .conftest import MakeRunner
from .running import begin, changes, endless, until, wait


@pytest.fixture
def runner(iris: Session, make_runner: MakeRunner) -> TrainingRunner:
    return make_runner(iris)


@pytest.fixture
def bar(qtbot: QtBot, runner: TrainingRunner) -> TrainBar:
    made = TrainBar(runner)
    qtbot.addWidget(made)
    made.resize(1000, 40)
    made.show()
    return made


def epochs(run: Path | None) -> list[int]:
    assert run is not None
    return [each.epoch for each in Run.open(run).epochs()]


def test_a_stopped_run_is_resumed_where_it_was(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, iris: Session
) -> None:
    endless(iris)
    events = begin(qtbot, runner)
    runner.freeze("linear1")
    wait(qtbot, lambda: sum(isinstance(each, EpochEnded) for each in events) > 2)
    runner.stop()
    until(qtbot, runner, "finished")
    folder, done = runner.run, epochs(runner.run)[-1]
    assert bar.more.text() == "Resume"
    bar.more.click()
    until(qtbot, runner, "running")
    wait(qtbot, lambda: epochs(folder)[-1] > done)
    assert runner.run == folder
    wait(qtbot, lambda: runner.live.frozen == {"linear1"})
    runner.stop()
    until(qtbot, runner, "finished")
    assert epochs(folder) == list(range(1, epochs(folder)[-1] + 1))


def test_a_finished_run_trains_ten_more_epochs_or_as_many_as_asked(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(qtbot, runner)
    until(qtbot, runner, "finished")
    assert bar.folder.isVisible()
    assert str(runner.run) in bar.folder.toolTip()
    bar.more.click()
    until(qtbot, runner, "finished")
    assert epochs(runner.run) == list(range(1, 17))
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (2, True))
    bar.ask_more()
    until(qtbot, runner, "finished")
    assert epochs(runner.run) == list(range(1, 19))
    assert isinstance(runner.result, Finished)
    assert runner.result.epochs == 18


def test_another_run_is_resumed_by_its_folder(
    qtbot: QtBot, runner: TrainingRunner, iris: Session, make_runner: MakeRunner
) -> None:
    begin(qtbot, runner)
    until(qtbot, runner, "finished")
    assert runner.run is not None
    other = make_runner(iris)
    assert other.resume(runner.run, 8)
    until(qtbot, other, "finished")
    assert epochs(runner.run) == list(range(1, 9))


def test_what_is_no_run_is_not_resumed(runner: TrainingRunner, iris: Session, tmp_path: Path) -> None:
    assert not runner.resume(tmp_path / "nothing")
    assert "no run folder" in iris.refused_texts[0]  # type: ignore[attr-defined]
    assert runner.state == "idle"


def test_a_second_run_is_not_resumed_beside_one_that_goes_on(
    qtbot: QtBot, runner: TrainingRunner, iris: Session
) -> None:
    endless(iris)
    begin(qtbot, runner)
    assert runner.run is not None
    assert not runner.resume(runner.run)
    assert "stop it first" in iris.refused_texts[-1]  # type: ignore[attr-defined]


# --- a process of its own ---------------------------------------------------------------------------------------------


def children() -> list[int]:
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        found += [int(each) for each in (task / "children").read_text().split()]
    return found


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are listed in /proc")
def test_a_process_of_its_own_gives_the_same_weights_and_can_be_killed_and_resumed(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, iris: Session, make_runner: MakeRunner
) -> None:
    endless(iris)
    change(iris, SetTraining(replace(iris.project.training, process=True)))
    before = set(children())
    begin(qtbot, runner)
    assert runner.isolated
    (child,) = set(children()) - before
    run = runner.run
    assert run is not None
    wait(qtbot, lambda: (run / "checkpoints" / "last.state.pt").is_file())
    os.kill(child, signal.SIGKILL)
    until(qtbot, runner, "failed")
    assert isinstance(runner.result, Failed)
    assert runner.result.cause == "died"
    assert "killed" in runner.result.message
    assert bar.more.text() == "Resume"
    killed_after = epochs(run)[-1]
    bar.more.click()
    until(qtbot, runner, "running")
    runner.set_epochs(killed_after + 20)  # or, where that many are past, after the one that goes on
    until(qtbot, runner, "finished")
    assert isinstance(runner.result, Finished)
    assert runner.isolated
    done = epochs(run)
    assert done == list(range(1, runner.result.epochs + 1))
    assert done[-1] > killed_after

    change(iris, SetTraining(replace(iris.project.training, process=False, epochs=done[-1])))
    here = make_runner(iris)
    begin(qtbot, here)
    until(qtbot, here, "finished")
    assert here.run is not None
    there, other = (read_weights(Run.open(each).weights("last"))[0] for each in (run, here.run))
    assert all((there[name] == other[name]).all() for name in there)


@pytest.mark.long
def test_steering_reaches_the_process(qtbot: QtBot, runner: TrainingRunner, iris: Session) -> None:
    endless(iris)
    change(iris, SetTraining(replace(iris.project.training, process=True)))
    events = begin(qtbot, runner)
    runner.set_learning_rate(0.003)
    wait(qtbot, lambda: changes(events) == [("learning-rate", 0.003)])
    runner.pause()
    until(qtbot, runner, "paused")
    runner.close()
    assert runner.state == "finished"
    assert runner.run is not None
    assert Run.open(runner.run).summary().status == "stopped"


# --- edit while paused ------------------------------------------------------------------------------------------------


def opened(qtbot: QtBot, bar: TrainBar, runner: TrainingRunner) -> TakeoverDialog:
    checked(qtbot, runner.session)
    bar.ask_takeover()
    (found,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, TakeoverDialog)]
    qtbot.waitUntil(lambda: not found.summary.text().startswith("Comparing"), timeout=WAIT)
    return found


def rows(dialog: TakeoverDialog) -> dict[str, str]:
    table = dialog.table
    texts = [[table.item(row, column) for column in (0, 1)] for row in range(table.rowCount())]
    return {name.text(): what.text() for name, what in texts if name is not None and what is not None}


def test_a_network_changed_while_paused_goes_on_with_what_fits(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, iris: Session
) -> None:
    endless(iris)
    events = begin(qtbot, runner)
    runner.set_learning_rate(0.004)
    runner.freeze("linear1")
    wait(qtbot, lambda: sum(isinstance(each, EpochEnded) for each in events) > 2)
    runner.pause()
    until(qtbot, runner, "paused")
    old = runner.run
    assert old is not None
    assert not bar.changed.isVisible()
    iris.apply(Rename("linear2", "head"))
    assert bar.changed.isVisible()
    dialog = opened(qtbot, bar, runner)
    assert rows(dialog), (dialog.summary.text(), dialog.note.text())
    assert rows(dialog) == {
        "linear1": "kept",
        "head": "new: start fresh",
        "linear2": "gone with the layer",
    }
    assert dialog.summary.text() == "1 of 2 layers keep their weights"
    assert runner.state == "paused", "nothing is applied before it is asked for"
    dialog.apply.click()
    wait(qtbot, lambda: runner.run != old and runner.state == "running")
    new = runner.run
    assert new is not None
    wait(qtbot, lambda: len(changes(events)) == 4)
    assert changes(events)[2:] == [("learning-rate", 0.004), ("freeze", "linear1")], "as the run before was told"
    wait(qtbot, lambda: bool(epochs(new)))
    runner.stop()
    until(qtbot, runner, "finished")
    assert Run.open(new).settings["continues"] == old.name
    assert Run.open(old).summary().status == "stopped"
    started = [each for each in events if isinstance(each, RunStarted)]
    assert [Path(each.run) for each in started] == [old, new]
    assert epochs(new)[0] == epochs(old)[-1] + 1, "epochs count on"
    first, second = (read_weights(Run.open(each).weights("last"))[0] for each in (old, new))
    assert (first["linear1.weight"] == second["linear1.weight"]).all()


def test_cancelling_leaves_the_run_paused_and_it_goes_on_as_it_was(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, iris: Session
) -> None:
    endless(iris)
    begin(qtbot, runner)
    runner.pause()
    until(qtbot, runner, "paused")
    iris.apply(SetParameters({"linear1": {"out_features": 5}}))
    dialog = opened(qtbot, bar, runner)
    assert "No layer fits" in dialog.summary.text()
    assert not dialog.apply.isEnabled()
    dialog.cancel.click()
    folder = runner.run
    runner.go_on()
    until(qtbot, runner, "running")
    assert runner.run == folder
    iris.document.undo()
    assert not bar.changed.isVisible()


def test_a_network_that_cannot_be_trained_is_not_gone_on_with(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, iris: Session
) -> None:
    endless(iris)
    begin(qtbot, runner)
    runner.pause()
    until(qtbot, runner, "paused")
    iris.apply(RemoveNodes(frozenset(["linear2"])))
    dialog = opened(qtbot, bar, runner)
    assert "cannot be trained" in dialog.summary.text()
    assert not dialog.apply.isEnabled()
    dialog.cancel.click()
    assert not runner.take_over()
    assert runner.state == "paused"
    assert bar.changed.isVisible()


def test_a_finished_run_goes_on_with_a_changed_network(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, iris: Session
) -> None:
    begin(qtbot, runner)
    until(qtbot, runner, "finished")
    old = runner.run
    change(iris, SetTraining(replace(iris.project.training, learning_rate=0.002)))
    assert not bar.changed.isVisible(), "another rate is no other network"
    change(iris, SetTraining(replace(iris.project.training, batch_size=16)))
    dialog = opened(qtbot, bar, runner)
    assert set(rows(dialog).values()) == {"kept"}
    dialog.apply.click()
    wait(qtbot, lambda: runner.run != old)
    until(qtbot, runner, "finished")
    assert epochs(runner.run) == list(range(7, 13))
