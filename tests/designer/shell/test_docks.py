"""Docks: moved, floated, closed and put back; the layout is the user's, whatever project or tab is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QTabBar, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.docks import DOCKS
from designer.panel_tabs import PanelTabs
from designer.settings import Settings
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.shell.conftest import image_network, iris, saved

Open = Callable[[Project], Window]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)")  # of the offscreen platform


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


def test_a_dock_keeps_its_width_whatever_is_in_it(workspace: Workspace, qtbot: QtBot) -> None:
    source, dock = workspace.source, workspace.docks["source"]
    workspace.show_panel(source)
    qtbot.waitUntil(lambda: source.writer.written is not None and dock.width() > 0, timeout=60_000)
    width = dock.width()
    source.edit()
    names = ("TheFirstOfTwoNetworksWithALongName", "TheSecondOfTwoNetworksWithALongName")
    source.text.replace_text(
        "from torch import nn\n" + "".join(f"class {name}(nn.Module):\n    pass\n" for name in names)
    )
    source.search.open()
    qtbot.waitUntil(lambda: source.classes.isVisible() and source.classes.count() == 2, timeout=60_000)
    assert source.minimumSizeHint().width() <= width  # all of it can be seen
    source.layout().activate()
    workspace.layout().activate()
    assert dock.width() == width
    source.cancel()


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


def row_of_tabs(workspace: Workspace) -> QTabBar:
    """Return the row of tabs of the docks that lie on top of each other."""
    rows = workspace.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    (row,) = (row for row in rows if row.count() > 1)
    return row


def above(dock: QDockWidget) -> int:
    """Return how many pixels stand above what is in a dock, the row of tabs of several docks not counted."""
    return dock.widget().geometry().top()


def test_docks_on_top_of_each_other_share_one_row_with_the_buttons_of_the_one_in_front(
    workspace: Workspace, qtbot: QtBot
) -> None:
    library, outline = workspace.docks["library"], workspace.docks["outline"]
    qtbot.waitUntil(lambda: above(library) == 0)
    row = row_of_tabs(workspace)
    assert row.geometry().bottom() < library.geometry().top()
    close = row.findChild(QToolButton, "close_dock")
    assert isinstance(close, QToolButton)
    assert close.isVisible()
    assert close.accessibleName() == "Close Library"
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.tabRect(1).center())
    qtbot.waitUntil(lambda: close.accessibleName() == "Close Outline")
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert outline.isHidden()
    qtbot.waitUntil(lambda: above(library) > 0)
    assert button(library, "close_dock").isVisible()
    window_of(workspace).show_outline()
    qtbot.waitUntil(lambda: above(library) == 0 and above(outline) == 0)


def test_a_dock_is_floated_from_the_shared_row_and_has_a_title_of_its_own_then(
    workspace: Workspace, qtbot: QtBot
) -> None:
    library, outline = workspace.docks["library"], workspace.docks["outline"]
    qtbot.waitUntil(lambda: above(library) == 0)
    float_button = row_of_tabs(workspace).findChild(QToolButton, "float_dock")
    assert isinstance(float_button, QToolButton)
    qtbot.mouseClick(float_button, Qt.MouseButton.LeftButton)
    assert library.isFloating()
    qtbot.waitUntil(lambda: above(library) > 0 and above(outline) > 0)
    qtbot.mouseClick(button(library, "float_dock"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: above(library) == 0)


@pytest.mark.parametrize("name", ["inspector", "results"])
def test_a_dock_with_several_panels_has_one_row_above_them(workspace: Workspace, name: str) -> None:
    dock = workspace.docks[name]
    panels = dock.widget()
    assert isinstance(panels, PanelTabs)
    assert above(dock) <= panels.bar.sizeHint().height() + 2
    assert button(dock, "close_dock").isVisible()
    for at in range(panels.count()):
        assert panels.bar.tabRect(at).right() < button(dock, "float_dock").mapTo(dock, QPoint()).x()


def test_a_tab_shows_its_panel_by_mouse_and_by_key(workspace: Workspace, qtbot: QtBot) -> None:
    bar = workspace.results.bar
    place = workspace.results.indexOf(workspace.curves)
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(place).center())
    assert workspace.curves.isVisible()
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert workspace.inside.isVisible()
    workspace.show_panel(workspace.problems)
    assert bar.currentIndex() == 0


@pytest.mark.parametrize("name", ["inspector", "library"])
def test_what_is_free_of_the_title_moves_the_dock_and_floats_it_on_a_double_click(
    workspace: Workspace, qtbot: QtBot, name: str
) -> None:
    workspace.docks["outline"].hide()
    dock = workspace.docks[name]
    qtbot.waitUntil(lambda: above(dock) > 0)
    title = dock.titleBarWidget()
    free = button(dock, "float_dock").mapTo(title, QPoint()) + QPoint(-6, 10)
    qtbot.mouseDClick(title, Qt.MouseButton.LeftButton, pos=free)
    assert dock.isFloating()
    qtbot.mouseDClick(title, Qt.MouseButton.LeftButton, pos=free)
    assert not dock.isFloating()
    qtbot.mousePress(title, Qt.MouseButton.LeftButton, pos=free)
    for step in range(1, 6):
        qtbot.mouseMove(title, free + QPoint(0, 30 * step))
    assert dock.isFloating()
    qtbot.mouseRelease(title, Qt.MouseButton.LeftButton, pos=free)


def test_docks_put_on_top_of_each_other_are_so_in_the_next_run(
    workspace: Workspace, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    workspace.tabifyDockWidget(workspace.docks["results"], workspace.docks["library"])
    qtbot.waitUntil(lambda: not button(workspace.docks["results"], "close_dock").isVisible())
    assert window_of(workspace).close()
    later = Window(settings)
    qtbot.addWidget(later)
    later.show()
    assert later.open_path(saved(iris(), tmp_path / "later.layerwright"))
    again = later.workspace
    assert again is not None
    assert again.tabifiedDockWidgets(again.docks["library"]) == [again.docks["results"]]
    qtbot.waitUntil(lambda: above(again.docks["library"]) == 0)


def test_where_the_shared_row_has_no_room_for_the_buttons_each_dock_keeps_its_title(
    workspace: Workspace, qtbot: QtBot
) -> None:
    library, inspector = workspace.docks["library"], workspace.docks["inspector"]
    qtbot.waitUntil(lambda: above(library) == 0)
    workspace.tabifyDockWidget(library, inspector)
    qtbot.waitUntil(lambda: above(library) > 0)
    inspector.raise_()
    assert button(inspector, "close_dock").isVisible()


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


def test_tabs_that_do_not_fit_are_scrolled_to_and_keep_their_names(workspace: Workspace) -> None:
    bar = workspace.docks["results"].titleBarWidget().findChild(QTabBar)
    assert isinstance(bar, QTabBar)
    workspace.docks["results"].setFloating(True)
    workspace.docks["results"].resize(430, 300)
    QApplication.processEvents()
    last = bar.count() - 1
    assert bar.tabRect(last).width() >= bar.fontMetrics().horizontalAdvance(bar.tabText(last))
    bar.setCurrentIndex(last)
    QApplication.processEvents()
    assert bar.rect().contains(bar.tabRect(last).center())
