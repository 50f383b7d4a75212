"""Nodes that are switched off, repeated, or share a layer."""

from __future__ import annotations

import pytest

from core.errors import EditError
from core.graph.edits import AddNodes, RemoveNodes, Rename, SetKind, SetMode, SetParameters, SetRepeat, ShareLayer
from core.graph.project import Graph, Node, Project
from tests.graph.building import chain, end, graph, stack


def _shared() -> Project:
    """Three linear layers in a row: the second and third are calls of the first."""
    made = graph(
        "in1:Input a1:Linear b1:Linear c1:Linear",
        "in1.output>a1.input a1.output>b1.input b1.output>c1.input",
    )
    nodes = {**made.nodes, "a1": Node("a1", "Linear", {"out_features": 5})}
    project = Project(graph=Graph(nodes, made.links))
    return ShareLayer("c1", "b1").apply(ShareLayer("b1", "a1").apply(project))


def test_sharing_goes_to_the_one_who_owns_the_layer() -> None:
    nodes = _shared().graph.nodes
    assert [nodes[name].shares for name in ("a1", "b1", "c1")] == ["", "a1", "a1"]


def test_an_owner_that_shares_another_takes_those_along_that_shared_it() -> None:
    project = AddNodes((Node("d1", "Linear", {"out_features": 9}),)).apply(_shared())
    nodes = ShareLayer("a1", "d1").apply(project).graph.nodes
    assert [nodes[name].shares for name in ("a1", "b1", "c1", "d1")] == ["d1", "d1", "d1", ""]
    assert nodes["a1"].params == {}


def test_own_weights_start_with_the_parameters_of_the_shared_layer() -> None:
    after = ShareLayer("b1", "").apply(_shared()).graph.nodes
    assert (after["b1"].shares, after["b1"].params) == ("", {"out_features": 5})
    assert after["c1"].shares == "a1"


def test_a_parameter_of_one_call_is_the_parameter_of_the_layer() -> None:
    after = SetParameters({"b1": {"bias": False}}).apply(_shared()).graph.nodes
    assert after["a1"].params == {"out_features": 5, "bias": False}
    assert after["b1"].params == {}


def test_where_the_owner_goes_the_first_that_shared_its_layer_owns_it() -> None:
    after = RemoveNodes(frozenset({"a1"})).apply(_shared()).graph.nodes
    assert (after["b1"].shares, after["b1"].params) == ("", {"out_features": 5})
    assert after["c1"].shares == "b1"
    assert RemoveNodes(frozenset({"a1", "b1"})).apply(_shared()).graph.nodes["c1"].params == {"out_features": 5}


def test_renaming_the_owner_renames_it_where_it_is_shared() -> None:
    assert Rename("a1", "first").apply(_shared()).graph.nodes["c1"].shares == "first"


def test_a_new_kind_of_the_owner_is_the_kind_of_all_calls_and_one_of_a_call_ends_the_sharing() -> None:
    after = SetKind("a1", "LSTM").apply(_shared()).graph.nodes
    assert [after[name].kind for name in ("a1", "b1", "c1")] == ["LSTM"] * 3
    after = SetKind("b1", "LSTM").apply(_shared()).graph.nodes
    assert (after["b1"].kind, after["b1"].shares, after["a1"].kind) == ("LSTM", "", "Linear")


def test_modes_are_set_and_taken_back() -> None:
    off = SetMode(frozenset({"linear1", "relu1"}), "mute").apply(chain())
    assert off.graph.nodes["relu1"].mode == "mute"
    assert SetMode(frozenset({"linear1", "relu1"}), "").apply(off) == chain()
    assert SetMode(frozenset({"relu1"}), "bypass").label == "Bypass relu1"


def test_a_group_is_repeated_and_a_call_of_it_repeats_with_it() -> None:
    project = SetRepeat("block1", "2*depth", tied=True).apply(stack())
    assert (project.graph.nodes["block1"].repeat, project.graph.nodes["block1"].tied) == ("2*depth", True)
    project = SetRepeat("block2", 3).apply(ShareLayer("block2", "block1").apply(project))
    assert (project.graph.nodes["block1"].repeat, project.graph.nodes["block2"].repeat) == (3, 1)
    assert ShareLayer("block2", "").apply(project).graph.nodes["block2"].repeat == 3


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (ShareLayer("a1", "c1"), "its own layer"),
        (ShareLayer("b1", "x1"), "no node 'x1'"),
        (ShareLayer("relu1", "a1"), "of kind ReLU"),
        (ShareLayer("add1", "add2"), "Add has no weights to share"),
        (AddNodes((Node("n1", "Linear", shares="d1"),)), "there is no such node"),
        (AddNodes((Node("n1", "Linear", shares="b1"),)), "which is the layer of 'a1'"),
        (SetKind("a1", "Add"), "b1, c1 use those of 'a1'"),
        (SetMode(frozenset({"in1"}), "bypass"), "nothing to pass on"),
        (SetMode(frozenset({"x1"}), "mute"), "no node 'x1'"),
        (SetRepeat("a1", 2), "Only a group can be repeated"),
        (SetRepeat("a1", 0), "at least once"),
        (SetRepeat("a1", "print()"), "whole number or an expression"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(edit: ShareLayer, reason: str) -> None:
    more = (Node("relu1", "ReLU"), Node("add1", "Add"), Node("add2", "Add"))
    project = AddNodes(more).apply(_shared())
    with pytest.raises(EditError, match=reason):
        edit.apply(project)


def test_links_follow_a_shared_kind() -> None:
    after = SetKind("a1", "Embedding").apply(_shared())
    assert after.graph.links[end("b1.input")] == end("a1.output")
