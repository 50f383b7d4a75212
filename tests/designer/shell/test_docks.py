"""Docks: moved, floated, closed and put back; the layout is the user's, whatever project or tab is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.docks import DOCKS
from designer.settings import Settings
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.shell.conftest import image_network, iris, saved

Open = Callable[[Project], Window]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support raise")  # of the offscreen platform


@pytest.fixture
def workspace(open_project: Open) -> Workspace:
    workspace = open_project(iris()).workspace
    assert workspace is not None
    return workspace


def button(dock: QDockWidget, name: str) -> QToolButton:
    found = dock.titleBarWidget().findChild(QToolButton, name)
    assert isinstance(found, QToolButton)
    return found


def window_of(workspace: Workspace) -> Window:
    window = workspace.window()
    assert isinstance(window, Window)
    return window


def area(workspace: Workspace, name: str) -> Qt.DockWidgetArea:
    return workspace.dockWidgetArea(workspace.docks[name])


def test_every_dock_of_the_table_is_there_where_it_says(workspace: Workspace) -> None:
    assert set(workspace.docks) == {spec.name for spec in DOCKS}
    for spec in DOCKS:
        assert area(workspace, spec.name) is spec.area
        assert workspace.docks[spec.name].windowTitle()
        assert workspace.docks[spec.name].isHidden() is not spec.shown


def test_the_title_bar_closes_and_the_menu_brings_it_back(workspace: Workspace, qtbot: QtBot) -> None:
    dock = workspace.docks["library"]
    close = button(dock, "close_dock")
    assert close.accessibleName() == "Close Library"
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert dock.isHidden()
    window_of(workspace).actions_by_id["show_library"].trigger()
    assert not dock.isHidden()


@pytest.mark.parametrize("name", [spec.name for spec in DOCKS if spec.in_menu])
def test_each_entry_of_the_view_menu_shows_and_hides_its_dock(workspace: Workspace, name: str) -> None:
    dock = workspace.docks[name]
    action = window_of(workspace).actions_by_id[f"show_{name}"]
    before = dock.isVisible()
    action.trigger()
    assert dock.isVisible() is not before
    action.trigger()
    assert dock.isVisible() is before


def test_a_dock_floats_and_comes_back(workspace: Workspace, qtbot: QtBot) -> None:
    dock = workspace.docks["results"]
    qtbot.mouseClick(button(dock, "float_dock"), Qt.MouseButton.LeftButton)
    assert dock.isFloating()
    qtbot.mouseClick(button(dock, "float_dock"), Qt.MouseButton.LeftButton)
    assert not dock.isFloating()


def test_a_floating_dock_is_hidden_with_its_tab_and_shown_again(workspace: Workspace, qtbot: QtBot) -> None:
    window = window_of(workspace)
    workspace.docks["results"].setFloating(True)
    window.show_start()
    assert not workspace.docks["results"].isVisible()
    window.tabs.show_page(workspace)
    qtbot.waitUntil(workspace.docks["results"].isVisible)
    assert workspace.docks["results"].isFloating()


def test_a_moved_dock_is_where_it_was_in_the_next_run(
    workspace: Workspace, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    workspace.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, workspace.docks["library"])
    assert window_of(workspace).close()
    later = Window(settings)
    qtbot.addWidget(later)
    later.show()
    assert later.open_path(saved(iris(), tmp_path / "later.layerwright"))
    assert later.workspace is not None
    assert area(later.workspace, "library") is Qt.DockWidgetArea.RightDockWidgetArea


def test_tabs_share_one_layout(workspace: Workspace, tmp_path: Path) -> None:
    window = window_of(workspace)
    assert window.open_path(saved(image_network(), tmp_path / "other.layerwright"))
    other = window.workspace
    assert other is not None
    other.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, other.docks["results"])
    window.tabs.show_page(workspace)
    assert area(workspace, "results") is Qt.DockWidgetArea.RightDockWidgetArea


def test_reset_puts_everything_back(workspace: Workspace) -> None:
    workspace.docks["library"].hide()
    workspace.docks["results"].setFloating(True)
    workspace.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, workspace.docks["inspector"])
    window_of(workspace).actions_by_id["reset_layout"].trigger()
    for spec in DOCKS:
        assert area(workspace, spec.name) is spec.area
        assert not workspace.docks[spec.name].isFloating()
        assert workspace.docks[spec.name].isHidden() is not spec.shown


def test_on_a_small_screen_the_canvas_keeps_most_of_the_room(settings: Settings, qtbot: QtBot, tmp_path: Path) -> None:
    window = Window(settings)
    qtbot.addWidget(window)
    window.resize(QSize(1366, 728))
    window.show()
    assert window.open_path(saved(iris(), tmp_path / "small.layerwright"))
    assert window.workspace is not None
    qtbot.waitExposed(window)
    assert window.width() == 1366
    assert window.canvas.width() >= 700
    assert window.canvas.height() >= 330
