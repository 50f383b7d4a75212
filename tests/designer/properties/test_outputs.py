"""The properties of an Output: its options by the loss, its class weights, and what is recommended for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.project import Project
from designer.properties.editors.base import Editor
from designer.properties.editors.options import OptionsEditor
from designer.properties.guidance import GuidanceBox
from designer.window import Window

from .conftest import Hand, iris

Open = Callable[[Project], Window]
WAIT = 60_000


@pytest.fixture
def output(qtbot: QtBot, open_project: Open) -> Hand:
    hand = Hand(qtbot, open_project(iris()))
    hand.check()
    hand.select("species")
    return hand


def params(hand: Hand) -> dict[str, object]:
    return dict(hand.session.project.graph.nodes["species"].params)


def test_a_loss_has_its_own_options(output: Hand) -> None:
    assert output.session.apply(SetParameters({"species": {"loss": "focal"}}))
    output.check()
    editor = output.find(Editor, "editor_loss_options")
    assert isinstance(editor, OptionsEditor)
    assert set(editor.editors) == {"gamma"}
    field = editor.editors["gamma"].findChild(QLineEdit)
    assert field is not None
    output.type(field, "3")
    assert params(output)["loss_options"] == (("gamma", 3.0),)
    output.type(field, "-3")
    assert params(output).get("loss_options", ()) != (("gamma", -3.0),)
    assert output.says("gamma must be at least 0")


def test_options_that_are_wrong_can_still_be_changed(output: Hand) -> None:
    wrong = {"loss": "focal", "loss_options": (("gamma", -2.0),)}
    assert output.session.apply(SetParameters({"species": wrong}))
    output.check()
    editor = output.find(Editor, "editor_loss_options")
    assert isinstance(editor, OptionsEditor)
    assert set(editor.editors) == {"gamma"}
    assert output.says("gamma must be at least 0, not -2.0.")


def test_a_loss_without_options_shows_none(output: Hand) -> None:
    assert output.session.apply(SetParameters({"species": {"loss": "nll"}}))
    output.check()
    assert not output.has(QWidget, "editor_loss_options")


def test_an_option_of_another_loss_is_told(output: Hand) -> None:
    strange = {"loss": "nll", "loss_options": (("gamma", 2.0),)}
    assert output.session.apply(SetParameters({"species": strange}))
    output.check()
    assert output.says("Not an option of this loss: gamma")


def test_what_is_recommended_is_one_click_away(output: Hand) -> None:
    box = output.find(GuidanceBox, "guidance_species")
    output.bot.waitUntil(lambda: box.advice is not None, timeout=WAIT)
    why = output.find(QLabel, "why")
    kind = output.find(QComboBox, "problem_type")
    assert kind.currentText() == "Many classes"
    assert "3 classes" in why.text()
    before = output.session.project
    output.bot.waitUntil(lambda: output.find(QPushButton, "set_up").isEnabled(), timeout=WAIT)
    output.press("set_up")
    assert params(output)["loss"] == "cross_entropy"
    output.undo()
    assert output.session.project == before
