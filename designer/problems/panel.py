"""The list of everything that is wrong with the project, as the check found it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.problems.row import ProblemRow
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import muted

if TYPE_CHECKING:
    from core.model.problems import Problem

SHOWN = 100
"""More problems than this are only counted: nobody reads them, and each is a widget."""
_ORDER = ("error", "warning", "info")


class ProblemsPanel(QScrollArea):
    """Shows the problems of the latest report, errors first. ``count_changed`` gives how many there are."""

    count_changed = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: tuple[Problem, ...] | None = None
        self.setObjectName("problems_panel")
        self.setAccessibleName(self.tr("Problems"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QWidget()
        self._rows = QVBoxLayout(self._body)
        self._rows.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._rows.setSpacing(SPACE // 2)
        self.setWidget(self._body)
        session.report_changed.connect(self._on_report_changed)
        self._say(self.tr("Loading PyTorch to check the network…"))
        if session.report is not None:
            self._on_report_changed(session.report)

    def _on_report_changed(self, report: object) -> None:
        problems: tuple[Problem, ...] = getattr(report, "problems", ())
        if problems == self._shown:
            return
        self._shown = problems
        self._clear()
        if not problems:
            empty = not self._session.project.graph.nodes
            self._say(
                self.tr("The canvas is empty: drag a layer from the library, or double-click one.")
                if empty
                else self.tr("No problems: the network can be trained.")
            )
        else:
            self._list(sorted(problems, key=lambda each: _ORDER.index(each.severity)))
        self.count_changed.emit(len(problems))

    def _list(self, problems: list[Problem]) -> None:
        for problem in problems[:SHOWN]:
            self._rows.addWidget(ProblemRow(problem, self._session))
        if len(problems) > SHOWN:
            self._rows.addWidget(muted(self.tr("… and {count} more.").format(count=len(problems) - SHOWN)))
        self._rows.addStretch(1)

    def _say(self, text: str) -> None:
        self._clear()
        label: QLabel = muted(text)
        label.setObjectName("problems_empty")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._rows.addWidget(label, 1)

    def _clear(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
