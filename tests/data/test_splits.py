"""Splits: seeded, in proportion, complete, and refused when they cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.splits import PARTS, divide
from core.errors import DataError
from core.graph.project import Split


@pytest.mark.parametrize("method", ["random", "stratified"])
def test_every_row_is_in_exactly_one_part(method: str) -> None:
    classes = np.arange(101) % 4
    division = divide(101, Split(method, 0.2, 0.1, 3), classes)  # type: ignore[arg-type]
    together = np.sort(np.concatenate([division.part(name) for name in PARTS]))
    np.testing.assert_array_equal(together, np.arange(101))
    assert [len(division.part(name)) for name in PARTS] == [71, 20, 10]


def test_a_seed_gives_the_same_rows_on_every_machine() -> None:
    assert divide(20, Split("random", 0.2, 0.0, 7)).validation.tolist() == [3, 6, 11, 12]
    classes = np.arange(20) % 2
    assert divide(20, Split("stratified", 0.2, 0.0, 7), classes).validation.tolist() == [3, 6, 11, 12]
    assert divide(20, Split("random", 0.2, 0.0, 8)).validation.tolist() != [3, 6, 11, 12]


def test_stratified_parts_hold_each_class_in_proportion() -> None:
    classes = np.repeat([0, 1, 2], [152, 124, 68])
    division = divide(344, Split("stratified", 0.2, 0.1, 0), classes)
    for rows, share in ((division.validation, 0.2), (division.test, 0.1)):
        counts = np.bincount(classes[rows])
        assert counts.sum() == round(share * 344)
        assert np.abs(counts - share * np.array([152, 124, 68])).max() < 1


def test_many_small_classes_still_give_the_whole_share() -> None:
    classes = np.arange(60) // 3
    division = divide(60, Split("stratified", 0.2, 0.2, 1), classes)
    assert [len(division.part(name)) for name in PARTS] == [36, 12, 12]
    assert len(np.unique(classes[division.training])) == 20


def test_a_class_with_one_row_is_for_training() -> None:
    classes = np.array([0] * 20 + [1])
    for seed in range(10):
        assert 20 in divide(21, Split("stratified", 0.4, 0.3, seed), classes).training


def test_no_validation_and_no_test_is_possible() -> None:
    division = divide(5, Split("random", 0.0, 0.0, 0))
    assert [len(division.part(name)) for name in PARTS] == [5, 0, 0]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (Split("random", -0.1, 1.5), "validation share must be from 0 to less than 1, not -0.1"),
        (Split("random", 0.6, 0.4), "leave nothing for training"),
        (Split("random", 0.2, 0.0, -1), "seed must be at least 0"),
        (Split("random", float("nan")), "validation share"),
    ],
)
def test_impossible_shares_are_refused(split: Split, message: str) -> None:
    with pytest.raises(DataError, match=message):
        divide(100, split)


def test_a_part_that_gets_no_row_is_refused() -> None:
    with pytest.raises(DataError, match=r"validation gets no row: 0\.01 of 10 rows"):
        divide(10, Split("random", 0.01))
    with pytest.raises(DataError, match="validation gets no row"):
        divide(3, Split("stratified", 0.3), np.array([0, 1, 2]))
    with pytest.raises(DataError, match="there are only 0 rows"):
        divide(0, Split("random", 0.2))
