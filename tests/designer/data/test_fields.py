"""The fields: meanings, roles, settings, several at once, searching, facts – and one undo step for each change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.edits import SetField
from core.graph.project import DataBinding
from designer.data.changes import ROLES, encoding_choices, role_choices, to_encoding
from designer.data.fields_model import FieldColumn
from designer.data.panel import DataPanel
from designer.session import Session

from .conftest import OFFSCREEN, WAIT, Make, change, classifier, field_of, settled

Open = Callable[..., Session]


@pytest.fixture
def iris(qtbot: QtBot, make: Make, open_session: Open) -> DataPanel:
    panel = make(open_session(classifier(bind("iris", {}))))
    settled(qtbot, panel)
    return panel


def csv(path: Path) -> DataBinding:
    return bind("csv", {"path": str(path)})


def click(qtbot: QtBot, panel: DataPanel, row: int, column: FieldColumn) -> None:
    place = panel.table.visualRect(panel.fields.index(row, column)).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def choose(panel: DataPanel, word: str) -> None:
    menu = panel.table.menu
    assert menu is not None
    next(action for action in menu.actions() if action.text() == word).trigger()
    menu.close()


@OFFSCREEN
def test_a_click_on_a_meaning_changes_it_and_undo_takes_it_back(
    qtbot: QtBot, make: Make, open_session: Open, table: Path
) -> None:
    session = open_session(classifier(csv(table), classes=2))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    click(qtbot, panel, 0, FieldColumn.MEANING)
    assert panel.table.menu is not None
    assert [action.text() for action in panel.table.menu.actions() if action.isChecked()] == ["number"]
    choose(panel, "category")
    qtbot.waitUntil(lambda: field_of(panel, "size").meaning == "category", timeout=WAIT)
    assert field_of(panel, "size").categories == ("1.5", "2.5", "3.5", "4.5", "5.5")
    session.document.undo()
    assert session.project == before
    settled(qtbot, panel)


@OFFSCREEN
def test_every_role_is_offered_and_the_impossible_ones_say_why(qtbot: QtBot, iris: DataPanel) -> None:
    click(qtbot, iris, 4, FieldColumn.ROLE)
    assert iris.table.menu is not None
    actions = {action.text(): action for action in iris.table.menu.actions()}
    assert set(actions) == set(ROLES)
    assert not actions["weight"].isEnabled()
    assert "only number can" in actions["weight"].toolTip()
    assert actions["group"].isEnabled()
    assert "stay together" in actions["group"].toolTip()
    iris.table.menu.close()


@OFFSCREEN
def test_enter_opens_the_roles_of_the_current_field(qtbot: QtBot, iris: DataPanel) -> None:
    iris.table.setCurrentIndex(iris.fields.index(1, FieldColumn.ROLE))
    qtbot.keyClick(iris.table, Qt.Key.Key_Return)
    choose(iris, "ignore")
    assert iris.fields.fields[1].role == "ignore"
    assert iris.fields.fields[1].name not in iris._session.project.graph.nodes["features"].params["fields"]
    settled(qtbot, iris)


def test_a_role_that_only_one_can_have_moves_on(qtbot: QtBot, iris: DataPanel) -> None:
    names = [field.name for field in iris.fields.fields]
    iris.fields.change([0], FieldColumn.ROLE, "weight")
    iris.fields.change([1], FieldColumn.ROLE, "weight")
    assert [field_of(iris, name).role for name in names[:2]] == ["ignore", "weight"]
    assert not iris.field_problem.isVisible()
    iris._session.document.undo()
    assert [field_of(iris, name).role for name in names[:2]] == ["weight", "input"]
    settled(qtbot, iris)
    assert names[0] in iris.sampling.weights.text()


def test_several_fields_cannot_all_be_the_group(iris: DataPanel) -> None:
    choices = {each.word: each.why_not for each in role_choices(iris.fields.fields[:2])}
    assert "Only one" in choices["group"]
    assert not choices["ignore"]


def test_a_meaning_that_a_column_cannot_have_is_refused_in_words(
    qtbot: QtBot, make: Make, open_session: Open, table: Path
) -> None:
    session = open_session(classifier(csv(table), classes=2))
    panel = make(session)
    settled(qtbot, panel)
    before = session.project
    panel.fields.change([1], FieldColumn.MEANING, "number")
    qtbot.waitUntil(lambda: "colour" in panel.field_problem.text() and not panel.busy, timeout=WAIT)
    assert panel.field_problem.isVisible()
    assert session.project == before


def test_a_meaning_found_for_a_field_that_has_changed_meanwhile_is_dropped(
    qtbot: QtBot, make: Make, open_session: Open, table: Path
) -> None:
    session = open_session(classifier(csv(table), classes=2))
    panel = make(session)
    settled(qtbot, panel)
    panel.fields.change([0], FieldColumn.MEANING, "category")
    change(session, SetField(to_encoding("min-max")(field_of(panel, "size"))))
    settled(qtbot, panel)
    assert field_of(panel, "size").meaning == "number"
    assert field_of(panel, "size").encoding == "min-max"


def test_a_choice_applies_to_all_selected_fields_in_one_undo_step(qtbot: QtBot, iris: DataPanel) -> None:
    before = iris._session.project
    iris.table.selectRow(0)
    iris.table.setFocus()
    qtbot.keyClick(iris.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert iris.settings._name.text() == "2 fields"
    iris.settings.encoding[1].textActivated.emit("min-max")
    assert [field.encoding for field in iris.fields.fields][:3] == ["min-max", "min-max", "standardise"]
    assert [field.name for field in iris.table.selected] == [field.name for field in iris.fields.fields[:2]]
    qtbot.keyClick(iris.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert iris.settings.encoding[1].currentIndex() == -1
    iris._session.document.undo()
    assert iris._session.project == before
    settled(qtbot, iris)


def test_typing_an_option_is_one_step_and_reset_takes_all_back(qtbot: QtBot, iris: DataPanel) -> None:
    before = iris._session.project
    line = iris.settings.options.editors["clip_low"].findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "2.5")
    name = iris.fields.fields[0].name
    assert field_of(iris, name).options == {"clip_low": 2.5}
    assert iris.settings.reset.isVisible()
    iris._session.document.undo()
    assert iris._session.project == before
    iris._session.document.redo()
    iris.settings.reset.click()
    assert iris._session.project == before
    assert not iris.settings.reset.isVisible()
    settled(qtbot, iris)


def test_options_are_shown_only_where_they_mean_something(
    qtbot: QtBot, make: Make, open_session: Open, table: Path
) -> None:
    panel = make(open_session(classifier(csv(table), classes=2)))
    settled(qtbot, panel)
    panel.table.select_names(["weight"])
    assert "constant" not in panel.settings.options.editors
    assert panel.settings.missing[1].isVisible()
    panel.settings.missing[1].textActivated.emit("constant")
    assert "constant" in panel.settings.options.editors
    panel.table.select_names(["answer"])
    assert "unknown" not in panel.settings.options.editors
    assert not panel.settings.missing[1].isVisible()
    settled(qtbot, panel)


def test_facts_name_the_reason_the_figures_and_the_values(
    qtbot: QtBot, make: Make, open_session: Open, table: Path
) -> None:
    panel = make(open_session(classifier(csv(table), classes=2)))
    settled(qtbot, panel)
    panel.table.select_names(["weight"])
    assert panel.settings.reason.text().startswith("number: ")
    assert "mean 11.5" in panel.settings.figures.text()
    assert sum(panel.settings.distribution.counts) == 16
    panel.table.select_names(["colour"])
    assert [(row.name, row.text) for row in panel.settings.values.rows] == [("blue", "8"), ("green", "4"), ("red", "8")]
    assert "4 values are missing" in panel.fields.index(2, 0).data(Qt.ItemDataRole.ToolTipRole)


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A table of 200 columns."""
    random = np.random.default_rng(0)
    frame = {f"sensor {place:03d}": random.normal(size=60) for place in range(199)}
    path = tmp_path / "wide.csv"
    pl.DataFrame({**frame, "answer": ["yes", "no"] * 30}).write_csv(path)
    return path


