"""Cutting wires with a stroke: Ctrl and the right button, or Y held; at the root and inside a group."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.project import Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas, chain, end, graph_of
from tests.designer.canvas.pointing import CONTROL, LEFT, RIGHT, SHIFT, Pointing, links, on_wire, undo_and_redo

TWINS = graph_of(
    {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(120, 0)),
        "conv1": Node("conv1", "Conv2d", position=(0, 160)),
        "conv2": Node("conv2", "Conv2d", position=(240, 160)),
        "add1": Node("add1", "Add", position=(120, 320)),
    },
    "image.output > conv1.input",
    "image.output > conv2.input",
    "conv1.output > add1.inputs.0",
    "conv2.output > add1.inputs.1",
)


@pytest.fixture(params=[False, True], ids=["root", "inside a group"])
def twins(request: pytest.FixtureRequest, make_canvas: MakeCanvas) -> CanvasView:
    return make_canvas(TWINS, inside=request.param)


def test_control_and_a_right_drag_cut_every_crossed_wire_in_one_step(twins: CanvasView) -> None:
    before = twins.session.project
    Pointing(twins, RIGHT, CONTROL).drag((20, 270), (200, 270), (420, 270))
    assert links(twins) == {"conv1.input": "image.output", "conv2.input": "image.output"}
    undo_and_redo(twins)
    twins.session.document.undo()
    assert twins.session.project == before
    assert set(twins.canvas.wires) == set(TWINS.links)


def test_the_crossed_wires_are_shown_before_the_button_is_released(twins: CanvasView) -> None:
    stroke = Pointing(twins, RIGHT, CONTROL)
    stroke.press(20, 270)
    stroke.move(130, 270)
    assert twins.canvas.cut_ends == {end("add1.inputs.0")}
    red = twins.canvas.style_now.wires["cut"].color()
    assert twins.canvas.wires[end("add1.inputs.0")].pen().color() == red
    assert twins.canvas.wires[end("add1.inputs.1")].pen().color() != red
    stroke.move(420, 270)
    assert twins.canvas.cut_ends == {end("add1.inputs.0"), end("add1.inputs.1")}
    stroke.release(420, 270)
    assert twins.canvas.cut_ends == frozenset()


def test_escape_cuts_nothing(twins: CanvasView, qtbot: QtBot) -> None:
    stroke = Pointing(twins, RIGHT, CONTROL)
    items = len(twins.canvas.items())
    stroke.press(20, 270)
    stroke.move(420, 270)
    qtbot.keyClick(twins, Qt.Key.Key_Escape)
    stroke.release(420, 270)
    assert len(links(twins)) == 4
    assert twins.canvas.cut_ends == frozenset()
    assert len(twins.canvas.items()) == items
    assert twins.session.document.undo_label is None


def test_a_stroke_beside_all_wires_is_no_step(twins: CanvasView) -> None:
    Pointing(twins, RIGHT, CONTROL).drag((-80, 0), (-80, 400))
    assert twins.session.document.undo_label is None


def test_a_drag_while_y_is_held_cuts(twins: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyPress(twins, Qt.Key.Key_Y, Qt.KeyboardModifier.NoModifier)
    Pointing(twins, LEFT).drag((20, 270), (420, 270))
    qtbot.keyRelease(twins, Qt.Key.Key_Y)
    assert links(twins) == {"conv1.input": "image.output", "conv2.input": "image.output"}
    assert not twins.palette_box.isVisible()
    undo_and_redo(twins)
    Pointing(twins, LEFT).drag((-40, 60), (60, 300))
    assert twins.session.selection == {"conv1"}


def test_a_tap_of_y_still_begins_a_name(canvas: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_Y)
    assert canvas.palette_box.isVisible()
    assert canvas.palette_box.field.text() == "y"


def test_a_cut_leaves_a_wire_with_points_and_takes_its_points_along(canvas: CanvasView) -> None:
    before = canvas.session.project
    canvas.wiring.add_point(end("relu1.input"), canvas.canvas.wires[end("relu1.input")].path().pointAtPercent(0.5))
    _x, y = on_wire(canvas, "relu1.input", 0.3)
    Pointing(canvas, RIGHT, CONTROL).drag((-40, y), (200, y))
    assert canvas.session.project.graph.routes == {}
    canvas.session.document.undo()
    canvas.session.document.undo()
    assert canvas.session.project == before


@pytest.mark.parametrize("keys", [CONTROL, SHIFT])
def test_no_menu_opens_where_a_stroke_begins(canvas: CanvasView, keys: Qt.KeyboardModifier) -> None:
    pixel = Pointing(canvas).at(300, 300)
    place = canvas.viewport().mapToGlobal(pixel)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, pixel, place, keys)
    QApplication.sendEvent(canvas.viewport(), event)
    assert QApplication.activePopupWidget() is None


def test_the_document_is_the_chain_again_after_cut_and_undo(canvas: CanvasView) -> None:
    Pointing(canvas, RIGHT, CONTROL).drag((40, 100), (140, 100))
    assert "conv1.input" not in links(canvas)
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()
