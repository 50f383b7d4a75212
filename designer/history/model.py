"""The undo history as rows: the state at the start, then one for every step. Nothing is copied out of the document."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from designer.icons import icon
from designer.session import Session
from designer.widgets import bold, italic

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class HistoryModel(QAbstractListModel):
    """Row n is the project after n steps; those after the current one can be redone."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = session.document
        self._rows = self._document.step_count + 1
        self._blank = QPixmap(16, 16)
        self._blank.fill(Qt.GlobalColor.transparent)

    @property
    def current(self) -> int:
        """The row of the project as it is now."""
        return self._document.position

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """Return how many states there are."""
        return 0 if parent.isValid() else self._rows

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a row's text, font, colour, mark or description."""
        row = index.row()
        if not index.isValid() or not 0 <= row <= self._document.step_count:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._label(row)
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return ", ".join((self._label(row), *self._marks(row)))
            case Qt.ItemDataRole.FontRole if row == self.current:
                return bold(QFont(QApplication.font()))
            case Qt.ItemDataRole.FontRole if row > self.current:
                return italic(QFont(QApplication.font()))
            case Qt.ItemDataRole.ForegroundRole if row > self.current:
                return QApplication.palette().brush(QPalette.ColorRole.PlaceholderText)
            case Qt.ItemDataRole.DecorationRole:
                return icon("save") if row == self._document.saved_position else self._blank
        return None

    def refresh(self) -> None:
        """Follow the document, in steps that cost the same however long the history is."""
        rows = self._document.step_count + 1
        if rows < self._rows:
            self.beginRemoveRows(QModelIndex(), rows, self._rows - 1)
            self._rows = rows
            self.endRemoveRows()
        elif rows > self._rows:
            self.beginInsertRows(QModelIndex(), self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        self.dataChanged.emit(self.index(0), self.index(rows - 1))

    def _label(self, row: int) -> str:
        if row:
            return self._document.step_label(row - 1)
        return self.tr("Project opened") if self._document.path is not None else self.tr("Start")

    def _marks(self, row: int) -> list[str]:
        marks = []
        if row == self.current:
            marks.append(self.tr("current"))
        if row > self.current:
            marks.append(self.tr("undone"))
        if row == self._document.saved_position:
            marks.append(self.tr("saved"))
        return marks
