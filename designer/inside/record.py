"""What was seen inside one run: figures, histograms and pictures over its steps, from its events or from its folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.training.diagnostics.advice import Finding, advice
from core.training.events import Diagnosed, Event, Pictured

if TYPE_CHECKING:
    from core.training.diagnostics.pictures import Picture
    from core.training.diagnostics.store import Look

HISTOGRAMS = ("activations", "gradients", "weights")
PICTURES = ("attention", "map", "filters")
"""Those that say most come first."""
_LOOKED_BACK = 3
"""A finding counts once it shows in two of so many looks: a single look is a sample."""
Key = tuple[str, str]
"""A node's path and a kind of picture."""


@dataclass
class Series:
    """A figure over the steps."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class Record:
    """Takes events as they come at almost no cost, and works them in when somebody looks (``settle``)."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.step = self.epoch = 0
        self.looks: list[Diagnosed] = []
        self.series: dict[str, dict[str, Series]] = {}
        """By node and figure."""
        self.whole: Mapping[str, float] = {}
        self.pictures: dict[Key, tuple[int, Picture]] = {}
        """The newest of each kind, with its step."""
        self.histograms: dict[Key, dict[int, Picture]] = {}
        """By step."""
        self._waiting: list[Event] = []

    @property
    def nodes(self) -> tuple[str, ...]:
        """The paths of all layers, in the order in which they run."""
        return tuple(self.looks[-1].nodes) if self.looks else ()

    @property
    def figures(self) -> Mapping[str, Mapping[str, float]]:
        """The newest figures by node."""
        return self.looks[-1].nodes if self.looks else {}

    def take(self, event: Event) -> bool:
        """Take an event; False where it is of no interest."""
        if not isinstance(event, Diagnosed | Pictured):
            return False
        self._waiting.append(event)
        if isinstance(event, Diagnosed):
            while self.looks and self.looks[-1].step >= event.step:
                self.looks.pop()  # a resumed run has gone back to its checkpoint
            self.looks.append(event)
        return True

    def settle(self) -> None:
        """Work in what has come."""
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self.step, self.epoch = event.step, event.epoch  # type: ignore[union-attr]  # both have them
            if isinstance(event, Diagnosed):
                self._take_figures(event)
            elif isinstance(event, Pictured):
                from core.training.diagnostics.pictures import picture_of

                self.add(picture_of(event), event.step)

    def _take_figures(self, event: Diagnosed) -> None:
        self.whole = event.whole
        for node, figures in event.nodes.items():
            own = self.series.setdefault(node, {})
            for key, value in figures.items():
                series = own.setdefault(key, Series())
                while series.steps and series.steps[-1] >= event.step:
                    series.steps.pop()
                    series.values.pop()
                series.steps.append(event.step)
                series.values.append(value)

    def put_before(self, looks: list[Diagnosed]) -> None:
        """Add what was seen before the first look that there is."""
        pictures = [event for event in self._waiting if not isinstance(event, Diagnosed)]
        own, self.looks, self.series, self._waiting = self.looks, [], {}, []
        for look in (*looks, *own):
            self.take(look)
        self._waiting += pictures

    def add(self, picture: Picture, step: int) -> None:
        """Add a picture of a step."""
        key = (picture.node, picture.kind)
        if picture.kind in HISTOGRAMS:
            self.histograms.setdefault(key, {})[step] = picture
        elif key not in self.pictures or self.pictures[key][0] <= step:
            self.pictures[key] = (step, picture)

    def add_looks(self, looks: Iterable[Look]) -> None:
        """Add what a run folder has kept."""
        for look in looks:
            for picture in look.pictures:
                self.add(picture, look.step)

    def findings(self) -> list[Finding]:
        """Return what looks wrong now and did so in one of the looks before; what is not finite is told at once."""
        if not self.looks:
            return []
        before = [{(each.node, each.topic) for each in advice(look)} for look in self.looks[-_LOOKED_BACK:-1]]
        found = advice(self.looks[-1])
        return [
            each
            for each in found
            if not before or each.topic == "not finite" or any((each.node, each.topic) in one for one in before)
        ]

    def csv(self) -> str:
        """Return every figure of every look as a table: step, epoch, layer, figure, value."""
        lines = ["step,epoch,layer,figure,value"]
        for look in self.looks:
            rows = {**look.nodes, "": look.whole}
            lines += [
                f"{look.step},{look.epoch},{_quoted(node)},{key},{value!r}"
                for node, figures in rows.items()
                for key, value in figures.items()
            ]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(each in text for each in ',"\n') else text
