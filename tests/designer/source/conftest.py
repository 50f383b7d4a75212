"""Source panels over real sessions, with a data folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import Project
from designer.session import Session
from designer.source.apply_dialog import ApplyDialog
from designer.source.panel import SourcePanel

WAIT = 60_000


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[Callable[[Project], SourcePanel]]:
    """Show the panel of a project, with its source written."""
    opened: list[tuple[Session, SourcePanel]] = []

    def open_(project: Project) -> SourcePanel:
        session = Session(Document(project))
        made = SourcePanel(session)
        qtbot.addWidget(made)
        opened.append((session, made))
        made.resize(700, 500)
        made.show()
        settled(qtbot, made)
        return made

    yield open_
    for session, made in opened:
        made.close_jobs()
        session.close()
        session.deleteLater()


def settled(qtbot: QtBot, panel: SourcePanel) -> None:
    """Wait until the panel has written what the check found last, or said why it cannot."""
    session, writer = panel.session, panel.writer
    qtbot.waitUntil(
        lambda: session.report_is_current and not writer.busy and bool(writer.written or writer.trouble), timeout=WAIT
    )


def started(qtbot: QtBot, panel: SourcePanel) -> ApplyDialog:
    """Press Apply and return the dialog, which the test looks at afterwards."""
    dialog = panel.apply()
    assert dialog is not None
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    return dialog
