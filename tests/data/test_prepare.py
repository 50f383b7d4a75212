"""Preprocessing: right numbers, learned from training rows alone, the same after a trip through JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.data.bind import bind
from core.data.dataset import load
from core.data.fitted import fit
from core.data.preprocessing import Preprocessing
from core.errors import DataError
from core.graph.project import Field
from tests.data.building import PENGUINS, bind_text, bound, sample_table, with_field, write

NUMBERS = np.array([1.0, 2.0, np.nan, 6.0])
WORDS = np.array(["b", "a", None, "b", "z"], dtype=object)


def number(**changes: Any) -> Field:
    return replace(Field("x", "number", encoding="none"), **changes)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("standardise", [-2 / np.std([1, 2, 6]), -1 / np.std([1, 2, 6]), 0.0, 3 / np.std([1, 2, 6])]),
        ("min-max", [0.0, 0.2, 0.4, 1.0]),
        ("none", [1.0, 2.0, 3.0, 6.0]),
    ],
)
def test_numbers_are_scaled_and_gaps_filled_with_the_mean(encoding: str, expected: list[float]) -> None:
    encoded = fit(number(encoding=encoding), NUMBERS).encode(NUMBERS)
    assert encoded.dtype == np.float32
    assert encoded.shape == (4, 1)
    np.testing.assert_allclose(encoded[:, 0], expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("missing", "fill"), [("mean", 3.0), ("median", 2.0), ("most frequent", 1.0)])
def test_gaps_are_filled_as_chosen(missing: str, fill: float) -> None:
    fitted = fit(number(missing=missing), NUMBERS)
    assert fitted.encode(np.array([np.nan]))[0, 0] == fill


@pytest.mark.parametrize("encoding", ["standardise", "min-max"])
@pytest.mark.parametrize("value", [0.0, 5.0, 0.1, -1e9])
def test_a_constant_column_becomes_zeros(encoding: str, value: float) -> None:
    cells = np.full(7, value)
    np.testing.assert_allclose(fit(number(encoding=encoding), cells).encode(cells), 0.0, atol=1e-6)


def test_words_can_be_read_as_numbers() -> None:
    cells = np.array(["1", "2,5", None, "lots"], dtype=object)
    np.testing.assert_allclose(fit(number(), cells).encode(cells)[:, 0], [1.0, 2.5, 1.75, 1.75])


def test_one_hot_gives_a_column_for_each_category_and_zeros_for_an_unknown_one() -> None:
    fitted = fit(Field("w", "category", categories=("a", "b"), encoding="one-hot", missing="most frequent"), WORDS)
    assert fitted.encode(WORDS).tolist() == [[0, 1], [1, 0], [0, 1], [0, 1], [0, 0]]


def test_index_gives_the_most_frequent_category_for_gaps_and_unknown_words() -> None:
    fitted = fit(Field("w", "category", categories=("a", "b"), encoding="index"), WORDS)
    encoded = fitted.encode(WORDS)
    assert encoded.dtype == np.int64
    assert encoded[:, 0].tolist() == [1, 0, 1, 1, 1]


def test_flags_become_zero_and_one() -> None:
    fitted = fit(Field("f", "flag", categories=("no", "yes")), np.array(["yes", "no", "yes"], dtype=object))
    assert fitted.encode(np.array(["no", "yes", None], dtype=object)).tolist() == [[0.0], [1.0], [1.0]]
    assert fit(Field("f", "flag", categories=("0", "1")), np.array([0.0, 1.0])).encode(np.array([1.0])).item() == 1.0


def test_images_are_scaled_as_a_whole() -> None:
    images = np.linspace(0, 1, 2 * 3 * 4, dtype=np.float32).reshape(2, 1, 3, 4)
    encoded = fit(Field("i", "image", shape=(1, 3, 4), encoding="standardise"), images).encode(images)
    assert encoded.shape == images.shape
    assert encoded.mean() == pytest.approx(0, abs=1e-6)
    assert encoded.std() == pytest.approx(1, abs=1e-6)


def test_targets_are_class_indices_or_numbers_that_decode_to_what_they_were() -> None:
    classes = fit(Field("w", "category", categories=("a", "b")), WORDS)
    assert classes.encode_target(WORDS[:2]).tolist() == [1, 0]
    assert classes.decode(np.array([0, 1])).tolist() == ["a", "b"]
    score = fit(number(encoding="standardise"), NUMBERS)
    np.testing.assert_allclose(score.decode(score.encode_target(NUMBERS[:2])), [[1.0], [2.0]], rtol=1e-6)


def test_a_field_without_any_value_in_training_is_refused() -> None:
    with pytest.raises(DataError, match="'x' has no number"):
        fit(number(), np.array([np.nan, np.nan]))
    with pytest.raises(DataError, match="'w' has no value"):
        fit(Field("w", "category", categories=("a",)), np.array([None, "q"], dtype=object))


def test_nothing_fitted_moves_when_all_other_rows_change(tmp_path: Path) -> None:
    binding = bind_text(tmp_path, sample_table(120))
    binding = with_field(binding, "mass", encoding="min-max", missing="median")
    before = load(bound(binding))
    lines = sample_table(120).splitlines()
    for row in (*before.validation.rows, *before.test.rows):
        species = lines[row + 1].split(",")[0]
        lines[row + 1] = f"{species},Biscoe,{row * 1000 + 0.5},{row * 999},male,1900"
    write(tmp_path, "\n".join(lines))
    after = load(bound(binding))
    np.testing.assert_array_equal(before.training.rows, after.training.rows)
    assert before.preprocessing == after.preprocessing
    assert torch.equal(before.training.inputs["input1"], after.training.inputs["input1"])
    assert not torch.equal(before.validation.inputs["input1"], after.validation.inputs["input1"])


def test_preprocessing_is_the_same_after_json(tmp_path: Path) -> None:
    preprocessing = load(bound(bind_text(tmp_path, sample_table(90)))).preprocessing
    text = json.dumps(preprocessing.to_json(), allow_nan=False)
    assert Preprocessing.from_json(json.loads(text)) == preprocessing


@pytest.mark.parametrize("data", [{}, {"format": 2}, {"format": 1}, {"format": 1, "fields": [{}]}, []])
def test_damaged_preprocessing_is_refused(data: object) -> None:
    with pytest.raises(DataError):
        Preprocessing.from_json(data)  # type: ignore[arg-type]


def test_new_rows_are_prepared_as_the_training_rows_were(tmp_path: Path) -> None:
    prepared = load(bound(bind_text(tmp_path, sample_table(90))))
    lines = [line.split(",") for line in sample_table(90).splitlines()]
    row = int(prepared.training.rows[5])
    columns = {name: [lines[row + 1][index]] for index, name in enumerate(lines[0]) if name != "species"}
    fresh = Preprocessing.from_json(prepared.preprocessing.to_json()).transform(columns)
    assert torch.equal(fresh.inputs["input1"][0], prepared.training.inputs["input1"][5])
    assert fresh.rows.tolist() == [0]


def test_new_rows_with_a_gap_that_drops_them_are_left_out(tmp_path: Path) -> None:
    binding = with_field(bind_text(tmp_path, sample_table(90)), "mass", missing="drop row")
    preprocessing = load(bound(binding, {"input1": ["mass", "island"]})).preprocessing
    fresh = preprocessing.transform({"mass": [3000, None, 3100.5], "island": ["Dream", "Dream", "Atlantis"]})
    assert fresh.rows.tolist() == [0, 2]
    assert fresh.inputs["input1"][1, 1:].tolist() == [0.0, 0.0, 0.0]


def test_new_rows_without_needed_columns_are_refused_with_all_of_them() -> None:
    preprocessing = load(bound(bind("csv", {"path": str(PENGUINS)}))).preprocessing
    with pytest.raises(DataError) as caught:
        preprocessing.transform({"Island": ["Dream"], "year": [2007]})
    assert len(caught.value.problems) == 6
    assert "The column 'island' is missing. Did you mean 'Island'?" in caught.value.problems
    with pytest.raises(DataError, match="different lengths: 1, 2"):
        load(bound(bind("moons", {}))).preprocessing.transform({"x": [1.0], "y": [1.0, 2.0]})
