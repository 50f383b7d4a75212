"""What the tests of running trainings share: projects that go on, or fail, and waiting for what the runner tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.edits import SetTraining
from core.graph.project import End, Graph, Node, Project, PythonLayer
from core.training.events import Changed, Event
from designer.session import Session
from designer.training.runner import TrainingRunner
from tests.designer.panels.conftest import change, checked, classifier

WAIT = 240_000
"""Milliseconds after which a test gives up: a process takes long to start where others are busy."""
LONG = 100_000
"""Epochs of a training that would not end by itself."""


def flowers(**settings: object) -> Project:
    """Return the classifier of flowers."""
    return classifier(bind("iris", {}), **{"epochs": 6, "learning_rate": 0.01, **settings})  # type: ignore[arg-type]


def with_layer(source: str, **settings: object) -> Project:
    """Return the classifier with a Python layer before its last one."""
    project = flowers(**settings)
    nodes = {**project.graph.nodes, "own": Node("own", "python:Own")}
    links = {**project.graph.links, End("own", "input"): End("relu1", "output")}
    graph = Graph(nodes, {**links, End("linear2", "input"): End("own", "output")})
    return replace(project, graph=graph, code={"Own": PythonLayer("Own", source)})


def endless(session: Session) -> None:
    """Let training not end by itself."""
    change(session, SetTraining(replace(session.project.training, epochs=LONG)))


def begin(qtbot: QtBot, runner: TrainingRunner) -> list[Event]:
    """Start training and wait until it runs; return the list that its events go into."""
    events: list[Event] = []
    runner.event_received.connect(events.append)
    checked(qtbot, runner.session)
    assert runner.start()
    until(qtbot, runner, "running", "finished")  # a short run ends between two looks
    return events


def until(qtbot: QtBot, runner: TrainingRunner, *states: str) -> None:
    """Wait for a state."""
    qtbot.waitUntil(lambda: runner.state in (*states, "failed"), timeout=WAIT)
    assert runner.state in states, runner.result


def wait(qtbot: QtBot, what: Callable[[], object]) -> None:
    """Wait until something is so."""
    qtbot.waitUntil(lambda: bool(what()), timeout=WAIT)


def changes(events: list[Event]) -> list[tuple[str, object]]:
    """Return what was changed while training."""
    return [(each.what, each.value) for each in events if isinstance(each, Changed)]
