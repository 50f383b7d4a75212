"""A package measures what the run measured, and stops, saves and slows down by the curve that the run followed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.exporters._package.gathered import gathered
from core.exporters._package.metrics import Measured, metrics_text, unwritten_metrics
from core.exporters._pruned import module_text
from core.graph.edits import SetField
from core.graph.project import End, Graph, Node, Project
from core.training.metrics import metrics
from core.training.session import open_session
from core.training.statistics import STATISTICS
from tests.exporters.packages import follow
from tests.exporters.test_elsewhere import penguins
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


def measured(project: Project, *outputs: str) -> Project:
    """Return a project whose outputs are measured by all that says something about them."""
    for name in outputs or ("out",):
        session = open_session(project, None, "cpu")
        objective = next(each for each in session.network.objectives if each.output == name)
        suits = (objective.loss.target, objective.target.meaning, objective.classes)
        names = tuple(each.id for each in metrics if each.suits(*suits))
        project = with_params(project, name, metrics=names)
    return project


def labelled(table: Path) -> Project:
    """Any number of labels for each of a few rows."""
    words = [";".join(word for word, at in (("red", 2), ("blue", 3)) if row % at == 0) or "none" for row in range(60)]
    table.write_text("\n".join(["a,b,tags", *(f"{row % 7},{row % 11},{each}" for row, each in enumerate(words))]))
    binding = data("csv", path=str(table))
    roles = tuple(replace(each, role="target" if each.name == "tags" else "input") for each in binding.fields)
    tail = (linear("head", 3), output("tags", class_weights="balanced"))
    graph = chain(inputs("a", "b"), linear("hidden", 6), Node("relu", "ReLU"), *tail)
    return Project("labels", data=replace(binding, fields=roles), graph=graph, training=settings_with(epochs=2))


def weighed_penguins() -> Project:
    """Three classes, where a column says how much each row counts."""
    project = penguins()
    year = next(each for each in project.data.fields if each.name == "year")
    project = SetField(replace(year, role="weight")).apply(project)
    fields = tuple(each for each in project.graph.nodes["x"].params["fields"] if each != "year")
    return with_params(project, "x", fields=fields)


def two_outputs() -> Project:
    """A number, and another read as mean and variance, from one network."""
    binding = data("diabetes")
    target = binding.with_role("target")[0].name
    nodes = (
        inputs(*(each.name for each in binding.with_role("input"))),
        linear("hidden", 8),
        linear("one", 1),
        linear("two", 2),
        Node("near", "Output", {"target": target, "loss": "huber"}),
        Node("sure", "Output", {"target": target, "loss": "gaussian_nll"}),
    )
    links = {"hidden": "x", "one": "hidden", "two": "hidden", "near": "one", "sure": "two"}
    graph = Graph(
        {node.name: node for node in nodes},
        {End(after, "input"): End(before, "output") for after, before in links.items()},
    )
    return Project("two", data=binding, graph=graph, training=settings_with(epochs=2))


def pictures() -> Project:
    """An autoencoder of images of 8 by 8."""
    graph = chain(
        inputs("image"),
        Node("conv", "Conv2d", {"out_channels": 1, "kernel_size": 3, "padding": 1}),
        Node("out", "Output", {"target": "input:x"}),
    )
    return Project("pictures", data=data("digits"), graph=graph, training=settings_with(epochs=1, batch_size=256))


@pytest.mark.slow
def test_every_metric_is_what_the_run_measured(tmp_path: Path) -> None:
    few: dict[str, Any] = {"epochs": 2, "batch_size": 128}
    projects = {
        "numbers": measured(with_training(diabetes(), **few, accumulate=2)),
        "classes": measured(with_training(spirals(), **few)),
        "weighed": measured(weighed_penguins()),
        "yes": measured(with_training(moons(**few), optimizer="LBFGS", learning_rate=0.1)),
        "no and yes": measured(moons(2, **few)),
        "distance": measured(with_params(moons(**few, average="ema"), "out", loss="hinge_embedding")),
        "labels": measured(labelled(tmp_path / "labels.csv")),
        "two": measured(two_outputs(), "near", "sure"),
        "images": measured(pictures()),
        "penalised": measured(with_params(moons(**few, precision="bfloat16", accumulate=2), "hidden", l1=0.01)),
    }
    follow(projects, tmp_path)


@pytest.mark.slow
def test_a_metric_decides_what_is_best_and_when_to_stop(tmp_path: Path) -> None:
    rises = moons(
        epochs=8,
        batch_size=128,
        monitor="validation/out/accuracy",
        patience=2,
        min_delta=0.05,
        schedule="ReduceLROnPlateau",
        schedule_options={"patience": 0, "threshold": 0.5},
    )
    falls = with_training(
        with_params(diabetes(), "out", metrics=("mae", "r2")), epochs=2, batch_size=128, monitor="training/out/mae"
    )
    follow({"rises": rises, "falls": falls}, tmp_path)
    curves = (tmp_path / "rises" / "package" / "curves.csv").read_text().splitlines()
    assert len(curves) - 1 < 8
    assert "validation/out/accuracy" in curves[0]


def test_only_what_is_measured_is_written() -> None:
    session = open_session(with_params(moons(), "out", metrics=("accuracy",)), None, "cpu")
    found = [Measured(each, head, ()) for each, head in zip(session.network.objectives, session.heads, strict=True)]
    text = metrics_text(found, weighted=False)
    assert "def accuracy(" in text
    assert "roc_area" not in text
    assert "load_state" not in text
    assert "core." not in text
    bare = open_session(with_params(digits(), "out", metrics=()), None, "cpu")
    assert metrics_text([Measured(bare.network.objectives[0], bare.heads[0], ())], weighted=False) == ""


def test_no_two_things_that_metrics_need_have_one_name() -> None:
    functions = [part for each in metrics for part in _functions(each.compute)]
    wanted = [(each.__module__, each.__name__) for each in (*functions, *STATISTICS.values())]
    left = gathered(wanted, ("state", "load_state", "add_state", "note"))
    names: dict[str, Any] = {}
    exec(compile(module_text("All metrics.", left.imports, left.definitions), "metrics.py", "exec"), names)
    assert {each.__name__ for each in (*functions, *STATISTICS.values())} <= names.keys()


def test_a_metric_of_a_plug_in_is_refused_by_its_name() -> None:
    objective = open_session(moons(), None, "cpu").network.objectives[0]
    assert unwritten_metrics([objective]) == []
    foreign = replace(objective.metrics[0], title="Luck", compute=lambda _sums: 0.5)
    (problem,) = unwritten_metrics([replace(objective, metrics=(foreign,))])
    assert "'Luck', which comes from a plug-in" in problem


def _functions(compute: Any) -> list[Any]:
    if not isinstance(compute, partial):
        return [compute]
    return [compute.func, *(each for each in compute.keywords.values() if callable(each))]
