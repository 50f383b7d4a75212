"""What an Input gives: fields joined, or the shape as typed."""

from __future__ import annotations

import pytest

from core.graph.binding import field_width, input_signature
from core.graph.project import DataBinding, Field, Node, Project

FIELDS = (
    Field("width", "number"),
    Field("length", "number"),
    Field("ripe", "flag", categories=("no", "yes")),
    Field("island", "category", categories=("a", "b", "c"), encoding="one-hot"),
    Field("city", "category", categories=("x", "y"), encoding="index"),
    Field("street", "category", categories=("x", "y", "z"), encoding="index"),
    Field("empty", "category", encoding="one-hot"),
    Field("note", "text"),
    Field("code", "identifier"),
    Field("photo", "image", shape=(3, 8, 8)),
)
PROJECT = Project(data=DataBinding("csv", fields=FIELDS), variables={"width": 5})


def _signature(*fields: str, **params: object) -> tuple[str, tuple[int | str, ...], str]:
    found = input_signature(PROJECT, Node("x", "Input", {"fields": fields, **params}))
    return found.dtype, found.shape, found.problem


@pytest.mark.parametrize(
    ("fields", "dtype", "shape"),
    [
        (("width",), "float32", (1,)),
        (("width", "length", "ripe"), "float32", (3,)),
        (("width", "island"), "float32", (4,)),
        (("photo",), "float32", (3, 8, 8)),
        (("city",), "int64", (1,)),
        (("city", "street"), "int64", (2,)),
    ],
)
def test_bound_fields_are_joined(fields: tuple[str, ...], dtype: str, shape: tuple[int, ...]) -> None:
    assert _signature(*fields) == (dtype, shape, "")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("widht",), "There is no data field 'widht'. Did you mean 'width'?"),
        (("note", "width"), "'note', 'width' cannot be joined"),
        (("code", "width"), "'code' holds identifiers"),
        (("empty",), "The category 'empty' has no values."),
        (("photo", "width"), "'photo', 'width' cannot be joined"),
        (("city", "width"), "'city' gives category indices, which cannot be joined with numbers"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(fields: tuple[str, ...], words: str) -> None:
    assert words in _signature(*fields)[2]


def test_while_no_field_is_bound_the_parameters_say_the_shape() -> None:
    assert _signature(shape=("T", 3), dtype="int64") == ("int64", ("T", 3), "")
    assert _signature(shape=("2*width", "T")) == ("float32", (10, "T"), "")
    assert _signature(shape=("T",), dtype="bool") == ("bool", ("T",), "")
    assert _signature() == ("float32", (1,), "")


def test_a_field_without_data_says_that_no_data_is_bound() -> None:
    found = input_signature(Project(), Node("x", "Input", {"fields": ("width",)}))
    assert found.problem == "'x' takes the data field 'width', but no data is bound."


def test_a_wrong_shape_is_refused() -> None:
    assert "shape must be at least 1" in _signature(shape=(0,))[2]


def test_the_width_of_a_cell_follows_its_encoding() -> None:
    widths = {field.name: field_width(field) for field in FIELDS}
    assert (widths["width"], widths["ripe"], widths["island"], widths["city"]) == (1, 1, 3, 1)
