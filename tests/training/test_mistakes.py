"""The commonest mistakes of a project that shall be trained, each in the project's own graph and inside a group."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from core.graph.document import Document
from core.graph.project import DataBinding, End, Field, Graph, Group, GroupParameter, Node, Project
from core.model.problems import Problem
from core.training.check import check_project
from tests.training.building import (
    chain,
    data,
    diabetes,
    digits,
    inputs,
    linear,
    moons,
    output,
    settings_with,
    spirals,
    with_params,
    with_training,
)


class Mistake(NamedTuple):
    """A project, what is said of it, where (the group that the node is in, if any) and the fixes that are offered."""

    project: Project
    severity: str
    words: str
    labels: tuple[str, ...]
    inside: bool = True
    """Whether it is one inside a group too."""


def _with(project: Project, *nodes: Node, links: tuple[tuple[str, str], ...] = ()) -> Project:
    """Add nodes of one input each, linked from and to."""
    graph = project.graph
    added = {End(target, "input"): End(source, "output") for source, target in links}
    return replace(
        project, graph=Graph({**graph.nodes, **{node.name: node for node in nodes}}, {**graph.links, **added})
    )


def _embedding(rows: int) -> Project:
    fields = (
        Field("island", "category", categories=("a", "b", "c", "d"), encoding="index"),
        Field("species", "category", "target", categories=("p", "q")),
    )
    table = Node("table", "Embedding", {"num_embeddings": rows, "embedding_dim": 2})
    graph = chain(inputs("island"), table, Node("flatten", "Flatten"), linear("head", 2), output("species"))
    return Project(data=DataBinding("csv", {"path": "x.csv"}, fields), graph=graph)


def _frozen() -> Project:
    project = spirals()
    for name in ("hidden", "head"):
        project = with_params(project, name, frozen=True)
    return project


def _normalised(project: Project) -> Project:
    nodes = (*project.graph.nodes.values(),)
    at = next(index for index, node in enumerate(nodes) if node.name == "relu")
    return replace(project, graph=chain(*nodes[:at], Node("norm", "BatchNorm1d"), *nodes[at:]))


def _ending_in_norm() -> Project:
    *layers, end = diabetes().graph.nodes.values()
    return replace(diabetes(), graph=chain(*layers, Node("norm", "BatchNorm1d"), end))


def _row(*middle: Node) -> Project:
    return Project(data=data("spirals"), graph=chain(inputs("x", "y"), *middle, output("class")))


def _two_targets() -> Project:
    binding = data("spirals")
    more = Field("side", "category", "target", categories=("left", "right"))
    return replace(spirals(), data=replace(binding, fields=(*binding.fields, more)))


MISTAKES: dict[str, Mistake] = {
    # 10, 11 what the loss applies itself
    "softmax": Mistake(
        spirals(Node("soft", "Softmax")),
        "warning",
        "Cross-entropy applies softmax itself",
        ("Move softmax into the loss",),
    ),
    "softmax of a layer": Mistake(
        with_params(spirals(), "head", activation="softmax"),
        "warning",
        "Cross-entropy applies softmax itself; 'head' before it makes 'out' learn slowly",
        ("Move softmax into the loss",),
    ),
    "log-softmax": Mistake(
        spirals(Node("soft", "LogSoftmax")), "info", "changes nothing and may go", ("Move log-softmax into the loss",)
    ),
    "log-softmax of a layer": Mistake(
        with_params(spirals(), "head", activation="log_softmax"),
        "info",
        "changes nothing and may go",
        ("Move log-softmax into the loss",),
    ),
    "sigmoid": Mistake(
        with_params(moons(), "head", activation="sigmoid"),
        "warning",
        "Binary cross-entropy applies sigmoid itself",
        ("Move sigmoid into the loss",),
    ),
    "log-sigmoid": Mistake(
        replace(moons(), graph=chain(inputs("x", "y"), linear("h", 1), Node("last", "LogSigmoid"), output("class"))),
        "warning",
        "Binary cross-entropy applies sigmoid itself; 'last' before it",
        ("Move log-sigmoid into the loss",),
    ),
    # 13 classes
    "too few classes": Mistake(
        spirals(width=2),
        "error",
        "The target 'class' has 3 classes, the output gives 2 values.",
        ("Set out_features of head to 3",),
    ),
    # 8 and 3 tables
    "a table with too few rows": Mistake(
        _embedding(3),
        "error",
        "'table' has 3 rows (num_embeddings), but 'island' has 4 categories, each of which needs a row of its own.",
        ("Set num_embeddings of table to 4",),
    ),
    # 19 branches
    "a branch that leads nowhere": Mistake(
        _with(spirals(), linear("side", 4), Node("end", "ReLU"), links=(("relu", "side"), ("side", "end"))),
        "warning",
        "'end' leads to no output",
        ("Remove end and what only it uses",),
    ),
    "a head without an output": Mistake(
        _with(_two_targets(), linear("second", 2), links=(("relu", "second"),)),
        "warning",
        "'second' leads to no output",
        ("Remove second", "Predict 'side' with second"),
        inside=False,
    ),
    # 20 right before the output
    "dropout before the output": Mistake(
        spirals(Node("drop", "Dropout")),
        "warning",
        "'drop' stands right before the output 'out': it blanks out predictions",
        ("Remove drop",),
    ),
    "batch norm before the output": Mistake(
        _ending_in_norm(),
        "warning",
        "'norm' stands right before the output 'out': what is predicted for a sample depends on the others",
        ("Remove norm",),
    ),
    # batches and frozen layers
    "batches of one": Mistake(
        with_training(_normalised(spirals()), batch_size=1),
        "error",
        "with a batch of 1 there is a single value of each, which PyTorch refuses to train on",
        ("Set batch_size to 2",),
    ),
    "batches of one image": Mistake(
        with_training(digits(), batch_size=1),
        "warning",
        "with a batch of 1 it knows a single sample while training, but many later",
        ("Set batch_size to 2",),
    ),
    "all frozen": Mistake(
        _frozen(), "info", "All layers with weights are frozen, so there is nothing to train.", ("Unfreeze head",)
    ),
    # layers that do nothing
    "the same activation twice": Mistake(
        _row(linear("a", 8), Node("relu1", "ReLU"), Node("relu2", "ReLU"), linear("b", 3)),
        "info",
        "'relu2' applies ReLU to what 'relu1' has put through the same already: the second one changes nothing.",
        ("Remove relu2",),
    ),
    "an activation after a layer that has it": Mistake(
        _row(Node("a", "Linear", {"activation": "tanh"}), Node("tanh", "Tanh"), linear("b", 3)),
        "info",
        "'tanh' applies Tanh to what the activation of 'a' has put through the same already",
        ("Remove tanh",),
    ),
    "an activation of the data": Mistake(
        _row(Node("relu", "ReLU"), linear("a", 8), Node("tanh", "Tanh"), linear("b", 3)),
        "info",
        "'relu' is applied to the data themselves",
        ("Remove relu",),
        inside=False,
    ),
    "two linear layers in a row": Mistake(
        _row(linear("a", 8), Node("drop", "Dropout"), linear("b", 3)),
        "info",
        "'b' follows 'a' without an activation in between: two Linear layers in a row can learn no more",
        ("Insert ReLU",),
    ),
}


def _in_a_group(project: Project) -> Project:
    """Move everything between the Input and the Output into a group."""
    graph = project.graph
    (entry,), (end,) = graph.of_kind("Input"), graph.of_kind("Output")
    inner = Graph({**graph.nodes, "x": Node("x", "Input"), "out": Node("out", "Output")}, graph.links)
    links = {End("g", "x"): End("x", "output"), End("out", "input"): End("g", "out")}
    outer = Graph({"x": entry, "g": Node("g", "group:Inside"), "out": end}, links)
    return replace(project, graph=outer, groups={"Inside": Group("Inside", inner)})


def _said(project: Project, mistake: Mistake) -> list[Problem]:
    return [problem for problem in check_project(project).problems if mistake.words in problem.message]


@pytest.mark.parametrize(
    ("name", "where"),
    [(name, where) for name, mistake in MISTAKES.items() for where in ("root", "group")[: 1 + mistake.inside]],
)
def test_a_mistake_is_named_and_every_way_out_is_one(name: str, where: str) -> None:
    mistake = MISTAKES[name]
    project = mistake.project if where == "root" else _in_a_group(mistake.project)
    report = check_project(project)
    problems = _said(project, mistake)
    assert len(problems) == 1, [problem.message for problem in report.problems]
    (problem,) = problems
    assert problem.severity == mistake.severity
    assert problem.path == ("g",)[: where == "group" and problem.node != "out"]
    assert tuple(fix.label for fix in problem.fixes) == mistake.labels
    assert report.ready == (mistake.severity != "error" and name != "all frozen"), report.blockers
    for fix in problem.fixes:
        document = Document(project)
        document.apply(fix.edit)
        after = check_project(document.project)
        assert not _said(document.project, mistake), fix.label
        assert after.ready, (fix.label, after.blockers)
        document.undo()
        assert document.project == project


def _head(**own: int) -> Project:
    """A head as a group, whose number of classes is a parameter of it."""
    nodes = (Node("x", "Input"), linear("hidden", 8), Node("relu", "ReLU"), Node("last", "Linear"), Node("y", "Output"))
    inside = chain(
        *(replace(node, params={"out_features": "classes"}) if node.name == "last" else node for node in nodes)
    )
    group = Group("Head", inside, (GroupParameter("classes", 2),))
    use = Node("head", "group:Head", own)
    links = {End("head", "x"): End("x", "output"), End("out", "input"): End("head", "y")}
    graph = Graph({"x": inputs("x", "y"), "head": use, "out": output("class")}, links)
    return Project(data=data("spirals"), graph=graph, groups={"Head": group}, training=settings_with())


@pytest.mark.parametrize("own", [{}, {"classes": 5}])
def test_the_number_of_classes_is_set_where_a_group_is_used(own: dict[str, int]) -> None:
    document = Document(_head(**own))
    (problem,) = check_project(document.project).problems
    assert "The target 'class' has 3 classes" in problem.message
    (fix,) = problem.fixes
    assert fix.label == "Set classes of head to 3"
    before = document.project
    document.apply(fix.edit)
    assert document.project.graph.nodes["head"].params == {"classes": 3}
    assert document.project.groups == before.groups
    assert check_project(document.project).problems == ()
    document.undo()
    assert document.project == before


def test_a_parameter_that_serves_more_than_the_head_stays() -> None:
    project = _head()
    group = project.groups["Head"]
    nodes = {**group.graph.nodes, "hidden": Node("hidden", "Linear", {"out_features": "classes"})}
    project = replace(project, groups={"Head": replace(group, graph=replace(group.graph, nodes=nodes))})
    (problem,) = check_project(project).problems
    assert [fix.label for fix in problem.fixes] == ["Set out_features of last to 3"]
    assert check_project(problem.fixes[0].edit.apply(project)).problems == ()


def test_dropout_at_the_end_of_a_group_that_is_repeated_is_a_hidden_one() -> None:
    inside = chain(
        Node("x", "Input"), linear("a", 3), Node("relu", "ReLU"), Node("drop", "Dropout"), Node("y", "Output")
    )
    links = {End("g", "x"): End("x", "output"), End("out", "input"): End("g", "y")}
    graph = Graph(
        {"x": inputs("x", "y"), "g": Node("g", "group:Block", repeat=2), "out": output("class")},
        links,
    )
    project = Project(data=data("spirals"), graph=graph, groups={"Block": Group("Block", inside)})
    assert check_project(project).problems == ()


@pytest.mark.parametrize(
    "middle",
    [
        (linear("a", 64), Node("relu", "ReLU"), linear("b", 2), linear("c", 16), Node("tanh", "Tanh"), linear("d", 3)),
        (Node("a", "Linear", {"activation": "relu"}), linear("b", 3)),
        (linear("a", 8), Node("glu", "GLU"), Node("glu2", "GLU"), linear("b", 3)),
        (linear("a", 8), Node("norm", "BatchNorm1d"), Node("relu", "ReLU"), Node("drop", "Dropout"), linear("b", 3)),
        (linear("a", 8), Node("relu", "ReLU"), Node("tanh", "Tanh"), linear("b", 3)),
    ],
    ids=["bottleneck", "activation of a layer", "gates", "hidden dropout", "two kinds of activation"],
)
def test_what_a_good_engineer_writes_is_not_remarked_on(middle: tuple[Node, ...]) -> None:
    assert check_project(_row(*middle)).problems == ()


def test_a_branch_that_ends_in_a_muted_node_is_no_dead_end() -> None:
    project = _with(spirals(), linear("side", 3), links=(("relu", "side"),))
    project = _with(project, Node("other", "Output", {"target": "class"}, mode="mute"), links=(("side", "other"),))
    assert not [each for each in check_project(project).problems if "leads to no output" in each.message]


@pytest.mark.parametrize("width", [(), (1,)], ids=["N", "N × 1"])
def test_a_regression_may_give_one_value_with_or_without_a_dimension(width: tuple[int, ...]) -> None:
    project = diabetes()
    nodes = [node for node in project.graph.nodes.values() if node.kind != "Output"]
    shaped = Node("shaped", "Reshape", {"shape": width or (1,)})
    tail = (shaped,) if width else (shaped, Node("squeezed", "Squeeze"))
    graph = chain(*nodes, *tail, project.graph.nodes["out"])
    assert check_project(replace(project, graph=graph)).problems == ()
