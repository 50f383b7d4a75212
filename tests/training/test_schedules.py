"""The learning rate that is drawn before a training is the one that every step uses, whatever the schedule."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import SGD, Adam, Optimizer, lr_scheduler

from core.errors import TrainingError, UnknownKindError
from core.graph.project import TrainingSettings
from core.parameters import check_value
from core.training.optimizers import optimizers
from core.training.options import make_optimizer
from core.training.schedule import Schedule, make_schedule, preview, preview_note
from core.training.schedules import schedules
from core.training.schedules._kind import ScheduleKind
from core.training.settings_check import schedule_problems

ALL = pytest.mark.parametrize("kind", tuple(schedules), ids=lambda kind: kind.id)
STEPS, EPOCHS = 7, 12
RATE = 0.1


def _settings(kind: str, **options: Any) -> TrainingSettings:
    return TrainingSettings(schedule=kind, schedule_options=options, learning_rate=RATE, epochs=EPOCHS)


def _optimizer(momentum: float = 0.9) -> SGD:
    weight = nn.Parameter(torch.ones(3))
    weight.grad = torch.ones(3)
    return SGD([weight], lr=RATE, momentum=momentum)


def _choices(kind: ScheduleKind) -> list[dict[str, str]]:
    return [{}] if kind.counts else [{"count": "epochs"}, {"count": "steps"}]


def _followed(schedule: Schedule, optimizer: Optimizer, steps: int, epochs: int) -> list[float]:
    """Train for some epochs; return the rate that every step used."""
    used = []
    for _epoch in range(epochs):
        for _step in range(steps):
            used.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            schedule.step_batch()
        schedule.step_epoch(1.0)
    return used


def test_every_schedule_of_pytorch_is_offered() -> None:
    of_torch = set(lr_scheduler.__all__) - {"LRScheduler"}
    assert {name for kind in schedules for name in kind.torch_classes} == of_torch
    assert len(of_torch) == 15


def test_the_common_presets_are_offered_first() -> None:
    assert {each.id for each in schedules if each.common} >= {
        "constant",
        "warm_up_cosine",
        "OneCycleLR",
        "StepLR",
        "ReduceLROnPlateau",
        "warm_up_stable_decay",
        "PolynomialLR",
        "CosineAnnealingWarmRestarts",
        "inverse_square_root",
    }


@ALL
def test_every_option_is_explained_and_its_default_fits(kind: ScheduleKind) -> None:
    assert kind.help.endswith(".")
    for option in kind.options:
        assert option.help.endswith("."), option.name
        assert check_value(option, option.default) == ""
    assert schedule_problems(_settings(kind.id)) == []


@ALL
@pytest.mark.parametrize(("steps", "epochs"), [(STEPS, EPOCHS), (1, 1), (1, 2), (3, 1), (10, 5), (20, 1)])
def test_the_drawn_curve_is_the_rate_of_every_step(kind: ScheduleKind, steps: int, epochs: int) -> None:
    for chosen in _choices(kind):
        settings = _settings(kind.id, **chosen)
        drawn = preview(settings, steps, epochs)
        optimizer = _optimizer()
        used = _followed(make_schedule(settings, optimizer, steps, epochs), optimizer, steps, epochs)
        assert drawn.shape == (steps * epochs,)
        if not kind.watches:
            assert drawn.tolist() == used
        assert bool((drawn >= 0).all() and (drawn <= RATE * (1 + 1e-12)).all())


def _by_torch(scheduler: Any, optimizer: Optimizer, moves: int, repeat: int) -> NDArray[np.float64]:
    rates = []
    for _move in range(moves):
        rates += [optimizer.param_groups[0]["lr"]] * repeat
        optimizer.step()
        scheduler.step()
    return np.array(rates)


@pytest.mark.parametrize(
    ("kind", "options", "made", "by_epoch"),
    [
        ("StepLR", {"step_size": 3, "gamma": 0.5}, lambda o: lr_scheduler.StepLR(o, 3, 0.5), True),
        ("MultiStepLR", {"milestones": (2, 9)}, lambda o: lr_scheduler.MultiStepLR(o, [2, 9]), True),
        ("ConstantLR", {"factor": 0.25, "total_iters": 4}, lambda o: lr_scheduler.ConstantLR(o, 0.25, 4), True),
        ("LinearLR", {"total_iters": 6}, lambda o: lr_scheduler.LinearLR(o, total_iters=6), True),
        ("ExponentialLR", {"gamma": 0.9}, lambda o: lr_scheduler.ExponentialLR(o, 0.9), True),
        ("PolynomialLR", {"power": 2.0}, lambda o: lr_scheduler.PolynomialLR(o, 84, 2.0), False),
        ("CosineAnnealingLR", {"eta_min": 0.01}, lambda o: lr_scheduler.CosineAnnealingLR(o, 84, 0.01), False),
        (
            "CosineAnnealingWarmRestarts",
            {"T_0": 12, "T_mult": 2},
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 12, 2),
            False,
        ),
        ("OneCycleLR", {"pct_start": 0.4}, lambda o: lr_scheduler.OneCycleLR(o, RATE, 84, pct_start=0.4), False),
        ("CyclicLR", {"step_size_up": 10}, lambda o: lr_scheduler.CyclicLR(o, RATE / 10, RATE, 10), False),
        ("LambdaLR", {}, lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1 / (1 + epoch)), True),
        ("MultiplicativeLR", {}, lambda o: lr_scheduler.MultiplicativeLR(o, lambda _epoch: 0.95), True),
    ],
)
def test_a_schedule_of_pytorchs_gives_what_it_gives_there(
    kind: str, options: dict[str, Any], made: Any, by_epoch: bool
) -> None:
    optimizer = _optimizer()
    moves, repeat = (EPOCHS, STEPS) if by_epoch else (EPOCHS * STEPS, 1)
    wanted = _by_torch(made(optimizer), optimizer, moves, repeat)
    np.testing.assert_allclose(preview(_settings(kind, **options), STEPS, EPOCHS), wanted, rtol=1e-12)


def test_plateau_follows_what_is_measured_in_either_direction() -> None:
    settings = _settings("ReduceLROnPlateau", patience=1, factor=0.5, threshold_mode="abs")
    for higher, sign in ((False, 1.0), (True, -1.0)):
        schedule = make_schedule(settings, None, STEPS, EPOCHS, higher_is_better=higher)
        rates = []
        for value in (3.0, 2.0, 2.5, 2.5, 1.0, 1.0, 1.0):
            schedule.step_epoch(sign * value)
            rates.append(schedule.rate)
        assert rates == [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]
    assert "falls" in preview_note(settings)
    assert preview_note(_settings("StepLR")) == ""


def test_a_plateau_without_a_measured_value_waits() -> None:
    schedule = make_schedule(_settings("ReduceLROnPlateau", patience=0), None, STEPS, EPOCHS)
    for _epoch in range(5):
        schedule.step_epoch(None)
    assert schedule.rate == RATE


# --- the optimizer's groups -------------------------------------------------------------------------------------------


def test_groups_keep_their_share_of_the_rate() -> None:
    weights = [nn.Parameter(torch.ones(1)) for _ in range(2)]
    optimizer = Adam([{"params": [weights[0]]}, {"params": [weights[1]], "learning_rate_factor": 0.1}], lr=RATE)
    schedule = make_schedule(_settings("warm_up_cosine"), optimizer, STEPS, EPOCHS)
    for _step in range(STEPS * EPOCHS):
        assert [group["lr"] for group in optimizer.param_groups] == [schedule.rate, schedule.rate * 0.1]
        optimizer.step()
        schedule.step_batch()


def test_1cycle_moves_the_momentum_against_the_rate_where_there_is_one() -> None:
    adam, sgd = Adam([nn.Parameter(torch.ones(1))]), _optimizer()
    adagrad = torch.optim.Adagrad([nn.Parameter(torch.ones(1))])
    for optimizer in (adam, sgd, adagrad):
        schedule = make_schedule(_settings("OneCycleLR"), optimizer, 10, 10)
        for _step in range(29):
            optimizer.step()
            schedule.step_batch()
    assert adam.param_groups[0]["betas"] == pytest.approx((0.85, 0.999))
    assert sgd.param_groups[0]["momentum"] == pytest.approx(0.85)
    assert "momentum" not in adagrad.param_groups[0]
    assert schedule.rate == pytest.approx(RATE)


def test_momentum_stays_where_it_is_not_cycled() -> None:
    adam = Adam([nn.Parameter(torch.ones(1))], betas=(0.5, 0.9))
    make_schedule(_settings("OneCycleLR", cycle_momentum=False), adam, 10, 10)
    assert adam.param_groups[0]["betas"] == (0.5, 0.9)


@pytest.mark.parametrize("kind", [each.id for each in optimizers if not each.closure and each.gradients != "sparse"])
def test_every_optimizer_follows_a_schedule(kind: str) -> None:
    weights = [nn.Parameter(torch.ones(3, 3)), nn.Parameter(torch.ones(3))]
    optimizer = make_optimizer(optimizers[kind], weights, RATE, {})
    schedule = make_schedule(_settings("OneCycleLR"), optimizer, STEPS, EPOCHS)
    for _step in range(10):
        assert {group["lr"] for group in optimizer.param_groups} == {schedule.rate}
        for each in weights:
            each.grad = torch.ones_like(each)
        optimizer.step()
        schedule.step_batch()
    assert all(bool(each.isfinite().all()) for each in weights)


# --- state ------------------------------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("stop", [0, 1, 9, STEPS * EPOCHS - 1])
def test_a_schedule_goes_on_from_a_stored_state_to_the_bit(kind: ScheduleKind, stop: int) -> None:
    for chosen in _choices(kind):
        more = {"patience": 0} if kind.watches else {}
        settings = _settings(kind.id, **chosen, **more)
        whole, first = (make_schedule(settings, None, STEPS, EPOCHS) for _ in range(2))
        rates = list(_walk(whole, 0, STEPS * EPOCHS))
        before = list(_walk(first, 0, stop))
        first_state = io.BytesIO()
        torch.save(first.state_dict(), first_state)
        first_state.seek(0)
        optimizer = _optimizer()
        second = make_schedule(settings, optimizer, STEPS, EPOCHS)
        second.load_state_dict(torch.load(first_state, weights_only=True))
        assert optimizer.param_groups[0]["lr"] == second.rate
        assert [*before, *_walk(second, stop, STEPS * EPOCHS)] == rates


def _walk(schedule: Schedule, start: int, end: int) -> Any:
    for step in range(start, end):
        yield schedule.rate
        schedule.step_batch()
        if (step + 1) % STEPS == 0:
            schedule.step_epoch(float(step % 3))


# --- live changes -----------------------------------------------------------------------------------------------------


def test_a_rate_set_by_hand_is_taken_exactly_and_scales_what_follows() -> None:
    optimizer = _optimizer()
    settings = _settings("CosineAnnealingLR")
    schedule = make_schedule(settings, optimizer, STEPS, EPOCHS)
    planned = preview(settings, STEPS, EPOCHS)
    list(_walk(schedule, 0, 30))
    schedule.set_rate(0.007)
    assert schedule.rate == optimizer.param_groups[0]["lr"] == 0.007
    np.testing.assert_allclose(list(_walk(schedule, 30, 84)), planned[30:] * (0.007 / planned[30]), rtol=1e-12)


def test_a_rate_set_by_hand_survives_a_stored_state() -> None:
    settings = _settings("warm_up_cosine")
    one, two = (make_schedule(settings, None, STEPS, EPOCHS) for _ in range(2))
    list(_walk(one, 0, 20))
    one.set_rate(0.5)
    two.load_state_dict(one.state_dict())
    assert list(_walk(one, 20, 84)) == list(_walk(two, 20, 84))


def test_a_rate_that_has_fallen_to_nothing_can_be_raised_again() -> None:
    schedule = make_schedule(_settings("LambdaLR", expression="0"), None, STEPS, EPOCHS)
    schedule.set_rate(0.02)
    assert schedule.rate == 0.0  # the formula says nothing at all; there is nothing to be scaled
    schedule = make_schedule(_settings("LambdaLR", expression="1 - progress"), None, 1, 2)
    list(_walk(schedule, 0, 2))
    schedule.set_rate(0.02)
    assert schedule.rate == 0.02


@ALL
def test_more_epochs_make_a_longer_plan_from_the_present_step(kind: ScheduleKind) -> None:
    for chosen in _choices(kind):
        settings = _settings(kind.id, **chosen)
        schedule = make_schedule(settings, None, STEPS, EPOCHS)
        walked = list(_walk(schedule, 0, STEPS * EPOCHS))
        assert len(walked) == STEPS * EPOCHS
        if kind.watches:
            continue
        schedule.set_epochs(EPOCHS + 5)
        longer = preview(settings, STEPS, EPOCHS + 5)
        assert list(_walk(schedule, STEPS * EPOCHS, STEPS * (EPOCHS + 5))) == longer[STEPS * EPOCHS :].tolist()


def test_fewer_epochs_end_the_curve_earlier() -> None:
    settings = _settings("CosineAnnealingLR")
    schedule = make_schedule(settings, None, STEPS, EPOCHS)
    list(_walk(schedule, 0, 14))
    schedule.set_epochs(4)
    assert schedule.epochs == 4
    assert list(_walk(schedule, 14, 28)) == preview(settings, STEPS, 4)[14:].tolist()


def test_a_changed_length_is_kept_in_the_state() -> None:
    settings = _settings("OneCycleLR")
    one, two = (make_schedule(settings, None, STEPS, EPOCHS) for _ in range(2))
    list(_walk(one, 0, 40))
    one.set_epochs(20)
    two.load_state_dict(one.state_dict())
    assert two.epochs == 20
    assert list(_walk(one, 40, 140)) == list(_walk(two, 40, 140))


# --- presets and formulas ---------------------------------------------------------------------------------------------


def test_warm_up_stable_decay_rises_stays_and_falls() -> None:
    rates = preview(_settings("warm_up_stable_decay", warm_up=0.1, decay=0.3, start=0.0), 10, 10)
    assert rates[0] < 1e-6
    assert bool((np.diff(rates[:11]) > 0).all())
    assert rates[10:71] == pytest.approx(RATE)
    assert bool((np.diff(rates[70:]) < 0).all())
    assert rates[-1] == pytest.approx(RATE / 30)


def test_warm_up_cosine_reaches_the_full_rate_and_ends_low() -> None:
    rates = preview(_settings("warm_up_cosine", warm_up=0.1, end=0.1), 10, 10)
    assert rates[10] == pytest.approx(RATE)
    falling = RATE * (0.1 + 0.9 * (1 + math.cos(math.pi * 50 / 90)) / 2)
    assert rates[60] == pytest.approx(falling)


def test_a_schedule_without_warm_up_starts_at_the_full_rate() -> None:
    for kind in ("warm_up_cosine", "warm_up_stable_decay", "warm_up_step"):
        assert preview(_settings(kind, warm_up=0.0), STEPS, EPOCHS)[0] == pytest.approx(RATE)


def test_inverse_square_root_halves_where_the_steps_are_fourfold() -> None:
    rates = preview(_settings("inverse_square_root", warm_up=0.05), 100, 10)
    assert rates[49] == pytest.approx(RATE)
    assert rates[199] == pytest.approx(RATE / 2)


def test_a_formula_may_name_where_training_is() -> None:
    settings = _settings("LambdaLR", expression="(1 - progress) * (epoch + 1) / epochs + 0 * steps", count="steps")
    rates = preview(settings, STEPS, EPOCHS)
    wanted = [RATE * (1 - step / 84) * (step // STEPS + 1) / EPOCHS for step in range(84)]
    np.testing.assert_allclose(rates, wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1 / step", "divides by zero"),
        ("1 - epoch", "must not be below 0"),
        ("epoc", "no variable 'epoc'"),
        ("__import__('os')", "not allowed"),
    ],
)
def test_a_formula_that_has_no_value_is_named_before_training(expression: str, said: str) -> None:
    (problem,) = schedule_problems(_settings("LambdaLR", expression=expression))
    assert problem.name == "expression"
    assert said in problem.message
    with pytest.raises(TrainingError, match="formula"):
        preview(_settings("LambdaLR", expression=expression), STEPS, EPOCHS)


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("StepLR", {"step_size": 0}, "step_size must be at least 1"),
        ("StepLR", {"gama": 0.5}, "no option 'gama'"),
        ("StepLR", {"count": "batches"}, "count must be"),
        ("ReduceLROnPlateau", {"factor": 1.0}, "factor must be between 0 and 1"),
        ("warm_up_stable_decay", {"warm_up": 0.5, "decay": 0.6}, "together"),
        ("OneCycleLR", {"three_phase": True, "pct_start": 0.6}, "at most 0.5"),
        ("OneCycleLR", {"base_momentum": 1.0, "max_momentum": 1.0}, "below 1"),
        ("CyclicLR", {"base_lr": 0.2}, "lowest rate"),
        ("CyclicLR", {"base_momentum": 0.95}, "above max_momentum"),
    ],
)
def test_options_that_do_not_fit_are_named(kind: str, options: dict[str, Any], said: str) -> None:
    problems = schedule_problems(_settings(kind, **options))
    assert any(said in each.message for each in problems)


def test_an_unknown_schedule_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownKindError, match="StepLR"):
        make_schedule(replace(_settings("constant"), schedule="StepLr"), None, STEPS, EPOCHS)
