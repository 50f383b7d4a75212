"""Frames, notes, the course of wires, colours and bookmarks: edited, undone, saved, and never part of the network."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.errors import EditError, ProjectError
from core.graph.document import Document
from core.graph.edits import (
    Disconnect,
    Edit,
    GroupNodes,
    RemoveDrawn,
    RemoveNodes,
    Rename,
    SetBookmark,
    SetCollapsed,
    SetColour,
    SetFrames,
    SetNotes,
    SetRoute,
    Within,
)
from core.graph.files import project_from_text, project_to_text
from core.graph.project import Bookmark, End, Frame, Graph, Node, Note, Project

_NODES = (Node("x", "Input", {"shape": (4,)}), Node("fc", "Linear"), Node("y", "Output"))
_LINKS = {End("fc", "input"): End("x", "output"), End("y", "input"): End("fc", "output")}
_INTO_FC = End("fc", "input")
_FRAME = Frame("frame1", "Encoder", (0.0, 10.0), (200.0, 100.0), "blue")
_NOTE = Note("note1", "# Why\n\nBecause.", (300.0, 0.0))
_DRAWING: tuple[Edit, ...] = (
    SetFrames((_FRAME,)),
    SetNotes((_NOTE,)),
    SetRoute(_INTO_FC, ((10.0, 20.0), (30.5, 40.0))),
    SetColour(frozenset({"fc"}), "red"),
    SetCollapsed(frozenset({"fc"}), True),
    SetBookmark("3", Bookmark(("block",), (1.0, 2.0), 0.5)),
)


def _document() -> Document:
    return Document(Project(graph=Graph({node.name: node for node in _NODES}, dict(_LINKS))))


def _drawn() -> Document:
    document = _document()
    for edit in _DRAWING:
        document.apply(edit)
    return document


@pytest.mark.parametrize("edit", _DRAWING, ids=lambda edit: type(edit).__name__)
def test_drawing_is_undone_and_leaves_shapes_alone(edit: Edit) -> None:
    document = _document()
    before = document.project
    assert document.apply(edit).only_positions
    after = document.project
    assert after != before
    document.undo()
    assert document.project == before
    document.redo()
    assert document.project == after


def test_drawing_survives_saving() -> None:
    project = _drawn().project
    text = project_to_text(project)
    assert project_from_text(text, "test") == project
    assert project_to_text(project_from_text(text, "test")) == text


def test_a_project_without_drawing_has_no_word_of_it_in_its_file() -> None:
    text = project_to_text(_document().project)
    assert not {"frames", "annotations", "route", "bookmarks", "colour", "collapsed"} & set(text.split('"'))


def test_what_a_newer_version_says_of_a_frame_is_kept() -> None:
    text = project_to_text(_drawn().project).replace('"title": "Encoder"', '"title": "Encoder", "shadow": 3')
    assert '"shadow": 3' in project_to_text(project_from_text(text, "test"))


def test_the_course_of_a_wire_follows_its_node_and_goes_with_its_link() -> None:
    document = _drawn()
    document.apply(Rename("fc", "dense"))
    assert list(document.project.graph.routes) == [End("dense", "input")]
    document.apply(Disconnect(frozenset({End("dense", "input")})))
    assert document.project.graph.routes == {}
    document.undo()
    assert list(document.project.graph.routes) == [End("dense", "input")]


@pytest.mark.parametrize("edit", [RemoveNodes(frozenset({"fc"})), GroupNodes(frozenset({"fc"}), "Block", "block")])
def test_frames_and_notes_stay_when_nodes_go(edit: Edit) -> None:
    document = _drawn()
    document.apply(edit)
    assert document.project.graph.frames == {"frame1": _FRAME}
    assert document.project.graph.notes == {"note1": _NOTE}
    assert document.project.graph.routes == {}


def test_frames_and_notes_are_removed_by_name() -> None:
    document = _drawn()
    document.apply(RemoveDrawn(frozenset({"frame1", "note1"})))
    assert not document.project.graph.frames
    assert not document.project.graph.notes
    with pytest.raises(EditError, match="frame9"):
        document.apply(RemoveDrawn(frozenset({"frame9"})))


def test_the_inside_of_a_group_has_drawings_of_its_own() -> None:
    document = _document()
    document.apply(GroupNodes(frozenset({"fc"}), "Block", "block"))
    change = document.apply(Within("Block", SetFrames((_FRAME,))))
    assert change.only_positions
    assert document.project.groups["Block"].graph.frames == {"frame1": _FRAME}
    assert document.project.graph.frames == {}
    assert project_from_text(project_to_text(document.project), "test") == document.project


def test_a_wire_that_does_not_exist_has_no_course() -> None:
    with pytest.raises(EditError, match=r"fc\.bias"):
        _document().apply(SetRoute(replace(_INTO_FC, port="bias"), ((1.0, 1.0),)))


@pytest.mark.parametrize("digit", ["0", "10", "a", ""])
def test_bookmarks_are_kept_under_the_digits_from_1_to_9(digit: str) -> None:
    with pytest.raises(EditError, match="1 to 9"):
        _document().apply(SetBookmark(digit, Bookmark()))


def test_a_frame_and_a_note_never_get_one_name() -> None:
    document = _drawn()
    before = document.project
    with pytest.raises(EditError, match="already a note named 'note1': the frame needs another name"):
        document.apply(SetFrames((replace(_FRAME, name="note1"),)))
    with pytest.raises(EditError, match="already a frame named 'frame1': the note needs another name"):
        document.apply(SetNotes((replace(_NOTE, name="frame1"),)))
    assert document.project is before


def test_a_file_with_one_name_for_two_of_them_is_refused_and_says_where() -> None:
    content = json.loads(project_to_text(_drawn().project))
    graph = content["graph"]
    graph["annotations"] += [{**graph["annotations"][0], "name": "frame1"}, graph["annotations"][0]]
    graph["frames"].append(graph["frames"][0])
    with pytest.raises(ProjectError) as caught:
        project_from_text(json.dumps(content), "drawn")
    assert caught.value.problems == (
        "graph.frames[1].name: graph.frames[0] is named 'frame1' already. Give each frame and note its own name.",
        "graph.annotations[1].name: graph.frames[0] is named 'frame1' already. Give each frame and note its own name.",
        "graph.annotations[2].name: graph.annotations[0] is named 'note1' already. Give each frame and note its own "
        "name.",
    )
