"""How near predicted images come to the wanted ones, summed over images. Outputs and targets: (N, channels, H, W)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from core.training.statistics._base import Head, Statistic

_LEAST = 1e-10
"""The least mean squared error that counts, as a share of the span squared: equal images have 100 dB, not infinity."""
_WINDOW, _SIGMA = 11, 1.5
_K1, _K2 = 0.01, 0.03


class _Images(Statistic):
    def __init__(self, head: Head, device: torch.device) -> None:
        super().__init__(head, device)
        self.sums = self.zeros(2)

    def update(self, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> None:
        """Add a batch."""
        shape = (len(targets), -1, *targets.shape[-2:])
        scale = self.head.scale / self.head.span
        given, wanted = (each.reshape(shape).to(self.dtype) * scale for each in (outputs, targets))
        found = self.measure(given, wanted)
        weight = torch.ones_like(found) if weights is None else weights.to(self.dtype)
        self.sums += torch.stack((torch.ones_like(found), found)) @ weight

    def measure(self, given: Tensor, wanted: Tensor) -> Tensor:
        """Return a number an image; the images hold values over a span of 1."""
        raise NotImplementedError


class SignalToNoise(_Images):
    """Weight and sum of the images' peak signal-to-noise ratios in decibels, 10·log10(span² / mean squared error)."""

    def measure(self, given: Tensor, wanted: Tensor) -> Tensor:
        """Return the ratios, (N,)."""
        squared = (given - wanted).square().flatten(1).mean(1)
        return -10 * squared.clamp(min=_LEAST).log10()


class Similarity(_Images):
    """Weight and sum of the images' structural similarities, from -1 to 1.

    Source: Wang, Bovik, Sheikh and Simoncelli, Image quality assessment: from error visibility to structural
    similarity, 2004: Gaussian windows of 11 by 11 pixels (σ 1.5), those wholly inside the image, K1 = 0.01 and
    K2 = 0.03; averaged over channels. Windows shrink to the image where that is smaller.
    """

    def measure(self, given: Tensor, wanted: Tensor) -> Tensor:
        """Return the similarities, (N,)."""
        offset = self.head.offset / self.head.span
        given, wanted = given + offset, wanted + offset
        parts = torch.cat((given, wanted, given * given, wanted * wanted, given * wanted))
        blurred = _blur(parts)
        one, other, one_squared, other_squared, product = blurred.chunk(5)
        c1, c2 = _K1**2, _K2**2
        means, squares = one * other, one * one + other * other
        spreads = one_squared + other_squared - squares
        found = (2 * means + c1) * (2 * (product - means) + c2) / ((squares + c1) * (spreads + c2))
        return found.flatten(1).mean(1)


def _blur(images: Tensor) -> Tensor:
    """Return the weighted means under a Gaussian window at every place where it fits."""
    channels = images.shape[1]
    for axis in (2, 3):
        size = min(_WINDOW, images.shape[axis])
        place = torch.arange(size, dtype=images.dtype, device=images.device) - (size - 1) / 2
        kernel = torch.exp(-(place**2) / (2 * _SIGMA**2))
        shape = (1, 1, size, 1) if axis == 2 else (1, 1, 1, size)
        weight = (kernel / kernel.sum()).view(shape).expand(channels, *shape[1:])
        images = functional.conv2d(images, weight, groups=channels)
    return images
