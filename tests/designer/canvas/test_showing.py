"""What the canvas shows: shapes, problems, placeholders, themes, thumbnails; and how it is looked at."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import Connect, Rename, SetParameters, SetSearch
from core.graph.layout import layered_layout
from core.graph.project import Dimension, Graph, Node, Project, Search
from core.graph.shorthand import main_parameters
from core.layers import catalogue
from designer import theme
from designer.canvas.dropping import KIND_MIME
from designer.canvas.menus import CanvasMenu
from designer.canvas.thumbnail import graph_thumbnail
from designer.canvas.view import CanvasView
from designer.canvas.wording import node_tooltip, wire_tooltip
from tests.designer.canvas.conftest import Hand, MakeCanvas, chain, end, graph_of


def wait_for_check(qtbot: QtBot, view: CanvasView) -> None:
    qtbot.waitUntil(lambda: view.session.report is not None and view.session.report_is_current, timeout=30_000)


def test_shapes_stand_at_every_output_and_follow_an_edit(checked: CanvasView, qtbot: QtBot) -> None:
    assert checked.canvas.nodes["conv1"].look.shapes == {"output": "N × 32 × 8 × 8"}
    checked.session.apply(SetParameters({"conv1": {"out_channels": 7}}))
    wait_for_check(qtbot, checked)
    assert checked.canvas.nodes["relu1"].look.shapes == {"output": "N × 7 × 8 × 8"}
    assert checked.canvas.nodes["flatten1"].look.shapes == {"output": "N × 448"}
    checked.session.document.undo()
    wait_for_check(qtbot, checked)
    assert checked.canvas.nodes["conv1"].look.shapes == {"output": "N × 32 × 8 × 8"}


def test_the_face_writes_the_main_parameters_as_the_field_does(checked: CanvasView) -> None:
    assert checked.canvas.nodes["conv1"].face.line == "32 · 3×3 · s1 p1"
    assert checked.canvas.nodes["image"].face.line == "1×8×8"


def test_a_wrong_link_gets_a_badge_a_dashed_red_wire_and_its_reason(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = graph_of(
        {
            "row": Node("row", "Input", {"shape": (4,)}, position=(0, 0)),
            "conv1": Node("conv1", "Conv2d", position=(0, 120)),
        }
    )
    view = make_canvas(graph)
    view.session.apply(Connect(end("row.output"), end("conv1.input")))
    wait_for_check(qtbot, view)
    assert view.canvas.nodes["conv1"].look.severity == "error"
    pen = view.canvas.wires[end("conv1.input")].pen()
    assert pen.color().name() == theme.current().error
    assert pen.style() is Qt.PenStyle.CustomDashLine
    assert "dimensions" in node_tooltip(view.canvas, "conv1")
    assert "dimensions" in wire_tooltip(view.canvas, end("conv1.input"))
    view.session.document.undo()
    wait_for_check(qtbot, view)
    assert not view.canvas.wires


def test_stale_shapes_stay_and_turn_grey(checked: CanvasView, qtbot: QtBot) -> None:
    checked.canvas._set_stale(True)
    look = checked.canvas.nodes["conv1"].look
    assert look.stale
    assert look.shapes == {"output": "N × 32 × 8 × 8"}
    checked.session.apply(SetParameters({"conv1": {"out_channels": 8}}))
    wait_for_check(qtbot, checked)
    assert not checked.canvas.nodes["conv1"].look.stale


def test_a_kind_that_is_not_installed_is_shown_with_its_linked_ports(make_canvas: MakeCanvas) -> None:
    graph = graph_of(
        {"a": Node("a", "Input"), "b": Node("b", "Marvel", {"power": 3}, position=(0, 120))}, "a.output > b.marvels"
    )
    view = make_canvas(graph)
    face = view.canvas.nodes["b"].face
    assert face.kind is None
    assert [port.end.port for port in face.inputs] == ["marvels"]
    assert "not installed" in node_tooltip(view.canvas, "b")


def test_a_long_name_is_cut_in_its_middle_and_whole_in_the_tooltip(make_canvas: MakeCanvas) -> None:
    name = "a_name_that_no_card_could_ever_hold_in_full_length"
    view = make_canvas(Graph({name: Node(name, "ReLU")}))
    face = view.canvas.nodes[name].face
    assert "…" in face.name
    assert face.name.endswith("length")
    assert face.width <= 280
    assert name in node_tooltip(view.canvas, name)


def test_ports_on_one_node_are_labelled_where_there_are_several(make_canvas: MakeCanvas) -> None:
    view = make_canvas(Graph({"lstm1": Node("lstm1", "LSTM")}))
    assert [port.label for port in view.canvas.nodes["lstm1"].face.outputs] == ["output", "hidden", "cell"]
    assert [port.label for port in view.canvas.nodes["lstm1"].face.inputs] == ["input", "hidden", "cell"]
    assert [port.optional for port in view.canvas.nodes["lstm1"].face.inputs] == [False, True, True]


def test_a_skip_wire_runs_beside_the_cards_in_its_way(make_canvas: MakeCanvas) -> None:
    nodes = dict(chain().nodes)
    nodes["add1"] = Node("add1", "Add", position=(0, 480))
    graph = graph_of(nodes, "image.output > add1.inputs.0")
    view = make_canvas(graph)
    path = view.canvas.wires[end("add1.inputs.0")].path()
    points = [path.pointAtPercent(step / 50) for step in range(51)]
    for name in ("conv1", "relu1", "flatten1"):
        card = view.canvas.nodes[name].scene_card()
        assert not any(card.contains(point) for point in points)


def test_the_wheel_zooms_at_the_pointer_in_proportion(canvas: CanvasView) -> None:
    pixel = QPointF(200, 150)
    before = canvas.mapToScene(pixel.toPoint())
    for delta in (120, 30):
        zoom = canvas.zoom
        event = QWheelEvent(
            pixel, pixel, QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        canvas.wheelEvent(event)
        assert canvas.zoom / zoom == 2 ** (delta / 120 / 3.5)
    after = canvas.mapToScene(pixel.toPoint())
    assert (after - before).manhattanLength() < 2


def test_two_fingers_pan(canvas: CanvasView) -> None:
    before = canvas.mapToScene(QPoint(0, 0))
    event = QWheelEvent(
        QPointF(50, 50), QPointF(50, 50), QPoint(12, -8), QPoint(24, -16), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.ScrollUpdate, False,
    )  # fmt: skip
    canvas.wheelEvent(event)
    assert canvas.mapToScene(QPoint(0, 0)) == before + QPointF(-12, 8)
    assert canvas.zoom == 1.0


def test_adding_and_deleting_leave_the_view_where_it_is(canvas: CanvasView) -> None:
    before = canvas.mapToScene(QPoint(0, 0))
    canvas.add_kind("ReLU", QPointF(300, 300))
    canvas.delete()
    canvas.session.document.undo()
    assert canvas.mapToScene(QPoint(0, 0)) == before


def drop(view: CanvasView, kind: str, place: QPointF) -> None:
    data = QMimeData()
    data.setData(KIND_MIME, kind.encode())
    pixel = view.viewportTransform().map(place)
    event = QDropEvent(pixel, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    view.dropEvent(event)


def test_a_layer_dropped_from_the_library_stands_there(canvas: CanvasView) -> None:
    drop(canvas, "Linear", QPointF(400, 200))
    (added,) = canvas.session.selection
    assert canvas.canvas.nodes[added].scene_card().contains(QPointF(400, 200))
    assert not canvas.canvas.wires_at(added)


def test_a_layer_dropped_on_a_wire_goes_into_it(canvas: CanvasView) -> None:
    drop(canvas, "Dropout", QPointF(80, 340))
    (added,) = canvas.session.selection
    assert canvas.session.project.graph.links[end("flatten1.input")] == end(f"{added}.output")
    canvas.session.document.undo()
    assert canvas.session.project.graph == chain()


def test_the_menu_of_a_node_selects_it_and_deletes_with_bridge(canvas: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    menu = canvas.menu_at(hand.at("relu1"))
    assert canvas.session.selection == {"relu1"}
    choose(menu, "Delete and bridge")
    assert canvas.session.project.graph.links[end("flatten1.input")] == end("conv1.output")


def test_the_menu_of_the_canvas_adds_at_the_pointer(canvas: CanvasView) -> None:
    choose(canvas.menu_at(QPoint(40, 40)), "Add layer…")
    assert canvas.palette_box.isVisible()


def choose(menu: CanvasMenu, text: str) -> None:
    action = next(each for each in menu.actions() if each.text().startswith(text))
    action.trigger()
    menu.close()


def test_the_theme_can_change_while_the_canvas_is_open(checked: CanvasView, qapp: QApplication) -> None:
    before = theme.switch.current
    palette, style = qapp.palette(), qapp.style().objectName()
    try:
        theme.switch.apply(qapp, "dark")
        image = checked.grab().toImage()
        assert image.pixelColor(3, 3).lightness() < 60
    finally:
        theme.switch.current = before
        qapp.setStyle(style)
        qapp.setPalette(palette)
        theme.switch.changed.emit()
    assert checked.grab().toImage().pixelColor(3, 3).lightness() > 200


def test_the_empty_canvas_says_how_to_begin(make_canvas: MakeCanvas) -> None:
    view = make_canvas()
    assert view._hint.isVisible()
    view.add_kind("Input")
    assert not view._hint.isVisible()


def test_the_thumbnail_is_drawn_from_the_graph(qapp: QApplication) -> None:
    pixmap = graph_thumbnail(Project(graph=chain()), QSize(200, 140), theme.LIGHT)
    image = pixmap.toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(image.height())}
    assert theme.LIGHT.canvas in colours
    assert theme.LIGHT.families["Convolution"] in colours
    assert len({image.pixelColor(x, y).name() for x in range(5) for y in range(5)}) == 1


def test_layout_of_the_canvas_uses_the_real_sizes(canvas: CanvasView) -> None:
    canvas.add_kind("LSTM", QPointF(0, 700))
    canvas.session.select(())
    canvas.layout()
    boxes = list(canvas.canvas.boxes().values())
    assert not any(a.meets(b, 0) for a in boxes for b in boxes if a is not b)
    assert canvas.session.project.graph.nodes["image"].position == (0, 0)
    assert set(layered_layout(chain())) == set(chain().nodes)


def test_an_input_of_many_fields_tells_their_number_and_stays_narrow() -> None:
    kind = catalogue["Input"]
    assert main_parameters(kind, {"fields": ("width", "height")}, {}) == "width, height"
    assert main_parameters(kind, {"fields": ("x", "y")}, {}) == "x, y"
    assert main_parameters(kind, {"fields": ("a", "b", "c", "d")}, {}) == "4 fields"


def test_what_a_sweep_varies_is_marked_without_moving_anything(checked: CanvasView) -> None:
    session, item = checked.session, checked.canvas.nodes["conv1"]
    before = item.face
    search = Search((Dimension("node/conv1/out_channels", 8, 64), Dimension("node/Block:conv1/out_channels", 8, 64)))
    assert session.apply(SetSearch(search))
    assert item.face.searched
    assert replace(item.face, searched=False) == before
    assert not checked.canvas.nodes["relu1"].face.searched
    assert "A sweep tries other values" in node_tooltip(checked.canvas, "conv1")
    assert session.apply(Rename("conv1", "first"))
    assert checked.canvas.nodes["first"].face.searched
    session.document.undo()
    session.document.undo()
    assert not checked.canvas.nodes["conv1"].face.searched
