"""What the network costs, worked out in the background after each check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from designer.jobs import Lane
from designer.session import Session

if TYPE_CHECKING:
    from core.model.cost import CostReport

_PAUSE = 120
"""Milliseconds without a new report before the cost is worked out: typing need not wait for it."""


class CostWatcher(QObject):
    """Holds the cost of the project as last checked; None until it is known."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.report: CostReport | None = None
        self.reason = ""
        self._session = session
        self._lane = Lane(self, "cost")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._start)
        session.report_changed.connect(lambda _report: self._timer.start())
        if session.report is not None:
            self._timer.start()

    def close(self) -> None:
        """Stop working; later reports are ignored."""
        self._timer.stop()
        self._lane.close()

    def _start(self) -> None:
        from core.model.cost import cost

        report = self._session.report
        if report is None or not self._session.report_is_current:
            return
        project = self._session.project
        self._lane.submit(lambda _progress: cost(project, report.shapes), self._on_done, self._on_failed)

    def _on_done(self, report: CostReport) -> None:
        self.report, self.reason = report, ""
        self.changed.emit()

    def _on_failed(self, error: Exception) -> None:
        self.report, self.reason = None, str(error)
        self.changed.emit()
