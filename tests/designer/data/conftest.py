"""Data panels over real data, as wide as their dock, and small files of several kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from core.graph.project import Field
from designer.data.panel import DataPanel
from designer.session import Session
from tests.designer.panels.conftest import WAIT, change, classifier, open_session

__all__ = ["WAIT", "change", "classifier", "open_session"]

Make = Callable[[Session], DataPanel]
OFFSCREEN = pytest.mark.qt_log_ignore("This plugin does not support")
"""A menu asks the offscreen platform for things that it does not have."""
TABLE = "size,colour,weight,answer\n1.5,red,,yes\n2.5,blue,10,no\n3.5,red,11,yes\n4.5,green,12,no\n5.5,blue,13,yes\n"


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    """Show panels as wide as they are in the window."""

    def make_(session: Session) -> DataPanel:
        panel = DataPanel(session)
        qtbot.addWidget(panel)
        panel.resize(340, 640)
        panel.show()
        return panel

    return make_


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with a missing number."""
    path = tmp_path / "table.csv"
    head, *rows = TABLE.splitlines()
    path.write_text("\n".join([head, *(rows * 4)]) + "\n")
    return path


def settled(qtbot: QtBot, panel: DataPanel) -> None:
    """Wait until the panel has looked at its data."""
    qtbot.waitUntil(lambda: panel.rows_shown > 0 and not panel.busy, timeout=WAIT)


def field_of(panel: DataPanel, name: str) -> Field:
    """Return a field of the project that the panel shows."""
    found = panel._session.project.data.field(name)
    assert found is not None
    return found


def drop(panel: DataPanel, *paths: Path) -> bool:
    """Drag files over the panel and let go; return whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    entered.setAccepted(False)
    panel.dragEnterEvent(entered)
    if entered.isAccepted():
        panel.dropEvent(QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    return entered.isAccepted()
