"""Groups and Python layers of a project: added, renamed, described, removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import EditError
from core.graph.document import Document
from core.graph.edits import (
    AddCode,
    AddDefinitions,
    AddNodes,
    DescribeGroup,
    MoveNodes,
    RemoveCode,
    RemoveGroup,
    RemoveNodes,
    RenameCode,
    RenameGroup,
    SetCode,
    SetGroupParameters,
    SetGroupWeights,
    SetParameters,
    SetRepeat,
    Within,
)
from core.graph.project import Graph, Group, GroupParameter, Node, Project, PythonLayer
from tests.graph.building import block, end, graph, stack


def _outer() -> Group:
    return Group("Outer", graph("x:Input b1:group:Block p1:python:Mine y:Output", "x.output>b1.x b1.y>y.input"))


def _nested() -> Project:
    return replace(stack(), groups={"Block": block(), "Outer": _outer()}, code={"Mine": PythonLayer("Mine", "pass")})


# ---- adding


def test_definitions_come_with_a_node_that_uses_them() -> None:
    edit = AddDefinitions((block(),), (), (Node("b1", "group:Block"),))
    after = edit.apply(Project())
    assert (after.groups, after.graph.nodes["b1"].group) == ({"Block": block()}, "Block")
    assert edit.label == "Add b1"
    assert AddDefinitions((block(),)).label == "Add Block"


def test_what_is_there_already_is_reused_wherever_its_nodes_stand() -> None:
    moved = Within("Block", MoveNodes({"act1": (9.0, 9.0)})).apply(stack())
    after = AddDefinitions((block(),), (), (Node("b1", "group:Block"),)).apply(moved)
    assert after.groups == moved.groups
    assert after.graph.nodes["b1"].group == "Block"


def test_another_of_the_same_name_is_renamed_with_all_that_refers_to_it_and_reused_the_next_time() -> None:
    edit = AddDefinitions((_outer(), block()), (PythonLayer("Mine", "pass"),), (Node("o1", "group:Outer"),))
    project = Project(groups={"Block": Group("Block"), "Outer": _outer()}, code={"Mine": PythonLayer("Mine", "other")})
    after = edit.apply(project)
    assert set(after.groups) == {"Block", "Block2", "Outer", "Outer2"}
    assert set(after.code) == {"Mine", "Mine2"}
    assert after.graph.nodes["o1"].group == "Outer2"
    inside = after.groups["Outer2"].graph.nodes
    assert (inside["b1"].group, inside["p1"].python) == ("Block2", "Mine2")
    again = AddDefinitions(edit.groups, edit.code).apply(after)
    assert (again.groups, again.code) == (after.groups, after.code)


def test_a_new_name_is_none_that_another_of_them_has() -> None:
    one, two = Group("Block", help="one"), Group("Block2", help="two")
    after = AddDefinitions((one, two)).apply(Project(groups={"Block": block()}))
    assert {name: group.help for name, group in after.groups.items()} == {"Block": "", "Block2": "two", "Block3": "one"}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (AddDefinitions((Group("block"),)), "starts with a capital"),
        (AddDefinitions((Group("A", graph("a1:group:A")),)), "cannot stand inside itself"),
        (AddDefinitions((Group("New", graph("b1:group:Block")),)), "cannot stand inside itself"),
        (AddDefinitions((), (PythonLayer("F", ""),)), "the network's source uses it"),
        (AddDefinitions((), (), (Node("block1", "ReLU"),)), "already a node named 'block1'"),
    ],
)
def test_definitions_that_fit_nowhere_are_refused(edit: AddDefinitions, reason: str) -> None:
    project = stack()
    waiting = replace(block(), graph=graph("n1:group:New"))  # uses a group that is not there yet
    with pytest.raises(EditError, match=reason):
        edit.apply(replace(project, groups={"Block": waiting}))


# ---- removing and renaming


def test_what_is_used_stays_and_the_refusal_says_where() -> None:
    with pytest.raises(EditError, match="'block1', 'block2' in the network and by 'b1' in the group Outer: delete"):
        RemoveGroup("Block").apply(_nested())
    with pytest.raises(EditError, match="Mine is used by 'p1' in the group Outer"):
        RemoveCode("Mine").apply(_nested())
    after = RemoveCode("Mine").apply(RemoveGroup("Outer").apply(_nested()))
    assert (set(after.groups), after.code) == ({"Block"}, {})


def test_a_new_name_reaches_every_use() -> None:
    after = RenameCode("Mine", "Ours").apply(RenameGroup("Block", "Layer").apply(_nested()))
    assert after.groups["Layer"] == replace(block(), name="Layer")
    assert {node.kind for node in after.graph.nodes.values()} == {"Input", "group:Layer", "Output"}
    assert after.groups["Outer"].graph.nodes["b1"].group == "Layer"
    assert after.groups["Outer"].graph.nodes["p1"].python == "Ours"
    assert after.code == {"Ours": PythonLayer("Ours", "pass")}
    assert after.graph.links == stack().graph.links


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (RenameGroup("Block", "Outer"), "already a group or Python layer named 'Outer'"),
        (RenameGroup("Block", "Mine"), "already a group or Python layer named 'Mine'"),
        (RenameCode("Mine", "Block"), "already a group or Python layer named 'Block'"),
        (AddCode("Block"), "already a group or Python layer named 'Block'"),
        (RenameGroup("Block", "True"), "the network's source uses it"),
        (RenameGroup("Block", "a b"), "cannot be a name"),
        (RenameGroup("Blok", "New"), "Did you mean 'Block'"),
        (SetCode("Min", ""), "Did you mean 'Mine'"),
        (RemoveCode("Your"), "no Python layer 'Your'"),
        (RemoveGroup("Your"), "no group 'Your'"),
    ],
)
def test_names_that_are_taken_unknown_or_impossible_are_refused(edit: RenameGroup, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        edit.apply(_nested())


def test_a_name_that_an_unresolved_node_waits_for_may_close_a_circle() -> None:
    project = AddNodes((Node("n1", "group:New"),)).apply(stack())
    inside = replace(block(), graph=graph("n1:group:New"))
    assert RenameGroup("Block", "New").apply(project).graph.nodes["n1"].group == "New"
    with pytest.raises(EditError, match="cannot stand inside itself"):
        RenameGroup("Block", "New").apply(replace(project, groups={"Block": inside}))


# ---- changing


def test_python_layers_are_added_and_changed() -> None:
    after = SetCode("Mine", "two").apply(AddCode("Mine", "one").apply(Project()))
    assert after.code == {"Mine": PythonLayer("Mine", "two")}
    document = Document(after)
    for source in ("a", "ab", "abc"):
        document.apply(SetCode("Mine", source, merge_key="code.Mine"))
    document.undo()
    assert document.project == after


def test_a_group_is_described_and_given_weights() -> None:
    after = SetGroupWeights("Block", "a.safetensors").apply(DescribeGroup("Block", "two layers").apply(stack()))
    assert (after.groups["Block"].help, after.groups["Block"].weights) == ("two layers", "a.safetensors")


def test_a_renamed_parameter_is_renamed_in_expressions_and_uses_and_one_that_goes_is_dropped() -> None:
    project = SetParameters({"block1": {"width": "depth"}, "block2": {"width": 2, "frozen": True}}).apply(stack())
    new = (GroupParameter("size", 4), GroupParameter("more", 1.5))
    after = SetGroupParameters("Block", new, {"width": "size"}).apply(project)
    assert after.groups["Block"].parameters == new
    assert after.groups["Block"].graph.nodes["linear1"].params == {"out_features": "2*size"}
    assert after.graph.nodes["block1"].params == {"size": "depth"}
    assert after.graph.nodes["block2"].params == {"size": 2, "frozen": True}
    after = SetGroupParameters("Block", ()).apply(project)
    assert [after.graph.nodes[name].params for name in ("block1", "block2")] == [{}, {"frozen": True}]


@pytest.mark.parametrize(
    ("names", "reason"),
    [(("a", "a"), "already a parameter"), (("frozen",), "already a parameter"), (("class",), "cannot be a name")],
)
def test_parameters_with_impossible_names_are_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        SetGroupParameters("Block", tuple(map(GroupParameter, names))).apply(stack())


def test_removing_a_group_takes_its_node_first() -> None:
    project = RemoveNodes(frozenset({"block1", "block2"})).apply(SetRepeat("block1", 2).apply(stack()))
    after = RemoveGroup("Block").apply(project)
    assert (after.groups, after.graph) == ({}, Graph(project.graph.nodes, {}))
    assert end("block1.x") not in after.graph.links
