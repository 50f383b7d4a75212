"""The training panel: every choice is an undoable edit, and what stands against training is listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from core.graph.edits import SetTraining
from core.graph.project import Project
from core.training.devices import available_devices
from core.training.optimizers import optimizers
from core.training.options import options_of
from designer.problems.row import ProblemRow
from designer.session import Session
from designer.training.device_box import DEVICES
from designer.training.panel import LearningRateEditor, TrainingPanel
from designer.training.runner import TrainingRunner

from .conftest import WAIT, change, checked, classifier

Make = Callable[[Session], TrainingRunner]


@pytest.fixture
def panel(qtbot: QtBot, iris: Session, make_runner: Make) -> TrainingPanel:
    panel = TrainingPanel(iris, make_runner(iris))
    qtbot.addWidget(panel)
    panel.resize(340, 640)
    panel.show()
    checked(qtbot, iris)
    return panel


def line(panel: TrainingPanel, name: str) -> QLineEdit:
    found = panel.settings.editors[name].findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def type_into(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


def test_typing_a_learning_rate_is_one_undo_step(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    type_into(qtbot, line(panel, "learning_rate"), "0.025")
    assert iris.project.training.learning_rate == 0.025
    iris.document.undo()
    assert iris.project.training.learning_rate == 0.01


@pytest.mark.parametrize(("name", "text", "value"), [("batch_size", "64", 64), ("epochs", "7", 7), ("seed", "12", 12)])
def test_whole_numbers_are_set(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, name: str, text: str, value: int
) -> None:
    type_into(qtbot, line(panel, name), text)
    assert getattr(iris.project.training, name) == value


@pytest.mark.parametrize("text", ["0", "-3", "many"])
def test_what_is_no_batch_size_is_refused_in_place(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, text: str
) -> None:
    before = iris.project.training.batch_size
    type_into(qtbot, line(panel, "batch_size"), text)
    assert iris.project.training.batch_size in (before, 3)
    assert panel.settings.message("batch_size")


def test_the_learning_rate_steps_through_one_two_five(qtbot: QtBot, panel: TrainingPanel) -> None:
    editor = panel.settings.editors["learning_rate"]
    assert isinstance(editor, LearningRateEditor)
    assert [editor.step(value, 1) for value in (0.001, 0.002, 0.005, 0.003)] == [0.002, 0.005, 0.01, 0.005]
    assert [editor.step(value, -1) for value in (0.001, 0.002, 0.01, 0.003)] == [0.0005, 0.001, 0.005, 0.002]


@pytest.mark.parametrize("optimizer", [kind.id for kind in optimizers])
def test_each_optimizer_shows_its_own_options(panel: TrainingPanel, iris: Session, optimizer: str) -> None:
    change(iris, SetTraining(replace(iris.project.training, optimizer=optimizer, epochs=7)))
    assert set(panel.options.editors) == {option.name for option in options_of(optimizers[optimizer])}


def test_another_optimizer_brings_its_usual_learning_rate_and_drops_old_options(
    panel: TrainingPanel, iris: Session
) -> None:
    adam = optimizers["Adam"].learning_rate
    settings = replace(iris.project.training, learning_rate=adam, optimizer_options={"beta1": 0.8})
    change(iris, SetTraining(settings))
    at = panel.optimizer.findData("SGD")
    panel.optimizer.setCurrentIndex(at)
    panel.optimizer.activated.emit(at)
    assert iris.project.training.optimizer == "SGD"
    assert iris.project.training.learning_rate == optimizers["SGD"].learning_rate
    assert not iris.project.training.optimizer_options
    iris.document.undo()
    assert iris.project.training == settings
    assert panel.optimizer.currentData() == "Adam"


def test_devices_that_are_not_there_cannot_be_chosen_and_say_why(panel: TrainingPanel, iris: Session) -> None:
    for row, device in enumerate(DEVICES):
        there = device == "auto" or device in available_devices()
        item = panel.device.model().index(row, 0)
        assert bool(item.flags() & Qt.ItemFlag.ItemIsEnabled) == there
        assert bool(item.data(Qt.ItemDataRole.ToolTipRole)) != there
    panel.device.activated.emit(DEVICES.index("cpu"))
    assert iris.project.training.device == "cpu"


def test_metrics_and_loss_of_an_output_are_edits_of_its_node(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    card = panel.cards["answer"]
    assert "Accuracy" in card.metrics.itemText(0)
    card.metrics.fill()
    f1 = next(action for action in card.metrics.menu.actions() if action.text().startswith("F1"))
    f1.trigger()
    assert iris.project.graph.nodes["answer"].params["metrics"] == ("f1",)
    assert "F1" in card.metrics.itemText(0)
    iris.document.undo()
    assert "metrics" not in iris.project.graph.nodes["answer"].params
    checked(qtbot, iris)


def test_only_metrics_that_suit_the_target_are_offered(panel: TrainingPanel) -> None:
    card = panel.cards["answer"]
    card.metrics.fill()
    texts = [action.text() for action in card.metrics.menu.actions()]
    assert "MAE" not in texts
    assert "Accuracy" in texts


def test_what_stands_against_training_is_listed_and_leads_to_its_node(
    qtbot: QtBot, open_session: Callable[[Project], Session], make_runner: Make, iris: Session
) -> None:
    project = classifier(iris.project.data, classes=7)
    broken = replace(project, graph=classifier(None).graph, data=iris.project.data)
    session = open_session(broken)
    panel = TrainingPanel(session, make_runner(session))
    qtbot.addWidget(panel)
    panel.show()
    checked(qtbot, session)

    def rows() -> dict[str, ProblemRow]:
        return {row.problem.node: row for row in panel.findChildren(ProblemRow) if row.isVisible()}

    qtbot.waitUntil(lambda: {"features", "answer"} <= rows().keys(), timeout=10_000)
    rows()["answer"].reveal()
    assert session.selection == {"answer"}


def test_a_new_learning_rate_reaches_the_running_training(qtbot: QtBot, iris: Session, make_runner: Make) -> None:
    change(iris, SetTraining(replace(iris.project.training, epochs=100_000)))
    runner = make_runner(iris)
    panel = TrainingPanel(iris, runner)
    qtbot.addWidget(panel)
    panel.show()
    checked(qtbot, iris)
    rates: list[float] = []
    runner.event_received.connect(lambda event: rates.append(getattr(event, "learning_rate", 0.0)))
    runner.start()
    qtbot.waitUntil(lambda: runner.state == "running", timeout=WAIT)
    type_into(qtbot, line(panel, "learning_rate"), "0.5")
    qtbot.waitUntil(lambda: 0.5 in rates, timeout=WAIT)
    runner.stop()
    qtbot.waitUntil(lambda: runner.state == "finished", timeout=WAIT)
