"""Writes the source after every check, beside the window, and keeps the last one that could be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.errors import LayerwrightError
from core.graph.project import Project
from designer.jobs import Lane, Progress
from designer.session import Session

if TYPE_CHECKING:
    from core.model.problems import Problem
    from core.model.reports import ShapeReport
    from core.model.source import Source


@dataclass(frozen=True)
class Written:
    """A source and the project that it says."""

    source: Source
    project: Project
    report: ShapeReport


@dataclass(frozen=True)
class Trouble:
    """Why there is no source of the network as it is, and the problem to be gone to, if one node has it."""

    message: str
    problem: Problem | None = None
    more: int = 0
    """How many errors there are besides."""


class SourceWriter(QObject):
    """Follows a session while somebody looks. ``written`` is the last good source, ``trouble`` why it is not newer."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._watched = False
        self._due = True
        self._lane = Lane(self, "source")
        self.written: Written | None = None
        self.trouble: Trouble | None = None
        session.report_changed.connect(self._on_report)

    @property
    def up_to_date(self) -> bool:
        """True where the source says the project as it is now."""
        return self.written is not None and self.trouble is None and not self.busy

    @property
    def busy(self) -> bool:
        """True where the source of the project as it is now is still to come."""
        return self._due or self._lane.busy

    def watch(self, watched: bool) -> None:
        """Follow the project, or wait until somebody looks again."""
        self._watched = watched
        if watched and self._due:
            self._write()

    def close_jobs(self) -> None:
        """End the work in the background and wait for its end."""
        self._lane.close()

    def _on_report(self, _report: object) -> None:
        self._due = True
        if self._watched:
            self._write()

    def _write(self) -> None:
        report, project = self._session.report, self._session.project
        if report is None or not self._session.report_is_current:
            return  # the next report comes
        self._due = False
        errors = [each for each in report.shapes.problems if each.severity == "error"]
        if errors:
            self._lane.cancel()
            self._set_trouble(Trouble(errors[0].sentence, errors[0], len(errors) - 1))
            return
        shapes = report.shapes

        def work(_progress: Progress) -> Written:
            from core.model.source import compose

            return Written(compose(project, shapes), project, shapes)

        self._lane.submit(work, self._on_written, self._on_failed)

    def _on_written(self, written: Written) -> None:
        self.written, self.trouble = written, None
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self._set_trouble(Trouble(str(error)))

    def _set_trouble(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.changed.emit()
