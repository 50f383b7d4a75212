"""Changing a run while it goes on: from the sheet below the bar, and from a node's menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.training.events import Changed, CheckpointSaved
from core.training.runs import Run
from designer.session import Session
from designer.training.bar import TrainBar
from designer.training.controls import LiveControls
from designer.training.runner import TrainingRunner

from .conftest import MakeRunner
from .running import begin, changes, endless, until, wait

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform, at every popup


@pytest.fixture
def runner(iris: Session, make_runner: MakeRunner) -> TrainingRunner:
    endless(iris)
    return make_runner(iris)


@pytest.fixture
def bar(qtbot: QtBot, runner: TrainingRunner) -> TrainBar:
    made = TrainBar(runner)
    qtbot.addWidget(made)
    made.resize(900, 40)
    made.show()
    return made


@pytest.fixture
def controls(bar: TrainBar) -> LiveControls:
    return bar.controls


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def test_the_rate_is_halved_doubled_and_typed(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, controls: LiveControls
) -> None:
    assert not bar.adjust.isVisible()
    events = begin(qtbot, runner)
    click(bar.adjust)
    assert controls.isVisible()
    assert controls.rate.text() == "0.01"
    click(controls.halve)
    wait(qtbot, lambda: runner.live.given_rate == 0.005)
    click(controls.double)
    wait(qtbot, lambda: runner.live.given_rate == 0.01)
    controls.rate.selectAll()
    QTest.keyClicks(controls.rate, "0,002")
    QTest.keyClick(controls.rate, Qt.Key.Key_Return)
    wait(qtbot, lambda: runner.live.given_rate == 0.002)
    assert [value for _what, value in changes(events)] == [0.005, 0.01, 0.002]
    wait(qtbot, lambda: "rate 0.002" in bar.figures.text())
    assert "learning rate 0.002" in controls.last.text()
    runner.stop()
    until(qtbot, runner, "finished")
    assert not controls.isVisible()
    assert runner.run is not None
    assert len([each for each in Run.open(runner.run).events() if isinstance(each, Changed)]) == 3


@pytest.mark.parametrize("text", ["0", "-1", "fast", "inf", ""])
def test_an_impossible_rate_is_said_so_and_changes_nothing(
    qtbot: QtBot, runner: TrainingRunner, controls: LiveControls, text: str
) -> None:
    events = begin(qtbot, runner)
    controls.open_below(controls)
    controls.rate.setText(text)
    QTest.keyClick(controls.rate, Qt.Key.Key_Return)
    assert "above 0" in controls.error.text()
    controls.close()
    runner.stop()
    until(qtbot, runner, "finished")
    assert not changes(events)


def test_fewer_epochs_end_the_run(qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, controls: LiveControls) -> None:
    events = begin(qtbot, runner)
    bar.open_controls()
    controls.epochs.setValue(3)
    until(qtbot, runner, "finished")
    assert [what for what, _value in changes(events)] == ["epochs"]
    assert bar.more.text() == "10 epochs more"


def test_the_selected_layer_is_frozen_while_paused_and_let_learn_again(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, controls: LiveControls, iris: Session
) -> None:
    events = begin(qtbot, runner)
    bar.open_controls()
    assert not controls.freeze.isEnabled()
    iris.select(["relu1"])
    assert not controls.freeze.isEnabled(), "nothing in it learns"
    iris.select(["linear1"])
    assert controls.layer.text() == "linear1"
    runner.pause()
    until(qtbot, runner, "paused")
    click(controls.freeze)
    wait(qtbot, lambda: runner.live.frozen == {"linear1"})
    assert controls.freeze.text() == "Let learn"
    wait(qtbot, lambda: "1 frozen" in bar.figures.text())
    click(controls.freeze)
    wait(qtbot, lambda: not runner.live.frozen)
    assert changes(events) == [("freeze", "linear1"), ("unfreeze", "linear1")]
    assert runner.state == "paused"


def test_the_last_layer_that_learns_cannot_be_frozen(qtbot: QtBot, runner: TrainingRunner, iris: Session) -> None:
    begin(qtbot, runner)
    runner.freeze("linear1")
    runner.freeze("linear2")
    wait(qtbot, lambda: iris.refused_texts)  # type: ignore[attr-defined]
    assert "nothing would be trained" in iris.refused_texts[-1]  # type: ignore[attr-defined]
    assert runner.live.frozen == {"linear1"}


def test_a_checkpoint_is_taken_at_once(
    qtbot: QtBot, runner: TrainingRunner, bar: TrainBar, controls: LiveControls, iris: Session
) -> None:
    told: list[str] = []
    iris.told.connect(told.append)
    events = begin(qtbot, runner)
    runner.pause()
    until(qtbot, runner, "paused")
    before = len([each for each in events if isinstance(each, CheckpointSaved)])
    bar.open_controls()
    click(controls.save)
    wait(qtbot, lambda: changes(events))
    assert changes(events) == [("checkpoint", None)]
    assert len([each for each in events if isinstance(each, CheckpointSaved)]) > before
    assert told[-1].endswith(": checkpoint")


def test_nothing_can_be_changed_of_a_run_that_does_not_go_on(runner: TrainingRunner) -> None:
    assert not runner.set_learning_rate(0.1)
    assert not runner.set_epochs(3)
    assert not runner.freeze("linear1")
    assert not runner.checkpoint()
