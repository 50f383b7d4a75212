"""Finding nodes: what matches, what is lit, the walk through the hits, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.graph.edits import SetMode
from core.graph.project import Frame, Graph, Group, Node, Project
from designer.canvas.find import Facts, Index
from designer.canvas.find_bar import FindBar
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas, chain, end, graph_of
from tests.designer.canvas.drawing import framed_chain, in_group

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def block() -> Group:
    nodes = {
        "x": Node("x", "Input", {"shape": (4, 8, 8)}, position=(0, 0)),
        "conv_inside": Node("conv_inside", "Conv2d", {"padding": 1}, position=(0, 120)),
        "y": Node("y", "Output", position=(0, 240)),
    }
    return Group("Block", graph_of(nodes, "x.output > conv_inside.input", "conv_inside.output > y.input"))


def nested() -> Project:
    """The chain, in which a group follows the convolution twice."""
    graph = chain()
    nodes = dict(graph.nodes)
    for number in (1, 2):
        nodes[f"stage{number}"] = Node(f"stage{number}", "group:Block", position=(300, 200 * number))
    links = dict(graph.links) | {end("stage1.x"): end("conv1.output"), end("stage2.x"): end("stage1.y")}
    return Project(graph=Graph(nodes, links), groups={"Block": block()})


def names(project: Project, query: str, facts: Facts | None = None) -> list[str]:
    return [place.written for place in Index(project, facts or Facts()).find(query)]


def test_names_kinds_families_and_labels_are_found_across_groups() -> None:
    project = nested()
    node = project.graph.nodes["relu1"]
    project = replace(
        project, graph=replace(project.graph, nodes={**project.graph.nodes, "relu1": replace(node, label="the gate")})
    )
    assert names(project, "CONV_in") == ["stage1 / conv_inside", "stage2 / conv_inside"]
    assert "conv1" in names(project, "conv2d")
    assert names(project, "activation") == ["relu1"]
    assert names(project, "the gate") == ["relu1"]
    assert names(project, "conv zzz") == names(project, "") == names(project, "   ") == []


@pytest.fixture
def bar(qtbot: QtBot, checked: CanvasView) -> FindBar:
    made = FindBar(checked)
    made.open()
    return made


def test_shapes_ranks_and_problems_are_found(qtbot: QtBot, checked: CanvasView) -> None:
    session = checked.session
    report = session.report
    assert report is not None
    facts = Facts(report.problems, report.shapes)
    project = session.project
    gives = {name: str(found.outputs.get("output")) for name, found in report.shapes.nodes.items()}
    assert gives["conv1"] == "N × 32 × 8 × 8"
    for query in ("32×8×8", "32x8x8", "N × 32 × 8 × 8", "(32, 8, 8)", "32 * ? * 8"):
        assert names(project, query, facts) == ["conv1", "relu1"], query
    assert names(project, "rank 2", facts) == ["flatten1"]
    assert names(project, "rank 4 relu", facts) == ["relu1"]
    assert names(project, "8x32", facts) == []
    checked.commands.disconnect_wire(end("conv1.input"))
    qtbot.waitUntil(lambda: session.report_is_current, timeout=30_000)
    facts = Facts(session.report.problems, session.report.shapes)
    assert names(session.project, "problem", facts) == ["conv1"]
    assert names(session.project, "nothing linked", facts) == ["conv1"]
    assert names(session.project, "warning", facts) == []


def test_what_was_not_found_steps_back_and_comes_forward_again(bar: FindBar, checked: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClicks(bar.field, "relu")
    faded = {name for name, item in checked.canvas.nodes.items() if item.look.faded is True}
    assert faded == {"image", "conv1", "flatten1"}
    assert all(wire.opacity() < 1 for wire in checked.canvas.wires.values())
    bar.field.clear()
    assert not any(item.look.faded for item in checked.canvas.nodes.values())
    qtbot.keyClicks(bar.field, "relu")
    checked.session.apply_here(SetMode(frozenset(("conv1",)), "bypass"))
    assert checked.canvas.nodes["conv1"].look.faded is True
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert not any(item.look.faded for item in checked.canvas.nodes.values())
    assert all(wire.opacity() == 1 for wire in checked.canvas.wires.values())


def test_enter_walks_round_and_shift_enter_back(bar: FindBar, checked: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClicks(bar.field, "1")
    assert bar.count.text() == "3 found"
    visited = []
    for key, modifier in ((Qt.Key.Key_Return, None), (Qt.Key.Key_F3, None), (Qt.Key.Key_Return, SHIFT)):
        qtbot.keyClick(bar.field, key, modifier or Qt.KeyboardModifier.NoModifier)
        visited.append((next(iter(checked.session.selection)), bar.count.text()))
    assert visited == [("conv1", "1 of 3"), ("relu1", "2 of 3"), ("conv1", "1 of 3")]
    qtbot.keyClick(bar.field, Qt.Key.Key_Return, SHIFT)
    assert checked.session.selection == {"flatten1"}
    assert bar.field.hasFocus()


def test_escape_goes_back_and_control_enter_stays(bar: FindBar, checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["image"])
    bar.stay()
    checked.resize(300, 200)
    checked.set_zoom(1.0)
    bar.open()
    before = checked.mapToScene(checked.viewport().rect().center())
    qtbot.keyClicks(bar.field, "flatten")
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert checked.mapToScene(checked.viewport().rect().center()) != before
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert checked.mapToScene(checked.viewport().rect().center()) == before
    assert checked.session.selection == {"image"}
    assert not bar.isVisible()
    assert checked.hasFocus()
    bar.open()
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    qtbot.keyClick(bar.field, Qt.Key.Key_Return, CONTROL)
    assert checked.session.selection == {"flatten1"}
    assert not bar.isVisible()


def test_a_hit_inside_a_group_opens_it_and_its_path_is_shown(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=nested())
    bar = FindBar(view)
    bar.open()
    qtbot.keyClicks(bar.field, "conv_inside")
    assert view.canvas.nodes["stage1"].look.faded is False
    assert view.canvas.nodes["conv1"].look.faded is True
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert view.session.path == ("stage1",)
    assert bar.where.text() == "stage1 / conv_inside"
    assert view.canvas.nodes["conv_inside"].look.faded is False
    assert view.canvas.nodes["x"].look.faded is True
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert view.session.path == ("stage2",)
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert view.session.path == ()


def test_a_change_of_the_project_is_found_while_the_bar_is_open(
    bar: FindBar, checked: CanvasView, qtbot: QtBot
) -> None:
    qtbot.keyClicks(bar.field, "gate")
    assert bar.count.text() == "nothing found"
    checked.commands.rename("relu1", "gate")
    qtbot.waitUntil(lambda: bar.count.text() == "1 found")
    assert checked.canvas.nodes["gate"].look.faded is False


def _drawn_inside_and_outside() -> Project:
    """The framed chain with a group of the same beside it, and a frame that is named as a node is."""
    project = in_group(framed_chain())
    graph = framed_chain()
    frames = {**graph.frames, "conv1": Frame("conv1", "Convolutions", (2000, 2000), (200, 200))}
    nodes = {**graph.nodes, **project.graph.nodes}
    return replace(project, graph=replace(graph, nodes=nodes, frames=frames))


def test_frames_are_found_by_their_title_and_notes_by_their_text_across_groups() -> None:
    project = _drawn_inside_and_outside()
    assert names(project, "inner") == ["stem1 / Inner", "Inner"]
    assert names(project, "because padding") == ["stem1 / Why", "Why"]
    assert names(project, "note") == ["stem1 / Why", "Why"]
    assert names(project, "convolutions") == ["Convolutions"]
    assert names(project, "rank 4 inner") == []
    untitled = replace(project, graph=replace(project.graph, frames={"frame7": Frame("frame7")}), groups={})
    assert names(untitled, "frame7") == ["frame7"]


def test_enter_goes_to_a_frame_and_into_a_group_to_a_note(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=_drawn_inside_and_outside())
    bar = FindBar(view)
    bar.open()
    assert bar.picture.isHidden()
    qtbot.keyClicks(bar.field, "convolutions")
    layer = view.canvas.drawn
    assert {item.name for item in layer.items() if item.opacity() == 1} == {"conv1"}
    assert view.canvas.nodes["conv1"].look.faded is True
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert view.session.drawn == {"conv1"}
    assert view.session.selection == frozenset()
    shown = view.mapToScene(view.viewport().rect()).boundingRect()
    assert shown.intersects(layer.frames["conv1"].scene_rect())
    assert bar.where.text() == "Convolutions"
    frame_picture = bar.picture.pixmap().toImage()
    bar.field.setText("because")
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert view.session.drawn == {"note1"}
    note_picture = bar.picture.pixmap().toImage()
    assert note_picture != frame_picture
    assert not bar.picture.isHidden()
    qtbot.keyClick(bar.field, Qt.Key.Key_Return)
    assert view.session.path == ("stem1",)
    assert view.session.drawn == {"note1"}
    assert bar.where.text() == "stem1 / Why"
    bar.stay()
    assert all(item.opacity() == 1 for item in view.canvas.drawn.items())
