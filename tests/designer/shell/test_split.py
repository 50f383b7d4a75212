"""Several views of one project: each has its own group and zoom, the panels follow the one that is worked on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QSplitter, QToolButton
from pytestqt.qtbot import QtBot

from core.graph.edits import GroupNodes, RemoveNodes, Rename
from core.graph.project import Project
from designer.canvas.view import CanvasView
from designer.panes import Pane
from designer.window import Window
from designer.workspace import Workspace
from tests.designer.shell.conftest import iris

Open = Callable[[Project], Window]


@pytest.fixture
def workspace(open_project: Open) -> Workspace:
    """Flowers, with its hidden layer in a group."""
    window = open_project(iris())
    assert window.workspace is not None
    assert window.workspace.session.apply(GroupNodes(frozenset({"hidden"}), "Hidden", "stage"))
    return window.workspace


def node_of(workspace: Workspace) -> str:
    """Return the node that uses the group."""
    return next(node.name for node in workspace.session.project.graph.nodes.values() if node.group)


def split(workspace: Workspace, window: Window, command: str = "split_right") -> tuple[Pane, Pane]:
    window.actions_by_id[command].trigger()
    first, second = workspace.panes.panes[0], workspace.panes.panes[-1]
    return first, second


def window_of(workspace: Workspace) -> Window:
    window = workspace.window()
    assert isinstance(window, Window)
    return window


def test_the_key_splits_to_the_right_and_the_new_view_is_worked_on(workspace: Workspace, qtbot: QtBot) -> None:
    window = window_of(workspace)
    window.activateWindow()
    workspace.canvas.setFocus()
    qtbot.keyClick(workspace.canvas, Qt.Key.Key_Backslash, Qt.KeyboardModifier.ControlModifier)
    first, second = workspace.panes.panes
    assert workspace.panes.current is second
    assert first.mapTo(window, first.rect().topLeft()).x() < second.mapTo(window, second.rect().topLeft()).x()
    assert abs(first.width() - second.width()) <= 8


def test_both_views_show_what_the_one_showed(workspace: Workspace, qtbot: QtBot) -> None:
    canvas = workspace.canvas
    canvas.set_zoom(0.9)
    before = canvas.mapToScene(canvas.viewport().rect().center())
    for pane in split(workspace, window_of(workspace)):
        view = pane.canvas

        def off(view: CanvasView = view) -> float:
            return (view.mapToScene(view.viewport().rect().center()) - before).manhattanLength()

        qtbot.waitUntil(lambda off=off: off() < 5)
        assert view.zoom == pytest.approx(0.9)


def test_split_below_puts_it_below_and_both_ways_nest(workspace: Workspace) -> None:
    window = window_of(workspace)
    first, second = split(workspace, window)
    workspace.panes.activate(first)
    _same, third = split(workspace, window, "split_below")
    assert first.mapTo(window, first.rect().topLeft()).y() < third.mapTo(window, third.rect().topLeft()).y()
    assert third.mapTo(window, third.rect().topLeft()).x() < second.mapTo(window, second.rect().topLeft()).x()


def test_each_view_has_its_own_group_and_zoom(workspace: Workspace) -> None:
    first, second = split(workspace, window_of(workspace))
    name = node_of(workspace)
    assert second.session.open_group(name)
    second.canvas.set_zoom(2.0)
    assert (first.session.path, second.session.path) == ((), (name,))
    assert set(second.canvas.canvas.nodes) != set(first.canvas.canvas.nodes)
    assert name in first.canvas.canvas.nodes
    assert first.canvas.zoom != second.canvas.zoom


def test_the_panels_follow_the_view_that_is_worked_on(workspace: Workspace, qtbot: QtBot) -> None:
    window = window_of(workspace)
    window.activateWindow()
    first, second = split(workspace, window)
    name = node_of(workspace)
    second.session.open_group(name)
    second.session.select(["hidden"])
    assert workspace.session.path == (name,)
    assert workspace.session.selection == frozenset({"hidden"})
    assert workspace.canvas is second.canvas
    qtbot.mouseClick(first.canvas.viewport(), Qt.MouseButton.LeftButton, pos=first.canvas.rect().bottomLeft() / 2)
    assert workspace.canvas is first.canvas
    assert workspace.session.path == ()
    first.session.select([name])
    assert workspace.session.selection == frozenset({name})
    assert second.session.selection == frozenset({"hidden"})


def test_an_edit_in_one_view_is_seen_in_the_other_and_is_one_step(workspace: Workspace) -> None:
    first, second = split(workspace, window_of(workspace))
    before = workspace.session.project
    assert second.session.apply_here(RemoveNodes(frozenset({"logits"})))
    assert "logits" not in first.canvas.canvas.nodes
    assert "logits" not in second.canvas.canvas.nodes
    workspace.session.document.undo()
    assert workspace.session.project == before
    assert "logits" in first.canvas.canvas.nodes


def test_views_of_one_graph_share_the_selection_and_a_new_name_keeps_it(workspace: Workspace) -> None:
    first, second = split(workspace, window_of(workspace))
    first.session.select(["logits"])
    assert second.session.selection == frozenset({"logits"})
    assert workspace.session.apply(Rename("logits", "scores"))
    for session in (first.session, second.session, workspace.session):
        assert session.selection == frozenset({"scores"})


def test_a_view_whose_group_is_gone_shows_the_network(workspace: Workspace) -> None:
    first, second = split(workspace, window_of(workspace))
    name = node_of(workspace)
    second.session.open_group(name)
    assert first.session.apply_here(RemoveNodes(frozenset({name})))
    assert second.session.path == ()
    assert set(second.canvas.canvas.nodes) == set(workspace.session.project.graph.nodes)
    workspace.session.document.undo()
    assert name in second.canvas.canvas.nodes


def test_a_problem_is_revealed_in_the_current_view_only(workspace: Workspace) -> None:
    first, second = split(workspace, window_of(workspace))
    name = node_of(workspace)
    workspace.session.reveal("hidden", (name,))
    assert second.session.path == (name,)
    assert first.session.path == ()


def test_closing_a_view_gives_its_room_back(workspace: Workspace) -> None:
    window = window_of(workspace)
    whole = workspace.canvas.width()
    first, second = split(workspace, window)
    window.actions_by_id["close_view"].trigger()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert workspace.panes.panes == (first,)
    assert workspace.panes.current is first
    assert workspace.session.place is first.session.place
    assert first.canvas.width() == whole
    assert not window.actions_by_id["close_view"].isEnabled()
    assert second not in workspace.panes.findChildren(Pane)


def test_the_cross_closes_its_own_view_and_empty_splitters_go(workspace: Workspace, qtbot: QtBot) -> None:
    window = window_of(workspace)
    first, second = split(workspace, window)
    _first, third = split(workspace, window, "split_below")
    for pane in (second, third):
        cross = pane.findChild(QToolButton, "close_pane")
        assert isinstance(cross, QToolButton)
        qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert workspace.panes.panes == (first,)
    assert len(workspace.panes.findChildren(QSplitter)) == 1


def test_keys_go_from_view_to_view(workspace: Workspace) -> None:
    window = window_of(workspace)
    first, second = split(workspace, window)
    window.actions_by_id["next_view"].trigger()
    assert workspace.panes.current is first
    window.actions_by_id["next_view"].trigger()
    assert workspace.panes.current is second


def test_without_room_it_is_said_and_nothing_is_split(workspace: Workspace, qtbot: QtBot) -> None:
    said: list[str] = []
    workspace.session.refused.connect(said.append)
    for _ in range(6):
        window_of(workspace).actions_by_id["split_right"].trigger()
    assert said
    assert all(pane.width() >= 100 for pane in workspace.panes.panes)


def test_commands_of_the_canvas_act_on_the_current_view(workspace: Workspace) -> None:
    window = window_of(workspace)
    first, second = split(workspace, window)
    name = node_of(workspace)
    second.session.open_group(name)
    window.actions_by_id["leave_group"].trigger()
    assert second.session.path == ()
    window.actions_by_id["heat_parameters"].trigger()
    assert [pane.heat.measure for pane in (first, second) if pane.heat is not None] == ["parameters", "parameters"]
