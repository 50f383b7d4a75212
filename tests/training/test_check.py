"""What keeps a project from being trained is said in plain words, with edits that put it right and can be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.graph.document import Document
from core.graph.project import DataBinding, End, Field, Graph, Node, Project
from core.model.problems import Problem
from core.training.check import CheckReport, check_project
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

FEATURE_MAP = digits(head=(linear("head", 10),))


def _sequence(*after: Node, width: int = 8) -> Project:
    nodes = (
        inputs("x", "y"),
        Node("rows", "Reshape", {"shape": (2, 1)}),
        Node("lstm", "LSTM", {"hidden_size": width}),
        *after,
        output("class"),
    )
    return Project(data=data("spirals"), graph=chain(*nodes), training=settings_with())


def _leak() -> Project:
    return with_params(diabetes(), "x", fields=("age", "progression"))


CASES: dict[str, tuple[Project, str, str, str]] = {
    # name: project, severity, what the message says, label of the fix
    "unbound input": (
        with_params(moons(), "x", fields=()),
        "error",
        "takes nothing from the data",
        "Use all input columns",
    ),
    "unbound image": (with_params(digits(), "x", fields=()), "error", "takes nothing from the data", "Use 'image'"),
    "no target": (
        with_params(spirals(), "out", target=""),
        "error",
        "does not know what to predict",
        "Predict 'class'",
    ),
    "unknown target": (
        with_params(spirals(), "out", target="clas"),
        "error",
        "Did you mean 'class'?",
        "Predict 'class'",
    ),
    "too few classes": (
        digits(head=(Node("flatten", "Flatten"), linear("linear2", 5))),
        "error",
        "The target 'digit' has 10 classes, the output gives 5 values.",
        "Set out_features of linear2 to 10",
    ),
    "too many classes": (
        spirals(width=5),
        "warning",
        "has 3 classes, the output gives 5",
        "Set out_features of head to 3",
    ),
    "no head": (
        Project(data=data("spirals"), graph=chain(inputs("x", "y"), Node("norm", "BatchNorm1d"), output("class"))),
        "error",
        "the output gives 2 values",
        "Insert Linear with 3 outputs",
    ),
    "number too wide": (
        diabetes(width=4),
        "error",
        "is one number, the output gives 4",
        "Set out_features of head to 1",
    ),
    "yes or no too wide": (
        with_params(moons(width=2), "out", loss="bce_with_logits"),
        "error",
        "needs 1 value; got 2 values",
        "Use cross-entropy",
    ),
    "feature map": (FEATURE_MAP, "error", "A feature map (N × 32 × 4 × 10) reaches the output", "Insert Flatten"),
    "feature map without a head": (
        digits(head=(Node("pool", "MaxPool2d", {"kernel_size": 2}),)),
        "error",
        "A feature map (N × 32 × 2 × 2) reaches the output",
        "Insert Flatten and Linear",
    ),
    "sequence": (_sequence(linear("head", 3)), "error", "A sequence (N × 2 × 3) reaches", "Insert Last time step"),
    "softmax": (spirals(Node("softmax", "Softmax")), "warning", "applies softmax itself", "Move softmax into the loss"),
    "softmax behind dropout": (
        spirals(Node("softmax", "Softmax"), Node("dropout", "Dropout")),
        "warning",
        "applies softmax itself",
        "Move softmax into the loss",
    ),
    "sigmoid": (
        replace(moons(), graph=chain(inputs("x", "y"), linear("head", 1), Node("sigmoid", "Sigmoid"), output("class"))),
        "warning",
        "applies sigmoid itself",
        "Move sigmoid into the loss",
    ),
    "loss for another target": (
        spirals(loss="mse"),
        "error",
        "but the target 'class' has 3 classes",
        "Use cross-entropy",
    ),
    "loss for classes": (diabetes(loss="cross_entropy"), "error", "is a number", "Use mean squared error"),
    "unknown loss": (spirals(loss="cross_entrop"), "error", "Did you mean 'cross_entropy'?", "Use cross-entropy"),
    "metric for another target": (spirals(metrics=("auto", "mae")), "warning", "MAE says nothing", "Remove 'mae'"),
    "unknown metric": (spirals(metrics=("acuracy",)), "warning", "Did you mean 'accuracy'?", "Remove 'acuracy'"),
    "leak": (_leak(), "warning", "it would only copy it", "Take 'progression' out of the input"),
}


def _matching(report: CheckReport, severity: str, said: str) -> list[Problem]:
    return [each for each in report.problems if each.severity == severity and said in each.message]


@pytest.mark.parametrize("case", CASES)
def test_a_fix_makes_its_problem_go_away_and_undo_brings_it_back(case: str) -> None:
    project, severity, said, label = CASES[case]
    before = check_project(project)
    problems = _matching(before, severity, said)
    assert len(problems) == 1, [each.message for each in before.problems]
    assert before.ready == (severity != "error")
    fix = next(each for each in problems[0].fixes if each.label == label)

    document = Document(project)
    document.apply(fix.edit)
    assert document.undo_label
    assert not _matching(check_project(document.project), severity, said)
    document.undo()
    assert document.project == project
    assert _matching(check_project(document.project), severity, said)


@pytest.mark.parametrize("case", CASES)
def test_every_fix_that_is_offered_can_be_applied(case: str) -> None:
    project, _severity, said, _label = CASES[case]
    for problem in check_project(project).problems:
        for fix in problem.fixes:
            assert fix.label
            after = check_project(fix.edit.apply(project))
            assert problem not in after.problems, (said, fix.label)


@pytest.mark.parametrize(
    "project", [moons(), moons(width=2), spirals(), diabetes(), digits()], ids=lambda each: each.name
)
def test_a_sound_project_is_ready(project: Project) -> None:
    report = check_project(project)
    assert [each.message for each in report.problems] == []
    assert report.ok
    assert report.ready


@pytest.mark.parametrize(
    ("project", "loss"),
    [
        (moons(), "bce_with_logits"),
        (moons(width=2), "cross_entropy"),
        (spirals(), "cross_entropy"),
        (diabetes(), "mse"),
    ],
    ids=["one value for two classes", "two values for two classes", "many classes", "number"],
)
def test_the_loss_is_chosen_by_the_kind_of_target(project: Project, loss: str) -> None:
    (objective,) = check_project(project).objectives
    assert objective.loss.id == loss
    assert objective.metrics


def test_softmax_that_others_read_stays_for_them() -> None:
    project = spirals(Node("softmax", "Softmax"))
    nodes = {**project.graph.nodes, "other": Node("other", "Output", {"target": "class"})}
    links = {**project.graph.links, End("other", "input"): End("softmax", "output")}
    project = replace(project, graph=Graph(nodes, links))
    problem = next(each for each in check_project(project).problems if "softmax itself" in each.message)
    fixed = problem.fixes[0].edit.apply(project)
    assert "softmax" in fixed.graph.nodes
    assert len([each for each in check_project(fixed).problems if "softmax itself" in each.message]) == 1


def test_an_unfinished_project_is_not_shouted_at() -> None:
    empty = check_project(Project())
    assert empty.ok
    assert not empty.ready
    assert {each.severity for each in empty.problems} == {"info"}
    without_data = check_project(replace(spirals(), data=DataBinding()))
    missing = [each.message for each in without_data.blockers if each.severity == "info"]
    assert any("no data" in each for each in missing)


def test_a_branch_that_reaches_no_output_is_a_warning_at_its_end() -> None:
    project = spirals()
    nodes = {**project.graph.nodes, "side": linear("side", 4), "end": Node("end", "ReLU")}
    links = {
        **project.graph.links,
        End("side", "input"): End("relu", "output"),
        End("end", "input"): End("side", "output"),
    }
    report = check_project(replace(project, graph=Graph(nodes, links)))
    assert [(each.severity, each.node) for each in report.problems] == [("warning", "end")]
    assert report.ready


@pytest.mark.parametrize(
    ("settings", "parameter", "said"),
    [
        ({"learning_rate": 0.0}, "learning_rate", "above 0"),
        ({"batch_size": 0}, "batch_size", "at least 1"),
        ({"epochs": 0}, "epochs", "at least 1"),
        ({"optimizer": "Adm"}, "optimizer", "Did you mean 'Adam'?"),
        ({"optimizer_options": {"beta1": 2.0}}, "beta1", "beta1"),
    ],
)
def test_settings_that_do_not_fit_block_training(settings: dict[str, object], parameter: str, said: str) -> None:
    report = check_project(with_training(spirals(), **settings))
    assert [each.parameter for each in report.blockers] == [parameter]
    assert said in report.blockers[0].message


def test_a_target_that_cannot_be_predicted_is_refused() -> None:
    binding = data("spirals")
    named = replace(binding, fields=(*binding.fields, Field("number", "identifier", "ignore")))
    report = check_project(with_params(replace(spirals(), data=named), "out", target="number"))
    assert "holds identifiers" in report.blockers[0].message
    assert [fix.label for fix in report.blockers[0].fixes] == ["Predict 'class'"]


@pytest.mark.parametrize("value", [5, "x", None, {"a": 1}, (("x",),), (5,)])
def test_parameters_of_the_wrong_kind_are_problems_and_no_crash(value: object) -> None:
    for name, parameter in (("x", "fields"), ("out", "target"), ("out", "metrics")):
        report = check_project(with_params(moons(), name, **{parameter: value}))
        assert not report.ready or (parameter, value) == ("target", "x")


def test_a_target_with_one_value_reads_well() -> None:
    project = moons()
    *points, target = project.data.fields
    one = replace(project.data, fields=(*points, replace(target, categories=("upper",))))
    report = check_project(replace(project, data=one))
    assert any("has 1 different value:" in each.message for each in report.problems)


def test_an_embedding_with_fewer_rows_than_its_category_is_an_error_with_a_way_out() -> None:
    fields = (
        Field("island", "category", categories=("a", "b", "c", "d"), encoding="index"),
        Field("species", "category", "target", categories=("p", "q")),
    )
    table = Node("table", "Embedding", {"num_embeddings": 3, "embedding_dim": 2})
    graph = chain(inputs("island"), table, Node("flatten", "Flatten"), linear("head", 2), output("species"))
    document = Document(Project(data=DataBinding("csv", {"path": "x.csv"}, fields), graph=graph))
    (problem,) = check_project(document.project).blockers
    assert (problem.node, problem.parameter) == ("table", "num_embeddings")
    assert "has 3 rows" in problem.message
    document.apply(problem.fixes[0].edit)
    assert check_project(document.project).ready


@pytest.mark.parametrize(("encoding", "wanted", "severity"), [("word", 5000, "warning"), ("byte", 258, "error")])
def test_an_embedding_with_fewer_rows_than_a_text_has_tokens_is_told(encoding: str, wanted: int, severity: str) -> None:
    fields = (
        Field("review", "text", encoding=encoding, options={"length": 6}),
        Field("species", "category", "target", categories=("p", "q")),
    )
    table = Node("table", "Embedding", {"num_embeddings": 20, "embedding_dim": 2})
    graph = chain(inputs("review"), table, Node("flatten", "Flatten"), linear("head", 2), output("species"))
    document = Document(Project(data=DataBinding("csv", {"path": "x.csv"}, fields), graph=graph))
    (problem,) = [each for each in check_project(document.project).problems if each.node == "table"]
    assert (problem.severity, problem.parameter) == (severity, "num_embeddings")
    assert f"may have {wanted:,} tokens" in problem.message
    document.apply(problem.fixes[0].edit)
    assert not [each for each in check_project(document.project).problems if each.node == "table"]


def test_a_data_source_that_does_not_exist_is_named_with_the_nearest_one() -> None:
    project = Project(data=DataBinding("digit"))
    messages = [problem.message for problem in check_project(project).problems if problem.severity == "error"]
    assert messages == ["There is no data source 'digit'. Did you mean 'digits'? Choose the data again."]


def _augmented(project: Project, name: str, **augment: dict[str, object]) -> Project:
    fields = tuple(replace(each, augment=augment) if each.name == name else each for each in project.data.fields)
    return replace(project, data=replace(project.data, fields=fields))


def _one(project: Project, parameter: str) -> Problem:
    (problem,) = [each for each in check_project(project).problems if each.parameter == parameter]
    return problem


def test_augmentations_that_do_not_suit_are_said_and_taken_out() -> None:
    project = _augmented(digits(), "image", gain={}, flip={"probability": 0.5}, nonsense={})
    problem = _one(project, "augment")
    assert problem.severity == "error"
    assert "not for a field that holds image data" in problem.message
    assert "no augmentation 'nonsense'" in problem.message
    mended = problem.fixes[0].edit.apply(project)
    assert mended == _augmented(digits(), "image", flip={"probability": 0.5})
    assert check_project(mended).ready


def test_blending_one_of_several_fields_is_doubtful() -> None:
    assert check_project(_augmented(digits(), "image", mixup={})).problems == check_project(digits()).problems
    assert check_project(_augmented(moons(), "x", mixup={})).problems == check_project(moons()).problems
    graph = chain(Node("other", "Input", {"fields": ("y",)}), linear("beside", 2))
    moon = with_params(moons(), "x", fields=("x",))
    whole = Graph({**moon.graph.nodes, **graph.nodes}, {**moon.graph.links, **graph.links})
    problem = _one(_augmented(replace(moon, graph=whole), "x", mixup={}), "augment")
    assert problem.severity == "warning"
    assert "blends 'x'" in problem.message
    assert "'y'" in problem.message


def test_balanced_sampling_needs_classes() -> None:
    balanced = replace(moons(), data=replace(moons().data, sampling="balanced"))
    assert not [each for each in check_project(balanced).problems if each.parameter == "sampling"]
    numbers = replace(diabetes(), data=replace(diabetes().data, sampling="balanced"))
    problem = _one(numbers, "sampling")
    assert (problem.severity, check_project(numbers).ready) == ("warning", True)
    assert problem.fixes[0].edit.apply(numbers) == diabetes()
