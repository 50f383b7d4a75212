"""What an Input inside of a group shows: the shape in the use that was opened, as the wire behind it does."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from core.graph.edits import SetParameters
from core.graph.project import Group, Node, Project
from designer.canvas.view import CanvasView
from designer.canvas.wording import node_tooltip
from tests.designer.canvas.conftest import MakeCanvas, end, graph_of


@pytest.fixture
def two_uses(make_canvas: MakeCanvas, qtbot: QtBot) -> CanvasView:
    """The group Block, whose input is 1 × 8 × 8 by itself, used for an image, and again behind a pooling."""
    inside = graph_of(
        {
            "x": Node("x", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
            "conv1": Node("conv1", "Conv2d", {"out_channels": 4, "padding": 1}, position=(0, 120)),
            "y": Node("y", "Output", position=(0, 240)),
        },
        "x.output > conv1.input",
        "conv1.output > y.input",
    )
    nodes = {
        "image": Node("image", "Input", {"shape": (3, 32, 32)}, position=(0, 0)),
        "block1": Node("block1", "group:Block", position=(0, 120)),
        "pool1": Node("pool1", "MaxPool2d", position=(0, 240)),
        "block2": Node("block2", "group:Block", position=(0, 360)),
        "free": Node("free", "group:Block", position=(240, 0)),
    }
    links = ("image.output > block1.x", "block1.y > pool1.input", "pool1.output > block2.x")
    view = make_canvas(project=Project(graph=graph_of(nodes, *links), groups={"Block": Group("Block", inside)}))
    checked(qtbot, view)
    return view


def checked(qtbot: QtBot, view: CanvasView) -> None:
    qtbot.waitUntil(lambda: view.session.report is not None and view.session.report_is_current, timeout=30_000)


def shown(view: CanvasView) -> tuple[str, str]:
    """Return the line on the Input and the shape on its wire."""
    item = view.canvas.nodes["x"]
    return item.face.line, item.look.shapes["output"]


@pytest.mark.parametrize(("use", "line"), [("block1", "3×32×32"), ("block2", "4×16×16")])
def test_the_input_shows_what_arrives_in_the_use_that_was_opened(two_uses: CanvasView, use: str, line: str) -> None:
    two_uses.session.open_group(use)
    assert shown(two_uses) == (line, "N × " + line.replace("×", " × "))
    assert line in node_tooltip(two_uses.canvas, "x")
    assert "1×8×8" not in node_tooltip(two_uses.canvas, "x")
    assert two_uses.session.view.graph.nodes["x"].params["shape"] == (1, 8, 8), "the document keeps its own"


def test_where_nothing_arrives_it_is_the_shape_of_the_group_itself(two_uses: CanvasView) -> None:
    two_uses.session.open_group("free")
    assert two_uses.canvas.nodes["x"].face.line == "1×8×8"


def test_it_follows_what_changes_outside(two_uses: CanvasView, qtbot: QtBot) -> None:
    session = two_uses.session
    session.open_group("block2")
    session.apply(SetParameters({"image": {"shape": (3, 64, 64)}}))
    checked(qtbot, two_uses)
    assert shown(two_uses) == ("4×32×32", "N × 4 × 32 × 32")
    session.document.undo()
    checked(qtbot, two_uses)
    assert shown(two_uses) == ("4×16×16", "N × 4 × 16 × 16")


def test_the_network_s_own_inputs_show_what_is_set(two_uses: CanvasView) -> None:
    assert two_uses.canvas.nodes["image"].face.line == "3×32×32"
    assert two_uses.canvas.spec_of(end("image.output")) is not None
