"""Padding: sides, crops, and margins that the input has to give."""

from __future__ import annotations

import pytest
import torch

from core.layers import catalogue
from core.model.lines import constructor
from core.parameters import parameters_of, parse_value, resolve
from tests.model.building import chain, errors, given, layer, shape


def padded(kind: str, padding: object, *sizes: int | str) -> tuple[int | str, ...]:
    """Return what a padding makes of samples of these sizes."""
    return shape(chain(given(*sizes), layer("pad1", kind, padding=padding)), "pad1")


def refused(kind: str, padding: object, *sizes: int | str) -> str:
    """Return why a padding does not fit."""
    (problem,) = errors(chain(given(*sizes), layer("pad1", kind, padding=padding)))
    return problem.message


def test_sides_are_left_right_top_bottom_front_back() -> None:
    assert padded("ZeroPad1d", (1, 2), 4, 10) == ("N", 4, 13)
    assert padded("ReplicationPad2d", (1, 2, 3, 4), 3, 10, 20) == ("N", 3, 17, 23)
    assert padded("ConstantPad3d", (0, 1, 0, 2, 0, 3), 2, 5, 6, 7) == ("N", 2, 8, 8, 8)


@pytest.mark.parametrize("kind", ["ZeroPad2d", "ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d", "CircularPad2d"])
def test_a_negative_padding_cuts_off(kind: str) -> None:
    assert padded(kind, (-1, 2, -3, 0), 3, 10, 20) == ("N", 3, 7, 21)
    assert "leaves nothing of it" in refused(kind, -5, 3, 10, 20)


def test_constants_are_put_around_any_number_of_dimensions() -> None:
    assert padded("ZeroPad1d", 1, 5) == ("N", 7)
    assert padded("ConstantPad2d", 1, 2, 2, 2, 5, 5) == ("N", 2, 2, 2, 7, 7)


def test_a_mirrored_margin_comes_from_inside_and_one_that_goes_round_from_the_whole() -> None:
    assert padded("ReflectionPad1d", 7, 4, 8) == ("N", 4, 22)
    assert "taken from what lies inside the edge" in refused("ReflectionPad1d", 8, 4, 8)
    assert padded("CircularPad1d", 8, 4, 8) == ("N", 4, 24)
    assert "taken from the opposite side" in refused("CircularPad1d", 9, 4, 8)
    assert padded("ReplicationPad1d", 30, 4, 8) == ("N", 4, 68)


def test_a_margin_that_goes_round_is_no_longer_than_what_a_crop_leaves() -> None:
    assert padded("CircularPad1d", (-2, 1), 1, 3) == ("N", 1, 2)
    assert "which has fewer positions" in refused("CircularPad1d", (-2, 3), 1, 3)
    with pytest.raises(RuntimeError, match="single memory location"):
        torch.nn.CircularPad1d((-2, 3))(torch.randn(1, 1, 3))


def test_an_open_length_grows_by_what_is_added() -> None:
    assert padded("ReflectionPad1d", (2, 3), 4, "T") == ("N", 4, "T+5")


def test_the_number_put_around_is_always_written() -> None:
    values, _ = resolve(catalogue["ConstantPad1d"], {"padding": (1, 2)}, {})
    assert constructor(catalogue["ConstantPad1d"], values) == "nn.ConstantPad1d(padding=(1, 2), value=0.0)"


def test_padding_is_typed_as_one_number_or_one_for_each_side() -> None:
    (parameter,) = parameters_of(catalogue["ZeroPad2d"])
    assert parse_value(parameter, "-2") == -2
    assert parse_value(parameter, "1, 2, -3, 4") == (1, 2, -3, 4)
    _, problems = resolve(catalogue["ZeroPad2d"], {"padding": (1, 2)}, {})
    assert "takes one whole number, or 4 of them" in problems[0].message
