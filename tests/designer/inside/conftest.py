"""Windows in which small networks are trained and looked into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.project import Node, Project, TrainingSettings
from designer.inside.panel import InsidePanel
from designer.inside.watcher import InsideWatcher
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.shell.conftest import Hands, graph, hands, open_project, settings, window

__all__ = ["Hands", "Open", "digits", "hands", "open_project", "settings", "trained", "watched", "window"]

Open = Callable[[Project], Window]
WAIT = 60_000
"""Milliseconds after which a test gives up waiting: far longer than anything takes."""


def images(epochs: int = 2, **settings: object) -> Project:
    """Return a small network for digits: a convolution, a ReLU, and what answers."""
    data = bind("digits", {})
    inputs = tuple(field.name for field in data.with_role("input"))
    target = data.with_role("target")[0].name
    nodes = (
        Node("image", "Input", {"fields": inputs}, position=(0, 0)),
        Node("conv1", "Conv2d", {"out_channels": 4, "kernel_size": 3}, position=(0, 100)),
        Node("relu1", "ReLU", position=(0, 200)),
        Node("flatten1", "Flatten", position=(0, 300)),
        Node("logits", "Linear", {"out_features": 10}, position=(0, 400)),
        Node("digit", "Output", {"target": target}, position=(0, 500)),
    )
    training = TrainingSettings(epochs=epochs, device="cpu", seed=1)
    return Project("Digits", data=data, graph=graph(*nodes), training=replace(training, **settings))  # type: ignore[arg-type]


def workspace_of(window: Window) -> Workspace:
    """Return the workspace of the open project."""
    assert window.workspace is not None
    return window.workspace


def train(qtbot: QtBot, window: Window) -> Workspace:
    """Train to the end, and until the panel, where it is in view, shows what was seen."""
    workspace = workspace_of(window)
    panel, watcher = workspace.inside, workspace.watcher
    assert workspace.runner.start()
    qtbot.waitUntil(lambda: workspace.runner.state == "finished", timeout=WAIT)
    if panel.isVisible() and watcher.record.looks:
        qtbot.waitUntil(lambda: panel.model.rowCount() > 0, timeout=WAIT)
    return workspace


@pytest.fixture
def digits(open_project: Open) -> Window:
    """A window with the network for digits, the panel Inside in view."""
    opened = open_project(images())
    opened.show_inside()
    return opened


@pytest.fixture
def watched(digits: Window) -> InsideWatcher:
    """What follows the network for digits."""
    return workspace_of(digits).watcher


@pytest.fixture
def trained(qtbot: QtBot, digits: Window) -> InsidePanel:
    """The panel once the network was trained."""
    return train(qtbot, digits).inside
