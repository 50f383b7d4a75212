"""What differs between two projects, reversed, chained and applied."""

from __future__ import annotations

from dataclasses import replace

from core.graph.change import Change, difference
from core.graph.edits import (
    AddCode,
    Describe,
    Disconnect,
    MoveNodes,
    RemoveNodes,
    Rename,
    SetGroupParameters,
    SetLabel,
    SetParameters,
    Within,
)
from core.graph.project import GroupParameter, Project
from tests.graph.building import chain, end, stack


def test_equal_projects_differ_in_nothing() -> None:
    assert not difference(chain(), chain())


def test_a_difference_names_old_and_new_of_nodes_links_and_parts() -> None:
    old = chain()
    new = Describe("other", "").apply(RemoveNodes(frozenset({"relu1"})).apply(old))
    change = difference(old, new)
    assert change.nodes == {"relu1": (old.graph.nodes["relu1"], None)}
    assert change.links == {
        end("relu1.input"): (end("linear1.output"), None),
        end("output1.input"): (end("relu1.output"), None),
    }
    assert change.parts == {"name": ("chain", "other")}


def test_applying_a_difference_gives_the_new_project_and_its_reverse_the_old() -> None:
    old = chain()
    new = Rename("relu1", "act1").apply(SetParameters({"linear1": {"out_features": 3}}).apply(old))
    change = difference(old, new)
    assert change.apply(old) == new
    assert change.reversed().apply(new) == old


def test_a_change_and_a_later_one_make_one_and_cancel_where_they_undo_each_other() -> None:
    first = chain()
    second = Rename("relu1", "act1").apply(first)
    third = SetLabel("act1", "nonlinearity").apply(second)
    both = difference(first, second).then(difference(second, third))
    assert both.apply(first) == third
    assert not difference(first, second).then(difference(second, first))


def test_only_moves_and_labels_count_as_positions() -> None:
    old = chain()
    moved = SetLabel("relu1", "here").apply(MoveNodes({"relu1": (5.0, 5.0)}).apply(old))
    assert difference(old, moved).only_positions
    assert not difference(old, SetParameters({"linear1": {"bias": False}}).apply(old)).only_positions
    assert not difference(old, RemoveNodes(frozenset({"relu1"})).apply(old)).only_positions
    assert not difference(old, replace(old, notes="x")).only_positions


def test_moves_inside_groups_count_as_positions_and_nothing_else_there_does() -> None:
    old = stack()
    moved = Within("Block", MoveNodes({"act1": (5.0, 5.0)})).apply(MoveNodes({"block1": (1.0, 1.0)}).apply(old))
    assert difference(old, moved).only_positions
    for edit in (
        Within("Block", SetParameters({"linear1": {"bias": False}})),
        Within("Block", Disconnect(frozenset({end("act1.input")}))),
        Within("Block", RemoveNodes(frozenset({"act1"}))),
        SetGroupParameters("Block", (GroupParameter("width", 5),)),
        AddCode("Mine", "x"),
    ):
        assert not difference(old, edit.apply(old)).only_positions
    assert difference(old, moved).reversed().apply(moved) == old


def test_an_empty_change_is_false() -> None:
    assert not Change()
    assert Change(parts={"name": ("a", "b")})
    assert Change().apply(Project()) == Project()
