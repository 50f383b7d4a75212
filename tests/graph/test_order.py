"""Execution order, reach, and the order of slots."""

from __future__ import annotations

from core.graph.order import downstream, execution_order, incoming, outgoing, upstream
from core.graph.project import Graph
from tests.graph.building import end, graph

_DIAMOND = graph(
    "a1:Input b2:ReLU b10:ReLU c1:Add d1:Output",
    "a1.output>b2.input a1.output>b10.input b2.output>c1.inputs.10 b10.output>c1.inputs.2 c1.output>d1.input",
)


def test_each_node_comes_after_those_that_feed_it_and_branches_in_natural_order() -> None:
    assert execution_order(_DIAMOND) == ("a1", "b2", "b10", "c1", "d1")


def test_a_branch_is_finished_before_the_next_starts() -> None:
    two = graph("x1:Input x2:Input a1:ReLU a2:ReLU b1:ReLU", "x1.output>a1.input a1.output>a2.input x2.output>b1.input")
    assert execution_order(two) == ("x1", "a1", "a2", "x2", "b1")


def test_the_order_does_not_depend_on_how_the_graph_came_about() -> None:
    backwards = Graph(dict(reversed(list(_DIAMOND.nodes.items()))), dict(reversed(list(_DIAMOND.links.items()))))
    assert execution_order(backwards) == execution_order(_DIAMOND)


def test_nodes_on_a_loop_and_what_they_feed_are_left_out() -> None:
    loop = graph(
        "a1:Input b1:Add c1:ReLU d1:Output",
        "a1.output>b1.inputs.0 c1.output>b1.inputs.1 b1.output>c1.input c1.output>d1.input",
    )
    assert execution_order(loop) == ("a1",)


def test_incoming_links_are_in_the_order_of_the_slots() -> None:
    assert [port for port, _source in incoming(_DIAMOND)["c1"]] == ["inputs.2", "inputs.10"]
    assert incoming(_DIAMOND)["a1"] == ()


def test_outgoing_names_every_end_that_is_fed() -> None:
    assert [target for _port, target in outgoing(_DIAMOND)["a1"]] == [end("b2.input"), end("b10.input")]


def test_upstream_and_downstream_include_the_named_nodes() -> None:
    assert upstream(_DIAMOND, ["b2"]) == {"a1", "b2"}
    assert downstream(_DIAMOND, ["b2"]) == {"b2", "c1", "d1"}
    assert downstream(_DIAMOND, ["d1", "b10"]) == {"b10", "c1", "d1"}
