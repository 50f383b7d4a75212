"""Saying in a form what a sweep tries: by menu, by key, in a dialog that says what is wrong; and the marks of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from core.graph.edits import SetKind, SetSearch
from core.graph.edits.search import with_dimension
from core.graph.project import Dimension
from core.search.dimensions import searched
from core.search.places import spot
from designer.properties.panel import PropertiesPanel
from designer.properties.rows import ParameterRow
from designer.session import Session
from designer.sweep.dialog import DimensionDialog
from designer.sweep.marking import Badge
from designer.training.panel import TrainingPanel
from designer.training.runner import TrainingRunner
from tests.designer.sweep.conftest import WAIT, Answer

WIDTH = "node/linear1/out_features"


def row_of(form: QWidget, name: str) -> ParameterRow:
    """Return a parameter's row."""
    return next(each for each in form.findChildren(ParameterRow) if each.parameter.name == name)


def properties(qtbot: QtBot, session: Session, *names: str) -> PropertiesPanel:
    """Return the properties of these nodes."""
    panel = PropertiesPanel(session)
    qtbot.addWidget(panel)
    panel.resize(360, 700)
    panel.show()
    session.select(frozenset(names))
    qtbot.waitUntil(lambda: bool(panel.findChildren(ParameterRow)), timeout=WAIT)
    return panel


def test_a_parameter_is_searched_by_its_menu_and_shows_its_range(qtbot: QtBot, session: Session) -> None:
    panel = properties(qtbot, session, "linear1")
    row = row_of(panel, "out_features")
    assert row.marking.badge is None
    line = row.editor.findChild(QLineEdit)
    menu = row.marking.menu(line)
    texts = [each.text() for each in menu.actions()]
    assert any("Paste" in text for text in texts)
    answer = Answer("4", "32")
    next(each for each in menu.actions() if each.objectName() == "search_this").trigger()
    assert answer.asked
    assert searched(session.project.search, WIDTH) == Dimension(WIDTH, 4, 32)
    badge = row.marking.badge
    assert badge is not None
    assert badge.isVisible()
    assert badge.text() == "4 … 32"
    session.document.undo()
    assert not badge.isVisible()
    panel.close_jobs()


def test_alt_insert_asks_and_what_is_searched_can_be_taken_back_there(qtbot: QtBot, session: Session) -> None:
    panel = properties(qtbot, session, "linear1")
    row = row_of(panel, "out_features")
    target = row.editor.focusProxy()
    assert target is not None
    answer = Answer("2", "8")
    qtbot.keyClick(target, Qt.Key.Key_Insert, Qt.KeyboardModifier.AltModifier)
    assert answer.asked
    assert searched(session.project.search, WIDTH) is not None
    assert row.marking.badge is not None
    answer = Answer(remove=True)
    row.marking.badge.click()
    assert answer.asked
    assert searched(session.project.search, WIDTH) is None
    panel.close_jobs()


def test_what_several_nodes_have_in_common_is_not_searched(qtbot: QtBot, session: Session) -> None:
    panel = properties(qtbot, session, "linear1", "linear2")
    assert row_of(panel, "out_features").marking.place == ""
    panel.close_jobs()


def test_inside_a_group_a_parameter_is_searched_for_all_its_uses(qtbot: QtBot, session: Session) -> None:
    session.open_group("block")
    panel = properties(qtbot, session, "drop")
    assert row_of(panel, "p").marking.place == "node/Block:drop/p"
    panel.close_jobs()


def test_the_kind_and_the_bypass_of_a_node_are_marked_with_it(qtbot: QtBot, session: Session) -> None:
    panel = properties(qtbot, session, "linear1")
    assert panel.form is not None
    marks = panel.form._marks  # type: ignore[union-attr]
    assert marks is not None
    assert [each.objectName() for each in marks.menu().actions()] == ["search_kind", "search_mode"]
    bypass = Dimension("node/linear1/mode", choices=("", "bypass"))
    session.apply(SetSearch(with_dimension(session.project.search, bypass)))
    badges = [each.text() for each in marks.findChildren(Badge) if each.isVisible()]
    assert badges == ["mode: run, bypass"]
    session.select(frozenset({"block"}))
    qtbot.waitUntil(lambda: panel.form._marks is not marks)  # type: ignore[union-attr]
    names = [each.objectName() for each in panel.form._marks.menu().actions()]  # type: ignore[union-attr]
    assert names == ["search_kind", "search_mode", "search_repeat"]
    panel.close_jobs()


