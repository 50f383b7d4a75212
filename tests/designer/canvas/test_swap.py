"""Another type for nodes that stand already: what is offered, what is kept, and undo."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from core.graph.project import Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end, graph_of

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def ask(qtbot: QtBot, view: CanvasView, *names: str) -> list[str]:
    """Press Shift+S on nodes and return what is offered."""
    view.session.select(names)
    qtbot.keyClick(view, Qt.Key.Key_S, SHIFT)
    qtbot.waitUntil(view.palette_box.isVisible, timeout=5_000)
    return view.palette_box.listed


def choose(qtbot: QtBot, view: CanvasView, text: str) -> None:
    qtbot.keyClicks(view.palette_box.field, text)
    qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)


def links(view: CanvasView) -> dict[str, str]:
    return {str(target): str(source) for target, source in view.session.view.graph.links.items()}


def test_shift_s_swaps_the_type_and_keeps_the_wires_in_one_undo_step(checked: CanvasView, qtbot: QtBot) -> None:
    before = links(checked)
    ask(qtbot, checked, "relu1")
    choose(qtbot, checked, "gelu")
    assert checked.session.project.graph.nodes["relu1"].kind == "GELU"
    assert links(checked) == before
    assert checked.session.selection == {"relu1"}
    checked.session.document.undo()
    assert checked.session.project.graph == chain()
    checked.session.document.redo()
    assert checked.session.project.graph.nodes["relu1"].kind == "GELU"


def test_the_likeliest_come_first_and_what_cannot_take_the_tensor_is_left_out(
    checked: CanvasView, qtbot: QtBot
) -> None:
    offered = ask(qtbot, checked, "relu1")
    families = [checked.palette_box.list.item(row).data(Qt.ItemDataRole.UserRole).kind.family for row in range(10)]
    assert set(families) == {"Activation"}
    assert "ReLU" not in offered
    assert "Conv1d" not in offered
    assert "Embedding" not in offered
    assert "Input" not in offered
    checked.palette_box.close_palette()
    offered = ask(qtbot, checked, "conv1")
    assert offered[0] == "ConvTranspose2d"
    assert "Conv1d" not in offered


def test_twins_of_other_dimensions_come_first_where_nothing_speaks_against_them(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    view = make_canvas(graph_of({"conv1": Node("conv1", "Conv2d", {"out_channels": 8, "kernel_size": (3, 5)})}))
    offered = ask(qtbot, view, "conv1")
    assert offered[:2] == ["Conv1d", "Conv3d"]
    choose(qtbot, view, "")
    node = view.session.project.graph.nodes["conv1"]
    assert (node.kind, dict(node.params)) == ("Conv1d", {"out_channels": 8})


def test_what_follows_must_take_what_is_given(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
        "relu1": Node("relu1", "ReLU", position=(0, 120)),
        "conv1": Node("conv1", "Conv2d", position=(0, 240)),
    }
    view = make_canvas(graph_of(nodes, "image.output > relu1.input", "relu1.output > conv1.input"))
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    offered = ask(qtbot, view, "relu1")
    assert "MaxPool2d" in offered
    assert "Flatten" not in offered
    assert "ArgMax" not in offered


def test_parameters_that_fit_stay_and_others_go(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["conv1"])
    ask(qtbot, checked, "conv1")
    choose(qtbot, checked, "maxpool2d")
    node = checked.session.project.graph.nodes["conv1"]
    assert (node.kind, dict(node.params)) == ("MaxPool2d", {"padding": 1})
    ask(qtbot, checked, "conv1")
    choose(qtbot, checked, "sigmoid")
    assert not checked.session.project.graph.nodes["conv1"].params


def test_several_nodes_are_swapped_at_once(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
        "a": Node("a", "ReLU", position=(0, 120)),
        "b": Node("b", "ReLU", position=(0, 240)),
    }
    graph = graph_of(nodes, "image.output > a.input", "a.output > b.input")
    view = make_canvas(graph)
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    before = links(view)
    ask(qtbot, view, "a", "b")
    choose(qtbot, view, "silu")
    assert [view.session.project.graph.nodes[name].kind for name in ("a", "b")] == ["SiLU", "SiLU"]
    assert links(view) == before
    view.session.document.undo()
    assert view.session.project.graph == graph


def test_wires_move_to_the_ports_of_the_new_type_in_their_order(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (4,)}, position=(0, 0)),
        "other": Node("other", "Input", {"shape": (4,)}, position=(240, 0)),
        "add1": Node("add1", "Add", position=(0, 120)),
        "relu1": Node("relu1", "ReLU", position=(0, 240)),
    }
    wires = ("image.output > add1.inputs.0", "other.output > add1.inputs.1", "add1.output > relu1.input")
    graph = graph_of(nodes, *wires)
    view = make_canvas(graph)
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    offered = ask(qtbot, view, "add1")
    assert "ReLU" not in offered
    choose(qtbot, view, "subtract")
    assert links(view) == {"add1.a": "image.output", "add1.b": "other.output", "relu1.input": "add1.output"}
    ask(qtbot, view, "add1")
    choose(qtbot, view, "concatenate")
    assert links(view)["add1.inputs.1"] == "other.output"
    view.session.document.undo()
    view.session.document.undo()
    assert view.session.project.graph == graph


def test_who_shares_the_layer_changes_with_it(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (4,)}, position=(0, 0)),
        "linear1": Node("linear1", "Linear", position=(0, 120)),
        "linear2": Node("linear2", "Linear", shares="linear1", position=(240, 120)),
    }
    graph = graph_of(nodes, "image.output > linear1.input", "image.output > linear2.input")
    view = make_canvas(graph)
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    ask(qtbot, view, "linear1", "linear2")
    choose(qtbot, view, "layernorm")
    assert {node.kind for name, node in view.session.project.graph.nodes.items() if name != "image"} == {"LayerNorm"}
    assert view.session.project.graph.nodes["linear2"].shares == "linear1"
    assert len(links(view)) == 2
    view.session.document.undo()
    assert view.session.project.graph == graph


def test_the_menu_of_a_node_offers_it_and_escape_changes_nothing(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["relu1"])
    menu = checked.menu_at(Hand(qtbot, checked).at("relu1"))
    entry = next(action for action in menu.actions() if action.text().startswith("Change type"))
    assert "Shift+S" in entry.text()
    entry.trigger()
    assert checked.palette_box.isVisible()
    assert checked.palette_box.hint.isHidden()
    qtbot.keyClick(checked.palette_box.field, Qt.Key.Key_Escape)
    assert checked.session.project.graph == chain()
    assert checked.session.document.undo_label is None
    menu.close()


def test_it_works_inside_a_group_and_undo_there_is_one_step_too(checked: CanvasView, qtbot: QtBot) -> None:
    session = checked.session
    session.select(["conv1", "relu1"])
    qtbot.keyClick(checked, Qt.Key.Key_G, CONTROL)
    qtbot.keyClick(checked.structure.name_question.field, Qt.Key.Key_Return)
    (name,) = session.selection
    session.open_group(name)
    before = session.project
    qtbot.waitUntil(lambda: session.report_is_current and session.shapes is not None, timeout=20_000)
    assert f"group:{session.group}" not in ask(qtbot, checked, "relu1")
    choose(qtbot, checked, "mish")
    assert session.view.graph.nodes["relu1"].kind == "Mish"
    session.document.undo()
    assert session.project == before


def test_a_wire_dropped_inside_a_group_offers_a_port_of_the_group(checked: CanvasView, qtbot: QtBot) -> None:
    session = checked.session
    session.select(["conv1", "relu1"])
    qtbot.keyClick(checked, Qt.Key.Key_G, CONTROL)
    qtbot.keyClick(checked.structure.name_question.field, Qt.Key.Key_Return)
    (name,) = session.selection
    session.open_group(name)
    qtbot.waitUntil(lambda: session.report_is_current and session.shapes is not None, timeout=20_000)
    hand = Hand(qtbot, checked)
    hand.drag("relu1.output", hand.place("relu1") + QPointF(240, 60))
    palette = checked.palette_box
    assert "Output" in palette.listed[:6]
    row = palette.listed.index("Output")
    assert palette.list.item(row).text() == "Output port of the group"
    before = len(session.project.graph.links)
    qtbot.keyClicks(palette.field, "output")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert len([node for node in session.view.graph.nodes.values() if node.kind == "Output"]) == 2
    assert len(session.project.graph.links) == before


def test_a_wire_dropped_from_an_input_is_offered_what_gives_such_a_tensor(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    nodes = {
        "bn": Node("bn", "BatchNorm2d", position=(0, 200)),
        "emb": Node("emb", "Embedding", position=(240, 200)),
    }
    view = make_canvas(graph_of(nodes))
    hand = Hand(qtbot, view)
    hand.drag("bn.input", QPointF(60, 0))
    listed = view.palette_box.listed
    assert "Conv2d" in listed[:4]
    assert "Conv1d" not in listed
    assert "LSTM" not in listed
    assert "Embedding" not in listed[:6]
    qtbot.keyClicks(view.palette_box.field, "conv2d")
    qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)
    assert view.session.project.graph.links[end("bn.input")] == end("conv1.output")
    hand.drag("emb.input", QPointF(320, 0))
    listed = view.palette_box.listed
    assert "Input" in listed[:4]
    assert "Conv2d" not in listed
    view.palette_box.close_palette()


def test_an_operation_is_not_offered_to_a_layer_that_others_share(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (4,)}, position=(0, 0)),
        "linear1": Node("linear1", "Linear", position=(0, 120)),
        "linear2": Node("linear2", "Linear", shares="linear1", position=(240, 120)),
    }
    graph = graph_of(nodes, "image.output > linear1.input", "image.output > linear2.input")
    view = make_canvas(graph)
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    offered = ask(qtbot, view, "linear1")
    assert "LayerNorm" in offered
    assert "Clamp" not in offered
    qtbot.keyClicks(view.palette_box.field, "clamp")
    row = view.palette_box.listed.index("Clamp")
    assert "linear2" in view.palette_box.list.item(row).data(Qt.ItemDataRole.UserRole).why_not
    view.palette_box.close_palette()
    assert "Clamp" in ask(qtbot, view, "linear2"), "a layer of its own takes the place of the shared one"


def test_a_type_must_suit_the_wires_of_who_shares_the_layer_too(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "row": Node("row", "Input", {"shape": (4,)}, position=(0, 0)),
        "rows": Node("rows", "Input", {"shape": (3, 4)}, position=(240, 0)),
        "linear1": Node("linear1", "Linear", position=(0, 120)),
        "linear2": Node("linear2", "Linear", shares="linear1", position=(240, 120)),
    }
    view = make_canvas(graph_of(nodes, "row.output > linear1.input", "rows.output > linear2.input"))
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    qtbot.waitUntil(lambda: view.session.report_is_current, timeout=30_000)
    offered = ask(qtbot, view, "linear1")
    assert "LayerNorm" in offered
    assert "LSTM" not in offered
