"""Every edit: what it changes, what it refuses, and that a refusal changes nothing."""

from __future__ import annotations

import inspect

import pytest

from core.errors import EditError, LinkError, UnknownKindError
from core.graph import edits
from core.graph.edits import (
    DEFAULT,
    AddNodes,
    BindData,
    Connect,
    Describe,
    Disconnect,
    Edit,
    InsertOnLink,
    MoveNodes,
    RemoveNodes,
    Rename,
    SetField,
    SetKind,
    SetLabel,
    SetParameters,
    SetSplit,
    SetTraining,
    SetVariables,
    Together,
)
from core.graph.project import (
    DataBinding,
    Field,
    Graph,
    Group,
    GroupParameter,
    Node,
    Project,
    Split,
    TrainingSettings,
)
from tests.graph.building import chain, end, graph


def test_add_nodes_adds_them_with_their_links() -> None:
    edit = AddNodes((Node("add1", "Add"),), ((end("relu1.output"), end("add1.inputs.0")),))
    after = edit.apply(chain()).graph
    assert after.nodes["add1"].kind == "Add"
    assert after.links[end("add1.inputs.0")] == end("relu1.output")
    assert edit.label == "Add add1"


def test_remove_nodes_takes_their_links_along() -> None:
    after = RemoveNodes(frozenset({"linear1"})).apply(chain()).graph
    assert "linear1" not in after.nodes
    assert after.links == {end("output1.input"): end("relu1.output")}


def test_remove_nodes_can_bridge_several_in_a_row() -> None:
    after = RemoveNodes(frozenset({"linear1", "relu1"}), bridge=True).apply(chain()).graph
    assert after.links == {end("output1.input"): end("image1.output")}


def test_bridging_where_nothing_feeds_the_removed_node_leaves_the_input_free() -> None:
    after = RemoveNodes(frozenset({"image1"}), bridge=True).apply(chain()).graph
    assert end("linear1.input") not in after.links


def test_move_nodes_puts_them_in_place() -> None:
    after = MoveNodes({"relu1": (7.0, 8.0)}).apply(chain()).graph
    assert after.nodes["relu1"].position == (7.0, 8.0)
    assert after.nodes["linear1"].position == (100.0, 0.0)


def test_connect_replaces_what_was_linked_there() -> None:
    after = Connect(end("image1.output"), end("relu1.input")).apply(chain()).graph
    assert after.links[end("relu1.input")] == end("image1.output")


def test_disconnect_removes_just_that_link() -> None:
    after = Disconnect(frozenset({end("relu1.input")})).apply(chain()).graph
    assert set(after.links) == {end("linear1.input"), end("output1.input")}


def test_two_layers_put_into_a_short_link_lie_on_nothing() -> None:
    before = chain()
    target = end("relu1.input")
    after = before
    for name in ("norm1", "norm2"):
        after = InsertOnLink(Node(name, "LayerNorm", position=(0, 50)), target, 88).apply(after)
    above = before.graph.links[target].node
    names = (above, "norm1", "norm2", "relu1", *[each for each in before.graph.nodes if each not in (above, "relu1")])
    tops = {name: after.graph.nodes[name].position[1] for name in names}
    assert tops["norm1"] >= tops[above] + 88
    assert tops["norm2"] >= tops["norm1"] + 88
    assert tops["relu1"] >= tops["norm2"] + 88


def test_insert_on_link_stands_between_the_two_nodes() -> None:
    after = InsertOnLink(Node("add1", "Add"), end("relu1.input")).apply(chain()).graph
    assert after.links[end("add1.inputs.0")] == end("linear1.output")
    assert after.links[end("relu1.input")] == end("add1.output")


def test_set_parameters_keeps_the_others_and_default_takes_a_value_back() -> None:
    project = SetParameters({"linear1": {"bias": False}}).apply(chain())
    assert project.graph.nodes["linear1"].params == {"out_features": 8, "bias": False}
    project = SetParameters({"linear1": {"out_features": DEFAULT}}).apply(project)
    assert project.graph.nodes["linear1"].params == {"bias": False}


def test_rename_takes_the_links_along_and_keeps_the_place() -> None:
    after = Rename("relu1", "activation").apply(chain()).graph
    assert list(after.nodes) == ["image1", "linear1", "activation", "output1"]
    assert after.nodes["activation"].name == "activation"
    assert after.links[end("activation.input")] == end("linear1.output")
    assert after.links[end("output1.input")] == end("activation.output")


def test_set_kind_keeps_links_and_parameters_that_the_new_kind_knows() -> None:
    after = SetKind("linear1", "LSTM", frozenset({"bias"})).apply(
        SetParameters({"linear1": {"bias": False}}).apply(chain())
    )
    assert after.graph.nodes["linear1"] == Node("linear1", "LSTM", {"bias": False}, "", (100.0, 0.0))
    assert after.graph.links == chain().graph.links
    assert end("linear1.input") not in SetKind("linear1", "Add").apply(chain()).graph.links


