"""Colours of nodes, frames and notes; folded nodes; hidden ports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from core.graph.edits import SetColour
from core.graph.project import Colour, Graph, Node
from designer import theme
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end, graph_of
from tests.designer.canvas.drawing import framed_chain, in_group, reloaded

CONTROL = Qt.KeyboardModifier.ControlModifier
COLOURS = [colour for colour in get_args(Colour) if colour]


def luminance(colour: QColor) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK], ids=lambda look: look.name)
def test_every_colour_of_a_file_has_one_in_every_theme(look: theme.Theme) -> None:
    assert set(look.marks) == set(COLOURS)
    assert len(set(look.marks.values())) == len(COLOURS)
    assert all(contrast(look.mark(colour), QColor(look.raised)) >= 1.9 for colour in COLOURS)


def test_the_swatches_colour_everything_that_is_selected(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = make_canvas(framed_chain())
    before = view.session.project
    view.session.select(["conv1", "relu1"], ["frame1", "note1"])
    view.drawn.ask_colour()
    swatches = view.drawn.swatches
    assert swatches.isVisible()
    qtbot.mouseClick(swatches.buttons["teal"], Qt.MouseButton.LeftButton)
    assert not swatches.isVisible()
    graph = view.session.project.graph
    assert {graph.nodes[name].colour for name in ("conv1", "relu1")} == {"teal"}
    assert graph.nodes["image"].colour == ""
    assert (graph.frames["frame1"].colour, graph.notes["note1"].colour) == ("teal", "teal")
    assert graph.frames["frame2"].colour == "green"
    coloured = view.session.project
    view.session.document.undo()
    assert view.session.project == before
    view.session.document.redo()
    assert view.session.project == coloured


def test_the_swatches_are_worked_with_the_keyboard(qtbot: QtBot, canvas: CanvasView) -> None:
    canvas.session.select(["conv1"])
    canvas.session.apply_here(SetColour(frozenset({"conv1"}), "red"))
    canvas.drawn.ask_colour()
    swatches = canvas.drawn.swatches
    assert swatches.buttons["red"].present
    for _step in range(2):
        qtbot.keyClick(swatches, Qt.Key.Key_Right)
    qtbot.keyClick(swatches, Qt.Key.Key_Return)
    assert canvas.session.project.graph.nodes["conv1"].colour == "yellow"
    canvas.drawn.ask_colour()
    qtbot.keyClick(swatches, Qt.Key.Key_Escape)
    assert not swatches.isVisible()
    assert canvas.session.project.graph.nodes["conv1"].colour == "yellow"


def test_a_colour_is_painted_on_the_right_and_the_familys_stays_on_the_left(canvas: CanvasView) -> None:
    canvas.session.apply_here(SetColour(frozenset({"conv1"}), "red"))
    card = canvas.canvas.nodes["conv1"].scene_card()
    shot = canvas.viewport().grab().toImage()
    ratio = shot.devicePixelRatio()

    def pixel(place: QPointF) -> str:
        point = canvas.mapFromScene(place)
        return shot.pixelColor(round(point.x() * ratio), round(point.y() * ratio)).name()

    middle = card.center().y()
    assert pixel(QPointF(card.right() - 2, middle)) == theme.current().mark("red").name()
    assert pixel(QPointF(card.left() + 2, middle)) == theme.current().family("Convolution").name()


def test_the_menu_of_a_node_offers_colours(qtbot: QtBot, canvas: CanvasView, hand: Hand) -> None:
    menu = canvas.menu_at(hand.at("conv1"))
    entry = next(action for action in menu.actions() if action.text().startswith("Colour"))
    entry.trigger()
    assert canvas.drawn.swatches.isVisible()
    canvas.drawn.swatches.hide()
    menu.close()


def test_colours_inside_a_group(make_canvas: MakeCanvas) -> None:
    view = make_canvas(project=in_group(chain()))
    before = view.session.project
    view.session.open_group("stem1")
    view.session.select(["conv1"])
    view.drawn.colour("blue")
    assert view.session.project.groups["Stem"].graph.nodes["conv1"].colour == "blue"
    assert view.canvas.nodes["conv1"].face.node.colour == "blue"
    view.session.document.undo()
    assert view.session.project == before


def test_h_shows_only_the_name_and_the_wires_stay(qtbot: QtBot, canvas: CanvasView) -> None:
    before, tall = canvas.session.project, canvas.canvas.nodes["conv1"].face.height
    canvas.session.select(["conv1", "relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: canvas.session.project.graph.nodes["conv1"].collapsed)
    item = canvas.canvas.nodes["conv1"]
    assert item.face.height < tall
    assert (item.face.name, item.face.kind_name, item.face.line) == ("conv1", "", "")
    assert canvas.canvas.wires[end("relu1.input")].path().elementAt(0).y == item.port_place(end("conv1.output")).y()
    qtbot.keyClick(canvas, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: canvas.session.project == before)
    canvas.session.document.undo()
    assert canvas.session.project.graph.nodes["relu1"].collapsed


def test_a_folded_node_can_still_be_wired(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    graph = chain()
    nodes = {name: replace(node, collapsed=True) for name, node in graph.nodes.items()}
    view = make_canvas(Graph({**nodes, "extra": Node("extra", "ReLU", position=(260, 240))}, graph.links))
    Hand(qtbot, view).drag("conv1.output", "extra.input")
    assert view.session.project.graph.links[end("extra.input")] == end("conv1.output")


def test_control_h_hides_ports_that_nothing_needs_and_leaves_the_document(
    qtbot: QtBot, make_canvas: MakeCanvas
) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (4, 8)}, position=(0, 0)),
        "lstm1": Node("lstm1", "LSTM", position=(0, 160)),
    }
    view = make_canvas(graph_of(nodes, "image.output > lstm1.input"))
    before = view.session.project
    face = view.canvas.nodes["lstm1"].face
    assert len(face.ports) > 2
    qtbot.keyClick(view, Qt.Key.Key_H, CONTROL)
    hidden = view.canvas.nodes["lstm1"].face
    assert [port.end.port for port in hidden.inputs] == ["input"]
    assert len(hidden.outputs) == 1
    assert view.session.project == before
    assert view.session.document.undo_label is None
    qtbot.keyClick(view, Qt.Key.Key_H, CONTROL)
    assert view.canvas.nodes["lstm1"].face == face


def test_hiding_ports_keeps_every_one_that_is_linked(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (4, 8)}, position=(0, 0)),
        "sum1": Node("sum1", "Add", position=(0, 160)),
    }
    view = make_canvas(graph_of(nodes, "image.output > sum1.inputs.0", "image.output > sum1.inputs.1"))
    assert len(view.canvas.nodes["sum1"].face.inputs) == 3
    qtbot.keyClick(view, Qt.Key.Key_H, CONTROL)
    assert [port.end.port for port in view.canvas.nodes["sum1"].face.inputs] == ["inputs.0", "inputs.1"]


def test_colours_and_folds_come_back_from_the_file(qtbot: QtBot, canvas: CanvasView, tmp_path: Path) -> None:
    canvas.session.select(["conv1"])
    canvas.drawn.colour("purple")
    canvas.drawn.toggle_collapsed()
    node = reloaded(canvas.session.project, tmp_path).graph.nodes["conv1"]
    assert (node.colour, node.collapsed) == ("purple", True)
