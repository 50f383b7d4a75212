"""What the check says of groups: which variables they see, what they give, and how many layers they may come to."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch

from core.graph.edits import GroupNodes, SetMode, Ungroup
from core.graph.kinds import group_kind
from core.graph.order import downstream, upstream
from core.graph.project import INPUT, OUTPUT, Group, GroupParameter, Node, Project
from core.graph.templates import templates
from core.model.build import build
from core.model.shapes import check
from tests.model.building import errors, given, layer, shape
from tests.model.grouping import group, out, port, project, use


def _nested() -> Project:
    """Return a group with a parameter ``width`` around one that names the project's variable of that name."""
    inner = group("Inner", (port(), layer("fc", "Linear", out_features="width"), out()), "x > fc", "fc > y")
    outer = group("Outer", (port(), use("inner", "Inner"), out()), "x > inner.x", "inner.y > y", width=16)
    return project(
        (inner, outer),
        (given(3), use("a", "Outer", width=32), out("z")),
        *("x > a.x", "a.y > z"),
        variables={"width": 8},
    )


def test_a_group_sees_its_own_parameters_and_the_projects_variables_but_none_of_the_group_around_it() -> None:
    made = _nested()
    assert shape(made, "a", "y") == ("N", 8)
    assert [tuple(each.shape) for each in build(made).module.parameters()] == [(8, 3), (8,)]


def test_a_variable_that_only_a_group_further_inside_names_changes_what_is_around_it() -> None:
    made = _nested()
    assert shape(made, "a", "y") == ("N", 8)
    assert shape(replace(made, variables={"width": 5}), "a", "y") == ("N", 5)


def test_the_default_says_whether_a_parameter_of_a_group_is_a_whole_number() -> None:
    kinds = [group_kind(Group("Same", parameters=(GroupParameter("rate", default),))) for default in (1, 1.0)]
    assert [kind.parameters[0].type for kind in kinds] == ["int", "float"]


def _muted() -> Group:
    """Return a group whose one output is off."""
    return group("Silent", (port(), replace(layer("relu", "ReLU"), mode="mute"), out()), "x > relu", "relu > y")


def test_a_repeated_group_that_gives_nothing_says_so() -> None:
    nodes = (given(3), use("silent", "Silent", 3), out("z"))
    (problem,) = errors(project((_muted(),), nodes, "x > silent.x", "silent.y > z"))
    assert problem.message == "'silent' gives nothing at 'y': inside, it is off."


def test_an_output_that_is_off_inside_a_group_is_left_out_as_that_of_a_muted_node_is() -> None:
    around_it = group("Around", (port(), use("silent", "Silent"), out()), "x > silent.x", "silent.y > y")
    made = project(
        (_muted(), around_it),
        (given(3), use("off", "Around"), layer("add", "Add"), out("z"), layer("last", "ReLU"), out("none")),
        *("x > off.x", "off.y > add.inputs.0", "x > add.inputs.1", "add > z", "off.y > last", "last > none"),
    )
    report = check(made)
    assert report.ok
    assert {name for name, node in report.nodes.items() if node.off} == {"last", "none"}
    assert shape(made, "add", "output") == ("N", 3)
    sample = torch.randn(2, 3)
    assert torch.equal(build(made).module(sample), sample)


def test_a_group_with_an_output_that_is_off_gives_the_others() -> None:
    half = group(
        "Half",
        (port(), layer("tanh", "Tanh"), replace(layer("relu", "ReLU"), mode="mute"), out("a"), out("b")),
        *("x > tanh", "x > relu", "relu > a", "tanh > b"),
    )
    nodes = (given(3), use("part", "Half"), layer("sum", "Add"), out("z"))
    made = project((half,), nodes, "x > part.x", "part.a > sum.inputs.0", "part.b > sum.inputs.1", "sum > z")
    sample = torch.randn(2, 3)
    assert torch.equal(build(made).module(sample), torch.tanh(sample))
    running = replace(half.graph.nodes["relu"], mode="")
    awake = replace(half, graph=replace(half.graph, nodes={**half.graph.nodes, "relu": running}))
    both = replace(made, groups={"Half": awake})
    assert torch.equal(build(both).module(sample), torch.tanh(sample) + torch.relu(sample))


@pytest.mark.parametrize("number", range(6))
def test_grouping_beside_muted_nodes_leaves_a_valid_network_valid(number: int) -> None:
    """Random nodes of every template are muted, then random ones become a group, with and without a muted one."""
    made, draw = templates()[number].load(), random.Random(number)
    inner = sorted(name for name, node in made.graph.nodes.items() if node.kind not in (INPUT, OUTPUT))
    for _ in range(40):
        muted = frozenset(draw.sample(inner, draw.randrange(1, min(4, len(inner)))))
        before = SetMode(muted, "mute").apply(made)
        assert check(before).ok
        names = frozenset(draw.sample(inner, draw.randrange(1, min(9, len(inner)))))
        names |= downstream(made.graph, names) & upstream(made.graph, names)
        grouped = GroupNodes(names, "Part", "part1").apply(before)
        assert errors(grouped) == []
        assert check(Ungroup("part1").apply(grouped)).ok


def _doubled(levels: int) -> Project:
    """Return groups of which each uses the one before twice."""
    groups = [group("G0", (port(), layer("relu", "ReLU"), out()), "x > relu", "relu > y")]
    for level in range(1, levels + 1):
        nodes: tuple[Node, ...] = (port(), use("a", f"G{level - 1}"), use("b", f"G{level - 1}"), out())
        groups.append(group(f"G{level}", nodes, "x > a.x", "a.y > b.x", "b.y > y"))
    return project(tuple(groups), (given(3), use("a", f"G{levels}"), out("z")), "x > a.x", "a.y > z")


def test_a_few_groups_that_unfold_to_more_layers_than_anyone_could_build_are_refused() -> None:
    assert check(_doubled(4)).ok
    problems = errors(_doubled(30))
    assert "'a' comes to 20,478 layers, with all groups inside it; 20,000 are possible." in {
        problem.message for problem in problems
    }
