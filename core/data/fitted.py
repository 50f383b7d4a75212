"""A field with what was learnt from its training rows: encodes raw values, decodes what came of them, and is JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.preparing import preparations
from core.data.preparing.text import tokens_of
from core.data.source import Array
from core.graph.project import Field
from core.kinds import Value


@dataclass(frozen=True)
class FittedField:
    """A field, and in ``state`` what ``core.data.preparing`` learnt for its meaning."""

    field: Field
    state: Mapping[str, Value] = attribute(default_factory=dict)

    @property
    def name(self) -> str:
        """The field's name."""
        return self.field.name

    @property
    def classes(self) -> tuple[str, ...]:
        """What a target's indices stand for: categories, or the tokens of a text; empty for what is measured."""
        return tokens_of(self.field, self.state) if self.field.meaning == "text" else self.field.categories

    @property
    def linear(self) -> tuple[float, float]:
        """Offset and scale with which ``value * scale + offset`` gives back the field's units.

        (0, 1) where no one pair does: after a logarithm, by quantiles, and where channels are scaled differently.
        """
        offset, scale = self.state.get("offset", 0.0), self.state.get("scale", 1.0)
        if isinstance(offset, list | tuple):
            same = len(set(offset)) == 1 and len(set(scale)) == 1
            offset, scale = (offset[0], scale[0]) if same else (0.0, 1.0)
        bent = self.field.encoding == "quantile" or self.field.options.get("log", "none") != "none"
        return (0.0, 1.0) if bent else (float(offset), float(scale))

    def gaps(self, values: Array) -> NDArray[np.bool_]:
        """Return a mask of the values that are missing."""
        return gaps(self.field, values)

    def encode(self, values: Array, part: str = "") -> Array:
        """Return raw values as an input, or its ``part`` ("length", "mask"), with the rows first."""
        preparation = preparations[self.field.meaning]
        if part and preparation.part is not None:
            return preparation.part(self.field, self.state, values, part)
        return preparation.encode(self.field, self.state, values)

    def encode_target(self, values: Array) -> Array:
        """Return raw values as a target, with the rows first."""
        preparation = preparations[self.field.meaning]
        return (preparation.encode_target or preparation.encode)(self.field, self.state, values)

    def decode(self, encoded: Array) -> Array:
        """Return what was encoded in its own terms: numbers in their units, pixels in 0..1, words, texts."""
        return preparations[self.field.meaning].decode(self.field, self.state, encoded)

    def to_json(self) -> dict[str, Any]:
        """Return all that is needed to encode and decode as plain containers."""
        own = self.field
        return {
            "name": own.name,
            "meaning": own.meaning,
            "encoding": own.encoding,
            "missing": own.missing,
            "shape": list(own.shape),
            "categories": list(own.categories),
            "options": dict(own.options),
            "state": dict(self.state),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FittedField:
        """Read what ``to_json`` wrote; KeyError, TypeError or ValueError where it is something else."""
        values = dict(data)
        state = values.pop("state")
        if not isinstance(state, Mapping) or values["meaning"] not in preparations:
            raise ValueError("a field without meaning or state")
        lists = {name: tuple(values[name]) for name in ("shape", "categories")}
        return cls(Field(**{**values, **lists}), dict(state))

    @classmethod
    def from_first_format(cls, data: Mapping[str, Any]) -> FittedField:
        """Read a field as format 1 had it: with ``fill``, ``offset`` and ``scale``."""
        values = dict(data)
        fill, offset, scale = (float(values.pop(name)) for name in ("fill", "offset", "scale"))
        kinds: dict[str, dict[str, Value]] = {
            "number": {"fill": fill, "offset": offset, "scale": scale, "low": None, "high": None, "least": 0.0},
            "image": {"offset": [offset], "scale": [scale]},
            "category": {"fill": int(fill), "rare": []},
            "flag": {"fill": int(fill)},
        }
        return cls.from_json({**values, "state": kinds[values["meaning"]]})


def fit(field: Field, values: Array, rate: int = 0) -> FittedField:
    """Learn what a field's encoding needs from the raw values of its training rows.

    Args:
        field: the field; only what concerns its values is kept.
        values: raw values, in the form that ``Column`` says.
        rate: samples per second, of sounds.

    Raises:
        DataError: no training row has a value, or an option does not suit the values.
    """
    plain = replace(field, role="input", reason="", augment={})
    return FittedField(plain, preparations[field.meaning].fit(plain, values, rate))


def gaps(field: Field, values: Array) -> NDArray[np.bool_]:
    """Return a mask of the raw values that are missing."""
    return preparations[field.meaning].gaps(field, values)
