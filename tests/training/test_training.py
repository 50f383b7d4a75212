"""The loop: what it tells, what it obeys, and what it says when something goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.data.bind import bind
from core.errors import TrainingError
from core.graph.project import Graph, Node, Project, Split, TrainingSettings
from core.training.batches import Order
from core.training.checkpoints import read_weights
from core.training.control import Control
from core.training.devices import available_devices, pick_device
from core.training.events import (
    Changed,
    CheckpointSaved,
    EpochEnded,
    Event,
    Failed,
    Finished,
    Message,
    Paused,
    Progress,
    Resumed,
    RunStarted,
    StepEnded,
    event_from_json,
)
from core.training.failures import explain
from core.training.job import Job, threads_beside_a_window
from core.training.loop import train
from core.training.runs import Run, Which
from core.training.session import open_session
from tests.training.building import (
    StopsAfter,
    chain,
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


def _weights(run: Path, which: Which = "last") -> dict[str, list[float]]:
    weights, _metadata = read_weights(Run.open(run).weights(which))
    return {name: each.tolist() for name, each in weights.items()}


def _of(events: list[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize(
    "project", [moons(), moons(width=2), spirals(), diabetes()], ids=["binary", "two", "many", "number"]
)
def test_training_lowers_the_loss_and_tells_its_course(project: Project, tmp_path: Path) -> None:
    project = with_training(project, learning_rate=0.01, epochs=8)
    summary, events = trained(project, tmp_path / "run")
    epochs = [event for event in events if isinstance(event, EpochEnded)]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], Finished)
    assert [event.epoch for event in epochs] == list(range(1, 9))
    assert epochs[-1].training["loss"] < epochs[0].training["loss"]
    assert summary.status == "completed"
    assert summary.best_epoch == min(epochs, key=lambda event: event.validation["loss"]).epoch
    assert {event.which for event in events if isinstance(event, CheckpointSaved)} == {"best", "last"}
    assert all(event_from_json(event.to_json()) == event for event in events)


def test_the_same_seed_gives_the_same_bits_and_another_gives_others(tmp_path: Path) -> None:
    project = digits(epochs=1)
    for name, each in (("a", project), ("b", project), ("c", with_training(project, seed=1))):
        trained(each, tmp_path / name)
    assert _weights(tmp_path / "a") == _weights(tmp_path / "b") != _weights(tmp_path / "c")


def test_logged_losses_are_means_over_samples(tmp_path: Path) -> None:
    project = replace(diabetes(), data=replace(diabetes().data, split=Split("random", 0.2)))
    _summary, events = trained(with_training(project, epochs=1, batch_size=50, learning_rate=1e-30), tmp_path / "run")
    session = open_session(project, None, "cpu")
    with torch.no_grad():
        batch = session.training.part(0, session.training.count)
        (loss,) = session.network.losses(session.network.forward(batch.inputs), batch).losses
    (epoch,) = _of(events, EpochEnded)
    assert isinstance(epoch, EpochEnded)
    assert epoch.training["loss"] == pytest.approx(float(loss), abs=1e-6)
    assert epoch.training["out/mae"] > 10, "metrics are in the target's units"


def test_several_outputs_have_losses_of_their_own_and_a_weighted_total(tmp_path: Path) -> None:
    project = spirals()
    nodes = {
        **project.graph.nodes,
        "side": linear("side", 1),
        "height": Node("height", "Output", {"target": "y", "loss_weight": 0.5}),
    }
    end = next(iter(project.graph.links))
    links = {
        **project.graph.links,
        replace(end, node="side", port="input"): replace(end, node="hidden", port="output"),
        replace(end, node="height", port="input"): replace(end, node="side", port="output"),
    }
    project = with_params(replace(project, graph=Graph(nodes, links)), "x", fields=("x",))
    _summary, events = trained(project, tmp_path / "run")
    last = _of(events, EpochEnded)[-1]
    assert isinstance(last, EpochEnded)
    values = last.validation
    assert values["loss"] == pytest.approx(values["out/loss"] + 0.5 * values["height/loss"])
    assert {"out/accuracy", "height/mae", "height/r2"} <= values.keys()


def test_without_a_validation_set_training_values_decide(tmp_path: Path) -> None:
    project = spirals()
    project = replace(project, data=replace(project.data, split=replace(project.data.split, validation=0.0)))
    summary, _events = trained(project, tmp_path / "run")
    assert summary.validation == {}
    assert summary.best["loss"] <= summary.training["loss"]


# --- steering ---------------------------------------------------------------------------------------------------------


def _in_thread(project: Project, run: Path, on_event: Callable[[Event, Control], None]) -> list[Event]:
    """Train with a control that ``on_event`` may use, in a thread; return the events."""
    events: list[Event] = []
    control = Control()

    def emit(event: Event) -> None:
        events.append(event)
        on_event(event, control)

    thread = threading.Thread(target=train, args=(Job(project, run, threads=1), emit, control))
    thread.start()
    thread.join()
    return events


def test_stop_ends_within_a_step_and_keeps_best_and_last(tmp_path: Path) -> None:
    def stop_in_epoch_3(event: Event, control: Control) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 2:
            control.stop()

    run = tmp_path / "run"
    events = _in_thread(spirals_for(100), run, stop_in_epoch_3)
    assert isinstance(events[-1], Finished)
    assert (events[-1].reason, events[-1].epochs) == ("stopped", 2)
    summary = Run.open(run).summary()
    assert (summary.status, summary.steps) == ("stopped", 2 * 10)
    assert _weights(run, "best")
    assert _weights(run, "last")


def test_stop_before_the_first_epoch_still_leaves_weights(tmp_path: Path) -> None:
    control = Control()
    control.stop()
    summary = train(Job(spirals(), tmp_path / "run"), lambda _event: None, control)
    assert (summary.status, summary.epochs, summary.best_epoch, summary.best) == ("stopped", 0, 0, {})
    assert Run.open(tmp_path / "run").weights("best").exists()


def test_a_stopped_run_can_be_resumed_to_the_same_bits(tmp_path: Path) -> None:
    project = digits(epochs=2)
    whole, run = tmp_path / "whole", tmp_path / "run"
    trained(project, whole)
    summary = train(Job(project, run, threads=1), lambda _event: None, StopsAfter(60))
    assert summary.status == "stopped"
    assert 0 < summary.steps < 90
    assert summary.steps % 45, "stopped in the middle of an epoch"
    resumed, events = trained(project, run, resume=True)
    assert resumed.status == "completed"
    assert _weights(run) == _weights(whole)
    assert _weights(run, "best") == _weights(whole, "best")
    assert [event.epoch for event in Run.open(run).epochs()] == [1, 2]
    assert isinstance(events[0], RunStarted)


def test_pause_takes_no_steps_and_resume_goes_on(tmp_path: Path) -> None:
    paused = threading.Event()
    control, events = Control(), list[Event]()

    def emit(event: Event) -> None:
        events.append(event)
        if isinstance(event, EpochEnded) and event.epoch == 1:
            control.pause()
        if isinstance(event, Paused):
            paused.set()

    thread = threading.Thread(target=train, args=(Job(spirals(), tmp_path / "run", threads=1), emit, control))
    thread.start()
    assert paused.wait(60)
    before = len(events)
    thread.join(0.2)
    assert thread.is_alive()
    assert len(events) == before
    control.resume()
    thread.join()
    assert _of(events, Resumed)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "completed"


def test_stop_ends_a_pause(tmp_path: Path) -> None:
    def pause_then_stop(event: Event, control: Control) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 1:
            control.pause()
        if isinstance(event, Paused):
            control.stop()

    events = _in_thread(spirals_for(100), tmp_path / "run", pause_then_stop)
    assert not _of(events, Resumed)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "stopped"


def test_a_new_learning_rate_counts_from_the_next_step_and_survives_a_resume(tmp_path: Path) -> None:
    def change_then_stop(event: Event, control: Control) -> None:
        if isinstance(event, EpochEnded) and event.epoch == 1:
            control.set_learning_rate(0.125)
        if isinstance(event, Changed):
            control.stop()

    run = tmp_path / "run"
    events = _in_thread(spirals_for(300), run, change_then_stop)
    assert Changed("learning-rate", 0.125, "learning rate 0.125", 2, 10) in events
    _summary, events = trained(spirals(), run, resume=True)
    rates = {event.learning_rate for event in events if isinstance(event, StepEnded)}
    assert rates == {0.125}


def test_progress_is_told_a_few_times_a_second_and_not_at_every_step(tmp_path: Path) -> None:
    summary, events = trained(spirals_for(300), tmp_path / "run")
    assert summary.steps == 3000
    told = _of(events, StepEnded)
    assert len(told) == len(_of(events, Progress))
    assert len(told) <= 10 * summary.seconds + 1


def spirals_for(epochs: int) -> Project:
    return with_training(spirals(), epochs=epochs)


# --- what goes wrong --------------------------------------------------------------------------------------------------


def _failing(project: Project, run: Path, **job: object) -> tuple[TrainingError, Failed]:
    events: list[Event] = []
    with pytest.raises(TrainingError) as caught:
        train(Job(project, run, **{"threads": 1, **job}), events.append, Control())  # type: ignore[arg-type]
    (failed,) = _of(events, Failed)
    assert isinstance(failed, Failed)
    assert events[-1] is failed
    assert failed.message == str(caught.value)
    assert failed.details
    return caught.value, failed


def test_a_project_that_is_not_ready_names_all_that_is_missing_and_leaves_no_folder(tmp_path: Path) -> None:
    project = with_training(with_params(spirals(), "out", target=""), batch_size=0)
    error, _failed = _failing(project, tmp_path / "run")
    assert len(error.problems) == 2
    assert error.node == "out"
    assert not (tmp_path / "run").exists()


def test_a_diverging_loss_names_the_cause_and_keeps_what_was_saved(tmp_path: Path) -> None:
    project = with_training(diabetes(), optimizer="SGD", learning_rate=1e6, epochs=50)
    error, failed = _failing(project, tmp_path / "run")
    assert "learning rate" in failed.message
    assert failed.node == error.node == "head"
    summary = Run.open(tmp_path / "run").summary()
    assert (summary.status, summary.message) == ("failed", failed.message)
    kept = _weights(tmp_path / "run")
    assert all(torch.tensor(each).isfinite().all() for each in kept.values()), "the weights before that step"


def test_the_node_where_values_become_infinite_is_found_behind_sound_layers(tmp_path: Path) -> None:
    project = spirals()
    session = open_session(project, None, "cpu")
    head = session.network.module.get_submodule("head")
    with torch.no_grad():
        for weight in head.parameters():
            weight.fill_(float("inf"))
    from core.training.failures import first_not_finite

    batch = session.training.part(0, 8)
    assert first_not_finite(session.network, batch) == ("values", "head")
    assert first_not_finite(session.network, replace(batch, inputs=[batch.inputs[0] / 0])) == (
        "values of the data",
        "x",
    )


def test_an_exception_in_forward_names_the_node(tmp_path: Path) -> None:
    from tests.training.building import chain, inputs, linear, output

    nodes = (
        inputs("x", "y"),
        Node("rounded", "Cast", {"dtype": "int64"}),
        Node("table", "Embedding", {"num_embeddings": 1, "embedding_dim": 2}),
        Node("flat", "Flatten"),
        linear("head", 3),
        output("class"),
    )
    error, failed = _failing(replace(spirals(), graph=chain(*nodes)), tmp_path / "run")
    assert (error.node, failed.node) == ("table", "table")
    assert "beyond the end of its table" in failed.message


def test_a_batch_too_small_to_be_normalised_is_said_so() -> None:
    reason = ValueError("Expected more than 1 value per channel when training, got input size [1, 3]")
    assert "at least 2 samples in a batch" in explain(reason, None, TrainingSettings()).message


def test_a_network_without_weights_is_refused(tmp_path: Path) -> None:
    from tests.training.building import chain, data, inputs, output

    project = replace(
        diabetes(), graph=chain(inputs("age"), Node("relu", "ReLU"), output("progression")), data=data("diabetes")
    )
    error, _failed = _failing(project, tmp_path / "run")
    assert "nothing to train" in str(error)


def test_a_folder_that_holds_something_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    error, _failed = _failing(spirals(), tmp_path)
    assert "not empty" in error.message
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_not_enough_memory_is_said_plainly() -> None:
    from core.training.failures import explain

    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    found = explain(caught.value, None, TrainingSettings(batch_size=64, accumulate=3))
    assert "not enough memory" in found.message
    assert "batch size of 64" in found.message
    assert found.offer == {"batch_size": 32, "accumulate": 6}
    assert not explain(caught.value, None, TrainingSettings(batch_size=1)).offer


def test_a_device_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    absent = next(each for each in ("mps", "cuda") if each not in available_devices())
    error, _failed = _failing(spirals(), tmp_path / "run", device=absent)
    assert absent in error.message
    assert "Choose auto or" in error.message
    assert pick_device("auto").type == available_devices()[0]


# --- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "size", "steps"), [(10, 3, 3), (11, 3, 4), (9, 3, 3), (1, 3, 1), (3, 1, 3)])
def test_a_last_batch_of_one_is_left_out_where_asked(samples: int, size: int, steps: int) -> None:
    order = Order(samples, size, 0, torch.device("cpu"), drop_single=True)
    order.shuffle()
    rows = [order.next() for _ in range(order.steps)]
    assert order.steps == steps
    assert len(torch.cat(rows).unique()) == sum(map(len, rows))


def test_every_sample_is_taken_once_an_epoch_in_another_order_each_time() -> None:
    order = Order(100, 32, 7, torch.device("cpu"), drop_single=False)
    epochs = []
    for _ in range(2):
        order.shuffle()
        epochs.append(torch.cat([order.next() for _ in range(order.steps)]))
    assert all(torch.equal(epoch.sort().values, torch.arange(100)) for epoch in epochs)
    assert not torch.equal(*epochs)


def test_one_core_is_left_to_the_window() -> None:
    assert threads_beside_a_window() >= 1


@pytest.mark.parametrize("epochs", [0, -1])
def test_a_job_of_no_epochs_is_refused(epochs: int, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="epochs must be at least 1"):
        trained(moons(), tmp_path / "run", epochs=epochs)
    assert not (tmp_path / "run").exists()


def test_what_is_to_know_of_the_data_is_told_as_training_starts(tmp_path: Path) -> None:
    rows = [f"{row / 7},{'xy'[row % 2] if row else 'z'}" for row in range(30)]
    (tmp_path / "few.csv").write_text("\n".join(["size,kind", *rows, "1.5,"]))
    binding = bind("csv", {"path": str(tmp_path / "few.csv")})
    graph = chain(inputs("size"), linear("head", 3), output("kind"))
    project = Project("few", data=binding, graph=graph, training=settings_with(epochs=1))
    told = [event.text for event in trained(project, tmp_path / "run")[1] if isinstance(event, Message)]
    assert "1 of 31 rows left out: the target 'kind' is missing in 1." in told
    assert "The validation part has no sample of 'kind' 'z'." in told


def test_an_optimizer_for_the_whole_training_part_says_so_of_smaller_batches(tmp_path: Path) -> None:
    def doubts(batch_size: int) -> list[Message]:
        project = with_training(moons(), optimizer="LBFGS", learning_rate=0.1, batch_size=batch_size, epochs=1)
        _summary, events = trained(project, tmp_path / str(batch_size))
        return [event for event in events if isinstance(event, Message)]

    (doubt,) = doubts(32)
    assert (doubt.topic, doubt.severity) == ("optimizer", "warning")
    assert "set batch_size to 320" in doubt.text
    assert doubts(320) == []
