"""Windows with data of every kind, their samples in view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.document import Document
from core.graph.project import DataBinding, Project
from designer.samples.panel import SamplesPanel
from designer.session import Session
from tests.designer.shell.conftest import Hands, hands, open_project, settings, window

__all__ = ["Hands", "hands", "open_project", "settings", "window"]

Show = Callable[[DataBinding], SamplesPanel]
Sessions = Callable[[Project], Session]
WAIT = 30_000


def settled(qtbot: QtBot, panel: SamplesPanel) -> None:
    """Wait until everything in view has been read."""
    qtbot.waitUntil(lambda: not panel.busy and panel.seen_current, timeout=WAIT)


@pytest.fixture
def session_of(qtbot: QtBot) -> Iterator[Sessions]:
    """Open sessions that are closed at the end."""
    opened: list[Session] = []

    def open_it(project: Project) -> Session:
        opened.append(Session(Document(project, None)))
        return opened[-1]

    yield open_it
    for session in opened:
        session.close()
        session.deleteLater()


@pytest.fixture
def show(qtbot: QtBot, session_of: Sessions) -> Iterator[Show]:
    """Show the samples of data in a panel as large as the dock at the bottom."""
    made: list[SamplesPanel] = []

    def show_it(data: DataBinding) -> SamplesPanel:
        panel = SamplesPanel(session_of(Project(data=data)))
        made.append(panel)
        qtbot.addWidget(panel)
        panel.resize(820, 280)
        panel.show()
        qtbot.waitExposed(panel)
        settled(qtbot, panel)
        return panel

    yield show_it
    for panel in made:
        panel.close_jobs()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """120 rows of three colours; every tenth has no weight."""
    lines = ["size,weight,colour"]
    for row in range(120):
        weight = "" if row % 10 == 3 else str(100 + row)
        lines.append(f"{row / 4},{weight},{('red', 'green', 'blue')[row % 3]}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> DataBinding:
    """Twenty images of different sizes in two classes."""
    random = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    for word in ("cat", "dog"):
        (folder / word).mkdir(parents=True)
        for number in range(10):
            size = (int(random.integers(20, 60)), int(random.integers(20, 60)), 3)
            Image.fromarray(random.integers(0, 256, size, dtype=np.uint8)).save(folder / word / f"{number}.png")
    return bind("images", {"path": str(folder)})
