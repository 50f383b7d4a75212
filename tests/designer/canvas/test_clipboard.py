"""Copy, cut, paste and duplicate; the clipboard holds text."""

from __future__ import annotations

import json

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from core.errors import EditError
from core.graph.edits import RemoveNodes
from core.graph.project import Graph, Group, Node, Project
from designer.canvas.clipboard import fragment_of, from_text, paste_edit, to_text
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import chain, end


def test_paste_adds_copies_with_names_of_their_own_and_their_links(canvas: CanvasView) -> None:
    canvas.session.select(["conv1", "relu1"])
    canvas.copy()
    canvas.paste()
    graph = canvas.session.project.graph
    assert canvas.session.selection == {"conv2", "relu2"}
    assert graph.nodes["conv2"].params == {"padding": 1}
    assert graph.links[end("relu2.input")] == end("conv2.output")
    assert end("conv2.input") not in graph.links
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()


def test_cut_removes_and_paste_brings_back_under_the_same_names(canvas: CanvasView) -> None:
    canvas.session.select(["conv1", "relu1"])
    canvas.cut()
    assert set(canvas.session.project.graph.nodes) == {"image", "flatten1"}
    canvas.paste()
    assert set(canvas.session.project.graph.nodes) == set(chain().nodes)


def test_duplicate_puts_a_copy_beside_without_the_clipboard(canvas: CanvasView) -> None:
    QGuiApplication.clipboard().setText("mine")
    canvas.session.select(["conv1"])
    canvas.duplicate()
    boxes = canvas.canvas.boxes()
    assert not boxes["conv1"].meets(boxes["conv2"], 0)
    assert boxes["conv1"].y == boxes["conv2"].y
    assert QGuiApplication.clipboard().text() == "mine"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no text"),
        ("Dear all,", "no Layerwright nodes"),
        ('{"application": "other"}', "no Layerwright nodes"),
        ('{"application": "Layerwright", "format": 99}', "newer version"),
        ('{"application": "Layerwright", "format": 1, "graph": {"nodes": 3}}', "graph.nodes: must be a list, not 3"),
        (
            '{"application": "Layerwright", "format": 1, "graph": {"nodes": [{"name": "a", "kind": "ReLU", '
            '"position": [1e12, 0]}]}}',
            "out of range",
        ),
    ],
)
def test_pasting_something_else_says_why(canvas: CanvasView, qtbot: QtBot, text: str, reason: str) -> None:
    QGuiApplication.clipboard().setText(text)
    with qtbot.waitSignal(canvas.session.refused) as refused:
        canvas.paste()
    assert reason in refused.args[0]
    assert canvas.session.project.graph == chain()


def test_the_text_survives_a_round_trip() -> None:
    fragment = fragment_of(Project(graph=chain()), frozenset(chain().nodes))
    assert from_text(to_text(fragment)) == fragment


def test_a_name_that_python_cannot_hold_is_refused() -> None:
    raw = json.loads(to_text(fragment_of(Project(graph=chain()), {"conv1"})))
    raw["graph"]["nodes"][0]["name"] = "import os"
    with pytest.raises(EditError, match="cannot be a name"):
        from_text(json.dumps(raw))


def test_groups_come_along_and_one_who_shares_with_a_node_left_behind_owns_its_layer() -> None:
    inside = Graph({"x": Node("x", "Input"), "y": Node("y", "Output")})
    nodes = {
        "a1": Node("a1", "group:Block"),
        "b1": Node("b1", "Linear", {"out_features": 3}),
        "b2": Node("b2", "Linear", shares="b1"),
    }
    project = Project(graph=Graph(nodes), groups={"Block": Group("Block", inside), "Other": Group("Other")})
    fragment = from_text(to_text(fragment_of(project, {"a1", "b2"})))
    other = Project(groups={"Block": Group("Block")})
    pasted = paste_edit(other, fragment, (10.0, 0.0)).apply(other)
    assert pasted.graph.nodes["a1"] == Node("a1", "group:Block2", position=(10.0, 0.0))
    assert pasted.graph.nodes["b2"] == Node("b2", "Linear", {"out_features": 3}, position=(10.0, 0.0))
    assert pasted.groups == {"Block": Group("Block"), "Block2": Group("Block2", inside)}
    assert "Block2" not in paste_edit(project, fragment, (0.0, 0.0)).apply(project).groups


def test_a_paste_with_wires_is_fed_by_what_fed_the_originals(canvas: CanvasView) -> None:
    before = canvas.session.project
    canvas.session.select(["relu1"])
    canvas.copy()
    canvas.paste(wires=True)
    (copy,) = canvas.session.selection
    links = canvas.session.project.graph.links
    assert links[end(f"{copy}.input")] == links[end("relu1.input")]
    canvas.session.document.undo()
    assert canvas.session.project == before
    canvas.paste()
    (copy,) = canvas.session.selection
    assert end(f"{copy}.input") not in canvas.session.project.graph.links


def test_a_paste_with_wires_leaves_out_what_the_project_lacks(canvas: CanvasView) -> None:
    canvas.session.select(["relu1"])
    canvas.copy()
    canvas.session.apply(RemoveNodes(frozenset({"conv1"})))
    canvas.paste(wires=True)
    (copy,) = canvas.session.selection
    assert end(f"{copy}.input") not in canvas.session.project.graph.links
