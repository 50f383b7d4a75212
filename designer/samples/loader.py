"""Reads samples in jobs as views need them: in pages, those in view first, with answers about other data dropped."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.data.sample_arrangement import Only, PartChoice, Pipeline, pipeline
from core.data.sample_batch import SampleRow
from core.data.samples import SamplePage, samples
from core.graph.project import Project
from designer.data.reading import watched
from designer.jobs import Lane

PAGE = 32
_LEAST_KEPT = 24
"""Pages that are kept, and more where more are in view."""


@dataclass(frozen=True)
class Choice:
    """Which samples are shown, and how."""

    part: PartChoice = "training"
    epoch: int | None = None
    only: Only | None = None


class Loader(QObject):
    """Holds the pages of one choice. Where only the augmentation changes, the old samples stay until the new arrive."""

    counted = Signal(int)
    """How many samples there are to be shown."""
    arrived = Signal(int, int)
    """From and to which place samples are there now."""
    failed = Signal(object)
    """What was raised."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.count = 0
        self.lane = Lane(self, "samples")
        self._project: Project | None = None
        self._base: Path | None = None
        self._pipeline: Pipeline | None = None
        self._choice = Choice()
        self._pages: OrderedDict[int, SamplePage] = OrderedDict()
        self._before: dict[int, SamplePage] = {}
        self._view = (0, 0)
        self._reading = -1

    def show(self, project: Project, base: Path | None, choice: Choice) -> None:
        """Read these samples from now on; nothing happens where they are the same."""
        wanted = pipeline(project)
        if (wanted, base, choice) == (self._pipeline, self._base, self._choice):
            return
        same_rows = (choice.part, choice.only) == (self._choice.part, self._choice.only)
        keep = same_rows and self._pipeline == wanted
        self._before = {**self._before, **self._pages} if keep else {}
        self._project, self._base, self._pipeline, self._choice = project, base, wanted, choice
        self._pages.clear()
        self.lane.cancel()
        self._reading = -1
        if not keep:
            self._view = (0, 0)
        self._read_next()

    def forget(self) -> None:
        """Show nothing."""
        self.lane.cancel()
        self._pages.clear()
        self._before = {}
        self._pipeline, self._reading = None, -1

    def row(self, place: int) -> SampleRow | None:
        """Return a sample, or None until it has been read."""
        number = place // PAGE
        page = self._pages.get(number) or self._before.get(number)
        if page is None or place - page.start >= len(page.rows):
            return None
        return page.rows[place - page.start]

    def want(self, first: int, last: int) -> None:
        """Say which samples are in view; what is being read for another place is given up."""
        self._view = (first, last)
        if self._reading >= 0 and not first // PAGE <= self._reading <= last // PAGE:
            self.lane.cancel()
            self._reading = -1
        if self._reading < 0:
            self._read_next()

    def expect(self, count: int) -> None:
        """Go by a number of samples that is known before the first of them has been read."""
        if count != self.count:
            self.count = count
            self.counted.emit(count)

    @property
    def busy(self) -> bool:
        """True while samples are read."""
        return self.lane.busy

    def _read_next(self) -> None:
        """Read the first page in view that is lacking."""
        if self._project is None or self._pipeline is None:
            return
        first, last = self._view
        number = next((each for each in range(first // PAGE, last // PAGE + 1) if each not in self._pages), -1)
        self._reading = number
        if number < 0:
            return
        project, base, choice = self._project, self._base, self._choice

        def read() -> SamplePage:
            return samples(project, base, choice.part, number * PAGE, PAGE, choice.epoch, choice.only)

        self.lane.submit(watched(read), self._on_page, self._on_failed)

    def _on_page(self, page: SamplePage) -> None:
        self._pages[self._reading] = page
        self._before.pop(self._reading, None)
        first, last = self._view
        room = max(_LEAST_KEPT, 2 * (last // PAGE - first // PAGE + 1))
        while len(self._pages) > room:
            self._pages.popitem(last=False)
        start, self._reading = self._reading * PAGE, -1
        self.expect(page.count)
        self.arrived.emit(start, start + len(page.rows) - 1)
        if self._reading < 0:
            self._read_next()

    def _on_failed(self, error: Exception) -> None:
        self._reading = -1
        self.failed.emit(error)
