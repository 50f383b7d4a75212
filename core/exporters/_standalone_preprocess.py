"""Raw rows as the network's inputs, by what preprocessing.json says; needs numpy, PyTorch for images, Pillow for files.

Every bundle holds this file as ``preprocess.py``, so it imports nothing else and can be read by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

Field = dict[str, Any]
Cells = Sequence[Any]
Array = np.ndarray[Any, np.dtype[Any]]

_DAY = 86_400
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)")
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(.*)")
_WORDS = re.compile(r"\w+|[^\w\s]")
_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_MISSING, _UNKNOWN = -1, -2


class Unreadable(Exception):
    """A value that cannot be used; the message says which and why."""


# --- cells ------------------------------------------------------------------------------------------------------------


def number_of(cell: object) -> float:
    """Return the finite number in a cell (with a point or a decimal comma, signs left out), or NaN."""
    if isinstance(cell, str):
        text = cell.strip().strip("%$€£¥").strip()
        if "_" in text:
            return math.nan
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+\.\d*|[+-]?\d{1,3}(,\d{3}){2,}", text):
            text = text.replace(",", "")
        elif text.count(",") == 1 and "." not in text[text.index(",") :]:
            text = text.replace(".", "").replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            return math.nan
    elif isinstance(cell, int | float | np.number):
        number = float(cell)
    else:
        return math.nan
    return number if math.isfinite(number) else math.nan


def number_text(number: float) -> str:
    """Write a number as a person would: 3.0 as ``3``."""
    if math.isfinite(number) and number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return repr(float(number))


def word_of(cell: object) -> str | None:
    """Return a cell's word; None where it is missing."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return number_text(cell) if isinstance(cell, float) else str(cell).strip() or None


def indices_of(cells: Cells, categories: Sequence[str]) -> Array:
    """Return each cell's index among the categories: -1 where missing, -2 where it is none of them."""
    known: dict[str | None, int] = {word: index for index, word in enumerate(categories)}
    known[None] = _MISSING

    def index(cell: object) -> int:
        word = word_of(cell)
        if word not in known and word is not None and not math.isnan(number_of(word)):
            word = number_text(number_of(word))  # 3.0 in a file stands for the category 3
        return known.get(word, _UNKNOWN)

    return np.array([index(cell) for cell in cells], dtype=np.int64)


def scaled(values: Array, state: Field) -> Array:
    """Return values without the offset, in parts of the scale."""
    if state["offset"] == 0 and state["scale"] == 1:
        return values.astype(np.float32)
    return np.asarray(((values.astype(np.float64) - state["offset"]) / state["scale"]).astype(np.float32))


# --- numbers, categories, flags, dates, labels ------------------------------------------------------------------------


def _number(field: Field, cells: Cells) -> Array:
    """Fill gaps, clip, take the logarithm, scale: (rows, 1), or (rows, 2) with an indicator of gaps."""
    state, options = field["state"], field["options"]
    numbers = np.array([number_of(cell) for cell in cells], dtype=np.float64)
    gaps = np.isnan(numbers)
    numbers[gaps] = state["fill"]
    if state["low"] is not None or state["high"] is not None:
        numbers = np.clip(numbers, state["low"], state["high"])
    log = options.get("log", "none")
    if log == "log1p":
        numbers = np.log1p(np.maximum(numbers, min(state["least"], 0.0)))
    elif log == "signed log":
        numbers = np.sign(numbers) * np.log1p(np.abs(numbers))
    if field["encoding"] == "quantile":
        encoded = _ranks(numbers, np.array(state["quantiles"])).astype(np.float32)
    else:
        encoded = scaled(numbers, state)
    columns = [encoded, gaps.astype(np.float32)] if options.get("indicator", False) else [encoded]
    return np.stack(columns, axis=1)


def _ranks(numbers: Array, quantiles: Array) -> Array:
    """Return the share of training rows below each number; of equal ones, the middle of their range."""
    shares = np.linspace(0, 1, len(quantiles))
    upper = np.interp(numbers, quantiles, shares)
    lower = -np.interp(-numbers, -quantiles[::-1], -shares[::-1])
    return np.asarray((upper + lower) / 2)


