"""What is pressed on the keyboard while the mouse drags on the canvas of a real window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from core.graph.project import Project
from designer.window import Window
from tests.designer.canvas.conftest import chain

_NONE, _CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize(
    ("key", "held"),
    [(Qt.Key.Key_Z, _CONTROL), (Qt.Key.Key_Delete, _NONE), (Qt.Key.Key_X, _CONTROL), (Qt.Key.Key_Backspace, _CONTROL)],
    ids=["undo", "delete", "cut", "delete and bridge"],
)
def test_no_shortcut_changes_the_network_under_a_drag(
    qtbot: QtBot, open_project: Callable[[Project], Window], key: Qt.Key, held: Qt.KeyboardModifier
) -> None:
    view = open_project(Project(graph=chain())).canvas
    document = view.session.document
    view.session.select(["conv1"])
    view.duplicate()
    before = document.project
    view.setFocus()
    pixel = view.mapFromScene(view.canvas.nodes["conv2"].scene_card().center())
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=pixel)
    qtbot.mouseMove(view.viewport(), pixel + QPoint(30, 60))
    qtbot.keyClick(view, key, held)
    assert document.project is before
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=pixel + QPoint(30, 60))
    assert document.undo_label == "Move"
    document.undo()
    assert document.project == before
    qtbot.keyClick(view, Qt.Key.Key_Z, _CONTROL)
    assert document.project.graph == chain()
    qtbot.keyClick(view, Qt.Key.Key_Escape)  # Qt takes Ctrl for held until the next key
