"""The dry run: a batch goes through everything once, and what that took is listed, or the first node that failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from core import units
from core.model.reports import NodeReport
from designer import theme
from designer.session import Session
from designer.training.tools.trial import Trial, TrialDialog
from designer.widgets import IconLabel

if TYPE_CHECKING:
    from core.training.trial import DryRun

_LEAST_COLUMN = 140


class DryRunDialog(TrialDialog):
    """Says whether training can begin, and lists time, memory and the shape that every node gives."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(
            session,
            parent,
            self.tr("Dry run"),
            self.tr("Sends the first batches through network, loss, optimizer and metrics. Nothing is changed by it."),
        )
        self.setObjectName("dry_run")
        self.mark = IconLabel("check", "success", 18)
        self.facts = QTableWidget(0, 2)
        self.shapes = QTableWidget(0, 2)
        self._lay_out_dry_run()
        self.resize(520, 480)

    def _lay_out_dry_run(self) -> None:
        for table, name, headings in (
            (self.facts, self.tr("What it takes"), ()),
            (self.shapes, self.tr("Shapes"), (self.tr("Node"), self.tr("Gives, for a batch of N"))),
        ):
            table.setAccessibleName(name)
            table.verticalHeader().hide()
            table.verticalHeader().setDefaultSectionSize(table.fontMetrics().lineSpacing() + theme.SPACE)
            table.setShowGrid(False)
            table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
            table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
            header = table.horizontalHeader()
            header.setVisible(bool(headings))
            header.setMinimumSectionSize(_LEAST_COLUMN)
            header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
            header.setStretchLastSection(True)
            table.setHorizontalHeaderLabels(list(headings) or ["", ""])
        self.facts.setObjectName("dry_run_facts")
        self.shapes.setObjectName("dry_run_shapes")
        self.mark.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        self.column.removeWidget(self.verdict)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.verdict, 1)
        self.column.insertLayout(2, row)
        self.column.insertWidget(3, self.facts)
        self.column.insertWidget(4, self.shapes, 1)

    def work(self, trial: Trial) -> DryRun:
        """Take a few steps."""
        from core.training.trial import dry_run

        return dry_run(trial.course)

    def cleared(self) -> None:
        """Show nothing."""
        self.mark.hide()
        self._fill(self.facts, [])
        self._fill(self.shapes, [])

    def show_result(self, result: DryRun) -> None:
        """List what it took, or say what failed."""
        self.mark.set_icon(*(("check", "success") if result.ok else ("error", "error")))
        self.mark.show()
        self.verdict.setText(self.tr("Training can begin.") if result.ok else result.message)
        self.blame(result.node)
        self._fill(self.facts, list(self._facts(result)) if result.ok else [])
        self._fill(self.shapes, list(self._shapes()), bad=result.node)

    def _facts(self, result: DryRun) -> Iterator[tuple[str, str]]:
        yield self.tr("One step"), _duration(result.seconds)
        yield self.tr("An epoch of training"), self.tr("about {0}").format(_duration(result.epoch_seconds))
        memory = units.size(result.memory) if result.memory else self.tr("too little to be measured")
        yield self.tr("Memory for a step"), memory
        yield self.tr("Loss before training"), f"{result.loss:.4g}"

    def _shapes(self) -> Iterator[tuple[str, str]]:
        report = self.session.report
        for name in report.shapes.order if report is not None else ():
            node = report.shapes.nodes[name] if report is not None else NodeReport()
            yield name, ", ".join(str(each) for each in (node.outputs or node.inputs).values())

    def _fill(self, table: QTableWidget, rows: list[tuple[str, str]], bad: str = "") -> None:
        table.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                if bad and row[0] == bad:
                    item.setForeground(QColor(theme.current().error))
                table.setItem(at, column, item)
        if table is self.facts:
            height = sum(table.rowHeight(at) for at in range(len(rows)))
            table.setFixedHeight(height + 2 * table.frameWidth())
            table.setVisible(bool(rows))


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else units.duration(seconds)
