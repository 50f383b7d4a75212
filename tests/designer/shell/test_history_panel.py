"""The list of undo steps: what was done, where one is, what was saved, and the way to any step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.edits import Describe, SetLabel, SetParameters
from core.graph.project import Project
from designer.history.panel import HistoryPanel
from designer.session import Session
from designer.window import Window
from tests.designer.shell.conftest import iris

Open = Callable[[Project], Window]


@pytest.fixture
def panel(open_project: Open) -> HistoryPanel:
    window = open_project(iris())
    window.actions_by_id["history"].trigger()
    QApplication.processEvents()
    assert window.workspace is not None
    return window.workspace.history


@pytest.fixture
def document(panel: HistoryPanel, window: Window) -> Document:
    assert window.workspace is not None
    return window.workspace.session.document


def work(document: Document) -> None:
    document.apply(SetParameters({"hidden": {"out_features": 6}}))
    document.apply(SetLabel("hidden", "wide"))
    document.apply(Describe("Blooms", ""))


def texts(panel: HistoryPanel) -> list[str]:
    QApplication.processEvents()
    return [str(panel.model.index(row).data()) for row in range(panel.model.rowCount())]


def told(panel: HistoryPanel, row: int) -> str:
    QApplication.processEvents()
    return str(panel.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole))


def click(qtbot: QtBot, panel: HistoryPanel, row: int) -> None:
    QApplication.processEvents()
    place = panel.list.visualRect(panel.model.index(row)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_every_step_is_a_row_and_the_current_one_is_marked(panel: HistoryPanel, document: Document) -> None:
    assert panel.isVisible()
    assert texts(panel) == ["Project opened"]
    work(document)
    assert texts(panel) == ["Project opened", "Change out_features", "Change label", "Change description"]
    assert told(panel, 3) == "Change description, current"
    assert told(panel, 0) == "Project opened, saved"
    document.undo()
    assert told(panel, 3) == "Change description, undone"
    fonts = [panel.model.index(row).data(Qt.ItemDataRole.FontRole) for row in (1, 2, 3)]
    assert [bool(font and font.italic()) for font in fonts] == [False, False, True], "told apart without colours too"
    assert panel.list.currentIndex().row() == 2


def test_a_click_goes_to_that_step_and_back_again(qtbot: QtBot, panel: HistoryPanel, document: Document) -> None:
    work(document)
    done = document.project
    click(qtbot, panel, 0)
    assert document.project == iris()
    assert not document.is_modified
    assert document.redo_label == "Change out_features"
    click(qtbot, panel, 3)
    assert document.project == done
    click(qtbot, panel, 1)
    assert document.project.graph.nodes["hidden"].params["out_features"] == 6
    assert document.project.name == "Flowers"


def test_it_works_by_keyboard(qtbot: QtBot, panel: HistoryPanel, document: Document) -> None:
    work(document)
    QApplication.processEvents()
    assert panel.list.hasFocus()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up):
        qtbot.keyClick(panel.list, key)
    assert document.position == 3
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert document.position == 1
    QApplication.processEvents()
    qtbot.keyClick(panel.list, Qt.Key.Key_End)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert document.position == 3


def test_a_new_change_takes_the_place_of_what_was_undone(panel: HistoryPanel, document: Document) -> None:
    work(document)
    document.go_to(1)
    document.apply(Describe("Other", ""))
    assert texts(panel) == ["Project opened", "Change out_features", "Change description"]
    assert panel.model.current == 2


def test_the_saved_mark_moves_with_saving_and_goes_with_its_step(
    panel: HistoryPanel, document: Document, window: Window, tmp_path: Path
) -> None:
    work(document)
    assert window.save()
    assert [told(panel, row).endswith("saved") for row in range(4)] == [False, False, False, True]
    document.go_to(1)
    assert document.is_modified
    document.apply(Describe("Other", ""))
    assert document.saved_position is None


def test_a_step_that_grows_stays_one_row(panel: HistoryPanel, document: Document) -> None:
    for features in range(6, 12):
        document.apply(SetParameters({"hidden": {"out_features": features}}, merge_key="hidden.out_features"))
    assert len(texts(panel)) == 2


def test_ten_thousand_steps_are_followed_without_being_read(qtbot: QtBot) -> None:
    session = Session(Document(iris()))
    panel = HistoryPanel(session)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    qtbot.waitExposed(panel)
    read: set[int] = set()
    original = panel.model.data

    def data(index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        read.add(index.row())
        return original(index, role)

    panel.model.data = data  # type: ignore[method-assign]
    for index in range(10_000):
        session.document.apply(Describe(f"name {index}", ""))
    QApplication.processEvents()
    assert panel.model.rowCount() == 10_001
    assert len(read) < 100
    read.clear()
    session.document.undo()
    QApplication.processEvents()
    assert len(read) < 100
    session.document.go_to(10)
    assert session.project.name == "name 9"
    session.document.go_to(10_000)
    assert session.project.name == "name 9999"
    session.close()


def test_going_to_a_step_is_one_change_and_stays_within_the_history() -> None:
    document = Document(iris())
    work(document)
    seen = []
    document.changed.connect(seen.append)
    document.go_to(-5)
    assert (document.position, document.project, len(seen)) == (0, iris(), 1)
    document.go_to(99)
    assert (document.position, document.step_count, len(seen)) == (3, 3, 2)
    document.go_to(3)
    assert len(seen) == 2
