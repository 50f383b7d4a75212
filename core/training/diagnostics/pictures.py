"""Arrays as small pictures: feature maps and filters as tiles, sequences as heat maps, vectors as strips."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from core.training.events import Pictured

Kind = Literal["activations", "gradients", "weights", "map", "filters", "attention"]
SIDE = 96
"""The most pixels in each direction."""
_MOST_TILES = 64
_COLOURS = 3
_IMAGE = 3
_VOLUME = 4


@dataclass(frozen=True, eq=False)
class Picture:
    """An array of a node, by its path: a histogram (64, uint16) or a picture (height × width [× 3], uint8).

    ``low`` and ``high`` are the ends of the histogram's range, or the values that 0 and 255 stand for.
    """

    node: str
    kind: Kind
    values: npt.NDArray[Any]
    low: float
    high: float


def event_of(picture: Picture, step: int, epoch: int) -> Pictured:
    """Return a picture as an event; ``data`` is base64 of the array in C order, little-endian."""
    values = picture.values
    data = base64.b64encode(values.astype(values.dtype.newbyteorder("<")).tobytes()).decode()
    return Pictured(
        step, epoch, picture.node, picture.kind, list(values.shape), values.dtype.name, data, picture.low, picture.high
    )


def picture_of(event: Pictured) -> Picture:
    """Return the picture that an event carries."""
    dtype = np.dtype(event.dtype).newbyteorder("<")
    values = np.frombuffer(base64.b64decode(event.data), dtype).reshape(event.shape)
    return Picture(event.node, event.kind, values, event.low, event.high)  # type: ignore[arg-type]  # as written


def map_of(node: str, output: Tensor, *, channels_first: bool) -> Picture:
    """Return what a node gives for one sample (without its batch dimension) as a picture.

    A vector becomes a strip, wrapped after 96 values; a sequence a heat map, time across; channels of images tiles; of
    volumes the middle slice.
    """
    values = output.detach().float().cpu()
    if values.dim() == _VOLUME:
        values = values[:, values.shape[1] // 2]
    if values.dim() > _IMAGE or values.dim() < 2:
        return _grey(node, "map", _strip(values.reshape(-1)))
    if values.dim() == 2:
        return _grey(node, "map", _shrunk((values if channels_first else values.T)[None], SIDE)[0])
    return _grey(node, "map", _tiles(values))


def filters_of(node: str, weight: Tensor) -> Picture:
    """Return a convolution's weight (out × in × height × width) as tiles: in colour where it reads three channels."""
    values = weight.detach().float().cpu()
    if values.shape[1] == _COLOURS:
        return _grey(node, "filters", torch.stack([_tiles(values[:, each]) for each in range(_COLOURS)], dim=-1))
    return _grey(node, "filters", _tiles(values.flatten(0, 1)))


def attention_of(node: str, weights: Tensor) -> Picture:
    """Return attention weights (heads × queries × keys) as tiles."""
    return _grey(node, "attention", _tiles(weights.detach().float().cpu()))


def _strip(values: Tensor) -> Tensor:
    if len(values) > SIDE * SIDE:
        values = functional.adaptive_avg_pool1d(values[None, None], SIDE * SIDE)[0, 0]
    rows = max(1, math.ceil(len(values) / SIDE))
    width = min(SIDE, max(1, len(values)))
    return functional.pad(values, (0, rows * width - len(values)), value=math.nan).reshape(rows, width)


def _tiles(maps: Tensor) -> Tensor:
    """Lay maps (count × height × width) side by side, a line apart (NaN); of more than 64 the first 64."""
    maps = maps[:_MOST_TILES]
    columns = math.ceil(math.sqrt(len(maps)))
    maps = _shrunk(maps, (SIDE - columns + 1) // columns)
    height, width = maps.shape[1:]
    rows = math.ceil(len(maps) / columns)
    sheet = torch.full((rows * (height + 1) - 1, columns * (width + 1) - 1), math.nan)
    for index, each in enumerate(maps):
        top, left = index // columns * (height + 1), index % columns * (width + 1)
        sheet[top : top + height, left : left + width] = each
    return sheet


def _shrunk(maps: Tensor, side: int) -> Tensor:
    height, width = maps.shape[1:]
    if height <= side and width <= side:
        return maps
    return functional.adaptive_avg_pool2d(maps[None], (min(height, side), min(width, side)))[0]


def _grey(node: str, kind: Kind, values: Tensor) -> Picture:
    """Return values as bytes between their smallest and largest; what is not finite, and gaps, become 0."""
    finite = values.isfinite()
    known = values[finite]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    share = (values.double() - low) / (high - low) if high > low else torch.zeros_like(values)
    grey = torch.where(finite, share * 255, 0).round().to(torch.uint8).numpy()
    return Picture(node, kind, grey, low, high)
