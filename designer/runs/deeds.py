"""What can be done with runs: each deed works off the window's thread where it may take long, and says what it did."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from core.atomic import write_atomically
from core.errors import LayerwrightError, SaveError
from core.graph.edits import SetTraining
from core.graph.project import Project
from core.training.run_index import RunEntry, delete_run
from core.training.run_labels import Labels, write_labels
from core.training.runs import Run
from designer.jobs import Lane, Progress
from designer.session import Session

_NAMED = 5


class Deeds(QObject):
    """Acts on runs for one session. ``done`` says that folders have changed; ``opened`` gives a run's Project."""

    done = Signal()
    opened = Signal(object)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._parent = session, parent
        self._reading = Lane(self, "run-project")
        self._deleting = Lane(self, "run-delete")
        self._deleting.progressed.connect(lambda _share, text: session.working.emit(text))
        self._deleting.busy_changed.connect(lambda busy: None if busy else session.working.emit(""))

    def close(self) -> None:
        """Wait until nothing is read or deleted any more."""
        self._reading.close()
        self._deleting.close()

    def keep_labels(self, path: Path, labels: Labels) -> None:
        """Write what is said of a run."""
        try:
            write_labels(path, labels)
        except SaveError as error:
            self._session.refused.emit(str(error))
        self.done.emit()

    def read(self, path: Path, then: Callable[[Project], Any]) -> None:
        """Hand a run's project on once it has been read."""
        self._reading.submit(lambda _progress: Run.open(path).project(), then, self._refuse)

    def open_project(self, path: Path) -> None:
        """Ask for the project of a run to be opened, as a copy that is in no file yet."""

        def work(_progress: Progress) -> Project:
            from core.data.relocate import relocated

            run = Run.open(path)
            return relocated(run.project(), run.base, Path.cwd())  # where what is in no file yet looks for its files

        self._reading.submit(work, self.opened.emit, self._refuse)

    def use_settings(self, path: Path) -> None:
        """Train the open project with the settings of a run from now on: one step to undo."""
        label = self.tr("Use the training settings of {run}").format(run=path.name)

        def use(project: Project) -> None:
            if project.training == self._session.project.training:
                self._session.told.emit(self.tr("The training settings are the same already."))
            elif self._session.apply(SetTraining(project.training, label=label)):
                text = self.tr("The training settings are those of {run} now. Undo takes them back.")
                self._session.told.emit(text.format(run=path.name))

        self.read(path, use)

    def copy_paths(self, runs: Sequence[RunEntry]) -> None:
        """Put the folders of runs on the clipboard, one a line."""
        QGuiApplication.clipboard().setText("\n".join(str(run.path) for run in runs))
        self._session.told.emit(self.tr("Copied."))

    def open_folder(self, run: RunEntry) -> None:
        """Show a run's folder in the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.path))):
            text = self.tr("The system has no program for folders. The run is in {path}.")
            self._session.refused.emit(text.format(path=run.path))

    def save_list(self, runs: Sequence[RunEntry], columns: Sequence[str], path: Path) -> None:
        """Write runs with these columns as CSV, numbers in full; where that fails, say why."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*columns, "path"])
        for run in runs:
            values = [run.value(name) for name in columns]
            writer.writerow(["" if value is None else value for value in values] + [str(run.path)])
        self._session.save(path, lambda: write_atomically(path, text.getvalue().encode()))

    def ask_delete(self, runs: Sequence[RunEntry]) -> bool:
        """Ask whether runs shall be deleted, and do it; False where the user would rather not."""
        runs = [run for run in runs if run.listing.status != "running"] or list(runs)
        box = QMessageBox(self._parent)
        box.setObjectName("delete_runs")
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(self.tr("Delete runs"))
        one = self.tr("Delete the run “{name}” with its curves and weights?").format(name=runs[0].name)
        several = self.tr("Delete {n} runs with their curves and weights?").format(n=len(runs))
        box.setText(one if len(runs) == 1 else several)
        names = [run.name for run in runs[:_NAMED]] if len(runs) > 1 else []
        rest = self.tr("… and {n} more").format(n=len(runs) - _NAMED) if len(runs) > _NAMED else ""
        starred = sum(run.labels.starred for run in runs)
        stars = self.tr("Starred among them: {n}.").format(n=starred) if starred else ""
        box.setInformativeText("\n".join(filter(None, (*names, rest, stars, self.tr("This cannot be undone.")))))
        yes = box.addButton(self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        agreed = box.clickedButton() is yes
        box.deleteLater()
        if agreed:
            self.delete([run.path for run in runs])
        return agreed

    def delete(self, paths: Sequence[Path]) -> None:
        """Delete runs; those that cannot be deleted are named with the reason, the others are gone."""

        def work(progress: Progress) -> list[str]:
            problems = []
            for number, path in enumerate(paths):
                progress.report(number / len(paths), self.tr("Deleting {run}…").format(run=path.name))
                try:
                    delete_run(path)
                except LayerwrightError as error:
                    problems.append(str(error))
            return problems

        self._deleting.submit(work, self._on_deleted, self._refuse)

    def _on_deleted(self, problems: list[str]) -> None:
        if problems:
            self._session.refused.emit("\n".join(problems))
        self.done.emit()

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self._session.refused.emit(str(error))


def heading(runs: Sequence[RunEntry], shown: int) -> str:
    """Return how many runs there are and how many of them are shown, as text."""
    return f"{len(runs):,}" if shown == len(runs) else f"{shown:,} / {len(runs):,}"
