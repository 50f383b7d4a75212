"""Several projects in tabs: each keeps to itself, nothing unsaved is lost, and a closed one leaves nothing behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtWidgets import QMessageBox, QTabBar, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.files import load_project
from core.graph.project import Project, TrainingSettings
from designer.tabs import UNSAVED
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.shell.conftest import Hands, image_network, iris, saved, wait_for_check

Open = Callable[[Project], Window]
Buttons = QMessageBox.StandardButton


def both(window: Window, tmp_path: Path) -> tuple[Workspace, Workspace]:
    """Open Flowers and Images in two tabs."""
    for name, project in (("flowers", iris()), ("images", image_network())):
        assert window.open_path(saved(project, tmp_path / f"{name}.layerwright"))
    first, second = window.projects.open_ones
    return first, second


def change(workspace: Workspace, features: int = 7) -> None:
    node = "hidden" if "hidden" in workspace.session.project.graph.nodes else "linear1"
    assert workspace.session.apply(SetParameters({node: {"out_features": features}}))


def text_of(window: Window, workspace: Workspace) -> str:
    return window.tabs.bar.tabText(window.tabs.pages.index(workspace))


def test_each_project_opens_in_a_tab_of_its_own_named_by_its_file(window: Window, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    assert window.workspace is second
    assert [text_of(window, each) for each in (first, second)] == ["flowers.layerwright", "images.layerwright"]
    at = window.tabs.pages.index(first)
    assert window.tabs.bar.tabToolTip(at) == str(tmp_path / "flowers.layerwright")
    assert window.tabs.bar.isVisible()


def test_the_start_page_alone_needs_no_tabs(window: Window) -> None:
    assert window.tabs.current is window.start
    assert not window.tabs.bar.isVisible()


def test_opening_a_file_that_is_open_goes_to_its_tab(window: Window, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    change(first)
    assert window.open_path(tmp_path / "flowers.layerwright")
    assert window.workspace is first
    assert window.projects.open_ones == (first, second)
    assert first.session.project.graph.nodes["hidden"].params["out_features"] == 7


def test_what_is_unsaved_is_marked_in_its_tab_only(window: Window, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    change(first)
    assert text_of(window, first) == f"{UNSAVED} flowers.layerwright"
    assert text_of(window, second) == "images.layerwright"
    assert not window.isWindowModified()
    first.session.document.undo()
    assert text_of(window, first) == "flowers.layerwright"


def test_commands_act_on_the_current_tab(window: Window, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    change(first, 7)
    change(second, 9)
    window.tabs.show_page(first)
    window.actions_by_id["undo"].trigger()
    assert first.session.project.graph.nodes["hidden"].params["out_features"] == 5
    assert second.session.project.graph.nodes["linear1"].params["out_features"] == 9
    assert not window.actions_by_id["undo"].isEnabled()
    window.tabs.show_page(second)
    assert window.actions_by_id["undo"].isEnabled()
    assert window.windowTitle().startswith("images.layerwright")


def test_control_tab_goes_round_and_control_w_closes(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    window.activateWindow()
    second.canvas.setFocus()
    qtbot.keyClick(second.canvas, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)
    assert window.tabs.current is window.start
    window.tabs.step(1)
    assert window.workspace is first
    first.canvas.setFocus()
    qtbot.keyClick(first.canvas, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert window.projects.open_ones == (second,)


def test_the_middle_button_and_the_cross_close_a_tab(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    bar = window.tabs.bar
    place = bar.tabRect(window.tabs.pages.index(first)).center()
    qtbot.mouseClick(bar, Qt.MouseButton.MiddleButton, pos=place)
    assert window.projects.open_ones == (second,)
    cross = bar.tabButton(window.tabs.pages.index(second), QTabBar.ButtonPosition.RightSide)
    assert isinstance(cross, QToolButton)
    assert cross.accessibleName()
    qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert window.tabs.current is window.start
    assert window.workspace is None


def test_tabs_are_put_in_another_order_by_dragging(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    bar = window.tabs.bar
    start, end = (bar.tabRect(window.tabs.pages.index(each)).center() for each in (second, first))
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=start)
    for x in range(start.x(), end.x() - 20, -10):
        qtbot.mouseMove(bar, QPoint(x, start.y()))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(end.x() - 20, start.y()))
    assert window.projects.open_ones == (second, first)
    assert window.workspace is second
    window.tabs.show_page(first)
    assert first.isVisible()


def test_the_start_page_can_be_closed_and_comes_back(window: Window, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    window.projects.close(window.start)
    assert window.tabs.pages == (first, second)
    window.actions_by_id["start"].trigger()
    assert window.tabs.current is window.start
    assert first.session.project.name == "Flowers"


def test_closing_the_window_asks_about_each_unsaved_project(window: Window, hands: Hands, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    change(first, 7)
    change(second, 9)
    hands.press(Buttons.Save)
    hands.press(Buttons.Discard)
    assert window.close()
    assert ["flowers" in hands.seen[0], "images" in hands.seen[1]] == [True, True]
    assert load_project(tmp_path / "flowers.layerwright").graph.nodes["hidden"].params["out_features"] == 7
    assert load_project(tmp_path / "images.layerwright").graph.nodes["linear1"].params["out_features"] == 10


def test_cancelling_once_keeps_every_project_open(window: Window, hands: Hands, tmp_path: Path) -> None:
    first, second = both(window, tmp_path)
    change(first, 7)
    change(second, 9)
    hands.press(Buttons.Discard)
    hands.press(Buttons.Cancel)
    assert not window.close()
    assert window.projects.open_ones == (first, second)
    assert window.workspace is second
    assert first.session.document.is_modified


def test_a_project_cannot_be_saved_over_one_in_another_tab(window: Window, hands: Hands, tmp_path: Path) -> None:
    both(window, tmp_path)
    (tmp_path / "flowers.layerwright").unlink()  # or the file dialog asks about it first
    hands.choose(tmp_path / "flowers.layerwright")
    hands.press(Buttons.Ok)
    assert not window.save_as()
    assert "another tab" in hands.seen[-1]
    assert not (tmp_path / "flowers.layerwright").exists()


def test_training_goes_on_in_a_hidden_tab_and_shows_its_progress(
    window: Window, qtbot: QtBot, hands: Hands, tmp_path: Path
) -> None:
    project = replace(iris(), training=TrainingSettings(epochs=10_000))
    assert window.open_path(saved(project, tmp_path / "long.layerwright"))
    training = window.workspace
    assert training is not None
    wait_for_check(qtbot, window)
    window.actions_by_id["train"].trigger()
    qtbot.waitUntil(lambda: training.runner.state == "running", timeout=60_000)
    window.new_project()
    assert not training.isVisible()
    qtbot.waitUntil(lambda: (window.tabs.bar.share(training) or 0) > 0, timeout=60_000)
    assert "%" in text_of(window, training)
    hands.press("Stop and close")
    assert window.projects.close(training)
    assert not training.runner.active


def test_a_closed_project_leaves_no_thread_and_no_memory(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    assert window.open_path(saved(iris(), tmp_path / "gone.layerwright"))
    wait_for_check(qtbot, window)
    assert window.workspace is not None
    document = weakref.ref(window.workspace.session.document)
    workspace = weakref.ref(window.workspace)
    window.close_tab()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qtbot.waitUntil(lambda: {thread.name for thread in threading.enumerate()} <= before)
    gc.collect()
    assert workspace() is None
    assert document() is None
