"""Values as people hand them over for a prediction (arrays, lists, files) in the form that a column of data has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.data.fitted import FittedField
from core.data.pictures import read_indices, read_pixels
from core.data.sounds import read_samples
from core.data.source import Array, Lazy
from core.data.values import as_array
from core.errors import DataError
from core.graph.project import Field

Raw = Mapping[str, Sequence[Any] | Array | Lazy]
"""Raw values by column; images, masks and sounds are arrays or the paths of files."""
CELLS = ("number", "category", "flag", "date", "text", "identifier", "labels")
"""Meanings whose values are taken as they come: what is missing or unknown is dealt with as was fitted."""
_CHANNELS = (1, 3, 4)


def column_of(fitted: FittedField, values: Sequence[Any] | Array) -> tuple[Array, dict[int, str]]:
    """Return values in the form that ``Column`` says, and why some rows have none: they hold None then.

    Args:
        fitted: the field.
        values: cells; of pictures and sounds arrays or paths. Pixels are 0..255 as whole numbers, else 0..1.
    """
    field = fitted.field
    if field.meaning == "labels":
        return _objects(values), {}
    if field.meaning in CELLS:
        return as_array(values), {}
    if isinstance(values, np.ndarray) and values.dtype != object and values.ndim == len(field.shape) + 1:
        rows: Array = values
        if field.meaning == "array" or (field.meaning == "image" and values.shape[1:] == field.shape):
            return rows, {}
    convert = _READERS[field.meaning]
    cells: list[Array | None] = []
    problems: dict[int, str] = {}
    for row, value in enumerate(values):
        try:
            cells.append(None if value is None else convert(field, fitted.state, value))
        except DataError as error:
            cells.append(None)
            problems[row] = f"'{field.name}': {error.message}"
    for row, each in enumerate(cells):
        if each is None and row not in problems and field.meaning not in ("sequence", "array"):
            problems[row] = f"'{field.name}' is missing: there is no {field.meaning} in this row."
    return _objects(cells), problems


def _objects(values: Sequence[Any] | Array) -> Array:
    cells = np.empty(len(values), dtype=object)
    for row, each in enumerate(values):
        cells[row] = each
    return cells


def _path(value: object) -> Path | None:
    return Path(value) if isinstance(value, str | Path) else None


def _numbers(value: object, what: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise DataError(f"this is no {what}, but lists of different lengths.") from error
    if array.dtype.kind not in "fiub":
        raise DataError(f"this is no {what}, but {type(value).__name__}: give numbers, or the path of a file.")
    return array


# --- pictures ---------------------------------------------------------------------------------------------------------


def _image(field: Field, _state: Mapping[str, Any], value: object) -> Array:
    """Return an image (channels, height, width); one channel may be left out, or come last."""
    path = _path(value)
    if path is not None and path.suffix.lower() != ".npy":
        return read_pixels(path, str(path), 1 if field.shape[:1] == (1,) else 3)
    image = _numbers(_loaded(path) if path else value, "image")
    if image.dtype == np.bool_:
        image = image.astype(np.float32)
    if image.ndim == 2:
        image = image[None]
    if image.ndim == 3 and image.shape[0] not in _CHANNELS and image.shape[2] in _CHANNELS:
        image = np.moveaxis(image, 2, 0)
    if image.ndim != 3 or 0 in image.shape:
        raise DataError(f"an image has channels, height and width; this has the shape {tuple(image.shape)}.")
    return image if image.dtype == np.uint8 or image.dtype.kind == "f" else _bytes(image)


def _bytes(image: Array) -> Array:
    if image.min() < 0 or image.max() > 255:
        raise DataError(f"pixels are whole numbers from 0 to 255; there is {int(image.max())}.")
    return image.astype(np.uint8)


def _mask(_field: Field, _state: Mapping[str, Any], value: object) -> Array:
    path = _path(value)
    if path is None or path.suffix.lower() == ".npy":
        mask = _numbers(_loaded(path) if path else value, "mask")
    else:
        mask, _by_palette = read_indices(path, str(path))
    if mask.ndim != 2:
        raise DataError(f"a mask has height and width; this has the shape {tuple(mask.shape)}.")
    return mask.astype(np.int64)


# --- sounds, arrays and sequences -------------------------------------------------------------------------------------


def _audio(_field: Field, state: Mapping[str, Any], value: object) -> Array:
    """Return a sound (channels, samples) at the rate of the sounds that were learned from."""
    path = _path(value)
    if path is not None and path.suffix.lower() != ".npy":
        return read_samples(path, str(path), int(state["rate"]))
    sound = _numbers(_loaded(path) if path else value, "sound").astype(np.float32)
    sound = sound[None] if sound.ndim == 1 else sound
    if sound.ndim != 2:
        raise DataError(f"a sound has channels and samples; this has the shape {tuple(sound.shape)}.")
    return sound


def _loaded(path: Path) -> Array:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist.") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is no array that can be read ({error}).") from error


def _sequence(field: Field, _state: Mapping[str, Any], value: object) -> Array:
    path = _path(value)
    sequence = _numbers(_loaded(path) if path else value, "sequence").astype(np.float32)
    if sequence.shape[1:] != field.shape[1:]:
        each = "a number" if len(field.shape) == 1 else f"{field.shape[1]} numbers"
        raise DataError(f"each step has {each}; this has the shape {tuple(sequence.shape)}.")
    return sequence


def _array(field: Field, _state: Mapping[str, Any], value: object) -> Array:
    path = _path(value)
    array = _numbers(_loaded(path) if path else value, "array").astype(np.float32)
    if array.shape != field.shape:
        raise DataError(f"the shape must be {field.shape}; this has {tuple(array.shape)}.")
    return array


_READERS: Mapping[str, Callable[[Field, Mapping[str, Any], object], Array]] = {
    "image": _image,
    "mask": _mask,
    "audio": _audio,
    "sequence": _sequence,
    "array": _array,
}
