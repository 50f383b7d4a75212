"""How fast curves are: panning, zooming and pointing at ten runs of 100,000 points each, painted offscreen."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np

from tests.benchmarks.table import Row

RUNS, POINTS = 10, 100_000
FRAMES = 60
WIDTH, HEIGHT = 1366, 420
BUDGET = 33.0
"""Milliseconds for a frame: 30 of them in a second."""


def _application() -> object:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])


def _runs(part: str) -> list[object]:
    """Return runs whose loss falls noisily, one point a step or one an epoch."""
    from designer.plots.curves import CurveKey, RunCurves, Series

    random = np.random.default_rng(0)
    made: list[object] = []
    for index in range(RUNS):
        run = RunCurves(f"run {index}", index, path=f"run {index}")
        series = run.series[CurveKey("loss", "", part)] = Series()  # type: ignore[arg-type]
        places = np.arange(1, POINTS + 1)
        values = np.exp(-places / 30_000 - index / 10) + random.normal(scale=0.05, size=POINTS) + 0.3
        for place, value in zip(places.tolist(), values.tolist(), strict=True):
            series.append(place, place, value)
        made.append(run)
    return made


def _frames(step: Callable[[int], object]) -> float:
    """Return the milliseconds that a frame takes until it has been painted, the median of many."""
    from PySide6.QtWidgets import QApplication

    taken = []
    for number in range(FRAMES):
        QApplication.processEvents()
        began = time.perf_counter()
        step(number)
        QApplication.processEvents()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _measure(part: str, title: str) -> list[Row]:
    from designer.plots.curves import RunCurves
    from designer.plots.plot import QuantityPlot, View
    from designer.plots.style import shown

    runs = [run for run in _runs(part) if isinstance(run, RunCurves)]
    plot = QuantityPlot("loss")
    plot.resize(WIDTH, HEIGHT)
    plot.show()
    view = View("step", smoothing=0.6)
    curves = shown(runs, "loss", all_steps=True)
    began = time.perf_counter()
    plot.refresh(curves, runs[-1], view, faint=False)
    _frames(lambda _number: None)
    opened = (time.perf_counter() - began) * 1000

    def pan(number: int) -> None:
        plot.set_x_range(20_000 + 400 * number, 60_000 + 400 * number)

    def zoom(number: int) -> None:
        half = 50_000 * 0.9**number
        plot.set_x_range(50_000 - half, 50_000 + half)

    rows = [
        Row(f"plots: {RUNS} runs × {POINTS:,} points, {title}: first shown", opened, "ms"),
        Row(f"plots: {title}: frame of a pan", _frames(pan), "ms", BUDGET),
        Row(f"plots: {title}: frame of a zoom", _frames(zoom), "ms", BUDGET),
    ]
    plot.set_x_range(0, POINTS)
    rows.append(Row(f"plots: {title}: frame of a crosshair", _frames(lambda n: plot.point_at(1500 * n)), "ms", BUDGET))
    plot.close()
    plot.deleteLater()
    return rows


def measure() -> list[Row]:
    """Return the times of frames for solid and for dashed curves."""
    application = _application()
    assert application is not None
    return [*_measure("training", "solid"), *_measure("validation", "dashed"), *_measure("steps", "pale")]
