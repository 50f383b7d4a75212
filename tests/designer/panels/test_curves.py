"""The numbers behind the curves: growing series, grouping by quantity, smoothing, export."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.training.events import CheckpointSaved, EpochEnded, Finished, RunStarted, StepEnded
from designer.plots.curves import CurveKey, RunCurves, Series, csv_lines, nearest, quantities
from designer.plots.smoothing import smooth


def run_of_two_heads() -> RunCurves:
    run = RunCurves("Run 1", 0)
    run.take(RunStarted("runs/1", 2, 10, "cpu", 100, 80, 20))
    run.take(StepEnded(5, 1, {"loss": 3.0, "a/loss": 1.0, "b/loss": 2.0}, 0.01))
    run.take(EpochEnded(1, 10, {"loss": 2.0, "a/accuracy": 0.5}, {"loss": 2.5, "b/mae": 4.0}, 1.0, 80.0))
    return run


def test_a_series_keeps_every_point_while_it_grows() -> None:
    series = Series()
    for point in range(1000):
        series.append(point / 10, point, point * 2.0)
    assert len(series) == 1000
    assert series.epochs[-1] == pytest.approx(99.9)
    assert series.steps[-1] == 999
    assert series.values[500] == 1000.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_left_out(value: float) -> None:
    series = Series()
    series.append(1, 10, 0.5)
    series.append(2, 20, value)
    series.append(3, 30, 0.25)
    assert series.values.tolist() == [0.5, 0.25]


def test_the_nearest_point_is_found_on_both_sides() -> None:
    series = Series()
    for epoch in (1, 2, 4):
        series.append(epoch, epoch * 10, 0.0)
    found = [nearest(series.epochs, position) for position in (-5, 1.4, 1.6, 2.9, 3.1, 99)]
    assert found == [0, 0, 1, 1, 2, 2]


def test_names_of_values_are_split_into_head_and_quantity() -> None:
    run = run_of_two_heads()
    assert quantities([run]) == ("loss", "accuracy", "mae", "learning_rate")
    assert CurveKey("loss", "b", "steps") in run.series
    assert CurveKey("loss", "", "validation") in run.series
    assert CurveKey("accuracy", "a", "training") in {
        CurveKey(key.quantity, key.output or "a", key.part) for key in run.series
    }


def test_a_single_head_needs_no_name_and_its_loss_no_second_curve() -> None:
    run = RunCurves("Run 1", 0)
    run.take(EpochEnded(1, 10, {"loss": 2.0, "y/loss": 2.0, "y/accuracy": 0.5}, {}, 1.0, 80.0))
    assert set(run.series) == {CurveKey("loss", "", "training"), CurveKey("accuracy", "", "training")}


def test_steps_lie_between_the_epochs() -> None:
    run = run_of_two_heads()
    series = run.series[CurveKey("loss", "", "steps")]
    assert series.epochs.tolist() == [0.5]
    assert series.steps.tolist() == [5.0]


def test_the_best_epoch_follows_the_checkpoints_and_the_end() -> None:
    run = run_of_two_heads()
    assert run.take(CheckpointSaved("best", 1))
    assert run.best_epoch == 1
    run.take(CheckpointSaved("last", 2))
    assert run.best_epoch == 1
    run.take(Finished("completed", 2, 2, {"loss": 1.0}, 3.0))
    assert run.best_epoch == 2


@pytest.mark.parametrize("weight", [0.01, 0.6, 0.99])
@pytest.mark.parametrize("count", [2, 64, 65, 1000])
def test_smoothing_follows_the_formula_of_tensorboard(weight: float, count: int) -> None:
    values = np.random.default_rng(0).normal(size=count) + 3
    last, expected = 0.0, []
    for number, value in enumerate(values.tolist(), start=1):
        last = last * weight + (1 - weight) * value
        expected.append(last / (1 - weight**number))
    assert smooth(values, weight) == pytest.approx(expected)


def test_no_smoothing_leaves_the_values_as_they_are() -> None:
    values = np.array([1.0, 3.0, 2.0])
    assert smooth(values, 0.0).tolist() == [1.0, 3.0, 2.0]


def test_the_table_holds_every_point_and_quotes_names() -> None:
    run = RunCurves('a "b", c', 0)
    run.take(EpochEnded(1, 10, {"loss": 0.1}, {"loss": 0.2}, 1.0, 80.0))
    assert list(csv_lines([run])) == [
        "run,quantity,output,part,epoch,step,samples,seconds,value",
        '"a ""b"", c",loss,,training,1,10,1,1,0.1',
        '"a ""b"", c",loss,,validation,1,10,1,1,0.2',
    ]
