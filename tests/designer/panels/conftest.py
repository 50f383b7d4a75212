"""Sessions over small real projects, closed again after each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.document import Document
from core.graph.edits import Edit
from core.graph.project import DataBinding, End, Graph, Node, Project, TrainingSettings
from core.layers import catalogue
from designer.session import Session
from designer.training.runner import TrainingRunner

WAIT = 60_000
"""Milliseconds after which a test gives up waiting: far longer than anything takes."""


def chain(*nodes: Node) -> Graph:
    """Return a graph in which each node feeds the next."""
    links = {
        End(after.name, catalogue[after.kind].inputs[0].name): End(before.name, catalogue[before.kind].outputs[0].name)
        for before, after in itertools.pairwise(nodes)
    }
    return Graph({node.name: node for node in nodes}, links)


def classifier(data: DataBinding | None = None, classes: int = 3, **settings: Any) -> Project:
    """Return a small network from one Input to one Output, wired to the data's fields where there is data."""
    inputs = tuple(field.name for field in data.with_role("input")) if data else ()
    target = data.with_role("target")[0].name if data else ""
    graph = chain(
        Node("features", "Input", {"fields": inputs} if inputs else {}),
        Node("linear1", "Linear", {"out_features": 8}),
        Node("relu1", "ReLU"),
        Node("linear2", "Linear", {"out_features": classes}),
        Node("answer", "Output", {"target": target} if target else {}),
    )
    return Project("Test", data=data or DataBinding(), graph=graph, training=TrainingSettings(**settings))


@pytest.fixture
def open_session(qtbot: QtBot) -> Iterator[Callable[[Project], Session]]:
    """Open sessions that are closed at the end."""
    opened: list[Session] = []

    def open_(project: Project, path: Path | None = None) -> Session:
        session = Session(Document(project, path))
        session.refused_texts = []  # type: ignore[attr-defined]
        session.refused.connect(session.refused_texts.append)  # type: ignore[attr-defined]
        opened.append(session)
        return session

    yield open_
    for session in opened:
        session.close()
        session.deleteLater()


@pytest.fixture
def iris(open_session: Callable[[Project], Session]) -> Session:
    """A session of a project that can be trained: iris, six epochs."""
    return open_session(classifier(bind("iris", {}), epochs=6, learning_rate=0.01))


@pytest.fixture
def make_runner(tmp_path: Path) -> Iterator[Callable[[Session], TrainingRunner]]:
    """Make runners whose runs go into the test's folder; they are closed at the end."""
    made: list[TrainingRunner] = []

    def make(session: Session) -> TrainingRunner:
        runner = TrainingRunner(session, runs_root=tmp_path / "runs")
        made.append(runner)
        return runner

    yield make
    for runner in made:
        runner.close()
        runner.deleteLater()


def checked(qtbot: QtBot, session: Session) -> None:
    """Wait until the check has answered for the project as it is."""
    qtbot.waitUntil(lambda: session.report_is_current, timeout=WAIT)


def change(session: Session, edit: Edit) -> None:
    """Apply an edit that must be accepted."""
    assert session.apply(edit)
