"""The table of trials."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from core.search.table import TrialRow
from designer.sweep.model import TrialsModel
from designer.widgets import as_list

_WIDEST, _SAMPLE, _ROOM = 220, 60, 18
_WIDEST_REASON = 440


class TrialsView(QTableView):
    """Shows a TrialsModel. ``opened`` asks for the run of a trial, ``chosen_changed`` tells of another selection."""

    opened = Signal(object)
    """A TrialRow."""
    chosen_changed = Signal()

    def __init__(self, model: TrialsModel) -> None:
        super().__init__()
        self.setObjectName("trials_table")
        self.setAccessibleName(self.tr("Trials"))
        self.trials = model
        self.setModel(model)
        as_list(self, self.fontMetrics().height() + 7)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setSortingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._sized = (0, 0)
        self._reason_width = 0
        self.activated.connect(self._on_activated)
        model.modelReset.connect(self.fit_columns)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())

    @property
    def chosen(self) -> TrialRow | None:
        """The selected trial."""
        rows = self.selectionModel().selectedRows()
        return self.trials.rows[rows[0].row()] if rows and rows[0].row() < len(self.trials.rows) else None

    def choose(self, number: int) -> None:
        """Select a trial."""
        for row, each in enumerate(self.trials.rows):
            if each.number == number:
                self.selectRow(row)

    def fit_columns(self) -> None:
        """Give columns the width of what they show, as long as the first trials come in."""
        size = (self.trials.columnCount(), min(_SAMPLE, len(self.trials.rows)))
        if size == self._sized:
            return
        self._sized = size
        *others, reason = range(self.trials.columnCount())
        for column in others:
            self.setColumnWidth(column, min(_WIDEST, self._wanted(column)))
        self._reason_width = min(_WIDEST_REASON, self._wanted(reason))
        self._fit_reason()

    def _wanted(self, column: int) -> int:
        """Return the width at which nothing of a column is cut off, in the first rows."""
        metrics, texts = self.fontMetrics(), []
        for row in range(self._sized[1]):
            texts.append(self.trials.data(self.trials.index(row, column)) or "")
        widths = (metrics.horizontalAdvance(text) + _ROOM for text in texts)
        return max(self.horizontalHeader().sectionSizeHint(column), *widths, 0)

    def _fit_reason(self) -> None:
        """Give the last column what is left, and never less than its text needs: one can scroll to it."""
        last = self.trials.columnCount() - 1
        left = self.viewport().width() - self.horizontalHeader().sectionPosition(last)
        self.setColumnWidth(last, max(left, self._reason_width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the last column reach the edge."""
        super().resizeEvent(event)
        self._fit_reason()

    def _on_activated(self, index: QModelIndex) -> None:
        if index.row() < len(self.trials.rows):
            self.opened.emit(self.trials.rows[index.row()])
