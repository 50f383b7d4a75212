"""A line for every class: how many there are, and how well they are told from the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from designer import theme
from designer.results.confusion import number_text
from designer.results.gallery_model import share_text

if TYPE_CHECKING:
    from core.training.results.outcome import ClassLine

Index = QModelIndex | QPersistentModelIndex
NAMES = ("name", "samples", "precision", "recall", "f1", "iou")
_SHARES = 2
"""From this column on values are shares."""
VALUE_ROLE = int(Qt.ItemDataRole.UserRole)


class ClassModel(QAbstractTableModel):
    """The lines of all classes."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[ClassLine, ...] = ()

    def show_lines(self, lines: Sequence[ClassLine]) -> None:
        """Show other lines."""
        self.beginResetModel()
        self.lines = tuple(lines)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many classes there are."""
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return how many figures there are of each."""
        return 0 if parent is not None and parent.isValid() else len(NAMES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the names of the figures, and what they mean."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            names = self.tr("Class"), self.tr("Count"), self.tr("Precision"), self.tr("Recall"), "F1", "IoU"
            return names[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                "",
                self.tr("How many samples, pixels or tokens there truly are"),
                self.tr("Of those that were taken for this class, the share that is of it"),
                self.tr("Of those of this class, the share that was recognised"),
                self.tr("Harmonic mean of precision and recall"),
                self.tr("Intersection over union: recognised, of all that are of the class or were taken for it"),
            )[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a figure, as a text or (VALUE_ROLE) as it is sorted by."""
        value = getattr(self.lines[index.row()], NAMES[index.column()])
        if role == VALUE_ROLE:
            return -1.0 if isinstance(value, float) and math.isnan(value) else value
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == 0:
                return value
            if index.column() < _SHARES:
                return number_text(value)
            return "–" if math.isnan(value) else share_text(value)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def csv_rows(self) -> list[list[str]]:
        """Return the table as it is written to a file, its names first."""
        rows = [["class", *NAMES[1:]]]
        return rows + [[line.name, *(repr(getattr(line, name)) for name in NAMES[1:])] for line in self.lines]


class _Bars(QStyledItemDelegate):
    """Paints a bar behind each share."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint bar and text."""
        value = index.data(VALUE_ROLE)
        if index.column() >= _SHARES and value > 0:
            colour = QColor(theme.current().accent)
            colour.setAlpha(50)
            area = option.rect.adjusted(2, 2, -2, -2)
            area.setWidth(round(area.width() * value))
            painter.fillRect(area, colour)
        super().paint(painter, option, index)


class ClassTable(QTableView):
    """The table; a click on the head of a column sorts by it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("class_table")
        self.setAccessibleName(self.tr("Figures by class"))
        self.lines = ClassModel()
        self.lines.setParent(self)
        sorting = QSortFilterProxyModel(self)
        sorting.setSourceModel(self.lines)
        sorting.setSortRole(VALUE_ROLE)
        self.setModel(sorting)
        self.setItemDelegate(_Bars(self))
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().lineSpacing() + 6)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
