"""How long it takes until a table of 48 MB is there: its first rows, and all of it with what its columns mean."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from core.data.source import RawData
from core.data.sources import sources
from core.data.text import first_rows
from tests.benchmarks.table import Row

SIZE = 48_000_000
TIMES = 5
_ROWS = 722_000
_LONG = 1_000_000
_MEMORY = """
import re, sys
from pathlib import Path
import polars
from core.data.bind import bind
def kilobytes():
    told = Path("/proc/self/status").read_text()
    return [int(re.search(name + r":\\s+(\\d+)", told)[1]) for name in ("VmHWM", "VmRSS")]
before = kilobytes()
binding = bind("csv", {"path": sys.argv[1]})
print(*(after - before for after, before in zip(kilobytes(), before)))
"""


def _write(path: Path, rows: int) -> None:
    """Write a table of numbers, words, identifiers and classes, as tables are: about 66 bytes a row."""
    generator = np.random.default_rng(0)
    columns: dict[str, object] = {f"x{index}": generator.normal(size=rows).round(4) for index in range(6)}
    columns["count"] = generator.integers(0, 1000, rows)
    columns["city"] = np.array(["Berlin", "London", "Paris", "Roma", "Wien"])[generator.integers(0, 5, rows)]
    columns["id"] = [f"c{row:07d}" for row in range(rows)]
    columns["class"] = np.array(["yes", "no"])[generator.integers(0, 2, rows)]
    pl.DataFrame(columns).write_csv(path)


def _read(path: Path) -> RawData:
    kind = sources["csv"]
    return kind.read({**{each.name: each.default for each in kind.parameters}, "path": str(path)}, None)


def _seconds(times: list[float]) -> float:
    """Return the median of times, the first left out."""
    return statistics.median(times[1:])


def _memory(path: Path) -> tuple[float, float]:
    """Return the MiB that binding a table takes at most, and those that it goes on to take; 0 where nothing tells."""
    if not Path("/proc/self/status").exists():
        return 0.0, 0.0
    run = [sys.executable, "-c", _MEMORY, str(path)]
    done = subprocess.run(run, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
    most, held = (int(number) / 1024 for number in done.stdout.split())
    return most, held


def measure() -> list[Row]:
    """Return the times until the first rows and the whole of a table are there, and the memory of a long one."""
    first, whole = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        _write(path, _ROWS)
        if abs(path.stat().st_size / SIZE - 1) > 0.03:
            raise RuntimeError(f"the table has {path.stat().st_size:,} bytes, not {SIZE:,}")
        for _ in range(TIMES + 1):
            began = time.perf_counter()
            first_rows(path)
            first.append(time.perf_counter() - began)
            began = time.perf_counter()
            _read(path)
            whole.append(time.perf_counter() - began)
        long = Path(folder, "long.csv")
        _write(long, _LONG)
        most, held = _memory(long)
    return [
        Row("a CSV file of 48 MB: first rows", _seconds(first) * 1000, "ms", 100),
        Row("a CSV file of 48 MB: read, meanings known", _seconds(whole), "s", 1.0),
        Row("binding a table of 1,000,000 rows: memory at most", most, "MiB"),
        Row("binding a table of 1,000,000 rows: memory afterwards", held, "MiB"),
    ]
