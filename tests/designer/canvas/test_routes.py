"""Points that lead wires: added, moved, selected, deleted; kept where nodes move, cleared by the layout."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from core.graph.edits import SetRoute
from core.graph.project import Graph, Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas, chain, end
from tests.designer.canvas.pointing import (
    ALT,
    CONTROL,
    RIGHT,
    SHIFT,
    Pointing,
    middle,
    on_wire,
    port,
    routes,
    undo_and_redo,
)
from tests.designer.canvas.test_cutting import TWINS

RELU = end("relu1.input")


def led() -> Graph:
    """The chain with room on the way to relu1, whose wire is led through two points."""
    graph = chain()
    nodes = {
        **graph.nodes,
        "relu1": replace(graph.nodes["relu1"], position=(0, 340)),
        "flatten1": replace(graph.nodes["flatten1"], position=(0, 460)),
    }
    return replace(graph, nodes=nodes, routes={RELU: ((200.0, 220.0), (240.0, 300.0))})


@pytest.fixture(params=[False, True], ids=["root", "inside a group"])
def plain(request: pytest.FixtureRequest, make_canvas: MakeCanvas) -> CanvasView:
    return make_canvas(replace(led(), routes={}), inside=request.param)


@pytest.fixture(params=[False, True], ids=["root", "inside a group"])
def routed(request: pytest.FixtureRequest, make_canvas: MakeCanvas) -> CanvasView:
    return make_canvas(led(), inside=request.param)


def nearest(view: CanvasView, target: str, x: float, y: float) -> float:
    """Return how near a wire comes to a place."""
    path = view.canvas.wires[end(target)].path()
    away = (path.pointAtPercent(step / 400) - QPointF(x, y) for step in range(401))
    return min((each.x() ** 2 + each.y() ** 2) ** 0.5 for each in away)


def test_a_double_click_on_a_wire_adds_a_point_there_and_no_palette_opens(plain: CanvasView) -> None:
    before = plain.session.project
    place = on_wire(plain, "relu1.input")
    Pointing(plain).double_click(*place)
    ((x, y),) = routes(plain)["relu1.input"]
    assert (x, y) == pytest.approx(place, abs=1)
    assert plain.canvas.points.selected == {(RELU, 0)}
    assert not plain.palette_box.isVisible()
    undo_and_redo(plain)
    plain.session.document.undo()
    assert plain.session.project == before


def test_a_second_point_goes_where_it_lies_on_the_wire(routed: CanvasView) -> None:
    Pointing(routed).double_click(*on_wire(routed, "relu1.input", 0.5))
    points = routes(routed)["relu1.input"]
    assert len(points) == 3
    assert points[0] == (200, 220)
    assert points[2] == (240, 300)


def test_the_wire_passes_its_points_and_arrives_from_above(routed: CanvasView) -> None:
    assert nearest(routed, "relu1.input", 200, 220) < 1
    assert nearest(routed, "relu1.input", 240, 300) < 1
    path = routed.canvas.wires[RELU].path()
    assert path.pointAtPercent(1) == routed.canvas.nodes["relu1"].port_place(RELU)
    corners = [path.angleAtPercent(step / 200) for step in range(201)]
    turns = [abs((two - one + 180) % 360 - 180) for one, two in itertools.pairwise(corners)]
    assert max(turns) < 45


def test_a_dragged_point_snaps_to_the_grid_and_is_one_step(routed: CanvasView) -> None:
    before = routed.session.project
    Pointing(routed).drag((200, 220), (230, 200), (303, 187))
    assert routes(routed)["relu1.input"] == ((300, 180), (240, 300))
    assert nearest(routed, "relu1.input", 300, 180) < 1
    undo_and_redo(routed)
    routed.session.document.undo()
    assert routed.session.project == before
    assert nearest(routed, "relu1.input", 200, 220) < 1


def test_alt_moves_a_point_off_the_grid(routed: CanvasView) -> None:
    Pointing(routed, keys=ALT).drag((200, 220), (213, 227))
    assert routes(routed)["relu1.input"][0] == (213, 227)


def test_the_wire_follows_while_a_point_is_dragged_and_escape_puts_it_back(routed: CanvasView, qtbot: QtBot) -> None:
    mouse = Pointing(routed)
    mouse.press(200, 220)
    mouse.move(300, 180)
    assert nearest(routed, "relu1.input", 300, 180) < 1
    qtbot.keyClick(routed, Qt.Key.Key_Escape)
    mouse.release(300, 180)
    assert nearest(routed, "relu1.input", 200, 220) < 1
    assert routed.session.document.undo_label is None


def test_points_are_selected_together_moved_and_deleted(routed: CanvasView, qtbot: QtBot) -> None:
    Pointing(routed).click(200, 220)
    assert routed.canvas.points.selected == {(RELU, 0)}
    Pointing(routed, keys=SHIFT).click(240, 300)
    assert routed.canvas.points.selected == {(RELU, 0), (RELU, 1)}
    Pointing(routed).drag((240, 300), (280, 320), (300, 320))
    assert routes(routed)["relu1.input"] == ((260, 240), (300, 320))
    Pointing(routed, keys=CONTROL).click(260, 240)
    assert routed.canvas.points.selected == {(RELU, 1)}
    qtbot.keyClick(routed, Qt.Key.Key_Delete)
    assert routes(routed)["relu1.input"] == ((260, 240),)
    assert len(routed.session.view.graph.nodes) == 4
    routed.session.document.undo()
    assert routes(routed)["relu1.input"] == ((260, 240), (300, 320))


def test_a_box_selects_the_points_inside(routed: CanvasView) -> None:
    Pointing(routed).drag((330, 190), (300, 260), (180, 320))
    assert routed.canvas.points.selected == {(RELU, 0), (RELU, 1)}
    Pointing(routed).click(420, 100)
    assert routed.canvas.points.selected == frozenset()


def test_a_double_click_on_a_point_takes_it_away(routed: CanvasView) -> None:
    Pointing(routed).double_click(200, 220)
    assert routes(routed)["relu1.input"] == ((240, 300),)
    undo_and_redo(routed)


def test_shift_and_a_right_drag_add_a_point_on_every_crossed_wire(make_canvas: MakeCanvas) -> None:
    for inside in (False, True):
        view = make_canvas(TWINS, inside=inside)
        Pointing(view, RIGHT, SHIFT).drag((20, 270), (200, 270), (420, 270))
        found = routes(view)
        assert set(found) == {"add1.inputs.0", "add1.inputs.1"}
        assert all(abs(point[0][1] - 270) < 1 for point in found.values())
        undo_and_redo(view)


def test_moving_one_node_keeps_the_points(routed: CanvasView) -> None:
    x, y = middle(routed, "relu1")
    Pointing(routed).drag((x, y), (x - 60, y + 20), (x - 100, y + 40))
    assert routed.session.view.graph.nodes["relu1"].position == (-100, 380)
    assert routes(routed)["relu1.input"] == ((200, 220), (240, 300))
    assert nearest(routed, "relu1.input", 200, 220) < 1


def test_points_go_along_where_both_nodes_move(routed: CanvasView) -> None:
    routed.session.select(["conv1", "relu1"])
    x, y = middle(routed, "conv1")
    Pointing(routed).drag((x, y), (x + 20, y), (x + 60, y))
    assert routes(routed)["relu1.input"] == ((260, 220), (300, 300))
    undo_and_redo(routed)


def test_layout_clears_the_points_in_the_same_step(routed: CanvasView) -> None:
    before = routed.session.project
    routed.layout()
    assert routes(routed) == {}
    undo_and_redo(routed)
    routed.session.document.undo()
    assert routed.session.project == before


def test_space_on_a_wire_offers_layers_to_insert(plain: CanvasView, qtbot: QtBot) -> None:
    place = QPointF(*on_wire(plain, "relu1.input"))
    plain.cursor().setPos(plain.viewport().mapToGlobal(plain.mapFromScene(place)))
    qtbot.keyClick(plain, Qt.Key.Key_Space)
    qtbot.keyClicks(plain.palette_box.field, "dropout")
    qtbot.keyClick(plain.palette_box.field, Qt.Key.Key_Return)
    graph = plain.session.view.graph
    (name,) = plain.session.selection
    assert graph.links[end(f"{name}.input")] == end("conv1.output")
    assert graph.links[RELU] == end(f"{name}.output")


def test_tab_on_a_selected_wire_offers_layers_to_insert(routed: CanvasView, qtbot: QtBot) -> None:
    Pointing(routed).click(*on_wire(routed, "relu1.input", 0.9))
    assert routed.canvas.selected_wires == {RELU}
    qtbot.keyClick(routed, Qt.Key.Key_Tab)
    qtbot.keyClicks(routed.palette_box.field, "dropout")
    qtbot.keyClick(routed.palette_box.field, Qt.Key.Key_Return)
    (name,) = routed.session.selection
    assert routed.session.view.graph.links[RELU] == end(f"{name}.output")


def test_the_menu_of_a_wire_adds_and_deletes_points(routed: CanvasView) -> None:
    x, y = on_wire(routed, "relu1.input", 0.9)
    menu = routed.menu_at(routed.mapFromScene(QPointF(x, y)))
    entries = {entry.text(): entry for entry in menu.actions()}
    entries["Add point"].trigger()
    assert len(routes(routed)["relu1.input"]) == 3
    entries["Delete points"].trigger()
    assert routes(routed) == {}
    menu.close()


def test_a_wire_that_comes_from_elsewhere_runs_straight_again(routed: CanvasView) -> None:
    Pointing(routed).drag(port(routed, "image.output"), (60, 200), port(routed, "relu1.input"))
    assert routed.session.view.graph.links[RELU] == end("image.output")
    assert routes(routed) == {}
    undo_and_redo(routed)


def test_points_are_shared_out_where_a_node_goes_into_the_wire(make_canvas: MakeCanvas) -> None:
    graph = led()
    nodes = {**graph.nodes, "dropout1": Node("dropout1", "Dropout", position=(-240, 200))}
    view = make_canvas(replace(graph, nodes=nodes, routes={RELU: ((80.0, 200.0), (80.0, 320.0))}))
    x, y = middle(view, "dropout1")
    Pointing(view).drag((x, y), (0, 240), (80, 267))
    assert view.session.view.graph.links[RELU] == end("dropout1.output")
    assert routes(view) == {"dropout1.input": ((80, 200),), "relu1.input": ((80, 320),)}
    undo_and_redo(view)


def test_the_dots_lie_on_the_wire_and_vanish_with_the_points(routed: CanvasView) -> None:
    wire = routed.canvas.wires[RELU]
    centres = [each.mapRectToScene(each.boundingRect()).center() for each in wire.childItems()]
    assert centres == [QPointF(200, 220), QPointF(240, 300)]
    routed.session.apply_here(SetRoute(RELU, ()))
    assert routed.canvas.wires[RELU].childItems() == []
    routed.session.document.undo()
    assert len(routed.canvas.wires[RELU].childItems()) == 2
