"""What is recommended for an output: the kind of its problem, why, and one button that sets it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from core.training.losses import losses
from core.training.metrics import metrics
from designer.jobs import Lane
from designer.properties.editors.base import QuietComboBox, Silenced
from designer.properties.section import NAME_WIDTH, RESET_WIDTH
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import ElidedLabel, failing, muted

if TYPE_CHECKING:
    from core.training.guidance import Proposal
    from core.training.problem_types import ProblemType

_PAUSE = 120
"""Milliseconds without a new check before a recommendation is worked out."""


@dataclass(frozen=True)
class Advice:
    """The kinds of problem that are possible, and what is recommended for the one that is looked at."""

    types: tuple[ProblemType, ...]
    proposal: Proposal | None


class GuidanceBox(QWidget):
    """Recommends for the kind of problem that the output poses; another kind can be looked at before it is taken."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__()
        self._session, self._name = session, name
        self._looked_at = ""
        self.advice: Advice | None = None
        self._page = QWidget()
        self.setObjectName(f"guidance_{name}")
        self.kind = QuietComboBox()
        self.kind.setObjectName("problem_type")
        self.kind.setAccessibleName(self.tr("Kind of problem"))
        self.kind.setSizeAdjustPolicy(QuietComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kind.activated.connect(self._on_kind)
        self.take = QPushButton(self.tr("Set up"))
        self.take.setObjectName("set_up")
        self.take.setAutoDefault(False)
        self.take.clicked.connect(self._on_take)
        self.why = muted()
        self.why.setObjectName("why")
        self.left = failing()
        self._lane = Lane(self, "guidance")
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._start)
        session.report_changed.connect(self._on_report)
        self._lay_out()
        self._show()

    def _lay_out(self) -> None:
        title = ElidedLabel(self.tr("Problem"))
        title.setToolTip(self.tr("The kind of problem decides which loss, last layer and metrics are usual."))
        title.setFixedWidth(NAME_WIDTH)
        title.setBuddy(self.kind)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setColumnMinimumWidth(0, NAME_WIDTH)
        grid.setColumnStretch(1, 1)
        grid.addWidget(title, 0, 0)
        grid.addWidget(self.kind, 0, 1)
        grid.setColumnMinimumWidth(2, RESET_WIDTH)
        grid.setVerticalSpacing(SPACE // 2)
        grid.addWidget(self.why, 1, 0, 1, 3)
        grid.addWidget(self.left, 2, 0, 1, 3)
        grid.addWidget(self.take, 3, 1, Qt.AlignmentFlag.AlignLeft)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._page)
        column = QVBoxLayout(self._page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(grid)

    def showEvent(self, event: QShowEvent) -> None:
        """Work out what is recommended now."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: work nothing out."""
        self._timer.stop()
        super().hideEvent(event)

    def close_jobs(self) -> None:
        """End the work in the background."""
        self._timer.stop()
        self._lane.close()

    def _on_report(self, _report: object) -> None:
        if self.isVisible():
            self._timer.start()

    def _start(self) -> None:
        report, project = self._session.report, self._session.project
        node = project.graph.nodes.get(self._name)
        if report is None or node is None or not self._session.report_is_current:
            return
        shapes, chosen = report.shapes, self._looked_at

        def work(_progress: object) -> Advice:
            from core.training.guidance import possible_types, propose

            return Advice(possible_types(project, shapes, node), propose(project, shapes, node, chosen))

        self._lane.submit(work, self._on_advice, self._on_failed)

    def _on_advice(self, advice: Advice) -> None:
        if self._looked_at not in ("", *(kind.id for kind in advice.types)):
            self._looked_at = ""
            self._timer.start()
        self.advice = advice
        self._show()

    def _on_failed(self, error: Exception) -> None:
        self.advice = None
        self._show()
        self._page.show()
        self.left.setText(str(error))
        self.left.show()

    def _show(self) -> None:
        advice = self.advice
        proposal = advice.proposal if advice else None
        types = list(advice.types) if advice else []
        if proposal is not None and proposal.type not in types:
            types.insert(0, proposal.type)
        with Silenced(self.kind):
            self.kind.clear()
            for kind in types:
                self.kind.addItem(kind.title, kind.id)
                self.kind.setItemData(self.kind.count() - 1, kind.help, Qt.ItemDataRole.ToolTipRole)
            if proposal is not None:
                self.kind.setCurrentIndex(self.kind.findData(proposal.type.id))
        self._page.setVisible(proposal is not None)
        if proposal is None:
            return
        self.kind.setToolTip(proposal.type.help)
        self.take.setEnabled(proposal.changes)
        self.take.setText(self.tr("Set up") if proposal.changes else self.tr("As advised"))
        recommended = _recommended(proposal.type)
        self.take.setToolTip(
            self.tr("Take what is recommended: {0}.").format(recommended)
            if proposal.changes
            else self.tr("Loss, last layer and metrics are as recommended: {0}.").format(recommended)
        )
        self.take.setAccessibleDescription(self.take.toolTip())
        self.why.setText(proposal.why)
        self.why.setToolTip(self.take.toolTip())
        self.left.setText("\n".join(proposal.left))
        self.left.setVisible(bool(proposal.left))

    def _on_kind(self, at: int) -> None:
        self._looked_at = str(self.kind.itemData(at))
        self._start()

    def _on_take(self) -> None:
        proposal = self.advice.proposal if self.advice else None
        if proposal is not None:
            self._looked_at = ""
            self.take.setEnabled(False)
            self._session.document.end_merge()
            self._session.apply(proposal.edit)


def _recommended(kind: ProblemType) -> str:
    names = [found.title.lower() if found else each for each in kind.metrics for found in [metrics.find(each)]]
    loss = losses.find(kind.loss)
    return "; ".join((loss.title if loss else kind.loss, kind.head, ", ".join(names)))
