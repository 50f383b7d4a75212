"""The projects that come with Layerwright are examples to start from: sound, and as good as they promise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.graph.document import Document
from core.graph.files import load_project, project_from_text, project_to_text, save_project
from core.graph.project import INPUT, OUTPUT
from core.graph.templates import Template, template, templates
from core.training.check import check_project
from core.training.control import Control
from core.training.job import Job
from core.training.loop import train
from core.training.summary import Summary

ALL = pytest.mark.parametrize("each", templates(), ids=lambda each: each.id)
WITH_DATA = tuple(each for each in templates() if each.load().data.source)
TRAINABLE = pytest.mark.parametrize("each", WITH_DATA, ids=lambda each: each.id)
BARE = pytest.mark.parametrize(
    "each", [each for each in templates() if each not in WITH_DATA], ids=lambda each: each.id
)
"""The architectures: whoever starts from one brings the data."""

REACHED = {
    "digits": ("digit/accuracy", 0.97, 20),
    "flowers": ("species/accuracy", 0.9, 60),
    "two-inputs": ("cultivar/accuracy", 0.9, 40),
    "moons": ("moon/accuracy", 0.95, 30),
    "rows-as-sequence": ("digit/accuracy", 0.95, 30),
    "house-of-numbers": ("progression/r2", 0.4, 60),
    "lenet5": ("digit/accuracy", 0.97, 15),
    "siamese": ("same/accuracy", 0.87, 30),
    "two-task": ("petal_width/r2", 0.9, 60),
    "autoencoder-variational": ("reconstruction/r2", 0.85, 40),
    "lstm-text": ("topic/accuracy", 0.9, 6),
    "transformer-encoder": ("topic/accuracy", 0.9, 6),
}
"""By template: what is measured on the validation rows, what it has to reach, and within how many epochs."""
SLOWEST = ("transformer-encoder", "siamese", "lenet5")
"""Those whose way to what they have to reach is left to the long tests."""

LARGE = {
    "unet": ("classes_of_pixels/iou", 0.7, 2),
    "ctc-reader": ("text/exact_match", 0.05, 15),
}
"""The same of templates that would take minutes to the end: what they have to reach on the way."""


def _trained(each: Template, folder: Path, epochs: int | None = None, seed: int = 0) -> Summary:
    project = each.load()
    project = replace(project, training=replace(project.training, device="cpu", seed=seed))
    return train(Job(project, folder / f"run{seed}", epochs=epochs), lambda _event: None, Control())


def test_the_four_first_examples_are_there() -> None:
    assert {"digits", "flowers", "two-inputs", "house-of-numbers"} <= {each.id for each in templates()}
    assert {each.id for each in WITH_DATA} == {*REACHED, *LARGE}


@TRAINABLE
def test_nothing_is_wrong_with_a_template(each: Template) -> None:
    report = check_project(each.load())
    assert [problem for problem in report.problems if problem.severity != "info"] == []
    assert report.ready


@BARE
def test_nothing_but_data_is_missing_from_an_architecture(each: Template) -> None:
    report = check_project(each.load())
    assert report.shapes.problems == ()
    assert [problem.message for problem in report.problems] == ["There is no data yet: choose some to train with."]
    assert report.blockers == report.problems


@ALL
def test_a_template_explains_itself(each: Template) -> None:
    project = each.load()
    first, empty, rest = project.notes.partition("\n\n")
    assert project.name != "Untitled"
    assert len(first) <= 100
    assert first.endswith(".")
    assert empty
    assert rest
    assert project.graph.of_kind(INPUT)
    assert project.graph.of_kind(OUTPUT)


@ALL
def test_the_nodes_of_a_template_do_not_lie_on_each_other(each: Template) -> None:
    project = each.load()
    for graph in (project.graph, *(group.graph for group in project.groups.values())):
        positions = [node.position for node in graph.nodes.values()]
        assert len(set(positions)) == len(positions)


@ALL
def test_a_template_is_written_as_it_was_read(each: Template, tmp_path: Path) -> None:
    text = each.path.read_text(encoding="utf-8")
    project = each.load()
    assert project_to_text(project) == text
    assert project_from_text(text, each.id) == project
    save_project(project, tmp_path / each.path.name)
    assert load_project(tmp_path / each.path.name) == project


@ALL
def test_a_template_opens_unmodified(each: Template) -> None:
    document = Document(each.load(), each.path)
    assert not document.is_modified


@ALL
def test_every_group_and_its_parameters_are_explained(each: Template) -> None:
    for group in each.load().groups.values():
        assert group.help.endswith(".")
        assert "\n" not in group.help
        assert all(own.help.endswith(".") for own in group.parameters)


@pytest.mark.parametrize("name", SLOWEST)
def test_a_template_trains(name: str, tmp_path: Path) -> None:
    """Those that are not trained as long as it takes in the next test."""
    summary = _trained(template(name), tmp_path, epochs=1)
    assert (summary.status, summary.epochs) == ("completed", 1)
    assert REACHED[name][0] in summary.best


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("name", "measure", "least", "epochs"),
    [pytest.param(name, *rest, marks=pytest.mark.long if name in SLOWEST else ()) for name, rest in REACHED.items()],
)
def test_a_template_reaches_what_it_promises(
    name: str, measure: str, least: float, epochs: int, seed: int, tmp_path: Path
) -> None:
    assert template(name).load().training.epochs <= epochs
    summary = _trained(template(name), tmp_path, seed=seed)
    assert summary.status == "completed"
    assert summary.best[measure] >= least


@pytest.mark.long
@pytest.mark.parametrize(("name", "measure", "least", "epochs"), [(name, *rest) for name, rest in LARGE.items()])
def test_a_large_template_learns(name: str, measure: str, least: float, epochs: int, tmp_path: Path) -> None:
    summary = _trained(template(name), tmp_path, epochs)
    assert (summary.status, summary.epochs) == ("completed", epochs)
    assert summary.best[measure] >= least
