"""The table of layers: small curves behind the figures, colours and marks where one is unusual."""

from __future__ import annotations

import math

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from designer import theme
from designer.inside.model import LAYER, LOGARITHMIC, SEARCH, SERIES, SORT, VERDICT, InsideModel
from designer.inside.places import Place, place_of
from designer.inside.record import Series
from designer.widgets import as_list

_ROW = 22
_FIGURE, _NAME_LEAST, _NAME_MOST = 104, 90, 220
_CURVE = 34
"""Width of a small curve, in pixels."""
_SMALL = 0.95


class _Delegate(QStyledItemDelegate):
    """Paints a figure's history at the left of its cell, and the figure in the colour of its verdict."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Colour what is unusual."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle
        verdict = index.data(VERDICT)
        if verdict:
            role = theme.current().error if verdict == "broken" else theme.current().warning
            option.palette.setColor(QPalette.ColorRole.Text, QColor(role))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the text, then the curve."""
        super().paint(painter, option, index)
        series = index.data(SERIES)
        if isinstance(series, Series) and len(series.values) > 1:
            place = QRect(option.rect.left() + 4, option.rect.top() + 4, _CURVE, option.rect.height() - 8)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            colour = theme.current().on_accent if selected else theme.current().accent
            painter.setPen(QPen(QColor(colour), 1.2))
            painter.drawPolyline(curve(series, place, logarithmic=bool(index.data(LOGARITHMIC))))
            painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Rows are of one height."""
        return QSize(super().sizeHint(option, index).width(), _ROW)


def curve(series: Series, place: QRect, *, logarithmic: bool) -> list[QPointF]:
    """Return a history as points in a place, at most one a pixel."""
    count = len(series.values)
    step = max(1, count // place.width())
    values = series.values[::-step][::-1]
    if logarithmic:
        values = [math.log10(each) for each in values if each > 0]
    if not values:
        return []
    low, high = min(values), max(values)
    reach = (high - low) or 1.0
    last = max(1, len(values) - 1)
    return [
        QPointF(
            place.left() + place.width() * at / last,
            place.bottom() - place.height() * ((each - low) / reach if high > low else 0.5),
        )
        for at, each in enumerate(values)
    ]


class InsideTable(QTableView):
    """Shows an InsideModel, sorted as the user wants. ``chosen`` gives the path of the layer that was selected."""

    chosen = Signal(str)

    def __init__(self, model: InsideModel) -> None:
        super().__init__()
        self.setObjectName("inside_table")
        self.setAccessibleName(self.tr("Layers"))
        self.layers = model
        self.shown = QSortFilterProxyModel(self)
        self.shown.setSourceModel(model)
        self.shown.setSortRole(SORT)
        self.shown.setFilterRole(SEARCH)
        self.shown.setFilterKeyColumn(LAYER)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._selecting = False
        self._kept = ""
        self.setModel(self.shown)
        self.setItemDelegate(_Delegate(self))
        self._set_up()
        model.modelAboutToBeReset.connect(self._remember)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(self._on_selected)

    def _set_up(self) -> None:
        self.setFont(theme.scaled_font(self.font(), _SMALL))
        as_list(self, _ROW)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setMinimumSectionSize(48)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    @property
    def node(self) -> str:
        """The path of the layer that is selected; empty where none is."""
        rows = self.selectionModel().selectedRows()
        return self.layers.node_at(self.shown.mapToSource(rows[0]).row()) if rows else ""

    def select_place(self, place: Place) -> None:
        """Select the layer at a place of the network; of a repeated one the first, unless one of it is selected."""
        node = self.node
        if node and place_of(node) == place:
            return
        rows = self.layers.rows_at(place)
        self._selecting = True
        if rows:
            self._select(rows[0])
        else:
            self.clearSelection()
        self._selecting = False

    def _select(self, row: int) -> None:
        index = self.shown.mapFromSource(self.layers.index(row, LAYER))
        if index.isValid():
            flags = QItemSelectionModel.SelectionFlag
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)

    def arrange(self) -> None:
        """Show the columns that have figures; the names take what they need."""
        used = self.layers.used()
        for column in range(self.layers.columnCount()):
            self.setColumnHidden(column, column not in used)
            if column in used and column != LAYER:
                self.setColumnWidth(column, _FIGURE)
        self.setColumnWidth(LAYER, min(max(self.sizeHintForColumn(LAYER) + 12, _NAME_LEAST), _NAME_MOST))

    def _remember(self) -> None:
        self._kept = self.node

    def _restore(self) -> None:
        self.arrange()
        if self._kept:
            self._selecting = True
            for row in self.layers.rows_at(place_of(self._kept)):
                if self.layers.node_at(row) == self._kept:
                    self._select(row)
            self._selecting = False

    def _on_selected(self, _new: QItemSelection, _old: QItemSelection) -> None:
        if not self._selecting and self.node:
            self.chosen.emit(self.node)
