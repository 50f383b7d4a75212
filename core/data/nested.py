"""Cells that hold lists: of numbers (an array where all are of one shape, else a sequence) or of words (labels)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core import units
from core.data.source import Array, Column
from core.data.values import category_order

if TYPE_CHECKING:
    import polars as pl

_MOST_LABELS = 1000


def list_column(cells: pl.Series) -> Column:
    """Return a column of lists by what is in them; lists in lists of anything but numbers are left out.

    Lists of numbers become float32; a missing number in one becomes NaN, a missing list a sequence without steps.
    """
    import polars as pl

    if "Array" in str(cells.dtype):
        cells = pl.Series(cells.name, cells.to_list())
    inner: Any = cells.dtype
    depth = 0
    while isinstance(inner, pl.List | pl.Array):
        inner, depth = inner.inner, depth + 1
    if inner.is_numeric() or inner == pl.Boolean:
        return _numbers(cells, depth)
    if depth == 1 and inner in (pl.String, pl.Categorical, pl.Enum):
        return _labels(cells)
    reason = f"lists of {str(inner).split('(')[0].lower()} are not read"
    return Column(np.full(len(cells), None, dtype=object), "text", reason=reason, role="ignore")


def _numbers(cells: pl.Series, depth: int) -> Column:
    shape = _shape(cells, depth)
    if shape is not None:
        flat: Any = cells
        for _ in range(depth):
            flat = flat.explode()
        values = flat.to_numpy().astype(np.float32).reshape(len(cells), *shape)
        return Column(values, "array", reason=f"lists of numbers, all of the shape {shape}")
    rows = _rows(cells, depth)
    widths = {row.shape[1:] for row in rows if len(row)}
    if depth > 2 or len(widths) > 1:
        reason = "lists of numbers of different shapes: only the first size may differ from row to row"
        return Column(np.full(len(cells), None, dtype=object), "text", reason=reason, role="ignore")
    values = np.empty(len(rows), dtype=object)
    for index, row in enumerate(rows):
        values[index] = row if len(row) or not widths else np.zeros((0, *next(iter(widths))), dtype=np.float32)
    lengths = [len(row) for row in rows]
    reason = f"lists of {min(lengths):,} to {max(lengths):,} numbers"
    if depth == 2:
        reason = f"lists of {min(lengths):,} to {max(lengths):,} steps"
    sample = (0, *(next(iter(widths)) if widths else ()))
    return Column(values, "sequence", reason=reason, sample=sample)


def _shape(cells: pl.Series, depth: int) -> tuple[int, ...] | None:
    """Return the shape that all lists share, or None where they differ, or some are missing or empty."""
    shape: list[int] = []
    level = cells
    for _ in range(depth):
        sizes = level.list.len()
        if level.null_count() or sizes.n_unique() != 1 or not sizes[0]:
            return None
        shape.append(int(sizes[0]))
        level = level.explode()
    return tuple(shape)


def _rows(cells: pl.Series, depth: int) -> list[Array]:
    """Return an array a cell; one whose inner lists differ in size gets a shape that no other has."""
    rows: list[Array] = []
    for cell in cells.to_list():
        if depth == 1 or not cell:
            rows.append(np.array(cell or [], dtype=np.float32))
            continue
        sizes = {len(each or ()) for each in cell}
        rows.append(
            np.array(cell, dtype=np.float32) if len(sizes) == 1 else np.zeros((1, max(sizes) + 1, 0), np.float32)
        )
    return rows


def _labels(cells: pl.Series) -> Column:
    known: dict[str, str] = {}
    values = np.empty(len(cells), dtype=object)
    for index, cell in enumerate(cells.to_list()):
        if cell is not None:
            values[index] = tuple(dict.fromkeys(known.setdefault(word, word) for word in cell if word))
    missing = f"; {cells.null_count():,} missing" if cells.null_count() else ""
    reason = f"lists of words: {units.plural(len(known), 'different label')}{missing}"
    if not 0 < len(known) <= _MOST_LABELS:
        return Column(values, "labels", reason=f"{reason}; left out because there are so many", role="ignore")
    return Column(values, "labels", category_order(known), reason)
