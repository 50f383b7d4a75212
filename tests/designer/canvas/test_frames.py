"""Frames: made, named, dragged with what they hold, resized, copied, grouped, undone, saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.graph.edits import RemoveDrawn
from core.graph.project import End, Frame, Graph, Project
from designer import theme
from designer.canvas.drawn.naming import frame_name
from designer.canvas.thumbnail import graph_thumbnail
from designer.canvas.view import CanvasView
from designer.outline.panel import OutlinePanel, row_of
from tests.designer.canvas.conftest import Hand, MakeCanvas
from tests.designer.canvas.drawing import framed_chain, in_group, rect_of, reloaded, title_of

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def framed(make_canvas: MakeCanvas) -> CanvasView:
    """The canvas of the chain with two frames and a note."""
    return make_canvas(framed_chain())


@pytest.fixture
def fingers(qtbot: QtBot, framed: CanvasView) -> Hand:
    """A hand on that canvas."""
    return Hand(qtbot, framed)


def frame_of(view: CanvasView, name: str) -> Frame:
    return view.session.view.graph.frames[name]


def positions(view: CanvasView) -> dict[str, tuple[float, float]]:
    return {name: node.position for name, node in view.session.view.graph.nodes.items()}


def test_c_frames_the_selection_and_takes_a_title_as_one_step(qtbot: QtBot, canvas: CanvasView) -> None:
    before = canvas.session.project
    canvas.session.select(["conv1", "relu1"])
    qtbot.keyClick(canvas, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: canvas.drawn.title_editor.isVisible())
    qtbot.keyClicks(canvas.drawn.title_editor, "Stem")
    qtbot.keyClick(canvas.drawn.title_editor, Qt.Key.Key_Return)
    (frame,) = canvas.session.project.graph.frames.values()
    assert frame.title == "Stem"
    assert canvas.session.drawn == {frame.name}
    assert not canvas.session.selection
    around = rect_of(canvas, frame.name)
    assert all(around.contains(canvas.canvas.nodes[name].scene_card()) for name in ("conv1", "relu1"))
    assert not any(around.intersects(canvas.canvas.nodes[name].scene_card()) for name in ("image", "flatten1"))
    assert not canvas.drawn.title_editor.isVisible()
    framed = canvas.session.project
    canvas.session.document.undo()
    assert canvas.session.project == before
    assert not canvas.canvas.drawn.frames
    canvas.session.document.redo()
    assert canvas.session.project == framed
    assert frame.name in canvas.canvas.drawn.frames


def test_c_with_nothing_selected_makes_an_empty_frame(qtbot: QtBot, canvas: CanvasView) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: canvas.drawn.title_editor.isVisible())
    qtbot.keyClick(canvas.drawn.title_editor, Qt.Key.Key_Escape)
    (frame,) = canvas.session.project.graph.frames.values()
    assert canvas.canvas.drawn.frames[frame.name].isVisible()
    assert canvas.viewport().rect().contains(canvas.mapFromScene(rect_of(canvas, frame.name).center()))


def test_a_frame_carries_what_lies_inside(framed: CanvasView, fingers: Hand) -> None:
    before, places = framed.session.project, positions(framed)
    start = title_of(framed, "frame1")
    fingers.drag(start, start + QPointF(100, 40))
    moved = positions(framed)
    for name in ("conv1", "relu1"):
        assert moved[name] == (places[name][0] + 100, places[name][1] + 40)
    for name in ("image", "flatten1"):
        assert moved[name] == places[name]
    assert frame_of(framed, "frame1").position == (40, 100)
    assert frame_of(framed, "frame2").position == (60, 240)
    assert framed.session.project.graph.notes == before.graph.notes
    carried = framed.session.project
    framed.session.document.undo()
    assert framed.session.project == before
    assert rect_of(framed, "frame2").topLeft() == QPointF(-40, 200)
    framed.session.document.redo()
    assert framed.session.project == carried


def test_wires_between_what_is_carried_keep_their_course(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    graph = framed_chain()
    led = Graph(graph.nodes, graph.links, graph.frames, graph.notes, {End("relu1", "input"): ((200.0, 210.0),)})
    view = make_canvas(led)
    start = title_of(view, "frame1")
    Hand(qtbot, view).drag(start, start + QPointF(60, 0))
    assert view.session.project.graph.routes[End("relu1", "input")] == ((260.0, 210.0),)


def test_esc_during_a_drag_puts_everything_back(framed: CanvasView, fingers: Hand) -> None:
    before, start = framed.session.project, title_of(framed, "frame1")
    fingers.press(start)
    fingers.move(start + QPointF(80, 80))
    assert rect_of(framed, "frame1").topLeft() != QPointF(-60, 60)
    fingers.escape()
    assert framed.session.project == before
    assert rect_of(framed, "frame1").topLeft() == QPointF(-60, 60)
    assert framed.canvas.nodes["conv1"].scenePos() == QPointF(0, 120)


def test_what_is_selected_together_moves_together(framed: CanvasView, fingers: Hand) -> None:
    framed.session.select(["image"], ["frame2"])
    fingers.drag("image", fingers.place("image") + QPointF(40, 0))
    moved = positions(framed)
    assert moved["image"] == (40, 0)
    assert moved["relu1"] == (40, 240)
    assert moved["conv1"] == (0, 120)
    assert frame_of(framed, "frame2").position == (0, 200)
    assert framed.session.document.undo_label == "Move"


@pytest.mark.parametrize(
    ("edge", "grown"),
    [("right", (380, 280)), ("bottom", (340, 320)), ("corner", (380, 320))],
)
def test_a_frame_is_resized_by_its_edges(
    framed: CanvasView, fingers: Hand, edge: str, grown: tuple[float, float]
) -> None:
    before, rect, places = framed.session.project, rect_of(framed, "frame1"), positions(framed)
    start = {
        "right": QPointF(rect.right(), rect.center().y()),
        "bottom": QPointF(rect.left() + 20, rect.bottom()),
        "corner": rect.bottomRight(),
    }[edge]
    fingers.drag(start, start + QPointF(40, 40))
    assert frame_of(framed, "frame1").size == grown
    assert frame_of(framed, "frame1").position == (-60, 60)
    assert positions(framed) == places
    framed.session.document.undo()
    assert framed.session.project == before
    assert rect_of(framed, "frame1") == rect


def test_the_upper_left_corner_moves_and_resizes(framed: CanvasView, fingers: Hand) -> None:
    corner = rect_of(framed, "frame1").topLeft()
    fingers.drag(corner, corner - QPointF(20, 40))
    assert frame_of(framed, "frame1").position == (-80, 20)
    assert frame_of(framed, "frame1").size == (360, 320)


def test_a_frame_never_becomes_too_small(framed: CanvasView, fingers: Hand) -> None:
    corner = rect_of(framed, "frame1").bottomRight()
    fingers.drag(corner, corner - QPointF(600, 600))
    assert frame_of(framed, "frame1").size == (100, 80)


def test_a_double_click_on_the_title_edits_it(qtbot: QtBot, framed: CanvasView, fingers: Hand) -> None:
    pixel = fingers.at(title_of(framed, "frame1"))
    qtbot.mouseDClick(framed.viewport(), Qt.MouseButton.LeftButton, pos=pixel)
    editor = framed.drawn.title_editor
    assert editor.isVisible()
    assert editor.text() == "Stem"
    qtbot.keyClicks(editor, "First part")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert frame_of(framed, "frame1").title == "First part"
    framed.session.document.undo()
    assert frame_of(framed, "frame1").title == "Stem"


def test_esc_leaves_the_title_and_f2_edits_it(qtbot: QtBot, framed: CanvasView) -> None:
    framed.session.select((), ["frame1"])
    qtbot.keyClick(framed, Qt.Key.Key_F2)
    qtbot.keyClicks(framed.drawn.title_editor, "Other")
    qtbot.keyClick(framed.drawn.title_editor, Qt.Key.Key_Escape)
    assert frame_of(framed, "frame1").title == "Stem"
    assert framed.session.document.undo_label is None


def test_a_title_goes_to_the_frame_whose_editing_began_whatever_is_looked_at_then(
    qtbot: QtBot, make_canvas: MakeCanvas
) -> None:
    view = make_canvas(project=in_group(framed_chain()))
    view.session.open_group("stem1")
    view.drawn.edit("frame1")
    qtbot.keyClicks(view.drawn.title_editor, "Inside")
    view.session.leave_group()
    assert view.session.project.groups["Stem"].graph.frames["frame1"].title == "Inside"
    assert not view.session.project.graph.frames


def test_deleting_a_frame_keeps_its_content(qtbot: QtBot, framed: CanvasView, fingers: Hand) -> None:
    before = framed.session.project
    fingers.click(title_of(framed, "frame1"))
    assert framed.session.drawn == {"frame1"}
    qtbot.keyClick(framed, Qt.Key.Key_Delete)
    assert framed.session.project.graph.frames.keys() == {"frame2"}
    assert framed.session.project.graph.nodes == before.graph.nodes
    assert not framed.session.drawn
    framed.session.document.undo()
    assert framed.session.project == before


def test_a_box_selects_frames_that_it_holds_and_nodes_that_it_touches(framed: CanvasView, fingers: Hand) -> None:
    fingers.drag(QPointF(-120, 190), QPointF(290, 330))
    assert framed.session.drawn == {"frame2"}
    assert framed.session.selection == {"relu1"}
    fingers.click(title_of(framed, "frame1"), SHIFT)
    assert framed.session.drawn == {"frame1", "frame2"}
    assert framed.session.selection == {"relu1"}
    fingers.click(title_of(framed, "frame1"), CONTROL)
    assert framed.session.drawn == {"frame2"}
    fingers.escape()
    assert not framed.session.drawn


def test_a_box_inside_a_frame_selects_what_is_there(framed: CanvasView, fingers: Hand) -> None:
    fingers.drag(QPointF(-50, 100), QPointF(20, 190))
    assert framed.session.selection == {"conv1"}
    assert not framed.session.drawn


def test_a_click_on_a_node_selects_it_alone(framed: CanvasView, fingers: Hand) -> None:
    framed.session.select(["image"], ["frame1", "note1"])
    fingers.click("conv1")
    assert framed.session.selection == {"conv1"}
    assert not framed.session.drawn


def test_copy_and_paste_carry_frames_and_notes(qtbot: QtBot, framed: CanvasView) -> None:
    before = framed.session.project
    framed.session.select(["conv1", "relu1"], ["frame1", "note1"])
    qtbot.keyClick(framed, Qt.Key.Key_C, CONTROL)
    assert '"frames"' in QApplication.clipboard().text()
    qtbot.keyClick(framed, Qt.Key.Key_V, CONTROL)
    graph = framed.session.project.graph
    assert graph.nodes.keys() - before.graph.nodes.keys() == {"conv2", "relu2"}
    (added,) = graph.frames.keys() - before.graph.frames.keys()
    (note,) = graph.notes.keys() - before.graph.notes.keys()
    assert framed.session.drawn == {added, note}
    assert graph.frames[added].title == "Stem"
    shift = (graph.nodes["conv2"].position[0] - 0, graph.nodes["conv2"].position[1] - 120)
    assert graph.frames[added].position == (-60 + shift[0], 60 + shift[1])
    framed.session.document.undo()
    assert framed.session.project == before


def test_cut_duplicate_and_nudge_work_on_frames_alone(qtbot: QtBot, framed: CanvasView) -> None:
    before = framed.session.project
    framed.session.select((), ["frame1"])
    qtbot.keyClick(framed, Qt.Key.Key_D, CONTROL)
    assert len(framed.session.project.graph.frames) == 3
    framed.session.document.undo()
    framed.session.select((), ["frame2"])
    for _step in range(3):
        qtbot.keyClick(framed, Qt.Key.Key_Right, CONTROL)
    assert frame_of(framed, "frame2").position == (20, 200)
    assert framed.session.project.graph.nodes["relu1"].position == (60, 240)
    framed.session.document.undo()
    assert framed.session.project == before
    qtbot.keyClick(framed, Qt.Key.Key_X, CONTROL)
    assert "frame2" not in framed.session.project.graph.frames
    qtbot.keyClick(framed, Qt.Key.Key_V, CONTROL)
    assert len(framed.session.project.graph.frames) == 2


def test_fit_puts_a_frame_closely_around_its_content(framed: CanvasView) -> None:
    framed.session.select((), ["frame2"])
    framed.drawn.fit()
    card, rect = framed.canvas.nodes["relu1"].scene_card(), rect_of(framed, "frame2")
    assert rect.contains(card)
    assert 15 <= card.left() - rect.left() <= 45
    assert 40 <= card.top() - rect.top() <= 75
    assert 15 <= rect.right() - card.right() <= 45
    framed.session.document.undo()
    assert frame_of(framed, "frame2").size == (300, 120)


def test_laying_out_keeps_frames_around_their_content(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    graph = framed_chain()
    view = make_canvas(graph)
    before = view.session.project
    view.session.select(())
    qtbot.keyClick(view, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: view.session.document.undo_label == "Lay out")
    rect = rect_of(view, "frame1")
    assert all(rect.contains(view.canvas.nodes[name].scene_card().center()) for name in ("conv1", "relu1"))
    assert not any(rect.contains(view.canvas.nodes[name].scene_card().center()) for name in ("image", "flatten1"))
    assert rect_of(view, "frame2").contains(view.canvas.nodes["relu1"].scene_card().center())
    view.session.document.undo()
    assert view.session.project == before


def test_laying_out_keeps_frames_apart(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    frames = {
        "frame1": Frame("frame1", "Upper", (-40, -60), (260, 250)),
        "frame2": Frame("frame2", "Lower", (-40, 200), (260, 240)),
    }
    view = make_canvas(replace(framed_chain(), frames=frames, notes={}))
    qtbot.keyClick(view, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: view.session.document.undo_label == "Lay out")
    upper, lower = rect_of(view, "frame1"), rect_of(view, "frame2")
    assert not upper.intersects(lower)
    cards = {name: item.scene_card() for name, item in view.canvas.nodes.items()}
    assert upper.contains(cards["image"])
    assert upper.contains(cards["conv1"])
    assert lower.contains(cards["relu1"])
    assert lower.contains(cards["flatten1"])


def test_grouping_takes_selected_frames_inside_and_ungrouping_brings_them_back(framed: CanvasView) -> None:
    before = framed.session.project
    framed.session.select(["conv1", "relu1"], ["frame1", "frame2"])
    framed.structure.group(framed.session.selection, "Stem")
    inside = framed.session.project.groups["Stem"].graph
    assert inside.frames.keys() == {"frame1", "frame2"}
    assert not framed.session.project.graph.frames
    assert not framed.canvas.drawn.frames
    (node,) = (name for name, each in framed.session.project.graph.nodes.items() if each.group)
    framed.session.select([node])
    framed.structure.ungroup()
    graph = framed.session.project.graph
    offset = graph.frames["frame1"].position[0] + 60, graph.frames["frame1"].position[1] - 60
    assert graph.nodes["conv1"].position == (offset[0], 120 + offset[1])
    framed.session.document.undo()
    framed.session.document.undo()
    assert framed.session.project == before


def test_frames_inside_a_group_are_edited_there(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    view = make_canvas(project=in_group(framed_chain()))
    before = view.session.project
    assert view.session.open_group("stem1")
    assert view.canvas.drawn.frames.keys() == {"frame1", "frame2"}
    view.set_zoom(1.0)
    view.navigator.centre(QPointF(80, 250))
    start = title_of(view, "frame1")
    Hand(qtbot, view).drag(start, start + QPointF(20, 20))
    inner = view.session.project.groups["Stem"].graph
    assert inner.frames["frame1"].position == (-40, 80)
    assert inner.nodes["conv1"].position == (20, 140)
    assert view.session.project.graph == before.graph
    assert rect_of(view, "frame1").topLeft() == QPointF(-40, 80)
    view.session.document.undo()
    assert view.session.project == before
    assert rect_of(view, "frame1").topLeft() == QPointF(-60, 60)
    view.session.leave_group()
    assert not view.canvas.drawn.frames


def test_frames_come_back_from_the_file(framed: CanvasView, tmp_path: Path) -> None:
    assert reloaded(framed.session.project, tmp_path).graph == framed.session.project.graph


def test_the_title_is_seen_at_every_zoom(framed: CanvasView) -> None:
    item = framed.canvas.drawn.frames["frame1"]
    for zoom in (2.0, 1.0, 0.5, 0.25, 0.1):
        framed.set_zoom(zoom)
        place = item.title_place(framed.zoom)
        assert place.height() * framed.zoom >= 17
        assert item.boundingRect().translated(item.scenePos()).contains(place)


def test_zoom_to_fit_shows_frames_and_notes(framed: CanvasView) -> None:
    framed.zoom_to_fit()
    shown = framed.mapToScene(framed.viewport().rect()).boundingRect()
    assert shown.contains(rect_of(framed, "frame1"))
    assert shown.contains(rect_of(framed, "note1"))
    framed.session.select((), ["note1"])
    framed.zoom_to_fit()
    shown = framed.mapToScene(framed.viewport().rect()).boundingRect()
    assert shown.contains(rect_of(framed, "note1"))
    assert not shown.contains(rect_of(framed, "frame1"))


def test_frames_lie_behind_wires_and_small_ones_before_large_ones(framed: CanvasView) -> None:
    drawn, scene = framed.canvas.drawn, framed.canvas
    assert drawn.frames["frame1"].zValue() < drawn.frames["frame2"].zValue()
    assert drawn.frames["frame2"].zValue() < min(wire.zValue() for wire in scene.wires.values())


def test_assistive_technology_hears_the_title(framed: CanvasView) -> None:
    framed.session.select((), ["frame1"])
    assert "Stem" in framed.accessibleDescription()
    assert frame_name(Frame("frame7")) == "frame7"


def test_the_outline_lists_frames_and_notes(qtbot: QtBot, framed: CanvasView) -> None:
    panel = OutlinePanel(framed.session, lambda: framed)
    qtbot.addWidget(panel)
    panel.show()
    rows = {row_of(item).title: item for item in panel.items() if row_of(item).drawn}
    assert rows.keys() == {"Stem", "Inner", "Why"}
    panel.setCurrentItem(rows["Inner"])
    assert framed.session.drawn == {"frame2"}
    assert not framed.session.selection
    framed.session.select((), ["note1"])
    assert [row_of(item).name for item in panel.selectedItems()] == ["note1"]
    framed.session.apply_here(RemoveDrawn(frozenset({"note1"})))
    qtbot.waitUntil(lambda: "note1" not in {row_of(item).name for item in panel.items()})


def test_a_frame_of_any_size_in_a_file_can_be_drawn(make_canvas: MakeCanvas) -> None:
    frames = {"frame1": Frame("frame1", "Odd", (-1e300, 5.0), (-4.0, 1e300))}
    view = make_canvas(Graph(frames=frames))
    view.zoom_to_fit()
    assert rect_of(view, "frame1").isValid()
    view.grab()


def test_the_thumbnail_shows_frames(qtbot: QtBot) -> None:
    size = QSize(200, 120)
    empty = graph_thumbnail(Project(), size, theme.LIGHT).toImage()
    only = Project(graph=Graph(frames={"frame1": Frame("frame1", "Stem", colour="red")}))
    assert graph_thumbnail(only, size, theme.LIGHT).toImage() != empty
