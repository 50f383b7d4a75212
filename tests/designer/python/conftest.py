"""Editors over real sessions, with a data folder of their own and hands that answer message boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import End, Graph, Node, Project, PythonLayer
from designer.python.dialog import PythonDialog, edit_python_layer, new_python_layer
from designer.session import Session

WAIT = 60_000
GATE = '''from torch import Tensor, nn


class Gate(nn.Module):
    """Lets a part through."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_features, in_features)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.linear(x).sigmoid()
'''


def project(source: str = GATE) -> Project:
    """Return a project in which a Python layer is used."""
    nodes = (
        Node("x", "Input", {"shape": (6,)}),
        Node("gate1", "python:Gate"),
        Node("y", "Output"),
    )
    links = {End("gate1", "x"): End("x", "output"), End("y", "input"): End("gate1", "output")}
    graph = Graph({node.name: node for node in nodes}, links)
    return Project(graph=graph, code={"Gate": PythonLayer("Gate", source)})


def _take_back(dialog: PythonDialog) -> None:
    """Undo what was typed, so that closing does not ask."""
    while dialog.code.document().isUndoAvailable():
        dialog.code.undo()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def open_session(qtbot: QtBot) -> Iterator[Callable[[Project], Session]]:
    """Open sessions that are closed at the end."""
    opened: list[Session] = []

    def open_(made: Project) -> Session:
        session = Session(Document(made))
        opened.append(session)
        qtbot.waitUntil(lambda: session.report_is_current, timeout=WAIT)
        return session

    yield open_
    for session in opened:
        session.close()
        session.deleteLater()


@pytest.fixture
def edit(qtbot: QtBot, open_session: Callable[[Project], Session]) -> Callable[..., PythonDialog]:
    """Open the editor on the layer of a project, or on a new one."""

    def open_(source: str | None = GATE, session: Session | None = None) -> PythonDialog:
        session = session or open_session(project(source) if source is not None else Project())
        dialog = edit_python_layer(session, "Gate") if source is not None else new_python_layer(session)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the test looks at it afterwards
        qtbot.addWidget(dialog, before_close_func=_take_back)
        return dialog

    return open_
