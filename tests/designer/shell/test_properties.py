"""Editing the selection: every type of parameter, several nodes at once, names, variables, and undo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QListWidget, QTableWidget, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from core.kinds import Value
from designer.properties.editors.base import Editor
from designer.properties.editors.metrics import MetricsEditor
from designer.properties.editors.typed import TypedEditor
from designer.properties.node_form import NodeForm
from designer.session import Session
from designer.window import Window
from tests.designer.shell.conftest import image_network, iris

Open = Callable[[Project], Window]


class Form:
    """The properties of a selection, to be found and typed into."""

    def __init__(self, bot: QtBot, window: Window, *names: str) -> None:
        assert window.workspace is not None
        self.bot = bot
        self.window = window
        self.session: Session = window.workspace.session
        self.session.select(names)
        self.panel = window.workspace.properties

    def find(self, kind: type[QWidget], name: str) -> QWidget:
        assert self.panel.form is not None
        found = self.panel.form.findChild(kind, name)
        assert isinstance(found, QWidget), name
        return found

    def line(self, parameter: str) -> QLineEdit:
        editor = self.find(Editor, f"editor_{parameter}")
        assert isinstance(editor, TypedEditor)
        return editor.line

    def type(self, parameter: str, text: str) -> None:
        line = self.line(parameter)
        line.selectAll()
        self.bot.keyClick(line, Qt.Key.Key_Delete)
        self.bot.keyClicks(line, text)

    def leave(self, parameter: str) -> None:
        self.bot.keyClick(self.line(parameter), Qt.Key.Key_Return)

    def message(self, parameter: str) -> str:
        label = self.find(QLabel, f"message_{parameter}")
        assert isinstance(label, QLabel)
        return label.text() if not label.isHidden() else ""

    def value(self, parameter: str, node: str = "") -> Value:
        name = node or next(iter(self.session.selection))
        return self.session.project.graph.nodes[name].params.get(parameter)


@pytest.fixture
def form(qtbot: QtBot, open_project: Open) -> Form:
    return Form(qtbot, open_project(image_network()), "conv1")


def test_each_keystroke_is_applied_and_a_whole_entry_is_one_undo_step(form: Form) -> None:
    form.type("out_channels", "48")
    assert form.value("out_channels") == 48
    form.leave("out_channels")
    form.session.document.undo()
    assert form.value("out_channels") == 4
    assert form.line("out_channels").text() == "4"


def test_a_value_out_of_range_is_explained_beside_the_field_and_not_applied(form: Form) -> None:
    form.type("kernel_size", "0")
    assert "kernel_size" in form.message("kernel_size")
    assert form.value("kernel_size") != 0
    form.type("kernel_size", "5")
    assert form.message("kernel_size") == ""
    assert form.value("kernel_size") == 5


def test_sizes_for_each_dimension_are_read(form: Form) -> None:
    form.type("kernel_size", "3, 5")
    assert form.value("kernel_size") == (3, 5)


def test_an_expression_over_a_variable_is_kept_and_an_unknown_name_is_explained(form: Form) -> None:
    form.type("out_channels", "2*width")
    assert form.value("out_channels") == "2*width"
    form.type("out_channels", "2*widht")
    assert "width" in form.message("out_channels")
    assert "stays" in form.message("out_channels")
    assert form.value("out_channels") == 4


def test_what_is_refused_leaves_the_value_from_before_the_entry(form: Form) -> None:
    form.type("out_channels", "12 cats")
    assert form.message("out_channels")
    assert form.value("out_channels") == 4
    assert form.session.document.undo_label is None


def test_the_arrow_keys_step_a_number(form: Form) -> None:
    form.bot.keyClick(form.line("out_channels").parentWidget(), Qt.Key.Key_Up)
    assert form.value("out_channels") == 5


def test_an_emptied_field_goes_back_to_the_default_and_so_does_the_button(form: Form) -> None:
    form.type("padding", "2")
    assert form.value("padding") == 2
    form.type("padding", "")
    assert "padding" not in form.session.project.graph.nodes["conv1"].params
    form.type("padding", "2")
    reset = form.find(QToolButton, "reset_padding")
    assert reset.isVisibleTo(form.panel)
    form.bot.mouseClick(reset, Qt.MouseButton.LeftButton)
    assert "padding" not in form.session.project.graph.nodes["conv1"].params
    assert form.line("padding").text() == ""
    assert form.line("padding").placeholderText() == "0"


def test_a_boolean_is_ticked(form: Form) -> None:
    box = form.find(Editor, "editor_bias").findChild(QCheckBox)
    assert isinstance(box, QCheckBox)
    assert box.isChecked()
    box.click()
    assert form.value("bias") is False
    form.session.document.undo()
    assert box.isChecked()


def test_a_choice_is_made(form: Form) -> None:
    box = form.find(Editor, "editor_padding_mode").findChild(QComboBox)
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(box.findText("reflect"))
    box.activated.emit(box.currentIndex())
    assert form.value("padding_mode") == "reflect"
    form.session.document.undo()
    assert box.currentText() == "zeros"


def test_a_number_with_a_fraction(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(iris()), "species")
    form.type("loss_weight", "0.5")
    assert form.value("loss_weight") == 0.5
    form.leave("loss_weight")
    form.type("loss_weight", "-1")
    assert form.message("loss_weight")
    assert form.value("loss_weight") == 0.5


def test_fields_are_ticked_off(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(iris()), "flower")
    fields = form.find(Editor, "editor_fields").findChild(QListWidget)
    assert isinstance(fields, QListWidget)
    before = form.value("fields")
    assert fields.count() == len(before) == 4
    fields.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert form.value("fields") == (before[0], *before[2:])
    form.session.document.undo()
    assert form.value("fields") == before
    assert fields.item(1).checkState() is Qt.CheckState.Checked


def test_the_loss_says_what_automatic_comes_to(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(iris()), "species")
    box = form.find(Editor, "editor_loss").findChild(QComboBox)
    assert isinstance(box, QComboBox)
    assert "ross-entropy" in box.currentText()
    target = form.find(Editor, "editor_target").findChild(QComboBox)
    assert isinstance(target, QComboBox)
    assert target.currentText().startswith("species")


def test_metrics_and_automatic_exclude_each_other(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(iris()), "species")
    editor = form.find(Editor, "editor_metrics")
    assert isinstance(editor, MetricsEditor)
    editor.box.fill()
    automatic, metric, *_others = editor.box.list.items()
    metric.setCheckState(0, Qt.CheckState.Checked)
    assert form.value("metrics") == (metric.data(0, Qt.ItemDataRole.UserRole),)
    automatic.setCheckState(0, Qt.CheckState.Checked)
    assert form.value("metrics") is None


def test_several_nodes_of_one_kind_are_edited_together(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(image_network()), "conv1", "conv2")
    assert form.line("out_channels").placeholderText() == "several values"
    form.type("out_channels", "6")
    assert form.value("out_channels", "conv1") == form.value("out_channels", "conv2") == 6
    form.leave("out_channels")
    form.session.document.undo()
    assert (form.value("out_channels", "conv1"), form.value("out_channels", "conv2")) == (4, 8)


def test_nodes_of_different_kinds_are_edited_by_what_they_have_in_common(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(image_network()), "conv1", "linear1")
    assert isinstance(form.find(Editor, "editor_bias"), Editor)
    assert not form.panel.findChildren(Editor, "editor_kernel_size")
    assert any("2 nodes" in label.text() for label in form.panel.findChildren(QLabel))


def test_a_name_is_judged_while_typing_and_given_on_enter(form: Form) -> None:
    name = form.find(QLineEdit, "node_name")
    assert isinstance(name, QLineEdit)
    message = form.find(QLabel, "node_name_message")
    name.selectAll()
    form.bot.keyClicks(name, "linear1")
    assert isinstance(message, QLabel)
    assert "already" in message.text()
    assert message.isVisibleTo(form.panel)
    name.selectAll()
    form.bot.keyClicks(name, "first")
    form.bot.keyClick(name, Qt.Key.Key_Return)
    assert "first" in form.session.project.graph.nodes
    assert form.session.selection == {"first"}
    form.session.document.undo()
    assert form.session.selection == {"conv1"}


def test_derived_parameters_and_shapes_are_shown(form: Form) -> None:
    texts = {label.text() for label in form.panel.findChildren(QLabel)}
    assert "N × 1 × 8 × 8" in texts
    assert "N × 4 × 6 × 6" in texts
    assert isinstance(form.panel.form, NodeForm)
    assert "in_channels" in texts


def test_undo_in_a_field_is_the_undo_of_the_document(form: Form) -> None:
    form.type("out_channels", "12")
    form.leave("out_channels")
    form.type("padding", "1")
    line = form.line("padding")
    line.setFocus()
    keys = QKeySequence(QKeySequence.StandardKey.Undo)[0]
    form.bot.keyClick(line, keys.key(), keys.keyboardModifiers())
    assert form.value("padding") is None
    assert form.value("out_channels") == 12


def test_the_project_is_described_and_its_variables_are_edited(qtbot: QtBot, open_project: Open) -> None:
    form = Form(qtbot, open_project(image_network()))
    name = form.find(QLineEdit, "project_name")
    assert isinstance(name, QLineEdit)
    name.selectAll()
    qtbot.keyClicks(name, "Cats")
    assert form.session.project.name == "Cats"
    form.session.document.undo()
    assert form.session.project.name == "Images"
    table = form.find(QTableWidget, "numbers_table")
    assert isinstance(table, QTableWidget)
    cell = table.item(0, 1)
    assert cell is not None
    cell.setText("24")
    assert form.session.project.variables == {"width": 24}
    again = table.item(0, 1)
    assert again is not None
    again.setText("many")
    message = form.find(QLabel, "numbers_message")
    assert isinstance(message, QLabel)
    assert "must be a number" in message.text()
    assert form.session.project.variables == {"width": 24}
