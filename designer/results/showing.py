"""What enters a network of one sample, brought into a form that can be painted: pictures, curves, texts, cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.data.fitted import FittedField
from core.data.preprocessing import Preprocessing
from core.data.source import Array, Lazy
from core.data.values import as_numbers, indices_of, number_text
from core.errors import DataError
from core.graph.meanings.audio import MEL
from core.training.results.given import column_of

Form = Literal["picture", "curve", "text", "cells", "series", "nothing"]
Pixels = NDArray[np.uint8]
Columns = Mapping[str, Sequence[Any] | Array]
_GREY, _COLOUR = 1, 3
_MOST_TEXT = 2000


@dataclass(frozen=True, eq=False)
class Shown:
    """What enters at an Input, of one sample. ``content`` is by ``form``

    - picture: uint8 ``(height, width)`` or ``(height, width, 3)``, as the network sees it
    - curve: float64 ``(points,)``
    - text: str
    - cells: a tuple of (column, text)
    - series: float64 ``(steps, columns)``, of a window over rows; ``columns`` names them
    - nothing: str, why there is nothing to be seen
    """

    input: str
    form: Form
    content: Any
    columns: tuple[str, ...] = ()


def shown_of(preprocessing: Preprocessing, columns: Columns) -> tuple[Shown, ...]:
    """Return what enters at each Input of the sample that the given rows make (with windows several, else one)."""
    found = []
    for name, entries in preprocessing.inputs.items():
        fields = dict.fromkeys(entry.field.name for entry in map(preprocessing.entry, entries) if not entry.part)
        fitted = [preprocessing.fields[each] for each in fields]
        if fitted:
            found.append(_shown(name, fitted, columns, windows=bool(preprocessing.window.length)))
    return tuple(found)


def _shown(name: str, fitted: list[FittedField], columns: Columns, *, windows: bool) -> Shown:
    try:
        if windows:
            return _series(name, fitted, columns)
        if len(fitted) == 1 and fitted[0].field.meaning in _FORMS:
            form, content = one(fitted[0], columns[fitted[0].name])
            return Shown(name, form, content)
        return Shown(name, "cells", tuple((each.name, cell_text(columns[each.name][0])) for each in fitted))
    except DataError as error:
        return Shown(name, "nothing", error.message)


def _series(name: str, fitted: list[FittedField], columns: Columns) -> Shown:
    lines = []
    for each in fitted:
        values = np.asarray(columns[each.name])
        if each.field.meaning == "number":
            lines.append(as_numbers(values))
        else:
            lines.append(indices_of(values, each.field.categories).astype(np.float64))
    return Shown(name, "series", np.stack(lines, axis=1), tuple(each.name for each in fitted))


def one(fitted: FittedField, values: Sequence[Any] | Array) -> tuple[Form, Any]:
    """Return the first of some raw values of a field that is not a cell, as the network sees it."""
    raw, problems = column_of(fitted, values[:1])
    if problems:
        raise DataError(next(iter(problems.values())))
    return _FORMS[fitted.field.meaning](fitted, raw)


def _image(fitted: FittedField, raw: Array) -> tuple[Form, Any]:
    pixels = np.asarray(fitted.decode(fitted.encode(raw)))[0]
    return "picture", as_bytes(pixels)


def as_bytes(pixels: Array) -> Pixels:
    """Return an image (channels, height, width) of 0..1 as bytes that can be painted."""
    whole = np.clip(np.rint(np.nan_to_num(pixels.astype(np.float64)) * 255), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(whole[0] if len(whole) < _COLOUR else np.moveaxis(whole[:_COLOUR], 0, -1))


def scaled_bytes(values: Array) -> Pixels:
    """Return numbers (height, width) as bytes, the least black and the largest white."""
    numbers = np.nan_to_num(values.astype(np.float64))
    low, high = float(numbers.min()), float(numbers.max())
    return np.ascontiguousarray(((numbers - low) / ((high - low) or 1.0) * 255).astype(np.uint8))


def _mask(_fitted: FittedField, raw: Array) -> tuple[Form, Any]:
    return "picture", scaled_bytes(np.asarray(raw[0]))


def _audio(fitted: FittedField, raw: Array) -> tuple[Form, Any]:
    encoded = np.asarray(fitted.encode(raw))[0]
    if fitted.field.encoding == MEL:
        return "picture", scaled_bytes(encoded)[::-1]
    return "curve", np.asarray(fitted.decode(encoded[None]), dtype=np.float64)[0].mean(axis=0)


def _array(_fitted: FittedField, raw: Array) -> tuple[Form, Any]:
    values = np.asarray(raw[0], dtype=np.float64)
    planes = values[0] if values.ndim == 3 and values.shape[0] == _GREY else values
    if planes.ndim == 2 and min(planes.shape) > 1:
        return "picture", scaled_bytes(planes)
    return "curve", values.reshape(-1)


def _sequence(_fitted: FittedField, raw: Array) -> tuple[Form, Any]:
    if raw[0] is None:
        return "nothing", ""
    values = np.asarray(raw[0], dtype=np.float64)
    if values.ndim == 1:
        return "curve", values
    return "picture", scaled_bytes(values.T)


def _text(_fitted: FittedField, raw: Array) -> tuple[Form, Any]:
    return "text", str(raw[0] or "")[:_MOST_TEXT]


_FORMS = {
    "image": _image,
    "mask": _mask,
    "audio": _audio,
    "array": _array,
    "sequence": _sequence,
    "text": _text,
}


def is_table(preprocessing: Preprocessing) -> bool:
    """Return True where all that enters the network are cells of a table."""
    return all(preprocessing.fields[name].field.meaning not in _FORMS for name in preprocessing.needed)


def cell_text(value: Any) -> str:
    """Return a table's cell as people read it; what is missing as a dash."""
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return "–"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | float | np.number):
        return number_text(float(f"{float(value):.6g}"))
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "–"
    return str(value)


def answer_text(value: Any) -> str:
    """Return what is true or was predicted, in a few words; of arrays their size."""
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return cell_text(value.reshape(-1)[0].item())
        if value.size <= 4 and value.dtype.kind == "f":
            return ", ".join(cell_text(each) for each in value.reshape(-1).tolist())
        return " × ".join(map(str, value.shape))
    return cell_text(value)


def taken(values: Array | Lazy, rows: NDArray[np.int64]) -> Array:
    """Return a column's values of some rows; raise DataError where one cannot be read."""
    return values.take(rows) if isinstance(values, Lazy) else values[rows]
