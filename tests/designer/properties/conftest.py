"""Windows with groups, shared layers and activations, and their forms to be typed into."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from core.graph.edits import GroupNodes, SetGroupParameters, SetParameters, Within
from core.graph.project import GroupParameter, Project
from designer.properties.editors.base import Editor
from designer.properties.editors.typed import TypedEditor
from designer.properties.panel import Form
from designer.session import Session
from designer.window import Window
from tests.designer.shell.conftest import Hands, hands, iris, open_project, settings, wait_for_check, window

__all__ = ["Hands", "hands", "open_project", "settings", "window"]

Open = Callable[[Project], Window]
W = TypeVar("W", bound=QWidget)


class Hand:
    """The properties of what is selected in a window."""

    def __init__(self, bot: QtBot, window: Window) -> None:
        assert window.workspace is not None
        self.bot, self.window = bot, window
        self.session: Session = window.workspace.session
        self.panel = window.workspace.properties

    @property
    def form(self) -> Form:
        assert self.panel.form is not None
        return self.panel.form

    def select(self, *names: str) -> None:
        self.session.select(names)

    def find(self, kind: type[W], name: str) -> W:
        found = [each for each in self.form.findChildren(kind, name) if each.isVisibleTo(self.panel)]
        assert len(found) == 1, name
        return found[0]

    def has(self, kind: type[QWidget], name: str) -> bool:
        return any(each.isVisibleTo(self.panel) for each in self.form.findChildren(kind, name))

    def line(self, parameter: str) -> QLineEdit:
        editor = self.form.findChild(Editor, parameter if parameter == "repeat" else f"editor_{parameter}")
        assert isinstance(editor, TypedEditor)
        return editor.line

    def type(self, line: QLineEdit, text: str, *, enter: bool = False) -> None:
        line.selectAll()
        self.bot.keyClick(line, Qt.Key.Key_Delete)
        self.bot.keyClicks(line, text)
        if enter:
            self.bot.keyClick(line, Qt.Key.Key_Return)

    def press(self, name: str) -> None:
        self.bot.mouseClick(self.find(QPushButton, name), Qt.MouseButton.LeftButton)

    def texts(self) -> list[str]:
        return [each.text() for each in self.panel.findChildren(QLabel) if each.isVisibleTo(self.panel)]

    def says(self, part: str) -> bool:
        return any(part in text for text in self.texts())

    def table(self) -> QTableWidget:
        return self.find(QTableWidget, "numbers_table")

    def cell(self, row: int, column: int) -> str:
        item = self.table().item(row, column)
        assert item is not None
        return item.text()

    def set_cell(self, row: int, column: int, text: str) -> None:
        item = self.table().item(row, column)
        assert item is not None
        item.setText(text)

    def click_cell(self, row: int, column: int) -> None:
        table = self.table()
        item = table.item(row, column)
        assert item is not None
        place = table.visualItemRect(item).center()
        self.bot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def check(self) -> None:
        """Wait until the check has answered."""
        wait_for_check(self.bot, self.window)

    def undo(self) -> None:
        self.window.actions_by_id["undo"].trigger()

    def inside(self, node: str) -> dict[str, object]:
        """Return the parameters of a node inside of the group Hidden."""
        return dict(self.session.project.groups["Hidden"].graph.nodes[node].params)


@pytest.fixture
def grouped(qtbot: QtBot, open_project: Open) -> Hand:
    """The classifier of flowers with hidden and relu1 in the group Hidden, whose parameter size is used by hidden."""
    hand = Hand(qtbot, open_project(iris(hidden=4)))
    apply = hand.session.apply
    apply(GroupNodes(frozenset({"hidden", "relu1"}), "Hidden", "stage1"))
    apply(SetGroupParameters("Hidden", (GroupParameter("size", 4, "How many features."),)))
    apply(Within("Hidden", SetParameters({"hidden": {"out_features": "size"}})))
    hand.check()
    return hand
