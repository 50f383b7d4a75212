"""Selected nodes become a group, and a group's inside takes the place of its node."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from core.errors import EditError
from core.graph.edits import GroupNodes, SetGroupWeights, SetMode, SetParameters, SetRepeat, ShareLayer, Ungroup, Within
from core.graph.order import downstream, upstream
from core.graph.project import Graph, Group, GroupParameter, Node, Project
from core.graph.templates import templates
from tests.graph.building import bare, block, chain, end, graph, stack


def _group(project: Project, *names: str) -> Project:
    return GroupNodes(frozenset(names), "Block", "block1").apply(project)


def _residual() -> Project:
    """One end that feeds two nodes of a selection (a1, b1), and one of it that two others read."""
    made = graph(
        "in1:Input lstm1:LSTM a1:Linear b1:Linear c1:Add d1:ReLU e1:Add out1:Output",
        "in1.output>lstm1.input lstm1.hidden>a1.input lstm1.hidden>b1.input lstm1.output>c1.inputs.2 "
        "a1.output>c1.inputs.0 b1.output>c1.inputs.1 c1.output>d1.input c1.output>e1.inputs.1 d1.output>e1.inputs.0 "
        "e1.output>out1.input",
    )
    nodes = {name: replace(node, position=(0.0, 100.0 * row)) for row, (name, node) in enumerate(made.nodes.items())}
    return Project(graph=Graph(nodes, made.links))


def test_a_selection_becomes_a_definition_and_one_node_in_its_middle() -> None:
    after = _group(chain(), "linear1", "relu1")
    assert after.graph.nodes["block1"] == Node("block1", "group:Block", position=(150.0, 0.0))
    assert after.graph.links == {
        end("block1.image1"): end("image1.output"),
        end("output1.input"): end("block1.output1"),
    }
    inside = after.groups["Block"].graph
    assert inside.nodes["linear1"].params == {"out_features": 8}
    assert inside.links == {
        end("linear1.input"): end("image1.output"),
        end("relu1.input"): end("linear1.output"),
        end("output1.input"): end("relu1.output"),
    }


def test_an_end_that_feeds_or_is_read_several_times_is_one_port() -> None:
    after = _group(_residual(), "a1", "b1", "c1")
    inside = after.groups["Block"].graph
    assert inside.links[end("a1.input")] == inside.links[end("b1.input")] == end("lstm1_hidden.output")
    assert inside.links[end("c1.inputs.2")] == end("lstm1.output")
    assert {node.name for node in inside.of_kind("Output")} == {"c1_output"}
    assert after.graph.links[end("block1.lstm1_hidden")] == end("lstm1.hidden")
    assert after.graph.links[end("d1.input")] == after.graph.links[end("e1.inputs.1")] == end("block1.c1_output")
    rows = {node.name: node.position[1] for node in inside.nodes.values()}
    assert rows["lstm1_hidden"] < rows["a1"] < rows["c1"] < rows["c1_output"]


@pytest.mark.parametrize("number", range(6))
def test_ungrouping_a_group_of_anything_gives_back_the_network(number: int) -> None:
    project = templates()[number].load()
    draw = random.Random(number)
    inner = sorted(name for name, node in project.graph.nodes.items() if node.kind not in ("Input", "Output"))
    tried = 0
    for _ in range(40):
        names = frozenset(draw.sample(inner, draw.randrange(1, len(inner))))
        names |= downstream(project.graph, names) & upstream(project.graph, names)
        tried += 1
        grouped = GroupNodes(names, "Part", "part1").apply(project)
        assert len(grouped.graph.nodes) == len(project.graph.nodes) - len(names) + 1
        assert bare(Ungroup("part1").apply(grouped).graph) == bare(project.graph)
    assert tried == 40


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), "No nodes are selected"),
        (("x1",), "no node 'x1'"),
        (("in1", "lstm1"), "'in1' is where data enters the network and stays outside"),
        (("out1",), "a prediction leaves it"),
        (("c1", "e1"), "would close a loop: it would feed 'd1' and be fed by it"),
    ],
)
def test_a_selection_that_can_be_no_group_is_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        _group(_residual(), *names)


def test_names_that_are_taken_or_impossible_are_refused() -> None:
    for group, node, reason in (
        ("Block", "block3", "already a group or Python layer named 'Block'"),
        ("part", "part1", "starts with a capital. Try 'Part'"),
        ("Net", "part1", "the network's source uses it"),
        ("Part", "image1", "already a node named 'image1'"),
    ):
        with pytest.raises(EditError, match=reason):
            GroupNodes(frozenset({"block1"}), group, node).apply(stack())
    assert GroupNodes(frozenset({"block1"}), "Part", "block1").apply(stack()).graph.nodes["block1"].group == "Part"


def test_weights_are_not_shared_across_the_border() -> None:
    project = _residual()
    project = ShareLayer("b1", "a1").apply(project)
    with pytest.raises(EditError, match="'b1' shares the weights of 'a1', and only one of the two is selected"):
        _group(project, "b1", "c1")
    assert _group(project, "a1", "b1").groups["Block"].graph.nodes["b1"].shares == "a1"


def test_in_a_group_the_parameters_that_are_used_are_passed_on() -> None:
    after = Within("Block", GroupNodes(frozenset({"linear1"}), "Inner", "inner1")).apply(stack())
    assert after.groups["Inner"].parameters == (GroupParameter("width", 4),)
    assert after.groups["Block"].graph.nodes["inner1"].params == {"width": "width"}
    assert after.graph == stack().graph
    back = Within("Block", Ungroup("inner1")).apply(after)
    assert bare(back.groups["Block"].graph) == bare(stack().groups["Block"].graph)


# ---- ungrouping


def _with_use(**changes: object) -> Project:
    project = stack()
    node = replace(project.graph.nodes["block1"], **changes)  # type: ignore[arg-type]
    return replace(project, graph=replace(project.graph, nodes={**project.graph.nodes, "block1": node}))


@pytest.mark.parametrize(
    ("width", "features"), [(None, 8), (7, 14), ("depth+1", "2*(depth+1)"), ("depth", "2*depth"), (2.5, 5)]
)
def test_the_parameters_of_the_group_are_put_into_expressions(width: object, features: object) -> None:
    params = {} if width is None else {"width": width}
    after = Ungroup("block1").apply(_with_use(params=params))
    assert after.graph.nodes["linear1"].params == {"out_features": features}
    assert after.graph.links[end("linear1.input")] == end("image1.output")
    assert after.graph.links[end("block2.x")] == end("act1.output")
    assert "Block" in after.groups


def test_names_are_made_unique_and_every_use_gets_its_own_copy() -> None:
    after = Ungroup("block2").apply(Ungroup("block1").apply(stack())).graph
    assert list(after.nodes) == ["image1", "output1", "linear1", "act1", "linear2", "act2"]
    assert after.links[end("linear2.input")] == end("act1.output")
    assert after.links[end("output1.input")] == end("act2.output")


@pytest.mark.parametrize("tied", [False, True])
def test_repetitions_are_unrolled_with_weights_of_their_own_or_shared(tied: bool) -> None:
    after = Ungroup("block1").apply(SetRepeat("block1", 3, tied).apply(stack())).graph
    assert [after.nodes[name].shares for name in ("linear1", "linear2", "linear3")] == (
        ["", "linear1", "linear1"] if tied else [""] * 3
    )
    assert after.nodes["linear3"].params == ({} if tied else {"out_features": 8})
    assert after.links[end("linear3.input")] == end("act2.output")
    assert after.links[end("block2.x")] == end("act3.output")


def test_what_only_passes_through_and_what_stays_open_keep_their_meaning() -> None:
    inside = graph("x:Input y:Input p:Output q:Output", "x.output>q.input")
    made = graph(
        "in1:Input g1:group:Pass a1:ReLU b1:ReLU", "in1.output>g1.x g1.q>a1.input g1.p>b1.input in1.output>g1.y"
    )
    project = Project(graph=made, groups={"Pass": Group("Pass", inside)})
    after = Ungroup("g1").apply(project).graph
    assert after.links == {end("a1.input"): end("in1.output")}
    # turn 2: p is open, so x is; q is then what x was: nothing.
    assert Ungroup("g1").apply(SetRepeat("g1", 2).apply(project)).graph.links == {}


def test_in_a_group_a_variable_that_its_parameter_hides_is_put_in_as_a_number() -> None:
    inner = replace(block("Inner"), parameters=())
    outer = Group("Outer", graph("x:Input i1:group:Inner y:Output", "x.output>i1.x i1.y>y.input"), block().parameters)
    project = Project(variables={"width": 10}, groups={"Inner": inner, "Outer": outer})
    after = Within("Outer", Ungroup("i1")).apply(project)
    assert after.groups["Outer"].graph.nodes["linear1"].params == {"out_features": 20}


def test_frozen_goes_to_what_has_weights() -> None:
    after = Ungroup("block1").apply(_with_use(params={"frozen": True})).graph
    assert after.nodes["linear1"].params["frozen"] is True
    assert after.nodes["act1"].params == {}


@pytest.mark.parametrize(("factor", "inner", "product"), [(0.1, 0.5, 0.05), (0.1, "depth", "(0.1)*(depth)")])
def test_a_factor_of_the_learning_rate_is_multiplied_into_what_has_weights(
    factor: float, inner: float | str, product: float | str
) -> None:
    project = _with_use(params={"learning_rate_factor": factor})
    project = Within("Block", SetParameters({"linear1": {"learning_rate_factor": inner}})).apply(project)
    after = Ungroup("block1").apply(project).graph
    assert after.nodes["linear1"].params["learning_rate_factor"] == product
    assert after.nodes["act1"].params == {}


@pytest.mark.parametrize(
    ("project", "node", "reason"),
    [
        (stack(), "output1", "not a group"),
        (Project(graph=Graph({"a1": Node("a1", "group:Gone")})), "a1", "no group 'Gone'"),
        (ShareLayer("block2", "block1").apply(stack()), "block2", "shares the weights of 'block1'"),
        (ShareLayer("block2", "block1").apply(stack()), "block1", "block2 share the weights"),
        (SetMode(frozenset({"block1"}), "mute").apply(stack()), "block1", "is muted: switch it on"),
        (SetMode(frozenset({"block1"}), "bypass").apply(stack()), "block1", "is bypassed: switch it on"),
        (Within("Block", SetMode(frozenset({"y"}), "mute")).apply(stack()), "block1", "port 'y' of Block is muted"),
        (SetRepeat("block1", "depth").apply(stack()), "block1", "set a number first"),
        (SetRepeat("block1", 10_000).apply(stack()), "block1", "too many to look at"),
        (SetGroupWeights("Block", "a.safetensors").apply(stack()), "block1", "weights in 'a.safetensors'"),
    ],
)
def test_what_cannot_be_inlined_is_refused(project: Project, node: str, reason: str) -> None:
    with pytest.raises(EditError, match=reason):
        Ungroup(node).apply(project)


def test_an_expression_that_would_grow_too_long_is_refused() -> None:
    long = "+".join(["depth"] * 33)
    with pytest.raises(EditError, match="more than 200 characters"):
        Ungroup("block1").apply(_with_use(params={"width": long}))
