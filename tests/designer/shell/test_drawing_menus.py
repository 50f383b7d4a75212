"""The menus of frames, notes, colours and bookmarks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from core.graph.edits import SetBookmark
from core.graph.project import Bookmark, Frame, Project
from designer.command import GO
from designer.window import Window
from tests.designer.shell.conftest import iris


def bookmark_menu(window: Window) -> QMenu:
    """Return the menu of bookmarks, as if the menu it is in were about to open."""
    go = next(menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == GO)
    go.aboutToShow.emit()
    return next(menu for menu in go.findChildren(QMenu) if menu.title() == "&Bookmarks")


def test_the_menu_lists_by_name_only_the_bookmarks_there_are(open_project: Callable[[Project], Window]) -> None:
    window = open_project(iris())
    session = window.canvas.session
    name, node = next(iter(session.project.graph.nodes.items()))
    assert not bookmark_menu(window).menuAction().isEnabled()
    for digit in "73":
        session.apply(SetBookmark(digit, Bookmark((), node.position, 1.0)))
    menu = bookmark_menu(window)
    assert menu.menuAction().isEnabled()
    assert [row.text() for row in menu.actions()] == [f"Bookmark &3  {name}", f"Bookmark &7  {name}"]
    window.actions_by_id["forget_bookmarks"].trigger()
    assert not session.project.bookmarks
    assert not bookmark_menu(window).actions()


def test_a_bookmark_that_the_menu_does_not_list_yet_has_its_key(
    open_project: Callable[[Project], Window], qtbot: QtBot
) -> None:
    window = open_project(iris())
    bookmark_menu(window)
    window.canvas.setFocus()
    window.canvas.set_zoom(0.5)
    qtbot.keyClick(window.canvas, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    window.canvas.set_zoom(1.0)
    qtbot.keyClick(window.canvas, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.canvas.zoom == pytest.approx(0.5))


def test_no_menu_is_longer_than_a_small_screen_and_no_letter_of_it_stands_twice(
    open_project: Callable[[Project], Window],
) -> None:
    window = open_project(iris())
    for digit in "123456789":
        window.canvas.session.apply(SetBookmark(digit, Bookmark()))
    bookmark_menu(window)
    for menu in window.menuBar().findChildren(QMenu):
        assert menu.sizeHint().height() < 500, menu.title()
        letters = [row.text()[row.text().index("&") + 1].lower() for row in menu.actions() if "&" in row.text()]
        assert sorted(letters) == sorted(set(letters)), menu.title()
        assert all("&" in row.text() for row in menu.actions() if not row.isSeparator()), menu.title()


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
