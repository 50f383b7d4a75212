"""What a step does: several batches as one, limits on gradients, averages, precision, and what it refuses to do."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.errors import TrainingError
from core.graph.project import Node, Project
from core.training.averaging import averaged
from core.training.batches import Batch
from core.training.checkpoints import read_weights
from core.training.control import Control
from core.training.course import Course
from core.training.events import EpochEnded, Finished, Message, StepEnded
from core.training.job import Job
from core.training.loop import train
from core.training.runs import Run
from core.training.schedule import preview
from core.training.trial import course_for_trial
from core.training.watch import NotFiniteError
from tests.training.building import (
    chain,
    data,
    diabetes,
    digits,
    inputs,
    linear,
    output,
    settings_with,
    spirals,
    trained,
    with_params,
    with_training,
)


def _course(project: Project) -> Course:
    course = course_for_trial(project, device="cpu")
    course.begin_epoch()
    course.network.train()
    return course


def _epoch(course: Course) -> Iterator[None]:
    for window in course.windows():
        course.advance(window)
        yield


def _vector(course: Course) -> Tensor:
    return torch.cat([each.detach().flatten() for each in course.network.module.parameters()])


def _last(run: Path, which: str = "last") -> dict[str, Tensor]:
    return read_weights(Run.open(run).weights(which))[0]  # type: ignore[arg-type]


# --- several batches as one -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "project",
    [spirals(), diabetes(), with_params(spirals(), "out", class_weights=(1.0, 5.0, 0.5))],
    ids=["classes", "numbers", "weighted classes"],
)
def test_four_batches_of_16_are_one_of_64(project: Project, tmp_path: Path) -> None:
    project = with_training(project, optimizer="SGD", learning_rate=0.1, epochs=3)
    project = with_params(project, "hidden", l2=0.01)
    runs = []
    for name, settings in (("whole", {"batch_size": 64}), ("parts", {"batch_size": 16, "accumulate": 4})):
        _summary, events = trained(with_training(project, **settings), tmp_path / name)
        runs.append((_last(tmp_path / name), [each for each in events if isinstance(each, EpochEnded)]))
    (whole, epochs), (parts, others) = runs
    assert all(torch.allclose(whole[name], parts[name], atol=1e-6) for name in whole)
    for one, other in zip(epochs, others, strict=True):
        assert one.step == other.step
        assert one.training["loss"] == pytest.approx(other.training["loss"], abs=1e-6)


def test_the_last_window_of_an_epoch_may_be_short(tmp_path: Path) -> None:
    summary, _events = trained(with_training(spirals(), batch_size=16, accumulate=3, epochs=2), tmp_path / "run")
    batches = -(-_course(spirals()).session.training.count // 16)
    assert batches % 3
    assert summary.steps == 2 * -(-batches // 3)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_gradients_are_limited_by_their_norm() -> None:
    course = _course(with_training(diabetes(), optimizer="SGD", learning_rate=1.0, clip="norm", clip_at=0.01))
    before = _vector(course)
    next(_epoch(course))
    assert float((_vector(course) - before).norm()) == pytest.approx(0.01, rel=1e-3)


def test_gradients_are_limited_by_their_size() -> None:
    course = _course(with_training(diabetes(), optimizer="SGD", learning_rate=1.0, clip="value", clip_at=0.001))
    before = _vector(course)
    next(_epoch(course))
    assert float((_vector(course) - before).abs().max()) == pytest.approx(0.001, rel=1e-3)


@pytest.mark.parametrize("what", ["gradient", "loss"])
def test_what_is_not_finite_never_reaches_the_weights(what: str) -> None:
    course = _course(digits())
    steps = _epoch(course)
    for _ in range(3):
        next(steps)
    before = {name: each.clone() for name, each in course.network.module.state_dict().items()}
    moments = copy.deepcopy(course.optimizer.state_dict()["state"])
    if what == "gradient":
        course.network.module.get_submodule("conv1").weight.register_hook(lambda gradient: gradient * torch.inf)
    else:
        course.network.module.get_submodule("relu2").register_forward_hook(lambda *given: given[2] / 0)
    with pytest.raises(NotFiniteError, match=what):
        next(steps)
    after = course.network.module.state_dict()
    kept = [name for name in before if "num_batches" not in name]
    assert all(torch.equal(before[name], after[name]) for name in kept), "running statistics too"
    assert all(torch.equal(moments[0][name], course.optimizer.state_dict()["state"][0][name]) for name in moments[0])
    assert course.step == 3


def test_a_gradient_that_is_not_finite_names_its_node_and_ends_the_run_with_good_weights(tmp_path: Path) -> None:
    """The root of zero is finite, its slope is not."""
    root = Node("root", "Power", {"power": 0.5})
    zeros = Node("hidden", "Linear", {"out_features": 16, "weight_init": "zeros", "bias_init": "zeros"})
    project = replace(spirals(), graph=chain(inputs("x", "y"), zeros, root, linear("head", 3), output("class")))
    with pytest.raises(TrainingError, match="gradient became infinite") as caught:
        trained(project, tmp_path / "run")
    assert caught.value.node == "root"
    assert "gradients come out of 'root'" in caught.value.message
    assert Run.open(tmp_path / "run").summary().status == "failed"


# --- averages ---------------------------------------------------------------------------------------------------------


def test_the_moving_average_follows_the_weights_step_by_step_and_is_what_is_measured(tmp_path: Path) -> None:
    course = _course(with_training(digits(), average="ema", average_decay=0.9))
    expected = _vector(course)
    for number, _ in enumerate(_epoch(course), 1):
        decay = min(0.9, (1 + number) / (10 + number))
        expected = decay * expected + (1 - decay) * _vector(course)
    live = _vector(course)
    with averaged(course.average):
        assert torch.allclose(_vector(course), expected, atol=1e-5)
    assert torch.equal(_vector(course), live)

    summary, _events = trained(with_training(digits(epochs=2), average="ema", average_decay=0.9), tmp_path / "run")
    assert not torch.equal(_last(tmp_path / "run")["conv1.weight"], _last(tmp_path / "run", "best")["conv1.weight"])
    from core.training.evaluate import evaluate

    assert evaluate(Run.open(tmp_path / "run")) == pytest.approx(summary.best)


def test_the_mean_over_epochs_has_running_statistics_of_its_own() -> None:
    course = _course(with_training(digits(epochs=4), average="swa", average_start=0.5))
    ends = []
    for epoch in range(1, 5):
        for _ in _epoch(course):
            pass
        course.average.after_epoch(epoch, 4, course.run_over_data)
        ends.append(_vector(course))
        live = {name: each.clone() for name, each in course.network.module.state_dict().items()}
        course.begin_epoch()
    assert all(torch.equal(each, live[name]) for name, each in course.network.module.state_dict().items())
    with averaged(course.average):
        assert torch.allclose(_vector(course), (ends[2] + ends[3]) / 2, atol=1e-6)
        norm, seen = course.network.module.get_submodule("norm"), list[Tensor]()
        handle = norm.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
        course.network.module.eval()
        course.run_over_data()
        handle.remove()
        assert torch.allclose(norm.running_mean, torch.cat(seen).mean((0, 2, 3)), atol=1e-2)
        assert not torch.allclose(norm.running_mean, live["norm.running_mean"], atol=1e-4)


# --- precision, compilation, other optimizers -------------------------------------------------------------------------


def test_mixed_precision_trains_weights_of_float32(tmp_path: Path) -> None:
    project = with_training(digits(epochs=2), precision="bfloat16")
    summary, _events = trained(project, tmp_path / "run")
    assert summary.best["out/accuracy"] > 0.8
    mixed = _last(tmp_path / "run")
    assert mixed["conv1.weight"].dtype == torch.float32
    trained(digits(epochs=2), tmp_path / "plain")
    assert not torch.equal(mixed["conv1.weight"], _last(tmp_path / "plain")["conv1.weight"])


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # the compiler's own
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
def test_a_compiled_network_learns_what_it_learns_as_it_is(tmp_path: Path) -> None:
    from torch._inductor import config as inductor

    torch.compiler.reset()  # what another test could not compile is tried again
    with inductor.patch({"compile_threads": 1}):
        _summary, events = trained(with_training(spirals(), compile=True), tmp_path / "run")
    assert not [each for each in events if isinstance(each, Message)]
    trained(spirals(), tmp_path / "plain")
    for name, each in _last(tmp_path / "run").items():
        torch.testing.assert_close(each, _last(tmp_path / "plain")[name], rtol=1e-3, atol=1e-4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # the compiler's own
def test_a_network_that_cannot_be_compiled_is_trained_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from torch._inductor import config as inductor

    torch.compiler.reset()  # what another test compiled is compiled anew
    monkeypatch.setenv("CXX", "/no/such/compiler")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    with inductor.patch({"cpp.cxx": ("/no/such/compiler",), "compile_threads": 1}):
        summary, events = trained(with_training(spirals(), compile=True), tmp_path / "run")
    assert summary.status == "completed"
    (message,) = [each for each in events if isinstance(each, Message)]
    assert (message.topic, message.severity) == ("compile", "warning")
    assert "trained as it is" in message.text
    assert "/no/such/compiler" in message.text
    trained(spirals(), tmp_path / "plain")
    assert all(torch.equal(each, _last(tmp_path / "plain")[name]) for name, each in _last(tmp_path / "run").items())


def test_an_optimizer_that_runs_the_network_itself_gets_its_closure(tmp_path: Path) -> None:
    project = with_training(diabetes(), optimizer="LBFGS", learning_rate=0.5, batch_size=512, epochs=6)
    _summary, events = trained(project, tmp_path / "run")
    losses = [each.training["loss"] for each in events if isinstance(each, EpochEnded)]
    assert losses[-1] < 0.6 * losses[0]


# --- schedule, early end, observers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["OneCycleLR", "StepLR", "CosineAnnealingLR"])
def test_the_rate_of_every_step_is_the_drawn_one(schedule: str) -> None:
    project = with_training(spirals(), schedule=schedule, epochs=4, accumulate=2, optimizer="SGD")
    course = _course(project)
    used = []
    for _ in range(4):
        for window in course.windows():
            used.append(course.optimizer.param_groups[0]["lr"])
            course.advance(window)
            assert course.rate == used[-1], "what is told of a step is the rate that it used"
        course.schedule.step_epoch(None)
        course.begin_epoch()
    assert used == preview(project.training, course.steps_per_epoch, 4).tolist()


def test_training_ends_early_where_nothing_gets_better(tmp_path: Path) -> None:
    project = with_training(spirals(), epochs=50, patience=2, learning_rate=1e-30)
    summary, events = trained(project, tmp_path / "run")
    assert isinstance(events[-1], Finished)
    assert (events[-1].reason, events[-1].epochs, summary.status) == ("early", 3, "completed")
    more, events = trained(project, tmp_path / "run", resume=True)
    assert more.epochs == 5, "going on means waiting anew"


def test_the_best_checkpoint_follows_the_chosen_curve(tmp_path: Path) -> None:
    project = with_training(digits(epochs=4), monitor="training/out/accuracy")
    summary, events = trained(project, tmp_path / "run")
    curve = [each.training["out/accuracy"] for each in events if isinstance(each, EpochEnded)]
    assert summary.best_epoch == curve.index(max(curve)) + 1


class _Observer:
    """Looks at every fifth step."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []
        self.gradients: list[bool] = []
        self.module: torch.nn.Module | None = None

    def wants(self, step: int) -> bool:
        return step % 5 == 0

    def before_step(self, step: int) -> None:
        self.seen.append(("before", step))

    def after_backward(self, step: int, batch: Batch) -> None:
        assert self.module is not None
        self.gradients.append(all(each.grad is not None for each in self.module.parameters()))
        self.seen.append(("backward", step))

    def after_step(self, step: int) -> None:
        self.seen.append(("after", step))


