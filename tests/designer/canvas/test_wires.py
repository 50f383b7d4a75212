"""Re-plugging, moving all wires of an output, lazy linking, pulling nodes out, and putting them into a wire."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from pytestqt.qtbot import QtBot

from core.graph.project import Node
from designer.canvas.dropping import KIND_MIME
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas, chain, end, graph_of
from tests.designer.canvas.pointing import ALT, CONTROL, Pointing, links, middle, on_wire, places, port, undo_and_redo

FAN = graph_of(
    {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
        "conv1": Node("conv1", "Conv2d", {"padding": 1}, position=(0, 120)),
        "conv2": Node("conv2", "Conv2d", {"padding": 1}, position=(-260, 120)),
        "relu1": Node("relu1", "ReLU", position=(0, 260)),
        "relu2": Node("relu2", "ReLU", position=(240, 260)),
        "row": Node("row", "Input", {"shape": (4,)}, position=(260, 0)),
    },
    "image.output > conv1.input",
    "image.output > conv2.input",
    "conv1.output > relu1.input",
    "conv1.output > relu2.input",
)


def wait_for_check(qtbot: QtBot, view: CanvasView) -> None:
    qtbot.waitUntil(lambda: view.session.report is not None and view.session.report_is_current, timeout=30_000)


@pytest.fixture(params=[False, True], ids=["root", "inside a group"])
def inside(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def fan(make_canvas: MakeCanvas, inside: bool) -> CanvasView:
    return make_canvas(FAN, inside=inside)


@pytest.fixture
def row(make_canvas: MakeCanvas, inside: bool) -> CanvasView:
    """The chain, with room between its nodes."""
    graph = chain()
    spread = {name: replace(node, position=(0, 1.3 * node.position[1])) for name, node in graph.nodes.items()}
    return make_canvas(replace(graph, nodes=spread), inside=inside)


# --- re-plugging ------------------------------------------------------------------------------------------------------


def test_an_input_end_is_plugged_elsewhere_in_one_step(fan: CanvasView) -> None:
    Pointing(fan).drag(port(fan, "relu1.input"), (100, 220), port(fan, "conv2.input"))
    assert links(fan) == {
        "conv1.input": "image.output",
        "conv2.input": "conv1.output",
        "relu2.input": "conv1.output",
    }
    undo_and_redo(fan)


def test_an_input_end_dropped_on_its_own_node_stays(fan: CanvasView) -> None:
    Pointing(fan).drag(port(fan, "relu1.input"), (300, 200), middle(fan, "relu1"))
    assert fan.session.document.undo_label is None
    assert fan.canvas.wires[end("relu1.input")].isVisible()


def test_a_detached_wire_is_taken_off_and_the_user_is_told(fan: CanvasView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(fan.session.told) as told:
        Pointing(fan).drag(port(fan, "relu1.input"), (-100, 300), (-200, 320))
    assert "relu1.input" in told.args[0]
    assert "relu1.input" not in links(fan)
    undo_and_redo(fan)


# --- all wires of an output -------------------------------------------------------------------------------------------


def test_control_and_a_drag_from_an_output_move_all_its_wires(fan: CanvasView) -> None:
    before = fan.session.project
    Pointing(fan, keys=CONTROL).drag(port(fan, "conv1.output"), (-50, 200), port(fan, "conv2.output"))
    assert links(fan)["relu1.input"] == links(fan)["relu2.input"] == "conv2.output"
    undo_and_redo(fan)
    fan.session.document.undo()
    assert fan.session.project == before


def test_all_wires_of_an_output_may_be_dropped_on_a_body(fan: CanvasView) -> None:
    Pointing(fan, keys=CONTROL).drag(port(fan, "conv1.output"), (-50, 200), middle(fan, "row"))
    assert links(fan)["relu1.input"] == links(fan)["relu2.input"] == "row.output"


def test_wires_that_would_close_a_loop_stay_and_the_tip_says_why(fan: CanvasView) -> None:
    mouse = Pointing(fan, keys=CONTROL)
    mouse.press(*port(fan, "conv1.output"))
    mouse.move(*port(fan, "relu2.output"))
    assert "feed itself" in fan.tip.text()
    faded = fan.canvas.nodes["relu2"].look.faded
    assert not isinstance(faded, bool)
    assert end("relu2.output") in faded
    mouse.release(*port(fan, "relu2.output"))
    assert fan.session.document.undo_label is None
    assert all(wire.isVisible() for wire in fan.canvas.wires.values())
    assert not fan.tip.isVisible()


def test_escape_puts_all_wires_back(fan: CanvasView, qtbot: QtBot) -> None:
    mouse = Pointing(fan, keys=CONTROL)
    mouse.press(*port(fan, "conv1.output"))
    mouse.move(-50, 200)
    assert not fan.canvas.wires[end("relu1.input")].isVisible()
    qtbot.keyClick(fan, Qt.Key.Key_Escape)
    mouse.release(-50, 200)
    assert links(fan)["relu1.input"] == "conv1.output"
    assert fan.canvas.wires[end("relu1.input")].isVisible()


# --- what fits --------------------------------------------------------------------------------------------------------


def test_the_tip_says_before_the_release_what_the_check_would_say(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = graph_of(
        {
            "wide": Node("wide", "Input", {"shape": (3, 8, 8)}, position=(0, 0)),
            "narrow": Node("narrow", "Input", {"shape": (3, 5, 5)}, position=(240, 0)),
            "add1": Node("add1", "Add", position=(0, 160)),
        },
        "wide.output > add1.inputs.0",
    )
    view = make_canvas(graph)
    wait_for_check(qtbot, view)
    mouse = Pointing(view)
    mouse.press(*port(view, "narrow.output"))
    mouse.move(*port(view, "add1.inputs.1"))
    said = view.tip.text()
    mouse.release(*port(view, "add1.inputs.1"))
    assert links(view)["add1.inputs.1"] == "narrow.output"
    wait_for_check(qtbot, view)
    assert said in {problem.message for problem in view.canvas.problems_at("add1")}


def test_a_wire_that_does_not_fit_is_red_and_dashed(make_canvas: MakeCanvas, qtbot: QtBot, inside: bool) -> None:
    view = make_canvas(FAN, inside=inside)
    wait_for_check(qtbot, view)
    Pointing(view).drag(port(view, "row.output"), (200, 100), port(view, "conv1.input"))
    wire = view.canvas.wires[end("conv1.input")]
    error = view.canvas.style_now.wires["error"]
    qtbot.waitUntil(lambda: wire.pen().color() == error.color(), timeout=30_000)
    assert wire.pen().style() is Qt.PenStyle.CustomDashLine
    assert links(view)["conv1.input"] == "row.output"
    undo_and_redo(view)


def test_a_wire_dropped_on_a_body_takes_the_free_port_that_its_tensor_fits(
    make_canvas: MakeCanvas, qtbot: QtBot, inside: bool
) -> None:
    graph = graph_of(
        {
            "tall": Node("tall", "Input", {"shape": (5, 4)}, position=(0, 0)),
            "wide": Node("wide", "Input", {"shape": (4, 7)}, position=(240, 0)),
            "product": Node("product", "MatMul", position=(0, 160)),
        },
        "tall.output > product.a",
    )
    free = replace(graph, links={})
    view = make_canvas(graph, inside=inside)
    wait_for_check(qtbot, view)
    Pointing(view).drag(port(view, "wide.output"), (200, 100), middle(view, "product"))
    assert links(view)["product.b"] == "wide.output"
    undo_and_redo(view)
    other = make_canvas(free, inside=inside)
    wait_for_check(qtbot, other)
    Pointing(other).drag(port(other, "wide.output"), (200, 100), middle(other, "product"))
    wait_for_check(qtbot, other)
    Pointing(other).drag(port(other, "tall.output"), (20, 100), middle(other, "product"))
    assert links(other) == {"product.a": "wide.output", "product.b": "tall.output"}


def test_on_a_body_without_a_free_port_the_first_is_replaced(row: CanvasView) -> None:
    Pointing(row).drag(port(row, "image.output"), (300, 200), middle(row, "relu1"))
    assert links(row)["relu1.input"] == "image.output"
    undo_and_redo(row)
    row.session.document.undo()
    assert links(row)["relu1.input"] == "conv1.output"


# --- pulling out ------------------------------------------------------------------------------------------------------


def test_alt_and_a_drag_pull_a_node_out_and_bridge_the_gap(row: CanvasView) -> None:
    before = row.session.project
    x, y = middle(row, "relu1")
    Pointing(row, keys=ALT).drag((x, y), (x + 60, y), (x + 303, y + 7))
    assert links(row) == {"conv1.input": "image.output", "flatten1.input": "conv1.output"}
    assert places(row)["relu1"] == (303, 312 + 7)
    undo_and_redo(row)
    row.session.document.undo()
    assert row.session.project == before


def test_the_bridge_is_shown_before_the_release_and_escape_takes_everything_back(row: CanvasView, qtbot: QtBot) -> None:
    items = len(row.canvas.items())
    x, y = middle(row, "relu1")
    mouse = Pointing(row, keys=ALT)
    mouse.press(x, y)
    mouse.move(x + 300, y)
    hidden = {str(target) for target, wire in row.canvas.wires.items() if not wire.isVisible()}
    assert hidden == {"relu1.input", "flatten1.input"}
    qtbot.keyClick(row, Qt.Key.Key_Escape)
    mouse.release(x + 300, y)
    assert all(wire.isVisible() for wire in row.canvas.wires.values())
    assert len(row.canvas.items()) == items
    assert row.session.document.undo_label is None
    assert row.canvas.nodes["relu1"].scenePos() == QPointF(0, 312)


def test_what_does_not_fit_is_not_bridged(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = graph_of(
        {
            "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
            "flatten1": Node("flatten1", "Flatten", position=(0, 120)),
            "linear1": Node("linear1", "Linear", position=(0, 240)),
            "conv1": Node("conv1", "Conv2d", position=(240, 240)),
        },
        "image.output > flatten1.input",
        "flatten1.output > linear1.input",
    )
    graph = replace(graph, links={**graph.links, end("conv1.input"): end("linear1.output")})
    view = make_canvas(graph)
    wait_for_check(qtbot, view)
    x, y = middle(view, "linear1")
    Pointing(view, keys=ALT).drag((x, y), (x - 60, y), (x - 260, y))
    assert links(view) == {"flatten1.input": "image.output"}


def test_a_node_pulled_out_goes_into_another_wire_in_the_same_step(row: CanvasView) -> None:
    before = row.session.project
    x, y = middle(row, "relu1")
    mouse = Pointing(row, keys=ALT)
    mouse.press(x, y)
    mouse.move(x + 100, y)
    mouse.keys = Qt.KeyboardModifier.NoModifier
    to = on_wire(row, "conv1.input")
    mouse.move(*to)
    assert row.canvas.hovered_wire == end("conv1.input")
    mouse.release(*to)
    assert links(row) == {
        "relu1.input": "image.output",
        "conv1.input": "relu1.output",
        "flatten1.input": "conv1.output",
    }
    undo_and_redo(row)
    row.session.document.undo()
    assert row.session.project == before


# --- into a wire ------------------------------------------------------------------------------------------------------


def test_the_shape_is_shown_before_a_node_is_dropped_on_a_wire(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = chain()
    pool = Node("pool", "MaxPool2d", {"kernel_size": (2, 2)}, position=(300, 240))
    view = make_canvas(replace(graph, nodes={**graph.nodes, "pool": pool}))
    wait_for_check(qtbot, view)
    mouse = Pointing(view)
    mouse.press(*middle(view, "pool"))
    mouse.move(200, 200)
    to = on_wire(view, "relu1.input")
    mouse.move(*to)
    assert "4 × 4" in view.tip.text().replace("\N{NO-BREAK SPACE}", " ")
    mouse.release(*to)
    assert not view.tip.isVisible()
    assert links(view)["relu1.input"] == "pool.output"
    where = places(view)
    assert where["conv1"][1] + 54 < where["pool"][1]
    assert where["pool"][1] + 54 < where["relu1"][1]
    assert where["relu1"][1] + 54 < where["flatten1"][1]
    undo_and_redo(view)
    view.session.document.undo()
    assert places(view)["relu1"] == (0, 240)


def test_with_alt_a_node_dropped_on_a_wire_does_not_go_in(make_canvas: MakeCanvas, inside: bool) -> None:
    graph = chain()
    nodes = {**graph.nodes, "dropout1": Node("dropout1", "Dropout", position=(300, 240))}
    view = make_canvas(replace(graph, nodes=nodes), inside=inside)
    mouse = Pointing(view, keys=ALT)
    mouse.drag(middle(view, "dropout1"), (200, 200), on_wire(view, "relu1.input"))
    assert links(view)["relu1.input"] == "conv1.output"
    assert view.session.document.undo_label == "Move"


def _library_drag(view: CanvasView, kind: str, keys: Qt.KeyboardModifier, *, drop: bool) -> None:
    data = QMimeData()
    data.setData(KIND_MIME, kind.encode())
    pixel = view.mapFromScene(QPointF(*on_wire(view, "relu1.input")))
    copy = Qt.DropAction.CopyAction
    move = QDragMoveEvent(pixel, copy, data, Qt.MouseButton.LeftButton, keys)
    view.dragMoveEvent(move)
    if drop:
        event = QDropEvent(QPointF(pixel), copy, data, Qt.MouseButton.LeftButton, keys)
        view.dropEvent(event)


def test_a_layer_from_the_library_shows_what_it_would_give_in_the_wire(row: CanvasView, qtbot: QtBot) -> None:
    wait_for_check(qtbot, row)
    _library_drag(row, "Dropout", Qt.KeyboardModifier.NoModifier, drop=False)
    assert row.canvas.hovered_wire == end("relu1.input")
    assert row.tip.isVisible()
    assert "8 × 8" in row.tip.text().replace("\N{NO-BREAK SPACE}", " ")
    _library_drag(row, "Dropout", Qt.KeyboardModifier.NoModifier, drop=True)
    assert not row.tip.isVisible()
    (name,) = row.session.selection
    assert links(row)["relu1.input"] == f"{name}.output"
    undo_and_redo(row)


def test_with_alt_a_layer_from_the_library_stands_on_its_own(row: CanvasView) -> None:
    _library_drag(row, "Dropout", ALT, drop=True)
    assert links(row)["relu1.input"] == "conv1.output"
    assert len(row.session.view.graph.nodes) == 5
