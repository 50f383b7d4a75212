"""Follows what is seen inside the network of this session: what is shown, what is pinned, of which sample.

Training is told what to look at; a run that has ended is asked again with the weights it has left. Whoever shows it
waits for ``refreshed``, which comes at most four times a second, and not at all while nobody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import LayerwrightError
from core.graph.project import Project
from core.training.diagnostics.advice import Finding
from core.training.events import Diagnosed, RunStarted
from core.training.runs import Run
from designer.data.reading import watched
from designer.inside.pins import Pins
from designer.inside.places import Place, answering, path_of, place_of
from designer.inside.reading import Afterwards, OldRun, Part, ShownSample, read_looks, read_run, read_sample
from designer.inside.record import HISTOGRAMS, PICTURES, Record
from designer.jobs import Lane

if TYPE_CHECKING:
    from core.training.diagnostics.pictures import Picture
    from core.training.diagnostics.store import Look
    from designer.session import Session
    from designer.settings import Settings
    from designer.training.runner import TrainingRunner

_PAUSE = 250
"""Milliseconds between two repaints."""
_MOST_WATCHED = 16


class InsideWatcher(QObject):
    """Holds the record of the run that is shown: the one being trained or trained last, or one that was chosen."""

    refreshed = Signal()
    """There is something new to be seen."""
    record_changed = Signal()
    """Another run is shown."""
    sample_changed = Signal()
    """Another sample was asked for, or has been read."""

    def __init__(self, session: Session, runner: TrainingRunner, settings: Settings | None = None) -> None:
        super().__init__(session)
        self.session, self.runner = session, runner
        self.pins = Pins(session, settings)
        self.record = Record()
        self.live: Record | None = None
        """The record of the run that is being trained or was trained last in this window."""
        self.project: Project | None = None
        """What the run that is shown trains."""
        self.sample: tuple[Part, int] = ("validation", 0)
        self.counts: dict[Part, int] = {}
        """How many samples the parts have, as far as that is known."""
        self.shown_sample: ShownSample | None = None
        self.chosen: Place | None = None
        """The layer that the panel shows large."""
        self._told: tuple[str, ...] | None = None
        self._told_sample: tuple[Part, int] | None = None
        self._looking: Callable[[], bool] = lambda: False
        self._findings: tuple[int, list[Finding]] = (-1, [])
        self._afterwards = Afterwards()
        self._reader = Lane(self, "inside")
        self._sampler = Lane(self, "inside-sample")
        self._painter = Lane(self, "inside-pictures")
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._refresh)
        runner.event_received.connect(self._on_event)
        runner.state_changed.connect(self._on_state)
        self.pins.changed.connect(self.tell)
        self.pins.changed.connect(self._timer.start)

    # --- what there is ------------------------------------------------------------------------------------------------

    @property
    def is_live(self) -> bool:
        """True where the run that is shown is being trained."""
        return self.record is self.live and self.runner.active

    def look_while(self, looking: Callable[[], bool]) -> None:
        """Make pictures and refresh for the panel while this answers True."""
        self._looking = looking

    def path(self, place: Place) -> str:
        """Return what the run that is shown calls a place; empty where it has no such layer."""
        return path_of(place, self.record.nodes)

    def picture(self, place: Place) -> tuple[int, Picture] | None:
        """Return the picture that says most about a place, with its step."""
        path = self.path(place)
        return next((found for kind in PICTURES if (found := self.record.pictures.get((path, kind)))), None)

    def findings(self) -> list[Finding]:
        """Return what looks wrong in the run that is shown."""
        step = self.record.looks[-1].step if self.record.looks else -1
        if self._findings[0] != step or step < 0:
            self._findings = (step, self.record.findings())
        return self._findings[1]

    # --- following training -------------------------------------------------------------------------------------------

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            self._begin(event)
        elif self.live is not None and self.live.take(event):  # type: ignore[arg-type]  # takes any event
            if isinstance(event, Diagnosed) and self._told is None:
                self._told = ()
                self.tell()
            if self.record is self.live and not self._timer.isActive():
                self._timer.start()

    def _begin(self, started: RunStarted) -> None:
        path = self.runner.run
        known = self.live if self.live is not None and self.live.path == path else None
        self.live = known or Record(path)
        self._told = self._told_sample = None
        self._afterwards.forget()
        self._painter.cancel()
        self.counts = {"training": started.training_samples, "validation": started.validation_samples}
        part, index = self.sample
        if index >= self.counts[part]:
            self.sample = ("validation" if self.counts["validation"] else "training", 0)
        self._show(self.live, self.runner.trained)
        if known is None and path is not None and (path / "diagnostics").is_dir():
            self.show_run(path)  # it goes on: what was seen before is in its folder

    def _on_state(self, state: str) -> None:
        if state in ("finished", "failed") and self.live is not None and self.record is self.live:
            self._settle()
            self.read_histograms()
            if state == "finished" and (wanted := self._wanted()):
                self._work_out(wanted, quiet=True)  # it may have ended before it was told what to look at
        self.refresh()

    def _show(self, record: Record, project: Project | None) -> None:
        self.record, self.project = record, project
        self._findings = (-1, [])
        self.shown_sample = None
        self.record_changed.emit()
        self.read_sample()
        self.refresh()

    def refresh(self) -> None:
        """Refresh soon."""
        if not self._timer.isActive():
            self._timer.start()

    def _refresh(self) -> None:
        self._settle()
        self.refreshed.emit()

    def _settle(self) -> None:
        """Work in what has come, where somebody sees it."""
        if self._looking() or self.pins.places:
            self.record.settle()

    # --- what training is told ----------------------------------------------------------------------------------------

    def choose(self, place: Place | None) -> None:
        """Show a layer large: pictures are made of it, and its histograms are read."""
        if place != self.chosen:
            self.chosen = place
            self.tell()
            self.read_histograms()

    def _wanted(self) -> tuple[str, ...]:
        """Return the paths of what is watched; nothing where nobody looks."""
        looking = self._looking()
        places = list(self.pins.existing())
        if looking and self.chosen is not None:
            places.insert(0, self.chosen)
        if (looking or places) and self.project is not None:
            places += [(name,) for name in answering(self.project).values()]
        known = self.record.nodes
        found = (path_of(place, known) for place in places)
        return tuple(dict.fromkeys(path for path in found if path))[:_MOST_WATCHED]

    def tell(self) -> None:
        """Tell training what to look at, or work it out where it has ended."""
        wanted = self._wanted()
        if not wanted:
            return
        if self.is_live:
            if self._told is None:
                return  # the layers are not known yet
            if set(wanted) != set(self._told) and self.runner.pin(wanted):
                self._told = wanted
            if self.sample != (self._told_sample or self._first_sample()) and self.runner.show_sample(*self.sample):
                self._told_sample = self.sample
        else:
            self._work_out(wanted)

    def _first_sample(self) -> tuple[Part, int]:
        return ("validation" if self.counts.get("validation") else "training", 0)

    def show_sample(self, part: Part, index: int) -> None:
        """Make the pictures of another sample."""
        count = self.counts.get(part, 0)
        wanted: tuple[Part, int] = (part, max(0, min(index, count - 1)) if count else 0)
        if wanted != self.sample:
            self.sample = wanted
            self.sample_changed.emit()
            self.tell()
            self.read_sample()

    def _work_out(self, wanted: tuple[str, ...], *, quiet: bool = False) -> None:
        """Make pictures of an ended run with the weights that it has left; ``quiet``: nobody has asked for them."""
        record = self.record
        missing = [path for path in wanted if (path, "map") not in record.pictures]
        moved = self.sample != (self._told_sample or self._first_sample())
        if record.path is None or not (missing or moved):
            return
        path, base, (part, index), step = record.path, self.session.base, self.sample, record.step
        nodes = wanted if moved else tuple(missing)

        def done(found: list[Picture]) -> None:
            self._told_sample = (part, index)
            for picture in found:
                record.add(picture, step)
            self.refresh()

        def failed(error: Exception) -> None:
            if not (quiet and isinstance(error, LayerwrightError)):
                self._say(error)

        work = watched(lambda: self._afterwards.pictures(path, base, nodes, part, index))
        self._painter.submit(work, done, failed)

    def _say(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self.session.refused.emit(str(error))

    # --- reading ------------------------------------------------------------------------------------------------------

    def show_run(self, path: Path) -> None:
        """Show what was seen inside a run that is in its folder; the one being trained shows what comes."""

        def done(found: OldRun) -> None:
            live = self.live if self.live is not None and self.live.path == path else None
            if live is not None and self.runner.active:
                self._put_before(found.record, live)
                self._show(live, found.project)
                return
            self._painter.cancel()
            self._told_sample = None
            if found.started is not None:
                started = found.started
                self.counts = {"training": started.training_samples, "validation": started.validation_samples}
            self.sample = self._first_sample()
            self._show(found.record, found.project)
            self.tell()

        self._reader.submit(watched(lambda: read_run(path)), done, self._say)

    @staticmethod
    def _put_before(old: Record, live: Record) -> None:
        """Add what a run had before it went on to what came since."""
        first = live.looks[0].step if live.looks else None
        waiting = [look for look in old.looks if first is None or look.step < first]
        live.put_before(waiting)
        for key, steps in old.histograms.items():
            live.histograms.setdefault(key, {}).update(steps)

    def read_histograms(self) -> None:
        """Read the histograms that only the run's folder has: of steps at which the chosen layer was not watched."""
        record = self.record
        if record.path is None or not self._looking() or not record.looks or not (record.path / "diagnostics").is_dir():
            return
        path = record.path

        def done(looks: tuple[Look, ...]) -> None:
            for look in looks:
                for picture in look.pictures:
                    if picture.kind in HISTOGRAMS or (picture.node, picture.kind) not in record.pictures:
                        record.add(picture, look.step)
            self.refresh()

        self._reader.submit(watched(lambda: read_looks(path)), done, self._say)

    def read_sample(self) -> None:
        """Read the sample that is shown, where somebody looks."""
        project = self.project or self.session.project
        if not self._looking() or not project.data.source:
            return
        part, index = self.sample
        base = self._base()

        def done(found: ShownSample) -> None:
            self.shown_sample = found
            if found.count:
                self.counts[found.part] = found.count
            self.sample_changed.emit()

        self._sampler.submit(watched(lambda: read_sample(project, base, part, index)), done, self._say)

    def _base(self) -> Path | None:
        if self.record.path is None or self.record is self.live:
            return self.session.base
        return Run.open(self.record.path).base or self.session.base

    def watch(self) -> None:
        """Begin to look: the panel has come into view."""
        self.record.settle()
        self.tell()
        self.read_sample()
        self.read_histograms()
        self.refresh()

    def toggle_pins(self, places: tuple[Place, ...]) -> None:
        """Pin or unpin places."""
        self.pins.toggle(places)

    def close_jobs(self) -> None:
        """End all work in the background."""
        self._timer.stop()
        for lane in (self._reader, self._sampler, self._painter):
            lane.close()


def shown_at(findings: list[Finding], above: Place) -> dict[str, list[Finding]]:
    """Return findings by node of the graph at a place; those inside a group are at the group's node."""
    found: dict[str, list[Finding]] = {}
    depth = len(above)
    for each in findings:
        place = place_of(each.node)
        if place[:depth] == above and len(place) > depth:
            found.setdefault(place[depth], []).append(each)
    return found
