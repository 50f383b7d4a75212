"""Which links are possible, with the reason where they are not."""

from __future__ import annotations

import pytest

from core.errors import LinkError
from core.graph.project import End, Graph, Node, Project
from core.graph.rules import can_link, check_link, free_slot, next_slot
from tests.graph.building import end, graph, stack

_PROJECT = Project(
    graph=graph(
        "in1:Input relu1:ReLU add1:Add out1:Output other1:NotInstalled lstm1:LSTM",
        "in1.output>relu1.input relu1.output>add1.inputs.0",
    )
)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("in1.output", "add1.inputs.1"),
        ("in1.output", "relu1.input"),  # taken: the new link replaces the old one
        ("other1.anything", "out1.input"),
        ("in1.output", "other1.whatever"),
        ("lstm1.hidden", "add1.inputs.1"),
    ],
)
def test_a_possible_link_raises_nothing(source: str, target: str) -> None:
    check_link(_PROJECT, end(source), end(target))
    assert can_link(_PROJECT, end(source), end(target))


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("rellu1.output", "out1.input", "There is no node 'rellu1'. Did you mean 'relu1'?"),
        ("relu1.output", "out2.input", "There is no node 'out2'"),
        ("relu1.result", "out1.input", "'relu1' has no output 'result' (it has: output)"),
        ("out1.output", "relu1.input", "'out1' has no output 'output' (it has: none)"),
        ("relu1.output", "in1.input", "'in1' has no input 'input' (it has: none)"),
        ("relu1.output", "add1.inputs", "(it has: inputs.0, .1, …)"),
        ("relu1.output", "out1.input.0", "'out1' has no input 'input.0'"),
        ("relu1.output", "relu1.input", "cannot feed itself"),
        ("add1.output", "relu1.input", "would close a loop"),
    ],
)
def test_an_impossible_link_raises_the_precise_reason(source: str, target: str, reason: str) -> None:
    with pytest.raises(LinkError) as caught:
        check_link(_PROJECT, end(source), end(target))
    assert reason in str(caught.value)
    assert not can_link(_PROJECT, end(source), end(target))


def test_the_free_slot_of_a_variadic_port_fills_gaps() -> None:
    assert free_slot(_PROJECT, "add1") == End("add1", "inputs.1")
    gap = Project(graph=graph("a1:Input add1:Add", "a1.output>add1.inputs.1"))
    assert next_slot(gap, End("add1", "inputs")) == End("add1", "inputs.0")


def test_the_free_slot_is_the_first_input_where_all_are_taken_and_none_where_there_is_none() -> None:
    assert free_slot(_PROJECT, "relu1") == End("relu1", "input")
    assert free_slot(_PROJECT, "out1") == End("out1", "input")
    assert free_slot(_PROJECT, "in1") is None
    assert free_slot(_PROJECT, "other1") is None


def test_ports_of_groups_are_those_of_their_definition() -> None:
    check_link(stack(), end("image1.output"), end("block2.x"))
    with pytest.raises(LinkError, match=r"'block1' has no output 'z' \(it has: y\)"):
        check_link(stack(), end("block1.z"), end("block2.x"))
    assert free_slot(stack(), "block1") == End("block1", "x")
    nodes = {"g1": Node("g1", "group:Gone"), "out1": Node("out1", "Output")}
    assert can_link(Project(graph=Graph(nodes)), end("g1.anything"), end("out1.input"))


def test_an_output_with_several_slots_has_as_many_as_its_parameters_say() -> None:
    nodes = {"c1": Node("c1", "Chunk", {"chunks": "parts"}), "out1": Node("out1", "Output")}
    project = Project(variables={"parts": 3}, graph=Graph(nodes))
    check_link(project, end("c1.outputs.2"), end("out1.input"))
    for port in ("outputs.3", "outputs", "outputs.x"):
        with pytest.raises(LinkError, match=r"has no output '.+' \(it has: outputs\.0, \.1, …\)"):
            check_link(project, end(f"c1.{port}"), end("out1.input"))
    unknown = Project(graph=Graph(nodes))  # nobody says how many parts there are
    check_link(unknown, end("c1.outputs.7"), end("out1.input"))


def test_a_call_of_a_shared_layer_has_the_ports_of_the_layer() -> None:
    nodes = {
        "a1": Node("a1", "Chunk", {"chunks": 2}),
        "b1": Node("b1", "Chunk", shares="a1"),
        "o1": Node("o1", "Output"),
    }
    assert can_link(Project(graph=Graph(nodes)), end("b1.outputs.1"), end("o1.input"))
    assert not can_link(Project(graph=Graph(nodes)), end("b1.outputs.2"), end("o1.input"))
