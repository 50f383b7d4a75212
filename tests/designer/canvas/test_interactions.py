"""The table of interactions, where no other test has a row: by hand or key, also inside a group, and undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import MoveNodes
from core.graph.project import Graph, Node
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end, graph_of
from tests.designer.canvas.drawing import framed_chain
from tests.designer.canvas.picture import check_picture
from tests.designer.canvas.pointing import ALT, CONTROL, SHIFT, Pointing, links, middle, places, port

_HERE = pytest.mark.parametrize("inside", [False, True], ids=["at the root", "inside a group"])


def _one_step(view: CanvasView, act: Callable[[], object]) -> None:
    """What is done makes one step, which undo takes back and redo does again; the picture follows."""
    document = view.session.document
    before, steps = document.project, document.position
    act()
    after = document.project
    assert after != before
    assert document.position == steps + 1
    check_picture(view)
    document.undo()
    assert document.project == before
    check_picture(view)
    document.redo()
    assert document.project == after
    check_picture(view)


@_HERE
@pytest.mark.parametrize(
    ("name", "selected"),
    [
        ("delete", ["conv1", "relu1"]),
        ("delete_and_bridge", ["relu1"]),
        ("cut", ["conv1"]),
        ("duplicate", ["conv1", "relu1"]),
        ("bypass", ["relu1"]),
        ("mute", ["conv1"]),
        ("collapse", ["conv1", "relu1"]),
        ("layout", ["conv1", "relu1"]),
        ("layout", []),
        ("straighten", ["relu1"]),
        ("align_left", ["conv1", "relu1"]),
        ("align_right", ["conv1", "relu1"]),
        ("nudge_down", ["conv1"]),
        ("duplicate_shared", ["conv1"]),
    ],
)
def test_a_command_is_one_step(make_canvas: MakeCanvas, name: str, selected: list[str], inside: bool) -> None:
    view = make_canvas(framed_chain(), inside=inside)
    view.session.apply_here(MoveNodes({"relu1": (47.5, 251.0), "conv1": (-13.0, 150.0)}))
    view.session.select(selected)
    _one_step(view, lambda: view.keys.run(name))


@_HERE
def test_a_double_click_on_the_empty_canvas_adds_there(make_canvas: MakeCanvas, qtbot: QtBot, inside: bool) -> None:
    view = make_canvas(chain(), inside=inside)

    def add() -> None:
        Pointing(view).double_click(260, 160)
        qtbot.keyClicks(view.palette_box.field, "dropout")
        qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)

    _one_step(view, add)
    x, y = places(view)["dropout1"]
    assert abs(x - 260) < 120
    assert abs(y - 160) < 40
    assert not any("dropout1" in link for pair in links(view).items() for link in pair)


@_HERE
def test_a_click_on_a_port_links_nothing_even_where_another_port_is_near(make_canvas: MakeCanvas, inside: bool) -> None:
    nodes = {
        "image": Node("image", "Input", {"shape": (1, 8, 8)}, position=(0, 0)),
        "relu1": Node("relu1", "ReLU", position=(0, 60)),
    }
    view = make_canvas(Graph(nodes), inside=inside)
    before = view.session.document.project
    (x, y), (_x, below) = port(view, "image.output"), port(view, "relu1.input")
    assert below - y < 20
    Pointing(view).click(x, y)
    Pointing(view, keys=CONTROL).click(x, y)
    assert view.session.document.project is before
    assert not view.palette_box.isVisible()
    check_picture(view)


@_HERE
def test_control_and_a_box_toggle_what_it_touches(make_canvas: MakeCanvas, inside: bool) -> None:
    view = make_canvas(chain(), inside=inside)
    view.session.select(["conv1", "image"])
    Pointing(view, keys=CONTROL).drag((-40, 110), (100, 200), (250, 300))
    assert view.session.selection == {"image", "relu1"}


def test_shift_adds_a_node_to_selected_frames_and_all_of_it_moves(make_canvas: MakeCanvas) -> None:
    view = make_canvas(framed_chain())
    view.session.select((), ["note1"])
    Pointing(view, keys=SHIFT).click(*middle(view, "flatten1"))
    assert (view.session.selection, view.session.drawn) == ({"flatten1"}, {"note1"})
    note = view.session.view.graph.notes["note1"].position
    x, y = middle(view, "flatten1")
    _one_step(view, lambda: Pointing(view).drag((x, y), (x + 50, y + 30), (x + 100, y + 60)))
    assert view.session.view.graph.notes["note1"].position == (note[0] + 100, note[1] + 60)


@_HERE
@pytest.mark.parametrize("where", ["flatten1", "note1", "frame1"])
def test_escape_in_a_drag_selects_again_what_was_selected(
    make_canvas: MakeCanvas, qtbot: QtBot, where: str, inside: bool
) -> None:
    view = make_canvas(framed_chain(), inside=inside)
    view.session.select((), ["frame2"])
    before = view.session.document.project
    start = middle(view, where) if where == "flatten1" else (400.0, 150.0) if where == "note1" else (280.0, 200.0)
    hand = Pointing(view)
    hand.press(*start)
    hand.move(start[0] + 60, start[1] + 40)
    assert view.mouse.busy
    Hand(qtbot, view).escape()
    hand.release(start[0] + 60, start[1] + 40)
    assert view.session.document.project is before
    assert (view.session.selection, view.session.drawn) == (frozenset(), {"frame2"})
    check_picture(view)


def test_escape_in_a_drag_selects_the_wire_again(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(chain())
    view.canvas.select_wires([end("relu1.input")])
    hand = Hand(qtbot, view)
    hand.press("flatten1")
    hand.move(QPointF(200, 300))
    hand.escape()
    assert view.canvas.selected_wires == {end("relu1.input")}
    assert not view.session.selection


def test_a_node_off_the_grid_is_dragged_back_onto_it(make_canvas: MakeCanvas) -> None:
    view = make_canvas(Graph({"relu1": Node("relu1", "ReLU", position=(0, 0))}))
    view.session.apply_here(MoveNodes({"relu1": (3.5, 7.5)}))
    x, y = middle(view, "relu1")
    Pointing(view).drag((x, y), (x + 100, y + 50), (x + 202, y + 101))
    moved = places(view)["relu1"]
    assert moved[0] % 20 == 0
    assert moved[1] % 20 == 0


@_HERE
def test_a_pulled_out_node_shows_that_its_ports_are_free(make_canvas: MakeCanvas, inside: bool) -> None:
    view = make_canvas(chain(), inside=inside)
    x, y = middle(view, "relu1")
    pull = Pointing(view, keys=ALT)
    _one_step(view, lambda: pull.drag((x, y), (x + 150, y), (x + 300, y)))
    assert links(view)["flatten1.input"] == "conv1.output"
    assert not any(each.linked for each in view.canvas.nodes["relu1"].face.ports)


def test_what_was_copied_in_one_window_is_pasted_in_another(make_canvas: MakeCanvas) -> None:
    one, other = make_canvas(framed_chain()), make_canvas(chain(), inside=True)
    one.session.select(["conv1", "relu1"], ["frame1"])
    one.keys.run("copy")
    assert QGuiApplication.clipboard().text().lstrip().startswith("{")
    other.keys.run("paste")
    assert other.session.selection == {"conv2", "relu2"}
    other.session.document.undo()
    _one_step(other, lambda: other.keys.run("paste"))
    graph = other.session.view.graph
    assert graph.links[end("relu2.input")] == end("conv2.output")
    assert len(graph.frames) == 1


@_HERE
def test_a_new_group_lies_where_a_file_can_say(make_canvas: MakeCanvas, inside: bool) -> None:
    view = make_canvas(chain(), inside=inside)
    _one_step(view, lambda: view.structure.group(frozenset({"conv1", "relu1"}), "Stem"))
    x, y = places(view)["stem1"]
    assert (x, y) == (round(x, 1), round(y, 1))


def test_a_value_of_the_wrong_kind_leaves_the_node_visible(make_canvas: MakeCanvas) -> None:
    view = make_canvas(graph_of({"image": Node("image", "Input", {"fields": 3}), "relu1": Node("relu1", "ReLU")}))
    assert view.canvas.nodes.keys() == {"image", "relu1"}


def test_the_menu_of_a_split_without_sizes_opens_inside_a_group(make_canvas: MakeCanvas) -> None:
    inside = graph_of(
        {
            "image": Node("image", "Input", {"shape": (4,)}, position=(0, 0)),
            "split1": Node("split1", "Split", {"sizes": False}, position=(0, 120)),
        },
        "image.output > split1.input",
    )
    view = make_canvas(inside, inside=True)
    menu = view.menu_at(view.mapFromScene(view.canvas.nodes["split1"].scene_card().center()))
    assert menu.actions()
    assert view.session.selection == {"split1"}
    menu.deleteLater()


@pytest.mark.parametrize("taken", [False, True], ids=["choosing where from", "choosing where to"])
def test_undo_ends_a_wire_drawn_by_keys(make_canvas: MakeCanvas, qtbot: QtBot, taken: bool) -> None:
    view = make_canvas(graph_of({"image": Node("image", "Input", {"shape": (4,)})}))
    view.session.select(["image"])
    for name in ("relu", "linear"):
        qtbot.keyClick(view, Qt.Key.Key_Tab)
        qtbot.keyClicks(view.palette_box.field, name)
        qtbot.keyClick(view.palette_box.field, Qt.Key.Key_Return)
    view.session.select(["image" if taken else "linear1"])
    view.keys.run("link_by_key")
    if taken:
        qtbot.keyClick(view, Qt.Key.Key_Return)
        while view.keys.link.chosen != end("linear1.input"):
            qtbot.keyClick(view, Qt.Key.Key_Down)
    view.session.document.undo()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert not view.keys.link.is_active
    assert "linear1" not in view.session.view.graph.nodes
    check_picture(view)
