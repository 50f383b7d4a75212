"""The keys: one table for menus, canvas and help; the user's own keys; the dialog and the overlay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.canvas import menus
from designer.keys.dialog import KeysDialog
from designer.keys.keymap import keymap
from designer.keys.overlay import place_of
from designer.keys.table import CANVAS, bindings, written
from designer.settings import Settings
from designer.window import Window
from tests.designer.shell.conftest import Hands, iris

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Open = Callable[[Project], Window]


@pytest.fixture(autouse=True)
def default_keys(qapp: QApplication) -> Iterator[None]:
    yield
    keymap.reset_all()


def dialog_of(qtbot: QtBot, window: Window, command: str) -> KeysDialog:
    dialog = KeysDialog(window)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.show_command(command)
    return dialog


def test_no_two_commands_share_a_key_where_both_act() -> None:
    held = defaultdict(list)
    for row in bindings():
        for key in row.keys if not row.fixed else ():
            held[key].append(row)
    for key, rows in held.items():
        places = [row.place for row in rows]
        assert len(rows) == 1 or ("" not in places and len(set(places)) == len(places)), (key, rows)


def test_every_key_of_the_canvas_does_something_there(open_project: Open) -> None:
    window = open_project(iris())
    for row in bindings():
        if row.id and row.place == CANVAS:
            assert all(window.canvas.keys.bound_to(key) == row.id for key in row.keys), row


def test_the_dialog_lists_and_searches_every_command(qtbot: QtBot, window: Window) -> None:
    dialog = dialog_of(qtbot, window, "save")
    listed = {item.text(0): item.text(1) for item in dialog._items()}
    for row in bindings():
        if row.id:
            assert listed[row.text] or not row.keys
    qtbot.keyClicks(dialog.search, "ctrl+g")
    shown = [item.text(0) for item in dialog._items() if not item.isHidden()]
    assert shown == ["Group"]


def test_a_new_key_works_in_menus_on_the_canvas_and_in_every_help(
    qtbot: QtBot, open_project: Open, settings: Settings
) -> None:
    window = open_project(iris())
    dialog = dialog_of(qtbot, window, "duplicate")
    dialog.change.click()
    qtbot.keyClick(dialog.field, Qt.Key.Key_U)
    assert settings.keys == {"duplicate": ("U",)}
    assert window.actions_by_id["duplicate"].shortcut() == QKeySequence("U")
    before = len(window.canvas.session.project.graph.nodes)
    window.canvas.session.select(["relu1"])
    qtbot.keyClick(window.canvas, Qt.Key.Key_D, CONTROL)
    assert len(window.canvas.session.project.graph.nodes) == before
    qtbot.keyClick(window.canvas, Qt.Key.Key_U)
    qtbot.waitUntil(lambda: len(window.canvas.session.project.graph.nodes) == before + 1)
    window.canvas.session.select(["relu1"])
    menu = menus.node_menu(window.canvas, "relu1")
    assert "Duplicate\tU" in [action.text() for action in menu.actions()]
    menu.close()
    window.canvas.setFocus()
    window.keys_overlay.toggle()
    texts = window.keys_overlay.texts
    assert texts[texts.index("Duplicate") + 1] == "U"


def test_keys_are_kept_for_the_next_window(qtbot: QtBot, window: Window, settings: Settings) -> None:
    keymap.give("find_layer", ("Ctrl+9", "Alt+9"))
    settings.sync()
    again = Window(Settings(Path(settings._store.fileName())))
    qtbot.addWidget(again)
    assert [key.toString() for key in again.actions_by_id["find_layer"].shortcuts()] == ["Ctrl+9", "Alt+9"]


def test_a_key_that_is_taken_is_named_and_taken_over_only_if_wanted(
    qtbot: QtBot, window: Window, hands: Hands, settings: Settings
) -> None:
    dialog = dialog_of(qtbot, window, "log")
    for button in (QMessageBox.StandardButton.Cancel, QMessageBox.StandardButton.Yes):
        hands.press(button)
        dialog.show_command("log")
        dialog.change.click()
        qtbot.keyClick(dialog.field, Qt.Key.Key_G, CONTROL)
        if button is QMessageBox.StandardButton.Cancel:
            assert settings.keys == {}
    assert f"{written('Ctrl+G')} stands for “Group” already." in hands.seen[0]
    assert settings.keys == {"log": ("Ctrl+G",), "group": ()}
    dialog.show_command("group")
    assert dialog.tree.currentItem().text(1) == ""
    dialog.reset.click()
    assert settings.keys == {}, "the default comes back, and is taken from who has it"
    keymap.give("log", ("Ctrl+9",))
    hands.press(QMessageBox.StandardButton.Yes)
    dialog.reset_all.click()
    assert settings.keys == {}
    assert window.actions_by_id["group"].shortcut() == QKeySequence("Ctrl+G")


def test_another_key_can_be_added_and_all_taken_off(qtbot: QtBot, window: Window) -> None:
    dialog = dialog_of(qtbot, window, "problems")
    dialog.add.click()
    qtbot.keyClick(dialog.field, Qt.Key.Key_F12, SHIFT)
    assert keymap.keys("problems") == ("F8", "Shift+F12")
    dialog.clear.click()
    assert keymap.keys("problems") == ()
    dialog.change.click()
    qtbot.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert keymap.keys("problems") == ()
    assert dialog.isVisible()


def test_broken_settings_count_as_none(settings: Settings) -> None:
    settings._store.setValue("keys", '{"save": 3, "open": ["Ctrl+9"]}')
    assert settings.keys == {"open": ("Ctrl+9",)}
    settings._store.setValue("keys", "[1, 2]")
    assert settings.keys == {}


def test_the_overlay_shows_the_keys_of_where_one_is(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(iris())
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.canvas.setFocus()
    qtbot.keyClick(window.canvas, Qt.Key.Key_F1)
    overlay = window.keys_overlay
    assert overlay.isVisible()
    assert "Keys on the canvas" in overlay.texts
    assert "Rename" in overlay.texts
    assert "Group" in overlay.texts
    qtbot.keyClick(overlay, Qt.Key.Key_Escape)
    assert not overlay.isVisible()
    assert QApplication.focusWidget() is window.canvas
    window.show_outline()
    qtbot.keyClick(window.workspace.outline, Qt.Key.Key_Question)
    assert overlay.isVisible()
    assert "Keys in the outline" in overlay.texts
    assert "Go through the nodes" in overlay.texts
    qtbot.keyClick(overlay, Qt.Key.Key_F1)
    assert not overlay.isVisible()
    window.canvas.open_palette_after_selection()
    assert place_of(QApplication.focusWidget()) == "adding"
    window.show_cost()
    assert place_of(QApplication.focusWidget()) == "listing"
