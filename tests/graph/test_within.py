"""Edits of the inside of a group, and what becomes of the links of its uses."""

from __future__ import annotations

import pytest

from core.errors import EditError
from core.graph.document import Document
from core.graph.edits import (
    AddNodes,
    Connect,
    Describe,
    MoveNodes,
    PromotePort,
    RemoveNodes,
    Rename,
    RenameGroup,
    SetKind,
    SetParameters,
    SetVariables,
    Together,
    Within,
)
from core.graph.kinds import group_kind
from core.graph.project import Graph, Group, Node, Project
from tests.graph.building import block, end, graph, stack


def _nested() -> Project:
    """``Outer`` holds a use of ``Block``; the network uses both."""
    inside = graph("x:Input b1:group:Block y:Output", "x.output>b1.x b1.y>y.input")
    made = graph("in1:Input o1:group:Outer b1:group:Block out1:Output", "in1.output>o1.x o1.y>b1.x b1.y>out1.input")
    return Project(graph=made, groups={"Block": block(), "Outer": Group("Outer", inside)})


def test_an_edit_changes_the_definition_and_nothing_outside() -> None:
    edit = Within("Block", SetParameters({"linear1": {"bias": False}}, merge_key="linear1.bias"))
    after = edit.apply(stack())
    assert after.groups["Block"].graph.nodes["linear1"].params == {"out_features": "2*width", "bias": False}
    assert (after.graph, after.variables) == (stack().graph, stack().variables)
    assert (edit.label, edit.merge_key) == ("Change bias", "Block/linear1.bias")
    assert Within("Block", Rename("x", "z")).merge_key == ""


def test_a_renamed_port_is_renamed_at_every_use_in_every_graph() -> None:
    after = Within("Block", Rename("x", "features")).apply(_nested())
    assert after.graph.links[end("b1.features")] == end("o1.y")
    assert after.groups["Outer"].graph.links[end("b1.features")] == end("x.output")
    assert end("b1.x") not in after.graph.links
    after = Within("Block", Together((Rename("y", "z"), Rename("z", "result")), "Twice")).apply(after)
    assert after.graph.links[end("out1.input")] == end("b1.result")


def test_a_removed_port_takes_its_links_along_and_only_those() -> None:
    after = Within("Block", RemoveNodes(frozenset({"y"}))).apply(_nested())
    assert set(after.graph.links) == {end("o1.x"), end("b1.x")}
    assert set(after.groups["Outer"].graph.links) == {end("b1.x")}
    after = Within("Block", SetKind("x", "Linear")).apply(_nested())
    assert end("b1.x") not in after.graph.links


def test_within_a_group_the_inside_of_another_can_be_meant_and_the_whole_project() -> None:
    after = Within("Outer", Within("Block", Rename("x", "features"))).apply(_nested())
    assert after == Within("Block", Rename("x", "features")).apply(_nested())
    assert Within("Block", SetVariables({"a": 1})).apply(stack()).variables == {"a": 1}
    assert Within("Block", Describe("new", "")).apply(stack()).name == "new"
    assert set(Within("Block", RenameGroup("Block", "Layer")).apply(stack()).groups) == {"Layer"}


def test_an_edit_within_a_group_is_undone_with_the_links_of_its_uses() -> None:
    document = Document(_nested())
    document.apply(Within("Block", RemoveNodes(frozenset({"x", "y"}))))
    document.undo()
    assert document.project == _nested()


@pytest.mark.parametrize(
    ("group", "kind", "reason"),
    [
        ("Block", "group:Block", "The group Block cannot stand inside itself"),
        ("Block", "group:Outer", "Block would use Outer, Outer would use Block|Outer would use Block, Block would"),
    ],
)
def test_a_group_cannot_come_to_stand_inside_itself(group: str, kind: str, reason: str) -> None:
    for edit in (AddNodes((Node("n1", kind),)), SetKind("linear1", kind)):
        with pytest.raises(EditError, match=reason):
            Within(group, edit).apply(_nested())


def test_nesting_has_an_end() -> None:
    groups = {"G0": Group("G0")}
    for level in range(1, 50):
        inside = Graph({"a1": Node("a1", f"group:G{level - 1}")})
        groups[f"G{level}"] = Group(f"G{level}", inside)
    project = Project(groups={**groups, "Last": Group("Last")})
    assert Within("Last", AddNodes((Node("a1", "group:G48"),))).apply(project)
    with pytest.raises(EditError, match="50 levels deep"):
        Within("Last", AddNodes((Node("a1", "group:G49"),))).apply(project)


def test_an_unknown_group_and_an_edit_that_does_not_fit_are_refused() -> None:
    with pytest.raises(EditError, match=r"no group 'Blok'\. Did you mean 'Block'"):
        Within("Blok", MoveNodes({})).apply(stack())
    with pytest.raises(EditError, match="no node 'conv1'"):
        Within("Block", MoveNodes({"conv1": (0.0, 0.0)})).apply(stack())


def test_an_end_inside_becomes_a_port_that_appears_outside() -> None:
    project = stack()
    after = Within("Block", PromotePort(end("linear1.output"), "output")).apply(project)
    after = Within("Block", PromotePort(end("act1.input"), "input", "gate")).apply(after)
    inside = after.groups["Block"].graph
    assert inside.links[end("linear1_output.input")] == end("linear1.output")
    assert inside.links[end("act1.input")] == end("gate.output")
    kind = group_kind(after.groups["Block"])
    assert [port.name for port in kind.inputs] == ["gate", "x"]
    assert [port.name for port in kind.outputs] == ["linear1_output", "y"]
    assert after.graph == project.graph
    linked = Connect(end("image1.output"), end("block1.gate")).apply(after)
    assert linked.graph.links[end("block1.gate")] == end("image1.output")


def test_a_graph_of_a_group_may_be_empty() -> None:
    project = Project(graph=Graph({"a1": Node("a1", "group:Empty")}), groups={"Empty": Group("Empty")})
    after = Within("Empty", AddNodes((Node("x", "Input"),))).apply(project)
    assert [port.name for port in group_kind(after.groups["Empty"]).inputs] == ["x"]