def test_the_other_parts_are_replaced() -> None:
    field = Field("species", "text")
    project = BindData(DataBinding("iris", {}, (field, Field("width", "number")))).apply(chain())
    project = SetField(Field("species", "category", "target")).apply(project)
    assert project.data.with_role("target") == (Field("species", "category", "target"),)
    assert SetSplit(Split(seed=3)).apply(project).data.split.seed == 3
    assert SetTraining(TrainingSettings(epochs=3)).apply(project).training.epochs == 3
    assert SetVariables({"width": 3}).apply(project).variables == {"width": 3}
    assert Describe("a", "b").apply(project).notes == "b"
    assert SetLabel("relu1", "here").apply(project).graph.nodes["relu1"].label == "here"


def test_together_is_all_or_nothing() -> None:
    both = Together((Rename("relu1", "act1"), SetLabel("act1", "x")), "Rename and label")
    assert both.apply(chain()).graph.nodes["act1"].label == "x"
    with pytest.raises(EditError):
        Together((Rename("relu1", "act1"), SetLabel("relu1", "x")), "Wrong").apply(chain())


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (AddNodes((Node("relu1", "ReLU"),)), "already a node named 'relu1'"),
        (AddNodes((Node("class", "ReLU"),)), "Python or PyTorch"),
        (AddNodes((Node("a1", "ReLU"), Node("a1", "ReLU"))), "already a node named 'a1'"),
        (RemoveNodes(frozenset({"rellu1"})), "Did you mean 'relu1'"),
        (MoveNodes({"nothing1": (0.0, 0.0)}), "no node 'nothing1'"),
        (Disconnect(frozenset({end("image1.output")})), "Nothing is linked"),
        (InsertOnLink(Node("a1", "ReLU"), end("image1.input")), "Nothing is linked"),
        (InsertOnLink(Node("a1", "Output"), end("relu1.input")), "cannot stand between"),
        (SetParameters({"nothing1": {}}), "no node 'nothing1'"),
        (Rename("relu1", "linear1"), "already a node named 'linear1'"),
        (Rename("nothing1", "x"), "no node 'nothing1'"),
        (SetField(Field("width", "number")), "no field 'width'"),
        (SetVariables({"lambda": 3}), "Python or PyTorch"),
    ],
)
def test_an_edit_that_does_not_fit_says_why(edit: Edit, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        edit.apply(chain())


def test_links_and_kinds_that_are_impossible_are_refused() -> None:
    with pytest.raises(LinkError, match="close a loop"):
        Connect(end("relu1.output"), end("linear1.input")).apply(chain())
    with pytest.raises(UnknownKindError, match="Did you mean 'Linear'"):
        SetKind("relu1", "Linaer").apply(chain())


def test_every_edit_has_a_label_and_a_merge_key() -> None:
    classes = [each for _name, each in inspect.getmembers(edits, inspect.isclass) if hasattr(each, "apply")]
    assert len(classes) > 15
    for each in classes:
        assert hasattr(each, "label") or "label" in each.__dataclass_fields__, each
        assert hasattr(each, "merge_key"), each


def test_an_unknown_kind_can_be_moved_linked_and_removed() -> None:
    project = Project(graph=graph("a1:Input b1:FromElsewhere", "a1.output>b1.x"))
    project = Connect(end("b1.y"), end("c1.input")).apply(AddNodes((Node("c1", "Output"),)).apply(project))
    assert RemoveNodes(frozenset({"b1"}), bridge=True).apply(project).graph.links == {end("c1.input"): end("a1.output")}


def test_a_renamed_variable_is_followed_in_the_network_and_in_groups_that_have_none_of_that_name() -> None:
    inside = {"lin": Node("lin", "Linear", {"out_features": "2*width"})}
    groups = {
        "Free": Group("Free", Graph(inside)),
        "Own": Group("Own", Graph(inside), (GroupParameter("width", 3),)),
    }
    nodes = {
        "lin": Node("lin", "Linear", {"out_features": "width"}),
        "use": Node("use", "group:Own", {"width": "width"}, repeat="width"),
    }
    project = Project(graph=Graph(nodes), groups=groups, variables={"width": 4})
    after = SetVariables({"size": 4}, {"width": "size"}).apply(project)
    assert after.variables == {"size": 4}
    assert after.graph.nodes["lin"].params == {"out_features": "size"}
    assert after.graph.nodes["use"].params == {"width": "size"}
    assert after.graph.nodes["use"].repeat == "size"
    assert after.groups["Free"].graph.nodes["lin"].params == {"out_features": "2*size"}
    assert after.groups["Own"].graph.nodes["lin"].params == {"out_features": "2*width"}
