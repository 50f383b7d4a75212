"""The nodes with what they cost, as a tree: groups have the nodes of one repetition below them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt

from core import units

if TYPE_CHECKING:
    from core.model.cost_table import CostRow

Index = QModelIndex | QPersistentModelIndex

SORT = Qt.ItemDataRole.UserRole
"""Role of what a column is sorted by: a number or a text."""
SHARE = Qt.ItemDataRole.UserRole + 1
"""Role of a figure's share of the whole network (0 to 1); None for texts."""
SEARCH = Qt.ItemDataRole.UserRole + 2
"""Role of the text that the search looks through."""
EXACT = Qt.ItemDataRole.UserRole + 3
"""Role of what is copied: figures in full."""


class CostColumn(IntEnum):
    """The columns from the left."""

    NAME = 0
    KIND = 1
    OUTPUT = 2
    PARAMETERS = 3
    TRAINABLE = 4
    MULTIPLY_ADDS = 5
    MEMORY = 6


def _tr(text: str) -> str:
    return QCoreApplication.translate("Cost", text)


def titles() -> tuple[str, ...]:
    """Return what the columns are called."""
    return (
        _tr("Node"),
        _tr("Kind"),
        _tr("Output"),
        _tr("Parameters"),
        _tr("Trainable"),
        _tr("Multiply-adds"),
        _tr("Memory"),
    )


def _tips() -> tuple[str, ...]:
    return (
        _tr("Nodes in the order in which they run; groups hold the nodes of one repetition."),
        _tr("What the node is, how often a group is repeated, and whose layer is shared."),
        _tr("The shape that the node gives."),
        _tr("Learned numbers. Shared layers count once."),
        _tr("Parameters that training changes: frozen layers have none."),
        _tr("Multiply-adds of matrix products and convolutions, for one sample. FLOPs are twice as many."),
        _tr("What training keeps of the node's results for the backward pass, for one sample."),
    )


Figure = Callable[["CostRow"], float]
FIGURES: dict[CostColumn, Figure] = {
    CostColumn.PARAMETERS: lambda row: row.cost.parameters,
    CostColumn.TRAINABLE: lambda row: row.cost.trainable,
    CostColumn.MULTIPLY_ADDS: lambda row: row.multiply_adds,
    CostColumn.MEMORY: lambda row: row.memory,
}
"""The numbers in the columns."""


def written(column: CostColumn, figure: float) -> str:
    """Return a figure as people read it."""
    return units.size(figure) if column is CostColumn.MEMORY else units.count(figure)


@dataclass
class _Entry:
    row: CostRow
    parent: int
    place: int
    children: list[int] = field(default_factory=list)


class CostModel(QAbstractItemModel):
    """The rows as they are; ``totals`` are the sums of the uppermost ones."""

    def __init__(self) -> None:
        super().__init__()
        self.totals: dict[CostColumn, float] = dict.fromkeys(FIGURES, 0.0)
        self._rows: tuple[CostRow, ...] = ()
        self._entries: list[_Entry] = []
        self._top: list[int] = []
        self._at: dict[tuple[str, ...], int] = {}

    def show_rows(self, rows: tuple[CostRow, ...]) -> None:
        """Show these rows; views keep their place where the nodes are the same as before."""
        if rows == self._rows:
            return
        before = [each.row.path for each in self._entries]
        entries, top = _listed(rows)
        same = before == [each.row.path for each in entries]
        if not same:
            self.beginResetModel()
        self._rows, self._entries, self._top = rows, entries, top
        self._at = {each.row.path: number for number, each in enumerate(entries)}
        self.totals = {column: sum(map(figure, rows)) for column, figure in FIGURES.items()}
        if same:
            self._tell_changed(QModelIndex())
        else:
            self.endResetModel()

    def _tell_changed(self, parent: Index) -> None:
        count = self.rowCount(parent)
        if count:
            self.dataChanged.emit(self.index(0, 0, parent), self.index(count - 1, len(CostColumn) - 1, parent))
        for number in range(count):
            self._tell_changed(self.index(number, 0, parent))

    def row_at(self, index: Index) -> CostRow:
        """Return the row at a valid index."""
        return self._entries[int(index.internalId())].row

    def index_of(self, path: tuple[str, ...]) -> QModelIndex:
        """Return where the node with that path is; an invalid index where there is none."""
        number = self._at.get(path)
        return self.createIndex(self._entries[number].place, 0, number) if number is not None else QModelIndex()

    # --- what Qt asks for ---------------------------------------------------------------------------------------------

    def _children(self, parent: Index) -> list[int]:
        if not parent.isValid():
            return self._top
        return self._entries[int(parent.internalId())].children if parent.column() == 0 else []

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        """Return the index of a cell."""
        children = self._children(parent if parent is not None else QModelIndex())
        inside = 0 <= row < len(children) and 0 <= column < len(CostColumn)
        return self.createIndex(row, column, children[row]) if inside else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # QObject.parent() takes no index
        """Return the index of the group around a node."""
        above = self._entries[int(index.internalId())].parent if index.isValid() else -1
        return self.createIndex(self._entries[above].place, 0, above) if above >= 0 else QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return how many nodes there are below."""
        return len(self._children(parent if parent is not None else QModelIndex()))

    def columnCount(self, _parent: Index | None = None) -> int:
        """Return the number of columns."""
        return len(CostColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, number or share."""
        if not index.isValid():
            return None
        row, column = self.row_at(index), CostColumn(index.column())
        figure = FIGURES.get(column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if figure else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == SEARCH:
            return f"{row.name} {row.title} {row.output}"
        if figure is None:
            return self._text(row, column, role)
        number = figure(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return written(column, number)
        if role == SORT:
            return float(number)
        if role == EXACT:
            return f"{number:.0f}"
        if role == SHARE:
            return number / self.totals[column] if self.totals[column] else 0.0
        return self._share_text(column, number) if role == Qt.ItemDataRole.ToolTipRole else None

    def _text(self, row: CostRow, column: CostColumn, role: int) -> Any:
        text = {CostColumn.NAME: row.path[-1], CostColumn.KIND: row.title}.get(column, row.output)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return text
        if role == SORT:
            return text.casefold()
        if role == EXACT:
            return row.name if column is CostColumn.NAME else text
        return None

    def _share_text(self, column: CostColumn, number: float) -> str:
        exact = f"{number:,.0f} B" if column is CostColumn.MEMORY else f"{number:,.0f}"
        total = self.totals[column]
        share = _tr("{share} of the network").format(share=f"{number / total:.1%}") if total else ""
        return "\n".join(filter(None, (exact, share)))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a column's title; figures are sorted from the largest on first."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        is_figure = CostColumn(section) in FIGURES
        if role == Qt.ItemDataRole.DisplayRole:
            return titles()[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tips()[section]
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            return Qt.SortOrder.DescendingOrder if is_figure else Qt.SortOrder.AscendingOrder
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


def _listed(rows: Iterable[CostRow]) -> tuple[list[_Entry], list[int]]:
    """Return the rows one after the other, and the numbers of the uppermost ones."""
    entries: list[_Entry] = []

    def add(row: CostRow, parent: int, place: int) -> int:
        number = len(entries)
        entries.append(_Entry(row, parent, place))
        entries[number].children = [add(inner, number, each) for each, inner in enumerate(row.inner)]
        return number

    top = [add(row, -1, place) for place, row in enumerate(rows)]
    return entries, top
