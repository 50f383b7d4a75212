"""Dry run, one batch by heart, and the learning rate finder: what they find, and that they leave no trace."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from core.graph.project import Node, Project
from core.training.course import Course
from core.training.finder import find_learning_rate
from core.training.reachable import ends
from core.training.trial import course_for_trial, dry_run, overfit_batch, undisturbed
from tests.training.building import chain, diabetes, digits, inputs, linear, output, spirals, with_training
from tests.training.everything import everything


def _hash(course: Course) -> str:
    """Return a hash of all that training would go on from, gradients and random state included."""
    found = hashlib.sha256()

    def add(value: object) -> None:
        if isinstance(value, torch.Tensor):
            found.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
        elif isinstance(value, dict):
            for name in sorted(value, key=str):
                found.update(str(name).encode())
                add(value[name])
        elif isinstance(value, list | tuple):
            for each in value:
                add(each)
        else:
            found.update(pickle.dumps(value))

    add(course.state())
    add([each.grad for each in course.network.module.parameters()])
    add([each.training for each in course.network.module.modules()])
    return found.hexdigest()


TRIALS: dict[str, Callable[[Course], object]] = {
    "dry run": dry_run,
    "by heart": lambda course: overfit_batch(course, 20),
    "finder": lambda course: find_learning_rate(course, steps=40),
}


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize(
    "project",
    [
        everything(optimizer="Muon", schedule="OneCycleLR"),
        everything(average="swa", precision="bfloat16", schedule="ReduceLROnPlateau"),
        with_training(spirals(), optimizer="LBFGS", learning_rate=0.1),
    ],
    ids=["Muon", "swa", "LBFGS"],
)
def test_nothing_has_changed_afterwards(trial: str, project: Project) -> None:
    course = course_for_trial(project, device="cpu")
    before = _hash(course)
    TRIALS[trial](course)
    assert _hash(course) == before


@pytest.mark.parametrize("trial", TRIALS)
def test_nothing_has_changed_in_the_midst_of_training(trial: str) -> None:
    course = course_for_trial(everything(optimizer="Muon"), device="cpu")
    course.begin_epoch()
    course.network.train()
    windows = course.windows()
    for _ in range(4):
        course.advance(next(windows))
    before = _hash(course)
    TRIALS[trial](course)
    assert _hash(course) == before


def test_opening_a_course_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    course_for_trial(digits(), device="cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_dry_run_tells_what_a_step_takes() -> None:
    course = course_for_trial(digits(), device="cpu")
    found = dry_run(course)
    assert found.ok
    assert found.seconds > 0
    assert found.epoch_seconds == pytest.approx(found.seconds * course.steps_per_epoch)
    assert 0 < found.loss < 20


def test_a_dry_run_names_the_first_node_that_fails() -> None:
    zeros = Node("hidden", "Linear", {"out_features": 16, "weight_init": "zeros", "bias_init": "zeros"})
    root = Node("root", "Power", {"power": -1.0})
    project = replace(spirals(), graph=chain(inputs("x", "y"), zeros, root, linear("head", 3), output("class")))
    found = dry_run(course_for_trial(project, device="cpu"))
    assert not found.ok
    assert found.node == "root"


def test_a_sound_network_learns_a_batch_by_heart_and_a_blind_one_does_not() -> None:
    sound = overfit_batch(course_for_trial(with_training(spirals(), learning_rate=0.05), device="cpu"), 300)
    assert sound.learned
    assert len(sound.losses) == 300
    blind = chain(inputs("x", "y"), Node("gone", "Dropout", {"p": 0.99}), linear("head", 3), output("class"))
    found = overfit_batch(course_for_trial(replace(spirals(), graph=blind), device="cpu"), 100)
    assert not found.learned
    assert "look for a wrong target" in found.message


def test_falling_from_far_above_what_knows_nothing_is_no_learning() -> None:
    """A bias that is far too large begins with a loss of which one answer for all samples is less than a tenth."""
    graph = chain(inputs("x", "y"), Node("gone", "Dropout", {"p": 1.0}), linear("head", 3), output("class"))
    course = course_for_trial(replace(with_training(spirals(), learning_rate=1.0), graph=graph), device="cpu")
    with torch.no_grad():
        course.network.module.get_submodule("head").bias.copy_(torch.tensor([50.0, -50.0, 0.0]))
    found = overfit_batch(course, 150)
    assert found.losses[-1] < 0.1 * found.losses[0]
    assert not found.learned
    assert "One answer for all samples gives 1.0" in found.message


@pytest.mark.parametrize(
    ("project", "blind", "least"),
    [
        (spirals(loss="cross_entropy", loss_options=(("label_smoothing", 0.3),)), 1.03, 0.64),
        (spirals(Node("logs", "LogSoftmax", {"dim": 1}), loss="nll"), 1.02, 0.0),
        (diabetes(), 0.84, 0.0),
        (diabetes(2, loss="gaussian_nll"), 0.41, 0.41 - 2.303),
    ],
    ids=["smoothed", "logs", "number", "density"],
)
def test_what_a_batch_can_reach_is_known(project: Project, blind: float, least: float) -> None:
    course = course_for_trial(project, device="cpu")
    with undisturbed(course):
        found = ends(course.network, course.session.training.part(0, 32))
    assert found is not None
    assert found.blind == pytest.approx(blind, abs=0.1)
    assert found.least == pytest.approx(least, abs=0.1)
    assert found.share(found.least) == pytest.approx(1)
    assert found.share(found.blind) == 0


def test_what_a_batch_of_one_class_can_reach_is_not_told() -> None:
    course = course_for_trial(spirals(), device="cpu")
    batch = course.session.training.part(0, 200)
    batch.targets[0] = torch.zeros_like(batch.targets[0])
    with undisturbed(course):
        assert ends(course.network, batch) is None


def test_the_finder_suggests_a_rate_that_learns() -> None:
    course = course_for_trial(digits(), device="cpu")
    found = find_learning_rate(course)
    assert list(found.rates) == sorted(found.rates)
    assert len(found.rates) == len(found.losses) == len(found.smoothed)
    assert found.suggestion is not None
    assert 1e-4 < found.suggestion < 0.3, "for Adam on a small network"


def test_the_finder_ends_where_it_is_told_to() -> None:
    asked = iter([True] * 7 + [False])
    found = find_learning_rate(course_for_trial(spirals(), device="cpu"), go_on=lambda: next(asked))
    assert len(found.rates) == 7
    assert found.suggestion is None
