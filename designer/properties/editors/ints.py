"""The editor of one whole number for every dimension alike, or one for each: ``3`` or ``3, 5``."""

from __future__ import annotations

from core.kinds import Value
from designer.properties.editors.typed import TypedEditor


class IntsEditor(TypedEditor):
    """Steps every number by one."""

    def step(self, value: Value, steps: int) -> Value:
        """Return the numbers ``steps`` further; words, names and expressions stay."""
        if isinstance(value, tuple):
            return tuple(self.step(each, steps) for each in value)
        counts = isinstance(value, int | float) and not self.stands_for_more(value)
        return value + steps if counts else value
