"""``python -m tests.benchmarks``: measures what DESIGN promises about speed and prints one table."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.benchmarks import canvas, checking, data, lateness, plots, rivals, starting, steps
from tests.benchmarks.table import Row, print_table

PARTS: tuple[tuple[str, Callable[[], list[Row]]], ...] = (
    ("training steps", steps.measure),
    ("training steps of others", rivals.measure),
    ("checking a graph of 1,000 nodes", checking.measure),
    ("starting", starting.measure),
    ("data", data.measure),
    ("the canvas", canvas.measure),
    ("the plots", plots.measure),
    ("the window beside training", lateness.measure),
)


def main() -> int:
    """Measure everything, print the table, and return 1 where a budget was missed."""
    rows: list[Row] = []
    for title, measure in PARTS:
        print(f"measuring {title} …", file=sys.stderr, flush=True)
        rows += measure()
    print_table(rows)
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
