"""Windows with projects whose costs are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from core.graph.project import Project, TrainingSettings
from designer.costs.panel import CostPanel
from designer.window import Window
from tests.designer.shell.conftest import Hands, hands, open_project, settings, window
from tests.model import grouping

__all__ = ["Hands", "hands", "open_project", "settings", "window"]

Open = Callable[[Project], Window]


def wait_for_cost(qtbot: QtBot, window: Window) -> CostPanel:
    """Wait until the costs are those of the newest edit; return the panel, shown."""
    workspace = window.workspace
    assert workspace is not None
    qtbot.waitUntil(lambda: workspace.properties.cost.is_current, timeout=60_000)
    window.show_cost()
    return workspace.costs


@pytest.fixture
def stages(qtbot: QtBot, open_project: Open) -> Window:
    """A residual network of repeated groups, counted, its cost in view."""
    project = grouping.residual_stages()
    nodes = {
        name: replace(node, position=(0.0, 100.0 * row)) for row, (name, node) in enumerate(project.graph.nodes.items())
    }
    graph = replace(project.graph, nodes=nodes)
    opened = open_project(replace(project, graph=graph, training=TrainingSettings(device="cpu")))
    wait_for_cost(qtbot, opened)
    return opened
