"""Live pictures on nodes: pinned by key and menu, painted by the node itself, kept per user; signs and colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from core.graph.edits import MoveNodes, Rename, SetTraining
from designer import theme
from designer.canvas import wording
from designer.canvas.node_item import NodeItem
from designer.canvas.snapshot import HEIGHT, WIDTH
from designer.canvas.style import BLOCKS_BELOW
from designer.canvas.view import CanvasView
from designer.inside.figures import ON_NODES, PREFIX
from designer.inside.on_canvas import InsideOnCanvas
from designer.settings import Settings
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.inside.conftest import WAIT, Open, digits, images, train, trained, workspace_of
from tests.designer.inside.test_panel import nested
from tests.designer.shell.conftest import hands, open_project, settings, window

__all__ = ["digits", "hands", "open_project", "settings", "trained", "window"]


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    theme.switch.apply(qapp, request.param)
    yield request.param
    theme.switch.apply(qapp, "light")


@pytest.fixture
def workspace(open_project: Open) -> Workspace:
    return workspace_of(open_project(images()))


def pin(qtbot: QtBot, workspace: Workspace, *names: str) -> None:
    """Select nodes and press Shift+V."""
    view = workspace.canvas
    view.session.select(names)
    view.setFocus()
    pins = workspace.watcher.pins
    before = pins.places
    qtbot.keyClick(view, Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: pins.places != before, timeout=WAIT)


def item(workspace: Workspace, name: str) -> NodeItem:
    return workspace.canvas.canvas.nodes[name]


def picture_of(view: CanvasView, node: NodeItem, zoom: float = 1.0) -> QImage:
    """Return what is on the screen in the place of a node's picture."""
    view.navigator.zoom_to(zoom)
    view.navigator.centre(node.scenePos() + QPointF(node.face.width, 40))
    place = node.snapshot_place(left=node.look.on_left).translated(node.scenePos())
    pixels = view.mapFromScene(place).boundingRect().adjusted(4, 4, -4, -4)
    return view.viewport().grab(pixels).toImage()


def colours(image: QImage) -> set[int]:
    return {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}


def test_a_pin_reserves_the_room_and_moves_nothing(qtbot: QtBot, workspace: Workspace) -> None:
    node = item(workspace, "conv1")
    before, project = (node.card(), [port.centre for port in node.face.ports]), workspace.session.project
    bounds = node.boundingRect()
    pin(qtbot, workspace, "conv1")
    assert node.look.snapshot is not None
    assert node.look.snapshot.words == "Appears while training"
    assert (node.card(), [port.centre for port in node.face.ports]) == before
    assert node.boundingRect().width() >= bounds.width() + WIDTH - 20
    assert node.boundingRect().contains(node.snapshot_place(left=False))
    assert node.childItems() == []
    assert workspace.session.project is project
    assert not workspace.session.document.is_modified
    pin(qtbot, workspace, "conv1")
    assert node.look.snapshot is None
    assert node.boundingRect() == bounds


def test_menu_and_command_pin_too(qtbot: QtBot, workspace: Workspace) -> None:
    view = workspace.canvas
    view.session.select(["relu1"])
    view.navigator.centre(item(workspace, "relu1").scene_card().center())
    menu = view.menu_at(view.mapFromScene(item(workspace, "relu1").scene_card().center()))
    assert isinstance(menu, QMenu)
    (action,) = [each for each in menu.actions() if each.text().startswith("Show a live picture")]
    action.trigger()
    menu.close()
    assert workspace.watcher.pins.places == (("relu1",),)
    window = workspace.window()
    assert isinstance(window, Window)
    window.actions_by_id["pin"].trigger()
    assert workspace.watcher.pins.places == ()


def test_the_sample_and_the_answer_are_no_layers(workspace: Workspace) -> None:
    told: list[str] = []
    workspace.session.refused.connect(told.append)
    workspace.canvas.session.select(["image", "digit"])
    workspace.canvas.pin_selected()
    assert len(told) == 1
    assert workspace.watcher.pins.places == ()