def test_the_bypass_of_a_layer_with_a_mode_of_its_own_can_be_searched(qtbot: QtBot, session: Session) -> None:
    session.apply(SetKind("act", "Pad", frozenset()))
    panel = properties(qtbot, session, "act")
    marks = panel.form._marks  # type: ignore[union-attr]
    assert marks is not None
    actions = {each.objectName(): each for each in marks.menu().actions()}
    answer = Answer()
    actions["search_mode"].trigger()
    assert answer.asked
    dimension = session.project.search.dimensions[-1]
    assert dimension == Dimension("node/act/node.mode", choices=("", "bypass"))
    assert "mode: run, bypass" in [each.text() for each in marks.findChildren(Badge) if each.isVisible()]
    assert row_of(panel, "mode").marking.badge is None
    panel.close_jobs()


def test_a_training_setting_shows_that_it_is_searched(qtbot: QtBot, session: Session) -> None:
    runner = TrainingRunner(session)
    panel = TrainingPanel(session, runner)
    qtbot.addWidget(panel)
    panel.resize(360, 900)
    panel.show()
    badge = panel.optimizer.rate.rows["learning_rate"].marking.badge
    assert badge is not None
    assert badge.text() == "0.001 … 0.1, log"
    decay = panel.optimizer.options.rows["weight_decay"].marking
    assert decay.place == "training/optimizer_options/weight_decay"
    assert panel.forms["machine"].rows["device"].marking.place == ""
    panel.close_jobs()
    runner.close()
    runner.deleteLater()


def test_the_dialog_says_what_is_wrong_and_takes_only_what_can_be_searched(qtbot: QtBot, session: Session) -> None:
    dialog = DimensionDialog(session.project, spot(session.project, "training/learning_rate"))
    qtbot.addWidget(dialog)
    agree = dialog.agree
    assert agree.isEnabled()
    assert dialog.log.isChecked()
    for line, text, why in (
        (dialog.low, "1", "must rise"),
        (dialog.low, "0", "above 0"),
        (dialog.low, "x", "no number"),
        (dialog.step, "0.1", "no steps"),
    ):
        before = line.text()
        line.setText(text)
        assert not agree.isEnabled()
        assert why in dialog.message.text()
        line.setText(before)
        assert agree.isEnabled()
    dialog.chosen.setChecked(True)
    dialog.words.setText("0.1, 0.01")
    assert dialog.dimension == Dimension("training/learning_rate", choices=(0.1, 0.01))
    dialog.words.setText("0.1")
    assert "two" in dialog.message.text()


def test_words_that_are_known_are_ticked(qtbot: QtBot, session: Session) -> None:
    dialog = DimensionDialog(session.project, spot(session.project, "training/optimizer"))
    qtbot.addWidget(dialog)
    ticked = [dialog.ticks.item(row) for row in range(dialog.ticks.count())]
    for item in ticked:
        item.setCheckState(Qt.CheckState.Checked if item.text() in ("SGD", "Adam") else Qt.CheckState.Unchecked)
    assert set(dialog.dimension.choices) == {"Adam", "SGD"}
    assert not dialog.message.text()


def test_other_kinds_of_the_same_family_are_ticked(qtbot: QtBot, session: Session) -> None:
    dialog = DimensionDialog(session.project, spot(session.project, "node/linear2/kind"))
    qtbot.addWidget(dialog)
    names = [dialog.ticks.item(row).text() for row in range(dialog.ticks.count())]
    assert names[0] == "Linear"
    assert "Identity" in names
    assert "Conv2d" not in names
    assert "Bilinear" not in names  # has two inputs
    assert dialog.message.text() == "Choose at least two."
    dialog.ticks.item(names.index("Identity")).setCheckState(Qt.CheckState.Checked)
    assert dialog.dimension.choices == ("Linear", "Identity")
    assert not dialog.message.text()


def test_what_was_chosen_of_another_family_stays_among_the_choices(qtbot: QtBot, session: Session) -> None:
    assert searched(session.project.search, "node/act/kind") is not None
    dialog = DimensionDialog(session.project, spot(session.project, "node/act/kind"))
    qtbot.addWidget(dialog)
    assert set(dialog.dimension.choices) == {"ReLU", "Tanh", "Conv2d"}


def test_the_keyboard_begins_where_one_writes(qtbot: QtBot, session: Session) -> None:
    dialog = DimensionDialog(session.project, spot(session.project, WIDTH))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.focusWidget() is dialog.low
    dialog.words.setText("nine, 3")
    dialog.chosen.setChecked(True)
    assert not dialog.message.text().startswith("node/")
