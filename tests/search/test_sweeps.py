"""Sweeps that are really run: trials as runs, what ends early, what is impossible, stopping, going on, dying."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import SearchError
from core.graph.files import save_project
from core.graph.project import Dimension
from core.lock import LockFile
from core.search.folder import Sweep, make_sweep, open_sweep, watched_curve
from core.search.pruners import PRUNERS
from core.search.samplers import SAMPLERS
from core.search.study import RUN, Trials, outcome_of
from core.search.table import Table, TrialRow, best_of, project_of, row_numbered
from core.search.worker import Orders, work
from core.training.job import Job
from core.training.loop import train
from core.training.run_index import RunIndex
from core.training.run_labels import read_labels
from core.training.runs import Run
from tests.search.conftest import KIND, RATE, WIDTH, MakeSweep, searching
from tests.training.building import StopsAfter
from tests.training.test_survival import _bits

ACCURACY = "validation/answer/accuracy"


def ran(sweep: Sweep, orders: Orders | None = None, name: str = "here") -> tuple[TrialRow, ...]:
    """Let one worker in this process train the sweep's trials; return the table."""
    work(sweep, name, orders or Orders(), lambda _told: None)
    return Table(sweep).rows()


def drawn(rows: tuple[TrialRow, ...]) -> list[dict[str, Any]]:
    """Return the values of all trials."""
    return [dict(each.values) for each in rows]


