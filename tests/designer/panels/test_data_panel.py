"""The data panel on real data: choosing, changing meanings and roles, splitting, previewing, and broken files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLineEdit, QToolButton
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.data.sources import sources
from core.graph.project import Project
from designer.data.fields_model import FieldColumn
from designer.data.panel import DataPanel
from designer.session import Session

from .conftest import WAIT, classifier

Open = Callable[..., Session]
OFFSCREEN = pytest.mark.qt_log_ignore("This plugin does not support")
"""A menu asks the offscreen platform for things that it does not have."""
TABLE = "size,colour,weight,answer\n1.5,red,,yes\n2.5,blue,10,no\n3.5,red,11,yes\n4.5,green,12,no\n5.5,blue,13,yes\n"


@pytest.fixture
def make(qtbot: QtBot) -> Callable[[Session], DataPanel]:
    def make_(session: Session) -> DataPanel:
        panel = DataPanel(session)
        qtbot.addWidget(panel)
        panel.resize(340, 640)
        panel.show()
        return panel

    return make_


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(TABLE * 4)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *(each for each in lines if each != lines[0])]) + "\n")
    return path


def previewed(qtbot: QtBot, panel: DataPanel) -> None:
    qtbot.waitUntil(lambda: panel.rows_shown > 0 and not panel.busy, timeout=WAIT)


def column_of(panel: DataPanel, row: int, column: FieldColumn) -> str:
    return str(panel.fields.index(row, column).data())


def test_without_data_every_source_is_offered_as_a_button(make: Callable[..., DataPanel], open_session: Open) -> None:
    panel = make(open_session(Project()))
    names = {button.objectName() for button in panel.empty.findChildren(QToolButton)}
    assert names == {f"source_{kind.id}" for kind in sources}
    assert panel.empty.isVisible()


def test_one_click_binds_digits_and_wires_the_network(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    session = open_session(classifier(classes=10))
    panel = make(session)
    button = panel.empty.findChild(QToolButton, "source_digits")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    previewed(qtbot, panel)
    assert session.project.data.source == "digits"
    assert session.project.graph.nodes["features"].params["fields"] == ("image",)
    assert session.project.graph.nodes["answer"].params["target"] == "digit"
    assert panel.preview.images.rowCount() == 100
    assert panel.preview.images.item(3).text() == "3"
    session.document.undo()
    assert session.project == classifier(classes=10)
    assert panel.empty.isVisible()


def test_a_table_shows_its_rows_with_meanings_and_marks_missing_cells(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open, table: Path
) -> None:
    session = open_session(classifier(), table.parent / "net.layerwright")
    panel = make(session)
    panel.bind_file(table)
    previewed(qtbot, panel)
    rows = panel.preview.rows
    assert session.project.data.options["path"] == "table.csv"
    assert panel.card.path.text() == "table.csv"
    assert rows.headerData(0, Qt.Orientation.Horizontal) == "size\nnumber"
    assert rows.index(0, 2).data() == "missing"
    assert "missing" in rows.index(0, 2).data(Qt.ItemDataRole.ToolTipRole)
    panel.preview.prepared.click()
    assert rows.index(0, 2).data() != "missing"


@OFFSCREEN
def test_a_click_on_a_meaning_changes_it_and_undo_takes_it_back(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open, table: Path
) -> None:
    session = open_session(classifier(bind("csv", {"path": str(table)}), classes=2))
    panel = make(session)
    previewed(qtbot, panel)
    before = session.project
    index = panel.fields.index(0, FieldColumn.MEANING)
    place = panel.table.visualRect(index).center()
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    menu = panel.table.menu
    assert menu is not None
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["number"]
    next(action for action in menu.actions() if action.text() == "category").trigger()
    menu.close()
    qtbot.waitUntil(lambda: column_of(panel, 0, FieldColumn.MEANING) == "category", timeout=WAIT)
    field = session.project.data.field("size")
    assert field is not None
    assert field.categories == ("1.5", "2.5", "3.5", "4.5", "5.5")
    assert field.encoding == "one-hot"
    session.document.undo()
    assert session.project == before
    assert column_of(panel, 0, FieldColumn.MEANING) == "number"
    previewed(qtbot, panel)


def test_a_meaning_that_a_column_cannot_have_is_refused_in_words(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open, table: Path
) -> None:
    session = open_session(classifier(bind("csv", {"path": str(table)}), classes=2))
    panel = make(session)
    previewed(qtbot, panel)
    before = session.project
    assert panel.fields.setData(panel.fields.index(1, FieldColumn.MEANING), "number")
    qtbot.waitUntil(lambda: "colour" in panel.notice.text(), timeout=WAIT)
    assert session.project == before


def test_a_choice_applies_to_all_selected_rows_in_one_undo_step(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    previewed(qtbot, panel)
    before = session.project
    panel.table.selectRow(0)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    panel.facts.chosen.emit(FieldColumn.ENCODING, "min-max")
    qtbot.waitUntil(lambda: session.project != before, timeout=WAIT)
    assert [field.encoding for field in session.project.data.fields][:3] == ["min-max", "min-max", "standardise"]
    session.document.undo()
    assert session.project == before
    previewed(qtbot, panel)


@OFFSCREEN
def test_enter_opens_the_choices_of_the_current_cell(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    panel = make(open_session(classifier(bind("iris", {}))))
    previewed(qtbot, panel)
    panel.table.setCurrentIndex(panel.fields.index(1, FieldColumn.ROLE))
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert panel.table.menu is not None
    assert [action.text() for action in panel.table.menu.actions()] == ["input", "target", "ignore"]
    panel.table.menu.close()


def test_dragging_a_share_is_one_undo_step_and_the_counts_follow(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    previewed(qtbot, panel)
    for share in (25, 30, 40):
        panel.split.validation.setValue(share)
    assert session.project.data.split.validation == 0.4
    qtbot.waitUntil(lambda: "90 training · 60 validation" in panel.split.counts_text, timeout=WAIT)
    session.document.undo()
    assert session.project.data.split.validation == 0.2
    assert panel.split.validation.value() == 20
    qtbot.waitUntil(lambda: "120 training" in panel.split.counts_text, timeout=WAIT)


def test_an_impossible_split_is_told_and_nothing_is_lost(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    previewed(qtbot, panel)
    panel.split.validation.setValue(90)
    panel.split.test.setValue(20)
    qtbot.waitUntil(lambda: "training" in panel.notice.text(), timeout=WAIT)
    assert len(panel.fields.fields) == 5


@pytest.mark.parametrize(("content", "told"), [("a,b\n1,2\n1,2,3\n", "broken"), ("a,b\n", "no rows"), ("", "empty")])
def test_a_broken_table_is_told_in_words_and_the_old_data_stays(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open, tmp_path: Path, content: str, told: str
) -> None:
    session = open_session(classifier(bind("iris", {})))
    panel = make(session)
    previewed(qtbot, panel)
    before = session.project
    path = tmp_path / "broken.csv"
    path.write_text(content)
    panel.bind_file(path)
    qtbot.waitUntil(lambda: bool(panel.notice.text()) and not panel.busy, timeout=WAIT)
    assert told in panel.notice.text()
    assert session.project == before
    assert panel.card.path.text() == str(path)
    path.write_text("a,b\n" + "1,x\n2,y\n" * 10)
    panel.bind_file(path)
    qtbot.waitUntil(lambda: session.project.data.source == "csv" and not panel.busy, timeout=WAIT)
    assert panel.notice.text() == ""


def test_a_table_is_bound_by_dropping_it(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open, table: Path
) -> None:
    session = open_session(classifier())
    panel = make(session)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(table))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    panel.dragEnterEvent(entered)
    assert entered.isAccepted()
    panel.dropEvent(QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    previewed(qtbot, panel)
    assert session.project.data.options["path"] == str(table)


def test_options_of_a_source_bind_it_again_and_keep_what_was_chosen(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    session = open_session(classifier(bind("moons", {}), classes=2))
    panel = make(session)
    previewed(qtbot, panel)
    panel.fields.setData(panel.fields.index(0, FieldColumn.ENCODING), "min-max")
    qtbot.waitUntil(lambda: session.project.data.fields[0].encoding == "min-max", timeout=WAIT)
    samples = panel.card.form.editors["samples"].findChild(QLineEdit)
    assert isinstance(samples, QLineEdit)
    samples.setFocus()
    samples.selectAll()
    qtbot.keyClicks(samples, "120")
    qtbot.waitUntil(lambda: session.project.data.options.get("samples") == 120, timeout=WAIT)
    qtbot.waitUntil(lambda: panel.rows_shown == 100 and "96 training" in panel.split.counts_text, timeout=WAIT)
    assert session.project.data.fields[0].encoding == "min-max"


def test_a_panel_that_is_closed_while_reading_leaves_no_thread(
    qtbot: QtBot, make: Callable[..., DataPanel], open_session: Open
) -> None:
    panel = make(open_session(classifier()))
    panel.choose_source("breast_cancer")
    assert panel.busy
