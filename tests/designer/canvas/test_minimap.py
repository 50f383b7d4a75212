"""The overview: what is drawn, what a click and a drag do, groups, and that it is remembered."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from designer.canvas.minimap import Minimap
from designer.canvas.view import CanvasView
from designer.theme import current
from tests.designer.canvas.conftest import MakeCanvas
from tests.designer.canvas.test_find import nested


def shown(view: CanvasView) -> Minimap:
    overview = Minimap(view)
    overview.toggle()
    return overview


def count(overview: Minimap) -> int:
    return sum(len(rects) for role, rects in overview.blocks.items() if role != "frame")


def test_every_node_is_a_block_and_changes_follow(canvas: CanvasView, qtbot: QtBot) -> None:
    overview = shown(canvas)
    assert count(overview) == 4
    canvas.session.select(["relu1"])
    qtbot.waitUntil(lambda: len(overview.blocks["selected"]) == 1)
    canvas.delete()
    qtbot.waitUntil(lambda: count(overview) == 3)
    canvas.session.document.undo()
    qtbot.waitUntil(lambda: count(overview) == 4)


def test_problems_are_red(checked: CanvasView, qtbot: QtBot) -> None:
    overview = shown(checked)
    checked.session.select(["image"])
    checked.delete()
    qtbot.waitUntil(lambda: bool(overview.blocks["error"]), timeout=30_000)
    place = overview.to_map().mapRect(overview.blocks["error"][0]).center().toPoint()
    seen = overview.grab().toImage().pixelColor(place)
    red = current().error
    assert abs(seen.red() - int(red[1:3], 16)) < 40
    assert seen.red() > seen.green() + 60


def test_a_click_and_a_drag_move_the_view(canvas: CanvasView, qtbot: QtBot) -> None:
    overview = shown(canvas)
    zoom = canvas.zoom
    for name in ("image", "flatten1"):
        wanted = canvas.canvas.nodes[name].scene_card().center()
        place = overview.to_map().map(wanted).toPoint()
        qtbot.mousePress(overview, Qt.MouseButton.LeftButton, pos=place)
        middle = canvas.mapToScene(canvas.viewport().rect().center())
        assert (middle - wanted).manhattanLength() < 40
        qtbot.mouseRelease(overview, Qt.MouseButton.LeftButton, pos=place)
    assert canvas.zoom == zoom
    assert canvas.session.document.undo_label is None
    assert canvas.session.selection == frozenset()


def test_the_frame_is_what_the_view_shows(canvas: CanvasView, qtbot: QtBot) -> None:
    overview = shown(canvas)
    before = overview.seen()
    canvas.navigator.centre(QPointF(500, 500))
    assert overview.seen().center() != before.center()
    canvas.set_zoom(0.5)
    assert overview.seen().width() > before.width() * 1.9


def test_inside_a_group_it_shows_that_group(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(project=nested())
    overview = shown(view)
    assert len(overview.blocks["group"]) == 2
    view.session.open_group("stage1")
    qtbot.waitUntil(lambda: count(overview) == 3)
    view.session.leave_group()
    qtbot.waitUntil(lambda: count(overview) == 6)


def test_it_keeps_to_the_corner_and_tells_when_it_is_switched(canvas: CanvasView, qtbot: QtBot) -> None:
    overview = shown(canvas)
    canvas.resize(700, 500)
    assert canvas.rect().contains(overview.geometry())
    assert overview.geometry().right() > canvas.width() - 20
    with qtbot.waitSignal(overview.shown_changed) as told:
        overview.toggle()
    assert told.args == [False]
    assert not overview.isVisible()
