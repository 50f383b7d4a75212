"""Searching parameters, showing only what was changed, setting all back, and the help at the bottom."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.project import Project
from designer.keys.overlay import KeysOverlay, place_of
from designer.properties.editors.base import Editor
from designer.properties.help_bar import HelpBar
from designer.properties.label import ParameterLabel
from designer.window import Window
from tests.designer.properties.conftest import Hand
from tests.designer.shell.conftest import image_network

Open = Callable[[Project], Window]


@pytest.fixture
def conv(qtbot: QtBot, open_project: Open) -> Hand:
    hand = Hand(qtbot, open_project(image_network()))
    hand.select("conv1")
    return hand


def shown(hand: Hand) -> list[str]:
    """Return the parameters that can be seen."""
    rows = [each for each in hand.form.findChildren(Editor) if each.isVisibleTo(hand.panel)]
    return [each.objectName().removeprefix("editor_") for each in rows]


def click(hand: Hand, name: str) -> None:
    hand.bot.mouseClick(hand.find(QToolButton, name), Qt.MouseButton.LeftButton)


def search(hand: Hand, text: str) -> QLineEdit:
    field = hand.find(QLineEdit, "parameter_search")
    field.setFocus()
    hand.bot.waitUntil(field.hasFocus)
    field.selectAll()
    hand.bot.keyClicks(field, text)
    return field


def test_a_search_shows_what_matches_opens_folds_and_closes_them_again(conv: Hand) -> None:
    everything = shown(conv)
    fold = conv.find(QToolButton, "fold_Training")
    was_open = fold.isChecked()
    field = search(conv, "froz")
    assert shown(conv) == ["frozen"]
    assert fold.isChecked()
    assert not conv.has(QToolButton, "fold_Weights")
    conv.bot.keyClick(field, Qt.Key.Key_Escape)
    assert shown(conv) == everything
    assert fold.isChecked() is was_open


def test_what_was_found_is_marked_and_enter_goes_to_the_first(conv: Hand) -> None:
    label = next(each for each in conv.form.findChildren(ParameterLabel) if each.text() == "stride")
    plain = label.grab().toImage()
    field = search(conv, "stri")
    assert shown(conv)[0] == "stride"
    assert label.grab().toImage() != plain
    conv.bot.keyClick(field, Qt.Key.Key_Return)
    assert conv.line("stride").parentWidget().hasFocus()


def test_a_search_without_a_match_says_so(conv: Hand) -> None:
    search(conv, "zebra")
    assert shown(conv) == []
    assert "zebra" in conv.find(QLabel, "parameter_note").text()


def test_a_search_stays_for_layers_of_the_kind_and_goes_for_others(conv: Hand) -> None:
    search(conv, "stri")
    conv.select("conv2")
    assert shown(conv)[0] == "stride"
    assert conv.find(QLineEdit, "parameter_search").text() == "stri"
    conv.select("linear1")
    assert "out_features" in shown(conv)
    assert conv.form.findChild(QLineEdit, "parameter_search").text() == ""  # type: ignore[union-attr]


def test_few_parameters_have_no_search_field_until_it_is_asked_for(conv: Hand) -> None:
    conv.select("digit")
    assert not conv.has(QLineEdit, "parameter_search")
    conv.window.actions_by_id["find_parameter"].trigger()
    field = conv.find(QLineEdit, "parameter_search")
    conv.bot.waitUntil(field.hasFocus)


def test_only_what_was_changed_is_shown(conv: Hand) -> None:
    conv.session.apply_here(SetParameters({"conv1": {"stride": 2, "frozen": True}}))
    assert conv.find(QToolButton, "changed_only").text() == "Changed · 3"
    click(conv, "changed_only")
    assert shown(conv) == ["out_channels", "stride", "frozen"]
    conv.select("conv2")
    assert shown(conv) == ["out_channels"]
    conv.bot.mouseClick(conv.find(QToolButton, "reset_all"), Qt.MouseButton.LeftButton)
    assert "at its default" in conv.find(QLabel, "parameter_note").text()
    click(conv, "changed_only")
    assert "stride" in shown(conv)
    assert not conv.has(QToolButton, "changed_only")


def test_all_go_back_to_their_defaults_as_one_step(conv: Hand) -> None:
    conv.session.apply_here(SetParameters({"conv1": {"stride": 2, "bias": False, "frozen": True}}))
    before = conv.session.project
    click(conv, "reset_all")
    assert conv.session.project.graph.nodes["conv1"].params == {"kernel_size": 3}
    assert not conv.has(QToolButton, "reset_all")
    conv.undo()
    assert conv.session.project == before


def test_the_help_follows_the_mouse_and_otherwise_the_keyboard(conv: Hand) -> None:
    bar = conv.panel.findChild(HelpBar)
    assert isinstance(bar, HelpBar)
    assert bar.isVisibleTo(conv.panel)
    assert bar.geometry().bottom() == conv.panel.rect().bottom()
    box = conv.line("stride").parentWidget()
    box.setFocus()
    conv.bot.waitUntil(box.hasFocus)
    assert bar.title.text().startswith("stride")
    assert "Default: 1" in bar.title.text()
    label = next(each for each in conv.form.findChildren(ParameterLabel) if each.text() == "padding")
    QApplication.sendEvent(label, QEvent(QEvent.Type.Enter))
    assert bar.title.text().startswith("padding")
    assert bar.text.text()
    QApplication.sendEvent(label, QEvent(QEvent.Type.Leave))
    assert bar.title.text().startswith("stride")
    conv.select()
    assert not bar.isVisibleTo(conv.panel)


def test_the_keys_of_a_field_are_told_there(conv: Hand) -> None:
    conv.panel.focus_first()
    conv.bot.waitUntil(lambda: place_of(QApplication.focusWidget()) == "fields")
    conv.window.actions_by_id["keys_here"].trigger()
    (overlay,) = conv.window.findChildren(KeysOverlay)
    assert "Back to the default: Alt+Del" in overlay.accessibleDescription()
    conv.bot.keyClick(overlay, Qt.Key.Key_Escape)
