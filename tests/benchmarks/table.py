"""A measured value beside its budget, and the table of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line: what was measured, how it came out, and the most it may be (None: nothing is promised)."""

    what: str
    value: float
    unit: str
    budget: float | None = None

    @property
    def kept(self) -> bool:
        """True where the budget is kept, or there is none."""
        return self.budget is None or self.value <= self.budget

    def cells(self) -> tuple[str, ...]:
        """Return the line's cells as text."""
        budget = "" if self.budget is None else f"≤ {self.budget:g} {self.unit}"
        verdict = "" if self.budget is None else ("kept" if self.kept else "MISSED")
        return self.what, f"{self.value:.3g} {self.unit}", budget, verdict


def print_table(rows: Iterable[Row]) -> None:
    """Print rows in aligned columns."""
    cells = [("what", "measured", "budget", ""), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rules = tuple("-" * width for width in widths)
    for line in (cells[0], rules, *cells[1:]):
        what, value, budget, verdict = line
        print(f"{what:<{widths[0]}}  {value:>{widths[1]}}  {budget:>{widths[2]}}  {verdict}".rstrip())
    sys.stdout.flush()
