"""How many layers a network has: uses and repetitions of groups, shared and tied layers, what is off."""

from __future__ import annotations

from dataclasses import replace

from core.graph.counting import count_layers
from core.graph.project import Graph, Group, GroupParameter, Node, Project
from tests.graph.building import block, chain, graph, stack


def _with(project: Project, name: str, **changes: object) -> Project:
    node = replace(project.graph.nodes[name], **changes)  # type: ignore[arg-type]
    return replace(project, graph=replace(project.graph, nodes={**project.graph.nodes, name: node}))


def test_layers_count_as_often_as_they_are_there() -> None:
    assert count_layers(Project()) == 0
    assert count_layers(chain()) == 2  # neither Input nor Output
    assert count_layers(stack()) == 4  # two uses of two layers
    assert count_layers(_with(stack(), "block1", repeat="2*depth")) == 14
    assert count_layers(_with(stack(), "block1", repeat=5, tied=True)) == 4
    assert count_layers(_with(stack(), "block1", mode="bypass")) == 2
    assert count_layers(_with(stack(), "block2", shares="block1")) == 2


def test_repetitions_inside_a_group_follow_what_each_use_says() -> None:
    inner = graph("x:Input b:group:Block y:Output", "x.output>b.x b.y>y.input")
    repeated = Graph({**inner.nodes, "b": Node("b", "group:Block", repeat="times")}, inner.links)
    outer = Group("Outer", repeated, (GroupParameter("times", 3),))
    nodes = {"one": Node("one", "group:Outer"), "two": Node("two", "group:Outer", {"times": "2*depth"})}
    project = Project(variables={"depth": 2}, graph=Graph(nodes), groups={"Block": block(), "Outer": outer})
    assert count_layers(project) == 3 * 2 + 4 * 2


def test_what_cannot_be_known_is_counted_once_and_nothing_runs_in_circles() -> None:
    assert count_layers(_with(stack(), "block1", repeat="nothing")) == 4
    assert count_layers(_with(stack(), "block1", kind="group:Gone")) == 3
    loop = Group("Loop", graph("again:group:Loop"))
    assert count_layers(Project(graph=graph("a:group:Loop b:ReLU"), groups={"Loop": loop})) == 2
