"""A package trains, where Layerwright is not, to the curve and the weights of the run that it was exported from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.data import dataset
from core.errors import ExportError
from core.exporters import ExportRequest, exporters
from core.graph.edits import SetField
from core.graph.project import End, Graph, Node, Project, Window
from core.training.control import Control
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from tests.exporters.packages import ALONE, compare, follow
from tests.exporters.test_elsewhere import penguins, template
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
    trained,
    with_params,
    with_training,
)


def number(**settings: Any) -> Project:
    return with_training(diabetes(), **{"epochs": 2, "batch_size": 64, **settings})


OPTIMIZERS: dict[str, Mapping[str, Any]] = {
    "SGD": {"momentum": 0.9, "nesterov": True, "weight_decay": 1e-4},
    "Adam": {"beta1": 0.8},
    "AdamW": {},
    "NAdam": {},
    "RAdam": {},
    "Adamax": {},
    "Adafactor": {},
    "Adagrad": {},
    "Adadelta": {},
    "RMSprop": {"momentum": 0.5},
    "ASGD": {"t0": 5.0},
    "Rprop": {},
    "Muon": {"weight_decay": 0.02},
    "LBFGS": {"max_iter": 3},
}


@pytest.mark.slow
def test_every_optimizer_follows_its_curve(tmp_path: Path) -> None:
    rate, decay = {"LBFGS": 0.1, "Rprop": 1e-3}, {"LBFGS": "all", "Rprop": "all"}
    projects = {
        name: number(
            optimizer=name,
            optimizer_options=options,
            learning_rate=rate.get(name, 1e-2),
            decay=decay.get(name, "matrices"),
        )
        for name, options in OPTIMIZERS.items()
    }
    follow(projects, tmp_path)


SCHEDULES: dict[str, Mapping[str, Any]] = {
    "StepLR": {"step_size": 1},
    "MultiStepLR": {},
    "ConstantLR": {"total_iters": 2},
    "ExponentialLR": {"count": "steps"},
    "LinearLR": {},
    "PolynomialLR": {"power": 2.0},
    "CosineAnnealingLR": {"eta_min": 1e-4},
    "CosineAnnealingWarmRestarts": {"T_mult": 2},
    "warm_up_cosine": {"warm_up": 0.2},
    "warm_up_stable_decay": {"warm_up": 0.2},
    "warm_up_step": {"warm_up": 0.2},
    "inverse_square_root": {"warm_up": 0.3},
    "OneCycleLR": {},
    "CyclicLR": {"step_size_up": 3},
    "LambdaLR": {"expression": "(1 - progress) / (1 + epoch)"},
    "MultiplicativeLR": {"expression": "0.5"},
    "ReduceLROnPlateau": {"patience": 0, "threshold": 0.5},
}


@pytest.mark.long
def test_every_schedule_follows_its_curve(tmp_path: Path) -> None:
    projects = {
        name: number(schedule=name, schedule_options=options, epochs=3, learning_rate=1e-2)
        for name, options in SCHEDULES.items()
    }
    slower = with_params(number(epochs=3, schedule="OneCycleLR"), "head", learning_rate_factor=0.1)
    follow({**projects, "factors": slower, "Muon": number(optimizer="Muon", schedule="OneCycleLR")}, tmp_path)


def two_outputs() -> Project:
    """A number and a class from one network, one of them weighed."""
    binding = data("diabetes")
    columns = [each.name for each in binding.with_role("input")]
    target = binding.with_role("target")[0].name
    nodes = (
        inputs(*columns),
        linear("hidden", 8),
        Node("relu", "ReLU"),
        linear("one", 1),
        linear("two", 2),
        Node("near", "Output", {"target": target, "loss": "huber", "loss_weight": 0.3}),
        Node("sure", "Output", {"target": target, "loss": "gaussian_nll"}),
    )
    links = {"hidden": "x", "relu": "hidden", "one": "relu", "two": "relu", "near": "one", "sure": "two"}
    graph = Graph(
        {node.name: node for node in nodes},
        {End(after, "input"): End(before, "output") for after, before in links.items()},
    )
    return Project("two", data=binding, graph=graph, training=settings_with(epochs=2, combine="mean"))


def normalised(**settings: Any) -> Project:
    """A number from a network with batch normalisation."""
    plain = number(**settings)
    nodes = plain.graph.nodes
    return replace(
        plain, graph=chain(nodes["x"], nodes["hidden"], Node("norm", "BatchNorm1d"), nodes["head"], nodes["out"])
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # the compiler's own
def test_losses_weights_and_what_limits_training_follow_their_curve(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The compiler is switched off: what surrounds it is the same, and it would take a minute."""
    from torch._dynamo import config as dynamo

    weighed = with_params(spirals(), "out", class_weights=(1.0, 2.5, 0.5))
    held = with_params(moons(epochs=2), "hidden", weight_constraint="max_norm", l2=0.01)
    projects = {
        "class weights": with_training(weighed, clip="norm", clip_at=0.5, epochs=2),
        "balanced": with_training(with_params(spirals(), "out", class_weights="balanced"), accumulate=3, epochs=2),
        "sampled": replace(penguins(), data=replace(penguins().data, sampling="balanced")),
        "smooth": with_params(spirals(), "out", loss_options=(("label_smoothing", 0.1),)),
        "focal": with_params(spirals(), "out", loss="focal", class_weights="balanced"),
        "yes": moons(epochs=2, clip="value", clip_at=0.1),
        "yes, weighed": with_params(moons(epochs=2, accumulate=2), "out", class_weights=(1.0, 3.0)),
        "held": held,
        "penalised": with_params(moons(epochs=2, accumulate=3), "hidden", l1=0.01),
        "two": two_outputs(),
        "early": number(epochs=8, patience=1, min_delta=100.0),
        "ema": number(average="ema", average_decay=0.9),
        "swa": number(average="swa", average_start=0.3, epochs=4),
        "measured anew": normalised(average="swa", average_start=0.3, epochs=4, batch_size=63, compile=True),
    }
    monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")
    with dynamo.patch(disable=True):
        follow(projects, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("compiler", ["g++", "/no/such/compiler"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # the compiler's own
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
def test_a_compiled_network_follows_its_curve_where_it_can_be_compiled_and_where_not(
    compiler: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from torch._inductor import config as inductor

    trained(number(compile=True), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    torch.compiler.reset()  # what another test compiled, or could not, is tried again
    with inductor.patch({"compile_threads": 1}):
        made = exporters["package"].export(ExportRequest.of_run(run, tmp_path / "package"))
    assert made.notes == ()
    monkeypatch.setenv("CXX", compiler)
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(made.path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (compiler in done.stdout and "trained as it is" in done.stdout) == (compiler != "g++")
    compare(run, made.path, near=1e-3)


def weighted(project: Project, name: str) -> Project:
    """Return a project in which a column says how much each sample counts."""
    field = next(each for each in project.data.fields if each.name == name)
    return SetField(replace(field, role="weight")).apply(project)


def test_images_windows_and_weighted_samples_follow_their_curve(tmp_path: Path) -> None:
    small = digits(epochs=2, batch_size=128, accumulate=2)
    plain = number()
    middle = (linear("hidden", 8), Node("flatten", "Flatten"), linear("head", 1))
    graph = chain(plain.graph.nodes["x"], *middle, plain.graph.nodes["out"])
    windowed = replace(plain, graph=graph, data=replace(plain.data, window=Window(4, 1, 2)))
    few = with_training(digits(), epochs=2, precision="bfloat16", schedule="OneCycleLR", batch_size=256)
    follow({"images": small, "windows": windowed, "bits": few}, tmp_path)


def labelled(table: Path) -> Project:
    """Any number of labels for each of a few rows."""
    words = [";".join(word for word, at in (("red", 2), ("blue", 3)) if row % at == 0) or "none" for row in range(60)]
    table.write_text("\n".join(["a,b,tags", *(f"{row % 7},{row % 11},{each}" for row, each in enumerate(words))]))
    binding = data("csv", path=str(table))
    roles = tuple(replace(each, role="target" if each.name == "tags" else "input") for each in binding.fields)
    tail = (linear("head", 3), output("tags", class_weights="balanced"))
    graph = chain(inputs("a", "b"), linear("hidden", 6), Node("relu", "ReLU"), *tail)
    return Project("labels", data=replace(binding, fields=roles), graph=graph, training=settings_with(epochs=2))


@pytest.mark.slow
def test_labels_texts_and_inputs_as_targets_follow_their_curve(tmp_path: Path) -> None:
    names = ("two-inputs", "autoencoder-variational", "lstm-text")
    templates = {name: with_training(template(name), epochs=1, device="cpu") for name in names}
    follow({"labels": labelled(tmp_path / "labels.csv"), **templates}, tmp_path)


def test_a_package_is_written_whole_and_proved(tmp_path: Path) -> None:
    """Missing values, categories with unknown words, a column of sample weights."""
    project = with_training(weighted(penguins(), "year"), epochs=2)
    graph = with_params(project, "x", fields=tuple(f for f in project.graph.nodes["x"].params["fields"] if f != "year"))
    trained(graph, tmp_path / "run")
    run = Run.open(tmp_path / "run")
    made = exporters["package"].export(ExportRequest.of_run(run, tmp_path / "package"))
    assert made.notes == ()
    names = {each.name for each in made.path.iterdir()}
    assert {"README.md", "model.py", "data.py", "train.py", "predict.py", "weights.pt", "requirements.txt"} <= names
    assert "python train.py" in (made.path / "README.md").read_text()
    text = (made.path / "train.py").read_text()
    assert "Muon" not in text
    assert "torch.optim.Adam(" in text
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(made.path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    compare(run, made.path)


def refused(project: Project, folder: Path, what: str) -> ExportError:
    trained(project, folder / "run")
    with pytest.raises(ExportError) as error:
        exporters["package"].export(ExportRequest.of_run(Run.open(folder / "run"), folder / "package"))
    assert not (folder / "package").exists()
    assert what in str(error.value)
    return error.value


def test_what_cannot_be_written_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dataset, "HELD_BYTES", 0)
    refused(moons(epochs=1, batch_size=512), tmp_path / "streamed", "The data is too large to be held in memory")


def test_a_run_that_was_steered_is_refused(tmp_path: Path) -> None:
    control = Control()
    control.set_learning_rate(1e-4)
    train(Job(moons(epochs=1), tmp_path / "run", threads=1), lambda _event: None, control)
    with pytest.raises(ExportError, match="changed while it trained"):
        exporters["package"].export(ExportRequest.of_run(Run.open(tmp_path / "run"), tmp_path / "package"))
