"""One form for many nodes, also of different kinds, in groups too; and the explanations of a group's parameters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.edits import AddNodes, SetMode, SetParameters, ShareLayer
from core.graph.project import Node, Project
from core.kinds import REQUIRED, Parameter, Value
from designer.properties.editors.base import Editor
from designer.properties.scope import common
from designer.window import Window
from tests.designer.properties.conftest import Hand
from tests.designer.shell.conftest import image_network

Open = Callable[[Project], Window]


@pytest.fixture
def mixed(qtbot: QtBot, open_project: Open) -> Hand:
    """Convolutions, a pooling layer and a Linear layer."""
    hand = Hand(qtbot, open_project(image_network()))
    pool = Node("pool", "MaxPool2d", {"kernel_size": 2})
    hand.session.apply_here(AddNodes((pool, Node("norm", "BatchNorm2d"))))
    hand.check()
    return hand


def value(hand: Hand, node: str, parameter: str) -> Value:
    return hand.session.view.graph.nodes[node].params.get(parameter)


def editors(hand: Hand) -> set[str]:
    return {each.objectName().removeprefix("editor_") for each in hand.form.findChildren(Editor)}


def test_what_different_kinds_have_in_common_is_set_on_all_as_one_step(mixed: Hand) -> None:
    mixed.select("conv1", "conv2", "pool")
    assert mixed.says("3 nodes")
    before, position = mixed.session.project, mixed.session.document.position
    assert mixed.line("kernel_size").placeholderText() == "several values"
    mixed.type(mixed.line("kernel_size"), "5", enter=True)
    assert [value(mixed, node, "kernel_size") for node in ("conv1", "conv2", "pool")] == [5, 5, 5]
    assert mixed.session.document.position == position + 1
    assert "out_channels" not in editors(mixed)
    mixed.undo()
    assert mixed.session.project == before
    assert mixed.line("kernel_size").text() == ""


def test_a_default_that_differs_by_kind_is_kept_for_each(mixed: Hand) -> None:
    mixed.select("conv1", "pool")
    assert mixed.line("stride").placeholderText() == "several values"
    assert not mixed.has(QToolButton, "reset_stride")
    mixed.type(mixed.line("stride"), "1", enter=True)
    assert (value(mixed, "conv1", "stride"), value(mixed, "pool", "stride")) == (None, 1)
    mixed.bot.mouseClick(mixed.find(QToolButton, "reset_stride"), Qt.MouseButton.LeftButton)
    assert "stride" not in mixed.session.project.graph.nodes["pool"].params


def test_what_one_of_the_kinds_refuses_is_set_on_none(mixed: Hand) -> None:
    mixed.session.apply_here(AddNodes((Node("line", "Conv1d", {"out_channels": 2, "kernel_size": 3}),)))
    mixed.select("conv1", "line")
    mixed.type(mixed.line("kernel_size"), "3, 5")
    assert "kernel_size" in mixed.find(QLabel, "message_kernel_size").text()
    assert (value(mixed, "conv1", "kernel_size"), value(mixed, "line", "kernel_size")) == (3, 3)


def test_the_kinds_are_listed_and_a_click_selects_only_those(mixed: Hand) -> None:
    mixed.select("conv1", "conv2", "linear1")
    assert mixed.says("conv1, conv2")
    assert mixed.says("Further: out_channels")
    mixed.bot.mouseClick(mixed.find(QToolButton, "only_Conv2d"), Qt.MouseButton.LeftButton)
    assert mixed.session.selection == {"conv1", "conv2"}
    assert "out_channels" in editors(mixed)


def test_kinds_without_anything_in_common_say_so(mixed: Hand) -> None:
    mixed.session.apply_here(AddNodes((Node("odd", "Nonesuch"),)))
    mixed.select("conv1", "odd")
    assert mixed.says("no parameter in common")
    assert mixed.has(QToolButton, "only_Nonesuch")
    assert not editors(mixed)


def test_a_box_is_ticked_for_different_kinds(mixed: Hand) -> None:
    mixed.session.apply_here(SetParameters({"linear1": {"bias": False}}))
    mixed.select("conv1", "linear1")
    box = mixed.find(Editor, "editor_bias").findChild(QCheckBox)
    assert isinstance(box, QCheckBox)
    assert box.checkState() is Qt.CheckState.PartiallyChecked
    box.click()
    assert (value(mixed, "conv1", "bias"), value(mixed, "linear1", "bias")) == (None, None)


def test_all_are_set_back_at_once_on_every_node(mixed: Hand) -> None:
    mixed.session.apply_here(SetParameters({"conv1": {"bias": False}, "linear1": {"frozen": True}}))
    before = mixed.session.project
    mixed.select("conv1", "linear1")
    mixed.bot.mouseClick(mixed.find(QToolButton, "reset_all"), Qt.MouseButton.LeftButton)
    assert (value(mixed, "conv1", "bias"), value(mixed, "linear1", "frozen")) == (None, None)
    mixed.undo()
    assert mixed.session.project == before


def test_another_call_of_a_layer_is_edited_through_its_owner(mixed: Hand) -> None:
    mixed.session.apply_here(AddNodes((Node("again", "Linear"),)))
    mixed.session.apply_here(ShareLayer("again", "linear1"))
    mixed.select("again", "linear1")
    mixed.type(mixed.line("out_features"), "12", enter=True)
    assert value(mixed, "linear1", "out_features") == 12
    assert value(mixed, "again", "out_features") is None


def test_nodes_that_are_off_are_named_and_switched_on_as_one_step(mixed: Hand) -> None:
    mixed.session.apply_here(SetMode(frozenset({"conv2"}), "bypass"))
    mixed.session.apply_here(SetMode(frozenset({"pool"}), "mute"))
    before = mixed.session.project
    mixed.select("conv1", "conv2", "pool")
    assert mixed.says("1 of 3 bypassed: conv2.")
    assert mixed.says("1 of 3 muted: pool.")
    mixed.press("switch_on")
    assert not mixed.says("bypassed")
    assert all(not node.mode for node in mixed.session.project.graph.nodes.values())
    mixed.undo()
    assert mixed.session.project == before
    assert mixed.says("bypassed")


def test_different_kinds_inside_a_group_are_edited_there(grouped: Hand) -> None:
    grouped.session.open_group("stage1")
    grouped.session.apply_here(AddNodes((Node("drop", "Dropout"), Node("drop2", "Dropout2d"))))
    grouped.select("drop", "drop2")
    grouped.type(grouped.line("p"), "0.25", enter=True)
    assert (grouped.inside("drop")["p"], grouped.inside("drop2")["p"]) == (0.25, 0.25)
    grouped.session.go_to(())
    grouped.undo()
    assert "p" not in grouped.inside("drop")
    assert "p" not in grouped.inside("drop2")


def test_common_parameters_have_the_bounds_words_and_needs_of_all() -> None:
    one = Parameter("size", "int", 1, minimum=0, maximum=10)
    other = Parameter("size", "int", minimum=2, maximum=20)
    (both,) = common([(one, Parameter("only", "int", 1)), (other,)])
    assert (both.minimum, both.maximum, both.default) == (2, 10, REQUIRED)
    words = Parameter("mode", "choice", "a", choices=("a", "b")), Parameter("mode", "choice", "b", choices=("b", "c"))
    (mode,) = common([[words[0]], [words[1]]])
    assert mode.choices == ("b",)
    assert common([[one], [Parameter("size", "float", 1.0)]]) == ()


def test_the_explanation_of_a_group_parameter_is_written_in_the_form(grouped: Hand) -> None:
    grouped.session.open_group("stage1")
    field = grouped.find(QLineEdit, "number_help")
    assert field.text() == "How many features."
    grouped.type(field, "Channels that leave.", enter=True)
    (parameter,) = grouped.session.project.groups["Hidden"].parameters
    assert (parameter.help, parameter.default) == ("Channels that leave.", 4)
    grouped.undo()
    assert grouped.find(QLineEdit, "number_help").text() == "How many features."
    grouped.type(field, "Nonsense")
    grouped.bot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "How many features."
    grouped.session.go_to(())
    grouped.select("stage1")
    assert "How many features." in grouped.find(Editor, "editor_size").toolTip()


def test_variables_of_the_project_have_no_explanation(grouped: Hand) -> None:
    assert not grouped.has(QLineEdit, "number_help")
