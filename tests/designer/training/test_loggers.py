"""Loggers in the training panel: a tick for each, its options where it is ticked, all to be undone."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from core.graph.edits import SetTraining
from core.training.loggers import loggers
from designer.properties.editors.base import Editor
from designer.session import Session
from designer.training.panel import TrainingPanel
from tests.designer.panels.conftest import change

from .conftest import choose, type_into


def _option(panel: TrainingPanel, logger: str, name: str) -> Editor:
    found = panel.loggers.options[logger].findChild(Editor, f"editor_{name}")
    assert isinstance(found, Editor)
    return found


def _tick(panel: TrainingPanel, logger: str) -> QCheckBox:
    found = panel.loggers.ticks[logger].findChild(QCheckBox)
    assert isinstance(found, QCheckBox)
    return found


def test_a_tick_is_one_undo_step_and_opens_the_options(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    options = panel.loggers.options["mlflow"]
    assert not options.isVisible()
    qtbot.mouseClick(_tick(panel, "mlflow"), Qt.MouseButton.LeftButton)
    assert iris.project.training.loggers == ("mlflow",)
    assert options.isVisible()
    assert not panel.loggers.options["wandb"].isVisible()
    field = _option(panel, "mlflow", "experiment").findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    type_into(qtbot, field, "flowers")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert iris.project.training.logger_options == {"mlflow": {"experiment": "flowers"}}
    iris.document.undo()
    assert iris.project.training.logger_options == {}
    iris.document.undo()
    assert iris.project.training.loggers == ()
    assert not options.isVisible()


def test_the_mode_is_offline_until_another_is_chosen(panel: TrainingPanel, iris: Session) -> None:
    change(iris, SetTraining(replace(iris.project.training, loggers=("wandb",))))
    box = _option(panel, "wandb", "mode").findChild(QComboBox)
    assert isinstance(box, QComboBox)
    assert "offline" in box.currentText()
    choose(box, "online")
    assert iris.project.training.logger_options == {"wandb": {"mode": "online"}}


def test_every_logger_is_found_by_its_name(panel: TrainingPanel) -> None:
    for kind in loggers:
        panel.search.setText(kind.title)
        assert panel.loggers.ticks[kind.id].isVisible()
        assert panel.folds["loggers"].isVisible()
        assert not panel.folds["gradients"].isVisible()
    panel.search.setText("logg")  # what the section is called finds all of them
    assert all(tick.isVisible() for tick in panel.loggers.ticks.values())


def test_what_the_check_says_of_an_option_stands_below_it(panel: TrainingPanel, iris: Session, qtbot: QtBot) -> None:
    options = {"wandb": {"mode": "loud"}}
    change(iris, SetTraining(replace(iris.project.training, loggers=("wandb",), logger_options=options)))
    qtbot.waitUntil(lambda: iris.report_is_current)
    row = panel.loggers.options["wandb"].rows["mode"]
    assert "loud" in row.message.text()
