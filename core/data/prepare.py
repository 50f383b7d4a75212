"""Turns raw columns into numbers: what is needed for that is fitted on training rows only and travels as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.data.source import Array
from core.data.values import as_array, as_numbers, indices_of
from core.errors import DataError, did_you_mean
from core.graph.project import Encoding, Field, Meaning, Missing
from core.kinds import Value

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FittedField:
    """A field with what was learned from its training rows.

    A number x becomes (x - ``offset``) / ``scale``. ``fill`` stands in for a missing value: a number in original
    units, or the index of the most frequent category. A word that is not among ``categories`` becomes all zeros when
    one-hot, and ``fill`` when encoded by index or as a flag.
    """

    name: str
    meaning: Meaning
    encoding: Encoding = "none"
    missing: Missing = "mean"
    shape: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    fill: float = 0.0
    offset: float = 0.0
    scale: float = 1.0

    @property
    def indexed(self) -> bool:
        """True where an input of this field is a category's index instead of numbers."""
        return self.meaning == "category" and self.encoding == "index"

    def gaps(self, values: Array) -> NDArray[np.bool_]:
        """Return a mask of the cells with no usable value."""
        if self.meaning == "number":
            return np.isnan(as_numbers(values))
        if self.meaning == "image":
            return np.zeros(len(values), dtype=np.bool_)
        unfilled: NDArray[np.bool_] = indices_of(values, self.categories) == -1
        return unfilled

    def encode(self, values: Array) -> Array:
        """Return the cells as an input.

        float32 ``(rows, 1)`` for a number or flag, ``(rows, categories)`` for a one-hot category, ``(rows, *shape)``
        for images; int64 ``(rows, 1)`` for a category by index.
        """
        if self.meaning == "image":
            return self._scaled(values)
        if self.meaning == "number":
            numbers = as_numbers(values)
            numbers[np.isnan(numbers)] = self.fill
            return self._scaled(numbers)[:, None]
        indices = indices_of(values, self.categories)
        indices[indices == -1] = int(self.fill)
        if self.meaning == "flag" or self.indexed:
            indices[indices == -2] = int(self.fill)
            return indices[:, None].astype(np.float32 if self.meaning == "flag" else np.int64)
        one_hot: Array = (indices[:, None] == np.arange(len(self.categories))).astype(np.float32)
        return one_hot

    def encode_target(self, values: Array) -> Array:
        """Return the cells as a target: int64 ``(rows,)`` class indices, else float32 ``(rows, 1)`` or images."""
        if self.meaning not in ("category", "flag"):
            return self.encode(values)
        indices = indices_of(values, self.categories)
        indices[indices < 0] = int(self.fill)
        return indices

    def _scaled(self, numbers: Array) -> Array:
        if self.offset == 0 and self.scale == 1:
            return numbers.astype(np.float32)
        return ((numbers.astype(np.float64) - self.offset) / self.scale).astype(np.float32)

    def decode(self, encoded: Array) -> Array:
        """Return original values: numbers in original units of any shape, or words for class indices."""
        if self.meaning in ("category", "flag"):
            return np.array(self.categories, dtype=object)[encoded.astype(np.int64)]
        result: Array = encoded.astype(np.float64) * self.scale + self.offset
        return result


def fit(field: Field, values: Array) -> FittedField:
    """Learn what a field's encoding needs from the cells of its training rows.

    Statistics are taken over the cells that are there; a constant column keeps the scale 1.

    Raises:
        DataError: no training row has a value.
    """
    fitted = FittedField(field.name, field.meaning, field.encoding, field.missing, field.shape, field.categories)
    if field.meaning in ("category", "flag"):
        indices = indices_of(values, field.categories)
        indices = indices[indices >= 0]
        if not len(indices):
            raise DataError(f"'{field.name}' has no value of its {len(field.categories)} categories in training rows.")
        return replace(fitted, fill=float(np.bincount(indices).argmax()))
    numbers = values.astype(np.float64).ravel() if field.meaning == "image" else as_numbers(values)
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        raise DataError(f"'{field.name}' has no number in the training rows.")
    fill = 0.0 if field.meaning == "image" else _fill(field.missing, numbers)
    offset, scale = _scaling(field.encoding, numbers)
    return replace(fitted, fill=fill, offset=offset, scale=scale)


