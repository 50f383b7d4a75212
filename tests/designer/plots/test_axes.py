"""What the x axis counts: epochs, steps, samples, time; runs that go on; colours that stay and can be told apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from core.training.events import Changed, EpochEnded, Event, Progress, RunStarted, StepEnded
from designer import theme
from designer.plots import style
from designer.plots.axes import PlaceAxis
from designer.plots.curves import RATE, CurveKey, Mark, RunCurves, quantities
from designer.plots.slots import Slots

TRAINING, STEPS = CurveKey("loss", "", "training"), CurveKey("loss", "", "steps")


def taken(*events: Event, index: int = 0) -> RunCurves:
    run = RunCurves("run", index, path="run")
    run.take(RunStarted("run", 3, 10, "cpu", 5, 320, 80))
    for event in events:
        run.take(event)
    return run


def step(number: int, rate: float = 0.1) -> StepEnded:
    return StepEnded(number, number // 10 + 1, {"loss": 1.0 / number}, rate)


def ended(epoch: int, seconds: float) -> EpochEnded:
    return EpochEnded(epoch, epoch * 10, {"loss": 1.0 / epoch}, {"loss": 2.0 / epoch}, seconds, 320 / seconds)


def test_samples_are_those_seen_until_then() -> None:
    run = taken(step(5), ended(1, 2.0), ended(2, 3.0))
    assert run.x(TRAINING, "samples").tolist() == [320, 640]
    assert run.x(STEPS, "samples").tolist() == [160]


def test_time_adds_up_the_epochs_and_is_spread_over_their_steps() -> None:
    run = taken(step(5), ended(1, 2.0), step(15), ended(2, 4.0))
    assert run.x(TRAINING, "time").tolist() == [2.0, 6.0]
    assert run.x(STEPS, "time").tolist() == [1.0, 4.0]


def test_the_epoch_under_way_goes_at_the_pace_of_the_last_one_or_of_the_samples() -> None:
    assert taken(ended(1, 2.0), step(15)).x(STEPS, "time").tolist() == [3.0]
    started = taken(Progress(1, 3, 1, 30, 160.0, 5.0), step(5))
    assert started.x(STEPS, "time").tolist() == [1.0]


def test_the_learning_rate_has_a_plot_of_its_own_behind_the_others() -> None:
    run = taken(step(5, 0.1), step(6, 0.05), ended(1, 1.0))
    assert quantities([run]) == ("loss", RATE)
    assert run.series[CurveKey(RATE, "", "steps")].values.tolist() == [0.1, 0.05]


def test_the_learning_rate_is_shown_of_all_runs_and_single_steps_of_the_newest() -> None:
    runs = [taken(step(5), index=0), taken(step(5), index=1)]
    assert [run for run, _key in style.shown(runs, RATE)] == runs
    assert [run for run, _key in style.shown(runs, "loss")] == runs[1:]
    assert [run for run, _key in style.shown(runs, "loss", all_steps=True)] == runs


def test_a_change_while_training_is_a_mark() -> None:
    run = taken(step(5), Changed("learning-rate", 0.01, "learning rate 0.01", 1, 5))
    assert run.marks == [Mark(0.5, 5, "learning rate 0.01")]
    assert run.place(0.5, 5, "samples") == 160


def test_a_resumed_run_replaces_what_it_does_again() -> None:
    run = taken(*(step(number) for number in range(1, 9)), ended(1, 1.0))
    run.take(RunStarted("run", 3, 10, "cpu", 5, 320, 80))
    run.take(step(6, 0.7))
    assert run.series[STEPS].steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert run.series[CurveKey(RATE, "", "steps")].values[-1] == 0.7


@pytest.mark.parametrize(
    ("counts", "values", "texts"),
    [
        ("time", [0, 30, 60], ["0", "30 s", "60 s"]),
        ("time", [0, 60, 120], ["0", "1 min", "2 min"]),
        ("time", [0, 3600, 7200], ["0", "1 h", "2 h"]),
        ("samples", [0, 20_000], ["0", "20 k"]),
        ("epoch", [1, 2], ["1", "2"]),
    ],
)
def test_ticks_have_their_units(qapp: object, counts: str, values: list[float], texts: list[str]) -> None:
    axis = PlaceAxis()
    axis.counts = counts  # type: ignore[assignment]
    assert axis.tickStrings(values, 1.0, values[1] - values[0]) == texts


def test_a_run_keeps_its_colour_and_shares_it_with_no_other_that_is_shown() -> None:
    slots = Slots()
    first, second = slots.take("a", []), slots.take("b", [0])
    assert (first, second) == (0, 1)
    assert slots.take("b", []) == 1
    assert slots.take("c", [1]) == 0
    assert slots.take("a", [0, 1]) == 2


def matrix(*numbers: float) -> np.ndarray:
    """Return three rows of three numbers."""
    return np.array(numbers).reshape(3, 3)


SIGHT = {
    "usual": np.eye(3),
    "protanopia": matrix(
        *(0.152286, 1.052583, -0.204868), *(0.114503, 0.786281, 0.099216), *(-0.003882, -0.048116, 1.051998)
    ),
    "deuteranopia": matrix(
        *(0.367322, 0.860646, -0.227968), *(0.280085, 0.672501, 0.047413), *(-0.01182, 0.04294, 0.968881)
    ),
    "tritanopia": matrix(
        *(1.255528, -0.076749, -0.178779), *(-0.078411, 0.930809, 0.147602), *(0.004733, 0.691367, 0.3039)
    ),
}
"""How colours are seen: Machado, Oliveira and Fernandes 2009, table of severity 1.0, for linear RGB."""
TO_CONES = matrix(
    *(0.4122214708, 0.5363325363, 0.0514459929),
    *(0.2119034982, 0.6806995451, 0.1073969566),
    *(0.0883024619, 0.2817188376, 0.6299787005),
)
TO_LAB = matrix(
    *(0.2104542553, 0.793617785, -0.0040720468),
    *(1.9779984951, -2.4285922050, 0.4505937099),
    *(0.0259040371, 0.7827717662, -0.808675766),
)


def seen(colour: str, sight: str) -> np.ndarray:
    """Return how a colour looks, in OKLab."""
    value = np.array(QColor(colour).getRgbF()[:3])
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return np.cbrt(np.clip(SIGHT[sight] @ linear, 0, 1) @ TO_CONES.T) @ TO_LAB.T


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", theme.THEMES)
def test_the_colours_of_curves_are_told_apart_by_every_eye(name: str, sight: str) -> None:
    for first, second in itertools.combinations(theme.THEMES[name].series, 2):
        assert np.linalg.norm(seen(first, sight) - seen(second, sight)) >= 0.1, (first, second)


def test_in_high_contrast_runs_differ_in_their_dashes_and_validation_in_its_width(qapp: object) -> None:
    runs = [RunCurves(f"run {index}", index) for index in range(4)]
    pens = [style.pen(theme.CONTRAST, run, TRAINING, faint=False) for run in runs]
    patterns = {(each.style(), tuple(each.dashPattern())) for each in pens}
    assert len(patterns) == 4
    validation = style.pen(theme.CONTRAST, runs[0], CurveKey("loss", "", "validation"), faint=False)
    assert validation.width() > pens[0].width()


def test_a_ninth_run_has_the_first_colour_and_other_dashes(qapp: object) -> None:
    first, ninth = (style.pen(theme.LIGHT, RunCurves("", index), TRAINING, faint=False) for index in (0, 8))
    assert first.color() == ninth.color()
    assert first.style() is Qt.PenStyle.SolidLine
    assert ninth.style() is Qt.PenStyle.CustomDashLine
