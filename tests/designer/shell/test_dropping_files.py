"""Files dropped on the window: projects open in tabs, tables become data here or in a new project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.window import Window
from tests.designer.shell.conftest import Hands, image_network, iris, saved

Open = Callable[[Project], Window]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "weather.csv"
    path.write_text("warm,wind,rain\n" + "\n".join(f"{day},{day % 7},{day % 2}" for day in range(40)))
    return path


def drop(window: Window, *paths: Path) -> bool:
    """Drag files over the window and let go; return whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(9, 9), copy, data, left, none)
    entering.setAccepted(False)
    window.dragEnterEvent(entering)
    if entering.isAccepted():
        window.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))
    return entering.isAccepted()


def source_of(window: Window) -> tuple[str, object]:
    assert window.workspace is not None
    data = window.workspace.session.project.data
    return data.source, data.options.get("path")


def test_several_projects_open_in_tabs(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    assert drop(window, saved(iris(), tmp_path / "a.layerwright"), saved(image_network(), tmp_path / "b.layerwright"))
    qtbot.waitUntil(lambda: len(window.projects.open_ones) == 2)
    assert [each.session.project.name for each in window.projects.open_ones] == ["Flowers", "Images"]


def test_what_cannot_be_read_is_not_taken(window: Window, tmp_path: Path) -> None:
    assert not drop(window, tmp_path / "picture.webp")


def test_a_table_on_the_start_page_begins_a_project(window: Window, qtbot: QtBot, table: Path) -> None:
    assert drop(window, table)
    qtbot.waitUntil(lambda: window.workspace is not None and source_of(window)[0] == "csv", timeout=30_000)
    assert window.workspace is not None
    assert window.workspace.data.isVisible()
    assert [field.name for field in window.workspace.session.project.data.fields] == ["warm", "wind", "rain"]


def test_a_folder_of_texts_on_the_start_page_begins_a_project(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    for number in range(8):
        folder = tmp_path / "letters" / ("kind" if number % 2 else "stern")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.txt").write_text(f"Dear reader, this is letter {number}.")
    assert drop(window, tmp_path / "letters")
    qtbot.waitUntil(lambda: window.workspace is not None and source_of(window)[0] == "text_files", timeout=30_000)


def test_a_table_can_become_the_data_of_the_open_project(
    open_project: Open, qtbot: QtBot, hands: Hands, table: Path
) -> None:
    window = open_project(iris())
    hands.press("Use in this project")
    assert drop(window, table)
    qtbot.waitUntil(lambda: source_of(window)[0] == "csv", timeout=30_000)
    assert "weather.csv" in hands.seen[0]
    assert "can be undone" in hands.seen[0]
    assert len(window.projects.open_ones) == 1
    window.actions_by_id["undo"].trigger()
    assert source_of(window)[0] == iris().data.source


def test_a_table_can_begin_another_project(open_project: Open, qtbot: QtBot, hands: Hands, table: Path) -> None:
    window = open_project(iris())
    first = window.workspace
    hands.press("Make a new project")
    assert drop(window, table)
    qtbot.waitUntil(lambda: source_of(window)[0] == "csv", timeout=30_000)
    assert window.workspace is not first
    assert first is not None
    assert first.session.project.data.source == iris().data.source


def test_cancel_leaves_all_as_it_was(open_project: Open, qtbot: QtBot, hands: Hands, table: Path) -> None:
    window = open_project(iris())
    hands.press(QMessageBox.StandardButton.Cancel)
    assert drop(window, table)
    qtbot.waitUntil(lambda: not hands.waiting)
    assert len(window.projects.open_ones) == 1
    assert source_of(window)[0] == iris().data.source
