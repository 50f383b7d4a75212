"""A chooser of runs: the one that is being trained, and those that were trained before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from core.training.events import CheckpointSaved, RunStarted
from core.training.runs import RunListing, list_runs
from designer.data.reading import watched
from designer.jobs import Lane
from designer.widgets import ElidedComboBox

if TYPE_CHECKING:
    from designer.training.runner import TrainingRunner


class RunChoice(ElidedComboBox):
    """Lists runs with weights, the newest first. ``chosen`` tells of another run, by whomever it was chosen.

    At first it is the newest of this project; a run that begins is chosen by itself, unless the user chose another.
    """

    mode = Qt.TextElideMode.ElideMiddle
    chosen = Signal()

    def __init__(self, runner: TrainingRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._lane = Lane(self, "run-choice")
        self._listed: tuple[RunListing, ...] = ()
        self.ready = False
        """True once the runs were listed for the first time."""
        self.setAccessibleName(self.tr("Run"))
        self.setToolTip(self.tr("Which run's network"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(18)
        self.activated.connect(lambda _place: self.chosen.emit())
        self._say_whether_any()
        runner.event_received.connect(self._on_event)
        runner.state_changed.connect(lambda _state: self.refresh())

    @property
    def folder(self) -> Path | None:
        """The folder of the chosen run; None where there is none."""
        found = self.currentData()
        return Path(found) if found else None

    @property
    def is_live(self) -> bool:
        """True while the chosen run is being trained in this window."""
        return self._runner.active and self.folder is not None and self.folder == self._runner.run

    def refresh(self) -> None:
        """List the runs again."""
        root = self._runner.runs_root
        self._lane.submit(watched(lambda: list_runs(root)), self._on_listed, self._on_failed)

    def choose(self, folder: Path) -> None:
        """Choose a run, whether it is listed yet or not."""
        if self.findData(str(folder)) < 0:
            with QSignalBlocker(self):
                self.insertItem(0, folder.name, str(folder))
        self._say_whether_any()
        self.setCurrentIndex(self.findData(str(folder)))
        self.chosen.emit()

    def close_jobs(self) -> None:
        """Stop listing."""
        self._lane.close()

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunStarted) and self._runner.run is not None:
            self.choose(self._runner.run)
        elif isinstance(event, CheckpointSaved) and self.folder is None:
            self.refresh()

    def _on_listed(self, listed: tuple[RunListing, ...]) -> None:
        before = self.folder
        self.ready = True
        self._listed = listed = tuple(each for each in listed if not each.problem)
        own = self._runner.session.project.name
        known = [each.path for each in listed]
        with QSignalBlocker(self):
            self.clear()
            for each in listed:
                live = self._runner.active and each.path == self._runner.run
                text = self.tr("{0} (training now)").format(each.name) if live else each.name
                self.addItem(text, str(each.path))
                self.setItemData(self.count() - 1, _said(each), Qt.ItemDataRole.ToolTipRole)
            wanted = before if before in known else next((each.path for each in listed if each.project == own), None)
            if wanted is None and before is not None and before == self._runner.run:
                self.insertItem(0, before.name, str(before))
                wanted = before
            self.setCurrentIndex(-1 if wanted is None else self.findData(str(wanted)))
        self._say_whether_any()
        self.chosen.emit()

    def _say_whether_any(self) -> None:
        self.setEnabled(self.count() > 0)
        self.setPlaceholderText(self.tr("Choose a run") if self.count() else self.tr("No run yet"))

    def _on_failed(self, error: Exception) -> None:
        self._runner.session.refused.emit(str(error))


def _said(listing: RunListing) -> str:
    best = listing.summary.best if listing.summary else {}
    values = ", ".join(f"{name} {value:.4g}" for name, value in best.items())
    return f"{listing.project} · {listing.status}" + (f"\n{values}" if values else "")
