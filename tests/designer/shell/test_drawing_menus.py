"""The menus of frames, notes, colours and bookmarks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from core.graph.edits import SetBookmark
from core.graph.project import Bookmark, Frame, Project
from designer.command import GO
from designer.window import Window
from tests.designer.shell.conftest import iris


def go_menu(window: Window) -> QMenu:
    """Return the menu Go, as if it were about to open."""
    bar = window.menuBar()
    menu = next(menu for menu in bar.findChildren(QMenu) if menu.title() == GO)
    menu.aboutToShow.emit()
    return menu


def test_the_menu_names_the_bookmarks(open_project: Callable[[Project], Window]) -> None:
    window = open_project(iris())
    session = window.canvas.session
    name, node = next(iter(session.project.graph.nodes.items()))
    session.apply(SetBookmark("3", Bookmark((), node.position, 1.0)))
    rows = [action for action in go_menu(window).actions() if action.text().startswith("Bookmark")]
    assert len(rows) == 9
    assert rows[2].text() == f"Bookmark &3  {name}"
    assert [action.isEnabled() for action in rows] == [False, False, True, *[False] * 6]
    window.actions_by_id["forget_bookmarks"].trigger()
    assert not session.project.bookmarks
    assert rows[2].text().startswith("Bookmark &3")
    assert go_menu(window).actions()[2].text() == "Bookmark &3"


def test_setting_from_the_menu_and_going_there(open_project: Callable[[Project], Window]) -> None:
    window = open_project(iris())
    window.actions_by_id["set_bookmark_5"].trigger()
    assert window.canvas.session.project.bookmarks.keys() == {"5"}
    assert window.actions_by_id["go_bookmark_5"].isEnabled()


def test_a_selected_frame_can_be_copied_and_deleted_from_the_menu(open_project: Callable[[Project], Window]) -> None:
    window = open_project(iris())
    session = window.canvas.session
    assert not window.actions_by_id["delete"].isEnabled()
    window.actions_by_id["frame"].trigger()
    window.canvas.drawn.finish_editing()
    (frame,) = session.project.graph.frames.values()
    assert isinstance(frame, Frame)
    assert session.drawn == {frame.name}
    assert window.actions_by_id["copy"].isEnabled()
    window.actions_by_id["delete"].trigger()
    assert not session.project.graph.frames