def test_at_most_a_dozen_are_pinned(workspace: Workspace) -> None:
    told: list[str] = []
    workspace.session.refused.connect(told.append)
    graph = workspace.session.project.graph
    names = [name for name in graph.nodes if name not in ("image", "digit")]
    workspace.canvas.session.select(names)
    workspace.canvas.pin_selected()
    assert len(workspace.watcher.pins.places) == len(names) == 4
    workspace.watcher.toggle_pins(tuple((f"gone{number}",) for number in range(20)))
    assert told == []  # what does not exist costs nothing
    assert len(workspace.watcher.pins.existing()) == 4


def test_pictures_appear_while_training_and_the_last_stays(qtbot: QtBot, workspace: Workspace, themed: str) -> None:
    session = workspace.session
    assert session.apply(SetTraining(replace(session.project.training, epochs=100_000)))
    qtbot.waitUntil(lambda: session.report_is_current, timeout=WAIT)
    pin(qtbot, workspace, "conv1", "logits")
    empty = colours(picture_of(workspace.canvas, item(workspace, "conv1")))
    assert workspace.runner.start()
    qtbot.waitUntil(
        lambda: all(item(workspace, each).look.snapshot.image for each in ("conv1", "logits")),  # type: ignore[union-attr]
        timeout=WAIT,
    )
    first = item(workspace, "conv1").look.snapshot
    qtbot.waitUntil(lambda: item(workspace, "conv1").look.snapshot is not first, timeout=WAIT)
    workspace.runner.pause()
    qtbot.waitUntil(lambda: workspace.runner.state == "paused", timeout=WAIT)
    shown = picture_of(workspace.canvas, item(workspace, "conv1"))
    assert len(colours(shown)) > len(empty) + 10
    workspace.runner.stop()
    qtbot.waitUntil(lambda: workspace.runner.state == "finished", timeout=WAIT)
    assert item(workspace, "conv1").look.snapshot.image is not None  # type: ignore[union-attr]
    assert len(colours(picture_of(workspace.canvas, item(workspace, "conv1"), BLOCKS_BELOW * 1.1))) > 5
    plain = picture_of(workspace.canvas, item(workspace, "conv1"), BLOCKS_BELOW / 2)
    assert len(colours(plain)) < 5


def test_pinned_after_the_run_a_picture_is_made_of_its_weights(qtbot: QtBot, workspace: Workspace) -> None:
    train(qtbot, workspace_window(workspace))
    pin(qtbot, workspace, "flatten1")
    qtbot.waitUntil(lambda: item(workspace, "flatten1").look.snapshot.image is not None, timeout=WAIT)  # type: ignore[union-attr]
    image = item(workspace, "flatten1").look.snapshot.image  # type: ignore[union-attr]
    assert image is not None
    assert image.width() * image.height() >= 4 * 6 * 6


def workspace_window(workspace: Workspace) -> Window:
    window = workspace.window()
    assert isinstance(window, Window)
    return window


def test_where_a_node_stands_on_the_right_the_picture_is_on_the_left(qtbot: QtBot, workspace: Workspace) -> None:
    pin(qtbot, workspace, "conv1")
    node = item(workspace, "conv1")
    assert not node.look.on_left
    x, y = node.pos().x(), node.pos().y()
    assert workspace.session.apply(MoveNodes({"relu1": (x + node.face.width + 30, y)}))
    assert node.look.on_left
    assert node.boundingRect().contains(node.snapshot_place(left=True))
    workspace.session.document.undo()
    assert not node.look.on_left


def test_pictures_of_neighbours_do_not_lie_on_one_another() -> None:
    assert HEIGHT < 80  # the distance of nodes that are laid out below one another


def test_pins_are_the_users_and_come_back_with_the_file(
    qtbot: QtBot, open_project: Open, settings: Settings, tmp_path: Path
) -> None:
    window = open_project(images())
    workspace = workspace_of(window)
    before = (tmp_path / "project.layerwright").read_bytes()
    pin(qtbot, workspace, "conv1")
    assert (tmp_path / "project.layerwright").read_bytes() == before
    assert settings.pins(str(workspace.session.document.path)) == ("conv1",)
    workspace.runner.close()
    assert window.projects.close(workspace)
    assert window.open_path(tmp_path / "project.layerwright")
    again = workspace_of(window)
    assert again is not workspace
    assert again.watcher.pins.places == (("conv1",),)
    assert item(again, "conv1").look.snapshot is not None


