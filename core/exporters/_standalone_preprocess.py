"""Raw rows as the network's inputs, by what preprocessing.json says; needs numpy, PyTorch for images, Pillow for files.

Exported folders hold, as ``preprocess.py``, the part of it that their fields need.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.exporters._standalone_cells import (
    Array,
    Cells,
    Field,
    Unreadable,
    encode_category,
    encode_date,
    encode_flag,
    encode_number,
    lacks_all,
    lacks_date,
    lacks_number,
    lacks_word,
)
from core.exporters._standalone_images import encode_image
from core.exporters._standalone_series import (
    encode_array,
    encode_lengths,
    encode_mask,
    encode_sequence,
    encode_text,
    lacks_numbers,
    lacks_steps,
)

ENCODERS: dict[str, Callable[[Field, Cells], Array]] = {
    "number": encode_number,
    "category": encode_category,
    "flag": encode_flag,
    "date": encode_date,
    "text": encode_text,
    "sequence": encode_sequence,
    "array": encode_array,
    "image": encode_image,
    ".length": encode_lengths,
    ".mask": encode_mask,
}
"""How cells become numbers, by their field's meaning; ".length" and ".mask" say how long texts and sequences are."""
GAPS: dict[str, Callable[[Any], bool]] = {
    "number": lacks_number,
    "category": lacks_word,
    "flag": lacks_word,
    "date": lacks_date,
    "text": lacks_word,
    "sequence": lacks_steps,
    "array": lacks_numbers,
    "image": lacks_all,
}
"""Whether a cell has no value, by its field's meaning."""


def unsupported(field: Field) -> str:
    """Return why a field cannot be prepared here; empty where it can."""
    return "" if field["meaning"] in ENCODERS else f"{field['meaning']} fields need Layerwright's own preparation"


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
    counts = {name: len(columns[name]) for name in needed}
    if len(set(counts.values())) > 1:
        raise Unreadable(f"columns must be of one length; these have {counts}.")
    count = len(columns[needed[0]]) if needed else 0
    problems: dict[int, str] = {}
    for row in range(count):
        empty = [name for name in needed if _is_gap(fields[name], columns[name][row])]
        if empty:
            problems[row] = f"{', '.join(empty)} is missing."
    window = preprocessing["window"]
    length, stride = int(window["length"] or 0), int(window["stride"])
    if not length:
        rows = [row for row in range(count) if row not in problems]
        return inputs_of(preprocessing, fields, columns, rows) if rows else {}, rows, problems
    ends = [
        start + length - 1
        for start in range(0, count - length + 1, stride)
        if not any(row in problems for row in range(start, start + length))
    ]
    without = sorted(set(range(count)) - set(ends))
    left = {row: problems.get(row, "no whole window ends here.") for row in without}
    if not ends:
        return {}, ends, left
    spans = np.array([range(end - length + 1, end + 1) for end in ends], dtype=np.int64)
    different, places = np.unique(spans, return_inverse=True)
    flat = inputs_of(preprocessing, fields, columns, different.tolist())
    inputs = {node: block[places.reshape(spans.shape)] for node, block in flat.items()}
    return inputs, ends, left


def _is_gap(field: Field, cell: Any) -> bool:
    """Return whether a row without this cell's value is left out, and it has none."""
    return bool(field["missing"] == "drop row") and GAPS[field["meaning"]](cell)


def inputs_of(
    preprocessing: Field, fields: dict[str, Field], columns: dict[str, Cells], rows: Sequence[int]
) -> dict[str, Array]:
    """Return an array for every input: its fields side by side, of these rows."""
    inputs = {}
    for node, names in preprocessing["inputs"].items():
        parts = []
        for name in names:
            base, part = split_name(fields, name)
            encode = ENCODERS[f".{part}" if part else fields[base]["meaning"]]
            parts.append(encode(fields[base], [columns[base][row] for row in rows]))
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
