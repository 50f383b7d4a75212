"""The editor of a number with a fraction."""

from __future__ import annotations

import math

from core.kinds import Value
from designer.properties.editors.typed import TypedEditor


class NumberEditor(TypedEditor):
    """Steps by one in the first digit that counts: 0.25 → 0.35, 0.001 → 0.002. A drag goes by a tenth of that."""

    def step(self, value: Value, steps: int) -> Value:
        """Return the number ``steps`` further; expressions stay."""
        return self._further(value, steps)

    def slid(self, value: Value, steps: float) -> Value:
        """Return the number after a drag; expressions stay."""
        return self._further(value, steps / 10)

    def _further(self, value: Value, steps: float) -> Value:
        if not isinstance(value, int | float):
            return value
        size = 10.0 ** math.floor(math.log10(abs(value))) if value else 0.1
        return float(f"{value + steps * size:.10g}")
