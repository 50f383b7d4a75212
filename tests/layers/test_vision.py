"""Vision: sizes given in one of two ways, modes and what they are for, grids."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional

from core.layers import catalogue
from core.model.lines import call_line, constructor
from core.model.probe import call_layer
from core.model.shapes import check
from core.parameters import resolve
from tests.model.building import chain, errors, given, layer, net, shape


def refused(kind: str, *sizes: int, **params: object) -> str:
    """Return why a layer does not fit samples of these sizes."""
    (problem,) = errors(chain(given(*sizes), layer("up", kind, **params)))
    return problem.message


@pytest.mark.parametrize(
    ("params", "written"),
    [
        ({}, "nn.Upsample(scale_factor=2.0)"),
        ({"scale_factor": 1.5}, "nn.Upsample(scale_factor=1.5)"),
        ({"scale_factor": [1.5, 3]}, "nn.Upsample(scale_factor=(1.5, 3.0))"),
        ({"size": 9, "scale_factor": None}, "nn.Upsample(size=9)"),
        (
            {"size": [9, 7], "scale_factor": None, "mode": "bilinear", "align_corners": True},
            'nn.Upsample(size=(9, 7), mode="bilinear", align_corners=True)',
        ),
    ],
)
def test_upsample_is_written_with_what_differs(params: dict[str, object], written: str) -> None:
    values, problems = resolve(catalogue["Upsample"], params, {})
    assert not problems
    assert constructor(catalogue["Upsample"], values) == written


def test_one_number_resizes_every_dimension() -> None:
    for sizes in ((3, 6), (3, 6, 5), (3, 6, 5, 4)):
        project = chain(given(*sizes), layer("up", "Upsample", size=9, scale_factor=None))
        assert shape(project, "up") == ("N", 3, *(9 for _ in sizes[1:]))


def test_an_open_size_is_multiplied() -> None:
    assert shape(chain(given(3, "T"), layer("up", "Upsample", scale_factor=2)), "up") == ("N", 3, "2*T")


@pytest.mark.parametrize("kind", ["Upsample", "Interpolate", "UpsamplingNearest2d", "UpsamplingBilinear2d"])
def test_a_size_is_given_in_one_of_two_ways(kind: str) -> None:
    assert "Both are given" in refused(kind, 3, 8, 8, size=(4, 4))
    assert "Neither is given" in refused(kind, 3, 8, 8, scale_factor=None)


@pytest.mark.parametrize("kind", ["Upsample", "Interpolate"])
def test_modes_and_numbers_are_held_against_what_arrives(kind: str) -> None:
    assert "Choose 'bilinear' or 'nearest'" in refused(kind, 3, 8, 8, mode="linear")
    assert "align_corners is only for" in refused(kind, 3, 8, 8, mode="area", align_corners=True)
    assert "Give one number, or 2." in refused(kind, 3, 8, 8, size=(4, 4, 4), scale_factor=None)
    assert "switch it off" in refused(kind, 3, 8, 8, size=(4,), scale_factor=None, recompute_scale_factor=True)


def test_interpolate_smooths_only_in_modes_that_can() -> None:
    assert "antialias is only for" in refused("Interpolate", 3, 8, 8, antialias=True)
    assert "needs antialias" in refused("Interpolate", 3, 8, 8, mode="lanczos")
    assert "cannot align" in refused("Interpolate", 3, 8, 8, mode="lanczos", antialias=True, align_corners=True)
    values, _ = resolve(catalogue["Interpolate"], {"mode": "lanczos", "antialias": True}, {})
    line = call_line(catalogue["Interpolate"], "up", {"input": ("x",)}, {"output": "up"}, values)
    assert line == 'up = F.interpolate(x, scale_factor=2.0, mode="lanczos", antialias=True)'


def test_shuffles_say_what_they_need() -> None:
    assert "a multiple of 4 channels, not 3" in refused("PixelShuffle", 3, 8, 8)
    assert "multiples of downscale_factor 2" in refused("PixelUnshuffle", 3, 7, 8)
    assert "groups must divide the 3 channels" in refused("ChannelShuffle", 3, 8, 8)


def test_pixels_become_channels_and_pixels_again() -> None:
    project = chain(given(3, 6, 8), layer("down", "PixelUnshuffle"), layer("up", "PixelShuffle"))
    assert shape(project, "down") == ("N", 12, 3, 4)
    assert shape(project, "up") == ("N", 3, 6, 8)


def test_a_spatial_transformer_turns_an_image() -> None:
    project = net(
        (
            given(3, 8, 8),
            given(2, 3, name="theta"),
            layer("grid1", "AffineGrid", size=(8, 8)),
            layer("warp", "GridSample"),
        ),
        "theta > grid1.theta",
        "x > warp.input",
        "grid1 > warp.grid",
    )
    report = check(project)
    assert report.ok
    assert report.nodes["warp"].outputs["output"].shape == ("N", 3, 8, 8)

    image, half_turn = torch.randn(2, 3, 8, 8), torch.tensor([[math.cos(math.pi), 0.0, 0.0], [0.0, -1.0, 0.0]])
    grid = call_layer(
        catalogue["AffineGrid"], None, report.nodes["grid1"].arguments, {"theta": half_turn.expand(2, 2, 3)}
    )["output"]
    turned = call_layer(catalogue["GridSample"], None, report.nodes["warp"].arguments, {"input": image, "grid": grid})[
        "output"
    ]
    assert torch.allclose(turned, image.flip(-1, -2), atol=1e-5)


def test_a_grid_of_the_wrong_dimensions_is_refused_in_plain_words() -> None:
    project = net(
        (given(3, 8, 8), given(4, 4, 3, name="grid"), layer("warp", "GridSample")),
        "x > warp.input",
        "grid > warp.grid",
    )
    (problem,) = errors(project)
    assert "the last of them 2 (the coordinates from -1 to 1" in problem.message
    (problem,) = errors(
        net((given(3, 4, name="theta"), layer("grid1", "AffineGrid")), "theta > grid1.theta"),
    )
    assert "must be 2 × 3, but 3 × 4 arrives" in problem.message


def test_a_sampled_image_is_what_the_function_of_pytorch_gives() -> None:
    kind = catalogue["GridSample"]
    values, _ = resolve(kind, {"mode": "nearest", "padding_mode": "border", "align_corners": True}, {})
    image, grid = torch.randn(2, 3, 5, 6), torch.rand(2, 4, 4, 2) * 3 - 1.5
    found = call_layer(kind, None, values, {"input": image, "grid": grid})["output"]
    expected = functional.grid_sample(image, grid, mode="nearest", padding_mode="border", align_corners=True)
    assert torch.equal(found, expected)
