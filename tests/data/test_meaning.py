"""What columns are taken to mean, why, and what happens when the user says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.bind import bind, refresh
from core.data.meaning import ENCODINGS, MISSING, with_meaning, with_role
from core.data.reading import read
from core.errors import DataError
from core.graph.project import Field
from tests.data.building import PENGUINS, bind_text, exchange, field, sample_table, with_field, write


def column_field(folder: Path, cells: list[str], name: str = "column") -> Field:
    return field(
        bind_text(folder, "\n".join([f"{name},other", *(f"{cell},{n % 7}.5" for n, cell in enumerate(cells))])), name
    )


def test_penguins_are_understood() -> None:
    binding = bind("csv", {"path": str(PENGUINS)})
    meanings = {each.name: (each.meaning, each.role) for each in binding.fields}
    assert meanings == {
        "species": ("category", "target"),
        "island": ("category", "input"),
        "bill_length_mm": ("number", "input"),
        "bill_depth_mm": ("number", "input"),
        "flipper_length_mm": ("number", "input"),
        "body_mass_g": ("number", "input"),
        "sex": ("category", "input"),
        "year": ("number", "input"),
    }
    assert field(binding, "species").categories == ("Adelie", "Chinstrap", "Gentoo")
    assert field(binding, "sex").reason == "2 different values in 38 rows; 4 missing"
    assert field(binding, "year").reason == "all values are whole numbers; 3 different, from 2007 to 2009"
    assert field(binding, "species").reason.endswith("suggested as target because of its name")
    assert binding.split.method == "stratified"


def test_a_table_of_344_rows_is_understood(tmp_path: Path) -> None:
    binding = bind_text(tmp_path, sample_table(344))
    assert field(binding, "island").reason == "3 different values in 344 rows"
    assert field(binding, "length").missing == "mean"
    assert field(binding, "length").encoding == "standardise"
    assert field(binding, "sex").missing == "most frequent"
    assert field(binding, "island").encoding == "one-hot"
    assert (field(binding, "species").encoding, field(binding, "species").missing) == ("index", "drop row")


@pytest.mark.parametrize(
    ("name", "cells", "meaning", "role", "reason"),
    [
        ("x", [f"{n}.25" for n in range(30)], "number", "input", "numbers from 0.25 to 29.25"),
        ("x", [str(n % 2) for n in range(30)], "flag", "input", "only 0 and 1"),
        ("x", ["Yes", "no"] * 15, "flag", "input", "only 'no' and 'yes'"),
        ("x", ["yes", "YES", "no"] * 10, "category", "input", "3 different values in 30 rows"),
        ("x", [str(n) for n in range(30)], "identifier", "ignore", "counts the rows"),
        ("customerId", [str(n * 3 % 31) for n in range(30)], "identifier", "ignore", "named so"),
        ("mass", [str(n * 7 % 31) for n in range(30)], "number", "input", "all values are whole numbers"),
        ("x", [f"A{n}B" for n in range(30)], "identifier", "ignore", "unique in every row: looks like an identifier"),
        ("x", [f"name number {n}" for n in range(30)], "text", "ignore", "too many for a category"),
        ("x", ["a b c d e f g h i j k l"] * 29 + ["m"], "text", "input", "words in a cell"),
        ("x", [f"2024-01-{n:02d}" for n in range(1, 31)], "date", "time", "every value is a date"),
        ("x", [f"{n}.3.2024" for n in range(1, 31)], "date", "time", "every value is a date"),
        ("x", ["same"] * 30, "category", "ignore", "'same' in every row"),
        ("x", ["5"] * 30, "number", "ignore", "5 in every row"),
        ("x", [""] * 30, "text", "ignore", "every cell is missing"),
        ("x", ["1.5"] * 3 + ["2.5"] * 3 + [""] * 24, "number", "ignore", "most cells are missing"),
        ("x", [f"0{n % 3}" for n in range(30)], "category", "input", "they would lose digits"),
        ("x", [f"{n % 6}.5" for n in range(29)] + ["lots"], "number", "input", "('lots' in row 30)"),
        ("class", [str(n % 4 + 1) for n in range(30)], "category", "target", "look like classes"),
    ],
)  # fmt: skip
def test_meanings_are_inferred_with_a_reason(
    tmp_path: Path, name: str, cells: list[str], meaning: str, role: str, reason: str
) -> None:
    found = column_field(tmp_path, cells, name)
    # With two columns, the one with classes is suggested as target.
    expected = "target" if role == "input" and meaning in ("category", "flag") else role
    assert (found.meaning, found.role) == (meaning, expected)
    assert reason in found.reason


def test_categories_are_in_the_order_a_person_expects(tmp_path: Path) -> None:
    words = ["grade10", "grade9", "Grade1", "grade2"] * 5
    assert column_field(tmp_path, words).categories == ("Grade1", "grade2", "grade9", "grade10")
    assert column_field(tmp_path, ["010", "09", "1", "-2"] * 5).categories == ("-2", "1", "09", "010")


@pytest.mark.parametrize(
    ("header", "row", "target"),
    [
        ("a,target,b", "{x}.5,{k},w{k}", "target"),
        ("x,y,label", "{x}.5,{x}.25,w{k}", "label"),
        ("x,y", "{x}.5,{x}.25", "y"),
        ("kind,colour,size", "w{k},v{k},{x}.5", "colour"),
        ("length,width,height", "{x}.5,{x}.25,{x}.75", "height"),
        ("length,grade", "{x}.5,{k}", "grade"),
    ],
)
def test_the_target_is_suggested_by_name_or_place(tmp_path: Path, header: str, row: str, target: str) -> None:
    rows = [row.format(x=n * 7 % 23, k=n % 3) for n in range(30)]
    binding = bind_text(tmp_path, "\n".join([header, *rows]))
    assert [each.name for each in binding.with_role("target")] == [target]
    assert "suggested as target because" in field(binding, target).reason


@pytest.mark.parametrize("meaning", sorted(ENCODINGS))
def test_every_meaning_has_usual_encodings_and_ways_with_gaps(meaning: str) -> None:
    assert ENCODINGS[meaning]  # type: ignore[index]
    assert MISSING[meaning]  # type: ignore[index]


def test_choosing_another_meaning_starts_its_encoding_anew() -> None:
    binding = bind("csv", {"path": str(PENGUINS)})
    column = read("csv", {"path": str(PENGUINS)}).columns["year"]
    category = with_meaning(field(binding, "year"), "category", column)
    assert category.categories == ("2007", "2008", "2009")
    assert (category.encoding, category.missing, category.reason) == ("one-hot", "most frequent", "chosen by you")
    number = with_meaning(category, "number", column.values)
    assert (number.categories, number.encoding, number.missing) == ((), "standardise", "mean")
    text = with_meaning(number, "text", column)
    assert (text.role, text.encoding) == ("input", "word")
    identifier = with_meaning(text, "identifier", column)
    assert identifier.role == "ignore"
    assert with_meaning(identifier, "number", column).role == "input"


def test_an_impossible_meaning_is_refused_with_the_reason() -> None:
    binding = bind("csv", {"path": str(PENGUINS)})
    columns = read("csv", {"path": str(PENGUINS)}).columns
    with pytest.raises(DataError, match="'island' cannot mean number: none of its 42 cells is one such as"):
        with_meaning(field(binding, "island"), "number", columns["island"])
    with pytest.raises(DataError, match="a flag has 2 different values, this has 3"):
        with_meaning(field(binding, "island"), "flag", columns["island"])
    with pytest.raises(DataError, match="it cannot mean image"):
        with_meaning(field(binding, "island"), "image", columns["island"])
    with pytest.raises(DataError, match="holds images"):
        with_meaning(field(bind("digits", {}), "image"), "number", read("digits", {}).columns["image"])


def test_another_role_brings_the_encoding_that_is_usual_there() -> None:
    binding = bind("csv", {"path": str(PENGUINS)})
    target = with_role(field(binding, "island"), "target")
    assert (target.encoding, target.missing) == ("index", "drop row")
    assert with_role(with_role(target, "ignore"), "input") == field(binding, "island")
    with pytest.raises(DataError, match="holds identifiers and cannot be an input"):
        with_role(Field("id", "identifier", "ignore"), "input")


def test_reading_again_keeps_the_users_choices_and_tells_what_changed(tmp_path: Path) -> None:
    lines = ["a,colour,gone,grade", *(f"{n}.5,{'red' if n % 2 else 'blue'},x{n % 2},{n % 3}" for n in range(20))]
    binding = bind_text(tmp_path, "\n".join(lines))
    values = read("csv", binding.options).columns["grade"]
    grade = with_meaning(field(binding, "grade"), "number", values)
    binding = with_field(binding, "a", encoding="min-max", missing="median")
    binding = with_field(binding, "colour", role="ignore", categories=("red", "blue"))
    binding = exchange(binding, grade)
    lines = ["new,a,colour,grade", *(f"z{n % 2},{n}.5,{('red', 'green')[n % 2]},{n % 3}" for n in range(20))]
    write(tmp_path, "\n".join(lines))
    result = refresh(binding)
    assert [each.name for each in result.binding.fields] == ["new", "a", "colour", "grade"]
    assert (field(result.binding, "a").encoding, field(result.binding, "a").missing) == ("min-max", "median")
    assert field(result.binding, "grade").meaning == "number"
    assert field(result.binding, "colour").role == "ignore"
    assert field(result.binding, "colour").categories == ("red", "green")
    assert field(result.binding, "new").role == "input"
    text = "\n".join(result.changes)
    assert "The column 'gone' is gone." in text
    assert "The column 'new' is new: category" in text
    assert "'colour' has the new values 'green'." in text
    assert "'colour' no longer has the values 'blue'." in text


def test_reading_the_same_again_changes_nothing() -> None:
    for source, options in (("digits", {}), ("csv", {"path": str(PENGUINS)})):
        binding = bind(source, options)
        result = refresh(binding)
        assert not result.changes
        assert [each.categories for each in result.binding.fields] == [each.categories for each in binding.fields]
        assert result.binding.split == binding.split


def test_a_meaning_that_is_no_longer_possible_gives_way_and_is_told(tmp_path: Path) -> None:
    binding = bind_text(tmp_path, "\n".join(["a,b", *(f"{n}.5,x{n % 2}" for n in range(20))]))
    write(tmp_path, "\n".join(["a,b", *(f"w{n % 2},x{n % 2}" for n in range(20))]))
    result = refresh(binding)
    assert field(result.binding, "a").meaning == "category"
    assert "'a' cannot mean number" in result.changes[0]
