"""The table of fields: every cell that offers a choice opens it with one click, for all selected rows at once."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from designer import theme
from designer.data.fields_model import SMALL, FieldColumn, FieldsModel
from designer.icons import icon

_ROW = 24
_SHOWN_ROWS = 8
_ARROW = 12
_WIDE = 460
"""From this width on, in pixels, preparation and missing values are columns too."""


class _ChoiceDelegate(QStyledItemDelegate):
    """Paints the usual cell, with a small arrow where a click offers a choice."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the cell and its arrow."""
        super().paint(painter, option, index)
        if index.flags() & Qt.ItemFlag.ItemIsEditable:
            rect = QRect(option.rect.right() - _ARROW, option.rect.center().y() - 5, 10, 10)
            colours = theme.current()
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            icon("chevron-down", colours.on_accent if selected else colours.text_muted).paint(painter, rect)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Leave room for the arrow."""
        hint = super().sizeHint(option, index)
        return QSize(hint.width() + (_ARROW - 2 if index.column() else 0), _ROW)


class FieldsView(QTableView):
    """Shows a FieldsModel; as tall as its rows, up to eight."""

    current_changed = Signal(str)
    """The name of the field in the current row, or ""."""

    def __init__(self, model: FieldsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fields_table")
        self.setAccessibleName(self.tr("Fields"))
        self._fields = model
        self.menu: QMenu | None = None
        """The menu of choices opened last."""
        self.setModel(model)
        self.setItemDelegate(_ChoiceDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(44)
        self.setFont(theme.scaled_font(self.font(), SMALL))
        self.horizontalHeader().setFont(self.font())
        model.modelReset.connect(self.arrange)
        self.arrange()

    def change_selected(self, column: FieldColumn, value: str) -> None:
        """Ask for a value in all selected rows."""
        rows = {each.row() for each in self.selectionModel().selectedRows()} | {self.currentIndex().row()}
        self._fields.change(sorted(row for row in rows if row >= 0), column, value)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show more columns where there is room for them."""
        super().resizeEvent(event)
        narrow = self.viewport().width() < _WIDE
        if narrow != self.isColumnHidden(FieldColumn.ENCODING):
            self.arrange()

    def arrange(self) -> None:
        """Fit the columns: as narrow as their words, the name takes the rest; preparation only where there is room."""
        header = self.horizontalHeader()
        narrow = self.viewport().width() < _WIDE
        for column in (FieldColumn.ENCODING, FieldColumn.MISSING):
            self.setColumnHidden(column, narrow)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(FieldColumn.NAME, QHeaderView.ResizeMode.Stretch)
        self.setFixedHeight(self._height())

    def _height(self) -> int:
        rows = min(max(1, len(self._fields.fields)), _SHOWN_ROWS)
        return rows * _ROW + self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth() + 1

    def open_choices(self, index: QModelIndex) -> None:
        """Open the menu of what a cell can be changed to; it applies to all selected rows."""
        choices = self._fields.choices(index)
        if len(choices) < 2:
            return
        selected = [each.row() for each in self.selectionModel().selectedRows()]
        rows = selected if index.row() in selected else [index.row()]
        column = FieldColumn(index.column())
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for word in choices:
            action = menu.addAction(word)
            action.setCheckable(True)
            action.setChecked(word == index.data())
            action.triggered.connect(lambda _on, word=word: self._fields.change(rows, column, word))
        self.menu = menu
        menu.popup(self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()))

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Tell which field is current."""
        super().currentChanged(current, previous)
        row = current.row()
        self.current_changed.emit(self._fields.fields[row].name if 0 <= row < len(self._fields.fields) else "")

    def selectionCommand(
        self, index: QModelIndex | QPersistentModelIndex, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """Keep several selected rows when a choice in one of them is clicked: it is meant for all of them."""
        plain = isinstance(event, QMouseEvent) and event.modifiers() == Qt.KeyboardModifier.NoModifier
        rows = [each.row() for each in self.selectionModel().selectedRows()]
        if plain and index.column() > 0 and len(rows) > 1 and index.row() in rows:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A plain click on a cell with a choice opens it."""
        super().mouseReleaseEvent(event)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and plain and index.isValid():
            self.open_choices(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Space and F2 open the choice of the current cell."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F2)
        if event.key() in keys and self.currentIndex().isValid():
            self.open_choices(self.currentIndex())
        else:
            super().keyPressEvent(event)
