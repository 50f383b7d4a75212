"""What moves the pixels of images about: flips, shifts, turns, zooms. Masks go along, without blending classes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.data.augment._draws import Draws
from core.data.augment._kind import AugmentKind, Options
from core.graph.project import Meaning
from core.kinds import Parameter

if TYPE_CHECKING:
    from torch import Tensor

_IMAGE: tuple[Meaning, ...] = ("image",)


def _chance(default: float = 0.5) -> Parameter:
    return Parameter("probability", "float", default, "How likely it is for each sample.", minimum=0, maximum=1)


def _flip(images: Tensor, draws: Draws, options: Options, _indices: bool, _fill: float) -> Tensor:
    return _where(draws.chance("flip", options["probability"]), images.flip(-1), images)


def _flip_upright(images: Tensor, draws: Draws, options: Options, _indices: bool, _fill: float) -> Tensor:
    return _where(draws.chance("flip_upright", options["probability"]), images.flip(-2), images)


def _where(chosen: Tensor, changed: Tensor, images: Tensor) -> Tensor:
    import torch

    return torch.where(chosen.view(-1, 1, 1, 1), changed, images)


def _shift(images: Tensor, draws: Draws, options: Options, _indices: bool, fill: float) -> Tensor:
    """Cut each image out of one with a margin, at a place of its own: it moves by whole pixels."""
    import torch
    from torch.nn.functional import pad

    height, width = images.shape[-2:]
    margin = int(options["margin"]) or max(1, min(height, width) // 8)
    larger = pad(images, (margin,) * 4, value=fill)
    places = (draws.uniform("shift", 2) * (2 * margin + 1)).long()
    rows = places[:, :1] + torch.arange(height, device=images.device)
    columns = places[:, 1:] + torch.arange(width, device=images.device)
    samples = torch.arange(len(images), device=images.device)
    cut: Tensor = larger.movedim(1, -1)[samples[:, None, None], rows[:, :, None], columns[:, None, :]]
    return cut.movedim(-1, 1)


def _rotate(images: Tensor, draws: Draws, options: Options, indices: bool, fill: float) -> Tensor:
    import torch

    most = math.radians(options["degrees"])
    angle = draws.between("rotate", -most, most)
    zeros = torch.zeros_like(angle)
    ratio = images.shape[-2] / images.shape[-1]
    turned = (angle.cos(), angle.sin() * ratio, zeros, -angle.sin() / ratio, angle.cos(), zeros)
    return _sampled(images, torch.stack(turned, 1).view(-1, 2, 3), indices, fill)


def _zoom(images: Tensor, draws: Draws, options: Options, indices: bool, fill: float) -> Tensor:
    """Enlarge a part of each image, of a random size and place, to the whole."""
    import torch

    side = draws.between("zoom", float(options["least"]), 1.0).sqrt()
    place = (2 * draws.uniform("zoom place", 2) - 1) * (1 - side)[:, None]
    zeros = torch.zeros_like(side)
    part = torch.stack((side, zeros, place[:, 0], zeros, side, place[:, 1]), 1).view(-1, 2, 3)
    return _sampled(images, part, indices, fill)


def _sampled(images: Tensor, matrices: Tensor, indices: bool, fill: float) -> Tensor:
    """Return images looked at through affine maps; beyond the border stands ``fill``."""
    from torch.nn.functional import affine_grid, grid_sample

    grid = affine_grid(matrices, list(images.shape), align_corners=False)
    mode = "nearest" if indices else "bilinear"
    return grid_sample(images - fill, grid, mode=mode, padding_mode="zeros", align_corners=False) + fill


KINDS = (
    AugmentKind("flip", "Flip left and right", "Mirrors an image.", _IMAGE, (_chance(),), move=_flip),
    AugmentKind(
        "flip_upright",
        "Flip upside down",
        "Turns an image upside down as a mirror does: for pictures from above or through a microscope.",
        _IMAGE,
        (_chance(),),
        move=_flip_upright,
    ),
    AugmentKind(
        "shift",
        "Shift",
        "Moves an image by up to a margin in each direction; what comes in is black.",
        _IMAGE,
        (
            Parameter(
                "margin",
                "int",
                0,
                "The furthest that it moves; 0: an eighth of the shorter side.",
                minimum=0,
                maximum=512,
                unit="pixels",
            ),
        ),
        move=_shift,
    ),
    AugmentKind(
        "rotate",
        "Rotate",
        "Turns an image about its middle by up to an angle in either direction.",
        _IMAGE,
        (Parameter("degrees", "float", 15.0, "The largest angle.", minimum=0, maximum=180, unit="°"),),
        move=_rotate,
    ),
    AugmentKind(
        "zoom",
        "Zoom in",
        "Shows a part of an image as if it were the whole, of random size and place.",
        _IMAGE,
        (
            Parameter(
                "least",
                "float",
                0.6,
                "The smallest part, as a share of the area.",
                minimum=0.01,
                maximum=1,
                unit="0–1",
            ),
        ),
        move=_zoom,
    ),
)
