"""The fields of the data as a Qt table model. Changing a cell asks the session for an edit; choices come from core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from core.data.meaning import ENCODINGS, MISSING
from core.graph.project import UNUSABLE, Field
from designer import theme

Index = QModelIndex | QPersistentModelIndex
SMALL = 0.92
"""Size of the text in tables, as a share of the usual."""
NOTHING = "\N{EN DASH}"
"""Stands in a cell that says nothing about its field."""


class FieldColumn(IntEnum):
    """The columns of the table."""

    NAME = 0
    MEANING = 1
    ROLE = 2
    ENCODING = 3
    MISSING = 4


_ATTRIBUTES: Mapping[FieldColumn, str] = {
    FieldColumn.NAME: "name",
    FieldColumn.MEANING: "meaning",
    FieldColumn.ROLE: "role",
    FieldColumn.ENCODING: "encoding",
    FieldColumn.MISSING: "missing",
}
Change = Callable[[tuple[str, ...], FieldColumn, str], None]
"""Called with the fields' names, the column and the value chosen."""


class FieldsModel(QAbstractTableModel):
    """Shows what it was last given with ``show_fields``; edits go out through ``change``."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.fields: tuple[Field, ...] = ()
        self._missing: Mapping[str, int] = {}
        self._change = change

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show these fields; where only values differ, selection and scroll position stay."""
        if [each.name for each in fields] == [each.name for each in self.fields]:
            self.fields = fields
            if fields:
                self.dataChanged.emit(self.index(0, 0), self.index(len(fields) - 1, len(FieldColumn) - 1))
        else:
            self.beginResetModel()
            self.fields = fields
            self._missing = {}
            self.endResetModel()

    def show_missing(self, missing: Mapping[str, int]) -> None:
        """Tell how many cells of each field are missing."""
        self._missing = missing

    def choices(self, index: Index) -> tuple[str, ...]:
        """Return the words that a cell can be changed to; none where it cannot be."""
        field = self.fields[index.row()]
        column = FieldColumn(index.column())
        if column is FieldColumn.MEANING:
            return ("image",) if field.shape else tuple(each for each in ENCODINGS if each != "image")
        if column is FieldColumn.ROLE:
            return ("ignore",) if field.meaning in UNUSABLE else ("input", "target", "ignore")
        if field.role == "ignore" or column is FieldColumn.NAME:
            return ()
        if column is FieldColumn.ENCODING:
            index_only = field.role == "target" and field.meaning == "category"
            return ("index",) if index_only else ENCODINGS[field.meaning]
        return MISSING[field.meaning] if field.role == "input" else ("drop row",)

    def change(self, rows: Sequence[int], column: FieldColumn, value: str) -> None:
        """Ask for the value in these rows, as far as they can have it."""
        fitting = [row for row in rows if value in self.choices(self.index(row, column))]
        names = tuple(self.fields[row].name for row in fitting if self._value(row, column) != value)
        if names:
            self._change(names, column, value)

    def _value(self, row: int, column: FieldColumn) -> str:
        return str(getattr(self.fields[row], _ATTRIBUTES[column]))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row per field."""
        return 0 if parent.isValid() else len(self.fields)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column per property of a field."""
        return 0 if parent.isValid() else len(FieldColumn)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Cells with something to choose can be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if len(self.choices(index)) > 1 else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, tool tip or colour."""
        if not index.isValid():
            return None
        field, column = self.fields[index.row()], FieldColumn(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            idle = field.role == "ignore" and column in (FieldColumn.ENCODING, FieldColumn.MISSING)
            return NOTHING if idle else self._value(index.row(), column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(field, column)
        if role == Qt.ItemDataRole.ForegroundRole and field.role == "ignore":
            return QColor(theme.current().text_muted)
        if role == Qt.ItemDataRole.FontRole and field.role == "target" and column is FieldColumn.NAME:
            return theme.scaled_font(QApplication.font(), SMALL, bold=True)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask for another value; the view shows it once the document has it."""
        if role != Qt.ItemDataRole.EditRole or value not in self.choices(index):
            return False
        self.change([index.row()], FieldColumn(index.column()), str(value))
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the columns' titles."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (self.tr("Field"), self.tr("Meaning"), self.tr("Role"), self.tr("Preparation"), self.tr("Missing"))
        return titles[section]

    def _tip(self, field: Field, column: FieldColumn) -> str:
        if column is FieldColumn.NAME:
            shape = " \N{MULTIPLICATION SIGN} ".join(map(str, field.shape))
            return f"{field.name} ({shape})" if shape else field.name
        if column is FieldColumn.MEANING:
            return self.tr("{0}: {1}").format(field.meaning, field.reason) if field.reason else field.meaning
        if column is FieldColumn.MISSING:
            return self.tr("{0:,} cells are missing").format(self._missing.get(field.name, 0))
        return ""
