"""What the designer shows of a data set: cells before and after preparation, images, counts and distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.arrange import Arranged, arrange
from core.data.reading import read
from core.data.source import Array, RawData
from core.data.splits import PARTS, PartName
from core.data.values import as_numbers, as_words, indices_of, missing, number_text
from core.errors import DataError
from core.graph.project import DataBinding, Field

_BINS = 20


@dataclass(frozen=True)
class Histogram:
    """How numbers are distributed: one more edge than there are counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ColumnPreview:
    """One column: its first cells as read and as the network gets them, and facts over all rows.

    ``prepared`` is empty for a column that is ignored. ``histogram`` is there for numbers, ``counts`` (value and how
    often) for categories and flags.
    """

    field: Field
    cells: tuple[str, ...]
    prepared: tuple[str, ...]
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    histogram: Histogram | None = None
    counts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, eq=False)
class ImagePreview:
    """The first images of a field: uint8 ``(images, height, width)``, or with a last axis of 3 for colour.

    ``prepared`` are the images after preparation, brought back to 0..255.
    """

    name: str
    images: NDArray[np.uint8]
    prepared: NDArray[np.uint8]
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Preview:
    """A data set at a glance. ``problem`` says why the rows cannot be divided and prepared, if they cannot."""

    rows: int
    columns: tuple[ColumnPreview, ...]
    images: tuple[ImagePreview, ...]
    split_counts: Mapping[PartName, int]
    class_counts: Mapping[PartName, Mapping[str, int]]
    dropped: int
    notes: tuple[str, ...]
    problem: str = ""


def preview(binding: DataBinding, base: Path | None = None, rows: int = 100) -> Preview:
    """Look at a binding's data: its first rows, and facts over all of them.

    Raises:
        DataError: the data cannot be read. (Fields that do not fit it are told in ``problem``.)
    """
    raw = read(binding.source, binding.options, base)
    arranged, problem = _arranged(raw, binding)
    shown = [field for field in binding.fields if field.name in raw.columns]
    targets = [field for field in shown if field.role == "target"]
    return Preview(
        rows=raw.rows,
        columns=tuple(_column(raw, field, arranged, rows) for field in shown),
        images=tuple(_images(raw, field, arranged, targets, rows) for field in shown if _is_image(raw, field)),
        split_counts={name: len(arranged.division.part(name)) for name in PARTS} if arranged else {},
        class_counts=_class_counts(raw, arranged, targets) if arranged else {},
        dropped=len(arranged.dropped) if arranged else 0,
        notes=(*raw.notes, *(arranged.notes if arranged else ())),
        problem=problem,
    )


def _arranged(raw: RawData, binding: DataBinding) -> tuple[Arranged | None, str]:
    inputs = {field.name: (field.name,) for field in binding.with_role("input")}
    targets = {field.name: field.name for field in binding.with_role("target")}
    if not inputs and not targets:
        return None, "No column is an input or the target."
    try:
        return arrange(raw, binding, inputs, targets), ""
    except DataError as error:
        return None, str(error)


def _is_image(raw: RawData, field: Field) -> bool:
    return raw.columns[field.name].values.ndim > 1


def _column(raw: RawData, field: Field, arranged: Arranged | None, rows: int) -> ColumnPreview:
    values = raw.columns[field.name].values
    prepared = _prepared_cells(values[:rows], field, arranged)
    if values.ndim > 1:
        size = " by ".join(map(str, values.shape[1:]))
        return ColumnPreview(field, (size,) * len(values[:rows]), prepared, 0, len(values))
    cells = tuple(word or "" for word in as_words(values[:rows]).tolist())
    if field.meaning == "number":
        return _number_column(field, values, cells, prepared)
    gaps = missing(values)
    distinct = len(set(values[~gaps].tolist()))
    indices = indices_of(values, field.categories) if field.categories else np.zeros(0, dtype=np.int64)
    counts = np.bincount(indices[indices >= 0], minlength=len(field.categories)).tolist()
    listed = tuple(zip(field.categories, counts, strict=True))
    return ColumnPreview(field, cells, prepared, int(gaps.sum()), distinct, counts=listed)


def _number_column(field: Field, values: Array, cells: tuple[str, ...], prepared: tuple[str, ...]) -> ColumnPreview:
    numbers = as_numbers(values)
    present = numbers[~np.isnan(numbers)]
    if not len(present):
        return ColumnPreview(field, cells, prepared, len(values), 0)
    counts, edges = np.histogram(present, bins=_BINS)
    return ColumnPreview(
        field,
        cells,
        prepared,
        missing=len(values) - len(present),
        distinct=len(np.unique(present)),
        minimum=float(present.min()),
        maximum=float(present.max()),
        mean=float(present.mean()),
        histogram=Histogram(tuple(edges.tolist()), tuple(counts.tolist())),
    )


def _prepared_cells(values: Array, field: Field, arranged: Arranged | None) -> tuple[str, ...]:
    """Write what the network gets: a number, the index of a class, zeros and a one."""
    if arranged is None or field.name not in arranged.preprocessing.fields or values.ndim > 1:
        return ()
    fitted = arranged.preprocessing.fields[field.name]
    encoded = fitted.encode_target(values) if field.role == "target" else fitted.encode(values)
    dropped = set(arranged.dropped.tolist())
    return tuple(
        "left out" if row in dropped else " ".join(number_text(round(number, 3)) for number in numbers)
        for row, numbers in enumerate(encoded.reshape(len(values), -1).astype(np.float64).tolist())
    )


def _images(raw: RawData, field: Field, arranged: Arranged | None, targets: list[Field], rows: int) -> ImagePreview:
    values = raw.columns[field.name].values[:rows]
    after = values
    if arranged is not None and field.name in arranged.preprocessing.fields:
        fitted = arranged.preprocessing.fields[field.name]
        after = fitted.decode(fitted.encode(values))
    labels: tuple[str, ...] = ()
    if targets and targets[0].meaning != "image":
        labels = tuple(word or "" for word in as_words(raw.columns[targets[0].name].values[:rows]).tolist())
    return ImagePreview(field.name, _to_pixels(values), _to_pixels(after), labels)


def _to_pixels(images: Array) -> NDArray[np.uint8]:
    """Turn (images, channels, height, width) in 0..1 into bytes, channels last; one channel has no axis."""
    pixels = np.clip(np.rint(images * 255), 0, 255).astype(np.uint8)
    return pixels[:, 0] if pixels.shape[1] == 1 else np.moveaxis(pixels[:, :3], 1, -1)


def _class_counts(raw: RawData, arranged: Arranged, targets: list[Field]) -> dict[PartName, Mapping[str, int]]:
    """Count the classes of the first target that has some, in every part."""
    target = next((field for field in targets if field.meaning in ("category", "flag")), None)
    if target is None:
        return {}
    indices = indices_of(raw.columns[target.name].values, target.categories)
    result: dict[PartName, Mapping[str, int]] = {}
    for name in PARTS:
        counts = np.bincount(indices[arranged.division.part(name)], minlength=len(target.categories))
        result[name] = dict(zip(target.categories, counts.tolist(), strict=True))
    return result
