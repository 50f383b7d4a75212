"""Selecting, moving and inserting nodes with the mouse."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from core.graph.project import Graph, Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def places(view: CanvasView) -> dict[str, tuple[float, float]]:
    return {name: node.position for name, node in view.session.project.graph.nodes.items()}


def test_dragging_a_node_moves_it_on_the_grid_in_one_undo_step(canvas: CanvasView, hand: Hand) -> None:
    before = places(canvas)
    hand.drag("relu1", hand.place("relu1") + QPointF(103, 44))
    assert places(canvas)["relu1"] == (100, 240 + 40)
    canvas.session.document.undo()
    assert places(canvas) == before
    assert canvas.session.document.undo_label is None


def test_dragging_one_of_several_selected_nodes_moves_all_of_them(canvas: CanvasView, hand: Hand) -> None:
    canvas.session.select(["conv1", "relu1"])
    hand.drag("relu1", hand.place("relu1") + QPointF(60, 0))
    assert places(canvas)["conv1"] == (60, 120)
    assert places(canvas)["relu1"] == (60, 240)
    assert canvas.session.selection == {"conv1", "relu1"}
    assert canvas.canvas.nodes["conv1"].pos() == QPointF(60, 120)
    assert canvas.canvas.nodes["conv1"].parentItem() is None
    canvas.session.document.undo()
    assert places(canvas)["conv1"] == (0, 120)


def test_wires_follow_a_node_while_it_is_dragged(canvas: CanvasView, hand: Hand) -> None:
    hand.press("relu1")
    hand.move(hand.place("relu1") + QPointF(100, 0))
    wire = canvas.canvas.wires[end("flatten1.input")]
    assert wire.path().pointAtPercent(0) == canvas.canvas.nodes["relu1"].port_place(end("relu1.output"))
    hand.release("relu1")


def test_escape_puts_dragged_nodes_back(canvas: CanvasView, hand: Hand) -> None:
    hand.press("relu1")
    hand.move(hand.place("relu1") + QPointF(100, 60))
    hand.escape()
    hand.release("relu1")
    assert places(canvas)["relu1"] == (0, 240)
    assert canvas.canvas.nodes["relu1"].scenePos() == QPointF(0, 240)
    assert canvas.session.document.undo_label is None


def test_alt_moves_off_the_grid(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    start = hand.at("relu1")
    port = canvas.viewport()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    gesture = canvas.mouse.gesture
    assert gesture is not None
    from designer.canvas.gestures.gesture import Pointer

    to = start + QPoint(33, 7)
    pointer = Pointer(canvas.mapToScene(to), to, Qt.KeyboardModifier.AltModifier)
    gesture.update(pointer)
    gesture.finish(pointer)
    assert places(canvas)["relu1"] == (33, 247)


def test_a_click_selects_shift_adds_and_control_toggles(canvas: CanvasView, hand: Hand) -> None:
    hand.click("conv1")
    assert canvas.session.selection == {"conv1"}
    hand.click("relu1", SHIFT)
    assert canvas.session.selection == {"conv1", "relu1"}
    hand.click("conv1", CONTROL)
    assert canvas.session.selection == {"relu1"}
    assert canvas.canvas.nodes["relu1"].look.selected
    assert not canvas.canvas.nodes["conv1"].look.selected
    hand.click(QPointF(400, 100))
    assert canvas.session.selection == frozenset()


def test_a_click_on_one_of_several_selected_nodes_selects_it_alone(canvas: CanvasView, hand: Hand) -> None:
    canvas.select_all()
    hand.click("relu1")
    assert canvas.session.selection == {"relu1"}


def test_a_box_selects_what_it_touches_and_shift_adds(canvas: CanvasView, hand: Hand) -> None:
    hand.drag(QPointF(-60, 100), QPointF(60, 250))
    assert canvas.session.selection == {"conv1", "relu1"}
    hand.press(QPointF(-60, 350), SHIFT)
    hand.move(QPointF(40, 380))
    hand.release(QPointF(40, 380), SHIFT)
    assert canvas.session.selection == {"conv1", "relu1", "flatten1"}


def test_escape_during_a_box_restores_the_selection(canvas: CanvasView, hand: Hand) -> None:
    canvas.session.select(["image"])
    hand.press(QPointF(-60, 100))
    hand.move(QPointF(60, 250))
    hand.escape()
    assert canvas.session.selection == {"image"}


def _with_loose(graph: Graph) -> Graph:
    nodes = {**graph.nodes, "dropout1": Node("dropout1", "Dropout", position=(240, 240))}
    return replace(graph, nodes=nodes)


def test_a_lone_node_dropped_on_a_wire_goes_into_it_and_makes_room(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(_with_loose(chain()))
    hand = Hand(qtbot, view)
    hand.drag("dropout1", QPointF(80, 320))
    links = view.session.project.graph.links
    assert links[end("dropout1.input")] == end("relu1.output")
    assert links[end("flatten1.input")] == end("dropout1.output")
    assert places(view)["flatten1"][1] > places(view)["dropout1"][1] + 60
    view.session.document.undo()
    assert view.session.project.graph == _with_loose(chain())


def test_the_middle_button_and_space_pan_the_view(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    port = canvas.viewport()
    before = canvas.mapToScene(QPoint(0, 0))
    qtbot.mousePress(port, Qt.MouseButton.MiddleButton, pos=QPoint(300, 300))
    qtbot.mouseMove(port, QPoint(340, 330))
    qtbot.mouseRelease(port, Qt.MouseButton.MiddleButton, pos=QPoint(340, 330))
    assert canvas.mapToScene(QPoint(0, 0)) == before - QPointF(40, 30)
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    hand.press("relu1")
    qtbot.mouseMove(port, hand.at("relu1") + QPoint(-40, -30))
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=hand.at("relu1"))
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert places(canvas)["relu1"] == (0, 240)
    assert not canvas.palette_box.isVisible()
