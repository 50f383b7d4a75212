"""Building a network without a mouse, and the canvas's keys."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from core.graph.project import Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas, chain, end, graph_of

CONTROL = Qt.KeyboardModifier.ControlModifier


def type_layer(qtbot: QtBot, view: CanvasView, name: str) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    assert view.palette_box.isVisible()
    qtbot.keyClicks(view.palette_box.field, name)
    qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)


def test_tab_name_enter_builds_a_linked_network(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas()
    for name in ("input", "linear", "relu", "output"):
        type_layer(qtbot, view, name)
    graph = view.session.project.graph
    assert [node.kind for node in graph.nodes.values()] == ["Input", "Linear", "ReLU", "Output"]
    names = list(graph.nodes)
    assert [(source.node, target.node) for target, source in graph.links.items()] == list(itertools.pairwise(names))
    tops = [node.position[1] for node in graph.nodes.values()]
    assert tops == sorted(set(tops))
    for _step in names:
        view.session.document.undo()
    assert not view.session.project.graph.nodes
    assert not view.canvas.nodes


def test_the_first_letters_open_the_palette(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    assert canvas.palette_box.field.text() == "d"
    assert canvas.palette_box.listed[0] == "Dropout"


def test_two_quick_letters_are_a_name_even_where_the_first_is_a_command(canvas: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    qtbot.keyClick(canvas, Qt.Key.Key_I)
    assert canvas.palette_box.field.text() == "li"
    qtbot.wait(400)
    assert canvas.session.document.undo_label is None


def test_a_letter_that_a_menu_has_as_shortcut_still_begins_a_name(canvas: CanvasView, qtbot: QtBot) -> None:
    action = QAction("Arrange", canvas)
    action.setShortcut("L")
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    canvas.addAction(action)
    with qtbot.assertNotEmitted(action.triggered):
        qtbot.keyClicks(canvas, "li")
    assert canvas.palette_box.field.text() == "li"


def test_l_alone_lays_out(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = graph_of(
        {"a": Node("a", "Input", position=(300, 10)), "b": Node("b", "ReLU", position=(0, 0))}, "a.output > b.input"
    )
    view = make_canvas(graph)
    qtbot.keyClick(view, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: view.session.document.undo_label is not None, timeout=5_000)
    nodes = view.session.project.graph.nodes
    assert nodes["b"].position == (0, 0) or nodes["b"].position[1] > nodes["a"].position[1]
    assert nodes["b"].position[1] > nodes["a"].position[1]
    view.session.document.undo()
    assert view.session.project.graph == graph


def test_escape_closes_the_palette_and_gives_the_keyboard_back(canvas: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_Tab)
    qtbot.keyClick(canvas.palette_box.field, Qt.Key.Key_Escape)
    assert not canvas.palette_box.isVisible()
    assert canvas.session.document.undo_label is None


def test_a_tap_of_space_opens_the_palette(canvas: CanvasView, qtbot: QtBot) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert canvas.palette_box.isVisible()


def test_adding_after_a_node_in_a_chain_inserts_and_makes_room(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["conv1"])
    type_layer(qtbot, canvas, "batchnorm2d")
    (added,) = canvas.session.selection
    links = canvas.session.project.graph.links
    assert links[end(f"{added}.input")] == end("conv1.output")
    assert links[end("relu1.input")] == end(f"{added}.output")
    boxes = canvas.canvas.boxes()
    assert boxes["conv1"].bottom < boxes[added].y
    assert boxes[added].bottom < boxes["relu1"].y
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()


def test_adding_a_merge_after_two_selected_nodes_joins_them(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["conv1", "relu1"])
    type_layer(qtbot, canvas, "add")
    (added,) = canvas.session.selection
    sources = {canvas.session.project.graph.links[end(f"{added}.inputs.{slot}")].node for slot in (0, 1)}
    assert sources == {"conv1", "relu1"}


def test_delete_and_delete_with_bridge(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert end("flatten1.input") not in canvas.session.project.graph.links
    assert "relu1" not in canvas.canvas.nodes
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    canvas.session.select(["relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_Delete, CONTROL)
    assert canvas.session.project.graph.links[end("flatten1.input")] == end("conv1.output")
    qtbot.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    assert canvas.session.project.graph == chain()
    qtbot.keyClick(canvas, Qt.Key.Key_Y, CONTROL)
    assert "relu1" not in canvas.session.project.graph.nodes


def test_arrows_walk_along_the_wires(canvas: CanvasView, qtbot: QtBot) -> None:
    visited = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(canvas, key)
        visited.append(next(iter(canvas.session.selection)))
    assert visited == ["image", "conv1", "relu1", "conv1"]


def test_control_and_arrows_move_in_one_undo_step(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["relu1"])
    for _time in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Right, CONTROL)
    assert canvas.session.project.graph.nodes["relu1"].position == (60, 240)
    canvas.session.document.undo()
    assert canvas.session.project.graph.nodes["relu1"].position == (0, 240)


def test_f2_renames_in_place_and_the_node_stays_selected(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_F2)
    qtbot.keyClicks(canvas.rename_editor, "gate")
    qtbot.keyClick(canvas.rename_editor, Qt.Key.Key_Return)
    assert canvas.session.selection == {"gate"}
    assert canvas.session.project.graph.links[end("flatten1.input")] == end("gate.output")
    assert not canvas.rename_editor.isVisible()


def test_a_bad_name_is_refused_with_the_reason(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.rename("relu1")
    canvas.rename_editor.selectAll()
    with qtbot.waitSignal(canvas.session.refused) as refused:
        qtbot.keyClicks(canvas.rename_editor, "conv1")
        qtbot.keyClick(canvas.rename_editor, Qt.Key.Key_Return)
    assert "already" in refused.args[0]


def test_enter_asks_for_the_parameters_of_the_selected_node(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["conv1"])
    with qtbot.waitSignal(canvas.edit_requested) as asked:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert asked.args == ["conv1"]


def test_home_fits_and_one_shows_at_full_size(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.resize(400, 300)
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    shown = canvas.mapFromScene(canvas.canvas.cards()).boundingRect()
    assert canvas.viewport().rect().contains(shown)
    assert canvas.zoom < 1
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.zoom == 1.0


def test_assistive_technology_is_told_what_is_selected(canvas: CanvasView) -> None:
    canvas.session.select(["conv1"])
    assert canvas.accessibleName()
    assert "conv1, Conv2d" in canvas.accessibleDescription()
