"""Images and masks of any size and number of channels as one block of the size that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.data.source import Array
from core.errors import DataError

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""How much red, green and blue count in grey: ITU-R BT.601."""


def as_floats(image: Array) -> Array:
    """Return pixels in 0..1 as float32; whole numbers are taken as 0..255."""
    return image.astype(np.float32) / np.float32(255) if image.dtype.kind in "iu" else image.astype(np.float32)


def with_channels(images: Array, wanted: str, name: str) -> Array:
    """Return images ``(…, channels, height, width)`` with 1 or 3 channels ("keep": as they are).

    Raises:
        DataError: they have a number of channels that cannot be turned into that.
    """
    count = images.shape[-3]
    if wanted == "keep" or count == int(wanted):
        return images
    if count in (2, 4):  # the last one says how transparent a pixel is
        return with_channels(images[..., :-1, :, :], wanted, name)
    if count == 1:
        return np.repeat(images, 3, axis=-3)
    if count == 3:
        grey: Array = np.einsum("...chw,c->...hw", images, _GREY)
        return grey[..., None, :, :]
    raise DataError(f"'{name}' has images with {count} channels, which cannot become {wanted}: keep the channels.")


def fitted(images: Array, size: tuple[int, int], fit: str, fill: float, nearest: bool) -> Array:
    """Return images ``(n, channels, height, width)``, float32, in another size.

    Args:
        images: all of one size.
        size: height and width wanted.
        fit: "stretch" changes the proportions, "crop" leaves out what is too much, "pad" fills up with ``fill``.
        fill: what padding consists of.
        nearest: take the nearest pixel instead of smoothing (for masks).
    """
    height, width = images.shape[-2:]
    if (height, width) == size:
        return images
    if fit == "stretch":
        return _resized(images, size, nearest)
    ratios = (size[0] / height, size[1] / width)
    ratio = max(ratios) if fit == "crop" else min(ratios)
    inner = tuple(max(1, round(each * ratio)) for each in (height, width))
    images = _resized(images, (inner[0], inner[1]), nearest)
    if fit == "crop":
        top, left = (inner[0] - size[0]) // 2, (inner[1] - size[1]) // 2
        return images[..., top : top + size[0], left : left + size[1]]
    block = np.full((*images.shape[:2], *size), fill, dtype=images.dtype)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    block[..., top : top + inner[0], left : left + inner[1]] = images
    return block


def _resized(images: Array, size: tuple[int, int], nearest: bool) -> Array:
    import torch
    from torch.nn.functional import interpolate

    tensor = torch.from_numpy(np.require(images, requirements=["C", "W"]))
    if nearest:
        return np.asarray(interpolate(tensor, size, mode="nearest-exact").numpy())
    return np.asarray(interpolate(tensor, size, mode="bilinear", antialias=True, align_corners=False).numpy())


def sized(
    values: Array,
    options: Mapping[str, Any],
    shape: tuple[int, ...],
    convert: Callable[[Array], Array],
    *,
    fill: float = 0.0,
    nearest: bool = False,
) -> Array:
    """Return rows of images as one block ``(rows, channels, height, width)``, float32.

    Args:
        values: the rows, a block or objects; ``convert`` makes each (or the block) float32 with the right channels.
        options: height, width and fit; a size of 0 is that of ``shape``, whose last two are height and width.
    """
    size = (int(options["height"] or shape[-2]), int(options["width"] or shape[-1]))
    if values.dtype != object:
        return fitted(convert(values), size, options["fit"], fill, nearest)
    rows = [fitted(convert(np.asarray(each)[None]), size, options["fit"], fill, nearest) for each in values]
    return np.concatenate(rows) if rows else np.zeros((0, 1, *size), dtype=np.float32)
