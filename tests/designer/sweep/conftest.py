"""A session of a project that is searched, a sweep of it that was really run, and the panel that shows sweeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import Dimension
from core.search.folder import make_sweep
from core.search.worker import Orders, work
from designer.session import Session
from designer.sweep.dialog import DimensionDialog
from designer.sweep.panel import SweepPanel
from designer.sweep.runner import SweepRunner
from tests.search.conftest import RATE, searching, written

WAIT = 120_000
"""Milliseconds after which a test gives up waiting: far longer than anything takes."""
KINDS = Dimension("node/act/kind", choices=("ReLU", "Tanh", "Conv2d"))


@pytest.fixture(scope="session")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sweep of nine trials, run once."""
    root = tmp_path_factory.mktemp("sweeps")
    project = searching(RATE, KINDS, trials=9, sampler="grid", pruner="none")
    work(make_sweep(root / "2026-sweep-flowers", project), "here", Orders(), lambda _told: None)
    return root


@pytest.fixture
def root(trials: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(trials, tmp_path / "runs"))


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """A session of the project, checked."""
    project = searching(RATE, KINDS, trials=3, pruner="none", data=written(tmp_path))
    made = Session(Document(replace(project, training=replace(project.training, epochs=1))))
    made.texts = []  # type: ignore[attr-defined]
    made.refused.connect(made.texts.append)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: made.report is not None, timeout=WAIT)
    yield made
    made.close()
    made.deleteLater()


def panel_of(qtbot: QtBot, session: Session, root: Path) -> SweepPanel:
    """Return a panel that is shown, with sweeps in a folder."""
    panel = SweepPanel(session, SweepRunner(session, lambda: root))
    qtbot.addWidget(panel)
    panel.resize(1000, 300)
    panel.show()
    return panel


@pytest.fixture
def panel(qtbot: QtBot, session: Session, root: Path) -> Iterator[SweepPanel]:
    """A panel that shows the sweep of nine trials."""
    made = panel_of(qtbot, session, root)
    qtbot.waitUntil(lambda: len(made.model.rows) == 9 and bool(made.runner.importances), timeout=WAIT)
    yield made
    made.close_jobs()
    made.runner.deleteLater()


class Answer:
    """Fills in the next dialog about a dimension, and agrees; ``asked`` once that was done."""

    def __init__(self, low: str = "", high: str = "", *, remove: bool = False) -> None:
        self.asked = False
        self._low, self._high, self._remove = low, high, remove
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, DimensionDialog):
            return
        self._timer.stop()
        self.asked = True
        if self._low:
            dialog.ranged.setChecked(True)
            dialog.low.setText(self._low)
            dialog.high.setText(self._high)
        if self._remove:
            dialog._remove()
        else:
            dialog.accept()
