"""Pooling: indices and the way back, sizes given in one of two ways, whole numbers."""

from __future__ import annotations

import pytest
import torch

from core.graph.project import Project
from core.layers import catalogue
from core.model.build import build
from core.model.lines import constructor
from core.model.shapes import check
from core.model.source import write_source
from core.parameters import check_value, format_value, parameters_of, parse_value, resolve
from tests.model.building import chain, errors, given, layer, net, shape


def there_and_back(*sizes: int, **settings: object) -> Project:
    """Return a max pooling with indices and the unpooling that undoes it."""
    return net(
        (
            given(*sizes),
            layer("pool1", "MaxPool2dWithIndices"),
            layer("unpool1", "MaxUnpool2d", **settings),
            layer("y", "Output"),
        ),
        "x > pool1",
        "pool1 > unpool1",
        "pool1.indices > unpool1.indices",
        "unpool1 > y",
    )


def test_indices_lead_back_to_where_the_largest_values_were() -> None:
    built = build(there_and_back(3, 8, 6))
    image = torch.randn(2, 3, 8, 6)
    found = built.module(image)

    largest = torch.nn.functional.max_pool2d(image, 2)
    assert found.shape == image.shape
    assert torch.equal(found[found != 0], image[found != 0])
    assert torch.equal(torch.nn.functional.max_pool2d(found.abs(), 2), largest.abs())


def test_the_source_asks_for_indices_only_where_the_layer_gives_them() -> None:
    project = there_and_back(3, 8, 6)
    text = write_source(project, check(project))

    assert "self.pool1 = nn.MaxPool2d(kernel_size=2, return_indices=True)" in text
    assert "pool1, pool1_indices = self.pool1(x)" in text
    assert "unpool1 = self.unpool1(pool1, pool1_indices)" in text
    plain = chain(given(3, 8, 6), layer("pool1", "MaxPool2d"), layer("y", "Output"))
    assert "self.pool1 = nn.MaxPool2d(kernel_size=2)\n" in write_source(plain, check(plain))


def test_indices_that_nobody_reads_are_not_kept() -> None:
    project = chain(given(3, 8, 6), layer("pool1", "MaxPool2dWithIndices"), layer("y", "Output"))
    assert "pool1, _ = self.pool1(x)" in write_source(project, check(project))


def test_indices_are_whole_numbers() -> None:
    outputs = check(there_and_back(3, 8, 6)).nodes["pool1"].outputs
    assert (outputs["output"].dtype, outputs["indices"].dtype) == ("float32", "int64")


def test_a_size_that_pooling_rounded_down_can_be_named() -> None:
    assert shape(there_and_back(3, 9, 7), "unpool1") == ("N", 3, 8, 6)
    project = there_and_back(3, 9, 7, output_size=(9, 7))

    assert shape(project, "unpool1") == ("N", 3, 9, 7)
    assert "self.unpool1(pool1, pool1_indices, output_size=(9, 7))" in write_source(project, check(project))
    assert tuple(build(project).module(torch.randn(2, 3, 9, 7)).shape) == (2, 3, 9, 7)


def test_a_size_that_pooling_cannot_have_come_from_is_refused() -> None:
    (problem,) = errors(there_and_back(3, 8, 6, output_size=20))
    assert problem.node == "unpool1"


def test_unpooling_wants_indices_of_the_same_shape() -> None:
    project = net(
        (given(3, 4, 4), given(3, 4, 5, name="where", dtype="int64"), layer("unpool1", "MaxUnpool2d")),
        "x > unpool1",
        "where > unpool1.indices",
    )
    (problem,) = errors(project)
    assert problem.node == "unpool1"


@pytest.mark.parametrize("kind", ["MaxPool2d", "MaxPool3d", "MaxPool1dWithIndices", "AvgPool1d", "AvgPool2d"])
def test_whole_numbers_stay_whole(kind: str) -> None:
    project = chain(given(*catalogue[kind].samples[0][0][1:], dtype="int64"), layer("pool1", kind))
    assert check(project).nodes["pool1"].outputs["output"].dtype == "int64"


@pytest.mark.parametrize("kind", ["MaxPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "FractionalMaxPool2d"])
def test_whole_numbers_are_refused_where_pytorch_has_nothing_for_them(kind: str) -> None:
    (problem,) = errors(chain(given(*catalogue[kind].samples[0][0][1:], dtype="int64"), layer("pool1", kind)))
    assert "computes with fractions (float32)" in problem.message


def test_a_power_mean_of_whole_numbers_has_fractions() -> None:
    project = chain(given(3, 8, 8, dtype="int64"), layer("pool1", "LPPool2d"))
    assert check(project).nodes["pool1"].outputs["output"].dtype == "float32"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"output_size": 4}, "Both are given"),
        ({"output_ratio": None}, "Neither is given"),
        ({"kernel_size": 5, "output_size": 5, "output_ratio": None}, "need at least 9 positions"),
        ({"output_ratio": 0.01}, "less than one position"),
    ],
)
def test_fractional_pooling_says_what_it_needs(params: dict[str, object], said: str) -> None:
    (problem,) = errors(chain(given(3, 8, 8), layer("pool1", "FractionalMaxPool2d", **params)))
    assert said in problem.message


def test_fractional_pooling_is_written_with_the_way_that_is_given() -> None:
    kind = catalogue["FractionalMaxPool2d"]
    ratio, _ = resolve(kind, {"output_ratio": (0.5, 0.75)}, {})
    size, _ = resolve(kind, {"output_size": 4, "output_ratio": None}, {})

    assert constructor(kind, ratio) == "nn.FractionalMaxPool2d(kernel_size=2, output_ratio=(0.5, 0.75))"
    assert constructor(kind, size) == "nn.FractionalMaxPool2d(kernel_size=2, output_size=4)"


def test_an_adaptive_size_may_leave_a_dimension_as_it_is() -> None:
    project = chain(given(2, 9, "W"), layer("pool1", "AdaptiveMaxPool2d", output_size=(3, None)))
    assert shape(project, "pool1") == ("N", 2, 3, "W")
    (parameter,) = parameters_of(catalogue["AdaptiveAvgPool3d"])
    assert parse_value(parameter, "None, 4, None") == (None, 4, None)
    assert format_value((None, 4, None)) == "None, 4, None"
    assert "needs a value" in check_value(parameter, None)
    assert "must be a whole number" in check_value(parameters_of(catalogue["Conv2d"])[1], (None, 3))


def test_an_adaptive_size_holds_for_any_input() -> None:
    for name, sizes in (("AdaptiveAvgPool1d", ("T",)), ("AdaptiveMaxPool3d", ("D", "H", "W"))):
        project = chain(given(2, *sizes), layer("pool1", name, output_size=3))
        assert shape(project, "pool1") == ("N", 2, *(3,) * len(sizes))