def test_many_fields_can_be_searched_and_changed_together(
    qtbot: QtBot, make: Make, open_session: Open, wide: Path
) -> None:
    panel = make(open_session(classifier(csv(wide), classes=2)))
    settled(qtbot, panel)
    assert panel.list.search.isVisible()
    panel.table.select_names(["sensor 150"])
    panel.list.search.setFocus()
    qtbot.keyClicks(panel.list.search, "sensor 15")
    assert panel.fields.rowCount() == 10
    assert [field.name for field in panel.table.selected] == ["sensor 150"]
    panel.table.selectAll()
    before = panel._session.project
    panel.fields.change(panel.table.rows, FieldColumn.ROLE, "ignore")
    ignored = [field.name for field in panel._session.project.data.fields if field.role == "ignore"]
    assert ignored == [f"sensor {place}" for place in range(150, 160)]
    panel._session.document.undo()
    assert panel._session.project == before
    panel.list.search.clear()
    assert panel.fields.rowCount() == 200
    settled(qtbot, panel)


def test_few_fields_need_no_search(iris: DataPanel) -> None:
    assert not iris.list.search.isVisible()


def test_a_field_that_is_no_input_has_no_encoding(iris: DataPanel) -> None:
    weight = next(each for each in role_choices([iris.fields.fields[0]]) if each.word == "weight")
    assert not weight.why_not
    iris.fields.change([0], FieldColumn.ROLE, "weight")
    assert encoding_choices(iris.fields.fields[0]) == ()
    iris.table.selectRow(0)
    assert not iris.settings.encoding[1].isVisible()
    assert "counts in the loss" in iris.settings.reason.text()


def test_samples_can_be_asked_for(qtbot: QtBot, iris: DataPanel) -> None:
    with qtbot.waitSignal(iris.samples_wanted, timeout=WAIT):
        qtbot.mouseClick(iris.findChild(QToolButton, "data_samples"), Qt.MouseButton.LeftButton)