def _category(field: Field, cells: Cells) -> Array:
    """Return one-hot rows, or indices (rows, 1)."""
    categories, state = field["categories"], field["state"]
    indices = indices_of(cells, categories)
    indices[np.isin(indices, state["rare"])] = _UNKNOWN
    unknown, own = field["options"].get("unknown", "zeros"), "own category"
    for what, way in ((_MISSING, field["missing"]), (_UNKNOWN, unknown)):
        if way == own:
            indices[indices == what] = len(categories)
        elif way != "zeros" or field["encoding"] == "index":
            indices[indices == what] = state["fill"]
    if field["encoding"] == "index":
        return indices[:, None]
    count = len(categories) + (own in (unknown, field["missing"]))
    one_hot: Array = (indices[:, None] == np.arange(count)).astype(np.float32)
    return one_hot


def _flag(field: Field, cells: Cells) -> Array:
    indices = indices_of(cells, field["categories"])
    indices[indices < 0] = field["state"]["fill"]
    return indices[:, None].astype(np.float32)


def _seconds(cells: Cells) -> Array:
    """Return seconds since 1970 of dates (ISO 8601, or day.month.year); NaN where a cell holds none."""
    return np.array([_moment(cell) for cell in cells], dtype=np.float64)


def _moment(cell: object) -> float:
    text = str(cell).strip() if cell is not None else ""
    if found := _DAY_FIRST.fullmatch(text):
        text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}{found[4]}"
    elif found := _YEAR_FIRST.fullmatch(text):
        text = f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}{found[4]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _date(field: Field, cells: Cells) -> Array:
    """Return the year scaled, and month, day of the week and time of day as sine and cosine; or scaled seconds."""
    state, options = field["state"], field["options"]
    moments = _seconds(cells)
    moments[np.isnan(moments)] = state["fill"]
    if field["encoding"] == "timestamp":
        return scaled(moments, state)[:, None]
    whole = moments.astype("datetime64[s]")
    columns: list[Array] = []
    if options.get("year", True):
        columns.append(scaled(whole.astype("datetime64[Y]").astype(np.float64) + 1970, state))
    turns = {
        "month": whole.astype("datetime64[M]").astype(np.int64) % 12 / 12,
        "weekday": (np.floor(moments / _DAY) + 3) % 7 / 7,
        "hour": moments % _DAY / _DAY,
    }
    for name, turn in turns.items():
        if options.get(name, True):
            columns += [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]
    return np.stack(columns, axis=1).astype(np.float32)


# --- texts, sequences, arrays -----------------------------------------------------------------------------------------


def tokens_of(field: Field, cells: Cells) -> list[Array]:
    """Return the indices of each text's tokens: 0 is padding, 1 what was not seen in training."""
    options, encoding = field["options"], field["encoding"]
    marks = bool(options.get("marks", False))
    first = 4 if marks else 2
    places = {token: index for index, token in enumerate(field["state"].get("tokens", ()), first)}
    rows = []
    for cell in cells:
        text = "" if word_of(cell) is None else (number_text(cell) if isinstance(cell, float) else str(cell))
        if encoding == "byte":
            row = [first + byte for byte in text.encode()]
        else:
            text = text.lower() if options.get("lower", True) else text
            row = [places.get(token, 1) for token in (_WORDS.findall(text) if encoding == "word" else text)]
        if marks:
            length = int(options.get("length", 0))
            row = [2, *(row[: max(length - 2, 0)] if length else row), 3]
        rows.append(np.array(row, dtype=np.int64))
    return rows


def _text(field: Field, cells: Cells) -> Array:
    return padded(tokens_of(field, cells), int(field["options"].get("length", 0)), "int64")


def steps_of(field: Field, cells: Cells) -> list[Array]:
    """Return the steps of each sequence as they are."""
    nothing = np.zeros((0, *field["shape"][1:]), dtype=np.float32)
    return [nothing if cell is None else _array_of(cell, "sequence").astype(np.float32) for cell in cells]


def length_of(field: Field) -> int:
    """Return how many steps sequences are given; 0: as many as the longest has."""
    return int(field["options"].get("length", 0) or field["shape"][0])


def _sequence(field: Field, cells: Cells) -> Array:
    rows = [np.nan_to_num(scaled(each, field["state"])) for each in steps_of(field, cells)]
    return padded(rows, length_of(field), "float32", tuple(field["shape"][1:]))


def padded(rows: Sequence[Array], length: int, dtype: str, tail: tuple[int, ...] = (), fill: float = 0) -> Array:
    """Return rows (steps, …) as one block, cut or filled up; ``length`` 0: that of the longest."""
    length = length or max((len(each) for each in rows), default=0) or 1
    block = np.full((len(rows), length, *tail), fill, dtype=dtype)
    for row, each in enumerate(rows):
        block[row, : len(each)] = each[:length]
    return block


def _length_or_mask(field: Field, cells: Cells, part: str) -> Array:
    """Return how many steps each row has (``part`` "length"), or which steps have a value ("mask")."""
    if field["meaning"] == "text":
        rows, length = tokens_of(field, cells), int(field["options"].get("length", 0))
    else:
        rows, length = steps_of(field, cells), length_of(field)
    lengths = np.array([len(each) for each in rows], dtype=np.int64)
    capped = np.maximum(np.minimum(lengths, length) if length else lengths, 1)
    if part == "length":
        return capped
    steps = length or max(int(lengths.max(initial=0)), 1)
    mask: Array = np.arange(steps) < capped[:, None]
    return mask


def _array(field: Field, cells: Cells) -> Array:
    empty = np.full(field["shape"], np.nan, dtype=np.float32)
    rows = [empty if cell is None else _array_of(cell, "array").astype(np.float32) for cell in cells]
    for each in rows:
        if each.shape != tuple(field["shape"]):
            raise Unreadable(f"an array must have the shape {tuple(field['shape'])}; this has {each.shape}.")
    encoded = scaled(np.stack(rows), field["state"])
    filled = float(scaled(np.array([field["state"]["fill"]]), field["state"])[0])
    return np.nan_to_num(encoded, copy=False, nan=filled)


def _array_of(cell: object, what: str) -> Array:
    """Return a cell's numbers: an array or list as it is, or the ``.npy`` file that it names."""
    try:
        array = np.load(cell, allow_pickle=False) if isinstance(cell, str | Path) else np.asarray(cell)
    except (OSError, ValueError, EOFError) as error:
        raise Unreadable(f"{cell} is no {what} that can be read: {error}") from error
    if array.dtype.kind not in "fiub":
        raise Unreadable(f"a {what} holds numbers; this holds {array.dtype}.")
    return np.asarray(array)


# --- images -----------------------------------------------------------------------------------------------------------


def _image(field: Field, cells: Cells) -> Array:
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
    image = _array_of(cell, "image")
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


# --- all fields -------------------------------------------------------------------------------------------------------

ENCODERS: dict[str, Callable[[Field, Cells], Array]] = {
    "number": _number,
    "category": _category,
    "flag": _flag,
    "date": _date,
    "text": _text,
    "sequence": _sequence,
    "array": _array,
    "image": _image,
}


def unsupported(field: Field) -> str:
    """Return why a field cannot be prepared here; empty where it can."""
    if field["meaning"] == "text" and field["encoding"] == "bpe":
        return "byte pair encoding needs the package tokenizers"
    return "" if field["meaning"] in ENCODERS else f"{field['meaning']} fields need Layerwright's own preparation"


def is_gap(field: Field, cell: object) -> bool:
    """True where a field's value is missing."""
    meaning = field["meaning"]
    if meaning == "number":
        return math.isnan(number_of(cell))
    if meaning == "date":
        return math.isnan(_moment(cell))
    if meaning in ("category", "flag", "text"):
        return word_of(cell) is None
    if cell is None:
        return True
    if meaning == "sequence":
        return not len(_array_of(cell, meaning))
    return meaning == "array" and bool(np.isnan(_array_of(cell, meaning).astype(np.float64)).any())


def split_name(fields: dict[str, Field], name: str) -> tuple[str, str]:
    """Return the field and the part ("length", "mask" or "") that an input's name stands for."""
    if name in fields:
        return name, ""
    base, _dot, part = name.rpartition(".")
    return base, part


def transform(preprocessing: Field, columns: dict[str, Cells]) -> tuple[dict[str, Array], list[int], dict[int, str]]:
    """Return an array for every input, the rows that are in them, and why each other row is not.

    With windows, a row stands for the window that ends with it.
    """
    fields = {each["name"]: each for each in preprocessing["fields"]}
    needed = list(
        dict.fromkeys(split_name(fields, name)[0] for names in preprocessing["inputs"].values() for name in names)
    )
    absent = [name for name in needed if name not in columns]
    if absent:
        raise Unreadable(f"these columns are missing: {', '.join(absent)}; there are: {', '.join(columns)}.")
    count = len(columns[needed[0]]) if needed else 0
    problems: dict[int, str] = {}
    for row in range(count):
        empty = [name for name in needed if _drops(fields[name]) and is_gap(fields[name], columns[name][row])]
        if empty:
            problems[row] = f"{', '.join(empty)} is missing."
    window = preprocessing["window"]
    length, stride = int(window["length"] or 0), int(window["stride"])
    if not length:
        rows = [row for row in range(count) if row not in problems]
        return inputs_of(preprocessing, fields, columns, rows), rows, problems
    ends = [
        start + length - 1
        for start in range(0, count - length + 1, stride)
        if not any(row in problems for row in range(start, start + length))
    ]
    spans = np.array([range(end - length + 1, end + 1) for end in ends], dtype=np.int64).reshape(-1, length)
    different, places = np.unique(spans, return_inverse=True)
    flat = inputs_of(preprocessing, fields, columns, different.tolist())
    inputs = {node: block[places.reshape(spans.shape)] for node, block in flat.items()}
    left = {row: problems.get(row, "no whole window ends here.") for row in range(count) if row not in set(ends)}
    return inputs, ends, left


def _drops(field: Field) -> bool:
    return bool(field["missing"] == "drop row")


def inputs_of(
    preprocessing: Field, fields: dict[str, Field], columns: dict[str, Cells], rows: Sequence[int]
) -> dict[str, Array]:
    """Return an array for every input: its fields side by side, of these rows."""
    inputs = {}
    for node, names in preprocessing["inputs"].items():
        parts = []
        for name in names:
            base, part = split_name(fields, name)
            cells = [columns[base][row] for row in rows]
            parts.append(
                _length_or_mask(fields[base], cells, part)
                if part
                else ENCODERS[fields[base]["meaning"]](fields[base], cells)
            )
        inputs[node] = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    return inputs


def in_units(field: Field | None, values: Array) -> Array:
    """Return a number target's values in its own units, float64."""
    numbers = values.astype(np.float64)
    if field is None:
        return numbers
    state, log = field["state"], field["options"].get("log", "none")
    if field["encoding"] == "quantile":
        quantiles = np.array(state["quantiles"])
        numbers = np.interp(numbers, np.linspace(0, 1, len(quantiles)), quantiles)
    elif isinstance(state["offset"], list):
        offset, scale = (np.array(state[name], dtype=np.float32).reshape(1, -1, 1, 1) for name in ("offset", "scale"))
        return np.asarray(values.astype(np.float32) * scale + offset, dtype=np.float64)
    else:
        numbers = numbers * state["scale"] + state["offset"]
    if log == "log1p":
        numbers = np.expm1(numbers)
    elif log == "signed log":
        numbers = np.sign(numbers) * np.expm1(np.abs(numbers))
    return np.asarray(numbers)
