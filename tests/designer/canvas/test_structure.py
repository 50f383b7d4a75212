"""Repeating, sharing, bypassing and muting on the canvas, and how nodes show it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QImage, QPainter
from pytestqt.qtbot import QtBot

from core.graph.edits import GroupNodes, RemoveNodes, Rename, SetRepeat, ShareLayer
from core.graph.project import Graph, Node
from designer import theme
from designer.canvas.menus import CanvasMenu
from designer.canvas.paint import paint_node
from designer.canvas.style import BLOCKS_BELOW, NO_TEXT_BELOW
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end, graph_of

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def wait_for_check(qtbot: QtBot, view: CanvasView) -> None:
    qtbot.waitUntil(lambda: view.session.report is not None and view.session.report_is_current, timeout=30_000)


def marks(view: CanvasView, name: str) -> list[tuple[str, str]]:
    return [(mark.glyph, mark.text) for mark in view.canvas.nodes[name].face.marks]


@pytest.fixture
def tower(make_canvas: MakeCanvas) -> CanvasView:
    """Three Linear layers of one size after each other."""
    nodes = {"row": Node("row", "Input", {"shape": (8,)}, position=(0, 0))}
    for number in (1, 2, 3):
        name = f"linear{number}"
        nodes[name] = Node(name, "Linear", {"out_features": 8}, position=(0, 120.0 * number))
    links = ("row.output > linear1.input", "linear1.output > linear2.input", "linear2.output > linear3.input")
    return make_canvas(graph_of(nodes, *links))


def test_b_bypasses_the_selection_and_again_switches_it_on(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["conv1"])
    qtbot.keyClick(checked, Qt.Key.Key_B)
    qtbot.waitUntil(lambda: checked.session.project.graph.nodes["conv1"].mode == "bypass", timeout=5_000)
    wait_for_check(qtbot, checked)
    assert checked.canvas.nodes["conv1"].look.off
    assert checked.canvas.nodes["relu1"].look.shapes == {"output": "N × 1 × 8 × 8"}
    qtbot.keyClick(checked, Qt.Key.Key_B)
    qtbot.waitUntil(lambda: checked.session.project.graph == chain(), timeout=5_000)
    wait_for_check(qtbot, checked)
    assert not checked.canvas.nodes["conv1"].look.off
    assert checked.canvas.nodes["relu1"].look.shapes == {"output": "N × 32 × 8 × 8"}


def test_muting_a_layer_switches_off_what_needs_it(checked: CanvasView, qtbot: QtBot) -> None:
    checked.session.select(["relu1"])
    qtbot.keyClick(checked, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: checked.session.project.graph.nodes["relu1"].mode == "mute", timeout=5_000)
    wait_for_check(qtbot, checked)
    off = {name for name, item in checked.canvas.nodes.items() if item.look.off}
    assert off == {"relu1", "flatten1"}
    checked.session.document.undo()
    assert checked.session.project.graph == chain()


def test_a_mixed_selection_is_bypassed_as_a_whole_first(checked: CanvasView) -> None:
    checked.session.select(["conv1"])
    checked.structure.toggle("bypass")
    checked.session.select(["conv1", "relu1"])
    checked.structure.toggle("bypass")
    assert {checked.session.project.graph.nodes[name].mode for name in ("conv1", "relu1")} == {"bypass"}


def test_an_input_cannot_be_bypassed_and_the_reason_is_said(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.session.select(["image"])
    with qtbot.waitSignal(canvas.session.refused) as refused:
        canvas.structure.toggle("bypass")
    assert "image" in refused.args[0]


def test_repeating_a_group_is_asked_for_and_shown(tower: CanvasView, qtbot: QtBot) -> None:
    tower.session.apply(GroupNodes(frozenset({"linear2"}), "Step", "step1"))
    assert marks(tower, "step1") == []
    tower.session.select(["step1"])
    qtbot.keyClick(tower, Qt.Key.Key_R, CONTROL)
    question = tower.structure.repeat_question
    assert question.isVisible()
    qtbot.keyClicks(question.count, "4")
    question.tied.setChecked(True)
    qtbot.keyClick(question.count, Qt.Key.Key_Return)
    assert not question.isVisible()
    node = tower.session.project.graph.nodes["step1"]
    assert (node.repeat, node.tied) == (4, True)
    assert marks(tower, "step1") == [("", "×4 tied")]
    wait_for_check(qtbot, tower)
    assert tower.canvas.nodes["linear3"].look.severity == ""
    tower.session.document.undo()
    assert tower.session.project.graph.nodes["step1"].repeat == 1


def test_a_repetition_by_an_expression_shows_its_number(tower: CanvasView, qtbot: QtBot) -> None:
    tower.session.apply(GroupNodes(frozenset({"linear2"}), "Step", "step1"))
    tower.session.apply(SetRepeat("step1", "2*3"))
    assert marks(tower, "step1") == [("", "×2*3")]
    wait_for_check(qtbot, tower)
    assert marks(tower, "step1") == [("", "×6")]


def test_only_a_group_is_asked_about_its_repetition(tower: CanvasView, qtbot: QtBot) -> None:
    tower.session.select(["linear2"])
    qtbot.keyClick(tower, Qt.Key.Key_R, CONTROL)
    assert not tower.structure.repeat_question.isVisible()


def test_sharing_gives_the_later_layer_the_weights_of_the_first(tower: CanvasView) -> None:
    tower.session.select(["linear3", "linear2"])
    assert tower.structure.can_share()
    tower.structure.share()
    assert tower.session.project.graph.nodes["linear3"].shares == "linear2"
    assert tower.canvas.nodes["linear3"].face.line == "= linear2"
    assert marks(tower, "linear3") == [("link", "")]
    assert marks(tower, "linear2") == [("link", "1")]
    tower.session.select(["linear3"])
    tower.structure.separate()
    assert tower.session.project.graph.nodes["linear3"].shares == ""
    assert tower.session.project.graph.nodes["linear3"].params == {"out_features": 8}
    assert marks(tower, "linear2") == []


def test_sharing_by_several_follows_a_rename_and_the_owners_end(tower: CanvasView) -> None:
    tower.session.select(["linear1", "linear2", "linear3"])
    tower.structure.share()
    assert marks(tower, "linear1") == [("link", "2")]
    tower.session.apply(Rename("linear1", "first"))
    assert tower.canvas.nodes["linear3"].face.line == "= first"
    tower.session.apply(RemoveNodes(frozenset({"first"})))
    assert marks(tower, "linear2") == [("link", "1")]
    assert tower.canvas.nodes["linear3"].face.line == "= linear2"


def test_the_menu_offers_whom_to_share_with(tower: CanvasView, qtbot: QtBot) -> None:
    menu = tower.menu_at(Hand(qtbot, tower).at("linear2"))
    offered = {action.text(): action for action in submenu(menu, "Share weights with")}
    assert set(offered) == {"linear1", "linear3"}
    offered["linear1"].trigger()
    assert tower.session.project.graph.nodes["linear2"].shares == "linear1"
    menu.deleteLater()


def submenu(menu: CanvasMenu, title: str) -> list[QAction]:
    found = next(action for action in menu.actions() if action.text() == title).menu()
    assert found is not None
    return list(found.actions())  # type: ignore[attr-defined]  # the stubs know it as QObject only


def test_a_layer_without_weights_cannot_be_shared(canvas: CanvasView) -> None:
    canvas.session.select(["relu1", "flatten1"])
    assert not canvas.structure.can_share()
    canvas.structure.share()
    assert canvas.session.document.undo_label is None


def test_a_shared_copy_is_another_call_of_the_same_layer(tower: CanvasView, qtbot: QtBot) -> None:
    tower.session.select(["linear2", "linear3"])
    qtbot.keyClick(tower, Qt.Key.Key_D, CONTROL | SHIFT)
    graph = tower.session.project.graph
    shares = {name: graph.nodes[name].shares for name in tower.session.selection}
    assert shares == {"linear4": "linear2", "linear5": "linear3"}
    assert graph.links[end("linear5.input")] == end("linear4.output")
    tower.session.document.undo()
    assert set(tower.session.project.graph.nodes) == {"row", "linear1", "linear2", "linear3"}


def test_a_duplicate_of_a_sharing_layer_shares_and_a_paste_has_weights_of_its_own(tower: CanvasView) -> None:
    tower.session.apply(ShareLayer("linear3", "linear2"))
    tower.session.select(["linear3"])
    tower.duplicate()
    (copy,) = tower.session.selection
    assert tower.session.project.graph.nodes[copy].shares == "linear2"
    tower.session.select(["linear3"])
    tower.copy()
    tower.paste()
    (pasted,) = tower.session.selection
    node = tower.session.project.graph.nodes[pasted]
    assert (node.shares, node.params) == ("", {"out_features": 8})


def test_copies_of_an_owner_and_its_sharer_share_with_each_other(tower: CanvasView) -> None:
    tower.session.apply(ShareLayer("linear3", "linear2"))
    tower.session.select(["linear2", "linear3"])
    tower.copy()
    tower.paste()
    assert tower.session.project.graph.nodes["linear5"].shares == "linear4"


def test_bypassed_muted_and_grouped_nodes_look_different_from_ordinary_ones(canvas: CanvasView) -> None:
    pictures = set()
    item = canvas.canvas.nodes["conv1"]
    for mode in ("", "bypass", "mute"):
        face = replace(item.face, node=replace(item.face.node, mode=mode))
        pictures.add(picture(canvas, face))
    canvas.session.apply(GroupNodes(frozenset({"conv1"}), "Stem", "conv1"))
    pictures.add(picture(canvas, canvas.canvas.nodes["conv1"].face))
    canvas.session.apply(SetRepeat("conv1", 3))
    pictures.add(picture(canvas, canvas.canvas.nodes["conv1"].face))
    assert len(pictures) == 5


def picture(view: CanvasView, face: object, zoom: float = 1.0) -> bytes:
    image = QImage(320, 120, QImage.Format.Format_RGB32)
    image.fill(theme.current().canvas)
    painter = QPainter(image)
    painter.translate(20, 20)
    paint_node(painter, face, view.canvas.nodes["conv1"].look, view.canvas.style_now, zoom)  # type: ignore[arg-type]
    painter.end()
    return bytes(image.constBits())


@pytest.mark.parametrize("zoom", [1.0, NO_TEXT_BELOW - 0.05, BLOCKS_BELOW - 0.05])
def test_painting_leaves_the_painter_opaque(canvas: CanvasView, zoom: float) -> None:
    item = canvas.canvas.nodes["conv1"]
    image = QImage(320, 120, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for mode in ("", "bypass", "mute"):
        face = replace(item.face, node=replace(item.face.node, mode=mode))
        paint_node(painter, face, replace(item.look, off=True, faded=True), canvas.canvas.style_now, zoom)
        assert painter.opacity() == 1.0
    painter.end()


def test_a_layer_with_many_outputs_shows_a_port_for_each(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    nodes = {
        "row": Node("row", "Input", {"shape": (20,)}, position=(0, 0)),
        "chunk1": Node("chunk1", "Chunk", {"chunks": 10, "dim": 1}, position=(0, 120)),
    }
    view = make_canvas(graph_of(nodes, "row.output > chunk1.input"))
    face = view.canvas.nodes["chunk1"].face
    assert [port.end.port for port in face.outputs] == [f"outputs.{index}" for index in range(10)]
    assert face.width < 700
    assert all(0 < port.centre.x() < face.width for port in face.outputs)
    wait_for_check(qtbot, view)
    assert set(view.canvas.nodes["chunk1"].look.shapes.values()) == {"N × 2"}


def test_optional_inputs_stand_on_the_card_beside_the_others(make_canvas: MakeCanvas) -> None:
    view = make_canvas(Graph({"lstm1": Node("lstm1", "LSTM")}))
    face = view.canvas.nodes["lstm1"].face
    assert [port.optional for port in face.inputs] == [False, True, True]
    assert all(0 < port.centre.x() < face.width for port in face.inputs)


def test_names_of_ports_do_not_run_into_each_other(make_canvas: MakeCanvas) -> None:
    view = make_canvas(Graph({"mha1": Node("mha1", "MultiheadAttention")}))
    ports = view.canvas.nodes["mha1"].face.inputs
    style = view.canvas.style_now
    spans = [
        (
            port.centre.x() - style.width(port.written, "chip") / 2,
            port.centre.x() + style.width(port.written, "chip") / 2,
        )
        for port in ports
    ]
    assert len(ports) > 3
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    assert any(port.written != port.label for port in ports)
