"""The train bar: its buttons drive the runner, its texts tell what goes on and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.graph.edits import SetTraining
from core.graph.project import Project
from core.training.events import Progress
from designer.session import Session
from designer.training.bar import TrainBar
from designer.training.runner import TrainingRunner

from .conftest import WAIT, change, checked

Make = Callable[[Session], TrainingRunner]


def test_train_pause_continue_and_stop_by_their_buttons(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    change(iris, SetTraining(replace(iris.project.training, epochs=100_000)))
    runner = make_runner(iris)
    bar = TrainBar(runner)
    qtbot.addWidget(bar)
    bar.show()
    checked(qtbot, iris)
    assert not bar.pause.isEnabled()
    assert not bar.stop.isEnabled()
    qtbot.mouseClick(bar.train, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "samples/s" in bar.figures.text(), timeout=WAIT)
    assert bar.status.text().startswith("Epoch ")
    assert "left" in bar.figures.text()
    assert "CPU" in bar.figures.text()
    assert not bar.train.isEnabled()
    qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.pause.text() == "Continue", timeout=WAIT)
    assert bar.status.text().startswith("Paused")
    qtbot.mouseClick(bar.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.pause.text() == "Pause", timeout=WAIT)
    qtbot.mouseClick(bar.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    assert bar.status.text().startswith("Stopped after")
    assert bar.folder.isVisible()
    assert bar.train.isEnabled()


def test_the_result_tells_the_best_metric_and_its_epoch(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    runner = make_runner(iris)
    bar = TrainBar(runner)
    qtbot.addWidget(bar)
    checked(qtbot, iris)
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
    text = bar.status.text()
    assert "% accuracy at epoch" in text
    assert text.endswith(" s")


def test_what_keeps_from_training_is_told_before_the_click(
    qtbot: QtBot, open_session: Callable[[Project], Session], make_runner: Make
) -> None:
    session = open_session(Project())
    bar = TrainBar(make_runner(session))
    qtbot.addWidget(bar)
    checked(qtbot, session)
    assert bar.status.text().startswith("Cannot train yet. ")


def test_progress_is_shown_as_a_share_of_the_steps(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    runner = make_runner(iris)
    bar = TrainBar(runner)
    qtbot.addWidget(bar)
    runner.state = "running"
    runner.event_received.emit(Progress(3, 20, 50, 200, 12_345.0, 75.0))
    runner.drained.emit()
    assert bar.progress.value() == 250
    assert bar.status.text() == "Epoch 3/20 · step 50/200"
    assert bar.figures.text().startswith("12.3 k samples/s · 1 min 15 s left")
    runner.state = "idle"