def test_a_pin_follows_a_new_name_and_waits_for_an_undone_deletion(qtbot: QtBot, workspace: Workspace) -> None:
    pin(qtbot, workspace, "conv1")
    session = workspace.session
    assert session.apply(Rename("conv1", "stem"))
    assert workspace.watcher.pins.places == (("stem",),)
    assert item(workspace, "stem").look.snapshot is not None
    workspace.canvas.session.select(["stem"])
    workspace.canvas.delete()
    assert workspace.watcher.pins.existing() == ()
    session.document.undo()
    assert item(workspace, "stem").look.snapshot is not None


def test_inside_a_group_the_first_repetition_is_shown(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(nested())
    workspace = workspace_of(window)
    workspace.canvas.session.open_group("block")
    pin(qtbot, workspace, "inner1")
    assert workspace.watcher.pins.places == (("block", "inner1"),)
    train(qtbot, window)
    qtbot.waitUntil(lambda: item(workspace, "inner1").look.snapshot.image is not None, timeout=WAIT)  # type: ignore[union-attr]
    assert ("block/0/inner1", "map") in workspace.watcher.record.pictures
    workspace.canvas.session.leave_group()
    assert item(workspace, "block").look.snapshot is None


def test_every_view_of_the_project_shows_the_pins(qtbot: QtBot, workspace: Workspace) -> None:
    pin(qtbot, workspace, "conv1")
    pane = workspace.panes.split(Qt.Orientation.Horizontal)
    assert pane is not None
    assert pane.canvas.canvas.nodes["conv1"].look.snapshot is not None
    assert pane.canvas.findChild(InsideOnCanvas) is not None
    pin(qtbot, workspace, "conv1")
    assert all(view.canvas.nodes["conv1"].look.snapshot is None for view in workspace.canvases)


def test_what_looks_wrong_has_a_sign_and_words(qtbot: QtBot, open_project: Open) -> None:
    window = open_project(nested())
    workspace = train(qtbot, window)
    qtbot.waitUntil(lambda: any(each.look.finding for each in workspace.canvas.canvas.nodes.values()), timeout=WAIT)
    wrong = {each.node.partition("/")[0] for each in workspace.watcher.findings()}
    nodes = workspace.canvas.canvas.nodes
    assert {name for name, each in nodes.items() if each.look.finding} == wrong
    name = min(wrong)
    text = next(each.text for each in workspace.watcher.findings() if each.node.partition("/")[0] == name)
    assert text[:20] in wording.node_tooltip(workspace.canvas.canvas, name).replace("&#x27;", "'")
    assert text in wording.spoken(workspace.canvas.canvas, [name])
    assert text not in "".join(problem.message for problem in workspace.session.report.problems)  # type: ignore[union-attr]
    assert workspace.session.open_group("block")
    inside = {each.node.split("/")[-1] for each in workspace.watcher.findings() if each.node.startswith("block/")}
    assert {each for each, one in workspace.canvas.canvas.nodes.items() if one.look.finding} == inside


def test_nodes_are_coloured_by_a_figure_of_their_layers(qtbot: QtBot, workspace: Workspace) -> None:
    window = workspace_window(workspace)
    window.actions_by_id[f"heat_{PREFIX}gradient_norm"].trigger()
    assert "not known" in workspace.heat.legend.most
    train(qtbot, window)
    qtbot.waitUntil(lambda: item(workspace, "logits").look.heat is not None, timeout=WAIT)
    figures = {
        name: each["gradient_norm"]
        for name, each in workspace.watcher.record.figures.items()
        if "gradient_norm" in each
    }
    qtbot.waitUntil(lambda: item(workspace, max(figures, key=figures.__getitem__)).look.heat == 1.0, timeout=WAIT)
    assert item(workspace, "relu1").look.heat is None
    assert workspace.heat.legend.title == "Gradient"
    assert workspace.heat.legend.whole == ""
    for key in ON_NODES:
        window.actions_by_id[f"heat_{PREFIX}{key}"].trigger()
        assert window.actions_by_id[f"heat_{PREFIX}{key}"].isChecked()
    assert item(workspace, "relu1").look.figure
    window.actions_by_id["heat_off"].trigger()
    assert item(workspace, "logits").look.heat is None
