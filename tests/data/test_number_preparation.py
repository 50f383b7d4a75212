"""Numbers, categories, labels and dates: the right values, gaps and unknown words as chosen, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.data.fitted import FittedField, fit
from core.data.preprocessing import Preprocessing
from core.errors import DataError
from core.graph.project import Field
from tests.data.made import objects

VALUES = np.array([1.0, 2.0, 4.0, 8.0, 100.0])


def encoded(values: np.ndarray[Any, Any], encoding: str, **options: Any) -> np.ndarray[Any, Any]:
    return fit(Field("x", "number", encoding=encoding, options=options), VALUES).encode(values)[:, 0]


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("robust", (VALUES - 4) / (8 - 2)),
        ("max-abs", VALUES / 100),
        ("min-max", (VALUES - 1) / 99),
        ("quantile", [0, 0.25, 0.5, 0.75, 1]),
        ("none", VALUES),
    ],
)
def test_numbers_are_scaled_by_what_the_training_rows_say(encoding: str, expected: Any) -> None:
    np.testing.assert_allclose(encoded(VALUES, encoding), expected, rtol=1e-6)


def test_quantiles_of_new_numbers_lie_between_those_of_training_and_never_beyond() -> None:
    np.testing.assert_allclose(encoded(np.array([-5.0, 3.0, 1e6]), "quantile"), [0, 0.375, 1])
    ties = fit(Field("x", "number", encoding="quantile"), np.array([0.0, 1.0, 1.0, 1.0, 2.0]))
    assert ties.encode(np.array([1.0]))[0, 0] == 0.5


def test_a_logarithm_comes_before_the_scale() -> None:
    np.testing.assert_allclose(encoded(VALUES, "none", log="log1p"), np.log1p(VALUES), rtol=1e-6)
    signed = encoded(np.array([-9.0, 0.0, 9.0]), "none", log="signed log")
    np.testing.assert_allclose(signed, [-np.log(10), 0, np.log(10)], rtol=1e-6)
    with pytest.raises(DataError, match=r"-3 in the training rows.*signed log"):
        fit(Field("x", "number", options={"log": "log1p"}), np.array([-3.0, 2.0]))
    assert np.isfinite(encoded(np.array([-50.0]), "none", log="log1p")).all()


@pytest.mark.parametrize("encoding", ["standardise", "min-max", "none"])
def test_numbers_too_large_to_compute_with_are_said(encoding: str) -> None:
    values = np.array([-1.7e308, 0.0, 1.7e308])
    with pytest.raises(DataError, match=r"'x' has values up to 1\.7e\+308.*signed log"):
        fit(Field("x", "number", encoding=encoding, missing="constant"), values)
    assert np.isfinite(fit(Field("x", "number", options={"log": "signed log"}), values).encode(values)).all()


def test_clipping_goes_by_percentiles_of_the_training_rows() -> None:
    clipped = encoded(np.array([-1000.0, 3.0, 1000.0]), "none", clip_low=25.0, clip_high=75.0)
    np.testing.assert_allclose(clipped, [2, 3, 8])
    with pytest.raises(DataError, match="the first must be less"):
        encoded(VALUES, "none", clip_low=90.0, clip_high=10.0)


def test_gaps_take_a_constant_and_are_told_by_an_indicator() -> None:
    field = Field("x", "number", encoding="none", missing="constant", options={"constant": -7.0, "indicator": True})
    assert fit(field, VALUES).encode(np.array([np.nan, 2.0])).tolist() == [[-7.0, 1.0], [2.0, 0.0]]
    assert fit(field, VALUES).encode_target(np.array([2.0])).tolist() == [[2.0]]


@pytest.mark.parametrize("encoding", ["standardise", "min-max", "robust", "max-abs", "quantile", "none"])
@pytest.mark.parametrize("log", ["none", "log1p", "signed log"])
def test_decoded_numbers_are_what_they_were(encoding: str, log: str) -> None:
    values = np.array([0.5, 3.0, 7.0, 90.0, 12.0])
    fitted = fit(Field("x", "number", encoding=encoding, options={"log": log}), values)
    np.testing.assert_allclose(fitted.decode(fitted.encode_target(values))[:, 0], values, rtol=1e-5)
    offset, scale = fitted.linear
    if log == "none" and encoding != "quantile":
        np.testing.assert_allclose(fitted.encode_target(values)[:, 0] * scale + offset, values, rtol=1e-5)
    else:
        assert (offset, scale) == (0.0, 1.0)


WORDS = objects(["a"] * 6 + ["b"] * 3 + ["c"])
NEW = objects(["a", "c", None, "z"])


@pytest.mark.parametrize(
    ("missing", "options", "expected"),
    [
        ("most frequent", {}, [[1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]]),
        ("zeros", {}, [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]),
        ("most frequent", {"rare": 2}, [[1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]]),
        ("own category", {"rare": 2}, [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]),
        ("most frequent", {"unknown": "own category"}, [[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
        ("zeros", {"unknown": "most frequent", "rare": 2}, [[1, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0]]),
    ],
)
def test_missing_and_unknown_words_become_what_was_chosen(
    missing: str, options: dict[str, Any], expected: list[list[int]]
) -> None:
    field = Field("w", "category", categories=("a", "b", "c"), encoding="one-hot", missing=missing, options=options)
    assert fit(field, WORDS).encode(NEW).tolist() == expected


def test_by_index_an_unknown_word_has_an_index_of_its_own_or_the_most_frequent() -> None:
    field = Field("w", "category", categories=("a", "b", "c"), encoding="index", options={"unknown": "own category"})
    assert fit(field, WORDS).encode(NEW)[:, 0].tolist() == [0, 2, 0, 3]
    plain = Field("w", "category", categories=("a", "b", "c"), encoding="index")
    assert fit(plain, WORDS).encode(NEW)[:, 0].tolist() == [0, 2, 0, 0]


def test_leading_zeros_tell_words_apart() -> None:
    field = Field("zip", "category", categories=("007", "07", "7"), encoding="index")
    cells = objects(["7", "07", "007"])
    fitted = fit(field, cells)
    assert fitted.encode(cells)[:, 0].tolist() == [2, 1, 0]
    assert fitted.decode(fitted.encode_target(cells)).tolist() == ["7", "07", "007"]


def test_words_come_back_from_one_hot_and_from_an_index() -> None:
    fitted = fit(Field("w", "category", categories=("a", "b", "c"), encoding="one-hot"), WORDS)
    assert fitted.decode(fitted.encode(objects(["b", "c", "z"]))).tolist() == ["b", "c", None]


def test_labels_are_a_one_for_each_word_and_come_back() -> None:
    fitted = fit(Field("t", "labels", categories=("x", "y", "z"), missing="zeros"), objects([("x",)]))
    cells = objects([("x", "z"), (), None, "y; z", "y,unheard of"])
    assert fitted.encode(cells).tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 1], [0, 1, 0]]
    assert fitted.gaps(cells).tolist() == [False, False, True, False, False]
    assert fitted.decode(fitted.encode(cells[:2])).tolist() == [("x", "z"), ()]


def test_dates_become_the_year_and_places_on_circles() -> None:
    field = Field("d", "date", encoding="parts", missing="median")
    fitted = fit(field, objects(["2020-01-06", "2022-01-06"]))
    monday, july = fitted.encode(objects(["2022-01-03T00:00:00", "2021-07-04T18:00:00"]))
    np.testing.assert_allclose(monday, [1, 0, 1, 0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(july[:3], [0, 0, -1], atol=1e-6)
    np.testing.assert_allclose(july[3:], [np.sin(12 * np.pi / 7), np.cos(12 * np.pi / 7), -1, 0], atol=1e-6)
    only = Field("d", "date", encoding="parts", options={"year": False, "hour": False, "weekday": False})
    assert fit(only, objects(["2020-04-01"])).encode(objects(["2020-04-01"])).shape == (1, 2)


def test_dates_are_read_as_iso_or_day_first_and_come_back_from_time_stamps() -> None:
    field = Field("d", "date", encoding="timestamp", missing="most frequent")
    fitted = fit(field, objects(["2024-01-31", "2024-02-01"]))
    same = fitted.encode(objects(["2024-01-31", "31.1.2024", "2024/1/31", "2024-01-31T01:00:00+01:00"]))
    assert len(set(same[:, 0].tolist())) == 1
    assert fitted.gaps(objects(["31.31.2024", None, "soon", "2024-02-01"])).tolist() == [True, True, True, False]
    assert fitted.decode(same[:1]).tolist() == ["2024-01-31T00:00:00"]


def test_a_run_of_the_first_format_still_prepares_rows() -> None:
    fields = [
        {"name": "x", "meaning": "number", "encoding": "standardise", "missing": "mean", "shape": [], "categories": [],
         "fill": 3.0, "offset": 3.0, "scale": 2.0},
        {"name": "w", "meaning": "category", "encoding": "one-hot", "missing": "most frequent", "shape": [],
         "categories": ["a", "b"], "fill": 1.0, "offset": 0.0, "scale": 1.0},
        {"name": "i", "meaning": "image", "encoding": "min-max", "missing": "drop row", "shape": [1, 1, 1],
         "categories": [], "fill": 0.0, "offset": 0.5, "scale": 0.5},
    ]  # fmt: skip
    old = {"format": 1, "fields": fields, "inputs": {"a": ["x", "w"], "b": ["i"]}, "targets": {"o": "w"}}
    read = Preprocessing.from_json(old)
    fresh = read.transform(
        {"x": [5.0, None], "w": ["a", None], "i": np.array([1.0, 0.75], dtype=np.float32).reshape(2, 1, 1, 1)}
    )
    assert fresh.inputs["a"].tolist() == [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert fresh.inputs["b"].flatten().tolist() == [1.0, 0.5]
    assert Preprocessing.from_json(read.to_json()) == read


def test_a_field_without_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="without meaning"):
        FittedField.from_json({"name": "x", "meaning": "smell", "state": {}})
