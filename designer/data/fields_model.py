"""The fields of the data as a Qt table model. Changing a cell asks for an edit; what can be chosen comes from core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from core.graph.meanings import meanings
from core.graph.project import Field
from designer import theme
from designer.data.changes import Choice, meaning_choices, role_choices
from designer.icons import icon

Index = QModelIndex | QPersistentModelIndex
SMALL = 0.92
"""Size of the text in tables, as a share of the usual."""


class FieldColumn(IntEnum):
    """The columns of the table."""

    NAME = 0
    MEANING = 1
    ROLE = 2


Change = Callable[[tuple[str, ...], FieldColumn, str], None]
"""Called with the fields' names, the column and the value chosen."""


def meaning_icon(meaning: str) -> str:
    """Return the name of a meaning's icon."""
    return f"meaning_{meaning}"


class FieldsModel(QAbstractTableModel):
    """Shows the fields it was last given whose names have what is searched for; edits go out through ``change``."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.fields: tuple[Field, ...] = ()
        """The fields that are shown, in the order of the rows."""
        self._all: tuple[Field, ...] = ()
        self._rows: dict[str, int] = {}
        self._wanted = ""
        self._missing: Mapping[str, int] = {}
        self._change = change

    def show_fields(self, fields: tuple[Field, ...]) -> None:
        """Show these fields; where only values differ, selection and scroll position stay."""
        self._all = fields
        self._show()

    def search(self, text: str) -> None:
        """Show only the fields whose name, meaning or role has this text in it."""
        self._wanted = text.strip().lower()
        self._show()

    def _show(self) -> None:
        words = self._wanted
        fields = tuple(each for each in self._all if words in f"{each.name}\n{each.meaning}\n{each.role}".lower())
        if [each.name for each in fields] == [each.name for each in self.fields]:
            self.fields = fields
            if fields:
                self.dataChanged.emit(self.index(0, 0), self.index(len(fields) - 1, len(FieldColumn) - 1))
            return
        self.beginResetModel()
        self.fields = fields
        self._rows = {field.name: row for row, field in enumerate(fields)}
        self.endResetModel()

    def show_missing(self, missing: Mapping[str, int]) -> None:
        """Tell how many cells of each field are missing."""
        self._missing = missing

    def row_of(self, name: str) -> int:
        """Return the row of a field, or -1 where it is not shown."""
        return self._rows.get(name, -1)

    def choices(self, rows: Sequence[int], column: FieldColumn) -> tuple[Choice, ...]:
        """Return what cells of a column can be changed to, in all of these rows; none where they cannot be."""
        fields = [self.fields[row] for row in rows]
        if column is FieldColumn.NAME or not fields:
            return ()
        return meaning_choices(fields[0]) if column is FieldColumn.MEANING else role_choices(fields)

    def change(self, rows: Sequence[int], column: FieldColumn, value: str) -> None:
        """Ask for the value in these rows, as far as they do not have it."""
        names = tuple(self.fields[row].name for row in rows if self._value(row, column) != value)
        if names:
            self._change(names, column, value)

    def _value(self, row: int, column: FieldColumn) -> str:
        field = self.fields[row]
        return {FieldColumn.NAME: field.name, FieldColumn.MEANING: field.meaning, FieldColumn.ROLE: field.role}[column]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One row per field."""
        return 0 if parent.isValid() else len(self.fields)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """One column per property of a field."""
        return 0 if parent.isValid() else len(FieldColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, tool tip, icon or colour."""
        if not index.isValid():
            return None
        field, column = self.fields[index.row()], FieldColumn(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._value(index.row(), column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(field, column)
        if role == Qt.ItemDataRole.DecorationRole and column is FieldColumn.NAME:
            colours = theme.current()
            return icon(meaning_icon(field.meaning), colours.text_muted if field.role == "ignore" else colours.accent)
        if role == Qt.ItemDataRole.ForegroundRole and field.role == "ignore":
            return QColor(theme.current().text_muted)
        if role == Qt.ItemDataRole.FontRole and field.role == "target" and column is FieldColumn.NAME:
            return theme.scaled_font(QApplication.font(), SMALL, bold=True)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the columns' titles."""
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("Field"), self.tr("Meaning"), self.tr("Role"))[section]

    def _tip(self, field: Field, column: FieldColumn) -> str:
        if column is FieldColumn.MEANING:
            told = self.tr("{0}: {1}").format(field.meaning, field.reason) if field.reason else field.meaning
            return f"{told}\n{meanings[field.meaning].help}"
        if column is FieldColumn.ROLE:
            return next((each.help for each in role_choices([field]) if each.word == field.role), "")
        shape = " \N{MULTIPLICATION SIGN} ".join(str(size or "?") for size in field.shape)
        name = f"{field.name} ({shape})" if shape else field.name
        count = self._missing.get(field.name, 0)
        return f"{name}\n{self.tr('{0:,} values are missing').format(count)}" if count else name
