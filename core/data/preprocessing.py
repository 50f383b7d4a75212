"""All of a project's fitted fields, and what feeds which Input and which Output's target: it travels with a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.data.fitted import FittedField
from core.data.preparing._kind import IGNORE
from core.data.source import Array, Lazy
from core.data.values import as_array
from core.data.windows import Series
from core.errors import DataError, did_you_mean
from core.graph.binding import INPUT_TARGET, NEXT_TARGET, Entry, entry_of
from core.graph.project import Window
from core.kinds import Value

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 2
Rows = NDArray[np.int64]
Columns = Mapping[str, Array | Lazy]


@dataclass(frozen=True, eq=False)
class Transformed:
    """Raw rows ready for the network: a tensor per Input node, and which of the given rows are in it.

    With windows, ``rows`` are the last ones of each.
    """

    inputs: Mapping[str, Tensor]
    rows: Rows


@dataclass(frozen=True)
class Preprocessing:
    """Fitted fields by name, the names that each Input takes, and each Output's target ("" where it has none)."""

    fields: Mapping[str, FittedField]
    inputs: Mapping[str, tuple[str, ...]]
    targets: Mapping[str, str]
    window: Window = field(default_factory=Window)

    def entry(self, name: str) -> Entry:
        """Return what a name in an Input stands for; raise KeyError where there is no such field or part."""
        found = entry_of([each.field for each in self.fields.values()], name)
        if found is None:
            raise KeyError(name)
        return found

    def target(self, output: str) -> FittedField | None:
        """Return the field that an Output's target is made of; None where it is what enters at an Input."""
        name = self.targets[output]
        return self.fields.get(name) or self.fields.get(name.removeprefix(NEXT_TARGET))

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns that the inputs are made of."""
        return tuple(dict.fromkeys(self.entry(name).field.name for names in self.inputs.values() for name in names))

    def count_of(self, columns: Mapping[str, Sized]) -> int:
        """Return the number of rows of raw columns.

        Raises:
            DataError: columns that the inputs need are not there or differ in length.
        """
        absent = [name for name in self.needed if name not in columns]
        problems = [f"The column '{name}' is missing.{did_you_mean(name, columns)}" for name in absent]
        lengths = {len(columns[name]) for name in self.needed if name in columns}
        if len(lengths) > 1:
            problems.append(f"The columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
        if problems:
            raise DataError("The rows do not have what the inputs need.", problems=problems)
        return lengths.pop() if lengths else 0

    def transform(self, columns: Mapping[str, Sequence[Any] | Array]) -> Transformed:
        """Prepare new raw rows for prediction; rows with a gap in a field whose gaps are dropped are left out.

        Args:
            columns: values by column name, of equal length; None, NaN or an empty text is missing. Columns that no
                input needs, such as the target, may be there or not. For windows the rows stand in order of time.

        Raises:
            DataError: columns that the inputs need are not there or differ in length.
        """
        count = self.count_of(columns)
        arrays = {name: as_array(columns[name]) for name in self.needed}
        keep = np.ones(count, dtype=np.bool_)
        for name in arrays:
            if self.fields[name].field.missing == "drop row":
                keep &= ~self.fields[name].gaps(arrays[name])
        if not self.window.length:
            rows = np.flatnonzero(keep)
            return Transformed(self.encode_inputs(arrays, rows), rows)
        series = Series.over(self.window, np.arange(len(keep)), keep, keep)
        rows = series.last_rows()
        return Transformed(self.encode_inputs(arrays, series.spans_ending(rows)), rows)

    def encode_inputs(self, columns: Columns, rows: Rows) -> dict[str, Tensor]:
        """Return the tensor of every Input: its fields side by side, in their order.

        ``rows`` are those of the columns, or of each sample's window ``(samples, length)``.
        """
        import torch

        different, places = np.unique(rows, return_inverse=True) if rows.ndim == 2 else (rows, None)
        take = _taker(columns, different)
        tensors = {}
        for node, names in self.inputs.items():
            parts = []
            for name in names:
                entry = self.entry(name)
                parts.append(self.fields[entry.field.name].encode(take(entry.field.name), entry.part))
            joined = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
            whole = joined if places is None else joined[places.reshape(rows.shape)]
            tensors[node] = torch.from_numpy(np.require(whole, requirements=["C", "W"]))
        return tensors

    def encode_targets(self, columns: Columns, rows: Rows, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the target of every Output; ``inputs`` are those of the same samples, ``rows`` the targets' rows."""
        import torch

        take = _taker(columns, rows)
        tensors = {}
        for node, name in self.targets.items():
            fitted = self.target(node)
            if fitted is None:
                tensors[node] = inputs[name.removeprefix(INPUT_TARGET)]
                continue
            encoded = fitted.encode_target(take(fitted.name))
            if name not in self.fields:
                encoded = _shifted(encoded)
            tensors[node] = torch.from_numpy(np.require(encoded, requirements=["C", "W"]))
        return tensors

    def to_json(self) -> dict[str, Value]:
        """Return all of it as plain containers that JSON can hold."""
        return {
            "format": FORMAT,
            "fields": [each.to_json() for each in self.fields.values()],
            "inputs": {node: list(names) for node, names in self.inputs.items()},
            "targets": dict(self.targets),
            "window": asdict(self.window),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Value]) -> Preprocessing:
        """Read what ``to_json`` wrote, now or in format 1; raise DataError where it is something else."""
        if not isinstance(data, Mapping) or data.get("format") not in (1, FORMAT):
            raise DataError(
                f"This is no preprocessing of format {FORMAT} or older; it may come from a newer Layerwright."
            )
        read = FittedField.from_json if data["format"] == FORMAT else FittedField.from_first_format
        try:
            fields = [read(each) for each in data["fields"]]
            inputs = {node: tuple(names) for node, names in data["inputs"].items()}
            targets, window = dict(data["targets"]), Window(**data.get("window", {}))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"The preprocessing is damaged ({type(error).__name__}: {error}).") from error
        return cls({each.name: each for each in fields}, inputs, targets, window)


def _taker(columns: Columns, rows: Rows) -> Callable[[str], Array]:
    """Return a function that gives a column's values of some rows, and reads each column once at most."""
    taken: dict[str, Array] = {}

    def take(name: str) -> Array:
        if name not in taken:
            values = columns[name]
            taken[name] = values.take(rows) if isinstance(values, Lazy) else values[rows]
        return taken[name]

    return take


def _shifted(tokens: Array) -> Array:
    """Return tokens ``(rows, steps)`` one step earlier: each is what follows; behind the last comes nothing."""
    following = np.full_like(tokens, IGNORE)
    following[:, :-1] = tokens[:, 1:]
    return following
