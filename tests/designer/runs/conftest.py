"""Runs that were really trained, copied for each test, and the panel that lists them beside a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.document import Document
from core.graph.project import End, Graph, Node, Project, TrainingSettings
from core.training.control import Control
from core.training.job import Job
from core.training.loop import train
from designer.canvas.view import CanvasView
from designer.plots.panel import CurvesPanel
from designer.runs.panel import RunsPanel
from designer.session import Session
from designer.settings import Settings
from designer.training.runner import TrainingRunner

WAIT = 60_000
"""Milliseconds after which a test gives up waiting: far longer than anything takes."""
SETTINGS = {
    "one": TrainingSettings(epochs=3, learning_rate=0.01),
    "three": TrainingSettings(epochs=2, optimizer="SGD", learning_rate=0.1, batch_size=16),
    "two": TrainingSettings(epochs=3, learning_rate=0.001, seed=5),
}


def flowers(hidden: int = 8, settings: TrainingSettings | None = None) -> Project:
    """Return a small classifier of flowers."""
    data = bind("iris", {})
    nodes = (
        Node("features", "Input", {"fields": tuple(field.name for field in data.with_role("input"))}, position=(0, 0)),
        Node("linear1", "Linear", {"out_features": hidden}, position=(0, 120)),
        Node("relu1", "ReLU", position=(0, 240)),
        Node("linear2", "Linear", {"out_features": 3}, position=(0, 360)),
        Node("answer", "Output", {"target": data.with_role("target")[0].name}, position=(0, 480)),
    )
    links = {End(after.name, "input"): End(before.name, "output") for before, after in pairwise(nodes)}
    graph = Graph({node.name: node for node in nodes}, links)
    return Project("Flowers", data=data, graph=graph, training=settings or TrainingSettings())


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three runs, trained once."""
    root = tmp_path_factory.mktemp("trained")
    for name, settings in SETTINGS.items():
        project = flowers(8 if name != "three" else 12, settings)
        train(Job(project, root / name), lambda _event: None, Control())
    return root


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Path:
    """A copy of the runs, to be changed at will."""
    return Path(shutil.copytree(trained, tmp_path / "runs"))


@pytest.fixture
def session() -> Iterator[Session]:
    """A session of the project that the first run was made of, with other settings."""
    made = Session(Document(flowers()))
    made.texts = []  # type: ignore[attr-defined]
    made.refused.connect(made.texts.append)  # type: ignore[attr-defined]
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def canvas(qtbot: QtBot, session: Session) -> CanvasView:
    """The canvas of the session."""
    view = CanvasView(session)
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    return view


MakePanel = Callable[[], RunsPanel]


@pytest.fixture
def make_panel(qtbot: QtBot, session: Session, canvas: CanvasView, runs: Path, tmp_path: Path) -> Iterator[MakePanel]:
    """Make panels that list the runs, as a user who comes back does."""
    made: list[tuple[RunsPanel, CurvesPanel, TrainingRunner]] = []

    def make() -> RunsPanel:
        runner = TrainingRunner(session, runs_root=runs)
        curves = CurvesPanel(runner)
        settings = Settings(tmp_path / "designer.ini")
        panel = RunsPanel(session, runner, curves, lambda: canvas, settings)
        for widget in (curves, panel):
            qtbot.addWidget(widget)
            widget.resize(900, 240)
            widget.show()
        made.append((panel, curves, runner))
        qtbot.waitUntil(lambda: bool(panel.model.all), timeout=WAIT)
        return panel

    yield make
    for panel, curves, runner in made:
        panel.close_jobs()
        curves.close_jobs()
        runner.close()
        runner.deleteLater()


@pytest.fixture
def panel(make_panel: MakePanel) -> RunsPanel:
    """A panel that lists the three runs."""
    return make_panel()


def names(panel: RunsPanel) -> list[str]:
    """Return the runs that are listed, from the top."""
    return [run.name for run in panel.model.rows]


def choose(panel: RunsPanel, *wanted: str) -> None:
    """Select runs by their names."""
    panel.view.choose([run.path for run in panel.model.rows if run.name in wanted])


def changed(project: Project) -> Project:
    """Return a project with another width, one layer more and one less."""
    nodes = dict(project.graph.nodes)
    nodes["linear1"] = replace(nodes["linear1"], params={"out_features": 20})
    del nodes["relu1"]
    nodes["tanh1"] = Node("tanh1", "Tanh", position=(0, 240))
    links = dict(project.graph.links)
    del links[End("relu1", "input")]
    links[End("tanh1", "input")] = End("linear1", "output")
    links[End("linear2", "input")] = End("tanh1", "output")
    return replace(project, graph=replace(project.graph, nodes=nodes, links=links))
