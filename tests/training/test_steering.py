"""What can be changed while a training runs: each change acts at once, is told, logged, and survives a resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.errors import TrainingError
from core.graph.project import Project
from core.training.checkpoints import read_weights
from core.training.control import Control
from core.training.events import Changed, CheckpointSaved, EpochEnded, Event, Finished, Message, Paused, StepEnded
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from core.training.summary import Summary
from core.training.trial import course_for_trial
from tests.training.building import digits, linear, spirals, trained, with_params, with_training

Act = Callable[[Control], None]


def _steered(project: Project, run: Path, acts: dict[int, Act], **job: object) -> tuple[Summary, list[Event]]:
    """Train, and act after the epochs with these numbers."""
    events: list[Event] = []
    control = Control()

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, EpochEnded) and event.epoch in acts:
            acts[event.epoch](control)

    summary = train(Job(project, run, threads=1, **job), emit, control)  # type: ignore[arg-type]
    return summary, events


def _changes(events: list[Event]) -> list[Changed]:
    return [each for each in events if isinstance(each, Changed)]


def _weights(run: Path) -> dict[str, torch.Tensor]:
    return read_weights(Run.open(run).weights("last"))[0]


def test_more_or_fewer_epochs(tmp_path: Path) -> None:
    summary, events = _steered(spirals(), tmp_path / "more", {2: lambda control: control.set_epochs(5)})
    assert summary.epochs == 5
    assert _changes(events) == [Changed("epochs", 5, "5 epochs", 3, 20)]
    summary, events = _steered(spirals(), tmp_path / "fewer", {2: lambda control: control.set_epochs(1)})
    assert summary.epochs == 3, "the one that is under way is trained to its end"
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "completed"


def test_epochs_that_were_changed_are_known_after_a_resume(tmp_path: Path) -> None:
    def longer_then_stop(control: Control) -> None:
        control.set_epochs(6)
        control.stop()

    run = tmp_path / "run"
    _steered(spirals(), run, {1: longer_then_stop})
    summary, _events = trained(spirals(), run, resume=True)
    assert summary.epochs == 6


def test_a_frozen_layer_stays_as_it_is_and_learns_again(tmp_path: Path) -> None:
    seen: dict[int, dict[str, torch.Tensor]] = {}
    run = tmp_path / "run"

    def note(act: Act) -> Act:
        def do(control: Control) -> None:
            act(control)
            control.checkpoint()

        return do

    events: list[Event] = []
    control = Control()
    acts = {
        1: note(lambda control: control.freeze("norm")),
        2: note(lambda _control: None),
        3: note(lambda control: control.unfreeze("norm")),
        4: note(lambda _control: None),
    }

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, EpochEnded) and event.epoch in acts:
            acts[event.epoch](control)
        if isinstance(event, Changed) and event.what == "checkpoint":
            seen[event.epoch - 1] = _weights(run)

    train(Job(digits(epochs=5), run, threads=1), emit, control)
    names = ("norm.weight", "norm.running_mean")
    assert all(torch.equal(seen[1][name], seen[later][name]) for name in names for later in (2, 3))
    assert not any(torch.equal(seen[3][name], seen[4][name]) for name in names)
    assert not torch.equal(seen[1]["conv1.weight"], seen[2]["conv1.weight"])
    logged = [(each.what, each.value, each.text) for each in _changes(list(Run.open(run).events()))]
    assert ("freeze", "norm", "norm frozen") in logged
    assert ("unfreeze", "norm", "norm learns again") in logged


@pytest.mark.parametrize("optimizer", ["Adam", "Muon"])
def test_freezing_survives_a_stop_to_the_bit(optimizer: str, tmp_path: Path) -> None:
    """A layer that the project freezes is freed, another is frozen: both are known after a resume."""
    project = with_training(with_params(digits(epochs=4), "conv2", frozen=True), optimizer=optimizer)
    project = _with_hidden(project)

    def swap(control: Control) -> None:
        control.unfreeze("conv2")
        control.freeze("conv1")

    def swap_and_stop(control: Control) -> None:
        swap(control)
        control.stop()

    whole, run = tmp_path / "whole", tmp_path / "run"
    _steered(project, whole, {1: swap})
    _steered(project, run, {1: swap_and_stop})
    trained(project, run, resume=True)
    start = course_for_trial(project, device="cpu").network.module.state_dict()
    found, wanted = _weights(run), _weights(whole)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert not torch.equal(found["conv2.weight"], start["conv2.weight"])


def test_what_was_asked_for_before_a_stop_is_done_though_the_stop_comes_while_validating(tmp_path: Path) -> None:
    events: list[Event] = []
    control = Control()

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, StepEnded) and not control.stopping:  # told after the only step, before the validation
            control.freeze("hidden")
            control.stop()

    project, run = with_training(spirals(), epochs=100_000, batch_size=100_000), tmp_path / "run"
    summary = train(Job(project, run, threads=1), emit, control)
    assert summary.status == "stopped"
    assert [(each.what, each.value) for each in _changes(events)] == [("freeze", "hidden")]
    before = _weights(run)
    trained(project, run, resume=True, epochs=summary.epochs + 3)
    assert torch.equal(_weights(run)["hidden.weight"], before["hidden.weight"])
    assert not torch.equal(_weights(run)["head.weight"], before["head.weight"])


def _with_hidden(project: Project) -> Project:
    """Put a matrix for Muon between the others."""
    from core.graph.project import End

    graph = project.graph
    nodes = {**graph.nodes, "hidden": linear("hidden", 16)}
    head = End("head", "input")
    links = {**graph.links, head: End("hidden", "output"), End("hidden", "input"): graph.links[head]}
    return replace(project, graph=replace(graph, nodes=nodes, links=links))


def test_what_cannot_be_done_is_said_and_training_goes_on(tmp_path: Path) -> None:
    def wrong(control: Control) -> None:
        control.freeze("nothing")
        control.freeze("hidden")
        control.freeze("head")

    summary, events = _steered(spirals(), tmp_path / "run", {1: wrong})
    assert summary.status == "completed"
    said = [each.text for each in events if isinstance(each, Message)]
    assert said == [
        "There is no layer 'nothing' that could be frozen.",
        "'head' is the last layer that learns: with it frozen nothing would be trained.",
    ]
    assert [each.value for each in _changes(events)] == ["hidden"]


def test_a_rate_that_is_changed_scales_the_rest_of_the_schedule(tmp_path: Path) -> None:
    project = with_training(spirals(), schedule="LinearLR", epochs=200)
    course = course_for_trial(project, device="cpu")
    _summary, events = _steered(project, tmp_path / "run", {50: lambda control: control.set_learning_rate(0.7)})
    after = [each for each in events if isinstance(each, StepEnded) and each.step > 500 + course.steps_per_epoch]
    assert after
    assert all(each.learning_rate > 0.1 for each in after)


def test_commands_are_carried_out_while_paused(tmp_path: Path) -> None:
    events: list[Event] = []
    control = Control()

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, EpochEnded) and event.epoch == 1:
            control.pause()
        elif isinstance(event, Paused):
            control.set_learning_rate(0.5)
            control.checkpoint()
        elif isinstance(event, Changed) and event.what == "checkpoint":
            control.resume()

    summary = train(Job(spirals(), tmp_path / "run", threads=1), emit, control)
    names = [type(each).__name__ for each in events]
    paused, resumed = names.index("Paused"), names.index("Resumed")
    assert [each.what for each in _changes(events[paused:resumed])] == ["learning-rate", "checkpoint"]
    assert any(isinstance(each, CheckpointSaved) for each in events[paused:resumed])
    assert summary.status == "completed"


def test_more_epochs_need_a_number_above_those_done(tmp_path: Path) -> None:
    trained(spirals(), tmp_path / "run")
    with pytest.raises(TrainingError, match="complete"):
        trained(spirals(), tmp_path / "run", resume=True, epochs=3)
