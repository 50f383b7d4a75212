"""Real trainings, each done once, and panels in which their networks are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from core.graph.document import Document
from core.graph.project import Project
from core.training.runs import Run
from designer.session import Session
from designer.training.runner import TrainingRunner
from designer.tryit.panel import TryPanel
from tests.training.building import diabetes, digits, trained, with_training
from tests.training.results.nets import one_epoch, penguins

WAIT = 60_000
"""Milliseconds after which a test gives up waiting: far longer than anything takes."""
Try = Callable[[Run], TryPanel]
Folders = pytest.TempPathFactory


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: Folders) -> Run:
    """Images of 8 by 8 in ten classes."""
    folder = tmp_path_factory.mktemp("digits") / "run"
    trained(with_training(digits(), epochs=12), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def diabetes_run(tmp_path_factory: Folders) -> Run:
    """A number of a table."""
    folder = tmp_path_factory.mktemp("diabetes") / "run"
    trained(with_training(diabetes(), epochs=3), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def penguins_run(tmp_path_factory: Folders) -> Run:
    """Words and numbers go in, a class and a number come out."""
    folder = tmp_path_factory.mktemp("penguins") / "run"
    trained(penguins(), folder)
    return Run.open(folder)


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: Folders) -> Callable[[str], Run]:
    """Train the network of a generated set for one epoch."""
    return lambda source: one_epoch(source, tmp_path_factory.mktemp(source) / "run")


@pytest.fixture
def make_panel(qtbot: QtBot) -> Callable[[TrainingRunner], TryPanel]:
    """Make panels that are shown, and closed at the end."""

    def make(runner: TrainingRunner) -> TryPanel:
        panel = TryPanel(runner)
        qtbot.addWidget(panel, before_close_func=TryPanel.close_jobs)
        panel.resize(900, 300)
        panel.show()
        return panel

    return make


@pytest.fixture
def open_project(qtbot: QtBot, tmp_path_factory: Folders) -> Iterator[Callable[..., TrainingRunner]]:
    """Open a project with a runner whose runs are in a folder."""
    opened: list[tuple[Session, TrainingRunner]] = []

    def open_(project: Project, run: Run | None = None) -> TrainingRunner:
        session = Session(Document(project, None))
        root = run.path.parent if run is not None else tmp_path_factory.mktemp("runs")
        opened.append((session, TrainingRunner(session, runs_root=root)))
        return opened[-1][1]

    yield open_
    for session, runner in opened:
        runner.close()
        runner.deleteLater()
        session.close()
        session.deleteLater()


@pytest.fixture
def trial(
    qtbot: QtBot, open_project: Callable[..., TrainingRunner], make_panel: Callable[[TrainingRunner], TryPanel]
) -> Try:
    """Try the network of a run, once it is open."""

    def open_(run: Run) -> TryPanel:
        panel = make_panel(open_project(run.project(), run))
        qtbot.waitUntil(lambda: panel.ready is not None and not panel.busy, timeout=WAIT)
        return panel

    return open_
