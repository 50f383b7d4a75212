"""What columns mean: dates as people write them, labels, paths, mixed cells; each with its reason."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from core.data.dates import read_dates
from core.data.infer import Hints, infer_column
from core.data.source import Column
from core.data.splits import part_of
from core.data.values import parse_number


def infer(cells: list[str | None], name: str = "x", **hints: bool) -> Column:
    return infer_column(name, pl.Series(name, cells, dtype=pl.String), Hints(**hints))


def values(column: Column) -> list[object]:
    assert isinstance(column.values, np.ndarray)
    return column.values.tolist()


@pytest.mark.parametrize(
    ("cells", "expected", "form"),
    [
        (["2024-1-5", "2024-02-07", None], ["2024-01-05", "2024-02-07", None], "year-month-day"),
        (["2024/1/5", "2024/12/07"], ["2024-01-05", "2024-12-07"], "year/month/day"),
        (["5.1.2024", "25.12.2023"], ["2024-01-05", "2023-12-25"], "day.month.year"),
        (["5.1.24", "25.12.99"], ["2024-01-05", "1999-12-25"], "day.month.year"),
        (["1/25/2024", "2/3/2024"], ["2024-01-25", "2024-02-03"], "month/day/year"),
        (["25/1/2024", "2/3/2024"], ["2024-01-25", "2024-03-02"], "day/month/year"),
        (["5 Jan 2024", "6 March 2024"], ["2024-01-05", "2024-03-06"], "day month year"),
        (["05-Jan-2024", "06-Mar-2024"], ["2024-01-05", "2024-03-06"], "day-month-year"),
        (["Jan 5, 2024", "March 6, 2024"], ["2024-01-05", "2024-03-06"], "month day, year"),
        (["2024-01-05 7:08", "2024-01-05T17:08:09.5"], ["2024-01-05T07:08:00", "2024-01-05T17:08:09.500"], None),
        (["2024-01-05T01:00:00+02:00", "2024-01-05T01:00:00Z"], ["2024-01-04T23:00:00", "2024-01-05T01:00:00"], None),
        (["1/25/2024 1:05 PM", "1/26/2024 12:00 am"], ["2024-01-25T13:05:00", "2024-01-26T00:00:00"], None),
        (["2024-01-05 00:00:00", "2024-01-06 00:00:00"], ["2024-01-05", "2024-01-06"], None),
    ],
)
def test_dates_as_people_write_them_become_iso(cells: list[str | None], expected: list[str], form: str | None) -> None:
    dates = read_dates(pl.Series(cells))
    assert dates is not None
    assert dates.words.to_list() == expected
    assert form is None or dates.form == form


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-13-45"],
        ["3.5", "2.5.1"],
        ["10:30", "11:45"],
        ["1-2", "3-4"],
        ["2024-01-05", "soon"],
        ["A-1/2"],
        ["31.2.2024"],
    ],
)
def test_what_is_no_date_is_not_taken_for_one(cells: list[str]) -> None:
    assert read_dates(pl.Series(cells)) is None


def test_the_order_of_rows_tells_day_and_month_apart_and_else_it_is_said() -> None:
    rising = [f"{day:02d}/{month:02d}/2024" for month in (1, 2, 3) for day in (4, 8, 12)]
    column = infer(rising)
    assert values(column)[1] == "2024-01-08"
    assert (column.meaning, column.role) == ("date", "time")
    mixed = infer(["04/02/2024", "08/01/2024", "01/03/2024"])
    assert values(mixed)[0] == "2024-04-02"
    assert "no value tells day and month apart" in mixed.reason
    assert mixed.role == "input"


def test_a_few_cells_that_are_no_dates_are_named_and_missing() -> None:
    column = infer([f"2024-03-{day:02d}" for day in range(28, 1, -1)] + ["unknown", None])
    assert column.meaning == "date"
    assert values(column)[-2:] == [None, None]
    assert "1 cell is none ('unknown' in row 28) and count as missing; 1 missing" in column.reason


def test_whole_numbers_named_date_are_dates() -> None:
    numbers = [f"2024{month:02d}15" for month in range(1, 13)]
    assert values(infer(numbers, "orderDate"))[1] == "2024-02-15"
    assert infer(numbers, "amount").meaning == "number"


@pytest.mark.parametrize(
    ("cells", "labels", "first"),
    [
        (["red|round", "blue", "red|flat", "blue|round"] * 5, ("blue", "flat", "red", "round"), ("red", "round")),
        (["a; b", "b", "a;c; b", "c"] * 5, ("a", "b", "c"), ("a", "b")),
        (["x,y", "y,z", "x,z", "x,y,z", "y", "z"] * 4, ("x", "y", "z"), ("x", "y")),
    ],
)
def test_several_words_in_a_cell_are_labels(cells: list[str], labels: tuple[str, ...], first: tuple[str, ...]) -> None:
    column = infer([*cells, None])
    assert (column.meaning, column.categories) == ("labels", labels)
    assert values(column)[0] == first
    assert values(column)[-1] is None
    assert f"{len(labels)} different labels; 1 missing" in column.reason


@pytest.mark.parametrize(
    "cells",
    [
        ["Berlin, Germany", "Paris, France", "Rome, Italy"] * 10,
        [f"Smith {n}, John {n}" for n in range(30)],
        ["I came; I saw; I went home again with nothing at all, and that was that"] * 3,
    ],
)
def test_one_thing_with_a_comma_in_it_is_no_list_of_labels(cells: list[str]) -> None:
    assert infer(cells).meaning != "labels"


def test_long_texts_are_inputs_in_every_script() -> None:
    english = infer([f"this is the review number {n} and it is a long one" for n in range(30)])
    chinese = infer([f"这部电影非常好看我很喜欢演员的表演也很出色第{n}次" for n in range(30)])
    assert [(each.meaning, each.role) for each in (english, chinese)] == [("text", "input")] * 2


def test_most_cells_numbers_but_some_words_are_named() -> None:
    column = infer([f"{n}.5" for n in range(20)] + ["none", "lots"] * 5)
    assert column.meaning != "number"
    assert "most cells are numbers, but 10 cells are no number ('none' in row 21)" in column.reason


def test_words_that_look_like_numbers_stay_words_where_the_file_says_so() -> None:
    cells: list[str | None] = ["1", "2", "3"] * 10
    assert infer(cells, typed=True).meaning == "category"
    assert infer(cells).meaning == "number"


def test_equal_words_are_held_once() -> None:
    found = values(infer([f"quite a long word {n % 3}" for n in range(3000)]))
    assert len({id(word) for word in found}) == 3


@pytest.mark.parametrize("word", ["train", "training", "val", "valid", "validation", "dev", "eval", "test", "holdout"])
def test_the_split_knows_every_word_for_a_part_that_tables_suggest(word: str) -> None:
    assert part_of(word) is not None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1,000.50", 1000.5),
        ("1.000,50", 1000.5),
        ("1,234,567", 1234567),
        ("12,5", 12.5),
        ("5 %", 5),
        ("$3.20", 3.2),
        ("7€", 7),
    ],
)
def test_a_cell_is_the_number_that_a_person_reads_in_it(cell: str, number: float) -> None:
    assert parse_number(cell) == number


@pytest.mark.parametrize("cell", ["1,2,3", "1,00.5", "1_000", "5 m", "", "%"])
def test_what_could_be_anything_is_no_number(cell: str) -> None:
    assert math.isnan(parse_number(cell))
