"""Texts against what was read of them, every edit marked in its colour and by a line under or through it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QTextDocument
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from designer import theme
from designer.results.edits import marks
from designer.results.gallery_model import share_text
from designer.widgets import ElidedLabel

if TYPE_CHECKING:
    from core.training.results.outcome import Pair, Texts

Index = QModelIndex | QPersistentModelIndex
ROW, EDITS, BOTH = range(3)


class TextModel(QAbstractTableModel):
    """The pairs, those with most edits first."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: tuple[Pair, ...] = ()

    def show_pairs(self, pairs: Sequence[Pair]) -> None:
        """Show other pairs."""
        self.beginResetModel()
        self.pairs = tuple(sorted(pairs, key=lambda each: -each.edits))
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many pairs there are."""
        return 0 if parent is not None and parent.isValid() else len(self.pairs)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else BOTH + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the names of the columns."""
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return (self.tr("Row"), self.tr("Edits"), self.tr("Text: what is missing, what was added"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text; that of both texts is painted with marks."""
        pair = self.pairs[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return pair
        if role == Qt.ItemDataRole.DisplayRole:
            return (str(pair.row + 1), str(pair.edits), pair.predicted)[index.column()]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.tr("Truth: {0}\nRead: {1}\n{2} edits").format(pair.truth, pair.predicted, pair.edits)
        return None


def marked(pair: Pair) -> str:
    """Return both texts of a pair in one, as HTML in the theme's colours."""
    colours = theme.current()
    styles = {
        "missing": f"color: {colours.error}; text-decoration: line-through;",
        "added": f"color: {colours.success}; text-decoration: underline;",
    }
    pieces = [
        f'<span style="{styles[mark]}">{escape(text)}</span>' if mark in styles else escape(text)
        for mark, text in marks(pair.truth, pair.predicted)
    ]
    return f'<span style="color: {colours.text}; white-space: pre;">{"".join(pieces)}</span>'


class _Marked(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a pair with its marks."""
        self.initStyleOption(option, index)
        pair: Pair = index.data(Qt.ItemDataRole.UserRole)
        option.text = ""
        widget = option.widget
        widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, widget)
        document = QTextDocument()
        document.setDocumentMargin(2)
        document.setDefaultFont(theme.monospace())
        document.setHtml(marked(pair))
        area = QRectF(option.rect)
        painter.save()
        painter.setClipRect(area)
        painter.translate(area.left() + 2, area.top() + (area.height() - document.size().height()) / 2)
        document.drawContents(painter)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One line."""
        return QSize(100, super().sizeHint(option, index).height() + 4)


class TextsView(QWidget):
    """A line with the error rate, and the pairs. ``opened`` gives a row of the source."""

    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("text_pairs")
        self.summary = ElidedLabel()
        self.model = TextModel()
        self.model.setParent(self)
        self.table = QTableView()
        self.table.setAccessibleName(self.tr("Texts and what was read of them"))
        self.table.setModel(self.model)
        self.table.setItemDelegateForColumn(BOTH, _Marked(self.table))
        self.table.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().lineSpacing() + 8)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.doubleClicked.connect(lambda index: self.opened.emit(self.model.pairs[index.row()].row))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.summary)
        column.addWidget(self.table, 1)

    def show_texts(self, texts: Texts | None) -> None:
        """Show other texts."""
        self.model.show_pairs(texts.pairs if texts else ())
        if texts is not None:
            self.summary.setText(
                self.tr("{0} edits in {1} tokens ({2}) · {3} texts read without an error").format(
                    texts.edits, texts.tokens, share_text(texts.rate), texts.exact
                )
            )
        self.table.resizeColumnsToContents()

    def csv_rows(self) -> list[list[str]]:
        """Return the pairs as they are written to a file."""
        rows = [["row", "truth", "read", "edits", "tokens"]]
        return rows + [
            [str(each.row + 1), each.truth, each.predicted, str(each.edits), str(each.length)]
            for each in self.model.pairs
        ]
