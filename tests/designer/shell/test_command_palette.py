"""The command palette: what it finds and in which order, what it runs, and why something cannot be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QTabBar
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.actions import COMMANDS, plain
from designer.command_palette.matching import match
from designer.settings import Settings
from designer.window import Window
from tests.designer.canvas.drawing import framed_chain, in_group
from tests.designer.canvas.test_find import nested
from tests.designer.shell.conftest import iris

CONTROL = Qt.KeyboardModifier.ControlModifier
Open = Callable[[Project], Window]


def typed(qtbot: QtBot, window: Window, text: str) -> list[str]:
    if not window.command_palette.isVisible():
        window.command_palette.open()
    window.command_palette.field.clear()
    qtbot.keyClicks(window.command_palette.field, text)
    return [entry.text for entry in window.command_palette.listed]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("sa", "Select all"),
        ("SELECT ALL", "Select all"),
        ("all sel", "Select all"),
        ("dab", "Delete and bridge"),
        ("brdige", "Delete and bridge"),
        ("dublicate", "Duplicate"),
        ("kebsho", "Keyboard shortcuts"),
        ("cafe", "Café"),
    ],
)
def test_initials_words_typos_and_letters_match(query: str, text: str) -> None:
    assert match(query, text) is not None


@pytest.mark.parametrize(
    ("query", "text"), [("zz", "Select all"), ("undo", "Redo"), ("les", "Select all"), ("?", "Cut")]
)
def test_what_is_something_else_does_not_match(query: str, text: str) -> None:
    assert match(query, text) is None


def test_better_matches_rank_first() -> None:
    ranks = [match("save", text) for text in ("Save", "Save as", "Also save", "Unsaved")]
    assert None not in ranks
    assert ranks == sorted(ranks)  # type: ignore[type-var]


def test_every_command_is_listed_with_menu_key_and_state(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(iris())
    qtbot.keyClick(window.canvas, Qt.Key.Key_K, CONTROL)
    assert window.command_palette.isVisible()
    listed = {entry.id: entry for entry in window.command_palette.listed}
    for command in COMMANDS:
        if command.id != "command_palette":
            entry = listed[command.id]
            assert entry.text == plain(command)
            assert entry.enabled is window.actions_by_id[command.id].isEnabled()
    assert (listed["save"].where, listed["save"].key) == ("File", "Ctrl+S")
    assert listed["theme_light"].checked
    assert "rename" in listed, "what only the canvas's keys do is there too"


def test_a_press_elsewhere_closes_it_and_one_on_itself_does_not(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(iris())
    palette = window.command_palette
    palette.open()
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert palette.isVisible()
    tabs = next(each for each in window.findChildren(QTabBar) if each.isVisible())
    qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(tabs.count() - 1).center())
    assert not palette.isVisible()


def test_enter_runs_gives_the_keyboard_back_and_is_remembered(
    qtbot: QtBot, open_project: Open, settings: Settings
) -> None:
    window = open_project(iris())
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    palette = window.command_palette
    assert typed(qtbot, window, "sel al")[0] == "Select all"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert len(window.canvas.session.selection) == 5
    assert QApplication.focusWidget() is window.canvas
    typed(qtbot, window, "copy")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert settings.recent_commands == ("copy", "select_all")
    assert typed(qtbot, window, "")[:2] == ["Copy", "Select all"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert settings.recent_commands == ("select_all", "copy")


def test_what_cannot_be_run_says_why_and_does_not_run(qtbot: QtBot, window: Window, open_project: Open) -> None:
    assert typed(qtbot, window, "save as")[0] == "Save as…"
    assert window.command_palette.listed[0].why_not == "Open or begin a project first."
    window.command_palette.close_palette()
    open_project(iris())
    reasons = {}
    for query in ("Undo", "Ungroup", "Delete", "Pause"):
        typed(qtbot, window, query)
        reasons[query] = window.command_palette.listed[0].why_not
    assert reasons == {
        "Undo": "There is nothing to take back.",
        "Ungroup": "Select a group first.",
        "Delete": "Select a node first.",
        "Pause": "Nothing is being trained.",
    }
    qtbot.keyClick(window.command_palette.field, Qt.Key.Key_Return)
    assert window.command_palette.isVisible()
    qtbot.keyClick(window.command_palette.field, Qt.Key.Key_Escape)
    assert not window.command_palette.isVisible()


def test_nodes_are_gone_to_across_groups(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(nested())
    assert typed(qtbot, window, "@conv") == ["conv1", "stage1 / conv_inside", "stage2 / conv_inside"]
    qtbot.keyClick(window.command_palette.field, Qt.Key.Key_Up)
    qtbot.keyClick(window.command_palette.field, Qt.Key.Key_Return)
    assert window.canvas.session.path == ("stage2",)
    assert window.canvas.session.selection == {"conv_inside"}
    assert "flatten1" in typed(qtbot, window, "flatten1"), "no command is called that"
    assert typed(qtbot, window, "qqqq") == []


def test_frames_and_notes_are_gone_to_with_their_own_icons(qtbot: QtBot, open_project: Open) -> None:
    project = in_group(framed_chain())
    window = open_project(replace(project, graph=replace(project.graph, frames=framed_chain().frames)))
    assert typed(qtbot, window, "@inner") == ["Inner", "stem1 / Inner"]
    assert [entry.icon for entry in window.command_palette.listed] == ["frame", "frame"]
    assert typed(qtbot, window, "@why") == ["stem1 / Why"]
    assert [(entry.icon, entry.where) for entry in window.command_palette.listed] == [("note", "Note")]
    qtbot.keyClick(window.command_palette.field, Qt.Key.Key_Return)
    assert window.canvas.session.path == ("stem1",)
    assert window.canvas.session.drawn == {"note1"}


def test_what_can_be_run_comes_before_what_cannot(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(iris())
    window.command_palette.open()
    states = [entry.enabled for entry in window.command_palette.listed]
    assert states == sorted(states, reverse=True)
