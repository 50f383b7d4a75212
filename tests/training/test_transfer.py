"""Edit while paused: what survives an edit of the network, and that the run goes on from it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.errors import TrainingError
from core.graph.project import Node, Project
from core.training.checkpoints import read_weights
from core.training.course import Course
from core.training.events import RunStarted
from core.training.runs import Run
from core.training.session import open_session
from core.training.transfer import plan_transfer, take_over
from tests.training.building import chain, digits, inputs, linear, output, spirals, trained, with_training
from tests.training.everything import everything


def _edited(project: Project) -> Project:
    """A wider second convolution and another layer in the head; the first one and its normalisation stay."""
    graph = chain(
        inputs("image"),
        Node("conv1", "Conv2d", {"out_channels": 16, "kernel_size": 3, "padding": 1}),
        Node("norm", "BatchNorm2d"),
        Node("relu1", "ReLU"),
        Node("pool1", "MaxPool2d", {"kernel_size": 2}),
        Node("conv2", "Conv2d", {"out_channels": 48, "kernel_size": 3, "padding": 1}),
        Node("relu2", "ReLU"),
        Node("flatten", "Flatten"),
        linear("extra", 20),
        linear("last", 10),
        output("digit"),
    )
    return replace(project, graph=graph)


def test_the_plan_says_what_is_kept_and_what_is_not() -> None:
    plan = plan_transfer(digits(), _edited(digits()))
    assert plan.kept == ("conv1", "norm")
    assert plan.changed == ("conv2",)
    assert plan.new == ("extra", "last")
    assert plan.gone == ("head",)
    assert plan.optimizer
    assert "Keep their weights: conv1, norm." in plan.text
    other = plan_transfer(digits(), with_training(digits(), optimizer="SGD"))
    assert not other.optimizer
    assert "another one" in other.text


def test_kept_layers_keep_weights_statistics_and_what_the_optimizer_knows(tmp_path: Path) -> None:
    trained(digits(epochs=2), tmp_path / "run")
    weights, _metadata = read_weights(Run.open(tmp_path / "run").weights("last"))
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.state.pt", weights_only=True)
    course = Course(open_session(_edited(digits(epochs=2)), None, "cpu"), 2)
    fresh = {name: each.clone() for name, each in course.network.module.state_dict().items()}
    assert take_over(course, tmp_path / "run") == plan_transfer(digits(), _edited(digits()))
    now = course.network.module.state_dict()
    for name, each in now.items():
        kept = name.startswith(("conv1.", "norm."))
        assert torch.equal(each, weights[name] if kept else fresh[name])
    known = course.optimizer.state_dict()["state"]
    names = course.state()["optimizer_names"]
    assert sorted(names[number] for number in known) == ["conv1.bias", "conv1.weight", "norm.bias", "norm.weight"]
    index = names.index("conv1.weight")
    assert torch.equal(known[index]["exp_avg"], state["optimizer"]["state"][0]["exp_avg"])
    assert (course.epoch, course.step) == (2, 90)


@pytest.mark.parametrize("optimizer", ["Muon", "SGD"])
def test_unchanged_networks_keep_everything_of_every_optimizer(optimizer: str, tmp_path: Path) -> None:
    project = everything(optimizer=optimizer, optimizer_options={"momentum": 0.9}, epochs=1)
    trained(project, tmp_path / "run")
    course = Course(open_session(project, None, "cpu"), 3)
    take_over(course, tmp_path / "run")
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.state.pt", weights_only=True)
    found, stored = course.optimizer.state_dict(), state["optimizer"]
    for one, other in zip(found.get("parts", [found]), stored.get("parts", [stored]), strict=True):
        assert one["state"].keys() == other["state"].keys()
        for number, values in one["state"].items():
            before = other["state"][number]
            assert all(torch.equal(torch.as_tensor(values[name]), torch.as_tensor(before[name])) for name in before)


def test_the_run_goes_on_in_a_folder_of_its_own(tmp_path: Path) -> None:
    trained(digits(epochs=2), tmp_path / "first")
    summary, events = trained(_edited(digits(epochs=4)), tmp_path / "second", start_from=tmp_path / "first")
    assert isinstance(events[0], RunStarted)
    assert summary.status == "completed"
    assert [each.epoch for each in Run.open(tmp_path / "second").epochs()] == [3, 4]
    assert json.loads((tmp_path / "second" / "run.json").read_text())["continues"] == "first"
    assert Run.open(tmp_path / "first").summary().epochs == 2
    more, _events = trained(_edited(digits(epochs=4)), tmp_path / "second", resume=True, epochs=5)
    assert more.epochs == 5


def test_a_complete_run_goes_on_for_as_many_epochs_again(tmp_path: Path) -> None:
    trained(digits(epochs=2), tmp_path / "first")
    summary, _events = trained(_edited(digits(epochs=2)), tmp_path / "second", start_from=tmp_path / "first")
    assert summary.epochs == 4
    assert Run.open(tmp_path / "second").settings["epochs"] == 4


def test_where_nothing_fits_it_says_so(tmp_path: Path) -> None:
    trained(digits(epochs=1), tmp_path / "first")
    with pytest.raises(TrainingError, match="No layer of this network fits"):
        trained(spirals(), tmp_path / "second", start_from=tmp_path / "first")
    assert not (tmp_path / "second").exists()
