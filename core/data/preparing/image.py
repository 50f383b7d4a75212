"""Images: resized, with the channels that are wanted, scaled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.data.preparing._kind import Preparation, State
from core.data.preparing._pictures import as_floats, sized, with_channels
from core.data.preparing._scaling import CHUNK, scaling
from core.data.source import Array
from core.errors import DataError
from core.graph.meanings import meanings
from core.graph.meanings._options import values as options_of
from core.graph.meanings.image import OPTIONS
from core.graph.project import Field

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and standard deviation of red, green and blue in ImageNet, with which torchvision's networks were trained."""


def _pixels(field: Field, values: Array) -> Array:
    options = options_of(field, OPTIONS)
    if not len(values):
        shape = [int(size) for size in meanings["image"].as_input(field).shape]
        return np.zeros((0, *shape), dtype=np.float32)
    try:
        return sized(
            values,
            options,
            field.shape,
            lambda images: with_channels(as_floats(images), options["channels"], field.name),
        )
    except ValueError as error:
        raise DataError(f"'{field.name}' has images with different numbers of channels: choose 1 or 3.") from error


def _pieces(field: Field, values: Array) -> Iterator[Array]:
    for start in range(0, len(values), CHUNK):
        block = _pixels(field, values[start : start + CHUNK])
        yield np.moveaxis(block, 1, -1).reshape(-1, block.shape[1])


def _fit(field: Field, values: Array, _rate: int) -> State:
    if field.encoding == "none":
        return {"offset": [0.0], "scale": [1.0]}
    if field.encoding == "imagenet":
        mean, deviation = IMAGENET
        if _pixels(field, values[:1]).shape[1] != len(mean):
            raise DataError(f"'{field.name}' needs 3 channels for ImageNet's statistics: choose 3 channels for it.")
        return {"offset": list(mean), "scale": list(deviation)}
    if field.encoding == "standardise":
        offset, scale = scaling(field.encoding, _pieces(field, values), field.name)
    else:
        flat = (piece.reshape(-1, 1) for piece in _pieces(field, values))
        offset, scale = scaling(field.encoding, flat, field.name)
    return {"offset": offset, "scale": scale}


def _columns(state: State) -> tuple[Array, Array]:
    """Return offset and scale for each channel, to be spread over rows, height and width."""
    offset, scale = (np.array(state[name], dtype=np.float32).reshape(1, -1, 1, 1) for name in ("offset", "scale"))
    return offset, scale


def _encode(field: Field, state: State, values: Array) -> Array:
    pixels = _pixels(field, values)
    if state["offset"] == [0.0] and state["scale"] == [1.0]:
        return pixels
    offset, scale = _columns(state)
    encoded: Array = (pixels - offset) / scale
    return encoded


def _decode(_field: Field, state: State, encoded: Array) -> Array:
    """Return pixels in 0..1, float32."""
    offset, scale = _columns(state)
    decoded: Array = encoded.astype(np.float32) * scale + offset
    return decoded


KINDS = (Preparation("image", _fit, _encode, _decode),)