def test_an_observer_sees_the_steps_that_it_wants() -> None:
    course, observer = _course(spirals()), _Observer()
    observer.module, course.steps.observer = course.network.module, observer
    for _ in _epoch(course):
        pass
    assert observer.seen == [(what, step) for step in (0, 5) for what in ("before", "backward", "after")]
    assert observer.gradients == [True, True]


def test_told_losses_contain_the_layers_penalties(tmp_path: Path) -> None:
    project = with_training(with_params(spirals(), "hidden", l2=0.5), epochs=40)
    events: list[object] = []
    train(Job(project, tmp_path / "run", threads=1), events.append, Control())
    told = [each for each in events if isinstance(each, StepEnded)]
    assert told
    for each in told:
        assert each.values["penalty"] > 0
        assert each.values["loss"] == pytest.approx(each.values["out/loss"] + each.values["penalty"])


def test_a_seed_and_settings_of_data_are_all_that_decides() -> None:
    """Two courses of one project take the same steps, whatever was drawn in between."""
    one, other = _course(spirals()), _course(spirals())
    torch.rand(7)
    for _ in zip(_epoch(one), _epoch(other), strict=True):
        assert torch.equal(_vector(one), _vector(other))


def test_settings_of_a_project_reach_the_step() -> None:
    settings = settings_with(optimizer="AdamW", decay="matrices")
    course = _course(replace(spirals(), data=data("spirals"), training=settings))
    assert [group["weight_decay"] > 0 for group in course.optimizer.param_groups] == [True, False]


def test_weights_that_burst_in_a_step_do_not_replace_the_checkpoint_before(tmp_path: Path) -> None:
    """Gradients may be finite and the step too large all the same."""
    events: list[object] = []
    control = Control()

    def emit(event: object) -> None:
        events.append(event)
        if isinstance(event, EpochEnded) and event.epoch == 2:
            control.checkpoint()
            control.set_learning_rate(3e38)

    project = with_training(diabetes(), optimizer="SGD", epochs=9)
    with pytest.raises(TrainingError, match="last good weights are kept"):
        train(Job(project, tmp_path / "run", threads=1), emit, control)
    assert all(each.isfinite().all() for each in _last(tmp_path / "run").values())
    assert Run.open(tmp_path / "run").summary().epochs == 2
