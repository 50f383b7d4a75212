"""Laying out a large network beside the work: told, stopped by Esc, dropped where the network changed meanwhile."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from core.graph.edits import SetLabel
from core.graph.project import End, Frame, Graph, Node, Project
from designer.canvas.laying_out import AT_ONCE
from designer.canvas.view import CanvasView
from tests.designer.canvas.conftest import MakeCanvas
from tests.designer.canvas.drawing import in_group

_COLUMNS = 12


def _large(count: int = AT_ONCE + 20) -> Graph:
    """Return columns of activations that all stand in one place, each linked to the next column too."""
    nodes, links = {}, {}
    for number in range(count):
        name = f"n{number}"
        nodes[name] = Node(name, "Add", position=(40.0, 40.0))
        for slot, before in enumerate(each for each in (number - _COLUMNS, number - _COLUMNS - 1) if each >= 0):
            links[End(name, f"inputs.{slot}")] = End(f"n{before}", "output")
    return Graph(nodes, links, {"frame1": Frame("frame1", "All", (0.0, 0.0), (400.0, 200.0))})


def _places(view: CanvasView) -> set[tuple[float, float]]:
    return {node.position for node in view.session.view.graph.nodes.values()}


def _wait_for_the_thread(qtbot: QtBot) -> None:
    qtbot.waitUntil(
        lambda: not any(each.name == "layerwright-layout" for each in threading.enumerate()), timeout=60_000
    )


@pytest.mark.parametrize("inside", [False, True])
def test_a_large_network_is_laid_out_in_one_step(make_canvas: MakeCanvas, qtbot: QtBot, inside: bool) -> None:
    view = make_canvas(project=in_group(_large()) if inside else Project(graph=_large()))
    session, said = view.session, list[str]()
    if inside:
        session.open_group("stem1")
    session.working.connect(said.append)
    before = session.project
    view.layout()
    assert view.laying_out.busy
    assert session.project is before
    if inside:
        session.leave_group()
    qtbot.waitUntil(lambda: not view.laying_out.busy, timeout=60_000)
    if inside:
        session.open_group("stem1")
    assert len(_places(view)) == AT_ONCE + 20
    assert session.view.graph.frames["frame1"].size[1] > 1000
    assert session.document.undo_label == "Lay out"
    assert said[0] == "Laying out… 0 %  (Esc stops it)"
    assert len(said) > 3
    assert said[-1] == ""
    session.document.undo()
    assert session.project == before
    assert session.document.undo_label is None


def test_escape_stops_it_and_everything_stays(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(_large())
    before, said = view.session.project, list[str]()
    view.session.select(["n3"])
    view.layout()
    view.session.working.connect(said.append)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.laying_out.busy
    assert said == [""]
    assert view.session.selection == {"n3"}
    _wait_for_the_thread(qtbot)
    qtbot.wait(1)
    assert view.session.project is before
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.session.selection == frozenset()


def test_a_change_meanwhile_drops_it_and_says_so(make_canvas: MakeCanvas, qtbot: QtBot) -> None:
    view = make_canvas(_large())
    told = list[str]()
    view.session.told.connect(told.append)
    view.layout()
    view.session.apply_here(SetLabel("n0", "first"))
    assert not view.laying_out.busy
    assert told == ["The network was changed, so its layout was stopped. Lay it out again."]
    _wait_for_the_thread(qtbot)
    qtbot.wait(1)
    assert _places(view) == {(40.0, 40.0)}
    assert view.session.view.graph.nodes["n0"].label == "first"


def test_a_selection_of_a_large_network_is_laid_out_at_once(make_canvas: MakeCanvas) -> None:
    view = make_canvas(_large())
    view.session.select(["n0", "n12", "n24"])
    view.layout()
    assert not view.laying_out.busy
    assert len(_places(view)) == 3
