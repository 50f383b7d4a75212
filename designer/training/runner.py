"""Runs training in the background and tells the window about it, at a pace that leaves the window free.

The loop itself knows nothing of threads or Qt (``core.training.loop``): its events go into a queue, which a timer
drains while training runs. The thread is joined before the runner is gone.
"""

from __future__ import annotations

import json
import logging
import queue
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, QStandardPaths, QTimer, Signal

from core.errors import LayerwrightError, TrainingError
from core.graph.names import natural_key
from core.graph.project import Project
from core.training.control import Command, What
from core.training.events import Changed, Event, Failed, Finished, Message, Paused, Resumed, RunStarted
from core.training.job import Job, threads_beside_a_window
from core.training.runs import Run, new_run_folder
from designer.session import Session
from designer.training.live import Live, frozen_in, is_changed, layer_paths
from designer.training.thread import Ended, Held, Told, TrainingThread

State = Literal["idle", "starting", "running", "paused", "stopping", "finished", "failed"]
ACTIVE: frozenset[State] = frozenset({"starting", "running", "paused", "stopping"})
"""The states in which a run is under way."""
STEERED: frozenset[State] = frozenset({"running", "paused"})
"""The states in which a run can be changed."""
MORE_EPOCHS = 10
"""How many a finished run goes on for, where nobody says."""

_DRAINS_PER_SECOND = 15
log = logging.getLogger(__name__)


def default_runs_root(session: Session) -> Path:
    """Return where runs go: ``runs`` beside the project file, or in the user's data folder before it is saved."""
    if session.base is not None:
        return session.base / "runs"
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation)
    return Path(folder) / "runs"


def has_checkpoint(run: Path | None) -> bool:
    """Return True where a run can be gone on with."""
    return run is not None and (run / "checkpoints" / "last.state.pt").is_file()


