"""The forms of what is inside a group: layers, ports, and the group itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton, QToolButton

from core.graph.edits import (
    AddNodes,
    GroupNodes,
    RenameGroup,
    SetGroupWeights,
    SetParameters,
    SetVariables,
    Within,
)
from core.graph.project import End, Node
from designer.problems.row import ProblemRow
from designer.properties.editors.base import Editor
from designer.properties.numbers import NumbersTable
from tests.designer.properties.conftest import Hand
from tests.designer.shell.conftest import Hands


@pytest.fixture
def inside(grouped: Hand) -> Hand:
    """The group Hidden, opened."""
    grouped.session.open_group("stage1")
    return grouped


def port(hand: Hand, kind: str) -> str:
    return hand.session.view.graph.of_kind(kind)[0].name


def test_a_layer_inside_is_edited_in_the_group_and_undone_from_outside(inside: Hand) -> None:
    inside.select("hidden")
    inside.type(inside.line("out_features"), "6", enter=True)
    assert inside.inside("hidden")["out_features"] == 6
    inside.session.go_to(())
    inside.undo()
    assert inside.inside("hidden")["out_features"] == "size"
    assert inside.session.path == ()


def test_expressions_inside_may_use_the_parameters_of_the_group_but_nothing_unknown(inside: Hand) -> None:
    inside.select("hidden")
    line = inside.line("out_features")
    inside.type(line, "2*size", enter=True)
    assert inside.inside("hidden")["out_features"] == "2*size"
    inside.type(line, "2*sizes")
    assert inside.says("sizes")
    assert inside.inside("hidden")["out_features"] == "2*size"


def test_several_layers_inside_are_edited_together(inside: Hand) -> None:
    inside.session.apply_here(AddNodes((Node("more", "Linear", {"out_features": 3}),)))
    inside.select("hidden", "more")
    assert inside.line("out_features").placeholderText() == "several values"
    inside.type(inside.line("out_features"), "7", enter=True)
    assert (inside.inside("hidden")["out_features"], inside.inside("more")["out_features"]) == (7, 7)
    inside.undo()
    assert (inside.inside("hidden")["out_features"], inside.inside("more")["out_features"]) == ("size", 3)


@pytest.mark.parametrize(("kind", "told"), [("Input", "arrives here"), ("Output", "leaves the group")])
def test_a_port_has_a_name_and_nothing_of_the_data(inside: Hand, kind: str, told: str) -> None:
    inside.select(port(inside, kind))
    assert inside.says(told)
    assert not inside.form.findChildren(Editor)
    assert "every use" in inside.find(QLineEdit, "node_name").toolTip().lower()


def test_renaming_a_port_keeps_the_links_of_every_use(inside: Hand) -> None:
    session = inside.session
    session.apply(
        AddNodes((Node("stage2", "group:Hidden"),), ((End("flower", "output"), End("stage2", port(inside, "Input"))),))
    )
    inside.select(port(inside, "Input"))
    inside.type(inside.find(QLineEdit, "node_name"), "features", enter=True)
    for use in ("stage1", "stage2"):
        assert session.project.graph.links[End(use, "features")] == End("flower", "output")
    assert session.selection == {"features"}
    inside.check()
    assert not [each for each in session.report.problems if each.node == "stage1"]  # type: ignore[union-attr]


def test_the_group_is_renamed_and_a_bad_name_is_explained_and_taken_back(inside: Hand) -> None:
    field = inside.find(QLineEdit, "group_name")
    inside.type(field, "two words", enter=True)
    assert inside.says("two words")
    assert set(inside.session.project.groups) == {"Hidden"}
    assert inside.find(QLineEdit, "group_name").text() == "Hidden"
    inside.type(inside.find(QLineEdit, "group_name"), "Gate", enter=True)
    assert set(inside.session.project.groups) == {"Gate"}
    assert inside.session.project.graph.nodes["stage1"].kind == "group:Gate"
    assert inside.session.path == ("stage1",)
    assert inside.find(QLineEdit, "group_name").text() == "Gate"
    inside.undo()
    assert inside.find(QLineEdit, "group_name").text() == "Hidden"


def test_a_name_that_is_being_typed_when_another_group_is_opened_does_not_rename_that(inside: Hand) -> None:
    inside.session.apply_here(GroupNodes(frozenset({"relu1"}), "Gate", "gate1"))
    field = inside.find(QLineEdit, "group_name")
    field.setFocus()
    inside.bot.waitUntil(field.hasFocus)
    inside.type(field, "Renamed")
    inside.session.open_group("gate1")
    inside.bot.waitUntil(lambda: not field.hasFocus())
    assert inside.session.group == "Gate"
    assert set(inside.session.project.groups) == {"Renamed", "Gate"}


def test_the_explanation_is_written_as_one_step(inside: Hand) -> None:
    field = inside.find(QPlainTextEdit, "group_help")
    inside.bot.keyClicks(field, "Learns features")
    assert inside.session.project.groups["Hidden"].help == "Learns features"
    inside.undo()
    assert inside.session.project.groups["Hidden"].help == ""
    assert field.toPlainText() == ""


def test_parameters_are_listed_with_default_and_use(inside: Hand) -> None:
    assert [inside.cell(0, column) for column in range(3)] == ["size", "4", "hidden.out_features"]
    header = inside.table().horizontalHeaderItem(1)
    assert header is not None
    assert header.text() == "default"
    inside.set_cell(0, 1, "8")
    assert inside.session.project.groups["Hidden"].parameters[0].default == 8
    inside.session.go_to(())
    inside.select("stage1")
    assert inside.line("size").placeholderText() == "8"


def test_a_new_name_of_a_parameter_is_followed_inside_and_by_every_use(inside: Hand) -> None:
    inside.session.apply(SetParameters({"stage1": {"size": 9}}))
    inside.set_cell(0, 0, "features")
    (parameter,) = inside.session.project.groups["Hidden"].parameters
    assert (parameter.name, parameter.help) == ("features", "How many features.")
    assert inside.inside("hidden")["out_features"] == "features"
    assert inside.session.project.graph.nodes["stage1"].params == {"features": 9}
    inside.undo()
    assert inside.cell(0, 0) == "size"
    assert inside.inside("hidden")["out_features"] == "size"


@pytest.mark.parametrize(("text", "told"), [("2x", "2x"), ("frozen", "frozen"), ("", "name")])
def test_a_name_that_a_parameter_cannot_have_is_explained(inside: Hand, text: str, told: str) -> None:
    inside.set_cell(0, 0, text)
    assert told in inside.find(QLabel, "numbers_message").text()
    assert inside.cell(0, 0) == "size"


def test_a_parameter_is_added_and_removed_again(inside: Hand) -> None:
    inside.bot.mouseClick(inside.find(QToolButton, "add_number"), Qt.MouseButton.LeftButton)
    assert [each.name for each in inside.session.project.groups["Hidden"].parameters] == ["size", "channels"]
    inside.bot.keyClick(inside.table().viewport(), Qt.Key.Key_Escape)
    inside.table().setCurrentCell(1, 2)
    inside.bot.mouseClick(inside.find(QToolButton, "remove_number"), Qt.MouseButton.LeftButton)
    assert [each.name for each in inside.session.project.groups["Hidden"].parameters] == ["size"]


def test_a_used_parameter_is_removed_only_when_asked_twice(inside: Hand) -> None:
    inside.table().setCurrentCell(0, 1)
    inside.bot.mouseClick(inside.find(QToolButton, "remove_number"), Qt.MouseButton.LeftButton)
    assert "hidden.out_features" in inside.find(QLabel, "numbers_message").text()
    assert inside.session.project.groups["Hidden"].parameters
    inside.press("remove_anyway")
    assert inside.session.project.groups["Hidden"].parameters == ()
    assert not inside.has(QPushButton, "remove_anyway")
    inside.undo()
    assert inside.cell(0, 0) == "size"


def test_a_click_on_where_it_is_used_goes_there(inside: Hand) -> None:
    inside.click_cell(0, 2)
    assert inside.session.path == ("stage1",)
    assert inside.session.selection == {"hidden"}


def test_a_variable_says_where_it_is_used_and_a_click_opens_the_group(grouped: Hand) -> None:
    session = grouped.session
    session.apply(SetVariables({"width": 5, "spare": 1}))
    session.apply(Within("Hidden", SetParameters({"hidden": {"out_features": "width"}})))
    assert grouped.cell(0, 2) == "Hidden / hidden.out_features"
    assert grouped.cell(1, 2) == "–"
    grouped.click_cell(0, 2)
    assert session.path == ("stage1",)
    assert session.selection == {"hidden"}


def test_where_a_variable_is_used_in_several_places_one_is_chosen(grouped: Hand) -> None:
    session = grouped.session
    session.apply(SetVariables({"width": 3}))
    session.apply(SetParameters({"logits": {"out_features": "width"}, "stage1": {"size": "width"}}))
    assert grouped.cell(0, 2) == "2 places"
    item = grouped.table().item(0, 2)
    assert item is not None
    assert item.toolTip() == "logits.out_features\nstage1.size"
    menu = grouped.form.findChildren(NumbersTable)[0].places_menu("width")
    assert [action.text() for action in menu.actions()] == ["logits.out_features", "stage1.size"]
    menu.actions()[1].trigger()
    assert session.selection == {"stage1"}


def test_removing_a_used_variable_warns_and_renaming_one_keeps_its_uses(grouped: Hand) -> None:
    session = grouped.session
    session.apply(SetVariables({"width": 3}))
    session.apply(SetParameters({"logits": {"out_features": "width"}}))
    session.apply(Within("Hidden", SetParameters({"hidden": {"out_features": "2*width"}})))
    grouped.set_cell(0, 0, "classes")
    assert session.project.graph.nodes["logits"].params["out_features"] == "classes"
    assert grouped.inside("hidden")["out_features"] == "2*classes"
    grouped.table().setCurrentCell(0, 0)
    grouped.table().setFocus()
    grouped.bot.waitUntil(grouped.table().hasFocus)
    grouped.bot.keyClick(grouped.table(), Qt.Key.Key_Delete)
    assert "1 more" in grouped.find(QLabel, "numbers_message").text()
    assert session.project.variables == {"classes": 3}
    grouped.press("remove_anyway")
    assert session.project.variables == {}


def test_trained_weights_are_chosen_and_left_again(inside: Hand, hands: Hands, tmp_path: Path) -> None:
    beside = tmp_path / "weights.safetensors"
    beside.write_bytes(b"")
    hands.choose(beside)
    inside.press("choose_weights")
    assert inside.session.project.groups["Hidden"].weights == "weights.safetensors"
    assert inside.find(QLabel, "group_weights").text() == "weights.safetensors"
    inside.press("start_fresh")
    assert inside.session.project.groups["Hidden"].weights == ""
    assert not inside.has(QPushButton, "start_fresh")


def test_a_long_path_of_weights_does_not_widen_the_form(inside: Hand) -> None:
    path = "/home/someone/a-folder-with-a-rather-long-name/another-such-folder/and-a-file-of-trained.safetensors"
    inside.session.apply(SetGroupWeights("Hidden", path))
    label = inside.find(QLabel, "group_weights")
    assert (label.text(), label.toolTip()) == ("and-a-file-of-trained.safetensors", path)
    assert inside.form.minimumSizeHint().width() <= inside.panel.viewport().width()


def test_a_file_of_weights_that_is_not_there_is_told_before_training_starts(grouped: Hand) -> None:
    grouped.session.apply(SetGroupWeights("Hidden", "gone.safetensors"))
    grouped.check()
    grouped.select("stage1")
    (row,) = grouped.form.findChildren(ProblemRow)
    assert "there is no such file" in row.problem.message
    row.findChild(QPushButton, "fix_button").click()  # type: ignore[union-attr]
    assert grouped.session.project.groups["Hidden"].weights == ""


def test_a_problem_inside_is_shown_with_its_place_at_the_group(grouped: Hand) -> None:
    grouped.session.apply(Within("Hidden", SetParameters({"hidden": {"out_features": 0}})))
    grouped.check()
    grouped.select("stage1")
    (row,) = grouped.form.findChildren(ProblemRow)
    assert "stage1 / hidden.out_features" in [label.text() for label in row.findChildren(QLabel)]
    grouped.bot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert grouped.session.path == ("stage1",)


def test_renaming_the_group_elsewhere_is_followed(inside: Hand) -> None:
    inside.session.apply(RenameGroup("Hidden", "Dense"))
    assert inside.find(QLineEdit, "group_name").text() == "Dense"
