"""A network that comes back from its source: what nobody changed stays as it is, what was changed is all that is."""

from __future__ import annotations

from dataclasses import replace

from core.graph.adopting import Adopted, adopt, described
from core.graph.edits import AddNodes, InsertOnLink, RemoveNodes, Rename, SetParameters
from core.graph.project import Frame, Graph, Group, Node, Project
from tests.graph.building import bare, block, chain, end, graph, stack


def came(project: Project) -> Project:
    """Return what an importer would make of a project's source: the bare network, elsewhere, without options."""
    nodes = {
        name: replace(node, position=(900.0, 900.0), label="", colour="", params=_built(node))
        for name, node in project.graph.nodes.items()
    }
    return Project("Imported", graph=Graph(nodes, project.graph.links))


def _built(node: Node) -> dict[str, object]:
    return {key: value for key, value in node.params.items() if key in ("out_features", "bias")}


def dressed() -> Project:
    """Return a chain with all that a source does not say."""
    project = chain()
    nodes = dict(project.graph.nodes)
    nodes["linear1"] = replace(
        nodes["linear1"],
        params={"out_features": "2*width", "weight_init": "orthogonal", "frozen": True},
        colour="red",
        label="wide",
    )
    nodes["output1"] = replace(nodes["output1"], params={"target": "digit", "loss": "CrossEntropyLoss"})
    frames = {"frame1": Frame("frame1", "Body")}
    return replace(project, variables={"width": 4}, graph=replace(project.graph, nodes=nodes, frames=frames))


def written(project: Project) -> Project:
    """Return what comes of the source of ``dressed``: expressions are numbers there."""
    made = came(project)
    nodes = {**made.graph.nodes, "linear1": Node("linear1", "Linear", {"out_features": 8})}
    return replace(made, graph=replace(made.graph, nodes=nodes))


def lines(adopted: Adopted) -> list[str]:
    return list(described(adopted))


def test_the_same_network_changes_nothing_at_all() -> None:
    old = dressed()
    for base in (written(old), None):
        adopted = adopt(old, written(old), base)
        assert adopted.project == old
        assert not adopted.anything


def test_a_number_that_was_edited_changes_and_all_beside_it_stays() -> None:
    old = dressed()
    new = SetParameters({"linear1": {"out_features": 16}}).apply(written(old))
    adopted = adopt(old, new, written(old))
    node = adopted.project.graph.nodes["linear1"]
    assert node.params == {"out_features": 16, "weight_init": "orthogonal", "frozen": True}
    assert (node.colour, node.label, node.position) == ("red", "wide", (100.0, 0.0))
    assert adopted.project.graph.nodes["output1"] == old.graph.nodes["output1"]
    assert adopted.project.graph.frames == old.graph.frames
    assert lines(adopted) == ["Changed: linear1, out_features: 2*width → 16"]


def test_a_new_layer_stands_between_its_neighbours_and_off_every_other_node() -> None:
    old = dressed()
    new = InsertOnLink(Node("drop", "Dropout", {"p": 0.3}), end("output1.input")).apply(written(old))
    adopted = adopt(old, new, written(old))
    after = adopted.project.graph
    assert after.links[end("output1.input")] == end("drop.output")
    assert after.links[end("drop.input")] == end("relu1.output")
    x, y = after.nodes["drop"].position
    assert all(abs(x - n.position[0]) >= 160 or abs(y - n.position[1]) >= 54 for n in old.graph.nodes.values())
    assert {name: node for name, node in after.nodes.items() if name != "drop"} == dict(old.graph.nodes)
    assert lines(adopted) == ["Added: drop (Dropout)", "Wired differently: output1"]


def test_what_was_taken_out_goes_and_the_wires_close() -> None:
    old = dressed()
    new = RemoveNodes(frozenset({"relu1"}), bridge=True).apply(written(old))
    adopted = adopt(old, new, written(old))
    assert "relu1" not in adopted.project.graph.nodes
    assert adopted.project.graph.links[end("output1.input")] == end("linear1.output")
    assert lines(adopted) == ["Removed: relu1", "Wired differently: output1"]


def test_a_renamed_layer_is_known_by_its_place_and_keeps_what_it_had() -> None:
    old = dressed()
    new = Rename("linear1", "hidden").apply(written(old))
    adopted = adopt(old, new, written(old))
    assert adopted.project == Rename("linear1", "hidden").apply(old)
    assert lines(adopted) == ["Renamed: linear1 → hidden"]


