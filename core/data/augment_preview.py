"""A few samples before and after augmentation, decoded, so that the user sees what the network will see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.data.augmenting import make_augmenter
from core.data.fitted import FittedField, fit, gaps
from core.data.preprocessing import Preprocessing
from core.data.reading import read
from core.data.source import Array, Column, Lazy
from core.data.values import number_text
from core.errors import DataError, ModelError
from core.graph.meanings import meanings
from core.graph.meanings.audio import MEL
from core.graph.project import DataBinding, Field, Project, TrainingSettings
from core.loading import load

_FITTED_HELD, _FITTED_LAZY = 5000, 32
"""Rows from which scaling is learnt here; training learns it from all training rows."""
_INPUT = "input"
Form = Literal["picture", "curve", "text"]


@dataclass(frozen=True, eq=False)
class BeforeAfter:
    """The same samples before and after.

    A "picture" is uint8 ``(height, width)`` or ``(height, width, 3)``, a "curve" float64 ``(points,)``, else a text.
    """

    form: Form
    before: tuple[Array | str, ...]
    after: tuple[Array | str, ...]


def before_and_after(
    binding: DataBinding, name: str, seed: int, draw: int, base: Path | None = None, count: int = 4
) -> BeforeAfter:
    """Prepare and augment a few samples of a field, and bring both back to its own terms.

    Args:
        binding: the data, with the field's augmentations.
        name: the field.
        seed: that of the training.
        draw: which draw: the augmentation of that epoch, from 0.
        base: the folder that relative paths start from.
        count: how many samples.

    Raises:
        DataError: the data cannot be read, or the field does not fit it.
    """
    raw = read(binding.source, binding.options, base)
    field = binding.field(name)
    if field is None or name not in raw.columns:
        raise DataError(f"There is no field '{name}' in the data any more. Read the data again.")
    torch = load("torch")
    column = raw.columns[name]
    try:
        fitted = _fitted(field, column, raw.rows)
        rows = _rows(field, column, raw.rows, count)
        preprocessing = Preprocessing({name: fitted}, {_INPUT: (name,)}, {})
        before = preprocessing.encode_inputs({name: column.values}, rows)[_INPUT]
    except ModelError as error:
        raise DataError(error.message) from error
    project = Project(data=binding, training=TrainingSettings(seed=seed))
    augmenter = make_augmenter(project, preprocessing, [_INPUT])
    after = augmenter([before.clone()], [], torch.arange(len(rows)), draw).inputs[0]
    limits: list[float] = [float(before.min()), float(before.max())] if before.numel() else [0.0, 1.0]
    form, shown = _shown(fitted, before.numpy(), limits)
    return BeforeAfter(form, shown, _shown(fitted, after.numpy(), limits)[1])


def _fitted(field: Field, column: Column, rows: int) -> FittedField:
    most = _FITTED_LAZY if isinstance(column.values, Lazy) else _FITTED_HELD
    chosen = np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))
    meanings[field.meaning].as_input(field)
    return fit(field, column.take(chosen), column.rate)


def _rows(field: Field, column: Column, rows: int, count: int) -> NDArray[np.int64]:
    """Return rows that have a value, spread over the data."""
    there = np.arange(rows)
    if not isinstance(column.values, Lazy):
        there = there[~gaps(field, column.values)]
    if not len(there):
        raise DataError(f"'{field.name}' has no value in any row: there is nothing to show.")
    places = np.unique(np.linspace(0, len(there) - 1, min(count, len(there))).astype(np.int64))
    found: NDArray[np.int64] = there[places]
    return found


def _shown(fitted: FittedField, encoded: Array, limits: list[float]) -> tuple[Form, tuple[Array | str, ...]]:
    field = fitted.field
    if field.meaning == "audio" and field.encoding == MEL:
        low, high = limits
        scaled = np.clip((encoded - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
        return "picture", tuple(each[::-1] for each in scaled)
    decoded = fitted.decode(encoded)
    if field.meaning == "image":
        pixels = np.clip(np.rint(decoded * 255), 0, 255).astype(np.uint8)
        return "picture", tuple(each[0] if len(each) < 3 else np.moveaxis(each[:3], 0, -1) for each in pixels)
    if field.meaning == "audio":
        return "curve", tuple(each.mean(axis=0) for each in decoded.astype(np.float64))
    if field.meaning == "sequence":
        points = decoded.astype(np.float64)
        return "curve", tuple(each if each.ndim == 1 else each[:, 0] for each in points)
    if field.meaning == "array":
        return "curve", tuple(each.reshape(-1) for each in decoded.astype(np.float64))
    if field.meaning == "number":
        numbers = np.asarray(decoded, dtype=np.float64).reshape(len(encoded), -1)[:, 0]
        return "text", tuple(number_text(float(f"{number:.4g}")) for number in numbers)
    return "text", tuple(str(each) for each in decoded)
