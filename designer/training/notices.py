"""Decides which notice is shown above the canvas, from what the runner tells and what lies in the folder of runs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from core.training.events import CheckpointSaved, Failed, Message, RunStarted
from core.training.runs import RunListing, list_runs
from designer.jobs import Lane, Progress
from designer.training import advice
from designer.training.notice import NoticeBar
from designer.training.runner import TrainingRunner, has_checkpoint


class Notices(QObject):
    """Fills the bar. A project that is opened from its file is asked about the last run, if that was cut off."""

    def __init__(self, runner: TrainingRunner, bar: NoticeBar) -> None:
        super().__init__(bar)
        self._runner = runner
        self._bar = bar
        self._advised = False
        self._lane = Lane(self, "interrupted")
        runner.failed.connect(self._on_failed)
        runner.event_received.connect(self._on_event)
        if runner.session.base is not None:
            self.look_for_interrupted()

    def look_for_interrupted(self) -> None:
        """Look, in a job, whether the newest run of this project was cut off."""
        root, name = self._runner.runs_root, self._runner.session.project.name

        def work(_progress: Progress) -> RunListing | None:
            return newest_interrupted(root, name)

        self._lane.submit(work, self._on_found, self._on_lost)

    def close_jobs(self) -> None:
        """End the work in the background."""
        self._lane.close()

    def _on_found(self, found: RunListing | None) -> None:
        if found is not None and found.summary is not None and self._runner.state == "idle":
            self._bar.tell(advice.interrupted(self._runner, found.path, found.summary.epochs))

    def _on_lost(self, error: Exception) -> None:
        raise error

    def _on_failed(self, failed: Failed) -> None:
        self._bar.tell(advice.after_failure(self._runner, failed))

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunStarted):
            self._bar.clear()
            runner = self._runner
            if runner.trained is not None and runner.trained.code and not (runner.isolated or self._advised):
                self._advised = True
                self._bar.tell(advice.at_risk(runner))
        elif isinstance(event, Message) and event.topic == "checkpoint":
            self._bar.tell(advice.disk_full(event.text))
        elif isinstance(event, CheckpointSaved):
            self._bar.clear(advice.DISK)


def newest_interrupted(root: Path, project: str) -> RunListing | None:
    """Return the newest run of a project in a folder, if it was interrupted and can be resumed."""
    newest = next((each for each in list_runs(root) if each.project == project), None)
    if newest is None or newest.status != "interrupted" or not has_checkpoint(newest.path):
        return None
    return newest
