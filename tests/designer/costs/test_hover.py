"""What the tool tip of a node says of its cost: the figures of the panel, without waiting for new ones."""

from __future__ import annotations

import re

import pytest
from pytestqt.qtbot import QtBot

from core import units
from core.graph.edits import AddNodes, RemoveNodes, SetParameters
from core.graph.project import Node
from core.model.cost_table import CostRow
from designer.canvas.view import CanvasView
from designer.canvas.wording import node_tooltip
from designer.properties.cost import CostWatcher
from designer.window import Window
from tests.designer.costs.conftest import wait_for_cost


def canvas_of(window: Window) -> CanvasView:
    assert window.workspace is not None
    return window.workspace.canvas


def watcher_of(window: Window) -> CostWatcher:
    assert window.workspace is not None
    return window.workspace.properties.cost


def told(window: Window, name: str) -> dict[str, str]:
    """Return what stands in the table of a node's tool tip, without its colours."""
    text = node_tooltip(canvas_of(window).canvas, name)
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    cells = [[re.sub(r"<[^>]*>|&nbsp;", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)] for row in rows]
    return {cell[0]: cell[1] for cell in cells}


def row_of(window: Window, name: str, *path: str) -> CostRow:
    return next(row for row in watcher_of(window).rows(path) if row.path[-1] == name)


def figures(window: Window, row: CostRow) -> dict[str, str]:
    held = watcher_of(window).held(row.cost)
    parts = [f"{units.size(row.memory)} per sample"] if row.memory or not held else []
    return {
        "Parameters": units.count(row.cost.parameters),
        "Multiply-adds": f"{units.count(row.multiply_adds)} per sample",
        "Memory": " + ".join([*parts, *([f"{units.size(held)} for weights"] if held else [])]),
    }


@pytest.mark.parametrize("name", ["stem", "layer1", "layer2", "pool", "head"])
def test_a_node_tells_its_share_of_the_cost_and_a_group_the_sum_of_what_is_inside(stages: Window, name: str) -> None:
    row = row_of(stages, name)
    assert figures(stages, row).items() <= told(stages, name).items()


def test_inside_a_group_a_node_tells_what_one_repetition_costs(stages: Window) -> None:
    assert stages.workspace is not None
    stages.workspace.session.open_group("layer2")
    row = row_of(stages, "conv1", "layer2")
    assert figures(stages, row).items() <= told(stages, "conv1").items()
    assert told(stages, "conv1")["Parameters"] == units.count(16 * 16 * 9)


def test_what_the_weights_of_all_nodes_take_is_what_training_takes_besides_the_batch(stages: Window) -> None:
    watcher = watcher_of(stages)
    assert watcher.found is not None
    assert watcher.found.memory is not None
    assert sum(watcher.held(row.cost) for row in watcher.rows()) == watcher.found.memory.fixed


def test_figures_of_an_earlier_network_are_marked_until_new_ones_are_there(qtbot: QtBot, stages: Window) -> None:
    assert stages.workspace is not None
    before = figures(stages, row_of(stages, "head"))
    stages.workspace.session.apply(SetParameters({"head": {"out_features": 4000}}))
    assert {key: told(stages, "head")[key] for key in before} == {key: f"{text} …" for key, text in before.items()}
    wait_for_cost(qtbot, stages)
    assert told(stages, "head")["Parameters"] == units.count(4000 * 17)


def test_a_node_that_is_not_counted_yet_says_so(qtbot: QtBot, stages: Window) -> None:
    assert stages.workspace is not None
    session = stages.workspace.session
    session.apply(AddNodes((Node("lonely", "Linear"),)))
    assert {told(stages, "lonely")[title] for title in ("Parameters", "Multiply-adds", "Memory")} == {"…"}
    wait_for_cost(qtbot, stages)
    assert "Memory" not in told(stages, "lonely"), "a network with errors has no cost, and nothing is on its way"
    session.apply(RemoveNodes(frozenset({"lonely"})))
    wait_for_cost(qtbot, stages)
    assert "Memory" in told(stages, "head")


def test_what_costs_nothing_says_nothing(stages: Window) -> None:
    assert stages.workspace is not None
    (output,) = stages.workspace.session.project.graph.of_kind("Output")
    assert not {"Parameters", "Memory"} & told(stages, output.name).keys()
