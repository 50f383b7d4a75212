"""Which colour a run has: the same whenever it is shown, and as long as there are enough, that of no other run."""

from __future__ import annotations

from collections.abc import Collection


class Slots:
    """Hands out small numbers by name, the least that is free; a name keeps its own as long as no other has it."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def take(self, name: str, used: Collection[int]) -> int:
        """Return the number of a name; ``used`` are those that others have at present."""
        known = self._known.get(name)
        if known is None or known in used:
            known = self._known[name] = next(number for number in range(len(used) + 1) if number not in used)
        return known
