"""The units of parameters: seen behind the value, never part of it, out of the way of a long text."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QPalette
from pytestqt.qtbot import QtBot

from core.graph.edits import AddNodes
from core.graph.project import Node
from designer.properties.editors.base import Editor
from designer.properties.editors.unit import UnitLabel
from tests.designer.properties.conftest import Hand


@pytest.fixture
def dropout(grouped: Hand) -> Hand:
    """A Dropout and an LSTM beside the network, the Dropout selected."""
    grouped.session.apply(AddNodes((Node("dropout1", "Dropout"), Node("lstm1", "LSTM"))))
    grouped.check()
    grouped.select("dropout1")
    return grouped


def unit(hand: Hand, parameter: str) -> UnitLabel | None:
    return hand.line(parameter).findChild(UnitLabel)


@pytest.mark.parametrize(
    ("node", "parameter", "wanted"),
    [("dropout1", "p", "0–1"), ("lstm1", "hidden_size", "features"), ("lstm1", "dropout", "0–1")],
)
def test_a_unit_stands_grey_behind_the_value(dropout: Hand, node: str, parameter: str, wanted: str) -> None:
    dropout.select(node)
    label = unit(dropout, parameter)
    assert label is not None
    assert label.isVisibleTo(dropout.panel)
    assert label.text() == wanted
    assert label.foregroundRole() is QPalette.ColorRole.PlaceholderText
    assert label.geometry().right() <= dropout.line(parameter).width()
    target = dropout.line(parameter).parentWidget()
    assert target is not None
    assert wanted in target.accessibleDescription()


def test_most_numbers_need_none(dropout: Hand) -> None:
    dropout.select("lstm1")
    assert unit(dropout, "num_layers") is None


def test_it_is_no_part_of_what_is_typed(dropout: Hand) -> None:
    line = dropout.line("p")
    dropout.type(line, "0.25", enter=True)
    assert line.text() == "0.25"
    assert dropout.session.project.graph.nodes["dropout1"].params["p"] == 0.25


def test_it_gives_way_to_a_long_text_and_comes_back(dropout: Hand, qtbot: QtBot) -> None:
    line, label = dropout.line("p"), unit(dropout, "p")
    assert label is not None
    line.setFocus()
    qtbot.keyClicks(line, "0.1 + 0.05 * 2 + 0.025 * 4 + 0.0125 * 8")
    assert label.isHidden()
    assert line.textMargins().right() == 0
    line.selectAll()
    qtbot.keyClicks(line, "0.1")
    assert not label.isHidden()
    assert line.textMargins().right() > 0


def test_another_value_shown_by_undo_settles_it_too(dropout: Hand) -> None:
    line, label = dropout.line("p"), unit(dropout, "p")
    assert label is not None
    dropout.type(line, "0.1 + 0.05 * 2 + 0.025 * 4 + 0.0125 * 8", enter=True)
    assert label.isHidden()
    dropout.undo()
    assert not label.isHidden()


def test_the_field_takes_clicks_where_the_unit_stands(dropout: Hand) -> None:
    editor = dropout.form.findChild(Editor, "editor_p")
    label = unit(dropout, "p")
    assert editor is not None
    assert label is not None
    middle = label.mapTo(editor, label.rect().center())
    assert editor.childAt(middle) is dropout.line("p")
