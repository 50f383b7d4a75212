"""Placing nodes: the grid, guides, alignment, distances, straight wires and the layout; at the root and in a group."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView
from pytestqt.qtbot import QtBot

from core.graph.project import Node
from designer.canvas.compose import Box
from designer.canvas.gestures.move import MoveGesture
from designer.canvas.guides import Guides
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas, chain, graph_of
from tests.designer.canvas.pointing import ALT, CONTROL, SHIFT, Pointing, middle, places, undo_and_redo

UP, DOWN, LEFT, RIGHT = Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right


@pytest.fixture(params=[False, True], ids=["root", "inside a group"])
def inside(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def crooked(make_canvas: MakeCanvas, inside: bool) -> CanvasView:
    """The chain, out of line."""
    graph = chain()
    where = {"image": (-40, 0), "conv1": (60, 110), "relu1": (20, 250), "flatten1": (-120, 400)}
    nodes = {name: replace(node, position=where[name]) for name, node in graph.nodes.items()}
    return make_canvas(replace(graph, nodes=nodes), inside=inside)


def right_edges(view: CanvasView) -> set[float]:
    return {view.canvas.box(name).x + view.canvas.box(name).width for name in view.canvas.nodes}


# --- dragging ---------------------------------------------------------------------------------------------------------


def test_a_drag_goes_on_the_grid_and_alt_leaves_it(crooked: CanvasView) -> None:
    x, y = middle(crooked, "relu1")
    Pointing(crooked).drag((x, y), (x + 100, y), (x + 231, y + 93))
    assert places(crooked)["relu1"] == (260, 340)
    mouse = Pointing(crooked)
    x, y = middle(crooked, "relu1")
    mouse.press(x, y)
    mouse.move(x + 30, y)
    mouse.keys = ALT
    mouse.move(x + 33, y + 14)
    mouse.release(x + 33, y + 14)
    assert places(crooked)["relu1"] == (293, 354)


def test_a_dragged_node_jumps_in_line_with_a_neighbour_and_the_line_shows(crooked: CanvasView, qtbot: QtBot) -> None:
    x, y = middle(crooked, "relu1")
    beside = crooked.canvas.box("conv1")
    mouse = Pointing(crooked)
    mouse.press(x, y)
    mouse.move(x + 100, y)
    own = crooked.canvas.box("relu1")
    to = (beside.centre + 240, beside.y + beside.height / 2 + 3)
    mouse.move(*to)
    now = crooked.canvas.box("relu1")
    assert now.y + own.height / 2 == beside.y + beside.height / 2
    gesture = crooked.mouse.gesture
    assert isinstance(gesture, MoveGesture)
    assert not gesture.guides.drawn.isEmpty()
    level = gesture.guides.drawn.boundingRect()
    assert level.top() <= beside.y + beside.height / 2 <= level.bottom()
    mouse.release(*to)
    assert crooked.canvas.box("relu1").y + own.height / 2 == beside.y + beside.height / 2
    undo_and_redo(crooked)


def test_escape_takes_the_guides_away(crooked: CanvasView, qtbot: QtBot) -> None:
    items = len(crooked.canvas.items())
    x, y = middle(crooked, "relu1")
    mouse = Pointing(crooked)
    mouse.press(x, y)
    mouse.move(x + 100, y)
    qtbot.keyClick(crooked, Qt.Key.Key_Escape)
    mouse.release(x + 100, y)
    assert len(crooked.canvas.items()) == items


def test_guides_find_edges_centres_and_equal_distances() -> None:
    guides = Guides([Box(0, 0, 100, 40), Box(0, 100, 100, 40), Box(300, 0, 60, 90)])
    assert guides.step(Box(3, 400, 100, 40), 5) == (-3, None)
    assert guides.step(Box(28, 202, 40, 40), 5) == (2, -2)
    assert guides.gaps(Box(30, 200, 40, 40)) == [(50, 40, 50, 100), (50, 140, 50, 200)]
    assert guides.step(Box(300, 297, 60, 40), 5)[0] == 0
    assert (330, 0, 330, 337) in guides.lines(Box(300, 297, 60, 40))
    assert guides.gaps(Box(30, 210, 40, 40)) == []


def test_a_drag_of_many_hangs_on_one_item_and_leaves_the_scene_as_it_was(make_canvas: MakeCanvas) -> None:
    nodes = {f"relu{n}": Node(f"relu{n}", "ReLU", position=(0, 100 * n)) for n in range(600)}
    view = make_canvas(graph_of(nodes, *(f"relu{n}.output > relu{n + 1}.input" for n in range(599))))
    view.select_all()
    area, seen = view.canvas.sceneRect(), view.mapToScene(0, 0)
    mouse = Pointing(view)
    x, y = middle(view, "relu2")
    mouse.press(x, y)
    mouse.move(x + 100, y)
    carriers = {view.canvas.nodes[name].parentItem() for name in view.canvas.nodes}
    assert len(carriers) == 1
    assert None not in carriers
    assert {wire.parentItem() for wire in view.canvas.wires.values()} == carriers
    mouse.release(x + 100, y)
    assert all(position[0] == 100 for position in places(view).values())
    assert view.canvas.itemIndexMethod() is QGraphicsScene.ItemIndexMethod.BspTreeIndex
    assert view.canvas.sceneRect() == area
    assert view.mapToScene(0, 0) == seen
    assert view.viewportUpdateMode() is QGraphicsView.ViewportUpdateMode.SmartViewportUpdate
    assert view.canvas.node_at(QPointF(x + 100, y)) is view.canvas.nodes["relu2"]
    undo_and_redo(view)


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "edge"), [(LEFT, "x"), (UP, "y"), (DOWN, "bottom")])
def test_shift_and_arrows_align_edges(crooked: CanvasView, qtbot: QtBot, key: Qt.Key, edge: str) -> None:
    before = crooked.session.project
    crooked.select_all()
    pick = max if edge == "bottom" else min
    outermost = pick(getattr(crooked.canvas.box(name), edge) for name in crooked.canvas.nodes)
    qtbot.keyClick(crooked, key, SHIFT)
    assert {getattr(crooked.canvas.box(name), edge) for name in crooked.canvas.nodes} == {outermost}
    undo_and_redo(crooked)
    crooked.session.document.undo()
    assert crooked.session.project == before


def test_shift_and_right_align_the_right_edges(crooked: CanvasView, qtbot: QtBot) -> None:
    outermost = max(right_edges(crooked))
    crooked.select_all()
    qtbot.keyClick(crooked, RIGHT, SHIFT)
    assert right_edges(crooked) == {outermost}


def test_centres_and_middles_come_in_line(crooked: CanvasView) -> None:
    crooked.select_all()
    crooked.placing.align("centre")
    assert len({crooked.canvas.box(name).centre for name in crooked.canvas.nodes}) == 1
    crooked.session.document.undo()
    crooked.placing.align("middle")
    boxes = [crooked.canvas.box(name) for name in crooked.canvas.nodes]
    assert max(box.y + box.height / 2 for box in boxes) - min(box.y + box.height / 2 for box in boxes) < 0.2


def test_too_few_nodes_to_align_are_told(crooked: CanvasView, qtbot: QtBot) -> None:
    crooked.session.select(["relu1"])
    with qtbot.waitSignal(crooked.session.told) as told:
        qtbot.keyClick(crooked, LEFT, SHIFT)
    assert "two or more" in told.args[0]
    assert crooked.session.document.undo_label is None


def test_distances_become_equal_and_the_outer_nodes_stay(crooked: CanvasView) -> None:
    crooked.select_all()
    crooked.placing.distribute("down")
    boxes = sorted((crooked.canvas.box(name) for name in crooked.canvas.nodes), key=lambda box: box.y)
    gaps = [lower.y - upper.bottom for upper, lower in itertools.pairwise(boxes)]
    assert max(gaps) - min(gaps) < 0.3
    assert places(crooked)["image"] == (-40, 0)
    assert places(crooked)["flatten1"] == (-120, 400)
    undo_and_redo(crooked)


def test_q_makes_the_wires_of_the_selection_straight(crooked: CanvasView, qtbot: QtBot) -> None:
    before = crooked.session.project
    crooked.select_all()
    qtbot.keyClick(crooked, Qt.Key.Key_Q)
    qtbot.waitUntil(lambda: crooked.session.document.undo_label is not None)
    for wire in crooked.canvas.wires.values():
        path = wire.path()
        assert path.pointAtPercent(0).x() == pytest.approx(path.pointAtPercent(1).x(), abs=0.1)
    assert places(crooked)["image"] == (-40, 0)
    assert [y for _x, y in places(crooked).values()] == [0, 110, 250, 400]
    undo_and_redo(crooked)
    crooked.session.document.undo()
    assert crooked.session.project == before


def test_q_puts_a_single_node_below_what_feeds_it(crooked: CanvasView, qtbot: QtBot) -> None:
    crooked.session.select(["relu1"])
    qtbot.keyClick(crooked, Qt.Key.Key_Q)
    qtbot.waitUntil(lambda: crooked.session.document.undo_label is not None)
    assert crooked.canvas.box("relu1").centre == crooked.canvas.box("conv1").centre
    assert places(crooked)["flatten1"] == (-120, 400)


def test_control_and_arrows_move_by_the_grid_in_one_step_per_selection(crooked: CanvasView, qtbot: QtBot) -> None:
    before = crooked.session.project
    crooked.session.select(["conv1"])
    for key in (RIGHT, RIGHT, DOWN):
        qtbot.keyClick(crooked, key, CONTROL)
    assert places(crooked)["conv1"] == (100, 130)
    crooked.session.select(["relu1"])
    qtbot.keyClick(crooked, LEFT, CONTROL)
    crooked.session.document.undo()
    assert places(crooked)["relu1"] == (20, 250)
    assert places(crooked)["conv1"] == (100, 130)
    crooked.session.document.undo()
    assert crooked.session.project == before
    crooked.session.document.redo()
    assert places(crooked)["conv1"] == (100, 130)


def test_layout_is_one_step_and_the_uppermost_node_stays(crooked: CanvasView, qtbot: QtBot) -> None:
    before = crooked.session.project
    qtbot.keyClick(crooked, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: crooked.session.document.undo_label is not None)
    assert places(crooked)["image"] == (-40, 0)
    assert len({crooked.canvas.box(name).centre for name in crooked.canvas.nodes}) == 1
    undo_and_redo(crooked)
    crooked.session.document.undo()
    assert crooked.session.project == before


def test_control_shift_and_arrows_extend_the_selection(crooked: CanvasView, qtbot: QtBot) -> None:
    crooked.session.select(["conv1"])
    qtbot.keyClick(crooked, DOWN, CONTROL | SHIFT)
    assert crooked.session.selection == {"conv1", "relu1"}
    assert crooked.session.document.undo_label is None


def test_the_menu_of_several_nodes_aligns_them(crooked: CanvasView) -> None:
    crooked.select_all()
    menu = crooked.menu_at(crooked.mapFromScene(QPointF(*middle(crooked, "relu1"))))
    entries = {entry.text(): entry for sub in menu.findChildren(type(menu).__mro__[1]) for entry in sub.actions()}
    entries["Centres below each other"].trigger()
    assert len({crooked.canvas.box(name).centre for name in crooked.canvas.nodes}) == 1
    menu.close()