def _fill(method: Missing, numbers: Array) -> float:
    if method == "median":
        return float(np.median(numbers))
    if method == "most frequent":
        different, counts = np.unique(numbers, return_counts=True)
        return float(different[counts.argmax()])
    return float(numbers.mean())


def _scaling(encoding: Encoding, numbers: Array) -> tuple[float, float]:
    """Return offset and scale; the standard deviation is that of the whole population (divided by n)."""
    if encoding == "standardise":
        offset, scale = float(numbers.mean()), float(numbers.std())
    elif encoding == "min-max":
        offset, scale = float(numbers.min()), float(numbers.max() - numbers.min())
    else:
        return 0.0, 1.0
    constant = scale <= 1e-12 * max(abs(offset), 1e-300)
    return offset, 1.0 if constant else scale


@dataclass(frozen=True, eq=False)
class Transformed:
    """Raw rows ready for the network: a tensor per Input node, and which of the given rows are in it."""

    inputs: Mapping[str, Tensor]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Preprocessing:
    """All fitted fields, and which of them feed which Input node and which Output node's target."""

    fields: Mapping[str, FittedField]
    inputs: Mapping[str, tuple[str, ...]]
    targets: Mapping[str, str]

    def transform(self, columns: Mapping[str, Sequence[Any] | Array]) -> Transformed:
        """Prepare new raw rows for prediction; rows with a gap in a field whose gaps are dropped are left out.

        Args:
            columns: cells by column name, of equal length; None, NaN or an empty text is missing. Columns that no
                input needs, such as the target, may be there or not.

        Raises:
            DataError: columns that the inputs need are not there or differ in length.
        """
        needed = tuple(dict.fromkeys(name for names in self.inputs.values() for name in names))
        absent = [name for name in needed if name not in columns]
        problems = [f"The column '{name}' is missing.{did_you_mean(name, columns)}" for name in absent]
        lengths = {len(columns[name]) for name in needed if name in columns}
        if len(lengths) > 1:
            problems.append(f"The columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
        if problems:
            raise DataError("The rows do not have what the inputs need.", problems=problems)
        arrays = {name: as_array(columns[name]) for name in needed}
        keep = np.ones(lengths.pop() if lengths else 0, dtype=np.bool_)
        for name in needed:
            if self.fields[name].missing == "drop row":
                keep &= ~self.fields[name].gaps(arrays[name])
        rows = np.flatnonzero(keep)
        return Transformed(self.encode_inputs(arrays, rows), rows)

    def encode_inputs(self, columns: Mapping[str, Array], rows: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return the tensor of every Input node: its fields side by side, in their order."""
        import torch

        tensors = {}
        for node, names in self.inputs.items():
            parts = [self.fields[name].encode(columns[name][rows]) for name in names]
            joined = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
            tensors[node] = torch.from_numpy(np.ascontiguousarray(joined))
        return tensors

    def encode_targets(self, columns: Mapping[str, Array], rows: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return the target tensor of every Output node: int64 ``(rows,)``, float32 ``(rows, 1)``, or images."""
        import torch

        return {
            node: torch.from_numpy(np.ascontiguousarray(self.fields[name].encode_target(columns[name][rows])))
            for node, name in self.targets.items()
        }

    def to_json(self) -> dict[str, Value]:
        """Return all of it as plain containers that JSON can hold."""
        return {
            "format": 1,
            "fields": [
                {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(field).items()}
                for field in self.fields.values()
            ],
            "inputs": {node: list(names) for node, names in self.inputs.items()},
            "targets": dict(self.targets),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Value]) -> Preprocessing:
        """Read what ``to_json`` wrote; raise DataError where it is something else."""
        if not isinstance(data, Mapping) or data.get("format") != 1:
            raise DataError("This is no preprocessing of format 1. It may come from a newer version of Layerwright.")
        try:
            fields = [
                FittedField(**{**each, "shape": tuple(each["shape"]), "categories": tuple(each["categories"])})
                for each in data["fields"]
            ]
            inputs = {node: tuple(names) for node, names in data["inputs"].items()}
            targets = dict(data["targets"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"The preprocessing is damaged ({type(error).__name__}: {error}).") from error
        return cls({field.name: field for field in fields}, inputs, targets)