def test_a_swapped_kind_keeps_place_name_and_wires() -> None:
    old = dressed()
    made = written(old)
    new = replace(made, graph=replace(made.graph, nodes={**made.graph.nodes, "relu1": Node("relu1", "LeakyReLU")}))
    adopted = adopt(old, new, made)
    node = adopted.project.graph.nodes["relu1"]
    assert (node.kind, node.position) == ("LeakyReLU", (200.0, 0.0))
    assert adopted.project.graph.links == old.graph.links
    assert lines(adopted) == ["Changed: relu1, ReLU → LeakyReLU"]


def test_what_the_source_leaves_out_is_not_taken_for_removed() -> None:
    old = dressed()
    extra = Node("probe", "Linear", {"out_features": 2}, position=(50.0, 300.0), mode="mute")
    old = AddNodes((extra,), ((end("relu1.output"), end("probe.input")),)).apply(old)
    made = written(dressed())
    for base in (made, None):
        assert adopt(old, made, base).project == old


def test_a_bypassed_layer_stays_in_its_wire() -> None:
    old = dressed()
    nodes = {**old.graph.nodes, "relu1": replace(old.graph.nodes["relu1"], mode="bypass")}
    old = replace(old, graph=replace(old.graph, nodes=nodes))
    made = RemoveNodes(frozenset({"relu1"}), bridge=True).apply(written(dressed()))
    new = SetParameters({"linear1": {"out_features": 3}}).apply(made)
    adopted = adopt(old, new, made)
    assert adopted.project.graph.links == old.graph.links
    assert adopted.project.graph.nodes["relu1"].mode == "bypass"


def test_an_activation_that_is_a_setting_of_a_layer_is_no_node_of_its_own() -> None:
    old = SetParameters({"linear1": {"activation": "tanh"}}).apply(
        RemoveNodes(frozenset({"relu1"}), True).apply(chain())
    )
    base = InsertOnLink(Node("tanh", "Tanh"), end("output1.input")).apply(came(old))
    assert adopt(old, base, base).project == old
    gone = came(old)
    adopted = adopt(old, gone, base)
    assert "activation" not in adopted.project.graph.nodes["linear1"].params
    assert adopted.project.graph.links == old.graph.links
    swapped = InsertOnLink(Node("gelu", "GELU"), end("output1.input")).apply(came(old))
    after = adopt(old, swapped, base).project
    assert "activation" not in after.graph.nodes["linear1"].params
    assert after.graph.links[end("output1.input")] == end("gelu.output")


def test_operations_are_known_by_their_wires_not_by_their_numbers() -> None:
    kinds = "x:Input a:Linear b:Linear add:Add add_1:Add y:Output"
    links = (
        "x.output>a.input x.output>b.input a.output>add.inputs.0 x.output>add.inputs.1 "
        "add.output>add_1.inputs.0 b.output>add_1.inputs.1 add_1.output>y.input"
    )
    old = Project(
        graph=graph(
            kinds.replace("add:", "sum1:").replace("add_1:", "sum2:"),
            links.replace("add_1", "sum2").replace("add.", "sum1."),
        )
    )
    base = Project(graph=graph(kinds, links))
    assert adopt(old, base, base).project == old
    fewer = graph(
        "x:Input a:Linear b:Linear add:Add y:Output",
        "x.output>a.input x.output>b.input a.output>add.inputs.0 b.output>add.inputs.1 add.output>y.input",
    )
    adopted = adopt(old, Project(graph=fewer), base)
    assert len(adopted.project.graph.of_kind("Add")) == 1
    assert adopted.project.graph.links.keys() == {
        end("a.input"),
        end("b.input"),
        *(end(f"{adopted.project.graph.of_kind('Add')[0].name}.inputs.{n}") for n in (0, 1)),
        end("y.input"),
    }