class TrainingRunner(QObject):
    """Starts, pauses, continues, changes and stops the training of a session's project.

    ``start`` waits for the check of the newest edit before it begins, and refuses (through ``session.refused``) while
    something keeps the project from being trained.
    """

    event_received = Signal(object)
    """Every event of the loop, in order (see ``core.training.events``)."""
    drained = Signal()
    """After one or more events: the moment to repaint."""
    state_changed = Signal(str)
    live_changed = Signal()
    """Learning rate, epochs or frozen layers are others (see ``live``)."""
    failed = Signal(object)
    """A Failed: what went wrong."""

    def __init__(self, session: Session, parent: QObject | None = None, *, runs_root: Path | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.state: State = "idle"
        self.run: Path | None = None
        """The folder of the current or last run."""
        self.trained: Project | None = None
        """What the current or last run trains."""
        self.isolated = False
        """True where the current or last run has a process of its own."""
        self.live = Live()
        self.result: Finished | Failed | None = None
        """How the last run ended."""
        self._runs_root = runs_root
        self._thread: TrainingThread | None = None
        self._next: Callable[[], None] | None = None
        """What is to be launched once the check has answered, or the present run has ended."""
        self._orders: list[Command] = []
        """What the next run is told before its first step."""
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // _DRAINS_PER_SECOND)
        self._timer.timeout.connect(self._drain)
        session.report_changed.connect(self._on_report_changed)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)

    @property
    def active(self) -> bool:
        """True while a run is under way, paused or ending."""
        return self.state in ACTIVE

    @property
    def runs_root(self) -> Path:
        """The folder that new runs go into."""
        return self._runs_root or default_runs_root(self.session)

    @property
    def is_changed(self) -> bool:
        """True where the project is no longer what the current or last run trains."""
        return self.trained is not None and is_changed(self.trained, self.session.project)

    @property
    def can_resume(self) -> bool:
        """True where the last run has ended and left something to go on from."""
        return not self.active and has_checkpoint(self.run)

    @property
    def can_take_over(self) -> bool:
        """True where the changed project could go on from the weights of the current or last run."""
        idle = not self.active and has_checkpoint(self.run)
        return (idle or self.state == "paused") and self.is_changed

    def reasons(self) -> tuple[str, ...]:
        """Return why the project cannot be trained as it is; empty where it can or where the check has not answered."""
        report = self.session.report
        if report is None or not self.session.report_is_current:
            return ()
        return tuple(problem.sentence for problem in report.blockers)

    # --- beginning and ending -----------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Begin a new run; return False where one is under way or the project cannot be trained."""
        return not self.active and self._when_checked(self._launch_new)

    def resume(self, folder: Path, epochs: int | None = None, *, isolated: bool = False) -> bool:
        """Go on with a run that was stopped, killed or finished, as it was trained; False where that cannot be.

        ``epochs`` is how many it shall have in all (None: as many as were planned); a finished run needs more than it
        has. ``isolated`` trains it in a process of its own, which its project may ask for as well.
        """
        if self.active:
            self.session.refused.emit(self.tr("Another run is being trained: stop it first."))
            return False
        try:
            project = Run.open(folder).project()
            if not has_checkpoint(folder):
                raise TrainingError(self.tr("“{0}” has no checkpoint to go on from.").format(folder.name))
        except LayerwrightError as error:
            self.session.refused.emit(str(error))
            return False
        job = Job(project, folder, self.session.base, epochs=epochs, resume=True, threads=threads_beside_a_window())
        self._set_state("starting")
        self._launch(job, isolated=isolated)
        return True

    def train_more(self, epochs: int = MORE_EPOCHS) -> bool:
        """Train the last run for more epochs than it has trained."""
        if not self.can_resume or self.run is None:
            return False
        try:
            done = Run.open(self.run).summary().epochs
        except LayerwrightError as error:
            self.session.refused.emit(str(error))
            return False
        return self.resume(self.run, done + epochs)

    def take_over(self, kept: Iterable[str] = ()) -> bool:
        """Go on with the project as it is now, in a new run, from the weights of this one that still fit.

        A paused run ends for it, and keeps its folder. ``kept`` are the layers that keep their weights (see
        ``core.training.transfer``): those of them that were frozen while it trained stay so.
        """
        if not self.can_take_over:
            return False
        launch = partial(self._launch_changed, tuple(kept))
        if self.state != "paused":
            return self._when_checked(launch)
        if self._is_refused():
            return False
        self._next = launch
        self._give(Command("stop"))
        self._set_state("stopping")
        return True

    def stop(self) -> None:
        """End training soon; the best and the last weights are kept."""
        self._next = None
        if self.state == "starting" and self._thread is None:
            self._set_state("idle")
        elif self.active:
            self._give(Command("stop"))
            self._set_state("stopping")

    def close(self) -> None:
        """Stop training, wait for its end and tell the last of it; safe to call again."""
        self._next = None
        if self.state == "starting" and self._thread is None:
            self._set_state("idle")
        if self._thread is not None:
            self._thread.control.stop()
            self._thread.join()
            self._drain()
        self._timer.stop()

    # --- steering -----------------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Make a running training wait; it says ``Paused`` when it does."""
        if self.state == "running":
            self._give(Command("pause"))

    def go_on(self) -> None:
        """Let a paused training go on, with the network as it was."""
        if self.state in STEERED:
            self._give(Command("resume"))

    def set_learning_rate(self, rate: float) -> bool:
        """Change the learning rate of the running training; False where it is impossible."""
        return self._steer("learning-rate", rate)

    def set_epochs(self, epochs: int) -> bool:
        """Change how many epochs the running training has in all; False where that is impossible."""
        return self._steer("epochs", epochs)

    def freeze(self, layer: str, *, frozen: bool = True) -> bool:
        """Keep a layer of the running training from learning, or let it learn; a path such as ``block.conv1``."""
        return self._steer("freeze" if frozen else "unfreeze", layer)

    def selected_layers(self) -> tuple[str, ...]:
        """Return the paths of the selected nodes that the run trains, those that can learn."""
        return self.layers_of(self.session.selection, self.session.path)

    def layers_of(self, names: Iterable[str], path: tuple[str, ...]) -> tuple[str, ...]:
        """Return what nodes inside a path of groups go by in the run, those of them that can learn."""
        report, trained = self.session.report, self.trained
        if trained is None or report is None:
            return ()
        found: list[str] = []
        for name in sorted(names, key=natural_key):
            found += layer_paths(self.session.project, report.shapes, path, name)
        return tuple(found)

    def toggle_frozen(self, layers: Iterable[str]) -> None:
        """Freeze layers; where all of them are frozen, let them learn."""
        layers = tuple(layers)
        frozen = not all(each in self.live.frozen for each in layers)
        for layer in layers:
            if (layer in self.live.frozen) is not frozen:
                self.freeze(layer, frozen=frozen)

    def checkpoint(self) -> bool:
        """Have the running training written to its folder now."""
        return self._steer("checkpoint")

    def pin(self, paths: Iterable[str]) -> bool:
        """Have pictures made of these nodes, by their paths in ``core.training.diagnostics``."""
        return self._steer("pin", json.dumps(list(paths)))

    def show_sample(self, part: Literal["training", "validation"], index: int) -> bool:
        """Have these pictures made of one sample, counted from 0 in its part of the data."""
        return self._steer("sample", json.dumps([index, part]))

    def order(self, command: Command) -> None:
        """Tell the run that is started next something before its first step."""
        self._orders.append(command)

    def _steer(self, what: What, value: float | str | None = None) -> bool:
        return self.state in STEERED and self._give(Command(what, value))

    def _give(self, command: Command) -> bool:
        if self._thread is None:
            return False
        try:
            self._thread.control.give(command)
        except TrainingError as error:
            self.session.refused.emit(str(error))
            return False
        return True

    # --- starting -----------------------------------------------------------------------------------------------------

    def _when_checked(self, launch: Callable[[], None]) -> bool:
        if self._is_refused():
            return False
        self._next = launch
        self._set_state("starting")
        if self.session.report_is_current:
            self._launch_next()
        return True

    def _is_refused(self) -> bool:
        reasons = self.reasons()
        if not reasons:
            return False
        shown = reasons[:3]
        rest = len(reasons) - len(shown)
        lines = [*shown, self.tr("and {0} more").format(rest)] if rest else shown
        self.session.refused.emit(self.tr("Training cannot start yet.") + "\n" + "\n".join(lines))
        return True

    def _on_report_changed(self, _report: object) -> None:
        if self.state == "starting" and self._thread is None:
            self._launch_next()

    def _launch_next(self) -> None:
        launch, self._next = self._next, None
        if launch is None or self._is_refused():
            self._set_state("idle")
        else:
            launch()

    def _launch_new(self) -> None:
        self._orders.clear()
        self._launch(self._new_job(None))

    def _launch_changed(self, kept: tuple[str, ...]) -> None:
        """Go on from the last run; what it was told while it trained holds on where the project says nothing else."""
        live, before, now = self.live, self.trained, self.session.project
        epochs = None
        if before is not None:
            if live.given_rate is not None and before.training.learning_rate == now.training.learning_rate:
                self.order(Command("learning-rate", live.given_rate))
            for layer in sorted(live.frozen - frozen_in(before)):
                if any(each == layer or each.startswith(f"{layer}.") for each in kept):
                    self.order(Command("freeze", layer))
            was_paused = isinstance(self.result, Finished) and self.result.reason == "stopped"
            if was_paused and before.training.epochs == now.training.epochs:
                epochs = live.epochs
        self._launch(self._new_job(self.run, epochs))

    def _new_job(self, start_from: Path | None, epochs: int | None = None) -> Job:
        project = self.session.project
        folder = new_run_folder(self.runs_root, project.name)
        threads = threads_beside_a_window()
        return Job(project, folder, self.session.base, epochs=epochs, threads=threads, start_from=start_from)

    def _launch(self, job: Job, *, isolated: bool = False) -> None:
        self.run, self.trained, self.result = job.run, job.project, None
        self.isolated = isolated or job.project.training.process
        frozen = frozen_in(job.project)
        self.live = Live(job.project.training.learning_rate, job.project.training.epochs, frozen)
        thread = self._thread = TrainingThread(job, isolated=self.isolated, frozen=frozen)
        orders, self._orders = self._orders, []
        for command in orders:
            self._give(command)
        thread.start()
        self._timer.start()

    # --- following ----------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Hand on what has come, for at most a part of a frame's time, so that the window stays responsive."""
        thread = self._thread
        if thread is None:
            return
        until = time.perf_counter() + 0.008
        taken = False
        closing = not thread.is_alive
        while closing or time.perf_counter() < until:
            try:
                item = thread.events.get_nowait()
            except queue.Empty:
                break
            taken = True
            self._take(item)
            if isinstance(item, Ended):
                break
        if taken:
            self.drained.emit()

    def _take(self, item: Told) -> None:
        if isinstance(item, Ended):
            self._on_ended()
        elif isinstance(item, Held):
            self.live.frozen = item.frozen
            self.live_changed.emit()
        else:
            self._take_event(item)

    def _take_event(self, event: Event) -> None:
        if isinstance(event, Finished | Failed):
            self.result = event
        different = self.live.take(event)
        self.event_received.emit(event)
        if isinstance(event, RunStarted) and self.state == "starting":
            self._set_state("running")
        elif isinstance(event, Paused) and self.state == "running":
            self._set_state("paused")
        elif isinstance(event, Resumed) and self.state == "paused":
            self._set_state("running")
        elif isinstance(event, Changed):
            self.session.told.emit(self.tr("From step {0:,}: {1}").format(event.step + 1, event.text))
        elif isinstance(event, Message):
            (self.session.refused if event.severity == "warning" else self.session.told).emit(event.text)
        if different:
            self.live_changed.emit()

    def _on_ended(self) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._timer.stop()
        if isinstance(self.result, Failed):
            self._next = None
            if self.result.details:
                log.error("training failed: %s\n%s", self.result.message, self.result.details)
            self._set_state("failed")
            self.failed.emit(self.result)
        elif self._next is not None:
            self._set_state("starting")
            if self.session.report_is_current:
                self._launch_next()
        else:
            self._set_state("finished")

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
