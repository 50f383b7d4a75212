"""Images as numbers, with Pillow for files; part of what exported folders hold as ``preprocess.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.exporters._standalone_cells import Array, Cells, Field, Unreadable
from core.exporters._standalone_series import array_of

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def encode_image(field: Field, cells: Cells) -> Array:
    """Return images of one size, scaled: (rows, channels, height, width)."""
    options, state, shape = field["options"], field["state"], field["shape"]
    size = (int(options.get("height", 0) or shape[-2]), int(options.get("width", 0) or shape[-1]))
    rows = []
    for cell in cells:
        pixels = _pixels(cell, 1 if shape[0] == 1 else 3)
        whole = pixels.dtype.kind in "iu"
        floats = pixels.astype(np.float32) / np.float32(255) if whole else pixels.astype(np.float32)
        channels = _with_channels(floats, str(options.get("channels", "keep")))
        rows.append(_fitted(channels[None], size, str(options.get("fit", "stretch"))))
    block = np.concatenate(rows)
    if state["offset"] == [0.0] and state["scale"] == [1.0]:
        return block
    offset, scale = (np.array(state[name], dtype=np.float32).reshape(1, -1, 1, 1) for name in ("offset", "scale"))
    result: Array = (block - offset) / scale
    return result


def _pixels(cell: object, channels: int) -> Array:
    """Return an image (channels, height, width): whole numbers are 0..255, others 0..1."""
    if isinstance(cell, str | Path) and not str(cell).lower().endswith(".npy"):
        return _picture(cell, channels)
    image = array_of(cell, "image")
    if image.dtype == np.bool_:
        image = image.astype(np.float32)
    if image.ndim == 2:
        image = image[None]
    if image.ndim == 3 and image.shape[0] not in (1, 3, 4) and image.shape[2] in (1, 3, 4):
        image = np.moveaxis(image, 2, 0)
    if image.ndim != 3:
        raise Unreadable(f"an image has channels, height and width; this has the shape {image.shape}.")
    return image


def _picture(path: str | Path, channels: int) -> Array:
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise Unreadable(f"{path}: image files need Pillow (pip install pillow), or give .npy files.") from error
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            if picture.mode in ("I", "I;16", "I;16B", "I;16L", "I;16N"):
                deep = np.clip(np.asarray(picture).astype(np.float32) / np.float32(65535), 0, 1)
                return np.repeat(deep[None], channels, axis=0)
            if "transparency" in picture.info or picture.mode in ("LA", "La", "RGBA", "RGBa", "PA"):
                picture = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", picture.size, (255, 255, 255, 255)), picture)
            pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    except OSError as error:
        raise Unreadable(f"{path} is no image that can be read: {error}") from error
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)


def _with_channels(image: Array, wanted: str) -> Array:
    count = len(image)
    if wanted == "keep" or count == int(wanted):
        return image
    if count in (2, 4):  # the last one says how transparent a pixel is
        return _with_channels(image[:-1], wanted)
    if count == 1:
        return np.repeat(image, 3, axis=0)
    if count == 3:
        grey: Array = np.einsum("chw,c->hw", image, _GREY)[None]
        return grey
    raise Unreadable(f"an image with {count} channels cannot get {wanted}.")


def _fitted(image: Array, size: tuple[int, int], fit: str) -> Array:
    """Return images (n, channels, height, width) in another size: stretched, cropped or padded."""
    height, width = image.shape[-2:]
    if (height, width) == size:
        return image
    if fit == "stretch":
        return _resized(image, size)
    ratios = (size[0] / height, size[1] / width)
    ratio = max(ratios) if fit == "crop" else min(ratios)
    inner = (max(1, round(height * ratio)), max(1, round(width * ratio)))
    image = _resized(image, inner)
    if fit == "crop":
        top, left = (inner[0] - size[0]) // 2, (inner[1] - size[1]) // 2
        return image[..., top : top + size[0], left : left + size[1]]
    block = np.zeros((*image.shape[:2], *size), dtype=image.dtype)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    block[..., top : top + inner[0], left : left + inner[1]] = image
    return block


def _resized(image: Array, size: tuple[int, int]) -> Array:
    import torch
    from torch.nn.functional import interpolate

    tensor = torch.from_numpy(np.require(image, requirements=["C", "W"]))
    return np.asarray(interpolate(tensor, size, mode="bilinear", antialias=True, align_corners=False).numpy())
