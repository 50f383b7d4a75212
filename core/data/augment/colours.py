"""What changes the values of images, not their places: light, colour, blots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.data.augment._draws import Draws
from core.data.augment._kind import AugmentKind, Options
from core.kinds import Parameter

if TYPE_CHECKING:
    from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)
"""How much red, green and blue count in the lightness of a colour (ITU-R BT.601)."""


def _colour(images: Tensor, draws: Draws, options: Options) -> Tensor:
    """Scale brightness, contrast and saturation by factors around 1, in this order; values stay within 0..1."""
    images = images * _factor(draws, "brightness", options)
    middle = _grey(images).mean((1, 2, 3), keepdim=True)
    images = middle + (images - middle) * _factor(draws, "contrast", options)
    if images.shape[1] == len(_LUMA):
        grey = _grey(images)
        images = grey + (images - grey) * _factor(draws, "saturation", options)
    return images.clamp(0, 1)


def _factor(draws: Draws, name: str, options: Options) -> Tensor:
    strength = float(options[name])
    return draws.between(name, 1 - strength, 1 + strength).view(-1, 1, 1, 1)


def _grey(images: Tensor) -> Tensor:
    import torch

    if images.shape[1] != len(_LUMA):
        return images.mean(1, keepdim=True)
    weights = torch.tensor(_LUMA, device=images.device, dtype=images.dtype).view(1, -1, 1, 1)
    return (images * weights).sum(1, keepdim=True)


def _erase(images: Tensor, draws: Draws, options: Options) -> Tensor:
    """Blacken a rectangle of each image (Zhong et al., "Random erasing data augmentation", 2020)."""
    import torch

    chosen = draws.chance("erase", float(options["probability"]))
    area = draws.between("erase area", 0.02, max(0.02, float(options["largest"])))
    ratio = torch.exp(draws.between("erase ratio", -1.2, 1.2))  # from 0.3 to 3.3, as in the paper
    inside = rectangle(images, (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1), draws, "erase")
    return torch.where((chosen.view(-1, 1, 1) & inside)[:, None], torch.zeros_like(images), images)


def rectangle(images: Tensor, high: Tensor, wide: Tensor, draws: Draws, purpose: str) -> Tensor:
    """Return a mask (samples, height, width) of a rectangle in each image, of given shares of its sides, anywhere."""
    import torch

    height, width = images.shape[-2:]
    place = draws.uniform(f"{purpose} place", 2)
    sides = []
    for size, share, where in ((height, high, place[:, 0]), (width, wide, place[:, 1])):
        length = (share * size).round().clamp(1, size)
        start = (where * (size - length + 1)).floor()
        pixels = torch.arange(size, device=images.device)
        sides.append((pixels >= start[:, None]) & (pixels < (start + length)[:, None]))
    return sides[0][:, :, None] & sides[1][:, None, :]


def _strength(name: str, what: str) -> Parameter:
    return Parameter(
        name, "float", 0.2, f"The largest change of the {what}, as a share of it.", minimum=0, maximum=1, unit="0–1"
    )


KINDS = (
    AugmentKind(
        "colour",
        "Light and colour",
        "Changes brightness, contrast and saturation a little.",
        ("image",),
        (_strength("brightness", "brightness"), _strength("contrast", "contrast"), _strength("saturation", "colour")),
        change=_colour,
    ),
    AugmentKind(
        "erase",
        "Erase a rectangle",
        "Blackens a part of an image, so that the network cannot rely on one detail.",
        ("image",),
        (
            Parameter("probability", "float", 0.5, "How likely it is for each sample.", minimum=0, maximum=1),
            Parameter(
                "largest",
                "float",
                0.2,
                "The largest part, as a share of the area.",
                minimum=0.02,
                maximum=1,
                unit="0–1",
            ),
        ),
        change=_erase,
    ),
)
