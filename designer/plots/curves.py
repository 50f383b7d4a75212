"""The numbers behind the curves, free of Qt: runs, and in each the growing series of every quantity."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.training import events

Part = Literal["training", "validation", "steps"]
"""``training`` and ``validation`` are measured over a whole epoch, ``steps`` at single training steps."""
Axis = Literal["epoch", "step"]
PARTS: tuple[Part, ...] = ("training", "validation", "steps")


@dataclass(frozen=True, order=True)
class CurveKey:
    """Names a curve within a run: ``quantity`` "loss" or "accuracy", ``output`` the head ("" for the total)."""

    quantity: str
    output: str
    part: Part


class Series:
    """A curve's points in arrays that grow by doubling, so that a long run costs no copy per point."""

    def __init__(self) -> None:
        self._points = np.empty((64, 3), dtype=np.float64)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, epoch: float, step: float, value: float) -> None:
        """Add a point; one that is not finite is left out."""
        if not math.isfinite(value):
            return
        if self._size == len(self._points):
            self._points = np.concatenate((self._points, np.empty_like(self._points)))
        self._points[self._size] = (epoch, step, value)
        self._size += 1

    def x(self, axis: Axis) -> NDArray[np.float64]:
        """Return the positions, shape ``(n,)``, in epochs or in steps."""
        return self._points[: self._size, 0 if axis == "epoch" else 1]

    @property
    def values(self) -> NDArray[np.float64]:
        """The values, shape ``(n,)``."""
        return self._points[: self._size, 2]

    def nearest(self, position: float, axis: Axis) -> int:
        """Return the index of the point nearest to ``position``; the series must not be empty."""
        x = self.x(axis)
        after = int(np.searchsorted(x, position))
        if after == 0:
            return 0
        if after == len(x):
            return len(x) - 1
        return after if x[after] - position < position - x[after - 1] else after - 1


@dataclass
class RunCurves:
    """Everything plotted of one run. ``index`` counts the runs shown and chooses the hue; ``live`` ones ran here."""

    name: str
    index: int
    steps_per_epoch: int = 1
    series: dict[CurveKey, Series] = field(default_factory=dict)
    best_epoch: int | None = None
    note: str = ""
    live: bool = False

    def take(self, event: object) -> bool:
        """Add what an event tells; return True where a curve or the mark of the best epoch changed."""
        if isinstance(event, events.RunStarted):
            self.steps_per_epoch = max(1, event.steps_per_epoch)
            return False
        if isinstance(event, events.StepEnded):
            self._extend("steps", event.step / self.steps_per_epoch, event.step, event.values)
        elif isinstance(event, events.EpochEnded):
            self._extend("training", event.epoch, event.step, event.training)
            self._extend("validation", event.epoch, event.step, event.validation)
        elif isinstance(event, events.CheckpointSaved) and event.which == "best":
            self.best_epoch = event.epoch
        elif isinstance(event, events.Finished):
            self.best_epoch = event.best_epoch or None
        else:
            return False
        return True

    def _extend(self, part: Part, epoch: float, step: float, values: Mapping[str, float]) -> None:
        heads = {name.rpartition("/")[0] for name in values} - {""}
        for name, value in values.items():
            output, _, quantity = name.rpartition("/")
            if len(heads) == 1 and output:
                # The only head needs no name, and its loss is the total.
                if quantity in values:
                    continue
                output = ""
            series = self.series.setdefault(CurveKey(quantity, output, part), Series())
            series.append(epoch, step, value)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The heads seen so far, the total first."""
        return tuple(dict.fromkeys(sorted(key.output for key in self.series)))


def quantities(runs: Iterable[RunCurves]) -> tuple[str, ...]:
    """Return the quantities of all runs, the loss first, the others in the order they appeared."""
    found = dict.fromkeys(key.quantity for run in runs for key in run.series)
    return tuple(sorted(found, key=lambda name: name != "loss"))


def csv_lines(runs: Iterable[RunCurves]) -> Iterable[str]:
    """Yield a table of every point in long form: run, quantity, output, part, epoch, step, value."""
    yield "run,quantity,output,part,epoch,step,value"
    for run in runs:
        name = '"' + run.name.replace('"', '""') + '"'
        for key, series in run.series.items():
            columns = zip(series.x("epoch").tolist(), series.x("step").tolist(), series.values.tolist(), strict=True)
            for epoch, step, value in columns:
                yield f"{name},{key.quantity},{key.output},{key.part},{epoch:.6g},{step:.0f},{value!r}"
