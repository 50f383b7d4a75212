"""Splits: seeded, in proportion, complete, and refused when they cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.splits import PARTS, Division, Traits, divide
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
    with pytest.raises(DataError, match="of 0 rows there is nothing to spare"):
        divide(0, Split("random", 0.2))


def together(division: Division) -> list[int]:
    return sorted(int(row) for name in PARTS for row in division.part(name))


def test_groups_stay_together_and_come_near_to_the_shares() -> None:
    groups = np.random.default_rng(1).integers(0, 40, 1000)
    division = divide(1000, Split("group", 0.2, 0.1, 4), traits=Traits(groups=groups))
    assert together(division) == list(range(1000))
    of_parts = [set(groups[division.part(name)].tolist()) for name in PARTS]
    assert sum(map(len, of_parts)) == len(set(groups.tolist()))
    assert abs(len(division.validation) - 200) < 30
    assert abs(len(division.test) - 100) < 30
    other = divide(1000, Split("group", 0.2, 0.1, 5), traits=Traits(groups=np.arange(1000) // 10))
    assert not np.array_equal(
        other.test, divide(1000, Split("group", 0.2, 0.1, 6), traits=Traits(groups=np.arange(1000) // 10)).test
    )


def test_too_few_groups_are_refused() -> None:
    with pytest.raises(DataError, match="validation gets no row: there are too few groups"):
        divide(10, Split("group", 0.2), traits=Traits(groups=np.zeros(10, dtype=np.int64)))


def test_few_groups_leave_no_part_without_one() -> None:
    two = divide(60, Split("group", 0.2), traits=Traits(groups=np.arange(60) // 30))
    assert [len(two.part(name)) for name in PARTS] == [30, 30, 0]
    three = divide(60, Split("group", 0.1, 0.1), traits=Traits(groups=np.arange(60) // 20))
    assert [len(three.part(name)) for name in PARTS] == [20, 20, 20]
    with pytest.raises(DataError, match="test gets no row: there are too few groups"):
        divide(60, Split("group", 0.2, 0.2), traits=Traits(groups=np.arange(60) // 30))


def test_the_latest_rows_are_for_testing_and_those_before_for_validation() -> None:
    times = np.random.default_rng(0).permutation(100).astype(np.float64)
    division = divide(100, Split("time", 0.2, 0.1), traits=Traits(times=times))
    assert [len(division.part(name)) for name in PARTS] == [70, 20, 10]
    assert times[division.training].max() < times[division.validation].min()
    assert times[division.validation].max() < times[division.test].min()


def test_rows_of_one_moment_are_in_one_part() -> None:
    times = np.repeat(np.arange(7.0), 3)
    division = divide(21, Split("time", 0.3, 0.2), traits=Traits(times=times))
    moments = [set(times[division.part(name)].tolist()) for name in PARTS]
    assert not moments[0] & moments[1]
    assert not moments[1] & moments[2]
    assert together(division) == list(range(21))


def test_a_column_says_which_part_each_row_is_in() -> None:
    words = np.array(["train", "Val", "TEST", " training ", "validation", "dev", "testing", "valid"], dtype=object)
    division = divide(8, Split("column"), traits=Traits(words=words))
    assert division.training.tolist() == [0, 3]
    assert division.validation.tolist() == [1, 4, 5, 7]
    assert division.test.tolist() == [2, 6]
    with pytest.raises(DataError, match=r"The split column has 'maybe'\. It may say"):
        divide(1, Split("column"), traits=Traits(words=np.array(["maybe"], dtype=object)))
    with pytest.raises(DataError, match="training nowhere"):
        divide(1, Split("column"), traits=Traits(words=np.array(["test"], dtype=object)))


def test_a_column_without_validation_lends_it_rows_of_training() -> None:
    words = np.array(["train"] * 80 + ["test"] * 20, dtype=object)
    classes = np.arange(100) % 4
    division = divide(100, Split("column", validation=0.25, seed=3), traits=Traits(classes, words=words))
    assert division.test.tolist() == list(range(80, 100))
    assert sorted([*division.training, *division.validation]) == list(range(80))
    assert np.bincount(classes[division.validation]).tolist() == [5, 5, 5, 5]
    none = divide(100, Split("column", validation=0.0), traits=Traits(words=words))
    assert len(none.validation) == 0


@pytest.mark.parametrize("method", ["column", "group", "time"])
def test_a_split_by_a_role_that_no_field_has_says_so(method: str) -> None:
    with pytest.raises(DataError, match="needs a field with the role"):
        divide(10, Split(method))  # type: ignore[arg-type]


@pytest.mark.parametrize("test", [0.0, 0.2])
@pytest.mark.parametrize("kind", ["plain", "classes", "groups", "both", "ordered"])
def test_folds_hold_each_row_for_validation_once(kind: str, test: float) -> None:
    classes = np.random.default_rng(0).integers(0, 3, 103) if kind in ("classes", "both") else None
    groups = np.random.default_rng(2).integers(0, 25, 103) if kind in ("groups", "both") else None
    times = np.arange(103.0)[::-1] if kind == "ordered" else None
    traits = Traits(classes, groups, times, ordered=kind == "ordered")
    folds = [divide(103, Split("k-fold", 0.9, test, 3, 5, fold), traits=traits) for fold in range(5)]
    tested = folds[0].test
    assert all(np.array_equal(each.test, tested) for each in folds)
    held = np.sort(np.concatenate([each.validation for each in folds]))
    np.testing.assert_array_equal(held, np.setdiff1d(np.arange(103), tested))
    assert all(together(each) == list(range(103)) for each in folds)
    if groups is None:
        assert max(len(each.validation) for each in folds) - min(len(each.validation) for each in folds) <= 1
    for each in folds:
        if groups is not None:
            assert not set(groups[each.training]) & set(groups[each.validation])
        elif classes is not None:
            share = np.bincount(classes[each.validation]) / np.bincount(np.delete(classes, tested))
            np.testing.assert_allclose(share, 0.2, atol=0.04)
        elif times is not None:
            assert np.ptp(times[each.validation]) == len(each.validation) - 1


def test_groups_of_folds_spread_the_classes() -> None:
    groups = np.arange(200) // 4
    classes = (groups % 5 == 0).astype(np.int64)
    for fold in range(5):
        held = divide(200, Split("k-fold", folds=5, fold=fold), traits=Traits(classes, groups)).validation
        assert classes[held].sum() == 8


def test_an_impossible_fold_is_refused() -> None:
    with pytest.raises(DataError, match="Fold 5 of 5 is not possible"):
        divide(100, Split("k-fold", folds=5, fold=5))
    with pytest.raises(DataError, match="validation gets no row"):
        divide(3, Split("k-fold", folds=5, fold=4))
