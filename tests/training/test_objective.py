"""Every meaning as a target: what is learnt, what the loss needs of the network, and the ways out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from core.graph.binding import input_signature
from core.graph.document import Document
from core.graph.project import DataBinding, End, Field, Graph, Node, Project, PythonLayer, TrainingSettings
from core.model.build import build
from core.model.problems import Problem
from core.training.check import CheckReport, check_project
from core.training.criterion import Criterion
from core.training.objective import OutputObjective
from core.trust import trust
from tests.training.building import chain, linear, with_params

FIELDS = (
    Field("a", "number"),
    Field("b", "number"),
    Field("image", "image", shape=(1, 8, 8)),
    Field("mask", "mask", "target", (8, 8), ("sky", "sea", "land")),
    Field("shade", "mask", "target", (8, 8), ("no", "yes")),
    Field("kind", "category", "target", categories=("x", "y", "z")),
    Field("sure", "flag", "target", categories=("no", "yes")),
    Field("topics", "labels", "target", categories=("art", "law", "war", "zoo")),
    Field("price", "number", "target"),
    Field("scaled", "number", "target", encoding="standardise"),
    Field("point", "array", "target", (6,)),
    Field("line", "text", encoding="character", options={"vocabulary": 20}),
    Field("said", "text", "target", encoding="character", options={"vocabulary": 12}),
    Field("short", "text", "target", encoding="character", options={"vocabulary": 12, "length": 30}),
    Field("tags", "text", "target", encoding="character", options={"vocabulary": 12, "length": 16}),
    Field("signal", "sequence", "input", (0,)),
    Field("wave", "sequence", "input", (16, 3)),
)


def _project(nodes: tuple[Node, ...], target: str, *, fields: tuple[str, ...] = ("a", "b"), **params: Any) -> Project:
    nodes = (Node("x", "Input", {"fields": fields}), *nodes, Node("out", "Output", {"target": target, **params}))
    binding = DataBinding("csv", {"path": "x.csv"}, FIELDS)
    return Project(data=binding, graph=chain(*nodes))


def _image(*nodes: Node, target: str = "mask", **params: Any) -> Project:
    conv = Node("conv", "Conv2d", {"out_channels": 4, "kernel_size": 3, "padding": 1})
    return _project((conv, *nodes), target, fields=("image",), **params)


def _text(*nodes: Node, target: str = "next:line", **params: Any) -> Project:
    table = Node("table", "Embedding", {"num_embeddings": 20, "embedding_dim": 8})
    return _project((table, *nodes), target, fields=("line",), **params)


def _steps(*nodes: Node, target: str = "said", **params: Any) -> Project:
    return _project((linear("wide", 8), *nodes), target, fields=("wave",), **params)


def _pairs(kind: str, loss: str = "cosine_embedding", target: str = "sure", count: int = 2) -> Project:
    nodes = {"x": Node("x", "Input", {"fields": ("a", "b")}), "out": Node("out", "Output", {"target": target})}
    links = {End("out", "input"): End("join", "output")}
    for index in range(count):
        nodes[f"l{index}"] = linear(f"l{index}", 6)
        links[End(f"l{index}", "input")] = End("x", "output")
        links[End("join", f"inputs.{index}")] = End(f"l{index}", "output")
    nodes["join"] = Node("join", kind)
    binding = DataBinding("csv", {"path": "x.csv"}, FIELDS)
    return with_params(Project(data=binding, graph=Graph(nodes, links)), "out", loss=loss)


def _errors(report: CheckReport) -> list[str]:
    return [each.message for each in report.problems if each.severity != "info"]


_LSTM = Node("lstm", "LSTM", {"hidden_size": 8})
_LAST = Node("last", "LastStep")

SOUND: dict[str, tuple[Project, str, str]] = {
    # name: project, loss, kind of target
    "mask": (_image(Node("head", "Conv2d", {"out_channels": 3, "kernel_size": 1})), "cross_entropy", "class"),
    "mask by dice": (
        _image(Node("head", "Conv2d", {"out_channels": 3, "kernel_size": 1}), loss="dice"),
        "dice",
        "class",
    ),
    "mask of yes and no": (
        _image(Node("head", "Conv2d", {"out_channels": 1, "kernel_size": 1}), target="shade"),
        "bce_with_logits",
        "binary",
    ),
    "mask of yes and no by Tversky": (
        _image(Node("head", "Conv2d", {"out_channels": 1, "kernel_size": 1}), target="shade", loss="tversky"),
        "tversky",
        "binary",
    ),
    "labels": (_project((linear("head", 4),), "topics"), "bce_with_logits", "labels"),
    "labels by a hinge": (
        _project((linear("head", 4),), "topics", loss="multilabel_margin"),
        "multilabel_margin",
        "labels",
    ),
    "array": (_project((linear("head", 6),), "point"), "mse", "number"),
    "angle": (_project((linear("head", 6),), "point", loss="cosine"), "cosine", "number"),
    "distribution": (
        _project((linear("head", 6), Node("logs", "LogSoftmax")), "point", loss="kl_div"),
        "kl_div",
        "number",
    ),
    "count": (_project((linear("head", 1),), "price", loss="poisson_nll"), "poisson_nll", "number"),
    "mean and variance": (_project((linear("head", 2),), "price", loss="gaussian_nll"), "gaussian_nll", "number"),
    "next token": (_text(_LSTM, linear("head", 20)), "cross_entropy", "class"),
    "text without alignment": (_steps(linear("head", 12)), "ctc", "text"),
    "text by a class for each step": (
        _steps(linear("head", 12), target="tags", loss="cross_entropy"),
        "cross_entropy",
        "class",
    ),
    "series": (
        _project((Node("u", "Unsqueeze", {"dim": 2}), linear("head", 1)), "signal", fields=("signal",)),
        "mse",
        "number",
    ),
    "the input itself": (_project((linear("narrow", 1), linear("head", 2)), "input:x"), "mse", "number"),
    "the input image itself": (
        _image(Node("head", "Conv2d", {"out_channels": 1, "kernel_size": 1}), target="input:x"),
        "mse",
        "number",
    ),
    "pair": (_pairs("Stack"), "cosine_embedding", "binary"),
    "triplet": (_pairs("Stack", "triplet", "kind", 3), "triplet", "none"),
    "ordering": (_project((linear("head", 2),), "sure", loss="margin_ranking"), "margin_ranking", "binary"),
    "distance": (_project((linear("head", 1),), "sure", loss="hinge_embedding"), "hinge_embedding", "binary"),
    "probability": (
        _project((linear("head", 1), Node("chance", "Sigmoid")), "sure", loss="bce"),
        "bce",
        "binary",
    ),
    "logarithms": (_project((linear("head", 3), Node("logs", "LogSoftmax")), "kind", loss="nll"), "nll", "class"),
}


@pytest.mark.parametrize("case", SOUND)
def test_what_fits_is_ready_and_its_loss_runs(case: str) -> None:
    project, loss, kind = SOUND[case]
    report = check_project(project)
    assert _errors(report) == []
    (objective,) = report.objectives
    assert (objective.loss.id, objective.loss.target) == (loss, kind)
    assert Criterion.of(objective).kind == objective.loss


def _targets(objective: OutputObjective, samples: int) -> torch.Tensor:
    """Return targets as the data gives them, open lengths being 16."""
    sizes = (samples, *(size if isinstance(size, int) else 16 for size in objective.shape))
    generator = torch.Generator().manual_seed(0)
    if objective.loss.form == "steps":
        return torch.randint(1, objective.classes, (samples, 5), generator=generator)
    if objective.loss.target in ("number", "none"):
        return torch.rand(sizes, generator=generator)
    return torch.randint(0, 2, sizes, generator=generator)


@pytest.mark.parametrize("case", SOUND)
def test_what_is_ready_learns(case: str) -> None:
    torch.manual_seed(0)
    project = SOUND[case][0]
    (objective,) = check_project(project).objectives
    built = build(project)
    signature = input_signature(project, project.graph.nodes["x"])
    sizes = (4, *(size if isinstance(size, int) else 16 for size in signature.shape))
    samples = torch.randn(sizes) if signature.dtype == "float32" else torch.randint(2, 20, sizes)
    criterion = Criterion.of(objective)
    targets = criterion.prepare(_targets(objective, 4))
    optimizer = torch.optim.Adam(built.module.parameters(), lr=0.02)
    found = []
    for _ in range(30):
        loss = criterion(criterion.arrange(built.module(samples), targets), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.detach()))
    assert found[-1] < found[0]


MISFITS: dict[str, tuple[Project, str, str]] = {
    # name: project, what the message says, label of the fix
    "mask channels": (_image(), "is a mask of 8 × 8 pixels and 3 classes", "Insert Conv2d with 3 channels"),
    "mask size": (
        _image(Node("pool", "MaxPool2d", {"kernel_size": 2})),
        "one score per class for every pixel, so that N × 3 × 8 × 8 is needed",
        "Insert Upsample to 8 × 8 and Conv2d with 3 channels",
    ),
    "mask of yes and no": (
        _image(target="shade", loss="bce_with_logits"),
        "one score for every pixel, so that N × 1 × 8 × 8 is needed",
        "Insert Conv2d with 1 channel",
    ),
    "labels": (
        _project((linear("head", 3),), "topics"),
        "has 4 labels, the output gives 3 values",
        "Set out_features of head to 4",
    ),
    "array": (
        _project((linear("head", 3),), "point"),
        "is an array of 6 values, the output gives 3 values",
        "Set out_features of head to 6",
    ),
    "variance": (
        _project((linear("head", 1),), "price", loss="gaussian_nll"),
        "Gaussian needs 2 values",
        "Set out_features of head to 2",
    ),
    "vocabulary": (
        _text(_LSTM, linear("head", 5)),
        "is a text with a vocabulary of 20, but 'out' gets N × T × 5",
        "Set out_features of head to 20",
    ),
    "no head of tokens": (_text(_LSTM), "N × T × 20 is needed", "Insert Linear with 20 outputs"),
    "last step of tokens": (
        _text(_LSTM, _LAST, linear("head", 20)),
        "but 'out' gets N × 20",
        "Remove last, so that every step gives a prediction",
    ),
    "symbols": (_steps(), "N × steps × 12 is needed", "Set out_features of wide to 12"),
    "series": (
        _project((Node("u", "Unsqueeze", {"dim": 2}), linear("wide", 4)), "signal", fields=("signal",)),
        "The loss compares them value by value, so that N × T",
        "Set out_features of wide to 1",
    ),
    "the input itself": (
        _project((linear("head", 3),), "input:x"),
        "is an array of 2 values",
        "Set out_features of head to 2",
    ),
    "pair end to end": (_pairs("Concatenate"), "compares two vectors in one output", "Change join to Stack"),
    "triplet end to end": (
        _pairs("Concatenate", "triplet", "kind", 3),
        "compares three vectors",
        "Change join to Stack",
    ),
    "no probability": (
        _project((linear("head", 1),), "sure", loss="bce"),
        "no Sigmoid makes it so",
        "Insert Sigmoid",
    ),
    "no logarithm": (
        _project((linear("head", 3), Node("soft", "Softmax")), "kind", loss="nll"),
        "no LogSoftmax makes it so",
        "Change soft to LogSoftmax",
    ),
    "softmax of pixels": (
        _image(Node("head", "Conv2d", {"out_channels": 3, "kernel_size": 1}), Node("soft", "Softmax", {"dim": 1})),
        "applies softmax itself",
        "Move softmax into the loss",
    ),
    "softmax of one score": (
        _project((linear("head", 1), Node("soft", "Softmax")), "sure"),
        "can never be sure of anything",
        "Remove softmax before the loss",
    ),
    "sigmoid of classes": (
        _project((replace(linear("head", 3), params={"out_features": 3, "activation": "sigmoid"}),), "kind"),
        "the sigmoid of 'head' before it squeezes them",
        "Remove sigmoid before the loss",
    ),
    "sigmoid of labels": (
        _project((linear("head", 4), Node("chance", "Sigmoid")), "topics"),
        "applies sigmoid itself",
        "Move sigmoid into the loss",
    ),
    "a text to be copied": (
        _text(_LSTM, linear("head", 20), target="line", loss="cross_entropy"),
        "it would only copy it",
        "Predict the next token of 'line'",
    ),
    "no negative numbers": (
        _project((linear("head", 1), Node("relu", "ReLU")), "scaled"),
        "The ReLU of 'relu' gives nothing below 0",
        "Remove ReLU before 'out'",
    ),
    "no negative numbers by a property": (
        _project((Node("head", "Linear", {"out_features": 1, "activation": "softplus"}),), "scaled"),
        "they can never be predicted",
        "Remove softplus before 'out'",
    ),
    "weights of one area": (
        _image(
            Node("head", "Conv2d", {"out_channels": 1, "kernel_size": 1}),
            target="shade",
            loss="dice",
            class_weights=(1.0, 2.0),
        ),
        "Dice takes no class weights",
        "Use binary cross-entropy",
    ),
    "scaled count": (
        _project((linear("head", 1),), "scaled", loss="poisson_nll"),
        "needs 'scaled' in its own units, but it is prepared by standardise",
        "Leave 'scaled' as it is",
    ),
    "loss of masks": (
        _project((linear("head", 3),), "kind", loss="dice"),
        "Dice measures predictions of masks, but the target 'kind' has 3 classes.",
        "Use cross-entropy",
    ),
    "loss of labels": (
        _project((linear("head", 1),), "price", loss="multilabel_margin"),
        "predictions of labels, but the target 'price' is a number",
        "Use mean squared error",
    ),
    "options of another loss": (
        _project((linear("head", 1),), "price", loss="l1", loss_options=(("delta", 2.0),)),
        "Mean absolute error has no option 'delta'",
        "Use the default of delta",
    ),
    "option out of range": (
        _project((linear("head", 1),), "price", loss="huber", loss_options=(("delta", -1.0),)),
        "delta must be greater than 0",
        "Use the default of delta",
    ),
    "weights of a number": (
        _project((linear("head", 1),), "price", class_weights="balanced"),
        "Class weights say nothing about 'price', which is a number.",
        "Count all classes alike",
    ),
    "too few weights": (
        _project((linear("head", 3),), "kind", class_weights=(1.0, 2.0)),
        "'out' has 2 class weights: give one number for each",
        "Balance them",
    ),
    "weights of nothing": (
        _project((linear("head", 3),), "kind", class_weights=(0.0, 0.0, 0.0)),
        "so that nothing counts",
        "Count all classes alike",
    ),
    "a loss without weights": (
        _project((linear("head", 4),), "topics", loss="multilabel_margin", class_weights="balanced"),
        "takes no class weights",
        "Use binary cross-entropy",
    ),
    "nothing counts": (
        _project((linear("head", 1),), "price", loss_weight=0.0),
        "nothing would be learned",
        "Set loss_weight to 1",
    ),
}


def _found(report: CheckReport, said: str) -> list[Problem]:
    return [each for each in report.problems if said in each.message]


@pytest.mark.parametrize("case", MISFITS)
def test_a_misfit_is_explained_and_its_fix_can_be_undone(case: str) -> None:
    project, said, label = MISFITS[case]
    before = check_project(project)
    (problem,) = _found(before, said)
    assert problem.severity in ("error", "warning")
    fix = next((each for each in problem.fixes if each.label == label), None)
    assert fix is not None, [each.label for each in problem.fixes]
    document = Document(project)
    document.apply(fix.edit)
    assert not _found(check_project(document.project), said)
    document.undo()
    assert document.project == project


@pytest.mark.parametrize("case", MISFITS)
def test_taking_first_fixes_ends_in_a_project_that_is_ready(case: str) -> None:
    project = MISFITS[case][0]
    for _ in range(6):
        problems = [each for each in check_project(project).problems if each.severity != "info" and each.fixes]
        if not problems:
            break
        project = problems[0].fixes[0].edit.apply(project)
    report = check_project(project)
    assert _errors(report) == []
    assert report.ready


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("input:y", "there is no such Input"),
        ("next:lines", "there is no text 'lines'"),
        ("next:price", "there is no text 'price'"),
        ("nothing", "there is no such data field"),
    ],
)
def test_a_target_that_is_nothing_is_said(target: str, said: str) -> None:
    (problem,) = check_project(_project((linear("head", 2),), target)).blockers
    assert problem.parameter == "target"
    assert said in problem.message
    assert problem.fixes


def test_a_text_longer_than_the_steps_is_warned_of() -> None:
    report = check_project(_steps(linear("head", 12), target="short"))
    assert report.ready
    (problem,) = [each for each in report.problems if each.severity == "warning"]
    assert "'out' gives 16 steps, but 'short' has up to 30 symbols" in problem.message


_OWN = """
class Mine(nn.Module):
    def __init__(self, power: float = 2.0):
        super().__init__()
        self.power = power

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return ((output - target).abs() ** self.power).mean()
"""


def _with_own(source: str, **params: Any) -> Project:
    project = _project((linear("head", 6),), "point", loss="python:Mine", **params)
    return replace(project, code={"Mine": PythonLayer("Mine", source)})


def test_an_own_loss_has_its_arguments_as_options_and_needs_trust() -> None:
    source = _OWN + "# asked for\n"
    (problem,) = check_project(_with_own(source)).blockers
    assert problem.parameter == "loss"
    assert "trust" in problem.message
    trust(source)
    project = _with_own(source, loss_options=(("power", 3.0),))
    (objective,) = check_project(project).objectives
    assert check_project(project).ready
    assert (objective.loss.title, objective.options) == ("Mine", (("power", 3.0),))
    assert Criterion.of(objective)(torch.full((2, 6), 2.0), torch.zeros(2, 6)) == 8.0
    wrong = check_project(_with_own(source, loss_options=(("powr", 3.0),)))
    assert "Did you mean 'power'?" in wrong.blockers[0].message


def test_an_own_loss_that_fails_is_said_with_its_line() -> None:
    source = _OWN.replace("self.power).mean()", "self.powr).mean()")
    trust(source)
    (problem,) = check_project(_with_own(source)).blockers
    assert "The loss refuses what 'out' gives" in problem.message
    assert "line 8: AttributeError" in problem.message


# --- several outputs --------------------------------------------------------------------------------------------------


def _two(combine: str, *weights: float) -> Mapping[str, OutputObjective]:
    nodes = {"x": Node("x", "Input", {"fields": ("a", "b")})}
    links = {}
    for index, (target, width) in enumerate((("price", 1), ("kind", 3))):
        nodes[f"l{index}"] = linear(f"l{index}", width)
        nodes[f"o{index}"] = Node(f"o{index}", "Output", {"target": target, "loss_weight": weights[index]})
        links[End(f"l{index}", "input")] = End("x", "output")
        links[End(f"o{index}", "input")] = End(f"l{index}", "output")
    settings = TrainingSettings(combine="mean" if combine == "mean" else "sum")
    project = Project(data=DataBinding("csv", {}, FIELDS), graph=Graph(nodes, links), training=settings)
    return {each.output: each for each in check_project(project).objectives}


def test_weights_add_up_to_the_sum_or_the_mean_of_the_losses() -> None:
    added, mean = _two("sum", 1.0, 3.0), _two("mean", 1.0, 3.0)
    assert (added["o0"].weight, added["o1"].weight) == (1.0, 3.0)
    assert (mean["o0"].weight, mean["o1"].weight) == (0.25, 0.75)
