"""Drawing, moving and taking off wires with the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from core.graph.project import Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, end, graph_of

LOOSE = graph_of(
    {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
        "conv1": Node("conv1", "Conv2d", position=(0, 120)),
        "linear1": Node("linear1", "Linear", position=(240, 120)),
        "add1": Node("add1", "Add", position=(0, 300)),
    }
)


def links(view: CanvasView) -> dict[str, str]:
    return {str(target): str(source) for target, source in view.session.project.graph.links.items()}


def test_dragging_from_output_to_input_links_them_in_one_undo_step(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(LOOSE)
    Hand(qtbot, view).drag("image.output", "conv1.input")
    assert links(view) == {"conv1.input": "image.output"}
    assert end("conv1.input") in view.canvas.wires
    view.session.document.undo()
    assert links(view) == {}
    assert not view.canvas.wires
    view.session.document.redo()
    assert links(view) == {"conv1.input": "image.output"}


def test_dragging_from_a_free_input_to_an_output_links_them(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(LOOSE)
    Hand(qtbot, view).drag("conv1.input", "image.output")
    assert links(view) == {"conv1.input": "image.output"}


def test_a_wire_jumps_to_a_port_that_is_near(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(LOOSE)
    hand = Hand(qtbot, view)
    hand.drag("image.output", hand.place("conv1.input") + QPointF(-12, -12))
    assert links(view) == {"conv1.input": "image.output"}


def test_a_wire_dropped_on_a_body_takes_the_first_free_port(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(LOOSE)
    hand = Hand(qtbot, view)
    hand.drag("image.output", "add1")
    hand.drag("conv1.output", hand.place("add1") + QPointF(40, 4))
    assert links(view) == {"add1.inputs.0": "image.output", "add1.inputs.1": "conv1.output"}


def test_a_variadic_port_always_offers_one_free_slot(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(LOOSE)
    Hand(qtbot, view).drag("image.output", "add1.inputs.0")
    slots = [(port.end.port, port.linked) for port in view.canvas.nodes["add1"].face.inputs]
    assert slots == [("inputs.0", True), ("inputs.1", False)]


def test_a_taken_input_is_replaced_and_undo_brings_the_old_link_back(checked: CanvasView, hand: Hand) -> None:
    hand.drag("image.output", "relu1.input")
    assert links(checked)["relu1.input"] == "image.output"
    checked.session.document.undo()
    assert links(checked)["relu1.input"] == "conv1.output"


def test_an_input_end_dragged_to_another_node_is_plugged_there_in_one_step(canvas: CanvasView, hand: Hand) -> None:
    hand.drag("relu1.input", "flatten1.input")
    assert links(canvas) == {"conv1.input": "image.output", "flatten1.input": "conv1.output"}
    canvas.session.document.undo()
    assert links(canvas)["relu1.input"] == "conv1.output"
    assert links(canvas)["flatten1.input"] == "relu1.output"


def test_an_input_end_dropped_on_the_empty_canvas_is_taken_off(canvas: CanvasView, hand: Hand) -> None:
    hand.drag("relu1.input", QPointF(300, 150))
    assert "relu1.input" not in links(canvas)
    assert not canvas.palette_box.isVisible()


def test_a_wire_that_would_close_a_loop_is_refused_and_the_tip_says_why(canvas: CanvasView, hand: Hand) -> None:
    hand.press("relu1.output")
    hand.move("conv1.input")
    assert canvas.tip.isVisible()
    assert "loop" in canvas.tip.text()
    before = links(canvas)
    hand.release("conv1.input")
    assert links(canvas) == before
    assert not canvas.tip.isVisible()


def test_ports_that_cannot_take_the_wire_step_back_while_it_is_drawn(checked: CanvasView, hand: Hand) -> None:
    hand.press("relu1.output")
    hand.move(QPointF(300, 300))
    faded = {name: item.look.faded for name, item in checked.canvas.nodes.items()}
    assert end("conv1.input") in faded["conv1"]
    assert end("flatten1.input") not in faded["flatten1"]
    hand.escape()
    assert all(item.look.faded is False for item in checked.canvas.nodes.values())


def test_the_tip_shows_expected_against_got_but_the_link_is_made(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = graph_of(
        {
            "row": Node("row", "Input", {"shape": (4,)}, position=(0, 0)),
            "conv1": Node("conv1", "Conv2d", position=(0, 120)),
        }
    )
    view = make_canvas(graph)
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    hand = Hand(qtbot, view)
    hand.press("row.output")
    hand.move("conv1.input")
    assert "Expects 4 dimensions" in view.tip.text()
    hand.release("conv1.input")
    assert links(view) == {"conv1.input": "row.output"}


def test_escape_cancels_a_wire_and_keeps_the_detached_link(canvas: CanvasView, hand: Hand) -> None:
    before = links(canvas)
    hand.press("relu1.input")
    hand.move(QPointF(300, 150))
    hand.escape()
    hand.release(QPointF(300, 150))
    assert links(canvas) == before
    assert canvas.canvas.wires[end("relu1.input")].isVisible()
    assert canvas.session.document.undo_label is None


def test_a_wire_dropped_on_the_empty_canvas_offers_layers_and_links_the_chosen_one(
    checked: CanvasView, hand: Hand, qtbot: QtBot
) -> None:
    hand.drag("relu1.output", QPointF(300, 420))
    assert checked.palette_box.isVisible()
    listed = checked.palette_box.listed
    assert "MaxPool2d" in listed[:3]
    assert "Conv1d" not in listed
    assert "Input" not in listed
    qtbot.keyClicks(checked.palette_box.field, "maxp")
    qtbot.keyClick(checked.palette_box.field, Qt.Key.Key_Return)
    (added,) = checked.session.selection
    assert links(checked)[f"{added}.input"] == "relu1.output"
    assert not checked.palette_box.isVisible()


def test_a_wire_dragged_up_from_an_input_offers_what_can_feed_it(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(LOOSE)
    Hand(qtbot, view).drag("linear1.input", QPointF(330, 40))
    assert "Output" not in view.palette_box.listed
    qtbot.keyClicks(view.palette_box.field, "flatten")
    qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)
    assert links(view) == {"linear1.input": "flatten1.output"}


def test_a_clicked_wire_is_selected_and_deleted(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    wire = canvas.canvas.wires[end("relu1.input")]
    hand.click(wire.path().pointAtPercent(0.75))
    assert canvas.canvas.selected_wires == {end("relu1.input")}
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert "relu1.input" not in links(canvas)
    canvas.session.document.undo()
    assert "relu1.input" in links(canvas)
