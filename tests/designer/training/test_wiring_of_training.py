"""Training in a whole window: its commands, the menu of a node, the bar of notices, and closing while it trains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.project import Project
from core.training.runs import Run
from designer.training.takeover import TakeoverDialog
from designer.training.tools.trial import TrialDialog
from designer.window import Window
from tests.designer.shell.conftest import Hands, hands, iris, open_project, settings, wait_for_check, window

from .running import LONG, WAIT

__all__ = ["hands", "open_project", "settings", "window"]

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen platform, at every popup
OpenIt = Callable[[Project], Window]


@pytest.fixture
def opened(open_project: OpenIt) -> Window:
    project = iris()
    return open_project(replace(project, training=replace(project.training, epochs=LONG)))


def action(window: Window, name: str) -> QAction:
    return window.actions_by_id[name]


def until(qtbot: QtBot, window: Window, state: str) -> None:
    qtbot.waitUntil(lambda: window.runner.state == state, timeout=WAIT)


def run(qtbot: QtBot, window: Window) -> None:
    action(window, "train").trigger()
    until(qtbot, window, "running")


def test_commands_for_a_run_can_be_used_while_it_goes_on(qtbot: QtBot, opened: Window) -> None:
    names = ("adjust_run", "checkpoint")
    assert not any(action(opened, name).isEnabled() for name in names)
    assert action(opened, "find_rate").isEnabled()
    run(qtbot, opened)
    assert all(action(opened, name).isEnabled() for name in names)
    assert not action(opened, "find_rate").isEnabled()
    assert not action(opened, "freeze").isEnabled()
    assert opened.workspace is not None
    opened.workspace.session.select(["hidden"])
    assert action(opened, "freeze").isEnabled()
    action(opened, "freeze").trigger()
    qtbot.waitUntil(lambda: opened.runner.live.frozen == {"hidden"}, timeout=WAIT)
    assert "hidden frozen" in opened.status.currentMessage()
    action(opened, "adjust_run").trigger()
    assert opened.workspace.train_bar.controls.isVisible()
    opened.workspace.train_bar.controls.close()
    action(opened, "stop").trigger()
    until(qtbot, opened, "finished")
    assert action(opened, "resume_run").isEnabled()
    assert action(opened, "train_more").isEnabled()
    action(opened, "resume_run").trigger()
    until(qtbot, opened, "running")


def test_the_menu_of_a_node_freezes_it_while_training(qtbot: QtBot, opened: Window) -> None:
    canvas = opened.canvas
    place = canvas.mapFromScene(canvas.canvas.cards(["hidden"]).center())

    def offered() -> list[str]:
        menu = canvas.menu_at(place)
        texts = [each.text() for each in menu.actions()]
        menu.deleteLater()
        return texts

    assert "Freeze in this run" not in offered()
    run(qtbot, opened)
    menu = canvas.menu_at(place)
    (entry,) = [each for each in menu.actions() if each.text() == "Freeze in this run"]
    entry.trigger()
    menu.deleteLater()
    qtbot.waitUntil(lambda: opened.runner.live.frozen == {"hidden"}, timeout=WAIT)
    assert "Let learn in this run" in offered()


def test_a_changed_network_is_gone_on_with_from_the_menu(qtbot: QtBot, opened: Window) -> None:
    run(qtbot, opened)
    assert opened.workspace is not None
    assert not action(opened, "take_over").isEnabled()
    action(opened, "pause").trigger()
    until(qtbot, opened, "paused")
    opened.workspace.session.apply(SetParameters({"logits": {"bias": False}}))
    wait_for_check(qtbot, opened)
    assert action(opened, "take_over").isEnabled()
    folder = opened.runner.run
    action(opened, "take_over").trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, TakeoverDialog)
    qtbot.waitUntil(dialog.apply.isEnabled, timeout=WAIT)
    dialog.apply.click()
    qtbot.waitUntil(lambda: opened.runner.run != folder and opened.runner.state == "running", timeout=WAIT)


@pytest.mark.parametrize("name", ["find_rate", "overfit", "dry_run"])
def test_trials_open_from_the_menu_and_change_nothing(qtbot: QtBot, opened: Window, name: str) -> None:
    assert opened.workspace is not None
    before = opened.workspace.session.project
    action(opened, name).trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, TrialDialog)
    qtbot.waitUntil(lambda: not dialog.lane.busy, timeout=WAIT)
    assert dialog.verdict.text()
    dialog.close()
    assert opened.workspace.session.project is before
    assert not opened.runner.runs_root.exists()


def test_a_failure_is_told_above_the_canvas_of_its_project(qtbot: QtBot, open_project: OpenIt) -> None:
    project = iris()
    wild = replace(project, training=replace(project.training, optimizer="SGD", learning_rate=1e12))
    opened = open_project(wild)
    action(opened, "train").trigger()
    until(qtbot, opened, "failed")
    assert opened.workspace is not None
    assert opened.workspace.notice.isVisible()
    assert "Training failed" in opened.status.currentMessage()
    assert QApplication.activeModalWidget() is None


def test_closing_asks_while_a_run_that_was_resumed_goes_on(qtbot: QtBot, opened: Window, hands: Hands) -> None:
    run(qtbot, opened)
    action(opened, "pause").trigger()
    until(qtbot, opened, "paused")
    hands.press("Stop and close")
    runner = opened.runner
    opened.close_tab()
    assert hands.seen
    assert runner.state == "finished"


def test_a_run_of_the_list_is_shown_seen_inside_and_goes_on(qtbot: QtBot, open_project: OpenIt) -> None:
    project = iris()
    window = open_project(replace(project, training=replace(project.training, epochs=2)))
    action(window, "train").trigger()
    until(qtbot, window, "finished")
    workspace, folder = window.workspace, window.runner.run
    assert workspace is not None
    assert folder is not None
    workspace.show_panel(workspace.runs)
    workspace.runs.refresh()
    qtbot.waitUntil(lambda: workspace.runs.model.rowCount() == 1, timeout=WAIT)
    workspace.runs.view.selectRow(0)
    actions = workspace.runs.actions_by_name
    actions["results"].trigger()
    assert workspace.outcome.isVisible()
    assert workspace.outcome.heading.run.folder == folder
    actions["inside"].trigger()
    assert workspace.inside.isVisible()
    workspace.runs.train_more_requested.emit(folder, 3)
    until(qtbot, window, "finished")
    qtbot.waitUntil(lambda: Run.open(folder).summary().epochs == 5, timeout=WAIT)
