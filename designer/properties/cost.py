"""What the network costs and what training it takes, worked out in the background after each check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from core import units
from core.graph.project import Project
from core.machine import device_title
from designer.jobs import Lane
from designer.session import Session

if TYPE_CHECKING:
    from core.model.cost import CostReport, NodeCost
    from core.model.cost_table import CostRow
    from core.model.memory import MemoryReport
    from core.model.reports import ShapeReport
    from core.training.budget import Budget

_PAUSE = 120
"""Milliseconds without a new report before the cost is worked out: typing need not wait for it."""
_STALE_AFTER = 400
"""Milliseconds after an edit until figures turn grey; new ones usually come sooner."""


@dataclass(frozen=True)
class Findings:
    """What was worked out for one check. Where the network has errors, ``rows`` and ``memory`` are missing.

    ``budget`` is missing, too, where this machine cannot train as set; ``reason`` says why.
    """

    report: CostReport
    rows: tuple[CostRow, ...] = ()
    memory: MemoryReport | None = None
    budget: Budget | None = None
    reason: str = ""


class CostWatcher(QObject):
    """Holds the cost of the project as last checked; None until it is known."""

    changed = Signal()
    """There are new findings, or the reason why there are none."""
    went_stale = Signal()
    """What was found is that of an earlier network, and the new figures take their time: views grey the old ones."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.found: Findings | None = None
        self.reason = ""
        self.is_current = False
        self.is_stale = False
        self._session = session
        self._lane = Lane(self, "cost")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._start)
        self._stale = QTimer(self, singleShot=True, interval=_STALE_AFTER)
        self._stale.timeout.connect(self._on_stale)
        session.changed.connect(self._on_session_changed)
        session.report_changed.connect(lambda _report: self._timer.start())
        if session.report is not None:
            self._timer.start()

    @property
    def report(self) -> CostReport | None:
        """What every node costs."""
        return self.found.report if self.found else None

    @property
    def budget(self) -> Budget | None:
        """What training takes; None where that is not known."""
        return self.found.budget if self.found else None

    def of(self, path: tuple[str, ...], node: str) -> NodeCost | None:
        """Return the cost of a node, by the groups that lead to it; None where it is not known."""
        report = self.report
        for name in path:
            report = report.inner.get(name) if report else None
        return report.nodes.get(node) if report else None

    def rows(self, path: tuple[str, ...] = ()) -> tuple[CostRow, ...]:
        """Return the rows of the nodes inside of the groups that lead there; none where they are not known."""
        rows = self.found.rows if self.found else ()
        for name in path:
            rows = next((row.inner for row in rows if row.path[-1] == name), ())
        return rows

    def held(self, cost: NodeCost) -> int:
        """Return the bytes that a node's weights take while training, with what belongs to them; 0 while not known."""
        memory = self.found.memory if self.found else None
        return memory.held(cost) if memory else 0

    def close(self) -> None:
        """Stop working; later reports are ignored."""
        self._timer.stop()
        self._lane.close()

    def _on_session_changed(self, _change: object) -> None:
        if self.is_current and not self._session.report_is_current:
            self.is_current = False
            self._stale.start()

    def _on_stale(self) -> None:
        self.is_stale = True
        self.went_stale.emit()

    def _start(self) -> None:
        report = self._session.report
        if report is None or not self._session.report_is_current:
            return
        project = self._session.project
        self._lane.submit(lambda _progress: _work_out(project, report.shapes), self._on_done, self._on_failed)

    def _on_done(self, found: Findings) -> None:
        self._settle(found, "")

    def _on_failed(self, error: Exception) -> None:
        self._settle(None, str(error))

    def _settle(self, found: Findings | None, reason: str) -> None:
        self.found, self.reason = found, reason
        self.is_current = self._session.report_is_current
        if self.is_current:
            self._stale.stop()
            self.is_stale = False
        self.changed.emit()


def _work_out(project: Project, shapes: ShapeReport) -> Findings:
    """Do the work, in a thread of its own."""
    from core.errors import TrainingError
    from core.model.cost import cost
    from core.model.cost_table import cost_rows
    from core.model.memory import training_memory
    from core.training.budget import budget

    costs = cost(project, shapes)
    if not shapes.ok:
        return Findings(costs)
    try:
        found, reason = budget(project, shapes, costs), ""
    except TrainingError as error:
        found, reason = None, str(error)
    memory = found.memory if found else training_memory(project, shapes, costs, 0)
    return Findings(costs, cost_rows(project, shapes, costs, memory), memory, found, reason)


def training_line(budget: Budget) -> str:
    """Return what training takes, in a few words, and whether it fits."""
    need = QCoreApplication.translate("Cost", "{need} with {batch} on {device}").format(
        need=units.size(budget.needed), batch=units.plural(budget.batch, "sample"), device=device_title(budget.device)
    )
    return need if budget.fits else QCoreApplication.translate("Cost", "{need}: does not fit").format(need=need)
