"""Opening, saving and closing: nothing is lost without being asked about."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.files import load_project
from core.graph.project import Project, TrainingSettings
from designer.session import Session
from designer.settings import Settings
from designer.window import Window
from tests.designer.shell.conftest import Hands, iris, saved

Open = Callable[[Project], Window]
Buttons = QMessageBox.StandardButton


def session_of(window: Window) -> Session:
    assert window.workspace is not None
    return window.workspace.session


def change(window: Window, features: int = 7) -> None:
    assert session_of(window).apply(SetParameters({"hidden": {"out_features": features}}))


def test_opening_shows_the_workspace_and_remembers_the_project(open_project: Open, settings: Settings) -> None:
    window = open_project(iris())
    assert window.tabs.current is window.workspace
    assert window.windowTitle() == "project.layerwright[*] – Layerwright"
    assert not window.isWindowModified()
    assert [each.name for each in settings.recent()] == ["Flowers"]


def test_the_dialog_opens_the_chosen_file(window: Window, hands: Hands, tmp_path: Path) -> None:
    hands.choose(saved(iris(), tmp_path / "chosen.layerwright"))
    window.actions_by_id["open"].trigger()
    assert session_of(window).document.path == tmp_path / "chosen.layerwright"


def test_saving_writes_the_file_and_clears_the_mark(open_project: Open) -> None:
    window = open_project(iris())
    change(window)
    assert window.isWindowModified()
    window.actions_by_id["save"].trigger()
    path = session_of(window).document.path
    assert path is not None
    assert load_project(path).graph.nodes["hidden"].params["out_features"] == 7
    assert not window.isWindowModified()


def test_save_as_adds_the_ending_and_goes_on_in_the_new_file(open_project: Open, hands: Hands, tmp_path: Path) -> None:
    window = open_project(iris())
    change(window)
    hands.choose(tmp_path / "copy")
    window.actions_by_id["save_as"].trigger()
    assert session_of(window).document.path == tmp_path / "copy.layerwright"
    assert load_project(tmp_path / "project.layerwright").graph.nodes["hidden"].params["out_features"] == 5
    assert load_project(tmp_path / "copy.layerwright").graph.nodes["hidden"].params["out_features"] == 7


def test_undo_and_redo_name_their_step_and_follow_the_document(open_project: Open) -> None:
    window = open_project(iris())
    undo, redo = window.actions_by_id["undo"], window.actions_by_id["redo"]
    assert not undo.isEnabled()
    change(window)
    assert undo.text() == "&Undo Change out_features"
    undo.trigger()
    assert session_of(window).project.graph.nodes["hidden"].params["out_features"] == 5
    assert not undo.isEnabled()
    assert redo.text() == "&Redo Change out_features"
    redo.trigger()
    assert session_of(window).project.graph.nodes["hidden"].params["out_features"] == 7


def test_cancel_keeps_the_changed_project_open(open_project: Open, hands: Hands) -> None:
    window = open_project(iris())
    change(window)
    hands.press(Buttons.Cancel)
    assert not window.close()
    assert window.isVisible()
    assert session_of(window).project.graph.nodes["hidden"].params["out_features"] == 7


def test_discard_closes_without_writing(open_project: Open, hands: Hands, tmp_path: Path) -> None:
    window = open_project(iris())
    change(window)
    hands.press(Buttons.Discard)
    assert window.close()
    assert load_project(tmp_path / "project.layerwright").graph.nodes["hidden"].params["out_features"] == 5


def test_save_in_the_question_writes_before_closing(open_project: Open, hands: Hands, tmp_path: Path) -> None:
    window = open_project(iris())
    change(window)
    hands.press(Buttons.Save)
    window.actions_by_id["close_tab"].trigger()
    assert load_project(tmp_path / "project.layerwright").graph.nodes["hidden"].params["out_features"] == 7
    assert window.workspace is None


def test_an_untouched_new_project_is_left_without_a_question(window: Window) -> None:
    window.actions_by_id["new"].trigger()
    assert window.windowTitle() == "Untitled[*] – Layerwright"
    window.actions_by_id["close_tab"].trigger()
    assert window.tabs.current is window.start
    assert window.workspace is None


def test_a_damaged_file_is_explained_and_the_open_project_stays(
    open_project: Open, hands: Hands, tmp_path: Path
) -> None:
    window = open_project(iris())
    change(window)
    damaged = tmp_path / "damaged.layerwright"
    damaged.write_text('{"format": 1, "graph": {"nodes": [')
    hands.press(Buttons.Ok)
    assert not window.open_path(damaged)
    assert "damaged.layerwright" in hands.seen[0]
    assert "what was open still is" in hands.seen[0]
    assert session_of(window).project.graph.nodes["hidden"].params["out_features"] == 7
    assert damaged.read_text().startswith('{"format": 1')


def test_a_missing_recent_file_is_explained(window: Window, hands: Hands, tmp_path: Path) -> None:
    hands.press(Buttons.Ok)
    assert not window.open_path(tmp_path / "gone.layerwright")
    assert "gone.layerwright" in hands.seen[0]
    assert window.workspace is None


def test_where_saving_fails_the_old_file_and_the_changes_are_kept(
    open_project: Open, hands: Hands, tmp_path: Path
) -> None:
    window = open_project(iris())
    change(window)
    path = tmp_path / "project.layerwright"
    before = path.read_bytes()
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is needed")
    session_of(window).document.path = blocked / "project.layerwright"
    hands.press(Buttons.Ok)
    window.actions_by_id["save"].trigger()
    assert "Your changes are still here" in hands.seen[0]
    assert path.read_bytes() == before
    assert window.isWindowModified()


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder_is_explained_at_save(open_project: Open, hands: Hands, tmp_path: Path) -> None:
    window = open_project(iris())
    change(window)
    tmp_path.chmod(0o500)
    hands.press(Buttons.Ok)
    window.actions_by_id["save"].trigger()
    tmp_path.chmod(0o700)
    assert window.isWindowModified()


def test_a_project_dropped_on_the_window_is_opened(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(saved(iris(), tmp_path / "dropped.layerwright")))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(9, 9), copy, data, left, none)
    window.dragEnterEvent(entering)
    assert entering.isAccepted()
    window.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))
    qtbot.waitUntil(lambda: window.workspace is not None)
    assert session_of(window).project.name == "Flowers"


def test_docks_are_where_they_were_left(window: Window, settings: Settings, tmp_path: Path) -> None:
    path = saved(iris(), tmp_path / "docks.layerwright")
    window.open_path(path)
    window.actions_by_id["show_library"].trigger()
    window.actions_by_id["close_tab"].trigger()
    window.open_path(path)
    assert window.workspace is not None
    assert not window.workspace.docks["library"].isVisible()
    assert window.workspace.docks["inspector"].isVisible()


def test_closing_while_training_asks_and_then_ends_cleanly(open_project: Open, qtbot: QtBot, hands: Hands) -> None:
    window = open_project(replace(iris(), training=TrainingSettings(epochs=100_000)))
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: window.runner.state == "running", timeout=60000)
    hands.press(Buttons.Cancel)
    assert not window.close()
    assert window.runner.active
    runner = window.runner
    hands.press("Stop and close")
    assert window.close()
    assert not runner.active
    assert window.workspace is None


def test_a_picture_of_the_curves_goes_to_the_name_that_was_typed(
    qtbot: QtBot, open_project: Open, hands: Hands, tmp_path: Path
) -> None:
    window = open_project(iris())
    assert window.workspace is not None
    controls = window.workspace.curves.controls
    hands.choose(tmp_path / "typed.png")
    with qtbot.waitSignal(controls.export_requested) as asked:
        controls.export.menu().actions()[1].trigger()
    assert asked.args == ["png", tmp_path / "typed.png"]
