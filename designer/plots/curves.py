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
Axis = Literal["epoch", "step", "samples", "time"]
"""What a curve is drawn over; ``samples`` are those seen in training, ``time`` the seconds spent training."""
AXES: tuple[Axis, ...] = ("epoch", "step", "samples", "time")
PARTS: tuple[Part, ...] = ("training", "validation", "steps")
RATE = "learning_rate"
"""The quantity that every step has beside what it measures."""


@dataclass(frozen=True, order=True)
class CurveKey:
    """Names a curve within a run: ``quantity`` "loss" or "accuracy", ``output`` the head ("" for the total)."""

    quantity: str
    output: str
    part: Part


@dataclass(frozen=True)
class Mark:
    """Something that was changed while training: after which step, and in words what."""

    epoch: float
    step: float
    text: str


class Series:
    """A curve's points in arrays that grow by doubling, so that a long run costs no copy per point."""

    def __init__(self) -> None:
        self._points = np.empty((64, 3), dtype=np.float64)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def append(self, epoch: float, step: float, value: float) -> None:
        """Add a point; one that is not finite is left out. A run that was resumed replaces what it does again."""
        if self._size and step <= self._points[self._size - 1, 1]:
            self._size = int(np.searchsorted(self.steps, step))
        if not math.isfinite(value):
            return
        if self._size == len(self._points):
            self._points = np.concatenate((self._points, np.empty_like(self._points)))
        self._points[self._size] = (epoch, step, value)
        self._size += 1

    @property
    def epochs(self) -> NDArray[np.float64]:
        """The positions in epochs, shape ``(n,)``."""
        return self._points[: self._size, 0]

    @property
    def steps(self) -> NDArray[np.float64]:
        """The positions in steps, shape ``(n,)``."""
        return self._points[: self._size, 1]

    @property
    def values(self) -> NDArray[np.float64]:
        """The values, shape ``(n,)``."""
        return self._points[: self._size, 2]


def nearest(positions: NDArray[np.float64], position: float) -> int:
    """Return the index of the point nearest to a position; ``positions`` (shape ``(n,)``, n > 0) rise."""
    after = int(np.searchsorted(positions, position))
    if after == 0:
        return 0
    if after == len(positions):
        return len(positions) - 1
    return after if positions[after] - position < position - positions[after - 1] else after - 1


@dataclass(eq=False)
class RunCurves:
    """Everything plotted of one run. ``index`` chooses the hue; ``live`` ones ran here; ``path`` is the run's folder.

    ``complete`` is True once the run's end was read.
    """

    name: str
    index: int
    steps_per_epoch: int = 1
    series: dict[CurveKey, Series] = field(default_factory=dict)
    best_epoch: int | None = None
    note: str = ""
    live: bool = False
    path: str = ""
    samples: int = 0
    complete: bool = False
    marks: list[Mark] = field(default_factory=list)
    _ends: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    _pace: float = 0.0

    def take(self, event: object) -> bool:
        """Add what an event tells; return True where a curve or a mark changed."""
        if isinstance(event, events.RunStarted):
            self.steps_per_epoch = max(1, event.steps_per_epoch)
            self.samples = event.training_samples
            self.complete = False
            return False
        if isinstance(event, events.Progress):
            if len(self._ends) == 1 and event.samples_per_second > 0:
                self._pace = self.samples / event.samples_per_second
            return False
        return self._take_point(event)

    def _take_point(self, event: object) -> bool:
        if isinstance(event, events.StepEnded):
            values = {**event.values, RATE: event.learning_rate}
            self._extend("steps", event.step / self.steps_per_epoch, event.step, values)
        elif isinstance(event, events.EpochEnded):
            self._pace = event.seconds
            while len(self._ends) > 1 and self._ends[-1][0] >= event.epoch:
                self._ends.pop()
            self._ends.append((float(event.epoch), self._ends[-1][1] + event.seconds))
            self._extend("training", event.epoch, event.step, event.training)
            self._extend("validation", event.epoch, event.step, event.validation)
        elif isinstance(event, events.CheckpointSaved) and event.which == "best":
            self.best_epoch = event.epoch
        elif isinstance(event, events.Changed):
            self.marks.append(Mark(event.step / self.steps_per_epoch, event.step, event.text))
        elif isinstance(event, events.Finished):
            self.best_epoch = event.best_epoch or None
            self.complete = True
        else:
            self.complete = self.complete or isinstance(event, events.Failed)
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

    def x(self, key: CurveKey, axis: Axis) -> NDArray[np.float64]:
        """Return the positions of a curve's points, shape ``(n,)``, rising."""
        series = self.series[key]
        return series.steps if axis == "step" else self._at(series.epochs, axis)

    def place(self, epoch: float, step: float, axis: Axis) -> float:
        """Return where something that happened lies on an axis."""
        return step if axis == "step" else float(self._at(np.array([epoch]), axis)[0])

    def _at(self, epochs: NDArray[np.float64], axis: Axis) -> NDArray[np.float64]:
        if axis == "epoch":
            return epochs
        if axis == "samples":
            return epochs * max(1, self.samples)
        # Only epochs say how long they took: what lies inside one is spread over it evenly, also in the one under way.
        ends = np.array(self._ends)
        after = np.maximum(epochs - ends[-1, 0], 0.0) * self._pace
        seconds: NDArray[np.float64] = np.interp(epochs, ends[:, 0], ends[:, 1]) + after
        return seconds

    @property
    def outputs(self) -> tuple[str, ...]:
        """The heads seen so far, the total first."""
        return tuple(dict.fromkeys(sorted(key.output for key in self.series)))


def quantities(runs: Iterable[RunCurves]) -> tuple[str, ...]:
    """Return the quantities of all runs: the loss first, the learning rate last, the others as they appeared."""
    found = dict.fromkeys(key.quantity for run in runs for key in run.series)
    return tuple(sorted(found, key=lambda name: (name == RATE, name != "loss")))


def csv_lines(runs: Iterable[RunCurves]) -> Iterable[str]:
    """Yield a table of every point in long form; ``seconds`` are those spent training until then."""
    yield "run,quantity,output,part,epoch,step,samples,seconds,value"
    for run in runs:
        name = '"' + run.name.replace('"', '""') + '"'
        for key, series in run.series.items():
            places = (run.x(key, axis).tolist() for axis in AXES)
            for epoch, step, samples, seconds, value in zip(*places, series.values.tolist(), strict=True):
                at = f"{epoch:.6g},{step:.0f},{samples:.0f},{seconds:.6g}"
                yield f"{name},{key.quantity},{key.output},{key.part},{at},{value!r}"
