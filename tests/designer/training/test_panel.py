"""The training panel: every choice is an undoable edit, and what stands against training is listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters, SetTraining
from core.graph.project import Project, TrainingSettings
from core.machine import DEVICES, device_title
from core.training.choices import impossible
from core.training.devices import available_devices
from core.training.optimizers import optimizers
from core.training.options import options_of
from core.training.schedules import schedules
from designer.problems.row import ProblemRow
from designer.properties.editors.base import Editor
from designer.properties.editors.unit import UnitLabel
from designer.properties.section import Fold
from designer.session import Session
from designer.settings import Settings
from designer.training.fields import LearningRateEditor
from designer.training.panel import TrainingPanel
from tests.designer.panels.conftest import change, classifier

from .conftest import (
    WAIT,
    MakePanel,
    MakeRunner,
    Open,
    box,
    checked,
    choose,
    editor,
    entry,
    judged,
    line,
    two_heads,
    type_into,
)


def set_training(session: Session, **changes: object) -> None:
    change(session, SetTraining(replace(session.project.training, **changes)))  # type: ignore[arg-type]


def message(panel: TrainingPanel, name: str) -> str:
    label = panel.findChild(QLabel, f"message_{name}")
    assert isinstance(label, QLabel)
    return "" if label.isHidden() else label.text()


def test_every_training_setting_has_a_place(panel: TrainingPanel) -> None:
    elsewhere = {"optimizer_options", "schedule_options", "loggers", "logger_options"}
    names = {each.name for each in fields(TrainingSettings)} - elsewhere
    for name in names:
        assert isinstance(editor(panel, name), Editor)


def test_typing_a_learning_rate_is_one_undo_step(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    type_into(qtbot, line(panel, "learning_rate"), "0.025")
    assert iris.project.training.learning_rate == 0.025
    iris.document.undo()
    assert iris.project.training.learning_rate == 0.01


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("batch_size", "64", 64),
        ("accumulate", "4", 4),
        ("epochs", "7", 7),
        ("seed", "12", 12),
        ("patience", "9", 9),
    ],
)
def test_whole_numbers_are_set_and_set_back(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, name: str, text: str, value: int
) -> None:
    before = getattr(iris.project.training, name)
    type_into(qtbot, line(panel, name), text)
    assert getattr(iris.project.training, name) == value
    iris.document.undo()
    assert getattr(iris.project.training, name) == before
    type_into(qtbot, line(panel, name), text)
    reset = panel.findChild(QToolButton, f"reset_{name}")
    assert reset is not None
    qtbot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert getattr(iris.project.training, name) == getattr(TrainingSettings(), name)


@pytest.mark.parametrize("text", ["0", "-3", "many", "2*8"])
def test_what_is_no_batch_size_is_refused_in_place(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, text: str
) -> None:
    before = iris.project.training.batch_size
    type_into(qtbot, line(panel, "batch_size"), text)
    assert iris.project.training.batch_size == before
    assert message(panel, "batch_size")


def test_the_learning_rate_steps_through_one_two_five(panel: TrainingPanel) -> None:
    rate = editor(panel, "learning_rate")
    assert isinstance(rate, LearningRateEditor)
    assert [rate.step(value, 1) for value in (0.001, 0.002, 0.005, 0.003)] == [0.002, 0.005, 0.01, 0.005]
    assert [rate.step(value, -1) for value in (0.001, 0.002, 0.01, 0.003)] == [0.0005, 0.001, 0.005, 0.002]


# --- optimizer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [kind.id for kind in optimizers])
def test_each_optimizer_shows_its_own_options(panel: TrainingPanel, iris: Session, optimizer: str) -> None:
    set_training(iris, optimizer=optimizer, epochs=7)
    assert set(panel.optimizer.options.rows) == {option.name for option in options_of(optimizers[optimizer])}


def test_all_optimizers_are_listed_the_usual_ones_first(panel: TrainingPanel) -> None:
    combo = box(panel, "optimizer")
    titles = [text for row in range(combo.count()) if (text := combo.itemText(row))]
    assert titles[:3] == ["Adam", "AdamW", "SGD"]
    assert sorted(titles) == sorted(kind.title for kind in optimizers)


def test_optimizers_that_cannot_train_the_network_say_why(panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, accumulate=4)
    combo = box(panel, "optimizer")
    judged(combo)
    assert iris.report is not None
    refused = []
    for kind in optimizers:
        reason = impossible(kind, iris.project, iris.report.shapes)
        enabled, tip, spoken = entry(combo, kind.title)
        assert enabled == (not reason)
        if reason:
            refused.append(kind.id)
            assert reason[:20] in tip
            assert reason in spoken
    assert {"SparseAdam", "LBFGS"} <= set(refused)


def test_another_optimizer_brings_its_usual_learning_rate_and_drops_old_options(
    panel: TrainingPanel, iris: Session
) -> None:
    adam = optimizers["Adam"].learning_rate
    settings = replace(iris.project.training, learning_rate=adam, optimizer_options={"beta1": 0.8})
    change(iris, SetTraining(settings))
    choose(box(panel, "optimizer"), "SGD")
    assert iris.project.training.optimizer == "SGD"
    assert iris.project.training.learning_rate == optimizers["SGD"].learning_rate
    assert not iris.project.training.optimizer_options
    assert line(panel, "learning_rate").placeholderText() == f"{optimizers['SGD'].learning_rate}"
    iris.document.undo()
    assert iris.project.training == settings
    assert box(panel, "optimizer").currentText() == "Adam"


def test_an_option_is_one_undo_step_and_its_default_is_not_kept(
    qtbot: QtBot, panel: TrainingPanel, iris: Session
) -> None:
    set_training(iris, optimizer="SGD")
    type_into(qtbot, line(panel, "momentum"), "0.95")
    assert iris.project.training.optimizer_options == {"momentum": 0.95}
    iris.document.undo()
    assert iris.project.training.optimizer_options == {}
    type_into(qtbot, line(panel, "momentum"), "0.0")
    assert iris.project.training.optimizer_options == {}


def test_what_the_check_says_of_an_option_stands_beside_it(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, optimizer="SGD", optimizer_options={"nesterov": True})
    checked(qtbot, iris)
    assert "momentum" in message(panel, "nesterov")
    set_training(iris, optimizer_options={"nesterov": True, "momentum": 0.9})
    checked(qtbot, iris)
    assert not message(panel, "nesterov")


def test_where_weights_decay_is_asked_of_those_that_can(panel: TrainingPanel, iris: Session) -> None:
    choose(box(panel, "decay"), "All but biases and norms")
    assert iris.project.training.decay == "matrices"
    iris.document.undo()
    set_training(iris, optimizer="LBFGS")
    assert not editor(panel, "decay").isVisibleTo(panel)


# --- what depends on something else -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decides", "value", "follows"),
    [
        ("clip", "norm", "clip_at"),
        ("average", "ema", "average_decay"),
        ("average", "swa", "average_start"),
        ("patience", 3, "min_delta"),
    ],
)
def test_settings_without_effect_are_left_out(
    panel: TrainingPanel, iris: Session, decides: str, value: object, follows: str
) -> None:
    assert not editor(panel, follows).isVisibleTo(panel)
    set_training(iris, **{decides: value})
    assert editor(panel, follows).isVisibleTo(panel)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("clip", "By norm", "norm"),
        ("average", "Moving (EMA)", "ema"),
        ("precision", "bfloat16 (mixed)", "bfloat16"),
        ("monitor", "validation / answer / accuracy", "validation/answer/accuracy"),
    ],
)
def test_choices_are_edits(panel: TrainingPanel, iris: Session, name: str, text: str, value: str) -> None:
    choose(box(panel, name), text)
    assert getattr(iris.project.training, name) == value
    iris.document.undo()
    assert getattr(iris.project.training, name) == getattr(TrainingSettings(), name)


@pytest.mark.parametrize("name", ["compile", "process", "diagnostics"])
def test_switches_are_edits(qtbot: QtBot, panel: TrainingPanel, iris: Session, name: str) -> None:
    tick = editor(panel, name).findChild(QCheckBox)
    assert tick is not None
    before = getattr(iris.project.training, name)
    tick.click()
    assert getattr(iris.project.training, name) is not before
    iris.document.undo()
    assert tick.isChecked() is before


def test_a_monitored_curve_that_is_gone_is_told(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, monitor="validation/answer/accuracy")
    checked(qtbot, iris)
    assert not message(panel, "monitor")
    change(iris, SetParameters({"answer": {"metrics": ("f1",)}}))
    checked(qtbot, iris)
    qtbot.waitUntil(lambda: "accuracy" in message(panel, "monitor"), timeout=WAIT)
    assert "not available" in box(panel, "monitor").currentText()


def test_the_effective_batch_and_the_steps_are_told(qtbot: QtBot, panel: TrainingPanel, iris: Session) -> None:
    def note() -> str:
        return panel.batch_note.text()

    qtbot.waitUntil(lambda: "4 steps an epoch, of 120 samples" in note(), timeout=WAIT)
    set_training(iris, accumulate=2)
    assert "2 × 32 = 64 samples a step" in note()
    assert "2 steps an epoch" in note()


def test_the_total_is_asked_for_where_there_are_several_outputs(
    panel: TrainingPanel, open_session: Open, make_panel: MakePanel
) -> None:
    assert not editor(panel, "combine").isVisibleTo(panel)
    other = make_panel(open_session(two_heads()))
    choose(box(other, "combine"), "Weighted mean of the outputs")
    assert other._session.project.training.combine == "mean"


def test_devices_that_are_not_there_cannot_be_chosen_and_say_why(panel: TrainingPanel, iris: Session) -> None:
    combo = box(panel, "device")
    for device in DEVICES:
        if device != "auto":
            enabled, tip, _spoken = entry(combo, device_title(device))
            assert enabled == (device in available_devices())
            assert bool(tip) != enabled
    assert combo.itemText(0) == f"Automatic ({device_title(available_devices()[0])})"
    choose(combo, device_title("cpu"))
    assert iris.project.training.device == "cpu"


def test_the_batch_size_counts_samples(panel: TrainingPanel) -> None:
    label = line(panel, "batch_size").findChild(UnitLabel)
    assert label is not None
    assert label.text() == "samples"


# --- finding ----------------------------------------------------------------------------------------------------------


def test_searching_leaves_what_matches_by_name_or_help(qtbot: QtBot, panel: TrainingPanel) -> None:
    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "early")
    assert editor(panel, "patience").isVisibleTo(panel)
    assert editor(panel, "monitor").isVisibleTo(panel)
    assert not editor(panel, "batch_size").isVisibleTo(panel)
    assert panel.folds["stopping"].isVisibleTo(panel)
    assert not panel.folds["batches"].isVisibleTo(panel)
    panel.search.setText("no such thing")
    assert any("No setting matches" in each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel))
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert not panel.search.text()
    assert editor(panel, "batch_size").isVisibleTo(panel)


def test_a_search_opens_what_was_closed_for_as_long_as_it_lasts(panel: TrainingPanel) -> None:
    fold = panel.folds["gradients"]
    fold.button.click()
    assert not editor(panel, "clip").isVisibleTo(panel)
    panel.search.setText("clip")
    assert editor(panel, "clip").isVisibleTo(panel)
    panel.search.clear()
    assert not editor(panel, "clip").isVisibleTo(panel)


def test_what_was_opened_is_remembered(
    qtbot: QtBot, panel: TrainingPanel, iris: Session, make_runner: MakeRunner, tmp_path: Path
) -> None:
    settings = Settings(tmp_path / "designer.ini")
    Fold.use(settings)
    panel.folds["gradients"].button.click()
    panel.folds["batches"].button.click()
    settings.sync()
    Fold.use(Settings(tmp_path / "designer.ini"))
    again = TrainingPanel(iris, make_runner(iris))
    qtbot.addWidget(again)
    opened = {key for key, fold in again.folds.items() if fold.button.isChecked()}
    assert opened == {"outputs", "optimizer"}


def test_a_closed_section_tells_what_is_set_inside(panel: TrainingPanel, iris: Session) -> None:
    set_training(iris, optimizer="AdamW", schedule="OneCycleLR", clip="norm", clip_at=0.5)
    assert panel.folds["optimizer"].button.text() == "Optimizer · AdamW"
    assert panel.folds["schedule"].button.text() == f"Schedule · {schedules['OneCycleLR'].title}"
    assert panel.folds["gradients"].button.text() == "Gradients · 2 set"


def test_every_field_has_a_name_for_screen_readers(panel: TrainingPanel) -> None:
    for each in panel.findChildren(Editor):
        if each.objectName().startswith("editor_"):
            focus = each.focusProxy()
            assert focus is not None
            assert focus.accessibleName(), each.objectName()


@pytest.mark.parametrize("width", [300, 340])
def test_nothing_is_wider_than_the_panel(panel: TrainingPanel, iris: Session, width: int) -> None:
    set_training(iris, schedule="OneCycleLR", clip="norm", average="swa", patience=3, accumulate=2)
    panel.resize(width, 700)
    assert panel.horizontalScrollBar().maximum() == 0


# --- training ---------------------------------------------------------------------------------------------------------


def test_what_stands_against_training_is_listed_and_leads_to_its_node(
    qtbot: QtBot, open_session: Callable[[Project], Session], make_panel: MakePanel, iris: Session
) -> None:
    project = classifier(iris.project.data, classes=7)
    broken = replace(project, graph=classifier(None).graph, data=iris.project.data)
    session = open_session(broken)
    panel = make_panel(session)

    def rows() -> dict[str, ProblemRow]:
        return {row.problem.node: row for row in panel.findChildren(ProblemRow) if row.isVisible()}

    qtbot.waitUntil(lambda: {"features", "answer"} <= rows().keys(), timeout=10_000)
    rows()["answer"].reveal()
    assert session.selection == {"answer"}


def test_a_new_learning_rate_reaches_the_running_training(qtbot: QtBot, iris: Session, make_runner: MakeRunner) -> None:
    set_training(iris, epochs=100_000)
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
