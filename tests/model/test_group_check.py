"""What the check says of groups: which variables they see, what they give, and how many layers they may come to."""

from __future__ import annotations

from dataclasses import replace

from core.graph.kinds import group_kind
from core.graph.project import Group, GroupParameter, Node, Project
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


def test_a_repeated_group_that_gives_nothing_says_so() -> None:
    muted = group("Silent", (port(), replace(layer("relu", "ReLU"), mode="mute"), out()), "x > relu", "relu > y")
    for repeat in (1, 3):
        nodes = (given(3), use("silent", "Silent", repeat), out("z"))
        (problem,) = errors(project((muted,), nodes, "x > silent.x", "silent.y > z"))
        assert problem.message == "'silent' gives nothing at 'y': inside, it is off."


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
