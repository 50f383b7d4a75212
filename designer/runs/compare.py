"""What differs between runs, side by side: results, settings, data, network; to be copied where it is written up."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import LayerwrightError
from core.training.runs import Run
from core.units import duration
from designer import theme
from designer.jobs import Lane
from designer.plots import style
from designer.runs import columns
from designer.session import Session
from designer.theme import SPACE
from designer.widgets import bold, muted

if TYPE_CHECKING:
    from core.training.run_comparison import Row

_RESULTS = "Results"
_NAME_WIDTH, _VALUE_WIDTH, _MOST_WIDTH = 190, 150, 320


class CompareDialog(QDialog):
    """Shows the comparison of several runs in sections; it may stay open beside the window."""

    difference_requested = Signal(object)
    """The folder of a run against which the network is to be shown on the canvas."""

    def __init__(self, paths: Sequence[Path], session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("compare_runs")
        self.setWindowTitle(self.tr("Compare runs"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._paths, self._session = tuple(paths), session
        self._rows: tuple[Row, ...] = ()
        self._lane = Lane(self, "compare-runs")
        self.tree = QTreeWidget()
        self.all_rows = QCheckBox(self.tr("Also what is the same"))
        self._empty = muted(self.tr("Reading the runs…"))
        self._stack = QStackedWidget()
        self._lay_out()
        self.resize(min(1100, _NAME_WIDTH + _VALUE_WIDTH * len(paths) + 80), 480)
        self.all_rows.toggled.connect(self._fill)
        theme.switch.changed.connect(self._fill)
        self._lane.submit(lambda _progress: _compared(self._paths), self._on_compared, self._on_failed)

    def _lay_out(self) -> None:
        self.tree.setObjectName("comparison")
        self.tree.setAccessibleName(self.tr("What differs between the runs"))
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setAlternatingRowColors(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setHeaderLabels(["", *(path.name for path in self._paths)])
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.tree)
        self.all_rows.setObjectName("all_rows")
        row = QHBoxLayout()
        row.addWidget(self.all_rows)
        row.addStretch(1)
        self.on_canvas = QPushButton(self.tr("Difference on the canvas"))
        self.on_canvas.setToolTip(self.tr("Show how the network that is open differs from the marked run's"))
        self.on_canvas.clicked.connect(lambda: self.difference_requested.emit(self._marked()))
        row.addWidget(self.on_canvas)
        for title, write in ((self.tr("Copy as Markdown"), self.markdown), (self.tr("Copy as CSV"), self.csv)):
            button = QPushButton(title)
            button.clicked.connect(lambda _checked=False, write=write: self._copy(write()))
            row.addWidget(button)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.close)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.addWidget(self._stack, 1)
        column.addLayout(row)

    def _marked(self) -> Path:
        """Return the run in whose column the current cell is, else the first."""
        return self._paths[max(0, self.tree.currentColumn() - 1)]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that are shown."""
        return self._rows if self.all_rows.isChecked() else tuple(row for row in self._rows if row.differs)

    def _on_compared(self, rows: tuple[Row, ...]) -> None:
        total = next((row.values for row in rows if (row.section, row.name) == (_RESULTS, "loss")), None)
        self._rows = tuple(row for row in rows if not (row.name.endswith("/loss") and row.values == total))
        self._fill()
        self.tree.setColumnWidth(0, _NAME_WIDTH)
        for column in range(1, len(self._paths) + 1):
            self.tree.resizeColumnToContents(column)
            self.tree.setColumnWidth(column, max(_VALUE_WIDTH, min(_MOST_WIDTH, self.tree.columnWidth(column))))

    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, LayerwrightError):
            raise error
        self._empty.setText(str(error))

    def _fill(self) -> None:
        if not self._rows:
            return
        self.tree.clear()
        sections: dict[str, QTreeWidgetItem] = {}
        for row in self.rows:
            if row.section not in sections:
                item = sections[row.section] = QTreeWidgetItem(self.tree, [row.section])
                item.setFont(0, bold(self.tree.font()))
                item.setFirstColumnSpanned(True)
            self._add(sections[row.section], row)
        self.tree.expandAll()
        self._stack.setCurrentIndex(1 if sections else 0)
        if not sections:
            self._empty.setText(self.tr("These runs do not differ: settings, data, network and results are the same."))

    def _add(self, section: QTreeWidgetItem, row: Row) -> None:
        item = QTreeWidgetItem(section, [_title(row), *_values(row)])
        if row.differs and self.all_rows.isChecked():
            item.setFont(0, bold(self.tree.font()))
        for column, value in enumerate(row.values, 1):
            item.setToolTip(column, value)
            if not row.differs:
                item.setForeground(column, QColor(theme.current().text_muted))
        item.setToolTip(0, row.name)

    def markdown(self) -> str:
        """Return what is shown as a Markdown table."""
        lines = [["", *(path.name for path in self._paths)]]
        lines += [[f"{row.section}: {row.name}", *row.values] for row in self.rows]
        text = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
        return "\n".join([text[0], "|" + " --- |" * len(lines[0]), *text[1:]]) + "\n"

    def csv(self) -> str:
        """Return what is shown as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["section", "name", *(path.name for path in self._paths)])
        for row in self.rows:
            writer.writerow([row.section, row.name, *row.values])
        return text.getvalue()

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._session.told.emit(self.tr("Copied."))

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the reading."""
        self._lane.close()
        super().closeEvent(event)


def _title(row: Row) -> str:
    """Return what a row is called where the same is shown elsewhere: in the list of runs, in the training panel."""
    if row.section == _RESULTS:
        return columns.title(row.name.replace(" ", "_"))
    if row.section == "Training":
        return row.name.replace("_", " ").capitalize()
    return row.name


def _values(row: Row) -> list[str]:
    """Return the values as the list of runs writes them: shares in per cent, times with their unit."""
    return [_value(row.name, text) if row.section == _RESULTS else text for text in row.values]


def _value(name: str, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return text
    if name in ("epochs", "best epoch"):
        return text
    return duration(number) if name == "seconds" else style.value_text(name.rpartition("/")[2], number)


def _compared(paths: Sequence[Path]) -> tuple[Row, ...]:
    from core.training.run_comparison import comparison

    return comparison([Run.open(path) for path in paths], all_rows=True)
