"""Trust that cannot be kept: it holds for now, and the user is told, in a message or in the window's own place."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from core import trust
from designer.trusting import trust_all, trust_or_warn


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the list of what is trusted belongs, there is a file in the way."""
    (tmp_path / "data").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.usefixtures("unwritable")
def test_trust_that_cannot_be_kept_holds_and_says_why() -> None:
    sources = [f"x = '{uuid4()}'", f"y = '{uuid4()}'"]
    told = trust_all(sources)
    assert told.startswith("The trust holds until Layerwright is closed: ")
    assert all(map(trust.is_trusted, sources))


def test_trust_that_is_kept_says_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert trust_all([f"x = '{uuid4()}'"]) == ""


@pytest.mark.usefixtures("unwritable")
def test_the_warning_stands_above_the_window_that_asked(qtbot: QtBot) -> None:
    parent, seen = QWidget(), []
    qtbot.addWidget(parent)
    parent.show()
    timer = QTimer()

    def answer() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            timer.stop()
            seen.append(box.text())
            box.accept()

    timer.timeout.connect(answer)
    timer.start(10)
    trust_or_warn(f"x = '{uuid4()}'", parent)
    assert len(seen) == 1
    assert "until Layerwright is closed" in seen[0]
