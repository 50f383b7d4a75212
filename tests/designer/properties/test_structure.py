"""The uncommon sides of a node's form: repetition, shared weights, switched off, folds, formula and curve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.edits import AddNodes, Rename, SetMode, SetParameters, SetRepeat, SetVariables, ShareLayer
from core.graph.project import Graph, Node, Project
from designer.properties.curve import CurvePicture
from designer.window import Window
from tests.designer.properties.conftest import Hand
from tests.designer.shell.conftest import iris

Open = Callable[[Project], Window]


def test_a_group_is_repeated_by_a_number_as_one_step(grouped: Hand) -> None:
    grouped.select("stage1")
    grouped.type(grouped.line("repeat"), "12", enter=True)
    assert grouped.session.project.graph.nodes["stage1"].repeat == 12
    grouped.undo()
    assert grouped.session.project.graph.nodes["stage1"].repeat == 1
    assert grouped.line("repeat").text() == ""
    assert grouped.line("repeat").placeholderText() == "1"


def test_a_group_is_repeated_by_an_expression(grouped: Hand) -> None:
    grouped.session.apply(SetVariables({"depth": 2}))
    grouped.select("stage1")
    grouped.type(grouped.line("repeat"), "2*depth", enter=True)
    assert grouped.session.project.graph.nodes["stage1"].repeat == "2*depth"


def test_what_is_no_number_of_repetitions_is_explained_and_taken_back(grouped: Hand) -> None:
    grouped.session.apply(SetRepeat("stage1", 3))
    grouped.select("stage1")
    for text in ("2*dept", "0", "1.5", "4000"):
        grouped.type(grouped.line("repeat"), text)
        message = grouped.find(QLabel, "repeat_message").text()
        assert "repeat" in message or "dept" in message
        assert "stays 3" in message
        assert grouped.session.project.graph.nodes["stage1"].repeat == 3
    grouped.bot.keyClick(grouped.line("repeat"), Qt.Key.Key_Return)
    assert grouped.line("repeat").text() == "3"
    assert not grouped.has(QLabel, "repeat_message")


def test_what_is_being_typed_survives_a_check(grouped: Hand) -> None:
    grouped.select("stage1")
    grouped.type(grouped.line("repeat"), "2*")
    grouped.session.check_again()
    grouped.check()
    assert grouped.line("repeat").text() == "2*"


def test_repetitions_may_all_have_the_same_weights(grouped: Hand) -> None:
    grouped.select("stage1")
    assert not grouped.has(QCheckBox, "tied")
    grouped.type(grouped.line("repeat"), "3", enter=True)
    grouped.find(QCheckBox, "tied").click()
    assert grouped.session.project.graph.nodes["stage1"].tied
    grouped.undo()
    assert not grouped.find(QCheckBox, "tied").isChecked()


def test_the_button_opens_the_group(grouped: Hand) -> None:
    grouped.select("stage1")
    grouped.press("open_group")
    assert grouped.session.path == ("stage1",)


def shared(grouped: Hand) -> None:
    grouped.session.apply(AddNodes((Node("again", "Linear"),)))
    grouped.session.apply(ShareLayer("again", "logits"))
    grouped.select("again")


def test_a_shared_layer_leads_to_its_owner_and_has_no_parameters(grouped: Hand) -> None:
    shared(grouped)
    assert grouped.says("Another call of “logits”")
    assert not grouped.form.findChildren(QToolButton, "fold_Weights")
    grouped.press("go_to_owner")
    assert grouped.session.selection == {"logits"}


def test_a_shared_layer_gets_weights_of_its_own(grouped: Hand) -> None:
    shared(grouped)
    grouped.press("own_weights")
    node = grouped.session.project.graph.nodes["again"]
    assert (node.shares, node.params) == ("", {"out_features": 3})
    assert grouped.line("out_features").text() == "3"


def test_a_long_name_of_the_owner_does_not_widen_the_form(grouped: Hand) -> None:
    shared(grouped)
    grouped.session.apply(Rename("logits", "a_rather_long_name_for_a_layer_of_logits"))
    assert "a_rather_long_name_for_a_layer_of_logits" in grouped.find(QPushButton, "go_to_owner").toolTip()
    assert grouped.form.minimumSizeHint().width() <= grouped.panel.viewport().width()


def test_a_switched_off_layer_says_so_and_is_switched_on(grouped: Hand) -> None:
    grouped.select("logits")
    assert not grouped.has(QPushButton, "switch_on")
    for mode, told in (("bypass", "Bypassed"), ("mute", "Muted")):
        grouped.session.apply(SetMode(frozenset({"logits"}), mode))  # type: ignore[arg-type]
        assert grouped.says(told)
        grouped.press("switch_on")
        assert grouped.session.project.graph.nodes["logits"].mode == ""
        assert not grouped.says(told)


def test_a_folded_section_tells_how_much_inside_is_set(grouped: Hand) -> None:
    grouped.select("logits")
    fold = grouped.find(QToolButton, "fold_Training")
    assert fold.text() == "Training"
    if fold.isChecked():
        fold.click()
    grouped.session.apply(SetParameters({"logits": {"frozen": True}}))
    assert fold.text() == "Training · 1 set"
    assert not fold.isChecked()
    grouped.undo()
    assert fold.text() == "Training"


def test_an_opened_fold_stays_open_for_other_layers(grouped: Hand) -> None:
    grouped.select("logits")
    fold = grouped.find(QToolButton, "fold_Weights")
    before = fold.isChecked()
    grouped.bot.keyClick(fold, Qt.Key.Key_Return)
    grouped.session.open_group("stage1")
    grouped.select("hidden")
    assert grouped.find(QToolButton, "fold_Weights").isChecked() is not before
    grouped.find(QToolButton, "fold_Weights").click()


def test_the_formula_and_the_derived_sizes_are_shown(grouped: Hand) -> None:
    grouped.select("logits")
    assert grouped.find(QLabel, "formula").text().startswith("y = ")
    assert "in_features" in grouped.texts()
    assert "4" in grouped.texts()


def activation(qtbot: QtBot, open_project: Open, kind: str) -> Hand:
    """Return a window with an activation that nothing is linked to."""
    project = iris()
    nodes = {**project.graph.nodes, "act": Node("act", kind)}
    hand = Hand(qtbot, open_project(replace(project, graph=Graph(nodes, project.graph.links))))
    hand.select("act")
    return hand


def lowest(hand: Hand) -> float:
    curve = hand.find(CurvePicture, "activation_curve").curve
    assert curve is not None
    return curve.y[0]


def test_the_curve_follows_the_slope(qtbot: QtBot, open_project: Open) -> None:
    hand = activation(qtbot, open_project, "LeakyReLU")
    assert abs(lowest(hand) + 0.04) < 1e-6
    hand.type(hand.line("negative_slope"), "0.5", enter=True)
    assert abs(lowest(hand) + 2.0) < 1e-6
    hand.undo()
    assert abs(lowest(hand) + 0.04) < 1e-6


def test_the_curve_follows_an_expression(qtbot: QtBot, open_project: Open) -> None:
    hand = activation(qtbot, open_project, "ELU")
    shallow = lowest(hand)
    hand.session.apply(SetVariables({"depth": 3}))
    hand.type(hand.line("alpha"), "depth", enter=True)
    assert abs(lowest(hand) - 3 * shallow) < 1e-5


def test_other_layers_have_no_curve(grouped: Hand) -> None:
    grouped.select("logits")
    assert not grouped.has(CurvePicture, "activation_curve")


def test_a_long_name_in_a_problem_does_not_widen_the_form(grouped: Hand) -> None:
    name = "an_attention_over_everything_that_arrives_here"
    grouped.session.apply(AddNodes((Node(name, "MultiheadAttention", {"num_heads": 1}),)))
    grouped.check()
    grouped.select(name)
    (button,) = grouped.form.findChildren(QPushButton, "fix_button")
    assert button.toolTip() == button.text() == f"Remove {name}"
    assert grouped.form.minimumSizeHint().width() <= grouped.panel.viewport().width()
