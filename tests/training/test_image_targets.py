"""Images as targets, as an autoencoder has them: checked, prepared as the input is, and measured value by value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.data.bind import bind
from core.data.dataset import load
from core.graph.project import Encoding, Field, Node, Project, Split
from core.model.build import build
from core.training.check import check_project
from core.training.checkpoints import load_weights
from core.training.control import Control
from core.training.evaluate import evaluate
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from tests.training.building import chain, inputs, linear, output, settings_with, with_params

_RESHAPE = Node("picture", "Reshape", {"shape": (1, 8, 8)})


def _autoencoder(*end: Node, encoding: Encoding = "none", **params: object) -> Project:
    """Return 64 pixels through 16 numbers and back; ``end`` stands in for the last layers."""
    binding = bind("digits", {})
    fields = tuple(replace(each, encoding=encoding) if each.name == "image" else each for each in binding.fields)
    end = end or (linear("decode", 64), _RESHAPE)
    graph = chain(
        inputs("image"),
        Node("flat", "Flatten"),
        linear("encode", 16),
        Node("relu", "ReLU"),
        *end,
        output("image", **params),
    )
    data = replace(binding, fields=fields, split=Split("random"))
    return Project("autoencoder", data=data, graph=graph, training=settings_with(learning_rate=0.01))


def test_giving_an_image_back_is_no_leak() -> None:
    report = check_project(_autoencoder())
    assert report.ready
    (told,) = report.problems
    assert (told.severity, told.node) == ("info", "out")
    assert told.message == "'out' learns to give back 'image', which 'x' takes: an autoencoder."


def test_a_column_that_is_given_and_predicted_is_still_warned_of() -> None:
    project = with_params(_autoencoder(linear("head", 10)), "out", target="digit")
    fields = tuple(replace(each, encoding="one-hot") if each.name == "digit" else each for each in project.data.fields)
    project = replace(with_params(project, "x", fields=("digit",)), data=replace(project.data, fields=fields))
    assert [each.severity for each in check_project(project).problems if "copy" in each.message] == ["warning"]


def test_number_losses_and_metrics_are_chosen() -> None:
    (objective,) = check_project(_autoencoder()).objectives
    assert (objective.loss.id, objective.classes) == ("mse", 0)
    assert [each.id for each in objective.metrics] == ["mae", "r2"]


@pytest.mark.parametrize("loss", ["cross_entropy", "bce_with_logits"])
def test_losses_for_classes_are_refused(loss: str) -> None:
    (problem,) = check_project(_autoencoder(loss=loss)).blockers
    assert problem.parameter == "loss"
    assert "but the target 'image' is an image." in problem.message


def test_metrics_for_classes_are_left_out() -> None:
    problems = check_project(_autoencoder(metrics=("accuracy", "rmse"))).problems
    assert "Accuracy says nothing about 'image', which is an image." in [each.message for each in problems]


@pytest.mark.parametrize(
    ("end", "label"),
    [
        ((linear("decode", 64),), "Insert Reshape to 1 × 8 × 8"),
        ((linear("decode", 30),), "Insert Linear with 64 outputs and Reshape to 1 × 8 × 8"),
        (
            (linear("decode", 48), Node("picture", "Reshape", {"shape": (3, 4, 4)})),
            "Insert Upsample to 8 × 8 and Conv2d with 1 channel",
        ),
        ((linear("decode", 192), Node("picture", "Reshape", {"shape": (3, 8, 8)})), "Insert Conv2d with 1 channel"),
        ((linear("decode", 16), Node("picture", "Reshape", {"shape": (1, 4, 4)})), "Insert Upsample to 8 × 8"),
        (
            (linear("decode", 30), Node("steps", "Reshape", {"shape": (5, 6)})),
            "Insert Flatten and Linear with 64 outputs and Reshape to 1 × 8 × 8",
        ),
    ],
)
def test_another_shape_is_explained_and_can_be_mended(end: tuple[Node, ...], label: str) -> None:
    project = _autoencoder(*end)
    (problem,) = check_project(project).blockers
    assert "The target 'image' is an image of 1 × 8 × 8 values, but 'out' gets N × " in problem.message
    (fix,) = problem.fixes
    assert fix.label == label
    assert check_project(fix.edit.apply(project)).ready


def test_whole_numbers_are_refused_for_an_image() -> None:
    (problem,) = check_project(_autoencoder(linear("decode", 64), _RESHAPE, Node("top", "ArgMax"))).blockers
    assert "a loss needs float32" in problem.message


@pytest.mark.parametrize("encoding", ["none", "standardise", "min-max"])
def test_the_target_is_prepared_exactly_as_the_input(encoding: Encoding) -> None:
    prepared = load(_autoencoder(encoding=encoding))
    for part in (prepared.training, prepared.validation):
        assert torch.equal(part.targets["out"], part.inputs["x"])
    assert prepared.training.targets["out"].shape == (1438, 1, 8, 8)


@pytest.mark.parametrize(("loss", "module"), [("mse", nn.MSELoss()), ("l1", nn.L1Loss()), ("huber", nn.HuberLoss())])
@pytest.mark.parametrize("encoding", ["none", "standardise"])
def test_loss_and_metrics_are_over_all_values(loss: str, module: nn.Module, encoding: Encoding, tmp_path: Path) -> None:
    project = _autoencoder(encoding=encoding, loss=loss, metrics=("mae", "rmse", "r2"))
    summary = train(Job(project, tmp_path / "run", epochs=2, threads=1), lambda _event: None, Control())
    found = evaluate(Run.open(tmp_path / "run"))
    assert found == pytest.approx(summary.best, rel=1e-6)
    prepared = load(project)
    images = prepared.validation.inputs["x"]
    session_module = _rebuilt(project, tmp_path / "run")
    with torch.inference_mode():
        results = session_module(images)
    scale = prepared.target_scale("out")[1]
    error = (results - images).double().numpy() * scale
    spread = images.double().numpy() * scale
    assert found["out/loss"] == pytest.approx(float(module(results, images)), rel=1e-5)
    assert found["out/mae"] == pytest.approx(np.abs(error).mean(), rel=1e-6)
    assert found["out/rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-6)
    assert found["out/r2"] == pytest.approx(1 - (error**2).sum() / ((spread - spread.mean()) ** 2).sum(), rel=1e-6)


def _rebuilt(project: Project, run: Path) -> nn.Module:
    module = build(project).module
    load_weights(module, Run.open(run).weights("best"))
    return module.eval()


def test_an_image_is_offered_as_target_where_nothing_else_is_marked() -> None:
    project = with_params(_autoencoder(), "out", target="")
    only = tuple(each for each in project.data.fields if each.meaning == "image")
    report = check_project(replace(project, data=replace(project.data, fields=only)))
    (problem,) = report.blockers
    (fix,) = problem.fixes
    assert fix.label == "Predict 'image'"
    mended = fix.edit.apply(replace(project, data=replace(project.data, fields=only)))
    assert check_project(mended).ready
    assert mended.data.fields[0].role == "input"


def test_an_image_may_be_learned_from_another_one() -> None:
    project = _autoencoder()
    other = Field("clean", "image", "target", (1, 8, 8))
    project = replace(project, data=replace(project.data, fields=(*project.data.fields, other)))
    report = check_project(with_params(project, "out", target="clean"))
    assert report.ready
    assert report.problems == ()