def test_a_class_that_changed_changes_its_group_for_every_use() -> None:
    old = stack()
    inside = bare(block().graph)
    nodes = {**inside.nodes, "linear1": Node("linear1", "Linear", {"out_features": 8})}
    base = replace(came(old), groups={"Block": Group("Block", replace(inside, nodes=nodes))})
    assert adopt(old, base, base).project == old
    swapped = {**nodes, "act1": Node("act1", "GELU")}
    new = replace(base, groups={"Block": Group("Block", replace(inside, nodes=swapped))})
    adopted = adopt(old, new, base)
    after = adopted.project.groups["Block"]
    assert after.graph.nodes["act1"].kind == "GELU"
    assert after.graph.nodes["linear1"].params == {"out_features": "2*width"}
    assert after.parameters == old.groups["Block"].parameters
    assert lines(adopted) == ["Changed in Block: act1, ReLU → GELU"]


def test_a_second_class_of_a_group_is_the_group_until_it_is_changed() -> None:
    old = stack()
    second = replace(block("Block2"), graph=bare(block().graph), parameters=())
    made = came(old)
    nodes = {**made.graph.nodes, "block2": Node("block2", "group:Block2")}
    base = replace(made, graph=replace(made.graph, nodes=nodes), groups={"Block2": second})
    assert adopt(old, base, base).project == old
    inside = {**second.graph.nodes, "act1": Node("act1", "GELU")}
    new = replace(base, groups={"Block2": replace(second, graph=replace(second.graph, nodes=inside))})
    adopted = adopt(old, new, base)
    assert adopted.project.groups["Block"] == old.groups["Block"]
    assert adopted.project.groups["Block2"].graph.nodes["act1"].kind == "GELU"
    assert adopted.project.graph.nodes["block2"].kind == "group:Block2"
    assert lines(adopted) == ["Added: group Block2", "Changed: block2, group:Block → group:Block2"]


def test_a_port_that_is_renamed_takes_the_wires_of_all_uses_along() -> None:
    old = stack()
    base = replace(came(old), groups={"Block": Group("Block", bare(block().graph))})
    inside = Rename("x", "features").apply(Project(graph=bare(block().graph))).graph
    new = replace(base, groups={"Block": Group("Block", inside)})
    adopted = adopt(old, new, base)
    assert adopted.project.graph.links[end("block1.features")] == end("image1.output")
    assert adopted.project.graph.links[end("block2.features")] == end("block1.y")


def test_a_new_group_and_its_use_come_in() -> None:
    old = chain()
    made = came(old)
    use = Node("block", "group:Block")
    grown = AddNodes((use,)).apply(replace(made, groups={"Block": block()}))
    links = {**grown.graph.links, end("block.x"): end("relu1.output"), end("output1.input"): end("block.y")}
    new = replace(grown, graph=replace(grown.graph, links=links))
    adopted = adopt(old, new, made)
    assert adopted.project.groups["Block"] == block()
    assert adopted.project.graph.links[end("output1.input")] == end("block.y")
    assert lines(adopted) == ["Added: group Block", "Added: block (Block)", "Wired differently: output1"]


def test_a_shared_layer_stays_shared_and_a_second_call_that_goes_leaves_the_layer() -> None:
    kinds = "x:Input z:Input a:Linear a_1:Linear sub:Subtract y:Output"
    links = "x.output>a.input z.output>a_1.input a.output>sub.first a_1.output>sub.second sub.output>y.input"
    made = graph(kinds, links)
    nodes = {**made.nodes, "a_1": replace(made.nodes["a_1"], shares="a")}
    base = Project(graph=replace(made, nodes=nodes))
    old = Rename("a_1", "again").apply(base)
    assert adopt(old, base, base).project == old
    renamed = Rename("a", "encoder").apply(base)
    after = adopt(old, renamed, base).project
    assert after.graph.nodes["again"].shares == "encoder"


def test_another_network_takes_the_place_of_the_old_and_its_inputs_stay_bound() -> None:
    old = dressed()
    foreign = graph(
        "x:Input fc:Linear act:Tanh fc2:Linear output:Output",
        "x.output>fc.input fc.output>act.input act.output>fc2.input fc2.output>output.input",
    )
    adopted = adopt(old, Project(graph=foreign), Rename("output1", "output").apply(written(old)))
    after = adopted.project.graph
    assert after.nodes["output1"] == old.graph.nodes["output1"]
    assert len(after.of_kind("Input")) == len(after.of_kind("Output")) == 1
    assert after.of_kind("Input")[0].position == (0.0, 0.0)
    assert {node.kind for node in after.nodes.values()} == {"Input", "Linear", "Tanh", "Output"}
