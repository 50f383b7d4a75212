"""A curve drawn from its pyramid: few points, every peak, the stretch that is shown."""

from __future__ import annotations

import numpy as np
import pytest

from designer.plots.pyramid import Pyramid

COUNT = 100_003


@pytest.fixture
def noise() -> Pyramid:
    values = np.random.default_rng(0).normal(size=COUNT)
    values[70_001] = 99.0
    values[12_345] = -99.0
    return Pyramid(np.arange(COUNT, dtype=np.float64), values)


def test_a_long_curve_is_drawn_with_a_few_points_for_each_pixel(noise: Pyramid) -> None:
    x, y = noise.visible(0, COUNT, 1000)
    assert len(x) == len(y) <= 2001
    assert x[0] < 200
    assert x[-1] > COUNT - 200


def test_no_peak_is_lost_at_any_zoom(noise: Pyramid) -> None:
    for width in (50, 300, 1366):
        _x, y = noise.visible(0, COUNT, width)
        assert y.max() == 99.0
        assert y.min() == -99.0


def test_zoomed_in_the_points_are_drawn_as_they_are_with_one_beyond_each_edge(noise: Pyramid) -> None:
    x, y = noise.visible(500.5, 600.5, 1000)
    assert x.tolist() == list(range(500, 602))
    assert y.tolist() == noise.y[500:602].tolist()


def test_every_stretch_keeps_its_least_and_greatest_value(noise: Pyramid) -> None:
    for low, high in ((0, 50_000), (33_333, 66_666), (99_000, 200_000)):
        x, y = noise.visible(low, high, 100)
        inside = noise.y[low : min(high, COUNT)]
        assert y.max() >= inside.max()
        assert y.min() <= inside.min()
        assert np.all(np.diff(x) >= 0)


def test_beyond_the_ends_nothing_breaks(noise: Pyramid) -> None:
    for low, high in ((-500, -100), (COUNT + 10, COUNT + 500)):
        x, y = noise.visible(low, high, 100)
        assert len(x) == len(y) <= 2
