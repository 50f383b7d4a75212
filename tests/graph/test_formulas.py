"""Where variables are named in expressions, and other expressions in their place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.graph.edits import SetParameters, SetRepeat, Within
from core.graph.formulas import Use, rewritten, substituted, where_used
from core.graph.project import Group, GroupParameter, Node, Project
from tests.graph.building import block, chain, graph, stack


@pytest.mark.parametrize(
    ("expression", "values", "result"),
    [
        ("2*channels", {"channels": "width+1"}, "2*(width+1)"),
        ("channels", {"channels": "width"}, "width"),
        ("a-b", {"b": "c-d"}, "a-(c-d)"),
        ("a+b", {"a": "b", "b": "a"}, "b+a"),
        ("-a", {"a": -3}, 3),
        ("a//3", {"a": 10}, 3),
        ("a/0", {"a": 1}, "1/0"),
        ("2 *  other", {"a": 1}, "2 *  other"),
        ("a*1.5", {"a": 2}, 3),
    ],
)
def test_values_are_put_into_an_expression(expression: str, values: dict[str, object], result: object) -> None:
    found = substituted(expression, values)
    assert found == result
    assert type(found) is type(result)


def test_every_place_that_names_a_variable_is_found() -> None:
    project = SetParameters({"block1": {"width": "depth"}}).apply(SetRepeat("block2", "depth-1").apply(stack()))
    project = Within("Block", SetParameters({"linear1": {"bias": "depth"}})).apply(project)  # no number: no expression
    assert where_used(project, "depth") == (Use("", "block1", "width"), Use("", "block2", "repeat"))
    assert where_used(project, "width") == (Use("Block", "linear1", "out_features"),)
    assert where_used(project, "nothing") == ()


def test_words_that_are_choices_and_texts_are_no_variables() -> None:
    nodes = {
        "c1": Node("c1", "Conv2d", {"padding": "same", "padding_mode": "zeros", "kernel_size": ("same", 3)}),
        "u1": Node("u1", "NotInstalled", {"size": "same"}),
    }
    project = Project(graph=replace(chain().graph, nodes=nodes, links={}))
    assert where_used(project, "same") == (Use("", "c1", "kernel_size"),)
    assert where_used(project, "zeros") == ()


def test_a_parameter_of_a_group_hides_the_variable_of_the_same_name() -> None:
    open_group = replace(block("Open"), parameters=())
    nodes = {"l1": Node("l1", "Linear", {"out_features": "width"})}
    made = replace(graph("l1:Linear"), nodes=nodes)
    project = Project(graph=made, groups={"Block": block(), "Open": open_group})
    assert where_used(project, "width", "") == (Use("", "l1", "out_features"), Use("Open", "linear1", "out_features"))
    assert where_used(project, "width", "Block") == (Use("Block", "linear1", "out_features"),)


def test_what_a_use_passes_on_counts() -> None:
    outer = Group("Outer", replace(graph("b1:group:Block"), nodes={"b1": Node("b1", "group:Block", {"width": "n"})}))
    outer = replace(outer, parameters=(GroupParameter("n", 2),))
    assert where_used(Project(groups={"Block": block(), "Outer": outer}), "n") == (Use("Outer", "b1", "width"),)


def test_a_number_of_repetitions_that_is_no_whole_number_stays_a_text_which_a_file_can_hold() -> None:
    node = Node("a", "group:Block", repeat="times")
    assert rewritten(Project(), node, lambda text: substituted(text, {"times": 0.5})).repeat == "0.5"
    assert rewritten(Project(), node, lambda text: substituted(text, {"times": 3})).repeat == 3
