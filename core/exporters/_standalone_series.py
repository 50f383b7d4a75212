"""Texts, sequences and arrays as numbers; part of what exported folders hold as ``preprocess.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.data.values import number_text, word_of
from core.exporters._standalone_cells import Array, Cells, Field, Unreadable, scaled

_WORDS = re.compile(r"\w+|[^\w\s]")


def tokens_of(field: Field, cells: Cells) -> list[Array]:
    """Return the indices of each text's tokens: 0 is padding, 1 what was not seen in training."""
    options, encoding = field["options"], field["encoding"]
    marks = bool(options.get("marks", False))
    first = 4 if marks else 2
    places = {token: index for index, token in enumerate(field["state"].get("tokens", ()), first)}
    pieces = _pieces(field) if encoding == "bpe" else None
    rows = []
    for cell in cells:
        text = "" if word_of(cell) is None else (number_text(cell) if isinstance(cell, float) else str(cell))
        if encoding == "byte":
            row = [first + byte for byte in text.encode()]
        else:
            text = text.lower() if options.get("lower", True) else text
            if pieces is not None:
                row = pieces(text)
            else:
                row = [places.get(token, 1) for token in (_WORDS.findall(text) if encoding == "word" else text)]
        if marks:
            length = int(options.get("length", 0))
            row = [2, *(row[: max(length - 2, 0)] if length else row), 3]
        rows.append(np.array(row, dtype=np.int64))
    return rows


def _pieces(field: Field) -> Callable[[str], list[int]]:
    """Return what cuts a text into pieces that often stand together (byte pair encoding), as learnt in training."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(field["state"]["tokenizer"])
    most = int(field["options"].get("vocabulary", 5000))

    def cut(text: str) -> list[int]:
        found = tokenizer.encode(text, add_special_tokens=False).ids
        return [index if index < most else 1 for index in found]

    return cut


def encode_text(field: Field, cells: Cells) -> Array:
    """Return the tokens of each row: (rows, tokens)."""
    return padded(tokens_of(field, cells), int(field["options"].get("length", 0)), "int64")


def steps_of(field: Field, cells: Cells) -> list[Array]:
    """Return the steps of each sequence as they are."""
    nothing = np.zeros((0, *field["shape"][1:]), dtype=np.float32)
    return [nothing if cell is None else array_of(cell, "sequence").astype(np.float32) for cell in cells]


def length_of(field: Field) -> int:
    """Return how many steps sequences are given; 0: as many as the longest has."""
    return int(field["options"].get("length", 0) or field["shape"][0])


def encode_sequence(field: Field, cells: Cells) -> Array:
    """Return the steps of each row, scaled: (rows, steps, …)."""
    rows = [np.nan_to_num(scaled(each, field["state"])) for each in steps_of(field, cells)]
    return padded(rows, length_of(field), "float32", tuple(field["shape"][1:]))


def padded(rows: Sequence[Array], length: int, dtype: str, tail: tuple[int, ...] = (), fill: float = 0) -> Array:
    """Return rows (steps, …) as one block, cut or filled up; ``length`` 0: that of the longest."""
    length = length or max((len(each) for each in rows), default=0) or 1
    block = np.full((len(rows), length, *tail), fill, dtype=dtype)
    for row, each in enumerate(rows):
        block[row, : len(each)] = each[:length]
    return block


def _lengths(field: Field, cells: Cells) -> tuple[Array, int]:
    """Return how many steps each row has, at least 1, and how many the block of all of them has."""
    if field["meaning"] == "text":
        rows, length = tokens_of(field, cells), int(field["options"].get("length", 0))
    else:
        rows, length = steps_of(field, cells), length_of(field)
    lengths = np.array([len(each) for each in rows], dtype=np.int64)
    capped = np.maximum(np.minimum(lengths, length) if length else lengths, 1)
    return capped, length or max(int(lengths.max(initial=0)), 1)


def encode_lengths(field: Field, cells: Cells) -> Array:
    """Return how many steps each row has."""
    return _lengths(field, cells)[0]


def encode_mask(field: Field, cells: Cells) -> Array:
    """Return which steps of each row have a value."""
    lengths, steps = _lengths(field, cells)
    mask: Array = np.arange(steps) < lengths[:, None]
    return mask


def encode_array(field: Field, cells: Cells) -> Array:
    """Return arrays of one shape, scaled; gaps are filled."""
    empty = np.full(field["shape"], np.nan, dtype=np.float32)
    rows = [empty if cell is None else array_of(cell, "array").astype(np.float32) for cell in cells]
    for each in rows:
        if each.shape != tuple(field["shape"]):
            raise Unreadable(f"an array must have the shape {tuple(field['shape'])}; this has {each.shape}.")
    encoded = scaled(np.stack(rows), field["state"])
    filled = float(scaled(np.array([field["state"]["fill"]]), field["state"])[0])
    return np.nan_to_num(encoded, copy=False, nan=filled)


def lacks_steps(cell: object) -> bool:
    """Return whether a sequence is missing or empty."""
    return cell is None or not len(array_of(cell, "sequence"))


def lacks_numbers(cell: object) -> bool:
    """Return whether an array, or a number of it, is missing."""
    return cell is None or bool(np.isnan(array_of(cell, "array").astype(np.float64)).any())


def array_of(cell: object, what: str) -> Array:
    """Return a cell's numbers: an array or list as it is, or the ``.npy`` file that it names."""
    try:
        array = np.load(cell, allow_pickle=False) if isinstance(cell, str | Path) else np.asarray(cell)
    except (OSError, ValueError, EOFError) as error:
        raise Unreadable(f"{cell} is no {what} that can be read: {error}") from error
    if array.dtype.kind not in "fiub":
        raise Unreadable(f"a {what} holds numbers; this holds {array.dtype}.")
    return np.asarray(array)
