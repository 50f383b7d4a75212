"""Which links are possible, with the reason where they are not."""

from __future__ import annotations

import pytest

from core.errors import LinkError
from core.graph.project import End
from core.graph.rules import can_link, check_link, free_slot, next_slot
from tests.graph.building import end, graph

_GRAPH = graph(
    "in1:Input relu1:ReLU add1:Add out1:Output other1:NotInstalled lstm1:LSTM",
    "in1.output>relu1.input relu1.output>add1.inputs.0",
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
    check_link(_GRAPH, end(source), end(target))
    assert can_link(_GRAPH, end(source), end(target))


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
        check_link(_GRAPH, end(source), end(target))
    assert reason in str(caught.value)
    assert not can_link(_GRAPH, end(source), end(target))


def test_the_free_slot_of_a_variadic_port_fills_gaps() -> None:
    assert free_slot(_GRAPH, "add1") == End("add1", "inputs.1")
    gap = graph("a1:Input add1:Add", "a1.output>add1.inputs.1")
    assert next_slot(gap, End("add1", "inputs")) == End("add1", "inputs.0")


def test_the_free_slot_is_the_first_input_where_all_are_taken_and_none_where_there_is_none() -> None:
    assert free_slot(_GRAPH, "relu1") == End("relu1", "input")
    assert free_slot(_GRAPH, "out1") == End("out1", "input")
    assert free_slot(_GRAPH, "in1") is None
    assert free_slot(_GRAPH, "other1") is None
