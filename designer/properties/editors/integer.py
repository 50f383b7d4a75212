"""The editor of a whole number."""

from __future__ import annotations

from core.kinds import Value
from designer.properties.editors.typed import TypedEditor


class IntegerEditor(TypedEditor):
    """Steps by one."""

    def step(self, value: Value, steps: int) -> Value:
        """Return the number ``steps`` further; expressions stay."""
        return value + steps if isinstance(value, int) else value
