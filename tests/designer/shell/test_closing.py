"""Closing a project asks about a source that was not applied and about a sweep that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.graph.project import Dimension, Project, Search, TrainingSettings
from designer.window import Window
from tests.designer.shell.conftest import Hands, iris

OpenIt = Callable[[Project], Window]
RATE = Dimension("training/learning_rate", 0.001, 0.1, log=True)


def test_a_source_that_was_edited_and_not_applied_is_asked_about(
    qtbot: QtBot, open_project: OpenIt, hands: Hands
) -> None:
    window = open_project(iris())
    window.actions_by_id["edit_source"].trigger()
    workspace = window.workspace
    assert workspace is not None
    source = workspace.source
    qtbot.waitUntil(lambda: source.editing, timeout=60_000)
    source.text.replace_text(source.text.toPlainText() + "# mine\n")
    workspace.show_panel(workspace.properties)
    hands.press(QMessageBox.StandardButton.Cancel)
    assert not window.projects.close(workspace)
    assert "not on the canvas" in hands.seen[-1]
    assert source.isVisible()
    assert source.editing
    hands.press("Close without them")
    assert window.projects.close(workspace)
    assert window.workspace is None


def test_a_sweep_that_runs_is_asked_about_and_stopped(qtbot: QtBot, open_project: OpenIt, hands: Hands) -> None:
    project = replace(iris(), training=TrainingSettings(epochs=100_000), search=Search((RATE,), trials=3))
    window = open_project(project)
    workspace = window.workspace
    assert workspace is not None
    runner = workspace.sweep.runner
    runner.start(1)
    hands.press(QMessageBox.StandardButton.Cancel)
    assert not window.close()
    assert "of 3 trials have ended" in hands.seen[-1]
    assert runner.active
    hands.press("Stop and close")
    assert window.projects.close(workspace)
    assert not runner.active or runner.state == "stopping"
