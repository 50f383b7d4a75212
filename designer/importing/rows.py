"""The report of weights that were loaded as a Qt table: one tensor a row, all of them or only those with a problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from designer import theme
from designer.icons import icon

if TYPE_CHECKING:
    from core.training.pretrained.adoption import Row

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
_NO_PARENT = QModelIndex()
_MARKS = {
    "": ("check", "success"),
    "shape": ("warning", "warning"),
    "missing": ("plus", "accent"),
    "unused": ("minus", "text_muted"),
}
_GUESSED = ("info", "accent")


class AdoptionModel(QAbstractTableModel):
    """Columns: what became of it, the tensor here and its shape, the tensor in the file and its shape."""

    def __init__(self) -> None:
        super().__init__()
        self.all: tuple[Row, ...] = ()
        self.rows: tuple[Row, ...] = ()
        self.only_problems = False

    def show_rows(self, rows: Sequence[Row], *, only_problems: bool) -> None:
        """Show these rows, or those among them that were not found by their name and shape."""
        self.beginResetModel()
        self.all = tuple(rows)
        self.only_problems = only_problems
        self.rows = tuple(each for each in self.all if not only_problems or each.problem or each.way != "name")
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        """Return how many tensors are shown."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        """Return how many columns there are."""
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        """Return the title of a column."""
        if orientation != Qt.Orientation.Horizontal or role != Role.DisplayRole:
            return None
        titles = (self.tr("Result"), self.tr("Here"), self.tr("Shape"), self.tr("In the file"), self.tr("Shape there"))
        return titles[section]

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        """Return what a cell shows."""
        row, column = self.rows[index.row()], index.column()
        if role in (Role.DisplayRole, Role.ToolTipRole):
            return self._texts(row)[column]
        if role == Role.DecorationRole and column == 0:
            name, colour = _GUESSED if row.way not in (None, "name") else _MARKS[row.problem]
            return icon(name, getattr(theme.current(), colour))
        return None

    def _texts(self, row: Row) -> tuple[str, ...]:
        here, there = (each.text if each is not None else "" for each in (row.here, row.there))
        return self._result(row), row.name, here, row.stored, there

    def _result(self, row: Row) -> str:
        texts = {
            "shape": self.tr("another shape, stays fresh"),
            "missing": self.tr("not in the file, stays fresh"),
            "unused": self.tr("not used"),
            "name": self.tr("fits"),
            "place": self.tr("fits, from another place"),
            "order": self.tr("fits, by order"),
            "shape_only": self.tr("fits, by its shape"),
        }
        return texts[row.problem or ("shape_only" if row.way == "shape" else row.way or "name")]
