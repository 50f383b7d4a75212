"""Image files: their sizes from the first bytes alone, and their pixels when they are asked for.

Whatever a file holds – palettes, one bit, 16 bits, CMYK, transparency, a note that the camera was held upright – its
pixels come out as grey or as red, green and blue. Formats are named, so that no exotic decoder meets a foreign file.
"""

from __future__ import annotations

import os
import struct
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core import units
from core.data.folders import Files, RowsOfFiles
from core.data.source import Array, Column, Lazy
from core.errors import DataError, reason_of
from core.kinds import Value
from core.loading import load
from core.progress import report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

MOST_PIXELS = 89_478_485
"""Images with more are refused unread: a small file can claim a size that would fill the memory."""
LARGEST_USUAL = 224
"""The longer side that images of different sizes get unless the user chooses."""
_LARGEST_AS_IT_IS = 512
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)
_ENDS = ((b"\xff\xd8\xff", b"\xff\xd9"), (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"))
"""How a JPEG and a PNG begin and end."""
_LONGEST_START = 8
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_GREY = ("1", "L", "LA", "La", *_DEEP)
Content = Path | BytesIO
Sizes = NDArray[np.int32]


@dataclass(frozen=True)
class Header:
    """What an image is before its pixels are read; ``deep`` ones have 16 bits a value, ``clear`` ones transparency."""

    channels: int
    height: int
    width: int
    deep: bool = False
    clear: bool = False


def read_header(content: Content, name: str) -> Header:
    """Return what a file says at its beginning.

    Raises:
        DataError: it is no image of a known format, or one that is not read; the message begins with its name.
    """
    with _opened(content, name) as image:
        width, height = image.size
        if _orientation(image) in _TURNED:
            width, height = height, width
        clear = "A" in image.mode or "a" in image.mode or "transparency" in image.info
        return Header(1 if image.mode in _GREY else 3, height, width, image.mode in _DEEP, clear)


def read_pixels(content: Content, name: str, channels: int, deep: bool = False) -> Array:
    """Return an image ``(channels, height, width)``: uint8 in 0..255, where ``deep`` float32 in 0..1.

    Args:
        content: the file, or its bytes.
        name: what it is called in a message.
        channels: 1 or 3.
        deep: whether some image beside it has 16 bits, so that all are given as float32.

    Raises:
        DataError: it cannot be read.
    """
    with _opened(content, name) as image:
        orientation = _orientation(image)
        pixels = _deep_pixels(image) if image.mode in _DEEP else np.asarray(_plain(image, channels))
    planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    if len(planes) != channels:
        planes = np.repeat(planes, channels, axis=0)
    planes = np.ascontiguousarray(_upright(planes, orientation))
    return planes.astype(np.float32) / np.float32(255) if deep and planes.dtype == np.uint8 else planes


def read_indices(content: Content, name: str) -> tuple[Array, bool]:
    """Return the values of a mask as they are stored, ``(height, width)`` or ``(height, width, 3)``, and if by palette.

    Raises:
        DataError: it cannot be read.
    """
    with _opened(content, name) as image:
        if image.mode in ("P", "L", "1", *_DEEP):
            return np.asarray(image).astype(np.int32), image.mode == "P"
        return np.asarray(image.convert("L" if image.mode in _GREY else "RGB")).astype(np.int32), False


@contextmanager
def _opened(content: Content, name: str) -> Iterator[Image]:
    """Open an image and close it again; whatever goes wrong meanwhile becomes a DataError with its name."""
    pillow: Any = load("PIL.Image")
    bombs = (pillow.DecompressionBombError, pillow.DecompressionBombWarning)
    try:
        with pillow.open(content, formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise DataError(_too_large(name))
            if image.mode == "F":
                raise DataError(f"{name} holds numbers with a point, not the brightness of pixels: save it as PNG.")
            yield image
    except bombs as error:
        raise DataError(_too_large(name)) from error
    except pillow.UnidentifiedImageError as error:
        raise DataError(f"{name} is no image that can be read: {_look(content)}.") from error
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, struct.error) as error:
        message = f"{name} is damaged or cannot be read: {reason_of(error)}. "
        raise DataError(message + "Replace it, or delete it and read the data again.") from error


def ends_well(content: Content) -> bool:
    """Say whether a file ends as a whole PNG or JPEG does: one that was cut off has no such end.

    Bytes may follow that end, so that False does not mean that a file is damaged: then only reading it tells. Of other
    formats it is always True.
    """
    with content.open("rb") if isinstance(content, Path) else BytesIO(content.getvalue()) as file:
        beginning = file.read(_LONGEST_START)
        end = next((end for start, end in _ENDS if beginning.startswith(start)), b"")
        file.seek(-min(len(end), len(beginning)), os.SEEK_END)
        return file.read() == end


def _too_large(name: str) -> str:
    return f"{name} has more than {MOST_PIXELS // 10**6} million pixels, which are not read: make it smaller."


def _look(content: Content) -> str:
    size = content.stat().st_size if isinstance(content, Path) else len(content.getvalue())
    return "it is empty" if not size else "its first bytes are of no known format"


def _orientation(image: Image) -> int:
    """Return how the camera was held (EXIF, 1 to 8), as far as it is said before the pixels.

    Pillow turns TIFF by itself.
    """
    if image.format == "TIFF" or "exif" not in image.info:
        return 1
    return int(image.getexif().get(_ORIENTATION, 1))


def _upright(planes: Array, orientation: int) -> Array:
    """Return ``(channels, height, width)`` turned and mirrored as EXIF's orientation says."""
    if orientation in _TURNED:
        planes = np.swapaxes(planes, 1, 2)
    if orientation in (3, 4, 7, 8):
        planes = planes[:, ::-1]
    if orientation in (2, 3, 6, 7):
        planes = planes[:, :, ::-1]
    return planes


def _deep_pixels(image: Image) -> Array:
    pixels: Array = np.clip(np.asarray(image).astype(np.float32) / np.float32(65535), 0, 1)
    return pixels


def _plain(image: Image, channels: int) -> Image:
    """Return an image in grey or RGB; what shows through is white."""
    if "transparency" in image.info or image.mode in ("LA", "La", "RGBA", "RGBa", "PA"):
        pillow: Any = load("PIL.Image")
        image = image.convert("RGBA")
        white = pillow.new("RGBA", image.size, (255, 255, 255, 255))
        image = pillow.alpha_composite(white, image)
    return image.convert("L" if channels == 1 else "RGB")


# --- many of them -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Pictures(Lazy):
    """Images that are read when they are asked for. ``sizes`` are (height, width) of each; all get ``channels``."""

    sizes: Sizes
    channels: int
    deep: bool

    @abstractmethod
    def content(self, row: int) -> Content:
        """Return where an image's bytes are."""

    def __len__(self) -> int:
        return len(self.sizes)

    def take(self, rows: NDArray[np.int64]) -> Array:
        """Return images ``(rows, channels, height, width)``, or objects where their sizes differ."""
        images = [read_pixels(self.content(row), self.describe(row), self.channels, self.deep) for row in rows.tolist()]
        return together(images, (self.channels, *uniform(self.sizes)))


def uniform(sizes: Sizes) -> tuple[int, int]:
    """Return the height and width of all images, 0 where they differ."""
    height, width = (int(each[0]) if len(each) and (each == each[0]).all() else 0 for each in sizes.T)
    return height, width


def together(images: Sequence[Array], shape: tuple[int, ...]) -> Array:
    """Return images as a block where their shape is one, as objects where a size in it is 0."""
    if 0 not in shape:
        return np.stack(images) if images else np.zeros((0, *shape), dtype=np.uint8)
    values = np.empty(len(images), dtype=object)
    for place, image in enumerate(images):
        values[place] = image
    return values


@dataclass(frozen=True, eq=False)
class PictureFiles(RowsOfFiles, Pictures):
    """Image files below a folder."""

    files: Files


@dataclass(frozen=True)
class Examined:
    """The headers of many images: ``rows`` could be read, ``headers`` are theirs, ``bad`` says what is wrong."""

    rows: tuple[int, ...]
    headers: tuple[Header, ...]
    bad: tuple[str, ...]

    @property
    def sizes(self) -> Sizes:
        """Height and width of each, ``(rows, 2)``."""
        return np.array([(each.height, each.width) for each in self.headers], dtype=np.int32).reshape(-1, 2)

    @property
    def channels(self) -> int:
        """1 where all are grey, else 3."""
        return max((each.channels for each in self.headers), default=1)

    @property
    def deep(self) -> bool:
        """True where one has 16 bits a value."""
        return any(each.deep for each in self.headers)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        notes = []
        if self.bad:
            more = f" (and {len(self.bad) - 5:,} more)" if len(self.bad) > 5 else ""
            notes.append(f"{units.plural(len(self.bad), 'image')} left out: {' '.join(self.bad[:5])}{more}")
        grey = sum(each.channels == 1 for each in self.headers)
        if self.channels == 3 and grey:
            notes.append(f"{units.plural(grey, 'grey image')} among colour ones: the grey is repeated in 3 channels.")
        if clear := sum(each.clear for each in self.headers):
            notes.append(f"{units.plural(clear, 'image')} with transparency: what shows through is white.")
        return tuple(notes)


def examine(count: int, content: Callable[[int], Content], name: Callable[[int], str]) -> Examined:
    """Read the headers of images, and all of those that do not end as a whole file does, reporting how far it is.

    Raises:
        DataError: not one of them can be read.
        Cancelled: whoever watches wants it to end.
    """
    rows, headers, bad = [], [], []
    for row in range(count):
        if row % 64 == 0:
            report(row, count, "looking at the images")
        try:
            header = read_header(content(row), name(row))
            if not ends_well(content(row)):
                read_pixels(content(row), name(row), header.channels)
            headers.append(header)
            rows.append(row)
        except DataError as error:
            bad.append(error.message)
    if not rows:
        raise DataError(f"None of the {units.plural(count, 'image')} can be read.", problems=bad[:10])
    return Examined(tuple(rows), tuple(headers), tuple(bad))


def picture_column(values: Pictures) -> Column:
    """Return images as a column, with a size to start with where they differ in theirs or are large."""
    height, width = uniform(values.sizes)
    colour = "grey" if values.channels == 1 else "colour"
    size = " by ".join(
        f"{each.min()}" if each.min() == each.max() else f"{each.min()}–{each.max()}" for each in values.sizes.T
    )
    told = f"{units.plural(len(values), f'{colour} image')} of {size} pixels"
    options = usual_size(values.sizes)
    if options:
        told += f"; suggested size {options['height']} by {options['width']}"
    return Column(values, "image", reason=told, sample=(values.channels, height, width), options=options)


def usual_size(sizes: Sizes) -> dict[str, Value]:
    """Return the options with which images of different sizes, or large ones, become equal; none where they are fine.

    It is the middle of the heights and widths, made smaller until the longer side has 224 pixels, in multiples of 8;
    images of other proportions are cropped.
    """
    if len(np.unique(sizes, axis=0)) == 1 and sizes[0].max() <= _LARGEST_AS_IT_IS:
        return {}
    middle = np.median(sizes, axis=0)
    middle = middle * min(1.0, LARGEST_USUAL / float(middle.max()))
    height, width = (max(8, round(float(side) / 8) * 8) for side in middle)
    shapes = sizes[:, 0] / np.maximum(sizes[:, 1], 1)
    wanted = height / width
    alike = bool((np.abs(shapes / wanted - 1) < 0.1).all())
    return {"height": height, "width": width, "fit": "stretch" if alike else "crop"}


def files_column(files: Files, examined: Examined) -> Column:
    """Return the readable ones of image files as a column."""
    values = PictureFiles(examined.sizes, examined.channels, examined.deep, files.only(examined.rows))
    return picture_column(values)
