"""Groups on the canvas: making, opening, editing inside, leaving; and what becomes of a group that is looked into."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import AddNodes, GroupNodes, MoveNodes, RemoveNodes, Rename, SetLabel, SetParameters, Within
from core.graph.project import GroupParameter, Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def wait_for_check(qtbot: QtBot, view: CanvasView) -> None:
    qtbot.waitUntil(lambda: view.session.report is not None and view.session.report_is_current, timeout=30_000)


@pytest.fixture
def grouped(canvas: CanvasView, qtbot: QtBot) -> CanvasView:
    """The chain with conv1 and relu1 in the group ConvBlock, checked."""
    canvas.session.apply(GroupNodes(frozenset({"conv1", "relu1"}), "ConvBlock", "block1"))
    wait_for_check(qtbot, canvas)
    return canvas


def test_control_g_asks_for_a_name_and_groups_the_selection(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["conv1", "relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_G, CONTROL)
    question = canvas.structure.name_question
    assert question.isVisible()
    assert question.field.text() == "ConvBlock"
    qtbot.keyClick(question.field, Qt.Key.Key_Return)
    assert not question.isVisible()
    (name,) = canvas.session.selection
    assert canvas.session.project.graph.nodes[name].group == "ConvBlock"
    assert set(canvas.canvas.nodes) == {"image", name, "flatten1"}
    assert canvas.canvas.nodes[name].face.is_group
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()
    assert set(canvas.canvas.nodes) == set(chain().nodes)


def test_a_name_that_is_no_class_name_is_refused_while_it_is_typed(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["conv1", "relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_G, CONTROL)
    question = canvas.structure.name_question
    qtbot.keyClicks(question.field, "my block")
    assert question.why_not.text()
    qtbot.keyClick(question.field, Qt.Key.Key_Return)
    assert question.isVisible()
    assert canvas.session.document.undo_label is None
    qtbot.keyClick(question.field, Qt.Key.Key_Escape)
    assert not question.isVisible()
    assert canvas.session.project.graph == chain()


def test_a_double_click_opens_a_group_and_escape_leaves_it_selected(grouped: CanvasView, qtbot: QtBot) -> None:
    hand = Hand(qtbot, grouped)
    qtbot.mouseDClick(grouped.viewport(), Qt.MouseButton.LeftButton, pos=hand.at("block1"))
    assert grouped.session.path == ("block1",)
    assert {"conv1", "relu1"} < set(grouped.canvas.nodes)
    assert grouped.canvas.nodes["conv1"].look.shapes == {"output": "N × 32 × 8 × 8"}
    hand.click("conv1")
    hand.escape()
    assert grouped.session.path == ("block1",)
    hand.escape()
    assert grouped.session.path == ()
    assert grouped.session.selection == {"block1"}
    assert set(grouped.canvas.nodes) == {"image", "block1", "flatten1"}


def test_enter_opens_a_group_and_alt_up_leaves_it(grouped: CanvasView, qtbot: QtBot) -> None:
    grouped.session.select(["block1"])
    qtbot.keyClick(grouped, Qt.Key.Key_Return)
    assert grouped.session.path == ("block1",)
    qtbot.keyClick(grouped, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert grouped.session.path == ()


def test_what_is_done_inside_is_done_to_the_group(grouped: CanvasView, qtbot: QtBot) -> None:
    session = grouped.session
    session.open_group("block1")
    session.select(["conv1"])
    qtbot.keyClick(grouped, Qt.Key.Key_Tab)
    qtbot.keyClicks(grouped.palette_box.field, "batchnorm2d")
    qtbot.keyClick(grouped.palette_box.field, Qt.Key.Key_Return)
    (added,) = session.selection
    inside = session.project.groups["ConvBlock"].graph
    assert inside.links[end(f"{added}.input")] == end("conv1.output")
    assert inside.links[end("relu1.input")] == end(f"{added}.output")
    assert set(session.project.graph.nodes) == {"image", "block1", "flatten1"}
    wait_for_check(qtbot, grouped)
    assert grouped.canvas.nodes[added].look.shapes == {"output": "N × 32 × 8 × 8"}
    session.leave_group()
    qtbot.keyClick(grouped, Qt.Key.Key_Z, CONTROL)
    assert added not in session.project.groups["ConvBlock"].graph.nodes


def test_dragging_inside_moves_only_there_and_undo_moves_back(grouped: CanvasView, qtbot: QtBot) -> None:
    grouped.session.open_group("block1")
    hand = Hand(qtbot, grouped)
    before = grouped.session.view.graph.nodes["conv1"].position
    place = hand.place("conv1")
    hand.drag("conv1", place + QPointF(100, 40))
    assert grouped.session.view.graph.nodes["conv1"].position == (before[0] + 100, before[1] + 40)
    grouped.session.document.undo()
    assert grouped.canvas.nodes["conv1"].scenePos() == QPointF(*before)


def test_the_view_of_each_graph_is_remembered(grouped: CanvasView) -> None:
    grouped.set_zoom(0.8)
    outside = grouped.mapToScene(grouped.viewport().rect().center())
    grouped.session.open_group("block1")
    grouped.set_zoom(1.6)
    grouped.session.leave_group()
    assert grouped.zoom == pytest.approx(0.8)
    assert (grouped.mapToScene(grouped.viewport().rect().center()) - outside).manhattanLength() < 4
    grouped.session.open_group("block1")
    assert grouped.zoom == pytest.approx(1.6)


def test_the_path_ends_where_the_opened_group_is_gone(grouped: CanvasView) -> None:
    session = grouped.session
    session.open_group("block1")
    session.select(["relu1"])
    session.apply(RemoveNodes(frozenset({"block1"})))
    assert session.path == ()
    assert session.selection == frozenset()
    assert set(grouped.canvas.nodes) == {"image", "flatten1"}
    session.document.undo()
    assert set(grouped.canvas.nodes) == {"image", "block1", "flatten1"}


def test_undoing_the_grouping_from_inside_shows_the_network_again(grouped: CanvasView, qtbot: QtBot) -> None:
    grouped.session.open_group("block1")
    qtbot.keyClick(grouped, Qt.Key.Key_Z, CONTROL)
    assert grouped.session.path == ()
    assert grouped.session.project.graph == chain()
    assert set(grouped.canvas.nodes) == set(chain().nodes)
    assert set(grouped.canvas.wires) == set(chain().links)


def test_renaming_the_opened_node_keeps_it_open(grouped: CanvasView) -> None:
    grouped.session.open_group("block1")
    grouped.session.apply(Rename("block1", "stem"))
    assert grouped.session.path == ("stem",)
    assert "conv1" in grouped.canvas.nodes


def test_groups_inside_groups_open_one_after_the_other(grouped: CanvasView, qtbot: QtBot) -> None:
    session = grouped.session
    session.open_group("block1")
    session.apply_here(GroupNodes(frozenset({"relu1"}), "Gate", "gate1"))
    session.open_group("gate1")
    assert session.path == ("block1", "gate1")
    session.apply_here(SetLabel("relu1", "gate"))
    assert session.project.groups["Gate"].graph.nodes["relu1"].label == "gate"
    wait_for_check(qtbot, grouped)
    assert grouped.canvas.nodes["relu1"].look.shapes == {"output": "N × 32 × 8 × 8"}
    assert session.go_to(())
    assert not session.go_to(("block1", "conv1"))
    assert session.path == ()


def test_a_change_of_the_ports_is_seen_at_every_use(grouped: CanvasView) -> None:
    assert len(grouped.canvas.nodes["block1"].face.inputs) == 1
    grouped.session.apply(Within("ConvBlock", AddNodes((Node("second", "Input"),))))
    assert [port.label for port in grouped.canvas.nodes["block1"].face.inputs][-1] == "second"
    grouped.session.document.undo()
    assert len(grouped.canvas.nodes["block1"].face.inputs) == 1


def test_a_group_cannot_be_offered_inside_itself(grouped: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(grouped, Qt.Key.Key_Tab)
    qtbot.keyClicks(grouped.palette_box.field, "convblock")
    assert grouped.palette_box.listed[0] == "group:ConvBlock"
    grouped.palette_box.close_palette()
    grouped.session.open_group("block1")
    grouped.open_palette_after_selection("convblock")
    assert grouped.palette_box.list.item(0).flags() == Qt.ItemFlag.NoItemFlags
    grouped.palette_box.close_palette()


def test_a_group_is_added_from_the_palette_like_any_layer(grouped: CanvasView, qtbot: QtBot) -> None:
    grouped.session.select(["block1"])
    qtbot.keyClick(grouped, Qt.Key.Key_Tab)
    qtbot.keyClicks(grouped.palette_box.field, "convblock")
    qtbot.keyClick(grouped.palette_box.field, Qt.Key.Key_Return)
    (added,) = grouped.session.selection
    assert grouped.session.project.graph.nodes[added].kind == "group:ConvBlock"
    assert len(grouped.session.project.groups) == 1
    wires = {(source.node, target.node) for target, source in grouped.session.project.graph.links.items()}
    assert {("block1", added), (added, "flatten1")} < wires


def test_ungrouping_puts_the_inside_back(grouped: CanvasView, qtbot: QtBot) -> None:
    grouped.session.select(["block1"])
    qtbot.keyClick(grouped, Qt.Key.Key_G, CONTROL | SHIFT)
    kinds = sorted(node.kind for node in grouped.session.project.graph.nodes.values())
    assert kinds == ["Conv2d", "Flatten", "Input", "ReLU"]
    assert {grouped.session.project.graph.nodes[name].kind for name in grouped.session.selection} == {"Conv2d", "ReLU"}


def test_a_problem_inside_is_marked_at_the_group_and_revealed(grouped: CanvasView, qtbot: QtBot) -> None:
    session = grouped.session
    session.apply(Within("ConvBlock", SetParameters({"conv1": {"kernel_size": 99}})))
    wait_for_check(qtbot, grouped)
    assert grouped.canvas.nodes["block1"].look.severity == "error"
    assert session.report is not None
    problem = next(each for each in session.report.problems if each.severity == "error")
    session.reveal(problem.node, problem.path)
    assert session.path == ("block1",)
    assert session.selection == {"conv1"}
    assert grouped.canvas.nodes["conv1"].look.severity == "error"
    assert grouped.canvas.nodes["relu1"].look.severity == ""


def test_the_inside_is_seen_with_the_numbers_of_the_use_that_was_opened(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(chain())
    session = view.session
    session.apply(GroupNodes(frozenset({"conv1", "relu1"}), "ConvBlock", "block1"))
    definition = session.project.groups["ConvBlock"]
    conv = replace(definition.graph.nodes["conv1"], params={"out_channels": "2*width", "padding": 1})
    changed = replace(definition.graph, nodes={**definition.graph.nodes, "conv1": conv})
    group = replace(definition, graph=changed, parameters=(GroupParameter("width", 4),))
    session.apply(SetWhole(replace(session.project, groups={"ConvBlock": group})))
    session.apply(SetParameters({"block1": {"width": 7}}))
    session.open_group("block1")
    wait_for_check(qtbot, view)
    assert session.view.variables["width"] == 7
    assert view.canvas.nodes["conv1"].look.shapes == {"output": "N × 14 × 8 × 8"}


class SetWhole:
    """Another project in place of this one."""

    label, merge_key = "Set", ""

    def __init__(self, project: object) -> None:
        self.project = project

    def apply(self, _project: object) -> object:
        return self.project


def test_a_copied_group_takes_its_definition_along(grouped: CanvasView, make_canvas: MakeCanvas) -> None:
    grouped.session.select(["block1"])
    grouped.copy()
    other = make_canvas()
    other.paste()
    assert other.session.project.groups == grouped.session.project.groups
    assert [node.group for node in other.session.project.graph.nodes.values()] == ["ConvBlock"]
    assert '"ConvBlock"' in QGuiApplication.clipboard().text()


def test_moving_nodes_in_a_group_from_outside_moves_nothing_here(grouped: CanvasView) -> None:
    places = {name: item.scenePos() for name, item in grouped.canvas.nodes.items()}
    grouped.session.apply(Within("ConvBlock", MoveNodes({"conv1": (500.0, 500.0)})))
    assert {name: item.scenePos() for name, item in grouped.canvas.nodes.items()} == places


def test_only_a_group_can_be_opened_and_the_network_not_be_left(grouped: CanvasView) -> None:
    session = grouped.session
    assert not session.open_group("image")
    assert not session.leave_group()
    assert session.group == ""


def test_an_output_inside_becomes_a_port_of_the_group(grouped: CanvasView, qtbot: QtBot) -> None:
    grouped.session.open_group("block1")
    grouped.session.select(["conv1"])
    menu = grouped.menu_at(Hand(qtbot, grouped).at("conv1"))
    ports = next(entry.menu() for entry in menu.actions() if entry.text() == "Make a port of the group")
    (entry,) = [each for each in ports.actions() if each.text() == "output"]
    entry.trigger()
    (port,) = grouped.session.selection
    assert grouped.session.view.graph.nodes[port].kind == "Output"
    grouped.session.leave_group()
    wait_for_check(qtbot, grouped)
    report = grouped.session.node_report("block1")
    assert report is not None
    assert str(report.outputs[port]) == "N × 32 × 8 × 8"
    grouped.session.document.undo()
    assert port not in grouped.session.project.groups["ConvBlock"].graph.nodes
    menu.close()
