"""For each kind of problem the right loss, last layer and metrics are proposed in one step that can be undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.graph.document import Document
from core.graph.project import DataBinding, End, Graph, Node, Project
from core.graph.templates import template, templates
from core.model.shapes import check as check_shapes
from core.training.check import check_project
from core.training.guidance import Proposal, possible_types, problem_type, propose
from core.training.losses import losses
from core.training.metrics import metrics
from core.training.problem_types import PROBLEM_TYPES
from tests.training.building import chain, linear, with_params
from tests.training.test_objective import FIELDS

_CONV = Node("conv", "Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": 1})
_TABLE = Node("table", "Embedding", {"num_embeddings": 20, "embedding_dim": 8})
_LSTM = Node("lstm", "LSTM", {"hidden_size": 8})


def _project(target: str, *nodes: Node, fields: tuple[str, ...] = ("a", "b"), **params: Any) -> Project:
    nodes = (Node("x", "Input", {"fields": fields}), *nodes, Node("out", "Output", {"target": target, **params}))
    return Project(data=DataBinding("csv", {"path": "x.csv"}, FIELDS), graph=chain(*nodes))


def _pairs() -> Project:
    nodes = {"x": Node("x", "Input", {"fields": ("a", "b")}), "out": Node("out", "Output", {"target": "sure"})}
    links = {End("out", "input"): End("join", "output")}
    for index in range(2):
        nodes[f"l{index}"] = linear(f"l{index}", 6)
        links[End(f"l{index}", "input")] = End("x", "output")
        links[End("join", f"inputs.{index}")] = End(f"l{index}", "output")
    nodes["join"] = Node("join", "Concatenate")
    return Project(data=DataBinding("csv", {"path": "x.csv"}, FIELDS), graph=Graph(nodes, links))


def _proposed(project: Project, chosen: str = "") -> Proposal:
    found = propose(project, check_shapes(project), project.graph.nodes["out"], chosen)
    assert found is not None
    return found


CASES: dict[str, tuple[Project, str, str, str, tuple[str, ...]]] = {
    # name: project, kind chosen ("": the one found), kind, loss, what the last layers before the output are
    "two classes": (
        _project("sure", linear("head", 2), Node("chance", "Softmax")),
        "",
        "two_classes",
        "bce_with_logits",
        ("Linear 1",),
    ),
    "two classes as many": (
        _project("sure", linear("head", 1), Node("chance", "Sigmoid")),
        "many_classes",
        "many_classes",
        "cross_entropy",
        ("Linear 2",),
    ),
    "many classes": (
        _project("kind", linear("head", 7), Node("chance", "Softmax"), loss="nll"),
        "",
        "many_classes",
        "cross_entropy",
        ("Linear 3",),
    ),
    "many classes of images": (
        _project("kind", _CONV, fields=("image",)),
        "",
        "many_classes",
        "cross_entropy",
        ("Linear 3",),
    ),
    "many labels": (
        _project("topics", linear("head", 2), Node("chance", "Sigmoid")),
        "",
        "many_labels",
        "bce_with_logits",
        ("Linear 4",),
    ),
    "number": (
        _project("price", linear("head", 8), Node("relu", "ReLU"), linear("last", 4)),
        "",
        "number",
        "mse",
        ("Linear 1",),
    ),
    "several numbers": (_project("point", linear("head", 3)), "", "several_numbers", "mse", ("Linear 6",)),
    "count": (_project("scaled", linear("head", 1)), "count", "count", "poisson_nll", ("Linear 1",)),
    "sequence without alignment": (
        _project("said", linear("wide", 8), fields=("wave",)),
        "",
        "without_alignment",
        "ctc",
        ("Linear 12",),
    ),
    "token at every step": (
        _project("tags", linear("wide", 8), fields=("wave",)),
        "",
        "each_token",
        "cross_entropy",
        ("Linear 12",),
    ),
    "sequence without alignment though it could be aligned": (
        _project("tags", linear("wide", 8), fields=("wave",), loss="ctc"),
        "",
        "without_alignment",
        "ctc",
        ("Linear 12",),
    ),
    "text that enters": (
        _project("line", _TABLE, _LSTM, fields=("line",)),
        "",
        "next_token",
        "cross_entropy",
        ("Linear 20",),
    ),
    "next token": (
        _project("next:line", _TABLE, _LSTM, fields=("line",)),
        "",
        "next_token",
        "cross_entropy",
        ("Linear 20",),
    ),
    "next token instead": (
        _project("kind", _TABLE, _LSTM, Node("last", "LastStep"), linear("head", 3), fields=("line",)),
        "next_token",
        "next_token",
        "cross_entropy",
        ("LSTM", "Linear 20"),
    ),
    "pixels": (
        _project("mask", _CONV, Node("pool", "MaxPool2d", {"kernel_size": 2}), fields=("image",)),
        "",
        "pixels",
        "cross_entropy",
        ("Upsample", "Conv2d 3"),
    ),
    "similarity": (_pairs(), "similarity", "similarity", "cosine_embedding", ("Stack",)),
    "ordering": (_project("sure", linear("head", 1)), "ordering", "ordering", "margin_ranking", ("Linear 2",)),
    "autoencoder": (
        _project("kind", linear("narrow", 1), linear("wide", 5)),
        "autoencoder",
        "autoencoder",
        "mse",
        ("Linear 2",),
    ),
    "autoencoder of images": (
        _project("image", _CONV, fields=("image",)),
        "",
        "autoencoder",
        "mse",
        ("Conv2d 1",),
    ),
}


def _last_layers(project: Project, count: int) -> tuple[str, ...]:
    """Return the kinds of the last layers before the output, with their width."""
    found: list[str] = []
    end = End("out", "input")
    while len(found) < count:
        node = project.graph.nodes[project.graph.links[end].node]
        width = node.params.get("out_features", node.params.get("out_channels", ""))
        found.insert(0, f"{node.kind} {width}".strip())
        end = next(each for each in project.graph.links if each.node == node.name)
    return tuple(found)


@pytest.mark.parametrize("case", CASES)
def test_one_step_makes_it_what_textbooks_recommend(case: str) -> None:
    project, chosen, kind, loss, layers = CASES[case]
    proposal = _proposed(project, chosen)
    assert (proposal.type.id, proposal.left, proposal.changes) == (kind, (), True)
    document = Document(project)
    document.apply(proposal.edit)
    assert document.undo_label == f"Set up 'out' for: {proposal.type.title.lower()}"
    report = check_project(document.project)
    assert [each.message for each in report.problems if each.severity == "error"] == []
    (objective,) = report.objectives
    assert objective.loss.id == loss
    assert objective.metrics
    assert _last_layers(document.project, len(layers)) == layers
    document.undo()
    assert document.project == project
    again = _proposed(proposal.edit.apply(project), chosen)
    assert not again.changes
    assert again.type == proposal.type


def test_every_kind_of_problem_is_tried_here() -> None:
    assert {kind for _project, _chosen, kind, _loss, _layers in CASES.values()} == {each.id for each in PROBLEM_TYPES}


@pytest.mark.parametrize("kind", PROBLEM_TYPES, ids=lambda each: each.id)
def test_a_kind_of_problem_names_what_there_is(kind: Any) -> None:
    assert kind.loss in losses
    assert all(each in metrics for each in kind.metrics)
    assert kind.help.endswith(".")
    assert kind.why.endswith(".")
    assert kind.head


def test_the_reason_names_the_target_and_its_size() -> None:
    why = _proposed(_project("kind", linear("head", 3))).why
    assert why.startswith("'kind' is exactly one of 3 classes")
    assert "no softmax" in why


def test_other_kinds_are_offered_where_the_data_allows_them() -> None:
    def offered(project: Project) -> list[str]:
        return [each.id for each in possible_types(project, check_shapes(project), project.graph.nodes["out"])]

    assert offered(_project("sure", linear("head", 1))) == [
        "two_classes",
        "many_classes",
        "similarity",
        "ordering",
        "autoencoder",
    ]
    assert offered(_project("price", linear("head", 1))) == ["number", "count", "autoencoder"]
    assert offered(_project("price", linear("head", 1), loss="poisson_nll"))[0] == "count"
    assert offered(_project("kind", _TABLE, fields=("line",))) == ["many_classes", "next_token"]
    assert offered(_project("line", _TABLE, fields=("line",))) == ["next_token"]
    assert offered(_project("said", fields=("wave",)))[:2] == ["without_alignment", "each_token"]


def test_what_no_layer_can_mend_is_left_to_the_user() -> None:
    proposal = _proposed(_project("sure", linear("head", 1)), "similarity")
    (left,) = proposal.left
    assert "Link the two branches to a Stack" in left


def test_an_output_without_a_target_gets_the_marked_one() -> None:
    project = _project("", linear("head", 1))
    only = tuple(replace(each, role="input") if each.name != "kind" else each for each in FIELDS)
    project = replace(project, data=replace(project.data, fields=only))
    proposal = _proposed(project)
    assert proposal.type.id == "many_classes"
    assert proposal.edit.apply(project).graph.nodes["out"].params["target"] == "kind"
    nothing = replace(project, data=DataBinding())
    assert propose(nothing, check_shapes(nothing), nothing.graph.nodes["out"]) is None


def test_options_stay_with_their_loss_alone() -> None:
    kept = _project("kind", linear("head", 3), loss="cross_entropy", loss_options=(("label_smoothing", 0.1),))
    assert _proposed(kept).edit.apply(kept).graph.nodes["out"].params["loss_options"] == (("label_smoothing", 0.1),)
    gone = _project("kind", linear("head", 3), loss="focal", loss_options=(("gamma", 1.0),))
    assert _proposed(gone).edit.apply(gone).graph.nodes["out"].params["loss_options"] == ()


def _with_data() -> list[str]:
    return [each.id for each in templates() if each.load().data.source]


@pytest.mark.parametrize("name", _with_data())
def test_the_templates_stay_ready(name: str) -> None:
    project = template(name).load()
    for node in project.graph.of_kind("Output"):
        report = check_shapes(project)
        assert problem_type(project, report, node) is not None
        for kind in ("", *(each.id for each in possible_types(project, report, node)[:1])):
            proposal = propose(project, report, node, kind)
            assert proposal is not None
            assert proposal.left == ()
            assert check_project(proposal.edit.apply(project)).ready


def test_digits_without_a_head_become_ready_in_one_step() -> None:
    project = template("digits").load()
    (output,) = project.graph.of_kind("Output")
    head = project.graph.links[End(output.name, "input")].node
    changed = with_params(project, head, out_features=3)
    report = check_shapes(changed)
    proposal = propose(changed, report, changed.graph.nodes[output.name])
    assert proposal is not None
    assert proposal.edit.apply(changed).graph.nodes[head].params["out_features"] == 10
