"""Entering numbers by key, wheel and drag, expressions with their value and names, and taking an entry back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.graph.edits import AddNodes, SetParameters, SetVariables
from core.graph.project import Node, Project
from core.kinds import Value
from designer.properties.editors.base import QuietSpinBox
from designer.properties.editors.completion import NameList
from designer.properties.label import ParameterLabel
from designer.window import Window
from tests.designer.properties.conftest import Hand
from tests.designer.shell.conftest import image_network

Open = Callable[[Project], Window]
_NONE = Qt.KeyboardModifier.NoModifier


class Fields(Hand):
    """The fields of a form, and what they set."""

    def value(self, parameter: str, node: str = "conv1") -> Value:
        return self.session.view.graph.nodes[node].params.get(parameter)

    def box(self, parameter: str) -> QuietSpinBox:
        box = self.line(parameter).parentWidget()
        assert isinstance(box, QuietSpinBox)
        return box

    def enter(self, parameter: str) -> QuietSpinBox:
        box = self.box(parameter)
        box.setFocus()
        self.bot.waitUntil(box.hasFocus)
        return box

    def key(self, parameter: str, key: Qt.Key, modifier: Qt.KeyboardModifier = _NONE) -> None:
        self.bot.keyClick(self.box(parameter), key, modifier)

    def label(self, parameter: str) -> ParameterLabel:
        return next(each for each in self.form.findChildren(ParameterLabel) if each.text() == parameter)

    def drag(self, parameter: str, *ways: int, modifier: Qt.KeyboardModifier = _NONE, release: bool = True) -> None:
        """Drag the name of a parameter through these distances from where the button was pressed, in pixels."""
        label = self.label(parameter)
        start = QPointF(label.rect().center())
        kind, left = QMouseEvent.Type, Qt.MouseButton.LeftButton
        self._mouse(label, kind.MouseButtonPress, start, left, modifier)
        for way in ways:
            self._mouse(label, kind.MouseMove, start + QPointF(way, 0), left, modifier)
        if release:
            self._mouse(label, kind.MouseButtonRelease, start + QPointF(ways[-1], 0), Qt.MouseButton.NoButton, modifier)

    @staticmethod
    def _mouse(
        widget: QWidget,
        kind: QMouseEvent.Type,
        at: QPointF,
        held: Qt.MouseButton,
        modifier: Qt.KeyboardModifier,
    ) -> None:
        button = Qt.MouseButton.NoButton if kind == QMouseEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        QApplication.sendEvent(widget, QMouseEvent(kind, at, widget.mapToGlobal(at), button, held, modifier))

    def turn(self, box: QuietSpinBox, angle: int) -> None:
        """Turn the wheel over a field; 120 is one notch."""
        at = QPointF(box.rect().center())
        turn = QPoint(0, angle)
        event = QWheelEvent(
            at,
            box.mapToGlobal(at),
            QPoint(),
            turn,
            Qt.MouseButton.NoButton,
            _NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, event)

    def names(self) -> list[str]:
        lists = [each for each in self.window.findChildren(NameList) if each.isVisible()]
        return [each.item(row).text() for each in lists for row in range(each.count())]

    def result(self, parameter: str) -> str:
        editor = self.line(parameter).parentWidget().parentWidget()
        label = editor.findChild(QLabel, "result")
        assert isinstance(label, QLabel)
        return label.text() if label.isVisibleTo(self.panel) else ""

    def steps(self) -> int:
        return self.session.document.position


@pytest.fixture
def conv(qtbot: QtBot, open_project: Open) -> Fields:
    """Two convolutions, the first of which is selected; there is a variable width = 16."""
    hand = Fields(qtbot, open_project(image_network()))
    hand.select("conv1")
    return hand


def test_a_drag_on_the_name_is_one_step(conv: Fields) -> None:
    before = conv.session.project
    conv.drag("out_channels", 8, 20, 40)
    assert conv.value("out_channels") == 14
    assert conv.line("out_channels").text() == "14"
    assert conv.steps() == 1
    conv.undo()
    assert conv.session.project == before
    conv.session.document.redo()
    assert conv.value("out_channels") == 14


def test_a_drag_goes_coarser_with_ctrl_and_finer_with_shift(conv: Fields) -> None:
    conv.drag("out_channels", 40, modifier=Qt.KeyboardModifier.ControlModifier)
    assert conv.value("out_channels") == 104
    conv.drag("out_channels", 40, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert conv.value("out_channels") == 105


def test_a_drag_stays_within_the_bounds(conv: Fields) -> None:
    conv.drag("out_channels", -400)
    assert conv.value("out_channels") == 1
    assert not conv.has(QLabel, "message_out_channels")


def test_a_drag_that_is_given_up_leaves_nothing(conv: Fields) -> None:
    before = conv.session.project
    conv.drag("out_channels", 8, 40, release=False)
    assert conv.value("out_channels") == 14
    conv.bot.keyClick(conv.label("out_channels"), Qt.Key.Key_Escape)
    assert conv.session.project == before
    assert conv.line("out_channels").text() == "4"
    assert conv.steps() == 0


def test_a_drag_back_to_where_it_began_leaves_no_step(conv: Fields) -> None:
    conv.drag("out_channels", 40, 0)
    assert conv.value("out_channels") == 4
    assert conv.steps() == 0


def test_two_drags_are_two_steps(conv: Fields) -> None:
    conv.drag("out_channels", 8)
    conv.drag("out_channels", 8)
    assert conv.steps() == 2


def test_a_drag_moves_a_fraction_by_a_tenth_of_its_first_digit(conv: Fields) -> None:
    conv.session.apply_here(AddNodes((Node("drop", "Dropout", {"p": 0.2}),)))
    conv.select("drop")
    conv.drag("p", 20)
    assert conv.value("p", "drop") == 0.25
    conv.drag("p", 4000)
    assert conv.value("p", "drop") == 1.0


def test_a_drag_on_several_values_moves_each_by_the_same(conv: Fields) -> None:
    conv.select("conv1", "conv2")
    conv.drag("out_channels", 8, 12)
    assert (conv.value("out_channels"), conv.value("out_channels", "conv2")) == (7, 11)
    assert conv.line("out_channels").placeholderText() == "several values"
    assert conv.steps() == 1
    conv.undo()
    assert (conv.value("out_channels"), conv.value("out_channels", "conv2")) == (4, 8)


def test_arrows_step_by_one_pages_by_ten_and_alt_by_two_times(conv: Fields) -> None:
    conv.enter("out_channels")
    for key, modifier, expected in (
        (Qt.Key.Key_Up, _NONE, 5),
        (Qt.Key.Key_PageUp, _NONE, 15),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier, 30),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier, 15),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier, 7),
        (Qt.Key.Key_PageDown, _NONE, 1),
        (Qt.Key.Key_Down, _NONE, 1),
    ):
        conv.key("out_channels", key, modifier)
        assert conv.value("out_channels") == expected


def test_sizes_for_each_dimension_are_doubled_each(conv: Fields) -> None:
    conv.type(conv.line("kernel_size"), "1, 2", enter=True)
    conv.key("kernel_size", Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert conv.value("kernel_size") == (2, 4)


def test_several_values_step_each_from_its_own(conv: Fields) -> None:
    conv.select("conv1", "conv2")
    conv.enter("out_channels")
    conv.key("out_channels", Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert (conv.value("out_channels"), conv.value("out_channels", "conv2")) == (8, 16)
    conv.key("out_channels", Qt.Key.Key_Up)
    assert (conv.value("out_channels"), conv.value("out_channels", "conv2")) == (9, 17)
    conv.key("out_channels", Qt.Key.Key_Escape)
    assert (conv.value("out_channels"), conv.value("out_channels", "conv2")) == (4, 8)


def test_the_wheel_steps_only_in_a_field_that_has_the_keyboard(conv: Fields) -> None:
    box = conv.box("out_channels")
    conv.turn(box, 120)
    assert conv.value("out_channels") == 4
    conv.enter("out_channels")
    conv.turn(box, 60)
    assert conv.value("out_channels") == 4
    conv.turn(box, 60)
    conv.turn(box, 120)
    assert conv.value("out_channels") == 6
    conv.key("out_channels", Qt.Key.Key_Return)
    assert conv.steps() == 1


def test_esc_puts_back_what_was_there_and_leaves_no_step(conv: Fields) -> None:
    before = conv.session.project
    conv.enter("out_channels")
    conv.type(conv.line("out_channels"), "48")
    assert conv.value("out_channels") == 48
    conv.key("out_channels", Qt.Key.Key_Escape)
    assert conv.session.project == before
    assert conv.line("out_channels").text() == "4"
    assert conv.steps() == 0
    assert conv.box("out_channels").hasFocus()


def test_esc_takes_back_what_is_no_value(conv: Fields) -> None:
    conv.enter("out_channels")
    conv.type(conv.line("out_channels"), "12 cats")
    assert conv.has(QLabel, "message_out_channels")
    conv.key("out_channels", Qt.Key.Key_Escape)
    assert conv.line("out_channels").text() == "4"
    assert not conv.has(QLabel, "message_out_channels")


def test_enter_confirms_and_stays(conv: Fields) -> None:
    box = conv.enter("out_channels")
    conv.type(conv.line("out_channels"), "9")
    conv.key("out_channels", Qt.Key.Key_Return)
    assert box.hasFocus()
    conv.type(conv.line("out_channels"), "11")
    conv.key("out_channels", Qt.Key.Key_Escape)
    assert conv.value("out_channels") == 9


def test_tab_goes_from_field_to_field(conv: Fields) -> None:
    conv.session.apply_here(SetParameters({"conv1": {"stride": 2}}))
    conv.enter("kernel_size")
    conv.key("kernel_size", Qt.Key.Key_Tab)
    assert conv.box("stride").hasFocus()
    conv.key("stride", Qt.Key.Key_Tab)
    assert conv.box("padding").hasFocus()
    conv.key("padding", Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert conv.box("stride").hasFocus()


def test_alt_delete_goes_back_to_the_default(conv: Fields) -> None:
    conv.session.apply_here(SetParameters({"conv1": {"stride": 2}}))
    conv.enter("stride")
    conv.key("stride", Qt.Key.Key_Delete, Qt.KeyboardModifier.AltModifier)
    assert conv.value("stride") is None
    conv.undo()
    assert conv.value("stride") == 2


def test_an_expression_shows_what_it_comes_to(conv: Fields) -> None:
    conv.type(conv.line("out_channels"), "2*width")
    assert conv.result("out_channels") == "= 32"
    conv.type(conv.line("out_channels"), "2*wid")
    assert conv.result("out_channels") == ""
    assert "wid" in conv.find(QLabel, "message_out_channels").text()
    conv.type(conv.line("out_channels"), "2*width", enter=True)
    conv.session.apply(SetVariables({"width": 24}))
    assert conv.result("out_channels") == "= 48"
    conv.type(conv.line("out_channels"), "7", enter=True)
    assert conv.result("out_channels") == ""


def test_inside_a_group_an_expression_shows_its_value_in_this_use(grouped: Hand) -> None:
    hand = Fields(grouped.bot, grouped.window)
    hand.session.apply(SetParameters({"stage1": {"size": 6}}))
    hand.check()
    hand.session.open_group("stage1")
    hand.select("hidden")
    assert hand.result("out_features") == "= 6"
    hand.session.apply(SetParameters({"stage1": {"size": 9}}))
    hand.check()
    assert hand.result("out_features") == "= 9"


def test_names_are_completed_where_the_cursor_is(conv: Fields) -> None:
    conv.session.apply(SetVariables({"width": 16, "depth": 2}))
    conv.enter("out_channels")
    conv.type(conv.line("out_channels"), "2*wi")
    assert conv.names() == ["width"]
    conv.key("out_channels", Qt.Key.Key_Return)
    assert conv.names() == []
    assert conv.value("out_channels") == "2*width"
    conv.bot.keyClicks(conv.line("out_channels"), "+")
    conv.bot.keyClicks(conv.line("out_channels"), "d")
    assert conv.names() == ["depth", "width"]
    conv.key("out_channels", Qt.Key.Key_Down)
    conv.key("out_channels", Qt.Key.Key_Up)
    conv.key("out_channels", Qt.Key.Key_Tab)
    assert conv.line("out_channels").text() == "2*width+depth"
    conv.key("out_channels", Qt.Key.Key_Return)
    assert conv.value("out_channels") == "2*width+depth"
    assert conv.steps() == 2
    conv.undo()
    assert conv.value("out_channels") == 4


def test_esc_closes_the_names_first_and_words_of_the_parameter_are_among_them(conv: Fields) -> None:
    conv.enter("padding")
    conv.type(conv.line("padding"), "sa")
    assert conv.names() == ["same"]
    conv.key("padding", Qt.Key.Key_Escape)
    assert conv.names() == []
    assert conv.line("padding").text() == "sa"
    conv.key("padding", Qt.Key.Key_Escape)
    assert conv.line("padding").text() == ""


def test_names_go_when_the_field_is_left(conv: Fields) -> None:
    conv.enter("out_channels")
    conv.type(conv.line("out_channels"), "wi")
    assert conv.names() == ["width"]
    conv.enter("kernel_size")
    assert conv.names() == []


def test_what_is_changed_is_bold_and_set_back_by_its_button(conv: Fields) -> None:
    assert not conv.label("stride").font().bold()
    assert not conv.has(QToolButton, "reset_stride")
    conv.type(conv.line("stride"), "2", enter=True)
    assert conv.label("stride").font().bold()
    conv.bot.mouseClick(conv.find(QToolButton, "reset_stride"), Qt.MouseButton.LeftButton)
    assert conv.value("stride") is None
    assert not conv.label("stride").font().bold()
    assert conv.label("out_channels").font().bold()
    assert not conv.label("kernel_size").font().bold()
