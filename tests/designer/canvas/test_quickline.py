"""Typing a whole chain into the add palette: preview, mistakes, building, undo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from core.data.bind import bind
from core.graph.project import Node, Project
from designer.canvas.compose import Spot
from designer.canvas.quick import lines
from designer.canvas.quick.board import Step
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end, graph_of


@pytest.fixture(autouse=True)
def _no_history() -> Iterator[None]:
    lines.history.clear()
    yield
    lines.history.clear()


def type_line(qtbot: QtBot, view: CanvasView, text: str) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    qtbot.keyClicks(view.palette_box.field, text)


def enter(qtbot: QtBot, view: CanvasView) -> None:
    qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)


def links(view: CanvasView) -> dict[str, str]:
    return {str(target): str(source) for target, source in view.session.view.graph.links.items()}


def steps(view: CanvasView) -> list[Step]:
    return view.palette_box.board.steps


def previewed(qtbot: QtBot, view: CanvasView) -> list[Step]:
    qtbot.waitUntil(lambda: bool(steps(view)) and not any(step.stale for step in steps(view)), timeout=20_000)
    return steps(view)


def test_a_line_after_the_last_node_builds_the_chain_in_one_undo_step(checked: CanvasView, qtbot: QtBot) -> None:
    session = checked.session
    session.select(["flatten1"])
    type_line(qtbot, checked, "fc 32 > relu > dropout 0.2 > fc 10")
    enter(qtbot, checked)
    assert not checked.palette_box.isVisible()
    made = links(checked)
    assert made["linear1.input"] == "flatten1.output"
    assert made["relu2.input"] == "linear1.output"
    assert made["dropout1.input"] == "relu2.output"
    assert made["linear2.input"] == "dropout1.output"
    assert session.selection == {"linear2"}
    boxes = checked.canvas.boxes()
    tops = [boxes[name].y for name in ("flatten1", "linear1", "relu2", "dropout1", "linear2")]
    assert tops == sorted(set(tops))
    built = session.project.graph
    session.document.undo()
    assert session.project.graph == chain()
    session.document.redo()
    assert session.project.graph == built


def test_a_line_after_a_node_in_a_chain_goes_into_the_wire_and_makes_room(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["conv1"])
    type_line(qtbot, checked, "[conv 32 k3 p1 > bn | ] > add")
    enter(qtbot, checked)
    made = links(checked)
    assert made["conv2.input"] == "conv1.output"
    assert made["add1.inputs.0"] == "norm1.output"
    assert made["add1.inputs.1"] == "conv1.output"
    assert made["relu1.input"] == "add1.output"
    boxes = checked.canvas.boxes()
    assert boxes["conv1"].bottom < boxes["conv2"].y < boxes["add1"].y
    assert boxes["add1"].bottom < boxes["relu1"].y
    assert checked.session.selection == {"add1"}
    checked.session.document.undo()
    assert checked.session.project.graph == chain()


def test_the_shapes_are_shown_before_anything_is_built(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["relu1"])
    type_line(qtbot, checked, "conv 4 k3 p1 > maxpool 2 > gap")
    shown = previewed(qtbot, checked)
    assert [step.shape for step in shown] == ["N × 4 × 8 × 8", "N × 4 × 4 × 4", "N × 4 × 1 × 1"]
    assert [step.kind for step in shown] == ["Conv2d", "MaxPool2d", "AdaptiveAvgPool2d"]
    assert checked.session.document.undo_label is None
    assert checked.palette_box.board.problem.text == ""


def test_a_shape_that_does_not_fit_is_told_at_its_step(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["flatten1"])
    type_line(qtbot, checked, "fc 10 > conv2d 4")
    shown = previewed(qtbot, checked)
    assert shown[0].shape == "N × 10"
    assert shown[0].wrong == ""
    assert "4 dimensions" in shown[1].wrong


def test_the_preview_follows_the_typing_and_drops_old_answers(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["relu1"])
    type_line(qtbot, checked, "conv 4 > bn")
    qtbot.keyClicks(checked.palette_box.field, " > relu")
    for _key in " > bn > relu":
        qtbot.keyClick(checked.palette_box.field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(checked.palette_box.field, " k1")
    shown = previewed(qtbot, checked)
    assert [(step.kind, step.shape) for step in shown] == [("Conv2d", "N × 4 × 8 × 8")]


def test_conv_becomes_the_twin_that_fits_what_arrives(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(graph_of({"signal": Node("signal", "Input", {"shape": (2, 100)}, position=(0, 0))}))
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    view.session.select(["signal"])
    type_line(qtbot, view, "conv 8 k5 > bn > pool 2")
    enter(qtbot, view)
    assert [node.kind for node in view.session.project.graph.nodes.values()] == [
        "Input",
        "Conv1d",
        "BatchNorm1d",
        "MaxPool1d",
    ]


def test_a_mistake_is_told_and_enter_builds_nothing(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["flatten1"])
    type_line(qtbot, checked, "fc 10 > rleu > fc 2")
    palette = checked.palette_box
    assert "Did you mean 'ReLU'?" in palette.board.problem.text
    assert [step.kind for step in steps(checked)] == ["Linear"]
    enter(qtbot, checked)
    assert palette.isVisible()
    assert checked.session.document.undo_label is None
    palette.field.setText("fc 10 > relu > fc 2")
    assert palette.board.problem.text == ""
    enter(qtbot, checked)
    assert len(checked.session.project.graph.nodes) == 7


def test_one_word_still_is_a_search(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["relu1"])
    type_line(qtbot, checked, "max pool")
    palette = checked.palette_box
    assert not palette.typing_line
    assert palette.list.isVisible()
    assert palette.board.isHidden()
    qtbot.keyClicks(palette.field, " 2")
    assert palette.typing_line
    assert palette.list.isHidden()
    assert palette.board.isVisible()


def test_a_name_and_a_number_are_enough_for_a_line(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["flatten1"])
    type_line(qtbot, checked, "fc 10")
    enter(qtbot, checked)
    assert checked.session.project.graph.nodes["linear1"].params == {"out_features": 10}


def test_the_empty_palette_says_how_a_line_is_written(checked: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    hint = checked.palette_box.hint
    assert hint.isVisible()
    assert ">" in hint.text()
    qtbot.keyClicks(checked.palette_box.field, "c")
    assert hint.isHidden()


def test_up_brings_the_last_lines_back(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["flatten1"])
    for text in ("fc 10 > relu", "fc 20 > tanh"):
        type_line(qtbot, checked, text)
        enter(qtbot, checked)
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    field = checked.palette_box.field
    found = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(field, key)
        found.append(field.text())
    assert found == ["fc 20 > tanh", "fc 10 > relu", "fc 10 > relu", "fc 20 > tanh", ""]


def test_without_lines_up_goes_to_the_end_of_the_list_as_ever(checked: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(checked, Qt.Key.Key_Tab)
    qtbot.keyClick(checked.palette_box.field, Qt.Key.Key_Up)
    assert checked.palette_box.list.currentRow() == checked.palette_box.list.count() - 1


def test_a_line_on_the_empty_canvas_stands_where_the_pointer_is(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas()
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    type_line(qtbot, view, "input 3x32x32 > conv 16 k3 > relu > gap > flatten > fc 10 > output")
    shown = previewed(qtbot, view)
    assert shown[-2].shape == "N × 10"
    enter(qtbot, view)
    assert len(view.session.project.graph.nodes) == 7
    assert view.session.selection == {"output1"}
    view.session.document.undo()
    assert not view.session.project.graph.nodes


def test_a_wire_dropped_from_an_input_is_fed_by_the_lines_end(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(graph_of({"linear1": Node("linear1", "Linear", position=(240, 200))}))
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=30_000)
    Hand(qtbot, view).drag("linear1.input", QPointF(330, 0))
    qtbot.keyClicks(view.palette_box.field, "input 1x8x8 > flatten")
    enter(qtbot, view)
    assert links(view)["linear1.input"] == "flatten1.output"


def test_a_line_into_a_wire_must_end_in_one(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["conv1"])
    type_line(qtbot, checked, "[relu | tanh]")
    enter(qtbot, checked)
    assert "join them" in checked.palette_box.board.problem.text
    assert checked.session.document.undo_label is None


def test_inside_a_group_a_line_is_checked_and_built_there(checked: CanvasView, qtbot: QtBot) -> None:
    session = checked.session
    session.select(["conv1", "relu1"])
    qtbot.keyClick(checked, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(checked.structure.name_question.field, Qt.Key.Key_Return)
    (name,) = session.selection
    before = session.project
    session.open_group(name)
    qtbot.waitUntil(lambda: session.report_is_current and session.shapes is not None, timeout=20_000)
    session.select(["relu1"])
    type_line(qtbot, checked, "conv 4 k3 p1 > bn")
    assert [step.shape for step in previewed(qtbot, checked)] == ["N × 4 × 8 × 8", "N × 4 × 8 × 8"]
    enter(qtbot, checked)
    assert {"conv2", "norm1"} <= session.view.graph.nodes.keys()
    assert links(checked)["conv2.input"] == "relu1.output"
    session.document.undo()
    assert session.project == before


def test_the_text_is_coloured_and_stays_what_was_typed(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["relu1"])
    type_line(qtbot, checked, "conv 4 > relu")
    field = checked.palette_box.field
    plain = field.grab().toImage()
    assert field.text() == "conv 4 > relu"
    assert field.cursorPosition() == len("conv 4 > relu")
    colours = {plain.pixelColor(x, y).name() for x in range(plain.width()) for y in range(0, plain.height(), 2)}
    from designer import theme

    assert theme.current().accent in colours
    assert end("relu1.input") in checked.session.project.graph.links


def test_a_line_typed_on_a_wire_goes_into_it(checked: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    wire = checked.canvas.wires[end("flatten1.input")].path().pointAtPercent(0.8)
    checked.open_palette(hand.at(wire), Spot((wire.x(), wire.y()), wire=end("flatten1.input")))
    qtbot.keyClicks(checked.palette_box.field, "maxpool 2 > conv 8")
    enter(qtbot, checked)
    made = links(checked)
    assert (made["pool1.input"], made["conv2.input"], made["flatten1.input"]) == (
        "relu1.output",
        "pool1.output",
        "conv2.output",
    )
    boxes = checked.canvas.boxes()
    assert boxes["pool1"].bottom < boxes["conv2"].y < boxes["conv2"].bottom < boxes["flatten1"].y
    checked.session.document.undo()
    assert checked.session.project.graph == chain()


def test_a_line_typed_before_pytorch_is_there_is_previewed_once_it_is(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["flatten1"])
    type_line(qtbot, canvas, "fc 10 > relu")
    assert [step.shape for step in previewed(qtbot, canvas)] == ["N × 10", "N × 10"]


def test_enter_before_pytorch_is_there_builds_the_line_as_soon_as_it_is(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["flatten1"])
    type_line(qtbot, canvas, "fc 10 > relu")
    enter(qtbot, canvas)
    qtbot.waitUntil(lambda: len(canvas.session.project.graph.nodes) == 6, timeout=30_000)
    assert not canvas.palette_box.isVisible()
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()


def test_a_network_for_images_that_are_bound_takes_them_at_once(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=Project(data=bind("digits", {})))
    qtbot.waitUntil(lambda: view.session.report is not None, timeout=20_000)
    type_line(qtbot, view, "input > conv 4 k3 > relu > flatten > fc 10 > output")
    enter(qtbot, view)
    graph = view.session.project.graph
    assert [node.kind for node in graph.nodes.values()][:2] == ["Input", "Conv2d"]
    assert graph.nodes["input1"].params == {"fields": ("image",)}
    assert graph.nodes["output1"].params == {"target": "digit"}
    view.session.document.undo()
    assert not view.session.project.graph.nodes
