"""Real trainings, each done once, and panels that look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import Project
from core.training.runs import Run
from designer.results.panel import ResultsPanel
from designer.session import Session
from designer.training.runner import TrainingRunner
from tests.training.building import diabetes, digits, trained, with_training

WAIT = 60_000
"""Milliseconds after which a test gives up waiting: far longer than anything takes."""
Open = Callable[[Run], ResultsPanel]
Make = Callable[[TrainingRunner], ResultsPanel]
OpenProject = Callable[[Project, Path], TrainingRunner]


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Images of 8 by 8 in ten classes."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    trained(digits(), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def diabetes_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A number of a table."""
    folder = tmp_path_factory.mktemp("diabetes") / "run"
    trained(with_training(diabetes(), epochs=3), folder)
    return Run.open(folder)


@pytest.fixture
def open_project(qtbot: QtBot) -> Iterator[Callable[[Project, Path], TrainingRunner]]:
    """Open a project with a runner whose runs are in a folder."""
    opened: list[tuple[Session, TrainingRunner]] = []

    def open_(project: Project, runs: Path) -> TrainingRunner:
        session = Session(Document(project, None))
        runner = TrainingRunner(session, runs_root=runs)
        opened.append((session, runner))
        return runner

    yield open_
    for session, runner in opened:
        runner.close()
        runner.deleteLater()
        session.close()
        session.deleteLater()


@pytest.fixture
def make_panel(qtbot: QtBot) -> Callable[[TrainingRunner], ResultsPanel]:
    """Make panels that are shown, and closed at the end."""

    def make(runner: TrainingRunner) -> ResultsPanel:
        panel = ResultsPanel(runner)
        qtbot.addWidget(panel, before_close_func=ResultsPanel.close_jobs)
        panel.resize(900, 320)
        panel.show()
        return panel

    return make


@pytest.fixture
def results(
    qtbot: QtBot,
    open_project: Callable[[Project, Path], TrainingRunner],
    make_panel: Callable[[TrainingRunner], ResultsPanel],
) -> Open:
    """Show the results of a run, and wait until they are there."""

    def open_(run: Run) -> ResultsPanel:
        panel = make_panel(open_project(run.project(), run.path.parent))
        qtbot.waitUntil(lambda: panel.looked is not None, timeout=WAIT)
        return panel

    return open_
