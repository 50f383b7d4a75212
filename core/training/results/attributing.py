"""From a number for each value that enters a network to a number for what people know: columns, pixels, words, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from core.data.fitted import FittedField
from core.data.source import Array
from core.graph.binding import field_width, is_cell
from core.graph.meanings.audio import MEL
from core.training.results.trained import Trained


@dataclass(frozen=True, eq=False)
class Input:
    """An Input: where it stands among the arguments of ``forward``, and the fields side by side in it.

    ``meaning`` is "cells" for values of a table, "" for lengths and masks, of which nothing is said. ``widths`` are how
    many values each of ``columns`` has.
    """

    name: str
    place: int
    meaning: str
    fields: tuple[FittedField, ...]
    columns: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()

    @property
    def explained(self) -> bool:
        """True where something can be said of its parts."""
        return bool(self.meaning)

    def reduced(self, values: Array, *, signed: bool) -> Array:
        """Return attributions (rows, …) of the values that the network sees for the parts that people know.

        What has several channels is added up where it is ``signed``; of what is not, the strongest counts, but the
        parts of one column of a table are added up always.
        """
        if self.meaning == "cells" and sum(self.widths) == values.shape[-1]:
            starts = np.cumsum([0, *self.widths[:-1]])
            return np.asarray(np.add.reduceat(values, starts, axis=-1))
        channels = self.meaning in ("image", "mask") or (self.meaning == "audio" and not self._spectrogram)
        if channels or (values.ndim > 2 and values.shape[1] == 1):
            return np.asarray(values.sum(axis=1) if signed else values.max(axis=1))
        return values

    @property
    def _spectrogram(self) -> bool:
        return self.meaning == "audio" and self.fields[0].field.encoding == MEL

    def tokens(self, indices: Tensor) -> list[tuple[str, ...]]:
        """Return the words that the indices (N, steps) of a text stand for, padding left empty."""
        words = ("", *self.fields[0].classes[1:])
        rows: list[list[int]] = indices.detach().cpu().tolist()
        return [tuple(words[each] if each < len(words) else str(each) for each in row) for row in rows]

    def extent(self, inputs: Sequence[Tensor], rank: int) -> tuple[int, ...]:
        """Return the size to which a map of a layer's places is spread, whose output has ``rank`` dimensions.

        It is empty where the Input has not as many.
        """
        tensor = inputs[self.place]
        if self.meaning == "text":
            return tuple(tensor.shape[1:]) if rank == 3 else ()
        if tensor.dim() == rank and self.meaning in ("image", "mask", "audio", "array"):
            return tuple(tensor.shape[2:])
        return ()


def inputs_of(trained: Trained) -> list[Input]:
    """Return what a network takes, in the order of ``forward``."""
    preprocessing = trained.preprocessing
    found = []
    for place, name in enumerate(trained.network.built.inputs):
        entries = [preprocessing.entry(each) for each in preprocessing.inputs[name]]
        fields = tuple(preprocessing.fields[entry.field.name] for entry in entries)
        if any(entry.part for entry in entries):
            found.append(Input(name, place, "", fields))
        elif all(is_cell(entry.field) for entry in entries):
            widths = tuple(max(field_width(entry.field), 1) for entry in entries)
            found.append(Input(name, place, "cells", fields, tuple(entry.name for entry in entries), widths))
        else:
            found.append(Input(name, place, entries[0].field.meaning, fields))
    return found