def test_each_trial_is_an_ordinary_run_with_its_values(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(RATE, WIDTH, KIND, metric=ACCURACY, pruner="none")
    rows = ran(sweep)
    assert [each.outcome for each in rows] == ["completed"] * 4
    for row in rows:
        assert row.run is not None
        run = Run.open(row.run)
        assert run.summary().status == "completed"
        project = run.project()
        assert project.training.learning_rate == row.values["training/learning_rate"]
        assert project.graph.nodes["linear1"].params["out_features"] == row.values[WIDTH.place]
        assert project.graph.nodes["act"].kind == row.values[KIND.place]
        assert row.value == max(each.validation["answer/accuracy"] for each in run.epochs())
        assert row.epochs == 2
        assert sweep.name in read_labels(row.run).tags
    listed = {each.path for each in RunIndex(sweep.path.parent).refresh()}
    assert listed == {each.run for each in rows}
    best = best_of(sweep, rows)
    assert best is not None
    assert best.value == max(each.value or 0 for each in rows)
    made = project_of(sweep, best)
    assert made.graph.nodes["act"].kind == best.values[KIND.place]
    assert made.training.diagnostics == sweep.project.training.diagnostics


def test_the_same_seed_draws_and_comes_to_the_same_even_where_it_was_stopped(sweep_of: MakeSweep) -> None:
    whole = ran(sweep_of(RATE, KIND, trials=6))
    other = sweep_of(RATE, KIND, trials=3)
    ran(other)
    parted = ran(other.with_trials(6))
    assert drawn(parted) == drawn(whole)
    assert [each.value for each in parted] == [each.value for each in whole]
    assert drawn(ran(sweep_of(RATE, KIND, trials=6, seed=1))) != drawn(whole)


@pytest.mark.parametrize("kind", SAMPLERS, ids=lambda kind: kind.id)
def test_every_sampler_draws_within_the_ranges(kind: Any, sweep_of: MakeSweep) -> None:
    if kind.why_not:
        with pytest.raises(SearchError, match=kind.needs):
            sweep_of(RATE, WIDTH, KIND, sampler=kind.id)
        return
    trials = Trials(sweep_of(RATE, WIDTH, KIND, sampler=kind.id, trials=15))
    seen = []
    while (trial := trials.take("here")) is not None:
        seen.append(trial.params)
        trials.end(trial, "completed", math.log10(trial.params[RATE.place]))
    assert len(seen) == 15
    assert all(1e-3 <= each[RATE.place] <= 0.1 for each in seen)
    assert {each[WIDTH.place] for each in seen} <= {2, 4, 6, 8, 10, 12, 14, 16}
    assert {each[KIND.place] for each in seen} == {"ReLU", "Tanh"}


def test_a_grid_tries_every_combination_once(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(Dimension("variable/width", 4, 8, 2), KIND, sampler="grid", trials=50)
    assert sweep.trials == 6
    rows = ran(sweep)
    found = {(each.values["variable/width"], each.values[KIND.place]) for each in rows}
    assert found == {(width, kind) for width in (4, 6, 8) for kind in ("ReLU", "Tanh")}
    assert len(rows) == 6


@pytest.mark.parametrize("kind", PRUNERS, ids=lambda kind: kind.id)
def test_every_pruner_ends_what_learns_nothing_and_none_ends_nothing(kind: Any, tmp_path: Path) -> None:
    rates = Dimension("training/learning_rate", choices=(1e-9, 0.05))
    project = searching(rates, trials=8, sampler="random", pruner=kind.id, metric=ACCURACY)
    project = replace(project, training=replace(project.training, epochs=4))
    rows = ran(make_sweep(tmp_path / "sweep", project))
    counts = Counter(each.outcome for each in rows)
    if kind.id == "none":
        assert counts == {"completed": 8}
        return
    assert counts["pruned"] > 0
    early = [each for each in rows if each.outcome == "pruned"]
    assert all(each.epochs < 4 and "epochs" in each.reason for each in early)
    assert all(each.run is not None and Run.open(each.run).summary().status == "stopped" for each in early)


def test_a_network_that_cannot_be_is_told_without_being_trained(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(Dimension("node/act/kind", choices=("Conv2d", "MaxPool2d")), trials=3)
    rows = ran(sweep)
    assert [each.outcome for each in rows] == ["impossible"] * 3
    assert all(each.run is None and "dimensions" in each.reason for each in rows)
    assert best_of(sweep, rows) is None
    assert Table(sweep).importances() == {}


def test_values_that_explode_are_a_failed_trial_and_the_sweep_goes_on(sweep_of: MakeSweep) -> None:
    rates = Dimension("training/learning_rate", choices=(1e38, 0.01))
    rows = ran(sweep_of(rates, sampler="grid", trials=2))
    assert [each.outcome for each in rows] == ["failed", "completed"]
    assert "learning rate" in rows[0].reason or "infinite" in rows[0].reason


def test_data_that_is_gone_ends_the_sweep_with_the_reason(tmp_path: Path) -> None:
    project = searching(RATE, trials=20)
    data = replace(project.data, source="csv", options={"path": "gone.csv"})
    sweep = make_sweep(tmp_path / "sweep", replace(project, data=data))
    with pytest.raises(SearchError, match=r"gone\.csv"):
        ran(sweep)
    assert len(Table(sweep).rows()) < 20


def test_what_matters_is_told_by_share(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(RATE, Dimension("training/min_delta", 0.0, 1.0), trials=12, sampler="random", pruner="none")
    trials = Trials(sweep)
    while (trial := trials.take("here")) is not None:
        trials.end(trial, "completed", math.log10(trial.params[RATE.place]))
    shares = Table(sweep).importances()
    assert next(iter(shares)) == RATE.place
    assert sum(shares.values()) == pytest.approx(1.0)
    assert Table(sweep).importances() == shares


# --- stopping, going on -----------------------------------------------------------------------------------------------


def test_a_stopped_trial_is_tried_again_with_its_values(tmp_path: Path) -> None:
    project = searching(RATE, trials=3)
    sweep = make_sweep(tmp_path / "sweep", replace(project, training=replace(project.training, epochs=100_000)))
    orders = Orders()

    def stop_at_second(told: Mapping[str, Any]) -> None:
        if told["outcome"] == "running":
            orders.give("stop")

    work(sweep, "here", orders, stop_at_second)
    (row,) = Table(sweep).rows()
    assert row.outcome == "interrupted"
    _with_epochs(sweep, 2)
    again = open_sweep(sweep.path)
    trials = Trials(again)
    assert row.reason == "It was stopped. It goes on with the sweep: from its last checkpoint, else from the start."
    assert trials.queue_interrupted() == 1
    assert trials.queue_interrupted() == 0
    rows = ran(again)
    assert [each.outcome for each in rows] == ["interrupted", "completed", "completed", "completed"]
    assert rows[1].values == row.values
    assert rows[1].run == rows[0].run
    assert rows[0].reason == "It was stopped. It went on in trial 1, from its last checkpoint."
    assert rows[1].reason == "Trial 0, which was interrupted, from its last checkpoint."


@pytest.mark.parametrize("lost", ["", "checkpoints/last.state.pt", "splits.npz"])
def test_the_trial_of_a_worker_that_died_comes_to_what_it_would_have_come_to(lost: str, sweep_of: MakeSweep) -> None:
    (whole,) = ran(sweep_of(RATE, trials=1, pruner="none"))
    assert whole.run is not None
    sweep = sweep_of(RATE, trials=1, pruner="none")
    trials = Trials(sweep)
    trial = trials.take("dead")
    assert trial is not None
    begun = sweep.run_of(trial.number)
    job = Job(Run.open(whole.run).project(), begun)
    steps = Run.open(whole.run).summary().steps
    assert train(job, lambda _event: None, StopsAfter(steps * 3 // 4)).epochs == 1
    trial.set_user_attr(RUN, begun.name)
    if lost:
        (begun / lost).unlink()
    assert trials.bury("It died.", died=True) == [(0, "interrupted", "It died.")]
    assert trials.queue_interrupted() == 0
    before, after = ran(sweep)
    assert (before.outcome, after.outcome) == ("interrupted", "completed")
    assert (before.died, after.died) == (True, False)
    assert (after.values, after.value, after.epochs) == (whole.values, whole.value, whole.epochs)
    assert (after.run == begun) == (not lost)
    where = "from the start" if lost else "from its last checkpoint"
    assert (before.reason, after.reason) == (
        f"It died. It went on in trial 1, {where}.",
        f"Trial 0, which was interrupted, {where}.",
    )
    assert after.run is not None
    assert _bits(after.run) == _bits(whole.run)


def _with_epochs(sweep: Sweep, epochs: int) -> None:
    """Write the sweep's project with other epochs, so that a test need not wait."""
    changed = replace(sweep.project, training=replace(sweep.project.training, epochs=epochs))
    save_project(changed, sweep.path / "project.layerwright")


def test_the_trial_of_a_worker_that_is_gone_is_told_apart_from_one_at_work(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(RATE)
    trials = Trials(sweep)
    for name in ("dead", "alive"):
        assert trials.take(name) is not None
    held = LockFile(sweep.workers / "alive.lock")
    assert held.take()
    assert trials.bury("gone") == [(0, "interrupted", "gone")]
    assert [outcome_of(each) for each in trials.all()] == ["interrupted", "running"]
    held.release()


def test_half_a_line_in_the_journal_is_cut_off_before_the_next(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(RATE)
    first = Trials(sweep)
    trial = first.take("here")
    assert trial is not None
    with sweep.journal.open("ab") as file:
        file.write(b'{"op_code": 4, "worker')
    first.end(trial, "completed", 1.0)
    (row,) = Table(sweep).rows()
    assert (row.outcome, row.value) == ("completed", 1.0)
    assert all(json.loads(line) for line in sweep.journal.read_text().splitlines())


def test_looking_at_a_sweep_writes_nothing(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(RATE, trials=1)
    ran(sweep)
    before = sweep.journal.read_bytes()
    assert len(Table(sweep).rows()) == 1
    assert sweep.journal.read_bytes() == before


def test_a_trial_at_which_a_second_worker_dies_has_failed(sweep_of: MakeSweep) -> None:
    sweep = sweep_of(RATE, trials=2, sampler="grid")
    trials = Trials(sweep)
    assert trials.take("one") is not None
    assert [outcome for _number, outcome, _why in trials.bury("It died.", "one", died=True)] == ["interrupted"]
    assert trials.take("two") is not None
    assert [outcome for _number, outcome, _why in trials.bury("It was stopped.", "two")] == ["interrupted"]
    assert trials.queue_interrupted() == 1
    assert trials.take("three") is not None
    ((number, outcome, reason),) = trials.bury("It died too.", "three", died=True)
    assert (number, outcome) == (2, "failed")
    assert reason.startswith("It died too. It is the second that died at this trial")
    rows = ran(sweep)
    assert [each.outcome for each in rows] == ["interrupted", "interrupted", "failed", "completed"]
    assert [each.died for each in rows] == [True, False, True, False]
    assert rows[0].values == rows[1].values == rows[2].values != rows[3].values


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_sweep_that_cannot_be_run_says_all_that_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SearchError) as found:
        make_sweep(tmp_path / "sweep", searching(Dimension("variable/width", 9, 1), RATE, RATE))
    assert len(found.value.problems) == 2
    assert not (tmp_path / "sweep").exists()
    with pytest.raises(SearchError, match="no curve 'validation/answer/f9'"):
        make_sweep(tmp_path / "sweep", searching(metric="validation/answer/f9"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(SearchError, match="not empty"):
        make_sweep(tmp_path / "full", searching())


def test_what_is_made_best_is_what_training_monitors_unless_it_is_said() -> None:
    assert watched_curve(searching()) == ("validation/loss", False)
    project = searching()
    monitored = replace(project, training=replace(project.training, monitor=ACCURACY))
    assert watched_curve(monitored) == (ACCURACY, True)
    assert watched_curve(searching(metric=ACCURACY)) == (ACCURACY, True)


def test_a_damaged_or_missing_sweep_is_refused(tmp_path: Path, sweep_of: MakeSweep) -> None:
    with pytest.raises(SearchError, match="no sweep"):
        open_sweep(tmp_path / "nothing")
    sweep = sweep_of(RATE)
    assert open_sweep(sweep.path) == sweep
    path = sweep.path / "sweep.json"
    whole = json.loads(path.read_text())
    for text, why in (
        ("{", "cannot be read"),
        ("[]", "JSON object"),
        (json.dumps({**whole, "trials": "many"}), "trials cannot be"),
        (json.dumps({**whole, "format": 99}), "newer"),
    ):
        path.write_text(text)
        with pytest.raises(SearchError, match=why):
            open_sweep(sweep.path)


def test_a_trial_that_there_is_not_is_refused(sweep_of: MakeSweep) -> None:
    with pytest.raises(SearchError, match="no trial 7"):
        row_numbered(Table(sweep_of(RATE)).rows(), 7)
