"""Windows over time: the right rows in the right order, never across a group, a part or a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.data.dataset import load
from core.data.preprocessing import Preprocessing
from core.data.source import Column
from core.errors import DataError
from core.graph.binding import input_signature
from core.graph.project import DataBinding, Project, Split, Window
from tests.data.building import bound, with_field
from tests.data.made import made, objects

ROWS = 60


def series(monkeypatch: pytest.MonkeyPatch, *, groups: bool = False, **window: int) -> DataBinding:
    """Bind a shuffled time series: value is the time (and 1000 times the group), flag whether it is odd."""
    order = np.random.default_rng(0).permutation(ROWS)
    group = order % 3 if groups else order * 0
    columns = {
        "when": Column(order.astype(np.float64), "number", role="time"),
        "value": Column(order + 1000.0 * group, "number"),
        "odd": Column(objects([("no", "yes")[each % 2] for each in order]), "flag", ("no", "yes")),
        "next": Column(order + 1000.0 * group, "number", role="target"),
    }
    if groups:
        columns["who"] = Column(objects([f"group {each}" for each in group]), "identifier", role="group")
    binding = made(monkeypatch, columns)
    binding = with_field(with_field(binding, "value", encoding="none"), "next", encoding="none")
    return replace(binding, window=Window(**window), split=Split("time", 0.2, 0.1))


def project_of(binding: DataBinding, *names: str) -> Project:
    return bound(binding, {"input1": names or ("value", "odd")}, {"output1": "next"})


def test_a_window_holds_rows_in_order_of_time_and_predicts_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_of(series(monkeypatch, length=4, horizon=2))
    prepared = load(project)
    signature = input_signature(project, project.graph.nodes["input1"])
    assert (signature.dtype, signature.shape, signature.problem) == ("float32", (4, 2), "")
    part = prepared.training
    assert part.inputs["input1"].shape == (42 - 5, 4, 2)
    values = part.inputs["input1"][:, :, 0]
    assert (values.diff(dim=1) == 1).all()
    assert torch.equal(values[:, -1] + 2, part.targets["output1"][:, 0])
    assert torch.equal(values % 2, part.inputs["input1"][:, :, 1])
    assert part.targets["output1"].unique().numel() == len(part)


def test_the_target_may_be_at_the_windows_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    part = load(project_of(series(monkeypatch, length=3, horizon=0))).training
    assert torch.equal(part.inputs["input1"][:, -1, 0], part.targets["output1"][:, 0])


def test_windows_begin_every_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    part = load(project_of(series(monkeypatch, length=4, horizon=1, stride=5))).training
    assert sorted(part.inputs["input1"][:, 0, 0].tolist()) == [0, 5, 10, 15, 20, 25, 30, 35]


@pytest.mark.parametrize(
    ("method", "groups"),
    [*((method, groups) for method in ("time", "random", "stratified", "k-fold") for groups in (False, True)),
     ("group", True)],
)  # fmt: skip
def test_no_window_reaches_over_a_group_or_another_part(
    monkeypatch: pytest.MonkeyPatch, method: Any, groups: bool
) -> None:
    binding = replace(series(monkeypatch, groups=groups, length=3, horizon=1), split=Split(method, 0.34, 0.0, folds=3))
    prepared = load(project_of(binding))
    rows = []
    for part in (prepared.training, prepared.validation):
        values = torch.cat([part.inputs["input1"][:, :, 0], part.targets["output1"]], dim=1)
        assert len(values)
        assert (values.diff(dim=1) == (3 if groups else 1)).all()
        assert (values.div(1000, rounding_mode="floor").diff(dim=1) == 0).all()
        rows.append(set(values.flatten().tolist()))
    assert not rows[0] & rows[1]
    by_time = method in ("random", "stratified") and not groups
    assert any("the split is by time" in note for note in prepared.notes) == by_time


def test_a_gap_is_in_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = series(monkeypatch, length=3, horizon=1)
    whole = load(project_of(binding)).training
    order = np.random.default_rng(0).permutation(ROWS)
    values = order.astype(np.float64)
    values[order == 10] = np.nan
    goal = order.astype(np.float64)
    goal[order == 20] = np.nan
    columns = {
        "when": Column(order.astype(np.float64), "number", role="time"),
        "value": Column(values, "number"),
        "next": Column(goal, "number", role="target"),
    }
    with_gaps = made(monkeypatch, columns)
    with_gaps = with_field(with_field(with_gaps, "value", encoding="none", missing="drop row"), "next", encoding="none")
    part = load(project_of(replace(with_gaps, window=binding.window, split=binding.split), "value")).training
    assert not (part.inputs["input1"] == 10).any()
    assert 20 in part.inputs["input1"].flatten().tolist()
    # Four rows before a gap have no window that begins there and reaches its target; one more lacks its target.
    assert len(part) == len(whole) - 4 - 1


@pytest.mark.parametrize("regular", [True, False])
def test_no_window_reaches_over_a_gap_in_regular_time(monkeypatch: pytest.MonkeyPatch, *, regular: bool) -> None:
    times = np.arange(float(ROWS))
    times[20:] += 5.0
    if not regular:
        times += np.random.default_rng(0).random(ROWS).cumsum() * 3
    columns = {
        "when": Column(times, "number", role="time"),
        "value": Column(np.arange(float(ROWS)), "number"),
        "next": Column(np.arange(float(ROWS)), "number", role="target"),
    }
    binding = with_field(with_field(made(monkeypatch, columns), "value", encoding="none"), "next", encoding="none")
    binding = replace(binding, window=Window(4), split=Split("time", 0.2, 0.1))
    prepared = load(project_of(binding, "value"))
    values = prepared.training.inputs["input1"][:, :, 0]
    over = ((values[:, 0] < 20) & (values[:, -1] + 1 >= 20)).any()
    assert bool(over) is not regular
    told = "Time has 1 gap, the first before row 21: no window reaches over one."
    assert (told in prepared.notes) is regular


def test_nothing_is_learnt_from_rows_behind_the_training_part(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = with_field(series(monkeypatch, length=3), "value", encoding="min-max")
    fitted = load(project_of(binding)).preprocessing.fields["value"]
    assert fitted.linear == (0.0, 41.0)


def test_a_part_too_short_for_a_window_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    binding = replace(series(monkeypatch, length=5, horizon=2), split=Split("time", 0.1, 0.1))
    prepared = load(project_of(binding))
    assert prepared.counts["training"]
    assert prepared.counts["validation"] == prepared.counts["test"] == 0
    assert any("The validation part has no sample" in note and "the 7 that" in note for note in prepared.notes)


def test_new_rows_in_order_of_time_become_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    preprocessing = load(project_of(series(monkeypatch, length=3, horizon=1), "value")).preprocessing
    fresh = Preprocessing.from_json(preprocessing.to_json()).transform({"value": [5.0, 6.0, 7.0, 8.0]})
    assert fresh.inputs["input1"][:, :, 0].tolist() == [[5, 6, 7], [6, 7, 8]]
    assert fresh.rows.tolist() == [2, 3]


def test_categories_by_index_and_whole_windows_as_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    project = bound(series(monkeypatch, length=3), {"input1": ["value"]}, {"output1": "input:input1"})
    part = load(project).training
    assert torch.equal(part.inputs["input1"], part.targets["output1"])


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ({"length": 3, "horizon": -1}, "horizon must be at least 0, not -1"),
        ({"length": 3, "stride": 0}, "stride must be at least 1, not 0"),
        ({"length": 50}, "No window of 50 rows fits"),
    ],
)
def test_impossible_windows_are_refused(monkeypatch: pytest.MonkeyPatch, window: dict[str, int], words: str) -> None:
    with pytest.raises(DataError, match=words):
        load(project_of(series(monkeypatch, **window)))
